"""Does the jobs of a plan, several at a time; what goes wrong with one does not stop the rest."""

import io
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import groupby, tee
from pathlib import Path
from typing import Any, cast

from impasto.cli.how import Work
from impasto.cli.jobs import PIPE, Job, Plan, identities, is_one_of
from impasto.cli.report import Report, Result, unexpected
from impasto.cli.streams import standard_input, standard_output
from impasto.core.errors import ImpastoError, OutputError
from impasto.core.files import make_folder, shown
from impasto.engine.crowd import Step, pipeline_of
from impasto.engine.measured import Measured
from impasto.engine.painter import Painter
from impasto.media.image import Picture, count_pixels, read_image, write_image

Results = Generator[Result, None, None]
Sources = set[tuple[int, int]]
"""Of `identities`."""
Way = Callable[[Iterable[Job], Work, Sources, Report], Results]
"""Does jobs and gives a result for each, in their order."""

_SMALL = 2**22
"""Pixels; without --memory no smaller picture is painted in strips, so small photos start fast."""


@dataclass(frozen=True)
class _Piece:
    """A job between two steps, with what the last step made of it."""

    job: Job
    started: float
    content: Any


class _SkippedError(Exception):
    """The result is there already, and may stay."""


class _Steps:
    """The steps of a job, each of which takes a piece from the one before."""

    def __init__(self, work: Work, painter: Painter, sources: Sources) -> None:
        self._work = work
        self._painter = painter
        self._sources = sources

    @property
    def all(self) -> tuple[Step, Step, Step, Step]:
        """The steps in their order; the first one takes a job."""
        return self.decode, self.measure, self.paint, self.encode

    def decode(self, job: Job) -> _Piece:
        """Check the target first: nothing is read in vain."""
        started = time.perf_counter()
        _check(job, self._work, self._sources)
        return _Piece(job, started, read_image(job.source or standard_input(), self._work.limits))

    def measure(self, piece: _Piece) -> _Piece:
        """Compose the affine, too."""
        return replace(piece, content=self._painter.measured(piece.content))

    def paint(self, piece: _Piece) -> _Piece:
        """Make the painting from what was measured."""
        measured: Measured = piece.content
        return replace(piece, content=self._painter.paint_measured(measured))

    def encode(self, piece: _Piece) -> Result:
        """Write the painting where it belongs."""
        painted: Picture = piece.content
        job = piece.job
        if job.target is None:
            _write_stdout(painted, self._work)
        else:
            make_folder(job.target.parent)
            write_image(painted, job.target, self._work.options)
        height, width = painted.pixels.shape[:2]
        return _painted(job, width, height, piece.started)


def do_all(plan: Plan, work: Work, report: Report) -> None:
    """Do every job, and tell `report` about each, in their order, and about the plan's problems."""
    for problem in plan.problems:
        report.add(Result(problem.source, "failed", error=problem.reason))
    sources = identities(plan, work.kept)
    is_single = len(plan.jobs) == 1
    for way, jobs in groupby(plan.jobs, lambda job: _way_of(job, work, is_single)):
        with closing(way(jobs, work, sources, report)) as results:
            for result in results:
                report.add(result)


def _way_of(job: Job, work: Work, is_single: bool) -> Way:
    """How a job is best done; one that is not done together waits for those in front of it.

    Reading a pipe waits for whoever writes into it, for ever if need be, and only the main thread
    can be interrupted in that. Strips take all memory, and all cores by themselves.
    """
    if job.source is None or not job.source.is_file():
        return _one_by_one
    if _is_too_large(job.source, work):
        return _in_strips
    return _one_by_one if is_single else _together


def _is_too_large(path: Path, work: Work) -> bool:
    if work.memory is None and _is_small(path):
        return False
    from impasto.cli.streamed import needs_stream  # not for a small picture: it takes a while

    return needs_stream(path, work.limits, work.share)


def _is_small(path: Path) -> bool:
    """Whether a picture is small by its header, however small or large its file is."""
    try:
        return count_pixels(path) < _SMALL
    except ImpastoError:  # over a limit, or no picture: who looks closer says so
        return False


def _one_by_one(jobs: Iterable[Job], work: Work, sources: Sources, report: Report) -> Results:
    steps = _Steps(work, work.painter, sources)
    for job in jobs:
        try:
            piece: Any = job
            for step in steps.all:
                piece = step(piece)
        except Exception as error:  # whatever it is, the other pictures may still work
            piece = _not_painted(job, error)
        yield piece


def _in_strips(jobs: Iterable[Job], work: Work, sources: Sources, report: Report) -> Results:
    from impasto.cli.streamed import paint_streamed, streamed_bar

    for job in jobs:
        started = time.perf_counter()
        try:
            _check(job, work, sources)
            with streamed_bar(str(job.source), shown_at_all=report.may_show_bar) as progress:
                size = paint_streamed(job, work, progress)
            result = _painted(job, *size, started)
        except Exception as error:  # whatever it is, the other pictures may still work
            result = _not_painted(job, error)
        yield result


def _together(jobs: Iterable[Job], work: Work, sources: Sources, report: Report) -> Results:
    painter, size = (work.crowd.painter, work.crowd.size) if work.crowd else (work.painter, 1)
    steps = _Steps(work, painter, sources)
    begun, told = tee(jobs)
    with closing(pipeline_of(*steps.all, crowd=size).run(begun)) as outcomes:
        for job, outcome in zip(told, outcomes, strict=True):
            error = outcome.error
            yield _not_painted(job, error) if error else cast("Result", outcome.value)


def _painted(job: Job, width: int, height: int, started: float) -> Result:
    name, output = str(job.source or PIPE), str(job.target or PIPE)
    return Result(name, "painted", output, width, height, round(time.perf_counter() - started, 3))


def _not_painted(job: Job, error: Exception) -> Result:
    """The result of a job that ended in an error; raises what ends the call instead."""
    name, output = str(job.source or PIPE), str(job.target or PIPE)
    if isinstance(error, _SkippedError):
        return Result(name, "skipped", output)
    is_unexpected = not isinstance(error, ImpastoError)
    if isinstance(error, BrokenPipeError) or (is_unexpected and os.environ.get("IMPASTO_DEBUG")):
        raise error
    return Result(name, "failed", output, error=_explain(error))


def _explain(error: Exception) -> str:
    if isinstance(error, ImpastoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for it: close other programs, or paint a smaller copy"
    return unexpected(error)


def _check(job: Job, work: Work, sources: Sources) -> None:
    """Raise unless the job is to be done and may write its target."""
    target, existing = job.target, work.existing
    if target is None:
        return
    if existing == "skip" and os.path.lexists(target):
        raise _SkippedError
    if is_one_of(target, sources):
        raise OutputError(
            f"{shown(target)} is an input of this call: name another output, or a --suffix"
        )
    if existing == "refuse" and os.path.lexists(target):
        raise OutputError(f"{shown(target)} is there already: use --overwrite, --skip or --suffix")


def _write_stdout(picture: Picture, work: Work) -> None:
    """Encode first, then write: a picture that cannot be encoded leaves nothing in the pipe."""
    data = io.BytesIO()
    write_image(picture, data, work.options, work.format or picture.format)
    with standard_output():
        sys.stdout.buffer.write(data.getbuffer())
        sys.stdout.buffer.flush()
