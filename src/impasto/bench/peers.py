"""Networks that impasto is measured against, as ONNX graphs made without torch.

The first is the fast-style network of pytorch/examples (`fast_neural_style`, `TransformerNet`):
Johnson, Alahi and Fei-Fei 2016, "Perceptual losses for real-time style transfer", with the instance
norm of Ulyanov, Vedaldi and Lempitsky 2016 and nearest upsampling in place of transposed
convolutions. Pictures are RGB of 0 to 255 on both ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from safetensors.numpy import save_file

from impasto.bench.peer_parts import (
    Peer,
    Tensors,
    asset,
    nearest_twice,
    picture_input,
    random_tensors,
    read_tensors,
    reflected_conv,
    save_painter,
)
from impasto.lab.onnx_graph import Graph

STORED = "transformer_net.safetensors"
"""The name that the weights get beside the graph."""
RELEASED = Path("baselines") / "johnson_pytorch_examples" / "udnie.safetensors"
"""Where weights of the pytorch/examples network lie in the assets folder."""


@dataclass(frozen=True)
class Layer:
    """A reflection-padded convolution with bias, upsampled before and normalised after."""

    name: str
    inputs: int
    outputs: int
    kernel: int = 3
    stride: int = 1
    upsample: int = 1
    norm: str = ""
    """The name of its instance norm, if it has one."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of its tensors, by the names that pytorch/examples gives them."""
        weight = (self.outputs, self.inputs, self.kernel, self.kernel)
        shapes = {f"{self.name}.conv2d.weight": weight, f"{self.name}.conv2d.bias": weight[:1]}
        norm = {f"{self.norm}.weight": weight[:1], f"{self.norm}.bias": weight[:1]}
        return shapes | norm if self.norm else shapes


def _residual(number: int) -> list[Layer]:
    name = f"res{number}"
    return [Layer(f"{name}.conv{i}", 128, 128, norm=f"{name}.in{i}") for i in (1, 2)]


_HEAD = [
    Layer("conv1", 3, 32, kernel=9, norm="in1"),
    Layer("conv2", 32, 64, stride=2, norm="in2"),
    Layer("conv3", 64, 128, stride=2, norm="in3"),
]
_BODY = [_residual(number) for number in range(1, 6)]
_TAIL = [
    Layer("deconv1", 128, 64, upsample=2, norm="in4"),
    Layer("deconv2", 64, 32, upsample=2, norm="in5"),
    Layer("deconv3", 32, 3, kernel=9),
]
TRANSFORMER_NET = [*_HEAD, *(layer for block in _BODY for layer in block), *_TAIL]
"""The layers of the pytorch/examples network, from the photo to the painting."""


def transformer_blocks() -> tuple[list[Layer], list[list[Layer]], list[Layer]]:
    """The layers before the residual blocks, those blocks, and the layers after them."""
    return _HEAD, _BODY, _TAIL


def released_weights() -> Path | None:
    """The trained weights in the folder that IMPASTO_ASSETS names; None where they are absent."""
    return asset(RELEASED)


def write_transformer_net(folder: Path, weights: Path | None = None) -> Peer:
    """Write the pytorch/examples network into a folder, for pictures of at least 16 x 16.

    The result is larger than the picture where a side is no multiple of 4, as in the original.

    Args:
        folder: an existing folder; gets a graph and its weights.
        weights: a safetensors file with the names of pytorch/examples; None takes random ones.

    Raises:
        ModelError: the weights cannot be read, or are those of another network.
    """
    tensors = random_tensors(_shapes()) if weights is None else _read_tensors(weights)
    stored, graph = folder / STORED, folder / "transformer_net.onnx"
    save_file(dict(tensors), stored)
    _write_graph(stored, graph)
    return Peer(
        name="pytorch/examples TransformerNet",
        graph=graph,
        weights="random" if weights is None else weights.name,
        parameters=sum(prod(shape) for shape in _shapes().values()),
        gmac_512=round(multiply_adds(TRANSFORMER_NET, 512 * 512) / 1e9, 3),
    )


def multiply_adds(layers: Sequence[Layer], pixels: int) -> int:
    """Multiply-adds of the convolutions for a picture of so many pixels."""
    total, area = 0, float(pixels)
    for layer in layers:
        area *= (layer.upsample / layer.stride) ** 2
        total += round(layer.kernel**2 * layer.inputs * layer.outputs * area)
    return total


def _shapes() -> dict[str, tuple[int, ...]]:
    return {name: shape for layer in TRANSFORMER_NET for name, shape in layer.shapes.items()}


def _read_tensors(path: Path) -> Tensors:
    return read_tensors(path, _shapes(), "pytorch/examples' TransformerNet")


def _write_graph(weights: Path, path: Path) -> None:
    graph = Graph(weights)
    x = picture_input(graph)
    for layer in _HEAD:
        x = graph.add("Relu", _convolved(graph, x, layer))
    for first, second in _BODY:
        inner = graph.add("Relu", _convolved(graph, x, first))
        x = graph.add("Add", x, _convolved(graph, inner, second))
    *upsampling, last = _TAIL
    for layer in upsampling:
        x = graph.add("Relu", _convolved(graph, x, layer))
    # Cut off and not rounded, as the original saves its pictures.
    save_painter(graph, path, _convolved(graph, x, last))


def _convolved(graph: Graph, x: str, layer: Layer) -> str:
    if layer.upsample > 1:
        x = nearest_twice(graph, x)
    x = reflected_conv(graph, x, f"{layer.name}.conv2d", layer.kernel, stride=layer.stride)
    if not layer.norm:
        return x
    tensors = (graph.weight(f"{layer.norm}.{part}") for part in ("weight", "bias"))
    return graph.add("InstanceNormalization", x, *tensors, epsilon=1e-5)
