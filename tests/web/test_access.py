"""The page for everybody: keyboard only, small screens, both languages, both themes, axe."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .actions import choose_photo, difference, open_page, repainted, settled, shown, tab_to
from .conftest import a_page, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = Path(__file__).parent / "axe.min.js"
SERIOUS = {"serious", "critical"}


def faults(page: "Page") -> list[str]:
    """The serious faults that axe finds, each with the element."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("() => axe.run()")
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:120]}"
        for fault in found["violations"]
        if fault["impact"] in SERIOUS
    ]


@pytest.mark.parametrize(
    ("where", "width", "scheme", "locale"),
    [
        ("server", 1280, "light", "en-GB"),
        ("server", 390, "dark", "en-GB"),
        ("server", 1280, "dark", "zh-CN"),
        ("server", 390, "light", "zh-CN"),
        ("site", 1280, "light", "en-GB"),
        ("site", 390, "dark", "zh-CN"),
    ],
)
def test_axe_finds_no_serious_fault(
    browser: "Browser",
    request: pytest.FixtureRequest,
    photo: Path,
    where: str,
    width: int,
    scheme: Any,
    locale: str,
    errors: list[str],
) -> None:
    """Empty, with a mix and a region, and on the other pages; from a server and exported."""
    size: Any = {"width": width, "height": 800}
    with a_page(browser, viewport=size, color_scheme=scheme, locale=locale) as page:
        watch(page, errors)
        open_page(page, request.getfixturevalue(where))
        assert page.get_attribute("html", "lang") == locale.removesuffix("-GB")
        assert faults(page) == []
        choose_photo(page, photo)
        page.click("#mix-on")
        page.click("[data-style=udnie]")
        page.fill("#colour", "40")
        page.click("#compare")
        page.click("[data-region=add]")
        settled(page)
        assert faults(page) == []
        for tab in ("video", "fit") if where == "server" else ():
            page.click(f"#tab-{tab}")
            assert faults(page) == []
    assert not errors


def test_everything_works_by_the_keyboard(page: "Page", server: str) -> None:
    """Sample, style, mix, slider, compare and tabs are reached and used without a pointer."""
    open_page(page, server)
    tab_to(page, "#sample")
    page.keyboard.press("Enter")
    page.wait_for_selector("#viewer[data-painted=full]")
    first = shown(page)
    tab_to(page, "#compare")
    page.keyboard.press("Space")
    assert page.is_visible("#split")
    tab_to(page, "#mix-on")
    page.keyboard.press("Enter")
    tab_to(page, "[data-style=water-lilies]")
    version = settled(page)
    page.keyboard.press("Enter")
    repainted(page, version)
    tab_to(page, "#pad-point")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#pad-point", "aria-valuenow") == "45"
    tab_to(page, "#strength")
    version = settled(page)
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#strength") == "99"
    assert page.get_attribute("#strength", "aria-valuetext") == "99%"
    repainted(page, version)
    assert difference(shown(page), first) > 3
    page.focus("#tab-photo")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-video", "aria-selected") == "true"
    assert page.is_visible("#video-form")


def test_a_phone_sees_everything(browser: "Browser", server: str, photo: Path) -> None:
    """Nothing is wider than the screen, what is touched is large enough, and painting works."""
    options: Any = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with a_page(browser, **options) as page:
        open_page(page, server)
        choose_photo(page, photo)
        page.tap("[data-style=udnie]")
        settled(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
        small = page.evaluate(
            "() => [...document.querySelectorAll('button, select')]"
            ".filter((one) => one.offsetParent && Math.min(one.offsetWidth, one.offsetHeight) < 24)"
            ".map((one) => one.id || one.textContent)"
        )
        assert small == []
        page.locator("#download").scroll_into_view_if_needed()
        assert page.is_enabled("#download")
        for tab in ("video", "fit"):
            page.tap(f"#tab-{tab}")
            too_wide = page.evaluate(
                "() => [...document.querySelectorAll('.card input, .card button')]"
                ".filter((one) => one.offsetParent && one.getBoundingClientRect().right > 340)"
                ".map((one) => one.name)"
            )
            assert too_wide == []


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
@pytest.mark.parametrize("width", [320, 360, 430])
def test_the_bar_is_one_line_on_the_narrowest_screen(
    browser: "Browser", server: str, photo: Path, width: int, locale: str
) -> None:
    """Neither a tab nor another button of it is broken in two, and nothing is wider."""
    size: Any = {"width": width, "height": 640}
    with a_page(browser, viewport=size, locale=locale, is_mobile=True) as page:
        open_page(page, server)
        choose_photo(page, photo)
        lines = page.evaluate(
            "() => [...document.querySelectorAll('.top button')].map((one) => {"
            "  const range = document.createRange();"
            "  range.selectNodeContents(one);"
            "  return new Set([...range.getClientRects()].map((box) => box.top)).size; })"
        )
        assert lines == [1] * 5
        assert page.evaluate("() => document.documentElement.scrollWidth") == width


def test_chinese_is_complete_and_kept(browser: "Browser", server: str, errors: list[str]) -> None:
    """The browser's language decides at first, the switch from then on; no word is left out."""
    with a_page(browser, locale="zh-CN") as page:
        watch(page, errors)
        open_page(page, server)
        assert page.get_attribute("html", "lang") == "zh-CN"
        assert page.inner_text("#choose") == "选择照片"
        untranslated = page.evaluate(
            "() => [...document.querySelectorAll('[data-text]')].map((one) => one.textContent)"
            ".filter((text) => text && !/[\\u4e00-\\u9fff]/.test(text))"
        )
        assert untranslated == []
        page.click("#language")
        assert page.inner_text("#choose") == "Choose a photo"
        page.reload()
        page.wait_for_selector("body[data-ready]")
        assert page.get_attribute("html", "lang") == "en"
    assert not errors


def test_the_theme_can_be_chosen_and_is_kept(page: "Page", server: str) -> None:
    """The button goes from the system's theme to light and dark, and a reload keeps the choice."""
    open_page(page, server)
    colour = "() => getComputedStyle(document.body).backgroundColor"
    page.click("#theme")
    light = page.evaluate(colour)
    page.click("#theme")
    dark = page.evaluate(colour)
    assert light != dark
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert page.evaluate(colour) == dark
    page.click("#theme")
    assert page.evaluate("() => document.documentElement.dataset.theme === undefined")


def test_axe_is_the_one_that_is_named() -> None:
    """The test's own copy is complete, so that its silence means something."""
    text = AXE.read_text(encoding="utf-8")
    assert text.startswith("/*! axe v4.14.1")
    assert '"color-contrast"' in text
