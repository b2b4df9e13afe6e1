"""A real browser, the page on a server, and the page as files without one."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from impasto.cli.demo import demo_photo

from ..browser import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE = 60_000
"""Milliseconds after which a page that does nothing has failed."""


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium without a window, with a camera that is none."""
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium("--disable-gpu", *camera) as browser:
        yield browser


@contextmanager
def a_window(browser: "Browser", **options: Any) -> "Iterator[BrowserContext]":
    """A window of some size, language and kind, that waits long enough."""
    with browser.new_context(**options) as window:
        window.set_default_timeout(PATIENCE)
        yield window


@contextmanager
def a_page(browser: "Browser", **options: Any) -> "Iterator[Page]":
    """The only page of such a window."""
    with a_window(browser, **options) as window:
        yield window.new_page()


@pytest.fixture(scope="module")
def desk(browser: "Browser") -> "Iterator[BrowserContext]":
    """A window of a desktop, in English."""
    with a_window(browser, viewport={"width": 1280, "height": 800}, locale="en-GB") as window:
        yield window


@pytest.fixture
def errors() -> list[str]:
    """What a page has complained of."""
    return []


@pytest.fixture
def page(desk: "BrowserContext", errors: list[str]) -> "Iterator[Page]":
    """A new page; a test fails if anything on it complains."""
    page = desk.new_page()
    watch(page, errors)
    yield page
    page.evaluate("() => { try { localStorage.clear(); } catch {} }")
    page.close()
    assert not errors


def watch(page: "Page", errors: list[str]) -> None:
    """Collect what a page writes as an error, and what it does not catch."""
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small photo."""
    path = tmp_path_factory.mktemp("photo") / "cup.jpg"
    with Image.open(demo_photo()) as image:
        image.resize((240, 160)).save(path, quality=92)
    return path


class Quiet(SimpleHTTPRequestHandler):
    """Hands out files."""

    def log_message(self, *_: object) -> None:
        """Nothing: tests have their own words."""


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page as `impasto web export` writes it."""
    from impasto.cli.app import main

    folder = tmp_path_factory.mktemp("export") / "site"
    assert main(["web", "export", str(folder)]) == 0
    return folder


@contextmanager
def handed_out(folder: Path, handler: type[SimpleHTTPRequestHandler]) -> Iterator[str]:
    """The address of a folder's files while the block runs."""
    files = functools.partial(handler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def site(exported: Path) -> Iterator[str]:
    """The address of the exported page, handed out by Python's plain file server."""
    with handed_out(exported, Quiet) as address:
        yield address


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `impasto serve`."""
    pytest.importorskip("fastapi", reason="needs the extra server")
    # It imports what the extra installs.
    from ..server.conftest import start_server

    running = start_server(tmp_path_factory.mktemp("server"))
    yield running.url
    assert running.end() == 0, running.log.read_text()
