"""New processes: their seconds, their memory, and what happens when they fail."""

import sys
from pathlib import Path

import numpy as np
import pytest

from impasto.bench.process import measure_import, measure_paint_process, run_process
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings

resource = pytest.importorskip("resource", reason="this system does not tell a peak of memory")
MIB = 2**20


def test_the_peak_is_that_of_the_process_alone() -> None:
    """What the measuring process holds is not counted, and what the measured one takes is."""
    held = np.ones(400 * MIB, np.uint8)
    small = run_process([sys.executable, "-c", "pass"])
    large = run_process([sys.executable, "-c", f"bytes(1) * (200 * {MIB})"])
    assert small.peak_bytes is not None
    assert large.peak_bytes is not None
    assert small.peak_bytes < 100 * MIB
    assert 200 * MIB < large.peak_bytes < held.size
    assert small.seconds > 0


def test_a_process_that_fails_is_an_error() -> None:
    """The exit code and the last line of what the process said are told."""
    code = "import sys; print('first\\nsorry', file=sys.stderr); sys.exit(3)"
    with pytest.raises(EngineError, match="ended with exit code 3: sorry"):
        run_process([sys.executable, "-c", code])
    with pytest.raises(EngineError, match="exit code 3: it says nothing"):
        run_process([sys.executable, "-c", "import sys; sys.exit(3)"])


def test_what_a_process_prints_does_not_matter() -> None:
    """Output of the measured process is thrown away."""
    assert run_process([sys.executable, "-c", "print('{' * 100_000)"]).seconds > 0


def test_a_painting_process(tmp_path: Path) -> None:
    """The real program paints the photo with the given settings, and its peak is told."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    engine = EngineSettings(precision="float32", threads=1)
    found = measure_paint_process(pixels, "scream", engine, tmp_path, 1)
    assert found.megapixels == 0.002
    assert found.seconds.count == 1
    assert found.peak_bytes is not None
    assert (tmp_path / "painting.jpg").stat().st_size > 0


def test_a_painting_process_that_fails(tmp_path: Path) -> None:
    """A style that the new process cannot find is told in its own words."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(EngineError, match=r"exit code 2: impasto: .*nobody"):
        measure_paint_process(pixels, "nobody", EngineSettings(), tmp_path, 1)


def test_importing() -> None:
    """What the import adds is the difference of the medians of both kinds of start."""
    found = measure_import(2)
    assert found.with_import.count == found.bare_interpreter.count == 2
    difference = found.with_import.median - found.bare_interpreter.median
    assert found.seconds == pytest.approx(difference, abs=1e-8)
