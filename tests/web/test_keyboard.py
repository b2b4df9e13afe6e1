"""Without a pointer: a photo picked, a region marked, a file saved; whose keys are whose."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from .actions import FULL, choose_photo, difference, open_page, repainted, settled, shown, tab_to

if TYPE_CHECKING:
    from playwright.sync_api import Page


def focused(page: "Page") -> str:
    """The id of what has the focus; empty for the page itself."""
    found: str = page.evaluate("() => document.activeElement.id")
    return found


def pick_by_keys(page: "Page", button: str, photo: Path) -> None:
    """Go to a button that asks for a photo, and give it one."""
    page.on("filechooser", lambda _: None)  # the browser is told now, before a key is pressed
    tab_to(page, button)
    with page.expect_file_chooser() as waiting:
        page.keyboard.press("Enter")
    waiting.value.set_files(photo)


def test_a_photo_is_picked_marked_and_saved_by_keys_alone(
    page: "Page", server: str, photo: Path
) -> None:
    """The file has the region in its style; at each step the next key goes on from there."""
    open_page(page, server)
    pick_by_keys(page, "#choose", photo)
    page.wait_for_selector(FULL)
    whole = shown(page)
    tab_to(page, "[data-region=add]")
    page.keyboard.press("Enter")
    assert focused(page) == "viewer"
    version = settled(page)
    for key in ["ArrowLeft"] * 8 + ["Shift+ArrowDown"] * 3 + ["Enter"]:
        page.keyboard.press(key)
    repainted(page, version)
    tab_to(page, "#download")
    with page.expect_download() as waiting:
        page.keyboard.press("Enter")
    with Image.open(waiting.value.path()) as image:
        saved = np.asarray(image.convert("RGB"))
    height, width = whole.shape[:2]
    inside = slice(height * 2 // 5, height * 3 // 5), slice(width // 20, width // 3)
    outside = slice(None), slice(width * 2 // 3, None)
    change = difference(saved[inside], whole[inside])
    assert change > 10
    assert difference(saved[outside], whole[outside]) < change / 3


@pytest.mark.parametrize("way", ["#choose", "#sample"])
def test_the_focus_stays_at_the_picture(page: "Page", server: str, photo: Path, way: str) -> None:
    """The buttons of the empty page vanish with the first photo: the picture has the focus then."""
    open_page(page, server)
    if way == "#choose":
        pick_by_keys(page, way, photo)
    else:
        tab_to(page, way)
        page.keyboard.press("Enter")
    page.wait_for_selector(FULL)
    assert focused(page) == "viewer"
    pick_by_keys(page, "#replace", photo)
    page.wait_for_function("() => document.querySelector('#before').width === 240")
    assert focused(page) == "replace"


def test_the_camera_gives_the_focus_to_its_photo(page: "Page", server: str) -> None:
    """When the dialog closes over a photo, the button that had opened it is gone."""
    open_page(page, server)
    tab_to(page, "#camera")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#camera-video').videoWidth > 0")
    tab_to(page, "#camera-take")
    page.keyboard.press("Enter")
    page.wait_for_selector(FULL)
    assert focused(page) == "viewer"


def test_the_slider_that_compares_keeps_its_keys(page: "Page", server: str, photo: Path) -> None:
    """Also while a region is marked: its arrows move it, and mark nothing."""
    open_page(page, server)
    choose_photo(page, photo)
    page.click("#compare")
    page.click("[data-region=add]")
    page.focus("#split")
    for key in ["ArrowRight", "ArrowRight", "ArrowUp", "Enter"]:
        page.keyboard.press(key)
    assert page.input_value("#split") == "51.5"
    assert not shown(page, "#mask").any()
    page.focus("#viewer")
    page.keyboard.press("ArrowRight")
    assert page.input_value("#split") == "51.5"
    assert shown(page, "#mask").any()  # the rectangle
