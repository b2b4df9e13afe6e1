import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from impasto.core.errors import EngineError, ImageError, SettingsError, StyleError
from impasto.engine.affines import compose
from impasto.engine.backend import Session, Shapes
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.engine.pixels import fade
from impasto.media.image import Picture
from impasto.styles.library import Library
from impasto.styles.package import Style, write_style

MakePainter = Callable[..., Painter]


@pytest.fixture
def backend() -> FakeBackend:
    """A fake engine that remembers what it was asked."""
    return FakeBackend()


@pytest.fixture
def library(tmp_path: Path, make_style: Callable[..., Style]) -> Library:
    """Two styles that fit the model, and one that does not."""
    other = make_style().code * np.float32(-0.5)
    for style in (
        make_style(),
        make_style(name="two", code=other),
        make_style(name="foreign", trunk_id="ab" * 32),
    ):
        write_style(style, tmp_path / f"{style.name}.safetensors")
    return Library([tmp_path])


@pytest.fixture
def make_painter(model: Model, backend: FakeBackend, library: Library) -> MakePainter:
    """A maker of painters on the fake engine."""

    def make(style: Any = "one", **settings: Any) -> Painter:
        return Painter(style, model=model, backend=backend, library=library, **settings)

    return make


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A picture of noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


codes = hnp.arrays(np.float32, (2, 4), elements=st.floats(-10, 10, width=32))
deviations = hnp.arrays(np.float32, 4, elements=st.floats(0.0625, 10, width=32))


@given(codes, codes, deviations)
def test_the_affine_is_normalisation_and_code_in_one(
    code: np.ndarray, means: np.ndarray, std: np.ndarray
) -> None:
    """Scale and shift do what gamma * (x - mean) / std + beta does."""
    scale, shift = compose(code, np.stack([means[0], std]))
    for x in (-1.0, 0.0, 2.5):
        wanted = code[0] * (x - means[0]) / std + code[1]
        np.testing.assert_allclose(scale * x + shift, wanted, rtol=1e-3, atol=1e-2)


def test_a_painter_measures_once_and_paints_once(
    make_painter: MakePainter, backend: FakeBackend
) -> None:
    """A picture costs one thumbnail, or collage, on a square and one run at the padded size."""
    painter = make_painter()
    for height, width in ((70, 95), (500, 500)):
        painter.paint(noise(height, width))
    assert backend.runs == ["measure.onnx", "paint.onnx"] * 2
    measured = {shapes["image"] for name, shapes in backend.loads if name == "measure.onnx"}
    assert measured == {(1, 272, 272, 3)}
    painted = {shapes["image"] for name, shapes in backend.loads if name == "paint.onnx"}
    assert painted == {(1, 88, 112, 3), (1, 520, 520, 3)}


class Loading(FakeBackend):
    """Loads a graph to measure only when one to paint is being loaded; may refuse to load that."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error
        self.paints = threading.Event()

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load, wait or refuse."""
        if graph.name == "measure.onnx":
            assert self.paints.wait(60)
        else:
            self.paints.set()
            if self.error:
                raise self.error
        return super().load(graph, shapes, exact=exact)


def test_both_graphs_are_loaded_at_once(model: Model, library: Library) -> None:
    """The first picture does not wait for one graph after the other."""
    backend = Loading()
    painter = Painter("one", model=model, backend=backend, library=library)
    assert painter.paint(noise(70, 95)).shape == (70, 95, 3)
    assert backend.runs == ["measure.onnx", "paint.onnx"]


