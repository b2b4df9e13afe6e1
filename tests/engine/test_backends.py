"""Both runtimes run the same real graph, and fail in the same way."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from impasto.core.cpu import has_fast_bfloat16
from impasto.core.errors import EngineError, MissingExtraError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend, Shapes
from impasto.engine.backends import BackendName, open_backend, shared_backend
from impasto.engine.openvino_backend import OpenVinoBackend

AFFINE = np.array([[0.5, 1.0, 1.5], [3.0, 0.0, -20.0]], np.float32)
PART = (slice(0, 1), slice(2, 12), slice(3, 20))


@pytest.fixture(params=["openvino", "onnxruntime"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each runtime with its default settings."""
    name: BackendName = request.param
    pytest.importorskip(name)
    return open_backend(name, EngineSettings(precision="float32"))


def noise(height: int = 16, width: int = 24, seed: int = 0) -> np.ndarray:
    """A picture of noise as a graph takes it."""
    return np.random.default_rng(seed).integers(0, 256, (1, height, width, 3), np.uint8)


def shapes_of(image: np.ndarray) -> Shapes:
    """The shapes that go with a picture."""
    return {"image": image.shape, "affine": AFFINE.shape}


def expected(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What the graph computes, by numpy in float64."""
    padded = np.pad(image[0].astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(0, 1))
    mixed = np.einsum("yxcij,ocij->yxo", windows, kernel)
    return np.clip(np.rint(mixed * AFFINE[0] + AFFINE[1]), 0, 255)[None]


def test_a_graph_gives_what_it_says(backend: Backend, graph: Path) -> None:
    """A convolution and an affine agree with numpy to within rounding."""
    image = noise()
    kernel = np.random.default_rng(0).uniform(0, 1 / 14, (3, 3, 3, 3)).astype(np.float32)
    painted = backend.load(graph, shapes_of(image)).run({"image": image, "affine": AFFINE})
    assert painted.dtype == np.uint8
    assert np.abs(painted.astype(float) - expected(image, kernel)).max() <= 1


def test_a_part_is_cut_out_and_stays(backend: Backend, graph: Path) -> None:
    """A part is a contiguous copy that the next run does not write over."""
    image = noise()
    session = backend.load(graph, shapes_of(image))
    whole = session.run({"image": image, "affine": AFFINE})
    part = session.run({"image": image, "affine": AFFINE}, PART)
    kept = part.copy()
    session.run({"image": 255 - image, "affine": AFFINE})
    np.testing.assert_array_equal(part, kept)
    np.testing.assert_array_equal(part, whole[PART])
    assert part.flags.c_contiguous
    assert part.flags.writeable


def test_inputs_are_left_alone(backend: Backend, graph: Path) -> None:
    """Running changes no input, and takes read-only ones."""
    image, affine = noise(), AFFINE.copy()
    image.flags.writeable = affine.flags.writeable = False
    backend.load(graph, shapes_of(image)).run({"image": image, "affine": affine})
    np.testing.assert_array_equal(image, noise())
    np.testing.assert_array_equal(affine, AFFINE)


def test_threads_get_the_bytes_of_a_single_one(backend: Backend, graph: Path) -> None:
    """Eight threads over four pictures and two sizes get what one thread gets."""
    images = [noise(16, 24, seed) for seed in range(2)] + [noise(8, 40, seed) for seed in range(2)]

    def run(image: np.ndarray) -> bytes:
        session = backend.load(graph, shapes_of(image))
        return session.run({"image": image, "affine": AFFINE}).tobytes()

    alone = [run(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, images * 8)) == alone * 8


def test_a_loaded_graph_is_kept(graph: Path) -> None:
    """OpenVINO compiles once for a shape, and again for exact work at another precision."""
    backend = OpenVinoBackend(EngineSettings(precision="float32"))
    shapes = shapes_of(noise())
    assert backend.load(graph, shapes) is backend.load(graph, shapes)
    assert backend.load(graph, shapes) is backend.load(graph, shapes, exact=True)
    assert backend.load(graph, shapes) is not backend.load(graph, shapes_of(noise(8, 8)))


def test_a_graph_that_cannot_be_loaded_is_named(backend: Backend, tmp_path: Path) -> None:
    """A missing and a damaged graph end in one line with the file's name."""
    (tmp_path / "bad.onnx").write_bytes(b"no graph")
    for name in ("bad.onnx", "gone.onnx"):
        with pytest.raises(EngineError, match=name) as caught:
            backend.load(tmp_path / name, shapes_of(noise()))
        assert "\n" not in str(caught.value)


def test_wrong_inputs_are_one_error(backend: Backend, graph: Path) -> None:
    """An input of another type than the graph's ends in one line with the graph and its size."""
    session = backend.load(graph, shapes_of(noise()))
    bad = {"image": noise().astype(np.float32), "affine": AFFINE.astype(np.float64)[:1]}
    with pytest.raises(EngineError, match=r"paint\.onnx at 24 x 16") as caught:
        session.run(bad)
    assert "\n" not in str(caught.value)


def test_backends_say_what_they_are(backend: Backend) -> None:
    """Name, version, device and precision are there to be shown."""
    info = backend.info
    assert info.name in ("openvino", "onnxruntime")
    assert info.version[0].isdigit()
    assert info.device.startswith("CPU")
    assert info.precision == "float32"


def test_auto_precision_is_bfloat16_only_where_it_is_fast() -> None:
    """Where bfloat16 is the slower one it is not taken by itself."""
    expected = "bfloat16" if has_fast_bfloat16() else "float32"
    assert OpenVinoBackend().info.precision == expected


def test_bfloat16_is_never_replaced_in_silence() -> None:
    """A runtime that has no bfloat16 here says so instead of painting in float32."""
    pytest.importorskip("onnxruntime")
    with pytest.raises(EngineError, match="bfloat16"):
        open_backend("onnxruntime", EngineSettings(precision="bfloat16"))


def test_a_missing_extra_names_its_pip_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ONNX Runtime the error says how to install it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[onnxruntime\]'"):
        open_backend("onnxruntime")


def test_the_default_backend_is_shared() -> None:
    """Equal settings give the same backend, and so the same compiled graphs."""
    one = shared_backend(EngineSettings(threads=1))
    assert shared_backend(EngineSettings(threads=1)) is one
    assert shared_backend(EngineSettings(threads=2)) is not one


def test_openvino_is_imported_without_its_telemetry() -> None:
    """What would report to a web service is not there, not for what is imported later either."""
    code = (
        "import sys; from impasto.engine.openvino_backend import OpenVinoBackend; "
        "OpenVinoBackend(); "
        "loaded = [n for n, m in sys.modules.items() if m]; "
        "assert not [n for n in loaded if n.startswith(('openvino_tele', 'openvino.tools.'))]; "
        "import openvino.tools.ovc; "
        "assert sys.modules['openvino_telemetry'] is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
