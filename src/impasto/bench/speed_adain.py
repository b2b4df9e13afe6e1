"""A network of the shape of AdaIN as an ONNX graph, its style cached.

Huang and Belongie 2017, "Arbitrary Style Transfer in Real-time with Adaptive Instance
Normalization": VGG-19 to relu4_1, the style's mean and deviation in place of the photo's, and a
decoder that mirrors the encoder. The weights are random: how long painting takes does not depend
on them.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from impasto.bench.peer_parts import (
    Peer,
    Shapes,
    conv_shapes,
    count_multiply_adds,
    nearest_twice,
    picture_input,
    random_tensors,
    reflected_conv,
    save_painter,
)
from impasto.lab.onnx_graph import Graph

_HALVE, _DOUBLE = "halve", "double"
_ENCODER: list[int | str] = [64, 64, _HALVE, 128, 128, _HALVE, 256, 256, 256, 256, _HALVE, 512]
_DECODER: list[int | str] = [256, _DOUBLE, 256, 256, 256, 128, _DOUBLE, 128, 64, _DOUBLE, 64, 3]
"""Channels of the 3x3 convolutions, and where the map is halved or doubled."""


def write_adain(folder: Path) -> Peer:
    """Write the network into a folder, for pictures of at least 16 x 16.

    The result is larger than the picture where a side is no multiple of 8, as in the original.

    Args:
        folder: an existing folder; gets a graph and its weights.
    """
    shapes = _shapes()
    style = np.full(512, 0.5, np.float16)
    stored, path = folder / "adain.safetensors", folder / "adain.onnx"
    save_file({**random_tensors(shapes), "style.mean": style, "style.std": style + 0}, stored)
    _write_graph(stored, path)
    return Peer(
        name="AdaIN-shaped, style cached",
        graph=path,
        weights="random",
        parameters=sum(int(np.prod(shape)) for shape in shapes.values()),
        gmac_512=round(count_multiply_adds(path, 512, 512) / 1e9, 3),
    )


def _shapes() -> Shapes:
    shapes, inputs = conv_shapes("conv0", 3, 3, 1), 3
    for number, outputs in _convolutions():
        shapes |= conv_shapes(f"conv{number}", inputs, outputs)
        inputs = outputs
    return shapes


def _convolutions() -> list[tuple[int, int]]:
    widths = [width for width in (*_ENCODER, *_DECODER) if isinstance(width, int)]
    return list(enumerate(widths, start=1))


def _write_graph(weights: Path, path: Path) -> None:
    graph = Graph(weights)
    x = reflected_conv(graph, picture_input(graph, 1 / 255), "conv0", 1)
    x, number = _chain(graph, x, _ENCODER, 1)
    style = graph.weight("style.std"), graph.weight("style.mean")
    x = graph.add("InstanceNormalization", x, *style, epsilon=1e-5)
    x, _ = _chain(graph, x, _DECODER, number)
    save_painter(graph, path, x, 255.0, 0.5)


def _chain(graph: Graph, x: str, steps: list[int | str], number: int) -> tuple[str, int]:
    for step in steps:
        if step == _HALVE:
            size = {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1}
            x = graph.add("MaxPool", x, **size)
        elif step == _DOUBLE:
            x = nearest_twice(graph, x)
        else:
            x = reflected_conv(graph, x, f"conv{number}")
            x = x if step == 3 else graph.add("Relu", x)  # the last one is the picture
            number += 1
    return x, number
