"""The other networks: their graphs beside torch, and how they are timed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("psutil")

from safetensors.numpy import load_file, save_file

from impasto.bench import speed_rivals
from impasto.bench.peer_parts import count_multiply_adds, random_tensors
from impasto.bench.peers import STORED, TRANSFORMER_NET, multiply_adds, write_transformer_net
from impasto.bench.speed_adain import write_adain
from impasto.bench.speed_microast import DECODER, ENCODER, RELEASED, write_microast
from impasto.bench.speed_rivals import TORCH, Race, torch_turn, write_rivals
from impasto.cli.demo import demo_photo
from impasto.core.errors import EngineError, ModelError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.painter import Painter
from impasto.media.image import read_image

EXACT = EngineSettings(precision="float32", threads=1)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """A piece of a real photo: 32 x 48."""
    return read_image(demo_photo()).pixels[150:182, 250:298]


def paint(graph: Path, image: np.ndarray) -> np.ndarray:
    """Run a graph in forced float32 on the default engine."""
    session = open_backend(settings=EXACT).load(graph, {"image": (1, *image.shape)}, exact=True)
    return session.run({"image": image[None]})[0]


def microast_in_torch(weights: Path, image: np.ndarray) -> np.ndarray:
    """MicroAST's photo path with the style that is stored beside its weights."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    tensors = {
        name: torch.from_numpy(t.astype(np.float32)) for name, t in load_file(weights).items()
    }

    def conv(x: Any, name: str, stride: int = 1) -> Any:
        weight, bias = (tensors[f"{name}.conv_layer.{part}"] for part in ("weight", "bias"))
        x = functional.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
        groups = x.shape[1] // weight.shape[1]
        return functional.conv2d(x, weight, bias, stride, groups=groups)

    def normed(x: Any, depth: int) -> Any:
        std, mean = tensors[f"style{depth}.std"], tensors[f"style{depth}.mean"]
        return functional.instance_norm(x, weight=std, bias=mean)

    def styled(x: Any, name: str, depth: int) -> Any:
        weight, bias = tensors[f"style{depth}.weight"], tensors[f"style{depth}.bias"]
        inner = (weight * conv(x, f"{name}.conv1") + bias * x).relu()
        return x + weight * conv(inner, f"{name}.conv2") + bias * inner

    x = torch.from_numpy(image.astype(np.float32) / 255).permute(2, 0, 1)[None]
    x = conv(x, "enc1.0").relu()
    x = conv(conv(x, "enc1.2", 2).relu(), "enc1.4").relu()
    x = conv(conv(x, "enc1.6", 2).relu(), "enc1.8").relu()
    for name in ("enc1.10", "enc2.0"):
        x = x + conv(conv(x, f"{name}.conv1").relu(), f"{name}.conv2")
    x = styled(normed(x, 1), "dec1", 1)
    x = styled(normed(x, 0), "dec2", 0)
    for first, second in (("dec3.1", "dec3.3"), ("dec3.6", "dec3.8")):
        x = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = conv(conv(x, first).relu(), second).relu()
    x = (conv(x, "dec3.10") * 255 + 0.5).clamp(0, 255)
    return np.asarray(x[0].permute(1, 2, 0)).astype(np.uint8)


def assert_equal_but_for_rounding(one: np.ndarray, other: np.ndarray) -> None:
    """Two real pictures that differ by one level here and there at most."""
    apart = np.abs(one.astype(int) - other)
    assert apart.max() <= 1
    assert (apart == 0).mean() > 0.98
    assert one.std() > 10


def test_microast_agrees_with_torch_on_made_up_weights(photo: np.ndarray, tmp_path: Path) -> None:
    """With random weights the graph is the network that its paper and weight names describe."""
    folder = tmp_path / "released"
    folder.mkdir()
    for name, shapes in {"content_encoder": ENCODER, "decoder": DECODER}.items():
        tensors = dict(random_tensors(shapes))
        if name == "decoder":
            tensors["dec3.10.conv_layer.bias"] += np.float16(0.5)  # away from black
        save_file(tensors, folder / f"{name}.safetensors")
    peer = write_microast(tmp_path, folder)
    expected = microast_in_torch(tmp_path / "microast.safetensors", photo)
    assert_equal_but_for_rounding(paint(peer.graph, photo), expected)


def test_microast_agrees_with_torch_on_released_weights(
    assets: Path, photo: np.ndarray, tmp_path: Path
) -> None:
    """The released weights have just these names and shapes, and paint the same in both."""
    if not (assets / RELEASED).is_dir():
        pytest.skip(f"needs {RELEASED} in the folder of assets")
    peer = write_microast(tmp_path, assets / RELEASED)
    assert (peer.weights, peer.parameters) == ("microast", 311_635)
    expected = microast_in_torch(tmp_path / "microast.safetensors", photo)
    assert_equal_but_for_rounding(paint(peer.graph, photo), expected)


