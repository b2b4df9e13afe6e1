"""The pytorch/examples network in eager torch, timed in a process of its own.

Run as `python -m impasto.bench.baselines.eager WEIGHTS HEIGHT WIDTH THREADS`. It says `ready` when
the network has run once; for each line that comes in it paints once and prints the seconds.
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, UInt8
from safetensors.torch import load_file
from torch import Tensor

from impasto.bench.peers import Layer, transformer_blocks

Weights = Mapping[str, Tensor]


@torch.inference_mode()
def paint(
    weights: Weights, image: UInt8[np.ndarray, "height width 3"]
) -> UInt8[np.ndarray, "_ _ 3"]:
    """Paint a picture, from uint8 to uint8, as the original program does."""
    head, body, tail = transformer_blocks()
    x = torch.tensor(image).permute(2, 0, 1)[None].float()
    for layer in head:
        x = F.relu(_convolved(weights, x, layer))
    for first, second in body:
        x = x + _convolved(weights, F.relu(_convolved(weights, x, first)), second)
    *upsampling, last = tail
    for layer in upsampling:
        x = F.relu(_convolved(weights, x, layer))
    painted = _convolved(weights, x, last).clamp(0, 255)
    return painted[0].permute(1, 2, 0).to(torch.uint8).numpy()


def _convolved(
    weights: Weights, x: Float[Tensor, "1 channels h w"], layer: Layer
) -> Float[Tensor, "1 outputs _ _"]:
    if layer.upsample > 1:
        x = F.interpolate(x, scale_factor=layer.upsample, mode="nearest")
    x = F.pad(x, [layer.kernel // 2] * 4, mode="reflect")
    weight, bias = (weights[f"{layer.name}.conv2d.{part}"] for part in ("weight", "bias"))
    x = F.conv2d(x, weight, bias, layer.stride)
    if not layer.norm:
        return x
    weight, bias = (weights[f"{layer.norm}.{part}"] for part in ("weight", "bias"))
    return F.instance_norm(x, weight=weight, bias=bias)


def load(path: Path) -> dict[str, Tensor]:
    """The weights as float32."""
    return {name: tensor.float() for name, tensor in load_file(path).items()}


def main(words: list[str]) -> None:
    """Paint noise again and again, as often as asked."""
    path, height, width, threads = Path(words[0]), *map(int, words[1:])
    if threads:
        torch.set_num_threads(threads)
    weights = load(path)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    paint(weights, image)
    print("ready", flush=True)
    for _ in sys.stdin:
        started = time.perf_counter()
        paint(weights, image)
        print(time.perf_counter() - started, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
