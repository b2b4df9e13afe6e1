"""The standard streams."""

import os
import sys

import pytest

from impasto.cli.streams import own_stderr, say


def test_say_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks and escape codes of a message do not reach the terminal."""
    say("a\nb\x1b[31mc")
    assert capsys.readouterr().err == "impasto: a b [31mc\n"


def test_only_our_lines_reach_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    """What a library writes to the file descriptor is dropped, and only as long as asked."""
    before = sys.stderr
    with own_stderr():
        os.write(2, b"noise\n")
        say("ours")
    assert sys.stderr is before
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "impasto: ours\nlater\n"


def test_debugging_shows_what_libraries_say(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With IMPASTO_DEBUG nothing is dropped."""
    monkeypatch.setenv("IMPASTO_DEBUG", "1")
    with own_stderr():
        os.write(2, b"noise\n")
    assert capfd.readouterr().err == "noise\n"
