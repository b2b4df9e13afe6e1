"""The verb `bench video`: what it refuses before anything is measured."""

import pytest

from .conftest import Call

pytest.importorskip("torch")
pytest.importorskip("cv2")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--timed", "wide"], "'wide' is no WIDTHxHEIGHT"),
        (["--timed", "853x480"], "a side of 853"),
        (["--frames", "1"], "frames is 1"),
        (["--size", "9"], "size is 9"),
        (["--turns", "0"], "turns is 0"),
        (["--timed-frames", "1"], "timed_frames is 1"),
        (["--recipe", "none.toml"], "none.toml"),
    ],
)
def test_wrong_usage(call: Call, words: list[str], told: str) -> None:
    """What cannot be measured is one line and exit code 2."""
    ended = call("bench", "video", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.lines[-1]
