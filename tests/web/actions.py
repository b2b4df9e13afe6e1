"""What a person does on the page, in a line each."""

import base64
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Page

FULL = "#viewer[data-painted=full]"

OPENED = """async () => {
  const { BrowserEngine } = await import("/js/engines/browser.js");
  window.engine ??= new BrowserEngine(document.baseURI);
  window.opened ??= window.engine.open();
  await window.opened;
}"""
"""Opens the engine in the browser, once a page."""

PAINT = """async ({ photo, layers, strength, reference }) => {
  await (OPENED)();
  const full = await createImageBitmap(await (await fetch(photo, { cache: "no-store" })).blob());
  const { signal } = new AbortController();
  const request = { layers, strength, reference };
  const { bitmap } = await window.engine.paint({ full }, request, { signal, full: true });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.toDataURL("image/png");
}""".replace("OPENED", OPENED)
"""Paints a photo by it, without the page's controls."""


def open_page(page: "Page", address: str) -> None:
    """Open the page, and wait until it can paint."""
    page.goto(address)
    page.wait_for_selector("body[data-ready]")


def choose_photo(page: "Page", photo: Path) -> None:
    """Pick a photo, and wait for its full painting."""
    page.set_input_files("#file", photo)
    page.wait_for_selector(FULL)


def drag(page: "Page", where: str, *places: tuple[float, float]) -> None:
    """Press, go from place to place, each 0 to 1 across and down an element, and let go."""
    box = page.locator(where).bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def after(page: "Page", act: str) -> None:
    """Click something, and wait for the full painting that follows."""
    version = settled(page)
    page.click(act)
    repainted(page, version)


def settled(page: "Page") -> int:
    """Wait until nothing is painted any more; the version of what is shown then."""
    page.wait_for_function("() => document.querySelector('#busy').hidden")
    return int(page.get_attribute("#viewer", "data-version") or 0)


def repainted(page: "Page", version: int) -> None:
    """Wait until something newer than a version is fully painted."""
    page.wait_for_function(
        "version => { const { painted, version: now } = document.querySelector('#viewer').dataset;"
        " return painted === 'full' && Number(now) > version; }",
        arg=version,
    )


def slide(page: "Page", slider: str, value: float) -> None:
    """Move a slider, and wait for the full painting that follows."""
    version = settled(page)
    page.fill(slider, str(value))
    repainted(page, version)


def tab_to(page: "Page", selector: str) -> None:
    """Press Tab until an element has the focus."""
    for _ in range(60):
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never comes to {selector}")


def shown(page: "Page", canvas: str = "#after") -> np.ndarray:
    """The pixels of a canvas as RGB."""
    url = page.eval_on_selector(canvas, "canvas => canvas.toDataURL('image/png')")
    return from_url(url)


def from_url(url: str, mode: str = "RGB") -> np.ndarray:
    """The pixels of a data URL."""
    with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
        return np.asarray(image.convert(mode))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The mean difference of two pictures in levels."""
    return float(np.abs(one.astype(np.int16) - other).mean())
