"""Videos and new styles from the page: sent, followed, cancelled, and there after a reload."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from impasto.cli.demo import demo_photo

from ..clips import WIDTH, Clip, save_clip
from .actions import open_page

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest.importorskip("av", reason="needs the extra video")

LONG = 500_000
"""Milliseconds for a process that loads an engine and works."""


@pytest.mark.slow
def test_a_video_is_sent_painted_and_shown(page: "Page", server: str, tmp_path: Path) -> None:
    """The job is followed to its end, is there after a reload, and its result plays."""
    clip = save_clip(tmp_path / "waves.mp4", Clip(times=tuple(range(6))))
    open_page(page, server)
    page.click("#tab-video")
    assert "The Scream" in page.inner_text("#video-style")
    page.set_input_files("#video-form [name=video]", clip)
    page.click("#video-form .primary")
    page.wait_for_selector("#video-jobs li:is([data-state=queued], [data-state=running])")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.click("#tab-video")
    page.wait_for_selector("#video-jobs li[data-state=done] video", timeout=LONG)
    width = "() => document.querySelector('#video-jobs video')?.videoWidth"
    page.wait_for_function(width)
    assert page.evaluate(width) == WIDTH
    page.click("#video-jobs button")
    assert page.locator("#video-jobs li").count() == 0


def test_a_file_that_is_no_video_is_refused_in_words(
    page: "Page", server: str, tmp_path: Path, errors: list[str]
) -> None:
    """The job fails, its reason is told, and the page goes on."""
    (tmp_path / "notes.mp4").write_text("no video")
    open_page(page, server)
    page.click("#tab-video")
    page.set_input_files("#video-form [name=video]", tmp_path / "notes.mp4")
    page.click("#video-form .primary")
    page.wait_for_selector("#video-jobs li[data-state=failed]")
    assert len(page.inner_text("#video-jobs .job-note")) > 15
    assert page.is_visible("#video-form")
    errors.clear()  # the server's refusal, which the browser notes


@pytest.mark.slow
def test_a_style_is_learned_with_a_preview_and_can_be_cancelled(page: "Page", server: str) -> None:
    """The style as it is so far is shown, and cancelling ends the process."""
    open_page(page, server)
    page.click("#tab-fit")
    page.set_input_files("#fit-form [name=pictures]", demo_photo())
    assert page.locator("#fit-thumbs img").count() == 1
    page.fill("#fit-form [name=title]", "My cup")
    page.fill("#fit-form [name=minutes]", "1")
    page.click("#fit-form .primary")
    page.wait_for_selector("#fit-jobs li[data-state=running] img", timeout=LONG)
    page.click("#fit-jobs button")
    page.wait_for_selector("#fit-jobs li[data-state=cancelled]")
