"""MicroAST as an ONNX graph, its style cached.

Wang, Zhao, Zuo et al. 2023, "MicroAST: Towards Super-Fast Ultra-Resolution Arbitrary Style
Transfer". Only what runs for each photo is here: the content encoder and the decoder. What its
style encoder and modulator would give, which is the same for every photo, are constants. They are
made up unless given: how long painting takes does not depend on them.
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from impasto.bench.peer_parts import (
    Peer,
    Shapes,
    Tensors,
    asset,
    conv_shapes,
    count_multiply_adds,
    picture_input,
    random_tensors,
    read_tensors,
    reflected_conv,
    save_painter,
)
from impasto.lab.onnx_graph import Graph

RELEASED = Path("baselines") / "microast"
"""Where the released weights lie in the assets folder."""

_WIDTH = 64
_FIRST, _SECOND = 0, 1
"""The two depths at which a style acts, as the paper numbers them."""


def _block(name: str) -> dict[str, tuple[int, ...]]:
    first, second = (conv_shapes(f"{name}.conv{i}.conv_layer", _WIDTH, _WIDTH) for i in (1, 2))
    return first | second


ENCODER: Shapes = {
    **conv_shapes("enc1.0.conv_layer", 3, 16, 9),
    **conv_shapes("enc1.2.conv_layer", 16, 32, group=16),
    **conv_shapes("enc1.4.conv_layer", 32, 32, 1),
    **conv_shapes("enc1.6.conv_layer", 32, 64, group=32),
    **conv_shapes("enc1.8.conv_layer", 64, 64, 1),
    **_block("enc1.10"),
    **_block("enc2.0"),
}
DECODER: Shapes = {
    **_block("dec1"),
    **_block("dec2"),
    **conv_shapes("dec3.1.conv_layer", 64, 32, group=32),
    **conv_shapes("dec3.3.conv_layer", 32, 32, 1),
    **conv_shapes("dec3.6.conv_layer", 32, 16, group=16),
    **conv_shapes("dec3.8.conv_layer", 16, 16, 1),
    **conv_shapes("dec3.10.conv_layer", 16, 3, 9),
}
"""The tensors of both by the names of the released files."""


def released_microast() -> Path | None:
    """The folder of trained weights in the assets; None where it is absent."""
    return asset(RELEASED)


def write_microast(
    folder: Path, released: Path | None = None, style: Tensors | None = None
) -> Peer:
    """Write MicroAST into a folder, for pictures of at least 16 x 16.

    Args:
        folder: an existing folder; gets a graph and its weights.
        released: the folder with the released weights; None takes random ones.
        style: what a style gives (`baselines.microast.style_tensors`); None takes made-up numbers.

    Raises:
        ModelError: the weights cannot be read, or are those of another network.
    """
    tensors = random_tensors({**ENCODER, **DECODER}) if released is None else _read(released)
    stored, path = folder / "microast.safetensors", folder / "microast.onnx"
    save_file({**tensors, **(_style() if style is None else style)}, stored)
    _write_graph(stored, path)
    return Peer(
        name="MicroAST, style cached",
        graph=path,
        weights="random" if released is None else released.name,
        parameters=sum(tensor.size for tensor in tensors.values()),
        gmac_512=round(count_multiply_adds(path, 512, 512) / 1e9, 3),
    )


def _read(folder: Path) -> Tensors:
    encoder = read_tensors(folder / "content_encoder.safetensors", ENCODER, "MicroAST's encoder")
    decoder = read_tensors(folder / "decoder.safetensors", DECODER, "MicroAST's decoder")
    return {**encoder, **decoder}


def _style() -> Tensors:
    """What a style gives at both depths: mean and deviation, and a factor for each of two paths."""
    random = np.random.default_rng(1)
    return {
        f"style{depth}.{part}": random.uniform(0.1, 0.5, shape).astype(np.float16)
        for depth in (_FIRST, _SECOND)
        for part, shape in {
            "mean": (_WIDTH,),
            "std": (_WIDTH,),
            "weight": (1, _WIDTH, 1, 1),
            "bias": (1, _WIDTH, 1, 1),
        }.items()
    }


def _write_graph(weights: Path, path: Path) -> None:
    graph = Graph(weights)
    x = _encoded(graph, picture_input(graph, 1 / 255))
    x = _styled_block(graph, _normalised(graph, x, _SECOND), "dec1", _SECOND)
    x = _styled_block(graph, _normalised(graph, x, _FIRST), "dec2", _FIRST)
    for deep, flat, group in (("1", "3", 32), ("6", "8", 16)):
        x = _separable(graph, _bilinear_twice(graph, x), f"dec3.{deep}", f"dec3.{flat}", 1, group)
    x = reflected_conv(graph, x, "dec3.10.conv_layer", 9)
    save_painter(graph, path, x, 255.0, 0.5)  # rounded, as the original saves its pictures


def _encoded(graph: Graph, x: str) -> str:
    x = graph.add("Relu", reflected_conv(graph, x, "enc1.0.conv_layer", 9))
    x = _separable(graph, x, "enc1.2", "enc1.4", 2, 16)
    x = _separable(graph, x, "enc1.6", "enc1.8", 2, 32)
    return _plain_block(graph, _plain_block(graph, x, "enc1.10"), "enc2.0")


def _separable(graph: Graph, x: str, deep: str, flat: str, stride: int, group: int) -> str:
    """A grouped 3x3 and a 1x1 convolution, each with ReLU."""
    x = reflected_conv(graph, x, f"{deep}.conv_layer", stride=stride, group=group)
    x = reflected_conv(graph, graph.add("Relu", x), f"{flat}.conv_layer", 1)
    return graph.add("Relu", x)


def _plain_block(graph: Graph, x: str, name: str) -> str:
    inner = graph.add("Relu", reflected_conv(graph, x, f"{name}.conv1.conv_layer"))
    return graph.add("Add", x, reflected_conv(graph, inner, f"{name}.conv2.conv_layer"))


def _styled_block(graph: Graph, x: str, name: str, depth: int) -> str:
    """A block whose convolutions the style weighs against what goes past them."""
    inner = graph.add("Relu", _weighed_conv(graph, x, f"{name}.conv1.conv_layer", depth))
    return graph.add("Add", x, _weighed_conv(graph, inner, f"{name}.conv2.conv_layer", depth))


def _weighed_conv(graph: Graph, x: str, name: str, depth: int) -> str:
    weight, bias = (graph.weight(f"style{depth}.{part}") for part in ("weight", "bias"))
    through = graph.add("Mul", reflected_conv(graph, x, name), weight)
    return graph.add("Add", through, graph.add("Mul", x, bias))


def _normalised(graph: Graph, x: str, depth: int) -> str:
    std, mean = graph.weight(f"style{depth}.std"), graph.weight(f"style{depth}.mean")
    return graph.add("InstanceNormalization", x, std, mean, epsilon=1e-5)


def _bilinear_twice(graph: Graph, x: str) -> str:
    scales = graph.floats([1, 1, 2, 2])
    mode = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return graph.add("Resize", x, "", scales, **mode)
