"""The page on a running server, used as a person would."""

import io
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from .actions import (
    after,
    choose_photo,
    difference,
    drag,
    open_page,
    repainted,
    settled,
    shown,
    slide,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

_DROP = """async ([name, bytes]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  for (const kind of ["dragover", "drop"]) {
    document.querySelector("#stage").dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
  }
}"""


@pytest.mark.parametrize("file", ["", "js/main.js", "css/base.css", "sample.jpg"])
def test_browsers_ask_for_new_files_each_time(server: str, file: str) -> None:
    """After an update no browser runs old modules beside new ones; what is the same is not sent."""
    with urllib.request.urlopen(server + file) as response:  # noqa: S310  # our own server
        assert response.headers["Cache-Control"] == "no-cache"
        tag = response.headers["ETag"]
    again = urllib.request.Request(server + file, headers={"If-None-Match": tag})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError, match="304"):
        urllib.request.urlopen(again)  # noqa: S310


def colourful(picture: np.ndarray) -> float:
    """How far the channels of a picture lie apart, in levels."""
    return float(np.ptp(picture.astype(np.int16), axis=-1).mean())


def test_a_dropped_photo_is_painted_and_answers_to_all_settings(
    page: "Page", server: str, photo: Path
) -> None:
    """Dropped, it is painted; style, strength, stroke and colours change what is shown."""
    open_page(page, server)
    page.evaluate(_DROP, [photo.name, list(photo.read_bytes())])
    page.wait_for_selector("#viewer[data-painted=full]")
    with Image.open(photo) as image:
        original = np.asarray(image.convert("RGB"))
    scream = shown(page)
    assert scream.shape == original.shape
    assert difference(scream, original) > 10
    after(page, "[data-style=great-wave]")
    wave = shown(page)
    assert difference(wave, scream) > 10
    slide(page, "#strength", 30)
    assert difference(shown(page), original) < difference(wave, original)
    slide(page, "#strength", 0)
    assert difference(shown(page), original) < 1
    slide(page, "#strength", 100)
    slide(page, "#stroke", 6)
    assert difference(shown(page), wave) > 3
    slide(page, "#colour", 100)
    assert abs(colourful(original) - colourful(shown(page))) < 12


def test_two_styles_are_mixed_on_the_pad(page: "Page", server: str, photo: Path) -> None:
    """A mix of two is painted; the arrow keys and the pointer move it towards one of them."""
    open_page(page, server)
    choose_photo(page, photo)
    page.click("#mix-on")
    after(page, "[data-style=great-wave]")
    even = shown(page)
    point = page.locator("#pad-point")
    assert (
        point.get_attribute("aria-valuetext") == "The Scream 50%, The Great Wave off Kanagawa 50%"
    )
    version = settled(page)
    point.press("ArrowRight")
    repainted(page, version)
    assert point.get_attribute("aria-valuenow") == "55"
    drag(page, "#pad-field", (0.55, 0.5), (1, 0.5))
    assert point.get_attribute("aria-valuetext") == "The Great Wave off Kanagawa 100%"
    settled(page)
    assert difference(shown(page), even) > 3


def test_a_region_is_painted_in_its_own_style(page: "Page", server: str, photo: Path) -> None:
    """What is marked changes, and what is far from it stays as it was."""
    open_page(page, server)
    choose_photo(page, photo)
    before = shown(page)
    page.click("[data-region=add]")
    page.click("[data-style=udnie]")
    page.click("#tool-rectangle")
    version = settled(page)
    drag(page, "#frame", (0.003, 0.003), (1 / 3, 0.997))
    repainted(page, version)
    painted = shown(page)
    third = before.shape[1] // 3
    marked, far = slice(0, third - 10), slice(2 * third, None)
    change = difference(painted[:, marked], before[:, marked])
    assert change > 10
    # Not none: what is measured for the whole picture is now measured on what shows of it.
    assert difference(painted[:, far], before[:, far]) < change / 3


@pytest.mark.parametrize(("chosen", "kind", "suffix"), [("", "JPEG", "jpg"), ("png", "PNG", "png")])
def test_the_download_is_the_painting(
    page: "Page", server: str, photo: Path, chosen: str, kind: str, suffix: str
) -> None:
    """The file has the photo's size, the format that was asked for, and what was shown."""
    open_page(page, server)
    choose_photo(page, photo)
    page.select_option("#format", chosen)
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == f"cup.scream.{suffix}"
    with Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())) as image:
        assert image.format == kind
        assert difference(np.asarray(image.convert("RGB")), shown(page)) < 4


def test_a_picture_that_browsers_cannot_read_is_painted(
    page: "Page", server: str, photo: Path, tmp_path: Path
) -> None:
    """The server reads a TIFF for the browser, and the download is a TIFF again."""
    with Image.open(photo) as image:
        image.save(tmp_path / "scan.tiff")
    open_page(page, server)
    choose_photo(page, tmp_path / "scan.tiff")
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "scan.scream.tiff"
    with Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())) as image:
        assert image.format == "TIFF"
        assert difference(np.asarray(image.convert("RGB")), shown(page)) < 4


def test_a_link_holds_the_settings_and_no_picture(page: "Page", server: str) -> None:
    """Whoever opens the link gets the same styles and sliders."""
    open_page(page, f"{server}#style=scream:0.75,udnie:0.25&strength=0.6&stroke=512&colour=0.3")
    assert page.input_value("#strength") == "60"
    assert page.input_value("#colour") == "30"
    assert "512" in page.inner_text("#stroke-value")
    page.click("#share")
    page.wait_for_function("() => document.querySelector('#status').textContent")
    assert page.url.endswith("#style=scream:0.75,udnie:0.25&strength=0.60&stroke=512&colour=0.30")


