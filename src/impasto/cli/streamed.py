"""Paints one picture that is too large for memory, from file to file, in strips."""

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from impasto.cli.jobs import Job
from impasto.cli.streams import standard_output
from impasto.core.errors import ImageError, ImpastoError, MissingExtraError
from impasto.core.files import make_folder, shown
from impasto.core.memory import Memory, parse_memory, spare_memory
from impasto.engine.streamed import Progress, paint_strips
from impasto.engine.tiler import HELD_BYTES
from impasto.media.formats import Format, format_named, format_of
from impasto.media.image import Picture, ReadLimits, write_image
from impasto.media.strips import Strips, gathered
from impasto.media.strips_read import Header, check_unchanged, open_strips, read_header
from impasto.media.strips_vips import can_stream
from impasto.media.strips_write import strip_writer

if TYPE_CHECKING:
    from impasto.cli.how import Work

MOST_PIXELS: Final = 4_000_000_000
"""The most pixels that are painted in strips, unless another limit was asked for."""

_ROOM: Final = 2**31
"""Bytes, of which a picture may fill half before it is painted in strips unasked: 67 megapixels."""

_DENSEST: Final = 1_000
"""Pixels for each byte of a file, above which a huge picture is taken for a trap."""


def needs_stream(path: Path, limits: ReadLimits, memory: Memory = None) -> bool:
    """Whether a picture file should be painted in strips, by what its header says.

    False for all that the ordinary way refuses with a reason of its own.

    Args:
        path: the file.
        limits: those of pictures in memory. If `max_pixels` is not the usual one, somebody asked
            for it, and it holds for strips too.
        memory: what painting may take; None is what the machine can spare, at most 2 GiB.
    """
    if not path.is_file():
        return False
    try:
        header = read_header(path)
    except ImpastoError:
        return False
    pixels = header.width * header.height
    if not can_stream(header.format) or pixels > _most_pixels(header, limits):
        return False
    if pixels > limits.max_pixels or header.stamp[1] > limits.max_bytes:
        return True
    room = min(_ROOM, spare_memory()) if memory is None else parse_memory(memory)
    is_large = pixels * HELD_BYTES > room // 2
    return is_large and not header.is_whole and importlib.util.find_spec("pyvips") is not None


def paint_streamed(job: Job, work: "Work", progress: Progress = lambda _: None) -> tuple[int, int]:
    """Paint a picture in strips, whole or not at all.

    Args:
        job: from a file to a file or standard output.
        work: how; its limits hold as for `needs_stream`.
        progress: told how much is done, 0 to 1.

    Returns:
        Width and height of the painting.

    Raises:
        ImpastoError: of the kind that says what is wrong; nothing is left under the target's name.
    """
    if job.source is None:
        raise ImageError("standard input cannot be painted in strips: name a file")
    if importlib.util.find_spec("pyvips") is None:
        raise MissingExtraError("painting pictures larger than memory", "large")
    header = read_header(job.source)
    _check_pixels(header, work.limits)
    painting = paint_strips(work.painter, lambda: open_strips(header), progress)
    if job.target is None:
        _to_standard_output(painting, header, work)
    else:
        make_folder(job.target.parent)
        _write(painting, header, job.target, format_of(job.target), work)
    return painting.width, painting.height


def _check_pixels(header: Header, limits: ReadLimits) -> None:
    most = _most_pixels(header, limits)
    if header.width * header.height > most:
        raise ImageError(
            f"{shown(header.path)} has too many pixels ({header.width}x{header.height}); the limit "
            f"is {most / 1e6:g} million"
        )


def _most_pixels(header: Header, limits: ReadLimits) -> int:
    if limits.max_pixels != ReadLimits.max_pixels:
        return limits.max_pixels
    return max(limits.max_pixels, min(MOST_PIXELS, header.stamp[1] * _DENSEST))


def _to_standard_output(painting: Strips, header: Header, work: "Work") -> None:
    """By way of a temporary file: a painting that fails leaves nothing in the pipe."""
    format = format_named(work.format) if work.format else header.format
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        path = Path(folder) / f"painting{format.suffixes[0]}"
        _write(painting, header, path, format, work)
        with path.open("rb") as file, standard_output():
            shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.buffer.flush()


def _write(painting: Strips, header: Header, target: Path, format: Format, work: "Work") -> None:
    if not can_stream(format):
        _write_whole(painting, header, target, work)
        return
    size = (painting.width, painting.height)
    with strip_writer(target, size, painting.has_alpha, header, format, work.options) as write:
        for block in painting.blocks:
            write(block)
        check_unchanged(header)


def _write_whole(painting: Strips, header: Header, target: Path, work: "Work") -> None:
    """A format that is only written as a whole; none of them holds very large pictures."""
    block = gathered(painting)
    check_unchanged(header)
    picture = Picture(*block, header.exif, header.icc_profile, header.format.name, header.dpi)
    write_image(picture, target, work.options)


@contextmanager
def streamed_bar(name: str, *, shown_at_all: bool) -> Iterator[Callable[[float], None]]:
    """A bar on stderr with the time left, while one large picture is painted.

    Args:
        name: what is painted.
        shown_at_all: without a bar, nothing is shown.

    Yields:
        What is to be told how much is done, 0 to 1.
    """
    if not shown_at_all:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False)
    with bar:
        task = bar.add_task(shown(name), total=1.0)
        yield lambda share: bar.update(task, completed=share)
