"""Tiled is whole: with the bundled model in a real runtime, and with a runtime short of memory."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.core.errors import EngineError, SettingsError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, Backend, BackendInfo, Part, Session, Shapes
from impasto.engine.backends import shared_backend
from impasto.engine.painter import Painter
from impasto.engine.pixels import padded_side
from impasto.engine.tiler import HELD_BYTES, Tiler

BACKEND = shared_backend(EngineSettings(precision="float32"))


@pytest.fixture(scope="module")
def painter() -> Painter:
    """Paints whole pictures."""
    return Painter("great-wave", backend=BACKEND, memory="8G")


@pytest.fixture
def hires(assets: Path) -> Image.Image:
    """A real photo of high resolution."""
    return Image.open(sorted((assets / "content/hires").iterdir())[0]).convert("RGB")


def tiles_of(tiler: Tiler, pixels: np.ndarray) -> int:
    """How many tiles a picture is cut into."""
    height, width = pixels.shape[:2]
    tiling = tiler.tiling(height, width, held=HELD_BYTES * height * width)
    return len(tiling.rows) * len(tiling.columns)


@pytest.mark.parametrize("size", [(1001, 809), (513, 1030), (1200, 17), (801, 1217)])
def test_tiled_is_whole(painter: Painter, hires: Image.Image, size: tuple[int, int]) -> None:
    """On a real photo, at odd sizes and with tiny last tiles, no byte differs by more than 1."""
    pixels = np.asarray(hires)[300 : 300 + size[0], 200 : 200 + size[1]]
    affine = painter.affine(pixels)
    held, padded = HELD_BYTES * size[0] * size[1], padded_side(size[1], 0, 16) * size[0]
    tiler = Tiler(painter.model, BACKEND, held + 60 * padded)
    assert tiles_of(tiler, pixels) > 1
    whole = painter.paint_pixels(pixels, affine)
    difference = np.abs(tiler.paint(pixels, affine).astype(int) - whole)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-4


def test_wrong_grain_would_be_seen(painter: Painter, hires: Image.Image) -> None:
    """A tile that does not know its place is painted differently: the comparison can fail."""
    pixels = np.asarray(hires)[:512, :512]
    affine = painter.affine(pixels)
    whole = painter.paint_pixels(pixels, affine)
    alone = painter.paint_pixels(pixels[256:].copy(), affine)
    assert np.abs(alone.astype(int) - whole[256:])[128:].max() > 1


def test_a_small_budget_is_an_error(painter: Painter) -> None:
    """A painter with too little memory for one tile says how much it takes."""
    small = Painter("great-wave", backend=BACKEND, memory="1M")
    with pytest.raises(SettingsError, match=r"memory is 1024K.* takes at least"):
        small.paint(np.zeros((700, 700, 3), np.uint8))
    with pytest.raises(SettingsError, match="memory is 'much'"):
        Painter("great-wave", backend=BACKEND, memory="much")


class ShortOfMemory:
    """A real runtime that has no memory for more than some pixels; remembers what it ran."""

    def __init__(self, most: int, message: str = "bad_alloc") -> None:
        self.most, self.message = most, message
        self.ran: list[int] = []

    @property
    def info(self) -> BackendInfo:
        """That of the real one."""
        return BACKEND.info

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """The real session, if there is memory for it."""
        if "image" not in shapes:
            return BACKEND.load(graph, shapes, exact=exact)
        _, height, width, _ = shapes["image"]
        session = BACKEND.load(graph, shapes, exact=exact) if height * width <= self.most else None
        return _Session(self, session, height * width)


class _Session:
    def __init__(self, backend: ShortOfMemory, session: Session | None, pixels: int) -> None:
        self._backend, self._session, self._pixels = backend, session, pixels

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        self._backend.ran.append(self._pixels)
        if self._session is None:
            raise EngineError(f"cannot run: {self._backend.message}")
        return self._session.run(inputs, part)


def test_tiles_become_smaller_when_memory_is_short(painter: Painter, hires: Image.Image) -> None:
    """Where the runtime reports no memory, smaller tiles give the same painting."""
    pixels = np.asarray(hires)[:801, :905]
    affine = painter.affine(pixels)
    short: Backend = ShortOfMemory(600_000)
    tiler = Tiler(painter.model, short, 2**33)
    painted = tiler.paint(pixels, affine)
    assert np.abs(painted.astype(int) - painter.paint_pixels(pixels, affine)).max() <= 1
    assert short.ran[0] > 600_000  # type: ignore[attr-defined]
    failed = sum(each > 600_000 for each in short.ran)  # type: ignore[attr-defined]
    assert failed == 1
    tiler.paint(pixels, affine)
    assert sum(each > 600_000 for each in short.ran) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(("most", "message"), [(0, "bad_alloc"), (600_000, "a broken graph")])
def test_an_error_that_smaller_tiles_do_not_mend_is_told(
    painter: Painter, most: int, message: str
) -> None:
    """No memory even for the smallest tile, and every other failure, come out as they are."""
    pixels = np.zeros((801, 905, 3), np.uint8)
    tiler = Tiler(painter.model, ShortOfMemory(most, message), 2**33)
    with pytest.raises(EngineError, match=message):
        tiler.paint(pixels, painter.affine(pixels))
