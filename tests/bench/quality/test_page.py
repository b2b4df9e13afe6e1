"""The page of a report in a real browser: pictures are enlarged by mouse, keys and touch."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from impasto.bench.quality.page import Figure, html_page
from impasto.bench.quality.tables import Table

from ...browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTH, HEIGHT = 2400, 1500
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """One browser for all tests."""
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with two pictures that are wider than any window here."""
    figures = []
    for name in ("front", "sheet"):
        noise = np.random.default_rng(len(name)).integers(0, 256, (HEIGHT // 30, WIDTH // 30, 3))
        picture = Image.fromarray(noise.astype(np.uint8)).resize((WIDTH, HEIGHT))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG")
        figures.append(Figure(name, buffer.getvalue()))
    table = Table("Numbers", ("method", "loss"), [("impasto", "<1"), ("wct", "2")])
    path = tmp_path_factory.mktemp("page") / "bench.html"
    page = html_page("Quality & more", ["a line"], [table], figures, ["no plot of time"])
    path.write_text(page, encoding="utf-8")
    return path


def opened(browser: "Browser", file: Path, **device: Any) -> Iterator["Page"]:
    """The page; a message on the browser's console fails the test at its end."""
    context = browser.new_context(**device)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri())
    yield page
    context.close()
    assert said == []


@pytest.fixture
def page(browser: "Browser", file: Path) -> Iterator["Page"]:
    """On a desk."""
    yield from opened(browser, file, viewport={"width": 1000, "height": 700})


@pytest.fixture
def phone(browser: "Browser", file: Path) -> Iterator["Page"]:
    """On a phone."""
    yield from opened(browser, file, **PHONE)


def box(page: "Page") -> dict[str, float]:
    """Where the enlarged picture lies."""
    found = page.locator("#view img").bounding_box()
    assert found is not None
    return dict(found)


def scrolled(page: "Page") -> list[float]:
    """How far the enlarged picture was moved."""
    place: list[float] = page.eval_on_selector("#view", "e => [e.scrollLeft, e.scrollTop]")
    return place


def test_a_click_shows_the_whole_picture_and_another_its_full_width(page: "Page") -> None:
    """First it fits into the window, then it is as wide as it is, around the place of the click."""
    assert not page.locator("dialog").is_visible()
    page.get_by_role("button", name="Enlarge: sheet").click()
    assert page.get_by_role("heading", name="sheet").is_visible()
    fit = box(page)
    assert fit["width"] <= 1000
    assert 600 < fit["y"] + fit["height"] <= 700
    assert fit["width"] / fit["height"] == pytest.approx(WIDTH / HEIGHT, rel=0.01)
    page.locator("#view img").click(position={"x": fit["width"] - 5, "y": fit["height"] - 5})
    full = box(page)
    assert (full["width"], full["height"]) == (WIDTH, HEIGHT)
    left, top = scrolled(page)
    assert left == pytest.approx(WIDTH - 1000, abs=20)
    assert top > 800
    page.locator("#view").click(position={"x": 50, "y": 50})
    assert box(page)["width"] == pytest.approx(fit["width"])


def test_all_of_it_goes_by_keys(page: "Page") -> None:
    """Enter opens and enlarges, arrows move, minus fits, Escape closes where it was opened."""
    button = page.get_by_role("button", name="Enlarge: front")
    button.focus()
    page.keyboard.press("Enter")
    assert box(page)["width"] <= 1000
    page.keyboard.press("Enter")
    assert box(page)["width"] == WIDTH
    assert page.locator("#size").get_attribute("aria-pressed") == "true"
    before = scrolled(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('#view').scrollLeft > {before[0]}")
    page.keyboard.press("-")
    assert box(page)["width"] <= 1000
    page.keyboard.press("+")
    assert box(page)["width"] == WIDTH
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()
    assert button.evaluate("e => e === document.activeElement")


def test_the_focus_stays_in_the_picture(page: "Page") -> None:
    """With Tab every button of the large picture can be reached, and nothing behind it."""
    page.get_by_role("button", name="Enlarge: front").click()
    reached = set()
    for _ in range(6):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"size", "close", "view"} <= reached
    assert "BUTTON" not in reached


def test_on_a_phone_there_is_a_button_to_close(phone: "Page") -> None:
    """Fingers open, enlarge and close: buttons are large enough, and the page has one width."""
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Enlarge: front").tap()
    assert box(phone)["width"] <= 390
    for name in ("Full size", "Close"):
        found = phone.get_by_role("button", name=name).bounding_box()
        assert found is not None
        assert min(found["width"], found["height"]) >= 44
        assert found["x"] + found["width"] <= 390
    phone.get_by_role("button", name="Full size").tap()
    assert box(phone)["width"] == WIDTH
    phone.get_by_role("button", name="Close").tap()
    assert not phone.locator("dialog").is_visible()


def test_what_the_page_says(page: "Page") -> None:
    """Texts are shown as they are, whatever characters they have."""
    assert page.title() == "Quality & more"
    assert page.get_by_role("cell", name="<1").is_visible()
    assert page.get_by_text("no plot of time").is_visible()
