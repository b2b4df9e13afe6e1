"""Regions that are marked with a pointer: drawn, taken back, and reached everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from .actions import choose_photo, difference, open_page, repainted, settled, shown
from .conftest import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def marked(page: "Page") -> np.ndarray:
    """Where the region is, as the page shows it."""
    return shown(page, "#mask").any(axis=-1)


def stroke(page: "Page", *places: tuple[float, float]) -> None:
    """Draw from place to place, each 0 to 1 across and down the picture."""
    frame = page.locator("#frame").bounding_box()
    assert frame is not None
    at = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]) for x, y in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_the_brush_paints_and_the_eraser_takes_back(page: "Page", server: str, photo: Path) -> None:
    """A stroke marks its way as broad as it is set, and its picture changes there alone."""
    open_page(page, server)
    choose_photo(page, photo)
    before = shown(page)
    page.click("[data-region=add]")
    page.click("[data-style=udnie]")
    page.fill("#brush-size", "10")
    version = settled(page)
    stroke(page, (0.2, 0.3), (0.2, 0.7))
    repainted(page, version)
    narrow = marked(page)
    height, width = narrow.shape
    assert narrow[height // 2, round(0.2 * width)]
    assert abs(narrow[height // 2].sum() - 0.1 * width) < 3
    assert not narrow[:, width // 2 :].any()
    painted = shown(page)
    rows, columns = slice(height // 3, height * 2 // 3), slice(width * 17 // 100, width * 23 // 100)
    change = difference(painted[rows, columns], before[rows, columns])
    assert change > 10
    assert difference(painted[:, width // 2 :], before[:, width // 2 :]) < change / 3
    page.fill("#brush-size", "20")
    stroke(page, (0.5, 0.3), (0.5, 0.7))
    assert abs(marked(page)[height // 2, width * 3 // 10 :].sum() - 0.2 * width) < 3
    page.click("#tool-eraser")
    version = settled(page)
    stroke(page, (0.2, 0.0), (0.2, 1.0))
    repainted(page, version)
    assert not marked(page)[:, : width * 3 // 10].any()
    assert marked(page)[height // 2, width // 2]
    after = shown(page)
    assert difference(after[rows, columns], before[rows, columns]) < change / 3
    page.click("#mask-clear")
    assert not marked(page).any()


@pytest.mark.parametrize("viewport", [(1280, 800), (390, 844)])
def test_all_of_a_tall_photo_can_be_marked(
    browser: "Browser", server: str, tmp_path: Path, viewport: tuple[int, int]
) -> None:
    """No tool lies over it: a rectangle from corner to corner marks every pixel."""
    Image.linear_gradient("L").resize((200, 600)).convert("RGB").save(tmp_path / "tower.png")
    width, height = viewport
    with browser.new_context(viewport={"width": width, "height": height}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        open_page(page, server)
        choose_photo(page, tmp_path / "tower.png")
        whole = page.locator("#frame").bounding_box()
        page.click("[data-region=add]")
        for tool in ("brush", "rectangle"):
            page.click(f"#tool-{tool}")
            stroke(page, (0.005, 0.002), (0.995, 0.998))
            assert marked(page)[0, 0]
            assert marked(page)[-1, -1]
        assert marked(page).mean() > 0.97
        page.click("[data-region='0']")
        assert page.locator("#frame").bounding_box() == whole
