"""Compiled graphs on disk, with the real runtime."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.core.errors import EngineError
from impasto.core.files import cache_home
from impasto.core.settings import EngineSettings
from impasto.engine import compiled, openvino_backend
from impasto.engine.openvino_backend import OpenVinoBackend

pytestmark = pytest.mark.usefixtures("own_cache")

SHAPES = {"image": (1, 16, 24, 3), "affine": (2, 3)}


def graphs() -> dict[str, int]:
    """The graphs on disk, with the time that each was written or used."""
    folder = cache_home() / "graphs"
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def run(graph: Path, shapes: dict[str, tuple[int, ...]] = SHAPES, **settings: Any) -> np.ndarray:
    """What a fresh backend, as in a new process, makes of noise."""
    rng = np.random.default_rng(0)
    inputs = {
        "image": rng.integers(0, 256, shapes["image"], np.uint8),
        "affine": np.array([[1, 0.5, 2], [0, 9, -9]], np.float32),
    }
    session = OpenVinoBackend(EngineSettings(precision="float32", **settings)).load(graph, shapes)
    return session.run(inputs)


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The graphs that were compiled, as the test goes on."""
    seen: list[Path] = []
    load = compiled.CompiledGraphs.load

    def watched(self: Any, graph: Path, shapes: Any, config: Any, compile: Any) -> Any:
        return load(self, graph, shapes, config, lambda: (seen.append(graph), compile())[1])

    monkeypatch.setattr(compiled.CompiledGraphs, "load", watched)
    return seen


def test_a_second_process_does_not_compile(graph: Path, compiling: list[Path]) -> None:
    """What comes from disk is not compiled again and gives the same bytes."""
    first = run(graph)
    assert (len(compiling), len(graphs())) == (1, 1)
    second = run(graph)
    assert (len(compiling), len(graphs())) == (1, 1)
    np.testing.assert_array_equal(first, second)


def test_weights_beside_a_graph_are_in_the_name(graph: Path, compiling: list[Path]) -> None:
    """A model whose graph is the same and whose weights are other ones is compiled anew."""
    weights = graph.parent / "weights.safetensors"
    for held in (b"old", b"new"):
        weights.write_bytes(held)
        run(graph)
    assert (len(compiling), len(graphs())) == (2, 2)
    run(graph)
    assert len(compiling) == 2


def test_everything_that_matters_is_in_the_name(
    graph: Path, compiling: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another shape, another number of threads or streams and another graph are compiled anew."""
    # Tests that stand back, by `nice`, would have threads that are not pinned in all of them.
    monkeypatch.setattr(openvino_backend, "stands_back", lambda: False)
    other = graph.parent / "other.onnx"
    other.write_bytes(graph.read_bytes() + b"\x72\x00")  # an empty metadata record: still ONNX
    run(graph)
    run(graph, {**SHAPES, "image": (1, 24, 16, 3)})
    run(graph, threads=1)
    run(graph, threads=2, streams=2)
    run(other)
    assert len(compiling) == len(graphs()) == 5
    same = graph.parent / "copy.onnx"
    shutil.copyfile(graph, same)
    run(same)
    assert len(compiling) == 5


def test_a_damaged_graph_is_compiled_again(graph: Path, compiling: list[Path]) -> None:
    """Bytes that changed on disk are not believed."""
    first = run(graph)
    (name,) = graphs()
    path = cache_home() / "graphs" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    np.testing.assert_array_equal(run(graph), first)
    assert len(compiling) == 2
    assert path.read_bytes() != bytes(data)


def test_a_graph_that_the_runtime_refuses_is_compiled_again(
    graph: Path, compiling: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is whole but no compiled graph is replaced."""
    first = run(graph)
    (name,) = graphs()
    files = compiled.FileCache(cache_home() / "graphs", 10_000)
    files.drop(name)
    files.put(name, b"something else")
    np.testing.assert_array_equal(run(graph), first)
    assert len(compiling) == 2


def test_without_a_folder_graphs_are_compiled(
    graph: Path, compiling: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A cache that cannot be written is no reason to fail."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("IMPASTO_CACHE", str(tmp_path / "file"))
    assert run(graph).shape == SHAPES["image"]
    assert run(graph).shape == SHAPES["image"]
    assert len(compiling) == 2


def test_a_missing_graph_is_an_engine_error(tmp_path: Path) -> None:
    """A graph that cannot be read is told by its name."""
    with pytest.raises(EngineError, match=r"none\.onnx"):
        run(tmp_path / "none.onnx")


def test_streams_paint_at_once_and_alike(graph: Path) -> None:
    """Several requests of one graph, used by several threads, give what one gives."""
    backend = OpenVinoBackend(EngineSettings(precision="float32", threads=2, streams=2))
    session = backend.load(graph, SHAPES)
    affine = np.array([[1, 0.5, 2], [0, 9, -9]], np.float32)
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, SHAPES["image"], np.uint8) for _ in range(16)]
    alone = [session.run({"image": image, "affine": affine}) for image in images]
    with ThreadPoolExecutor(4) as pool:
        both = list(pool.map(lambda image: session.run({"image": image, "affine": affine}), images))
    np.testing.assert_array_equal(alone, both)


def test_a_copy_for_another_thread_is_made_when_it_is_needed(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs one after the other share one copy of a graph; many at once have two, and no third."""
    loads: list[Path] = []
    load = compiled.CompiledGraphs.load

    def counted(self: Any, path: Path, *others: Any) -> Any:
        loads.append(path)
        return load(self, path, *others)

    monkeypatch.setattr(compiled.CompiledGraphs, "load", counted)
    backend = OpenVinoBackend(EngineSettings(precision="float32", threads=2, streams=2))
    shapes = {**SHAPES, "image": (1, 1024, 1024, 3)}
    session = backend.load(graph, shapes)
    inputs = {name: np.ones(shape, np.float32) for name, shape in shapes.items()}
    inputs["image"] = inputs["image"].astype(np.uint8)
    for _ in range(5):
        session.run(inputs)
    assert len(loads) == 1
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: session.run(inputs), range(40)))
    assert len(loads) == 2