def test_microast_refuses_other_weights(tmp_path: Path) -> None:
    """A folder without the files, or with another network's, is named."""
    with pytest.raises(ModelError, match=r"content_encoder\.safetensors"):
        write_microast(tmp_path, tmp_path)
    save_file({"a": np.zeros(1, np.float16)}, tmp_path / "content_encoder.safetensors")
    with pytest.raises(ModelError, match="not the weights of MicroAST's encoder"):
        write_microast(tmp_path, tmp_path)


def test_the_adain_shape(photo: np.ndarray, tmp_path: Path) -> None:
    """VGG-19 to relu4_1 and its mirror have their known count of parameters, and paint a size."""
    peer = write_adain(tmp_path)
    encoder = 12 + 1_792 + 36_928 + 73_856 + 147_584 + 295_168 + 3 * 590_080 + 1_180_160
    decoder = 1_179_904 + 3 * 590_080 + 295_040 + 147_584 + 73_792 + 36_928 + 1_731
    assert peer.parameters == encoder + decoder
    painted = paint(peer.graph, photo)
    assert painted.shape == photo.shape
    assert painted.std() > 10


def test_multiply_adds_of_a_graph(tmp_path: Path) -> None:
    """Counting a saved graph's convolutions gives what its layers say."""
    peer = write_transformer_net(tmp_path)
    for height, width in ((64, 64), (128, 96)):
        counted = count_multiply_adds(peer.graph, height, width)
        assert counted == multiply_adds(TRANSFORMER_NET, height * width)


def test_eager_torch_is_the_network(photo: np.ndarray, tmp_path: Path) -> None:
    """What is timed in eager torch paints what the graph paints."""
    pytest.importorskip("torch")
    from impasto.bench.baselines import eager

    peer = write_transformer_net(tmp_path)
    tensors = load_file(tmp_path / STORED)
    tensors["deconv3.conv2d.weight"] *= np.float16(40)
    tensors["deconv3.conv2d.bias"] += np.float16(128)
    save_file(tensors, tmp_path / "bright.safetensors")
    peer = write_transformer_net(tmp_path, tmp_path / "bright.safetensors")
    painted = eager.paint(eager.load(tmp_path / STORED), photo)
    assert_equal_but_for_rounding(painted, paint(peer.graph, photo))


def test_a_process_paints_in_turns(tmp_path: Path) -> None:
    """The process of eager torch tells the seconds of each painting, as often as asked."""
    pytest.importorskip("torch")
    write_transformer_net(tmp_path)
    with torch_turn(tmp_path / STORED, np.zeros((16, 24, 3), np.uint8), 1) as turn:
        assert turn()["engine"] > 0
        assert turn()["engine"] > 0


def test_a_process_that_ends_is_told(tmp_path: Path) -> None:
    """Weights that are not there end the process, and its last line is the message."""
    pytest.importorskip("torch")
    photo = np.zeros((16, 16, 3), np.uint8)
    with (
        pytest.raises(EngineError, match=r"eager torch ended: .*none\.safetensors"),
        torch_turn(tmp_path / "none.safetensors", photo, 1),
    ):
        pass


def test_a_race(tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each rival has as many timings as impasto beside it, and the ratio is of their medians."""
    monkeypatch.delenv("IMPASTO_ASSETS", raising=False)
    monkeypatch.setattr(speed_rivals, "find_spec", lambda name: None)
    race = Race(Painter("udnie", backend=open_backend(settings=EXACT)), photo, 1, 2, 1e9)
    peers = write_rivals(tmp_path)
    *rivals, eager = race.run(peers, peers[0])
    for rival in rivals:
        assert rival.seconds is not None
        assert rival.impasto is not None
        assert rival.seconds.count == rival.impasto.count == 2
        assert rival.ratio == pytest.approx(rival.seconds.median / rival.impasto.median, abs=1e-3)
        assert (rival.width, rival.height, rival.weights) == (48, 32, "random")
    assert len({rival.name for rival in rivals}) == 3
    assert (eager.runtime, eager.seconds, eager.ratio) == (TORCH, None, None)
    assert "torch is not installed" in eager.note


def test_a_rival_without_memory_is_left_out(
    tmp_path: Path, photo: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network that may not fit is not started, and the row says what it needs."""
    monkeypatch.setattr(speed_rivals, "free_memory", lambda: 1000)
    painter = Painter("udnie", backend=FakeBackend())
    peer = write_adain(tmp_path)
    rival = next(Race(painter, photo, 1, 2, 60.0).run([peer], peer))
    assert rival.seconds is None
    assert "not run: it may need" in rival.note
    assert "of memory" in rival.note
