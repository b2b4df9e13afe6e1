"""What a call of `impasto paint` tells: a bar and lines on stderr, JSON on stdout."""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self

from impasto.cli.jobs import PIPE
from impasto.cli.streams import say
from impasto.core.files import reason, shown

if TYPE_CHECKING:
    from rich.progress import Progress


@dataclass(frozen=True)
class Result:
    """What became of one input; `input` and `output` are `-` for the standard streams."""

    input: str
    status: Literal["painted", "skipped", "failed"]
    output: str | None = None
    width: int | None = None
    """Pixels of the result."""
    height: int | None = None
    seconds: float | None = None
    """From before reading to after writing."""
    error: str | None = None


def unexpected(error: Exception) -> str:
    """What to say of an error that nobody foresaw: of a file, or a mistake of ours or below us."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{shown(os.fsdecode(error.filename))}: {reason(error)}"
    return f"unexpected {type(error).__name__}: {error} (IMPASTO_DEBUG=1 shows where)"


class Report:
    """Collects results while a call runs and shows them; use it in a `with` block."""

    def __init__(self, total: int, *, quiet: bool = False) -> None:
        self.results: list[Result] = []
        self._total = total
        self._quiet = quiet
        self._started = time.perf_counter()
        self._bar = _bar(total) if total > 1 and not quiet and _is_terminal() else None

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()
        # The failure of an only input has been told, and there is nothing to sum up.
        if not self._quiet and not (self._total == 1 and self.failed):
            say(self.summary())

    def add(self, result: Result) -> None:
        """Record a result; a failure is named on stderr at once."""
        self.results.append(result)
        if result.status == "failed":
            say(_named(result.input, result.error or "failed"))
        if self._bar:
            self._bar.advance(self._bar.task_ids[0])

    @property
    def may_show_bar(self) -> bool:
        """Whether a bar of a single picture can be shown: to somebody, and beside no other one."""
        return not self._quiet and self._bar is None and _is_terminal()

    @property
    def failed(self) -> bool:
        """Whether any input failed."""
        return any(result.status == "failed" for result in self.results)

    def summary(self) -> str:
        """One sentence: how many, how long, where to."""
        counts = Counter(result.status for result in self.results)
        parts = [f"{counts['painted']} painted"]
        parts += [f"{counts[name]} {name}" for name in ("skipped", "failed") if counts[name]]
        where = self._where()
        return f"{', '.join(parts)} in {self._seconds():.1f} s{f' to {where}' if where else ''}"

    def as_json(self, facts: Mapping[str, object]) -> str:
        """One JSON object: `facts`, the counts, and a record for each input."""
        counts = Counter(result.status for result in self.results)
        record = {
            **facts,
            **{name: counts[name] for name in ("painted", "skipped", "failed")},
            "seconds": round(self._seconds(), 3),
            "results": [asdict(result) for result in self.results],
        }
        return json.dumps(record, indent=2)

    def _seconds(self) -> float:
        return time.perf_counter() - self._started

    def _where(self) -> str:
        """The file of one painting, the common folder of several; empty for standard output."""
        outputs = [r.output for r in self.results if r.status == "painted" and r.output]
        if not outputs or "-" in outputs:
            return ""
        if len(outputs) == 1:
            return outputs[0]
        try:
            return os.path.commonpath([Path(output).absolute().parent for output in outputs])
        except ValueError:  # on several drives of Windows
            return "several drives"


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


def _named(source: str, error: str) -> str:
    """The error with the input's name in front, unless it tells the name itself."""
    return error if source == PIPE or shown(source) in error else f"{source}: {error}"


def _bar(total: int) -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    # Redirecting stderr lets the lines of `say` pass above the bar; stdout may carry the picture.
    bar = Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,
        redirect_stderr=True,
    )
    bar.add_task("painting", total=total)
    return bar
