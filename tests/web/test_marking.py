"""Regions that are marked with a pointer: drawn, taken back, and reached everywhere."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from .actions import choose_photo, difference, drag, open_page, repainted, settled, shown
from .conftest import a_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def marked(page: "Page") -> np.ndarray:
    """Where the region is, as the page shows it."""
    return shown(page, "#mask").any(axis=-1)


def test_the_brush_paints_and_the_eraser_takes_back(page: "Page", server: str, photo: Path) -> None:
    """A stroke marks its way as broad as it is set, and its picture changes there alone."""
    open_page(page, server)
    choose_photo(page, photo)
    before = shown(page)
    page.click("[data-region=add]")
    page.click("[data-style=udnie]")
    page.fill("#brush-size", "10")
    version = settled(page)
    drag(page, "#frame", (0.2, 0.3), (0.2, 0.7))
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
    drag(page, "#frame", (0.5, 0.3), (0.5, 0.7))
    assert abs(marked(page)[height // 2, width * 3 // 10 :].sum() - 0.2 * width) < 3
    page.click("#tool-eraser")
    version = settled(page)
    drag(page, "#frame", (0.2, 0.0), (0.2, 1.0))
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
    with a_page(browser, viewport={"width": width, "height": height}) as page:
        open_page(page, server)
        choose_photo(page, tmp_path / "tower.png")
        whole = page.locator("#frame").bounding_box()
        page.click("[data-region=add]")
        for tool in ("brush", "rectangle"):
            page.click(f"#tool-{tool}")
            drag(page, "#frame", (0.005, 0.002), (0.995, 0.998))
            assert marked(page)[0, 0]
            assert marked(page)[-1, -1]
        assert marked(page).mean() > 0.97
        page.click("[data-region='0']")
        assert page.locator("#frame").bounding_box() == whole
