"""The bundled model in the real runtimes, on a real photo."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import PIL.Image
import pytest

from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.model import load_model
from impasto.engine.painter import Painter
from impasto.media.resize import fit_long_side
from impasto.styles.library import BUNDLED, Library

EXACT = EngineSettings(precision="float32")
LIBRARY = Library([BUNDLED])


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    """The astronaut of scikit-image, which no training sees: 512 x 512."""
    data = pytest.importorskip("skimage.data")
    return np.asarray(data.astronaut())


@cache
def first_styles() -> list[str]:
    """Two bundled styles."""
    return LIBRARY.names()[:2]


def painter(style: str = "", **settings: object) -> Painter:
    """A painter in forced float32; the runtime and its compiled graphs are shared."""
    name = style or first_styles()[0]
    return Painter(name, engine=EXACT, library=LIBRARY, **settings)  # type: ignore[arg-type]


def test_both_runtimes_paint_the_same(photo: np.ndarray) -> None:
    """OpenVINO and ONNX Runtime in float32 agree to one level on a whole painting."""
    pytest.importorskip("onnxruntime")
    other = open_backend("onnxruntime", EXACT)
    for style in first_styles():
        one = painter(style).paint(photo).astype(int)
        two = Painter(style, backend=other, library=LIBRARY).paint(photo).astype(int)
        assert np.abs(one - two).max() <= 1
        assert np.abs(one - photo).max() > 16


def test_both_runtimes_measure_the_same(photo: np.ndarray) -> None:
    """Statistics agree to a thousandth of the channel's deviation, also with an alpha."""
    pytest.importorskip("onnxruntime")
    alpha = np.zeros(photo.shape[:2], np.uint8)
    alpha[:, 200:] = 255
    one = painter()
    other = open_backend("onnxruntime", EXACT)
    two = Painter(first_styles()[0], backend=other, library=LIBRARY)
    for opacity in (None, alpha):
        stats, others = one.measure(photo, opacity), two.measure(photo, opacity)
        assert (stats[1] > 0).all()
        np.testing.assert_array_less(np.abs(stats - others) / stats[1], 1e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (37, 53), (9, 7)])
def test_odd_sizes_are_kept(photo: np.ndarray, size: tuple[int, int]) -> None:
    """Down to one pixel and for primes, a painting has its photo's size."""
    crop = photo[: size[0], : size[1]]
    assert painter().paint(crop).shape == (*size, 3)


def test_flat_pictures_are_painted() -> None:
    """Solid black and white keep their size, and get strokes (from the grain) that are no glare."""
    for level in (0, 255):
        painted = painter().paint(np.full((97, 131, 3), level, np.uint8))
        assert painted.shape == (97, 131, 3)
        assert painted[40:60, 40:90].reshape(-1, 3).std(axis=0).max() < 64


def test_the_photos_pixels_come_back_at_strength_0(photo: np.ndarray) -> None:
    """Strength 0 is exact, and a tiny strength is a tiny step from it."""
    np.testing.assert_array_equal(painter(strength=0.0).paint(photo), photo)
    near = painter(strength=0.005).paint(photo).astype(int)
    assert np.abs(near - photo).max() <= 13  # 5 % of 255
    below, at = (painter(strength=s).paint(photo).astype(int) for s in (0.0999, 0.1))
    assert np.abs(below - at).max() <= 2


def test_a_mix_with_a_vanishing_part_is_the_single_style(photo: np.ndarray) -> None:
    """A weight near 0 leaves the other style's painting, and equal weights neither."""
    one, two = first_styles()
    single = painter(one).paint(photo).astype(int)
    nearly = painter(f"{one}:1,{two}:1e-9").paint(photo)
    assert np.abs(nearly - single).max() <= 1
    assert np.abs(painter(f"{one}:1,{two}:1").paint(photo) - single).max() > 8


def test_threads_paint_byte_for_byte_the_same(photo: np.ndarray) -> None:
    """Eight threads over three sizes and two styles give what one thread gives."""
    crops = [photo[:200, :180], photo[100:220, :256], photo[:64, :64]]
    jobs = [(painter(style), crop) for style in first_styles() for crop in crops]
    alone = [one.paint(crop).tobytes() for one, crop in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: job[0].paint(job[1]).tobytes(), jobs * 4))
    assert together == alone * 4


def test_what_is_transparent_does_not_influence_the_painting(photo: np.ndarray) -> None:
    """Other colours under alpha 0 give the same bytes, through the real network."""
    small = fit_long_side(photo, 160)
    alpha = np.zeros(small.shape[:2], np.uint8)
    alpha[30:120, 40:130] = 255
    hidden = np.where(alpha[..., None] > 0, small, 255 - small)
    one, two = (
        painter().paint(PIL.Image.fromarray(np.dstack([pixels, alpha])))
        for pixels in (small, hidden)
    )
    assert one.tobytes() == two.tobytes()
    np.testing.assert_array_equal(np.asarray(one)[..., 3], alpha)


def test_tiles_paint_like_the_whole(photo: np.ndarray) -> None:
    """With little memory the shipped model paints by tiles, and nobody can tell."""
    large = np.tile(photo, (2, 2, 1))[:-7, :-3]
    whole, tiled = painter(), painter(memory="60M")
    tiling = tiled.tiler.tiling(*large.shape[:2])
    assert len(tiling.rows) * len(tiling.columns) > 1
    affine = whole.affine(large)
    apart = tiled.paint_pixels(large, affine).astype(int) - whole.paint_pixels(large, affine)
    assert np.abs(apart).max() <= 1


def test_bfloat16_is_close_to_float32(photo: np.ndarray) -> None:
    """Where the CPU has bfloat16, its painting is within 45 dB of the exact one."""
    try:
        backend = open_backend("openvino", EngineSettings(precision="bfloat16"))
    except EngineError:
        pytest.skip("this CPU has no bfloat16")
    for style in first_styles():
        exact = painter(style).paint(photo).astype(float)
        fast = Painter(style, backend=backend, library=LIBRARY).paint(photo)
        assert 10 * np.log10(255**2 / ((fast - exact) ** 2).mean()) >= 45


def test_every_bundled_style_fits_the_model() -> None:
    """Each package is of this model's trunk, has a preview, and says where it comes from."""
    model = load_model()
    assert LIBRARY.styles()
    for style in LIBRARY.styles():
        assert style.trunk_id == model.trunk_id
        assert style.preview is not None
        assert style.sources
        assert style.title
        assert style.licence
