"""Where the time of a compiled graph goes: OpenVINO's own counters, layer by layer."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from impasto.engine.backend import Array


@dataclass(frozen=True)
class LayerTime:
    """One operator that OpenVINO runs; several of the graph may be fused into it."""

    name: str
    kind: str
    implementation: str
    seconds: float
    """Median over runs."""
    multiply_adds: int
    """Of a convolution; other operators count none."""
    bytes: int
    """Read and written if nothing stays in a cache: inputs, weights and outputs."""


def layers_of(compiled: Any, inputs: Mapping[str, Array], runs: int) -> list[LayerTime]:
    """Run a graph that was compiled with counters, and read them, in the order of execution.

    Args:
        compiled: an `openvino.CompiledModel` with `PERF_COUNT`.
        inputs: arrays by the names of the inputs.
        runs: how often; a first run does not count.
    """
    request, taken = compiled.create_infer_request(), defaultdict[str, list[float]](list)
    facts: dict[str, tuple[str, str]] = {}
    for run in range(runs + 1):
        request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        for each in request.get_profiling_info() if run else []:
            if each.status.name == "EXECUTED":
                taken[each.node_name].append(each.real_time.total_seconds())
                facts[each.node_name] = (each.node_type, each.exec_type)
    work = {node.get_friendly_name(): node for node in compiled.get_runtime_model().get_ops()}
    return [
        LayerTime(name, *facts[name], float(np.median(seconds)), *_work_of(work[name]))
        for name, seconds in taken.items()
    ]


def _work_of(node: Any) -> tuple[int, int]:
    """Multiply-adds and bytes of an operator, by the shapes that it runs with."""
    ends = [*node.inputs(), *node.outputs()]
    moved = sum(prod(end.get_shape()) * end.get_element_type().size for end in ends)
    if str(node.get_rt_info()["layerType"].astype(str)) != "Convolution":
        return 0, moved
    kernel, output = node.inputs()[1].get_shape(), node.outputs()[0].get_shape()
    return prod(output) * prod(kernel[1:]), moved
