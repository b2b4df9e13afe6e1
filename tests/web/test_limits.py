"""What the server takes at most and what it lacks: the page says it before anything is sent."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from .actions import choose_photo, open_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from ..server.conftest import Running


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Running]":
    """A server that takes little."""
    pytest.importorskip("fastapi", reason="needs the extra server")
    from ..server.conftest import start_server

    limits = {"max_bytes": "30000", "max_video_bytes": "60K", "max_fit_minutes": "0.5"}
    running = start_server(tmp_path_factory.mktemp("small"), max_pixels="400000", **limits)
    yield running
    running.end(signal.SIGKILL)


@pytest.fixture
def sent(page: "Page") -> list[str]:
    """The paths that the page has posted something to."""
    found: list[str] = []
    page.on("request", lambda one: found.append(one.url) if one.method == "POST" else None)
    return found


def noise(path: Path, *size: int) -> Path:
    """A picture that no format makes small."""
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_photo_that_is_too_large_is_told_and_not_sent(
    page: "Page", small: "Running", photo: Path, tmp_path: Path, sent: list[str]
) -> None:
    """By its bytes and by its pixels; a photo within the limits is painted."""
    Image.new("RGB", (1000, 500)).save(tmp_path / "wide.png")
    open_page(page, small.url)
    page.set_input_files("#file", noise(tmp_path / "noise.png", 120, 100))
    page.wait_for_selector("#status.is-error")
    assert page.inner_text("#status") == (
        "noise.png is too large: the server takes at most 29.3 kB."
    )
    page.set_input_files("#file", tmp_path / "wide.png")
    page.wait_for_function("() => document.querySelector('#status').textContent.includes('wide')")
    assert "(1000 \u00d7 500): the server takes at most 0.4 million" in page.inner_text("#status")
    assert page.is_visible("#empty")
    assert not sent
    choose_photo(page, photo)
    assert sent


def test_videos_and_pictures_that_are_too_large_are_told_and_not_sent(
    page: "Page", small: "Running", photo: Path, tmp_path: Path, sent: list[str]
) -> None:
    """Each form says so below itself; of pictures each counts, and all together."""
    open_page(page, small.url)
    page.click("#tab-video")
    (tmp_path / "long.mp4").write_bytes(bytes(70_000))
    page.set_input_files("#video-form [name=video]", tmp_path / "long.mp4")
    page.click("#video-form .primary")
    assert page.inner_text("#video-form .error") == (
        "long.mp4 is too large: the server takes at most 60 kB."
    )
    page.click("#tab-fit")
    page.fill("#fit-form [name=title]", "Mine")
    several = [noise(tmp_path / f"{number}.png", 80, 100) for number in range(3)]
    for pictures, words in [
        ([photo, noise(tmp_path / "big.png", 120, 100)], "big.png is too large"),
        (several, "What is chosen (3) is too large"),
    ]:
        page.set_input_files("#fit-form [name=pictures]", pictures)
        page.click("#fit-form .primary")
        page.wait_for_function(
            "words => document.querySelector('#fit-form .error').textContent.includes(words)",
            arg=words,
        )
    assert not sent


def test_minutes_are_at_most_what_the_server_gives(
    page: "Page", server: str, small: "Running"
) -> None:
    """The field takes no more than the server does, be that much or little."""
    valid = "one => [one.value, one.checkValidity()]"
    field = "#fit-form [name=minutes]"
    open_page(page, server)
    page.click("#tab-fit")
    assert page.eval_on_selector(field, valid) == ["10", True]
    page.fill(field, "61")
    assert page.eval_on_selector(field, valid) == ["61", False]
    open_page(page, small.url)
    page.click("#tab-fit")
    assert page.eval_on_selector(field, valid) == ["0.5", True]


def test_a_share_of_colours_is_said_to_be_left_out_of_videos(page: "Page", server: str) -> None:
    """All of the photo's colours or none goes to the server; anything between is told."""
    open_page(page, server)
    for share, is_told in [("30", True), ("100", False), ("99", True), ("0", False)]:
        page.fill("#colour", share)
        page.click("#tab-video")
        assert page.is_visible("#video-colour") == is_told
        page.click("#tab-photo")


def test_without_the_extra_the_page_says_what_to_install(
    page: "Page",
    photo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    errors: list[str],
) -> None:
    """A server that lacks a module of `train` cannot learn: the command is above the form.

    It stays there, and nothing else is said, when the form is sent all the same.
    """
    pytest.importorskip("fastapi", reason="needs the extra server")
    from ..server.conftest import start_server

    lacking = "import sys\nsys.modules['imagehash'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(lacking)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    running = start_server(tmp_path / "home")
    try:
        open_page(page, running.url)
        page.click("#tab-fit")
        assert page.inner_text("#fit-missing code") == "pip install 'impasto[train]'"
        page.set_input_files("#fit-form [name=pictures]", photo)
        page.fill("#fit-form [name=title]", "Mine")
        with page.expect_response("**/v1/fits") as waiting:
            page.click("#fit-form .primary")
        assert waiting.value.status == 501
        page.wait_for_selector("#fit-jobs li", state="detached")
        assert page.is_hidden("#fit-form .error")
        page.click("#language")
        assert "组件" in page.inner_text("#fit-missing")
        assert page.inner_text("#fit-missing code") == "pip install 'impasto[train]'"
    finally:
        running.end(signal.SIGKILL)
        errors.clear()  # the server's refusal, which the browser notes
