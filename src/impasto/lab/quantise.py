"""Quantises a baked style to INT8 after training, on real photos, with NNCF.

Convolutions inside the network compute in INT8. What would show stays in float32: the output layer,
whose errors nothing smooths, and additions, activations and padding between the convolutions.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import onnx

from impasto.core.arrays import RGB
from impasto.core.errors import InputError, MissingExtraError
from impasto.lab.onnx_graph import check_and_write

_FLOAT = ("Add", "AveragePool", "Concat", "DepthToSpace", "Mul", "Pad", "Relu", "Sub")
_QUIET = {
    # NNCF builds no C++ extension, and reports to no web service.
    "NNCF_EXTENSION_LOAD_TIMEOUT": "0",
    "NNCF_CI": "1",
}


def quantise(baked: Path, photos: Sequence[RGB], path: Path) -> None:
    """Write a baked graph as INT8, its ranges taken from photos.

    Args:
        baked: what `lab.bake` wrote.
        photos: at least one; what values occur is learnt from them.
        path: the ONNX file to write.

    Raises:
        InputError: there are no photos.
        MissingExtraError: NNCF is not installed.
    """
    if not photos:
        raise InputError("no photos to quantise with: name a folder that has some")
    model = onnx.load(baked)
    with _quiet_nncf() as nncf:
        left_out = nncf.IgnoredScope(
            names=sorted(output_layer(model.graph)), types=list(_FLOAT), validate=False
        )
        seen = nncf.Dataset([photo[None] for photo in photos], lambda image: {"image": image})
        # Its bars of progress go to standard output, whatever it is told.
        with redirect_stdout(StringIO()):
            quantised = nncf.quantize(model, seen, subset_size=len(photos), ignored_scope=left_out)
    check_and_write(quantised, path)


def output_layer(graph: onnx.GraphProto) -> set[str]:
    """The names of the convolutions from which no other one leads to the painting."""
    makers = {output: node for node in graph.node for output in node.output}
    found: set[str] = set()
    waiting, seen = [graph.output[0].name], set()
    while waiting:
        node = makers.get(waiting.pop())
        if node is None or node.name in seen:
            continue
        seen.add(node.name)
        if node.op_type == "Conv":
            found.add(node.name)
        else:
            waiting.extend(node.input)
    return found


@contextmanager
def _quiet_nncf() -> Iterator[Any]:
    """NNCF, without its report to the web, its compiler and its lines on the screen."""
    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update(_QUIET)
    try:
        import logging

        import nncf

        nncf.set_log_level(logging.ERROR)
        yield nncf
    except ModuleNotFoundError as error:
        raise MissingExtraError("quantising to INT8", "int8") from error
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