def test_tiles_that_depend_on_free_memory_are_not_loaded_early(
    model: Model, library: Library
) -> None:
    """Of a large picture nothing is known for sure before it is painted, unless memory is given."""
    for memory, expected in ((None, 1), ("1G", 2)):
        backend = FakeBackend()
        painter = Painter("one", model=model, backend=backend, library=library, memory=memory)
        painter.paint(noise(2000, 2000))
        for thread in threading.enumerate():
            if thread.name == "impasto-load":
                thread.join()
        assert [name for name, _ in backend.loads].count("paint.onnx") == expected


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_graph_that_cannot_be_loaded_is_told_by_painting(model: Model, library: Library) -> None:
    """What fails while a picture is measured reaches the caller, once."""
    backend = Loading(EngineError("no room"))
    painter = Painter("one", model=model, backend=backend, library=library)
    with pytest.raises(EngineError, match="no room"):
        painter.paint(noise(70, 95))
    assert backend.runs == ["measure.onnx"]


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (37, 53), (256, 256), (300, 513)])
def test_the_size_is_kept(make_painter: MakePainter, size: tuple[int, int]) -> None:
    """A painting has its photo's height and width, down to 1 x 1."""
    assert make_painter().paint(noise(*size)).shape == (*size, 3)


def test_black_and_white_are_painted(make_painter: MakePainter) -> None:
    """A picture of one colour has no deviation, and is painted all the same."""
    for level in (0, 255):
        painted = make_painter().paint(np.full((20, 30, 3), level, np.uint8))
        assert (painted == painted[0, 0]).all()


def test_each_kind_of_image_comes_back(make_painter: MakePainter) -> None:
    """A PIL image, an array and a Picture give their own kind, with the same pixels."""
    pixels = noise(20, 30)
    painter = make_painter()
    array = painter.paint(pixels)
    image = painter.paint(PIL.Image.fromarray(pixels))
    picture = painter.paint(
        Picture(pixels=pixels, alpha=None, exif=b"kept", icc_profile=None, format="JPEG")
    )
    assert image.mode == "RGB"
    np.testing.assert_array_equal(np.asarray(image), array)
    np.testing.assert_array_equal(picture.pixels, array)
    assert picture.exif == b"kept"
    assert picture.format == "JPEG"
    assert (array != pixels).any()


def test_views_are_painted_like_copies(make_painter: MakePainter) -> None:
    """A flipped or cropped view of an array needs no copy by the caller."""
    pixels = noise(40, 50)
    view = pixels[::-1, 3:20, ::-1]
    painter = make_painter()
    np.testing.assert_array_equal(painter.paint(view), painter.paint(view.copy()))


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA", "CMYK"])
def test_every_mode_of_pil_is_painted(make_painter: MakePainter, mode: str) -> None:
    """Grey, palette and CMYK come back as RGB, and what has alpha as RGBA."""
    image = PIL.Image.fromarray(noise(10, 12)).convert(mode)
    painted = make_painter().paint(image)
    assert painted.size == (12, 10)
    assert painted.mode == ("RGBA" if "A" in mode else "RGB")


