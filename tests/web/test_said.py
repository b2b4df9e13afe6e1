"""What the server says of jobs and errors, in Chinese."""
# ruff: noqa: RUF001  # whose signs are no slips

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .actions import open_page
from .conftest import a_page, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def chinese(browser: "Browser", server: str, errors: list[str]) -> "Iterator[Page]":
    """The page in Chinese."""
    with a_page(browser, locale="zh-CN") as page:
        watch(page, errors)
        open_page(page, server)
        yield page
    assert not errors


def test_a_job_that_fails_says_why(chinese: "Page", tmp_path: Path) -> None:
    """Its state and what is known are translated, the rest follows in the server's words."""
    pytest.importorskip("av", reason="needs the extra video")
    (tmp_path / "notes.mp4").write_text("no video")
    chinese.click("#tab-video")
    chinese.set_input_files("#video-form [name=video]", tmp_path / "notes.mp4")
    chinese.click("#video-form .primary")
    chinese.wait_for_selector("#video-jobs li[data-state=failed]")
    note = chinese.inner_text("#video-jobs .job-note")
    assert note.startswith("失败 · 无法读取：it is no video")


def test_a_name_that_is_taken_is_told(chinese: "Page", photo: Path, errors: list[str]) -> None:
    """A sentence that is known as a whole is Chinese as a whole."""
    pytest.importorskip("torch", reason="needs the extra train")
    chinese.click("#tab-fit")
    chinese.set_input_files("#fit-form [name=pictures]", photo)
    chinese.fill("#fit-form [name=title]", "Scream")
    chinese.click("#fit-form .primary")
    chinese.wait_for_selector("#fit-form .error:not([hidden])")
    assert chinese.inner_text("#fit-form .error") == "已经有名为 scream 的风格，请换一个名称。"
    errors.clear()  # the server's refusal, which the browser notes


_PROBLEM = """async ([status, detail]) => {
  const { problem } = await import("/js/said.js");
  return problem(status, detail);
}"""


@pytest.mark.parametrize(
    ("status", "detail", "words"),
    [
        (503, "all painters are busy and the queue is full", "服务器正忙，请稍后再试。"),
        (504, "not painted within 30 s", "未能在 30 秒内完成绘制。"),
        (422, "no style 'old': did you mean gold?", "服务器上已经没有风格 old。"),
        (413, "the body is over 9 bytes", "超过服务器允许的大小：the body is over 9 bytes"),
        (507, "nothing was kept", "服务器的存储空间已满：nothing was kept"),
        (418, "short and stout", "short and stout"),
    ],
)
def test_the_server_s_own_words_follow_what_is_known(
    chinese: "Page", status: int, detail: str, words: str
) -> None:
    """A known sentence, else a known status before the server's words, else these alone."""
    assert chinese.evaluate(_PROBLEM, [status, detail]) == words


_JOB = """async (message) => {
  const { said } = await import("/js/said.js");
  return said(message);
}"""


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("96 frames painted", "已绘制 96 帧"),
        (
            "9:41 left  step 40: style 0.2000  best style 0.2000",
            "剩余 9:41，第 40 步：style 0.2000  best style 0.2000",
        ),
        ("no frame has come for 60 s: connect again", "它有 60 秒没有发送画面。"),
        ("goes on when the server does", "服务器恢复后继续"),
        ("starts from scream", "starts from scream"),
    ],
)
def test_what_happens_is_told(chinese: "Page", message: str, words: str) -> None:
    """What the server says of jobs and cameras is translated; what is not known stays."""
    assert chinese.evaluate(_JOB, message) == words
