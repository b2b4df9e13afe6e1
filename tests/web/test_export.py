"""The exported page says itself what it may do, and does all it can within that."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .actions import FULL, choose_photo, difference, open_page, shown, slide
from .conftest import Quiet, handed_out

if TYPE_CHECKING:
    from playwright.sync_api import Page

_VIOLATED = """(address) => new Promise((resolve) => {
  document.addEventListener("securitypolicyviolation", (event) => {
    resolve(event.effectiveDirective);
  });
  fetch(address).catch(() => {});
})"""


class _Isolated(Quiet):
    """Hands out files with the headers that `_headers` names for hosts which read it."""

    def end_headers(self) -> None:
        """Let the page have memory that its threads share."""
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


@pytest.fixture(scope="module")
def isolated(exported: Path) -> Iterator[str]:
    """The address of the exported page, whose host lets it use more than one thread."""
    with handed_out(exported, _Isolated) as address:
        yield address


def test_the_policy_stands_before_what_it_is_for(exported: Path) -> None:
    """It is above all scripts and styles, and lets no code in from a text or another site."""
    text = (exported / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', text)
    assert policy is not None
    assert policy.start() < min(text.index("<script"), text.index("<link"))
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe-inline" not in policy[1]
    assert "'unsafe-eval'" not in policy[1]
    assert "http" not in policy[1]


@pytest.mark.parametrize(("where", "is_isolated"), [("site", False), ("isolated", True)])
def test_the_exported_page_works_within_its_policy(
    page: "Page", request: pytest.FixtureRequest, photo: Path, where: str, is_isolated: bool
) -> None:
    """Model, threads, previews, camera and download are within it; the fixture sees complaints."""
    open_page(page, request.getfixturevalue(where))
    assert page.evaluate("() => self.crossOriginIsolated") == is_isolated
    choose_photo(page, photo)
    scream = shown(page)
    assert difference(scream, shown(page, "#before")) > 10
    threads = sum("ort.wasm" in worker.url for worker in page.workers)
    has_cores = page.evaluate("() => navigator.hardwareConcurrency > 1")
    assert (threads > 0) == (is_isolated and has_cores)
    slide(page, "#strength", 40)
    broken = "() => [...document.images].filter((one) => one.complete && !one.naturalWidth).length"
    assert page.evaluate(broken) == 0
    with page.expect_download() as waiting:
        page.click("#download")
    assert waiting.value.suggested_filename == "cup.scream.jpg"


def test_the_exported_page_takes_photos(page: "Page", site: str) -> None:
    """The camera is within the policy, and its photo is painted."""
    open_page(page, site)
    page.click("#camera")
    page.wait_for_function("() => document.querySelector('#camera-video').videoWidth > 0")
    page.click("#camera-take")
    page.wait_for_selector(FULL)
    assert difference(shown(page), shown(page, "#before")) > 10


def test_the_exported_page_reaches_no_other_site(
    page: "Page", site: str, errors: list[str]
) -> None:
    """Even a script of its own could send nothing elsewhere: the browser refuses it."""
    open_page(page, site)
    assert page.evaluate(_VIOLATED, "http://127.0.0.1:9/") == "connect-src"
    errors.clear()  # the browser's refusal
