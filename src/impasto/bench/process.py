"""What a new process costs: `impasto paint` until it has ended, and `import impasto`."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from impasto.bench import launch
from impasto.bench.timing import Summary, alternate, summarise
from impasto.core.arrays import RGB
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.media.image import Picture, WriteOptions, write_image


@dataclass(frozen=True)
class Run:
    """How one process went."""

    seconds: float
    """From its start to its end."""
    peak_bytes: int | None
    """The most memory it had resident; None where the system does not tell."""


@dataclass(frozen=True)
class PaintProcess:
    """New processes of `impasto paint`, each on the same JPEG."""

    megapixels: float
    seconds: Summary
    peak_bytes: int | None
    """Of the largest of them."""


@dataclass(frozen=True)
class ImportProcess:
    """New interpreters that import impasto, and such that do nothing."""

    seconds: float
    """What the import adds to a start: the difference of the two medians."""
    with_import: Summary
    bare_interpreter: Summary


def run_process(command: Sequence[str]) -> Run:
    """Run a command to its end in a process of its own.

    Raises:
        EngineError: it ended with an error; with its last line.
    """
    launcher = [sys.executable, "-I", "-S", launch.__file__]
    told = subprocess.run(  # noqa: S603  # our own file, and a command that we made
        [*launcher, *command], capture_output=True, check=True
    )
    facts = json.loads(told.stdout)
    if facts["code"]:
        last = (facts["stderr"].strip().splitlines() or ["it says nothing"])[-1]
        raise EngineError(f"a new process ended with exit code {facts['code']}: {last}")
    return Run(facts["seconds"], facts["peak_bytes"])


def measure_paint_process(
    pixels: RGB, style: str, engine: EngineSettings, folder: Path, repeats: int
) -> PaintProcess:
    """Paint a photo in new processes, after one that is not counted and warms the file cache.

    Args:
        pixels: the photo; written as JPEG, and so is the result.
        style: a style spec.
        engine: passed on as options.
        folder: an existing folder for the files.
        repeats: how many processes count, at least 1.
    """
    photo = folder / "photo.jpg"
    write_image(Picture(pixels, None, None, None, "JPEG"), photo, WriteOptions())
    command = _paint_command(photo, style, engine)
    run_process(command)
    runs = [run_process(command) for _ in range(repeats)]
    peaks = [run.peak_bytes for run in runs if run.peak_bytes is not None]
    megapixels = pixels.shape[0] * pixels.shape[1] / 1e6
    return PaintProcess(
        megapixels, summarise([run.seconds for run in runs]), max(peaks, default=None)
    )


def _paint_command(photo: Path, style: str, engine: EngineSettings) -> list[str]:
    result = photo.with_name("painting.jpg")
    command = [sys.executable, "-m", "impasto.cli.app", "paint", str(photo), "-s", style]
    command += ["-o", str(result), "--overwrite", "--quiet", "--precision", engine.precision]
    return command if engine.threads is None else [*command, "--threads", str(engine.threads)]


def measure_import(repeats: int) -> ImportProcess:
    """Import impasto in new interpreters, in turns with such that import nothing."""
    taken = alternate(
        repeats,
        {
            "bare": lambda: {"start": _seconds_of("pass")},
            "import": lambda: {"start": _seconds_of("import impasto")},
        },
    )
    bare, imported = taken["bare"]["start"], taken["import"]["start"]
    return ImportProcess(round(imported.median - bare.median, 9), imported, bare)


def _seconds_of(code: str) -> float:
    return run_process([sys.executable, "-c", code]).seconds
