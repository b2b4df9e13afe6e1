"""How the painting is kept up to date: strokes made ahead, large pictures finished in slices."""

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from impasto.media.color import keep_colors

from .actions import FULL, after, choose_photo, difference, from_url, open_page, settled, shown

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

_PAINTED = """(wanted) => performance.getEntriesByType("resource")
  .filter(({ name }) => name.endsWith("/v1/paint")).length >= wanted"""
_ANSWERED = """(version) => {
  const { painted, version: now } = document.querySelector("#viewer").dataset;
  return painted === "small" && Number(now) > version;
}"""


def rested(page: "Page", paintings: int) -> None:
    """Wait until so many paintings have come from the server, and the last is shown."""
    page.wait_for_function(_PAINTED, arg=paintings)
    settled(page)


def in_stroke(page: "Page", stroke: int) -> np.ndarray:
    """Choose a stroke; the small painting that answers."""
    version = int(page.get_attribute("#viewer", "data-version") or 0)
    page.fill("#stroke", str(stroke))
    page.wait_for_function(_ANSWERED, arg=version)
    return shown(page)


def hold(page: "Page") -> "list[Route]":
    """Let no painting come any more; those that are asked for."""
    held: list[Route] = []
    page.route("**/v1/paint", lambda route: held.append(route))
    return held


@pytest.mark.parametrize("step", [-1, 1])
def test_the_next_stroke_is_painted_ahead(
    page: "Page", server: str, photo: Path, step: int
) -> None:
    """At rest the next finer and broader strokes are there: no request is needed to show them.

    They look like the full painting that follows, and not like the one before.
    """
    open_page(page, server)
    choose_photo(page, photo)
    before = shown(page)
    rested(page, 4)  # small, full, and one stroke on each side
    held = hold(page)
    ahead = in_stroke(page, int(page.input_value("#stroke")) + step)
    while not held:  # it is the full one that is asked for
        page.wait_for_timeout(20)
    page.unroute("**/v1/paint")  # which lets it go on
    page.wait_for_selector(FULL)
    full = shown(page)
    assert difference(ahead, full) < 2 * difference(before, full) / 3


def test_all_strokes_are_painted_once_the_slider_has_the_focus(
    page: "Page", server: str, photo: Path
) -> None:
    """From one end to the other each answers without a request, and a new style begins anew."""
    open_page(page, server)
    choose_photo(page, photo)
    page.focus("#stroke")
    rested(page, 8)  # seven strokes, and the full one
    hold(page)
    seen = [in_stroke(page, stroke) for stroke in range(7)]
    # The two finest are alike in a small painting.
    assert all(difference(one, other) > 1 for one, other in pairwise(seen[1:]))
    page.unroute_all()
    after(page, "[data-style=udnie]")
    assert difference(shown(page), seen[-1]) > 10


_FINISHED = """async ({ urls, settings, limit }) => {
  const { finished } = await import("/js/finish.js");
  const [photo, painted] = await Promise.all(urls.map(async (url) =>
    createImageBitmap(await (await fetch(url)).blob())));
  let [beats, asked] = [0, 0];
  const timer = setInterval(() => (beats += 1));
  const picture = await finished(photo, painted, settings, () => (asked += 1) <= limit);
  clearInterval(timer);
  if (!picture) return { asked };
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return { url: canvas.toDataURL("image/png"), beats, asked };
}"""


@pytest.fixture
def pair(exported: Path) -> list[np.ndarray]:
    """Two pictures of 0.9 million pixels, also beside the page."""
    found = []
    for number, name in enumerate(("below", "above")):
        pixels = np.random.default_rng(number).integers(0, 256, (90, 110, 3), np.uint8)
        large = Image.fromarray(pixels).resize((1100, 860), Image.Resampling.BICUBIC)
        large.save(exported / f"{name}.png")
        found.append(np.asarray(large))
    return found


@pytest.mark.parametrize(("colour", "strength"), [(0.0, 0.5), (0.4, 1.0), (1.0, 0.7)])
def test_large_pictures_are_finished_in_slices(
    page: "Page", site: str, pair: list[np.ndarray], colour: float, strength: float
) -> None:
    """The page lives between slices, and no seam is seen: each pixel is what Python computes."""
    page.goto(site)
    settings = {"colour": colour, "strength": strength}
    call = {"urls": ["/below.png", "/above.png"], "settings": settings, "limit": 99}
    found: dict[str, Any] = page.evaluate(_FINISHED, call)
    photo, painted = pair
    whole = painted + colour * (keep_colors(photo, painted).astype(float) - painted)
    wanted = photo + strength * (whole - photo)
    assert found["beats"] > 0
    assert found["asked"] > 2
    assert np.abs(from_url(found["url"]) - wanted).max() <= 1


def test_a_picture_that_nobody_waits_for_is_not_finished(
    page: "Page", site: str, pair: list[np.ndarray]
) -> None:
    """After the slice in which that turns out there is no other, and nothing comes of it."""
    page.goto(site)
    settings = {"colour": 0.5, "strength": 1}
    call = {"urls": ["/below.png", "/above.png"], "settings": settings, "limit": 1}
    assert page.evaluate(_FINISHED, call) == {"asked": 2}