def test_a_file_that_is_no_picture_is_named(
    page: "Page", server: str, tmp_path: Path, errors: list[str]
) -> None:
    """What cannot be read leaves the page as it was, with a line that names it."""
    (tmp_path / "notes.jpg").write_text("no picture")
    open_page(page, server)
    page.set_input_files("#file", tmp_path / "notes.jpg")
    page.wait_for_selector("#status.is-error")
    assert "notes.jpg" in page.inner_text("#status")
    assert page.is_visible("#empty")
    errors.clear()  # the server's refusal, which the browser notes


def test_a_pasted_photo_is_painted(page: "Page", server: str, photo: Path) -> None:
    """A picture on the clipboard is taken as a file would be."""
    open_page(page, server)
    paste = """(bytes) => {
      const clipboardData = new DataTransfer();
      clipboardData.items.add(new File([new Uint8Array(bytes)], "x", { type: "image/jpeg" }));
      document.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }"""
    page.evaluate(paste, list(photo.read_bytes()))
    page.wait_for_selector("#viewer[data-painted=full]")
    with Image.open(photo) as image:
        assert difference(shown(page, "#before"), np.asarray(image)) < 1


def test_the_camera_gives_a_photo(page: "Page", server: str) -> None:
    """It is painted live, its picture is taken and painted, and then it is switched off."""
    open_page(page, server)
    page.click("#camera")
    page.wait_for_function("() => document.querySelector('#camera-video').videoWidth > 0")
    page.check("#camera-live")
    page.wait_for_selector("#camera-painted:not([hidden])")
    page.click("#camera-take")
    page.wait_for_selector("#viewer[data-painted=full]")
    assert page.evaluate("document.querySelector('#camera-video').srcObject === null")


_HUE = """(selector) => {
  const shown = document.querySelector(selector);
  const canvas = new OffscreenCanvas(64, 48);
  const pen = canvas.getContext("2d");
  pen.drawImage(shown, 0, 0, 64, 48);
  const { data } = pen.getImageData(0, 0, 64, 48);
  return [0, 1, 2].map((one) => data.reduce((sum, value, at) =>
    sum + (at % 4 === one ? value : 0), 0) / (64 * 48));
}"""


def test_a_camera_is_painted_in_a_share_of_its_colours(page: "Page", server: str) -> None:
    """A share that the server cannot give is mixed in by the page, and so is the strength."""
    open_page(page, server)
    found = {}
    for colour, strength in [(0, 100), (50, 100), (100, 100), (0, 0)]:
        page.fill("#colour", str(colour))
        page.fill("#strength", str(strength))
        page.click("#camera")
        page.check("#camera-live")
        page.wait_for_selector("#camera-painted:not([hidden])")
        found[colour, strength] = np.array(page.evaluate(_HUE, "#camera-painted"))
        camera = np.array(page.evaluate(_HUE, "#camera-video"))
        page.click("#camera-close")
    none, half, full = (found[share, 100] for share in (0, 50, 100))
    whole = full - none
    assert np.ptp(whole) > 20  # by more than brightness
    assert 0.3 < (half - none) @ whole / (whole @ whole) < 0.7
    assert np.abs(found[0, 0] - camera).max() < 12  # it has moved on since


def test_a_camera_that_the_server_ends_is_told(page: "Page", tmp_path: Path) -> None:
    """With too many cameras, and when the server ends, no frame stays, and the page says why."""
    connect = pytest.importorskip("websockets.sync.client").connect
    from ..server.conftest import start_server, until

    running = start_server(tmp_path, max_live="1")
    try:
        open_page(page, running.url)
        page.click("#camera")
        page.wait_for_function("() => document.querySelector('#camera-video').videoWidth > 0")
        with connect(f"{running.url.replace('http', 'ws')}v1/live", proxy=None):
            until(lambda: running.number("live") == 1)
            page.click("#camera-live")
            _is_told(page, "as many cameras as it may")
        until(lambda: running.number("live") == 0)
        page.check("#camera-live")
        page.wait_for_selector("#camera-painted:not([hidden])")
        assert running.end() == 0
        _is_told(page, "the server does not answer")
    finally:
        running.end(signal.SIGKILL)


def _is_told(page: "Page", words: str) -> None:
    """Wait until the dialog complains; then the camera is not painted."""
    page.wait_for_function(
        "words => document.querySelector('#camera-told').textContent.includes(words)",
        arg=words,
    )
    assert not page.is_checked("#camera-live")
    assert page.is_hidden("#camera-painted")


def test_before_and_after_and_zoom(page: "Page", server: str, photo: Path) -> None:
    """The split uncovers the photo, and keys enlarge and move the picture."""
    open_page(page, server)
    choose_photo(page, photo)
    page.click("#compare")
    page.fill("#split", "30")
    assert page.eval_on_selector("#after", "one => one.style.clipPath") == "inset(0px 0px 0px 30%)"
    page.focus("#viewer")
    width = page.locator("#frame").bounding_box()["width"]
    page.keyboard.press("+")
    assert page.locator("#frame").bounding_box()["width"] == pytest.approx(1.25 * width, rel=0.01)
    page.keyboard.press("0")
    assert page.locator("#frame").bounding_box()["width"] == pytest.approx(width, rel=0.01)
