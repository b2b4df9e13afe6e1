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
def chromium() -> Iterator["Browser"]:
    """Run Chromium; skips the test where it, or playwright, is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs pip install playwright")
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip("needs a browser: apt-get install chromium, or set CHROMIUM to one")
    with playwright.sync_playwright() as driver:
        # A container has no user namespaces for the sandbox, and the pages are our own.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()
