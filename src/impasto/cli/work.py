"""Does the jobs of a plan one after the other; what goes wrong with one does not stop the rest."""

import io
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.cli.jobs import PIPE, Job, Plan, identities, is_one_of
from impasto.cli.report import Report, Result, unexpected
from impasto.cli.streams import standard_output
from impasto.core.errors import ImpastoError, OutputError
from impasto.core.files import make_folder, shown
from impasto.engine.painter import Painter
from impasto.media.image import Picture, ReadLimits, WriteOptions, read_image, write_image

Existing = Literal["refuse", "overwrite", "skip"]
"""What happens to a result whose file is there already."""


@dataclass(frozen=True)
class Work:
    """How each job of a call is done."""

    painter: Painter
    limits: ReadLimits
    options: WriteOptions
    existing: Existing
    format: str | None = None
    """The format on standard output; None takes that of the photo."""


def do_all(plan: Plan, work: Work, report: Report) -> None:
    """Do every job, and tell `report` about each and about the problems of the plan."""
    for problem in plan.problems:
        report.add(Result(problem.source, "failed", error=problem.reason))
    sources = identities(plan)
    for job in plan.jobs:
        report.add(_do(job, work, sources))


def _do(job: Job, work: Work, sources: set[tuple[int, int]]) -> Result:
    name, output = str(job.source or PIPE), str(job.target or PIPE)
    started = time.perf_counter()
    try:
        if job.target and work.existing == "skip" and os.path.lexists(job.target):
            return Result(name, "skipped", output)
        _check_target(job.target, work.existing, sources)
        picture = _paint(job, work)
    except BrokenPipeError:
        raise
    except Exception as error:  # whatever it is, the other pictures may still work
        if not isinstance(error, ImpastoError) and os.environ.get("IMPASTO_DEBUG"):
            raise
        return Result(name, "failed", output, error=_explain(error))
    height, width = picture.pixels.shape[:2]
    seconds = round(time.perf_counter() - started, 3)
    return Result(name, "painted", output, width, height, seconds)


def _explain(error: Exception) -> str:
    if isinstance(error, ImpastoError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory for it: close other programs, or paint a smaller copy"
    return unexpected(error)


def _check_target(target: Path | None, existing: Existing, sources: set[tuple[int, int]]) -> None:
    if target is None:
        return
    if is_one_of(target, sources):
        raise OutputError(
            f"{shown(target)} is an input of this call: name another output, or a --suffix"
        )
    if existing == "refuse" and os.path.lexists(target):
        raise OutputError(f"{shown(target)} is there already: use --overwrite, --skip or --suffix")


def _paint(job: Job, work: Work) -> Picture:
    picture = read_image(job.source or sys.stdin.buffer, work.limits)
    painted = work.painter.paint(picture)
    if job.target is None:
        _write_stdout(painted, work)
    else:
        make_folder(job.target.parent)
        write_image(painted, job.target, work.options)
    return painted


def _write_stdout(picture: Picture, work: Work) -> None:
    """Encode first, then write: a picture that cannot be encoded leaves nothing in the pipe."""
    data = io.BytesIO()
    write_image(picture, data, work.options, work.format or picture.format)
    with standard_output():
        sys.stdout.buffer.write(data.getbuffer())
        sys.stdout.buffer.flush()
