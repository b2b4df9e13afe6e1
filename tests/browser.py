"""A real browser for tests of pages: the system's Chromium, without a window."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@contextmanager
def chromium(*options: str) -> Iterator["Browser"]:
    """Run Chromium; skips the test where it, or playwright, is not installed.

    For a module only: playwright's loop would be in the way of the next.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    found = (shutil.which(name) for name in ("chromium", "chromium-browser"))
    program = os.environ.get("CHROMIUM") or next(filter(None, found), None)
    if program is None:
        pytest.skip("needs a browser: apt-get install chromium, or set CHROMIUM to one")
    with playwright.sync_playwright() as driver:
        # A container has no user namespaces for the sandbox, and the pages are our own.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", *options])
        yield browser
        browser.close()
