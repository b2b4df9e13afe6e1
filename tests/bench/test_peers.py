"""The pytorch/examples network as a graph, beside a small implementation in torch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

import onnx
from safetensors.numpy import load_file, save_file

from impasto.bench.peers import (
    RELEASED,
    TRANSFORMER_NET,
    multiply_adds,
    released_weights,
    write_transformer_net,
)
from impasto.cli.demo import demo_photo
from impasto.core.errors import ModelError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.media.image import read_image

STORED = "transformer_net.safetensors"


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A piece of a real photo: 64 x 96."""
    return read_image(demo_photo()).pixels[150:214, 250:346]


def paint(graph: Path, image: np.ndarray) -> np.ndarray:
    """Run a graph in forced float32 on the default engine."""
    backend = open_backend(settings=EngineSettings(precision="float32"))
    session = backend.load(graph, {"image": (1, *image.shape)}, exact=True)
    return session.run({"image": image[None]})[0]


def paint_in_torch(weights: Path, image: np.ndarray) -> np.ndarray:
    """The forward pass of pytorch/examples' TransformerNet, and how it saves its pictures."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    tensors = {
        name: torch.from_numpy(tensor.astype(np.float32))
        for name, tensor in load_file(weights).items()
    }

    def conv(x: Any, name: str, kernel: int, stride: int = 1) -> Any:
        padded = functional.pad(x, [kernel // 2] * 4, mode="reflect")
        weight, bias = tensors[f"{name}.conv2d.weight"], tensors[f"{name}.conv2d.bias"]
        return functional.conv2d(padded, weight, bias, stride)

    def norm(x: Any, name: str) -> Any:
        weight, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
        return functional.instance_norm(x, weight=weight, bias=bias)

    def upsampled(x: Any) -> Any:
        return functional.interpolate(x, scale_factor=2, mode="nearest")

    y = torch.from_numpy(image.astype(np.float32)).permute(2, 0, 1)[None]
    y = norm(conv(y, "conv1", 9), "in1").relu()
    y = norm(conv(y, "conv2", 3, 2), "in2").relu()
    y = norm(conv(y, "conv3", 3, 2), "in3").relu()
    for name in ("res1", "res2", "res3", "res4", "res5"):
        inner = norm(conv(y, f"{name}.conv1", 3), f"{name}.in1").relu()
        y = norm(conv(inner, f"{name}.conv2", 3), f"{name}.in2") + y
    y = norm(conv(upsampled(y), "deconv1", 3), "in4").relu()
    y = norm(conv(upsampled(y), "deconv2", 3), "in5").relu()
    y = conv(y, "deconv3", 9).clamp(0, 255)
    return np.asarray(y[0].permute(1, 2, 0)).astype(np.uint8)


def assert_agrees(weights: Path, photo: np.ndarray, folder: Path) -> None:
    """Graph and torch give the same picture but for what cutting off makes of a rounding."""
    painted = paint(write_transformer_net(folder, weights).graph, photo)
    expected = paint_in_torch(weights, photo)
    assert painted.shape == expected.shape == photo.shape
    apart = np.abs(painted.astype(int) - expected)
    assert apart.max() <= 1
    assert (apart == 0).mean() > 0.99
    assert painted.std() > 20  # a picture, and not a flat field that would agree with anything


def test_it_agrees_with_torch_on_made_up_weights(photo: np.ndarray, tmp_path: Path) -> None:
    """With every tensor at random and an output over the whole range, both paint the same."""
    write_transformer_net(tmp_path)
    generator = np.random.default_rng(1)
    tensors = load_file(tmp_path / STORED)
    for name, tensor in tensors.items():
        if tensor.ndim == 1:
            tensors[name] = tensor + generator.normal(0, 0.1, tensor.shape).astype(np.float16)
    tensors["deconv3.conv2d.weight"] *= np.float16(40)
    tensors["deconv3.conv2d.bias"] += np.float16(128)
    weights = tmp_path / "weights.safetensors"
    save_file(tensors, weights)
    assert_agrees(weights, photo, tmp_path)


def test_it_agrees_with_torch_on_released_weights(
    assets: Path, photo: np.ndarray, tmp_path: Path
) -> None:
    """With the released weights both paint the same."""
    if not (assets / RELEASED).is_file():
        pytest.skip(f"needs {RELEASED} in the folder of assets")
    assert_agrees(assets / RELEASED, photo, tmp_path)


def test_shape_and_size(tmp_path: Path) -> None:
    """The graph has the network's published count of parameters, operators and multiply-adds."""
    peer = write_transformer_net(tmp_path)
    graph = onnx.load(peer.graph).graph
    stored = load_file(tmp_path / STORED)
    count = sum(tensor.size for tensor in stored.values())
    assert peer.parameters == count == 1_679_235
    assert {one.name for one in graph.initializer} >= set(stored)
    operators = [node.op_type for node in graph.node]
    counts = {kind: operators.count(kind) for kind in ("Conv", "Pad", "Resize", "Relu", "Add")}
    assert counts == {"Conv": 16, "Pad": 16, "Resize": 2, "Relu": 10, "Add": 5}
    assert operators.count("InstanceNormalization") == 15
    assert peer.gmac_512 == pytest.approx(40.3, abs=0.05)
    assert peer.weights == "random"


def test_multiply_adds_follow_the_resolution() -> None:
    """A layer counts at the resolution of its output, and all grow with the picture's area."""
    first, second = TRANSFORMER_NET[:2]
    assert multiply_adds([first], 64) == 81 * 3 * 32 * 64
    assert multiply_adds([first, second], 64) == 81 * 3 * 32 * 64 + 9 * 32 * 64 * 16
    whole = multiply_adds(TRANSFORMER_NET, 512 * 512)
    assert multiply_adds(TRANSFORMER_NET, 1024 * 1024) == 4 * whole


def test_random_weights_are_the_same_every_time(tmp_path: Path) -> None:
    """Two runs without released weights measure the same network."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        write_transformer_net(folder)
    one, two = ((folder / STORED).read_bytes() for folder in folders)
    assert one == two


def test_other_weights_are_refused(tmp_path: Path) -> None:
    """A missing file, one that is no safetensors, and another network are named and refused."""
    with pytest.raises(ModelError, match=r"missing\.safetensors"):
        write_transformer_net(tmp_path, tmp_path / "missing.safetensors")
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(ModelError, match=r"cannot read the weights .*text\.safetensors"):
        write_transformer_net(tmp_path, tmp_path / "text.safetensors")
    save_file({"conv1.conv2d.bias": np.zeros(32, np.float16)}, tmp_path / "small.safetensors")
    with pytest.raises(ModelError, match=r"small\.safetensors: not the weights"):
        write_transformer_net(tmp_path, tmp_path / "small.safetensors")


def test_released_weights_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken from the folder that IMPASTO_ASSETS names, if it has them."""
    monkeypatch.delenv("IMPASTO_ASSETS", raising=False)
    assert released_weights() is None
    monkeypatch.setenv("IMPASTO_ASSETS", str(tmp_path))
    assert released_weights() is None
    (tmp_path / RELEASED).parent.mkdir(parents=True)
    (tmp_path / RELEASED).touch()
    assert released_weights() == tmp_path / RELEASED