@pytest.mark.parametrize(
    "image",
    [
        "photo.jpg",
        None,
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_another_kind_of_image_is_refused(make_painter: MakePainter, image: Any) -> None:
    """What is no picture is an ImageError and not a traceback from inside."""
    with pytest.raises(ImageError):
        make_painter().paint(image)


def test_strength_0_is_the_photo_without_the_engine(
    make_painter: MakePainter, backend: FakeBackend
) -> None:
    """Strength 0 gives every pixel back, those under alpha 0 too, and runs nothing."""
    rgba = np.dstack([noise(20, 30), noise(20, 30, 1)[..., 0] // 2])
    rgba[:5, :, 3] = 0
    painter = make_painter(strength=0)
    np.testing.assert_array_equal(np.asarray(painter.paint(PIL.Image.fromarray(rgba))), rgba)
    pixels = noise(20, 30)
    painted = painter.paint(pixels)
    np.testing.assert_array_equal(painted, pixels)
    assert painted is not pixels
    assert not backend.runs


def test_strength_0_still_bounds_the_size(make_painter: MakePainter) -> None:
    """With a size, strength 0 gives the photo shrunk, as an array that can be written."""
    painted = make_painter(strength=0, size=10).paint(noise(20, 30))
    assert painted.shape == (7, 10, 3)
    assert painted.flags.writeable


def test_a_small_strength_fades_from_the_photo(make_painter: MakePainter) -> None:
    """The distance from the photo grows with strength without a jump at 0 or at 0.1."""
    photo = noise(40, 40)
    strengths = [0.0, 0.001, 0.02, 0.04, 0.06, 0.08, 0.099, 0.1, 0.101, 0.2]
    paintings = [make_painter(strength=s).paint(photo).astype(float) for s in strengths]
    distances = [np.abs(painting - photo).mean() for painting in paintings]
    assert distances[0] == 0
    assert distances[1] < 0.02 * distances[7] + 0.5
    assert distances[:8] == sorted(distances[:8])
    for before, after in pairwise(paintings[6:9]):
        assert np.abs(before - after).max() <= 5


@given(strength=st.floats(0, 1))
def test_strength_lays_the_painting_over_the_photo(strength: float) -> None:
    """Every pixel lies that share of the way from the photo to the full painting, to rounding."""
    photo, painted = noise(20, 30).astype(float), noise(20, 30, seed=1).astype(float)
    laid = fade(photo.astype(np.uint8), painted.astype(np.uint8), strength)
    assert np.abs(laid - (photo + strength * (painted - photo))).max() <= 1.5


def test_at_half_strength_half_the_painting_shows(make_painter: MakePainter) -> None:
    """The painting at strength 0.5 lies in the middle, and its code is the style's."""
    photo = noise(70, 90)
    full, half = make_painter(), make_painter(strength=0.5)
    np.testing.assert_array_equal(half.code, full.code)
    middle = (full.paint(photo).astype(float) + photo) / 2
    assert np.abs(half.paint(photo) - middle).max() <= 1


def test_a_mix_lies_between_its_styles(make_painter: MakePainter) -> None:
    """The code of a mix is the weighted sum, and a vanishing weight leaves the other style."""
    one, two = make_painter("one"), make_painter("two")
    mixed = make_painter("one:3,two:1")
    np.testing.assert_allclose(mixed.code, 0.75 * one.code + 0.25 * two.code, atol=1e-6)
    photo = noise(30, 30)
    nearly = make_painter("one:1,two:0.000000001").paint(photo)
    np.testing.assert_array_equal(nearly, one.paint(photo))
    assert (one.paint(photo) != two.paint(photo)).any()


def test_a_loaded_style_paints_like_its_name(make_painter: MakePainter, library: Library) -> None:
    """A style, a parsed spec and a name are three ways to say the same."""
    photo = noise(20, 20)
    by_name = make_painter("one")
    by_style = make_painter(library.get("one"))
    np.testing.assert_array_equal(by_style.paint(photo), by_name.paint(photo))
    np.testing.assert_array_equal(make_painter(by_name.spec).paint(photo), by_name.paint(photo))
    assert str(by_style.spec) == "one"


def test_size_bounds_the_long_side(make_painter: MakePainter) -> None:
    """A big picture shrinks in proportion, alpha included; a small one is never enlarged."""
    painter = make_painter(size=50)
    assert painter.paint(noise(100, 200)).shape == (25, 50, 3)
    assert painter.paint(noise(10, 20)).shape == (10, 20, 3)
    rgba = np.dstack([noise(100, 200), noise(100, 200)[..., 0]])
    assert painter.paint(PIL.Image.fromarray(rgba)).size == (50, 25)


@pytest.mark.parametrize("settings", [{}, {"strength": 0.05}, {"size": 20}, {"colors": "content"}])
def test_colours_under_alpha_0_do_not_matter(
    make_painter: MakePainter, settings: dict[str, Any]
) -> None:
    """Other colours where nothing shows give the same painting, to the last byte."""
    alpha = np.zeros((30, 40), np.uint8)
    alpha[5:20, 10:30] = noise(15, 20)[..., 0] | 1
    pixels, hidden = noise(30, 40), noise(30, 40, 1)
    other = np.where(alpha[..., None] > 0, pixels, hidden)
    painter = make_painter(**settings)
    one, two = (
        painter.paint(PIL.Image.fromarray(np.dstack([colours, alpha])))
        for colours in (pixels, other)
    )
    assert (other != pixels).any()
    assert one.tobytes() == two.tobytes()


def test_transparent_pixels_weigh_nothing(make_painter: MakePainter) -> None:
    """Statistics are those of the opaque half alone."""
    pixels = noise(40, 80)
    pixels[:, 40:] //= 4
    alpha = np.full((40, 80), 255, np.uint8)
    alpha[:, 40:] = 0
    painter = make_painter()
    masked = painter.measure(pixels, alpha)
    np.testing.assert_allclose(masked, painter.measure(pixels[:, :40]), rtol=1e-4)
    assert np.abs(masked - painter.measure(pixels)).max() > 0.1


def test_alpha_is_kept(make_painter: MakePainter) -> None:
    """The opacity of a painting is the photo's, also when nothing of it shows."""
    for low in (0, 100):
        alpha = np.full((12, 9), low, np.uint8)
        rgba = np.dstack([noise(12, 9), alpha])
        painted = make_painter().paint(PIL.Image.fromarray(rgba))
        np.testing.assert_array_equal(np.asarray(painted)[..., 3], alpha)


def test_the_photos_colours_can_be_kept(make_painter: MakePainter) -> None:
    """With colors="content" the painting of a grey photo is grey."""
    grey = np.repeat(noise(20, 20)[..., :1], 3, axis=2)
    painted = make_painter(colors="content").paint(grey).astype(int)
    assert np.ptp(painted, axis=2).max() <= 2
    styled = make_painter().paint(grey).astype(int)
    assert np.ptp(styled, axis=2).max() > 10


def test_threads_share_a_painter(make_painter: MakePainter) -> None:
    """One painter in eight threads gives what it gives in one."""
    painter = make_painter()
    photos = [noise(20 + n, 30) for n in range(4)]
    alone = [painter.paint(photo).tobytes() for photo in photos]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda photo: painter.paint(photo).tobytes(), photos * 8))
    assert together == alone * 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": -0.1}, "strength is -0.1"),
        ({"strength": 1.5}, "strength is 1.5"),
        ({"strength": float("nan")}, "strength is nan"),
        ({"strength": "1"}, "strength is '1'"),
        ({"colors": "photo"}, "colors is 'photo'"),
        ({"size": 0}, "size is 0"),
        ({"size": 1.5}, "size is 1.5"),
    ],
)
def test_settings_out_of_range_are_refused(
    make_painter: MakePainter, settings: dict[str, Any], message: str
) -> None:
    """Each setting has a range, and the value that was seen is in the message."""
    with pytest.raises(SettingsError, match=message):
        make_painter(**settings)


def test_a_style_for_another_trunk_is_refused(
    make_painter: MakePainter, make_style: Callable[..., Style]
) -> None:
    """The message names both trunks, also within a mix and for a code of other channels."""
    for style in ("foreign", "one:1,foreign:1"):
        with pytest.raises(StyleError, match="'foreign' was made for the trunk abababababab"):
            make_painter(style)
    with pytest.raises(StyleError, match="trunk"):
        make_painter(make_style(code=np.ones((2, 5), np.float32)))


def test_an_unknown_style_is_refused(make_painter: MakePainter) -> None:
    """The library's and the parser's errors come through."""
    with pytest.raises(StyleError, match="did you mean one"):
        make_painter("onne")
    with pytest.raises(StyleError, match="has no weight"):
        make_painter("one,two")


def test_the_fake_engine_checks_shapes(backend: FakeBackend) -> None:
    """It refuses inputs of other shapes than those it was loaded for, as a real one does."""
    session = backend.load(Path("paint.onnx"), {"image": (1, 8, 8, 3), "affine": (2, 6)})
    with pytest.raises(EngineError, match=r"paint\.onnx at 8 x 8"):
        session.run({"image": noise(8, 9)[None], "affine": np.ones((2, 6), np.float32)})
