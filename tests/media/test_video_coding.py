"""Which files hold what, and how encoders are asked."""

from fractions import Fraction
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import OutputError, SettingsError
from impasto.media import video_coding
from impasto.media.video_coding import ENCODERS, TARGETS, Codec, Coding, codec_for, target_named

pytest.importorskip("av")

from impasto.media.video import Colours, VideoInfo
from impasto.media.video_color import settled, square_size
from impasto.media.video_join import pairwise_lengths
from impasto.media.video_writer import PieceWriter

from ..clips import HEIGHT, WIDTH, picture

INFO = VideoInfo("clip", 16, 16, Fraction(25), Fraction(1, 25))


@pytest.mark.parametrize("codec", get_args(Codec))
def test_quality_is_even_and_rises(codec: Codec) -> None:
    """A higher quality never asks for more loss; 1 and 100 are the ends of the encoder's range."""
    asked = [int(ENCODERS[codec].settings(quality)["crf"]) for quality in range(1, 101)]
    assert asked == sorted(asked, reverse=True)
    assert (asked[0], asked[-1]) == (ENCODERS[codec].worst, ENCODERS[codec].best)
    assert asked[-1] < int(ENCODERS[codec].settings(None)["crf"]) < asked[0]


@pytest.mark.parametrize("suffix", TARGETS)
def test_each_file_has_a_usual_codec(suffix: str) -> None:
    """The first codec is taken; others are refused by name."""
    target = target_named(f"A{suffix.upper()}")
    assert codec_for(target, None) == target.codecs[0]
    for codec in get_args(Codec):
        if codec not in target.codecs:
            with pytest.raises(SettingsError, match=codec):
                codec_for(target, codec)


def test_an_encoder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An FFmpeg without an encoder is one error that names it; no file is begun."""
    missing = video_coding.Encoder("libnothing", 0, 50, 20, ())
    monkeypatch.setitem(video_coding.ENCODERS, "h264", missing)
    with pytest.raises(OutputError, match="libnothing"):
        PieceWriter(tmp_path / "piece", INFO, Coding("h264"))
    assert list(tmp_path.iterdir()) == []


ASPECTS = st.builds(Fraction, st.integers(1, 200), st.integers(1, 50))


@given(st.integers(1, 4000), st.integers(1, 4000), ASPECTS)
def test_square_pixels_never_lose_any(width: int, height: int, aspect: Fraction) -> None:
    """One side is stretched by the shape of a pixel, the other one stays; what cannot be is 1."""
    wide, high = square_size(width, height, aspect)
    assert wide >= width
    assert high >= height
    assert width == wide or height == high
    if Fraction(1, 8) <= aspect <= 8:
        assert abs(Fraction(wide, high) / Fraction(width, height) / aspect - 1) <= Fraction(
            1, min(wide, high)
        )
    else:
        assert (wide, high) == (width, height)


@pytest.mark.parametrize(
    ("colours", "size", "matrix"),
    [
        (Colours(), (640, 480), 6),
        (Colours(), (720, 576), 6),
        (Colours(), (1280, 720), 1),
        (Colours(primaries=1), (640, 480), 1),
        (Colours(matrix=9, transfer=16), (640, 480), 9),
        (Colours(matrix=5), (1920, 1080), 5),
    ],
)
def test_unknown_colours_are_guessed_by_size(
    colours: Colours, size: tuple[int, int], matrix: int
) -> None:
    """As players do it; what is told is believed."""
    assert settled(colours, *size).matrix == matrix


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=50).map(sorted))
def test_lengths_are_the_gaps(times: list[int]) -> None:
    """Each is at least a tick, and they are as many as there are frames."""
    lengths = pairwise_lengths(times)
    assert len(lengths) == len(times) - 1
    assert all(length >= 1 for length in lengths)


@pytest.mark.parametrize("codec", ["h264", "vp9"])
def test_the_same_frames_give_the_same_bytes(codec: Codec, tmp_path: Path) -> None:
    """Encoding does not depend on the run, or a video that is taken up would not be the same."""
    frames = [np.roll(picture(0), 3 * number, axis=1) for number in range(8)]

    def encoded(run: int) -> bytes:
        path = tmp_path / str(run)
        info = VideoInfo("clip", WIDTH, HEIGHT, Fraction(25), Fraction(1, 25))
        with PieceWriter(path, info, Coding(codec)) as piece:
            for pts, frame in enumerate(frames):
                piece.write(frame, pts)
        return path.read_bytes()

    assert len({encoded(run) for run in range(20)}) == 1
