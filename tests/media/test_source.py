import os
import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import ImageError
from impasto.media.image import ReadLimits, read_image
from impasto.media.source import name_of, opened


class Trickle:
    """A raw stream that hands out a few bytes at a time, as a slow pipe does."""

    def __init__(self, data: bytes) -> None:
        self.left = BytesIO(data)
        self.taken = 0

    def read(self, size: int) -> bytes:
        """Give at most seven bytes."""
        piece = self.left.read(min(size, 7))
        self.taken += len(piece)
        return piece


def test_names() -> None:
    """Messages call a source by its name where it has one, in printable characters."""
    assert name_of(Path("a/b.png")) == str(Path("a/b.png"))
    assert name_of("a\nb\x1b[31m.png") == "a b [31m.png"
    assert name_of(b"data") == "the picture in memory"
    assert name_of(BytesIO()) == "the picture in the stream"
    stdin = BytesIO()
    stdin.name = "<stdin>"
    assert name_of(stdin) == "standard input"


def test_slow_streams_are_read_to_the_end(small, saved) -> None:
    """A stream that gives a few bytes at a time gives the whole picture."""
    picture = read_image(Trickle(saved(small, "PNG")))
    assert np.array_equal(picture.pixels, np.asarray(small))


def test_a_stream_that_is_no_picture_is_not_read() -> None:
    """After its first bytes an endless stream of something else is left alone."""
    stream = Trickle(bytes(1_000_000))
    with pytest.raises(ImageError, match="is not a JPEG"):
        read_image(stream)
    assert stream.taken <= 64


def test_too_large_a_file(small, saved, tmp_path: Path) -> None:
    """A file or a stream over the limit of bytes is refused with the limit."""
    data = saved(small, "PNG")
    (tmp_path / "a.png").write_bytes(data)
    limits = ReadLimits(max_bytes=len(data) - 1)
    for source in (tmp_path / "a.png", Trickle(data)):
        with pytest.raises(ImageError, match="too large a file; the limit is"):
            read_image(source, limits)


def test_a_callers_stream_stays_open(small, saved, tmp_path: Path) -> None:
    """Reading closes the files it opened itself and no other."""
    stream = BytesIO(saved(small, "PNG"))
    read_image(stream)
    assert not stream.closed
    (tmp_path / "a.png").write_bytes(stream.getvalue())
    with opened(tmp_path / "a.png", 10_000_000) as file:
        pass
    assert file.closed


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipes(small, saved, tmp_path: Path) -> None:
    """A named pipe is read like a stream."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(saved(small, "PNG")))
    writer.start()
    assert np.array_equal(read_image(pipe).pixels, np.asarray(small))
    writer.join()
