"""What a machine can do at most: a large matrix product, and a copy of memory.

The product runs in OpenVINO, because that is what paints: the share of a ceiling that another
library sets would say nothing about the graph.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.lab.onnx_graph import IR_VERSION, OPSET

Dtype = Literal["float32", "bfloat16"]

SIDE = 2048
"""Of the square matrices: 16 MB each in float32, more than the caches of a core hold."""
COPIED = 256 * 2**20
"""Bytes, many times the largest cache."""
_ROUNDS = 5


def matrix_gflops(
    dtype: Dtype = "float32", threads: int | None = None, *, side: int = SIDE
) -> float:
    """10^9 floating-point operations a second of a matrix product; a multiply-add is two.

    Args:
        dtype: what OpenVINO computes in.
        threads: CPU threads; None lets the runtime take the machine's cores.
        side: of the square matrices.

    Raises:
        EngineError: the CPU has no bfloat16, or the runtime refuses.
    """
    backend = open_backend(settings=EngineSettings(precision=dtype, threads=threads))
    left = np.random.default_rng(0).standard_normal((side, side), np.float32)
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as folder:
        graph = Path(folder) / "product.onnx"
        _write_product(graph, side)
        session = backend.load(graph, {"left": left.shape})
        seconds = _shortest(lambda: session.run({"left": left}))
    return 2 * side**3 / seconds / 1e9


def copy_gbytes(threads: int = 1, *, size: int = COPIED) -> float:
    """10^9 bytes a second that copying moves; each byte is read and written, and counts twice.

    Args:
        threads: so many copy parts of it at once.
        size: bytes to copy.
    """
    sources = np.array_split(np.ones(size, np.uint8), threads)
    targets = [np.zeros_like(part) for part in sources]
    with ThreadPoolExecutor(threads) as pool:  # numpy gives up its lock while it copies
        seconds = _shortest(lambda: list(pool.map(np.copyto, targets, sources)))
    return 2 * size / seconds / 1e9


def _shortest(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs after one that does not count: what can be done."""
    work()
    return min(_seconds(work) for _ in range(_ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _write_product(path: Path, side: int) -> None:
    """A graph that multiplies by a constant matrix, as a convolution multiplies by weights."""
    right = np.random.default_rng(1).standard_normal((side, side), np.float32)
    node = helper.make_node("MatMul", ["left", "right"], ["product"])
    graph = helper.make_graph(
        [node],
        "product",
        [helper.make_tensor_value_info("left", TensorProto.FLOAT, (side, side))],
        [helper.make_tensor_value_info("product", TensorProto.FLOAT, (side, side))],
        [numpy_helper.from_array(right, "right")],
    )
    opset = [helper.make_opsetid("", OPSET)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=IR_VERSION), path)
