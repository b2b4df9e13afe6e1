"""The ceilings of a machine, on sizes that take no time."""

import pytest

pytest.importorskip("onnx")

from impasto.bench.ceiling import copy_gbytes, matrix_gflops
from impasto.core.errors import SettingsError


def test_a_product_takes_time() -> None:
    """A matrix product has a finite, positive speed."""
    assert 0.001 < matrix_gflops("float32", threads=1, side=64) < 1e6


def test_a_copy_takes_time() -> None:
    """A copy has one too, in one thread and in parts that do not divide evenly."""
    assert 0.001 < copy_gbytes(size=100_003) < 1e6
    assert 0.001 < copy_gbytes(threads=3, size=100_003) < 1e6


def test_an_unknown_type_is_refused() -> None:
    """A type that no engine computes in is told with its name."""
    with pytest.raises(SettingsError, match="int3"):
        matrix_gflops("int3")  # type: ignore[arg-type]
