"""The baselines themselves, with their real weights, on small pictures."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from impasto.bench.baselines.adain import TRAINED, AdaIn
from impasto.bench.baselines.arbitrary import MicroAst
from impasto.bench.baselines.lst import LinearTransfer
from impasto.bench.baselines.optimise import Optimisation, OptimiseSettings
from impasto.bench.baselines.slim import gmac_of
from impasto.bench.baselines.wct import RELEASED as WCT
from impasto.bench.baselines.wct import Wct
from impasto.bench.contender import Contender, StyleImage
from impasto.bench.losses_inputs import open_picture
from impasto.bench.speed_microast import RELEASED as MICROAST
from impasto.core.errors import InputError, ModelError
from impasto.engine.backends import shared_backend
from impasto.lab.yardstick import DEEP_VGG, content_of, load_yardstick, style_of

PHOTO = "content/photos/bsds500-104022.jpg"
STYLE = "styles/famous/munch-the_scream-1893.jpg"


def small(path: Path) -> np.ndarray:
    """A picture of 72 x 100 pixels, which no stride divides."""
    return open_picture(path, 144)[:72, :90]


def make(name: str, assets: Path, folder: Path) -> Contender:
    """A baseline by its name."""
    if name == "wct":
        return Wct(assets / WCT)
    if name == "microast":
        return MicroAst(assets / MICROAST, folder, shared_backend())
    return (AdaIn if name == "adain" else LinearTransfer)(assets / DEEP_VGG)


@pytest.mark.parametrize("name", ["wct", "adain", "lst", "microast"])
def test_paintings_have_more_of_the_style(name: str, assets: Path, tmp_path: Path) -> None:
    """A painting has the photo's size and less style loss; a weaker one is nearer to the photo."""
    method, photo = make(name, assets, tmp_path), small(assets / PHOTO)
    style = StyleImage("scream", small(assets / STYLE))
    method.check(style)
    yardstick = load_yardstick(assets)
    target, seen = yardstick.target([style.picture]), yardstick.see(photo)
    painting = method.paint(photo, style)
    assert (painting.shape, painting.dtype) == (photo.shape, np.uint8)
    found = yardstick.see(painting)
    assert style_of(found, target) < style_of(seen, target)
    if len(method.strengths) > 1:
        weak = yardstick.see(method.paint(photo, style, 0.0))
        assert content_of(weak, seen) < content_of(found, seen)
    assert method.parameters > 100_000
    assert method.gmac_512 is not None
    assert method.gmac_512 > 1
    assert np.array_equal(method.paint(photo, style), painting)


def test_optimisation_lowers_the_measured_loss(assets: Path) -> None:
    """A few steps on two sizes leave less than two thirds of the style loss."""
    photo, style = small(assets / PHOTO), StyleImage("scream", small(assets / STYLE))
    method = Optimisation(assets, OptimiseSettings(steps=(6, 4)))
    yardstick = load_yardstick(assets)
    target = yardstick.target([style.picture])
    painting = method.paint(photo, style)
    assert painting.shape == photo.shape
    before, after = (style_of(yardstick.see(each), target) for each in (photo, painting))
    assert after < before / 1.5
    weak = method.paint(photo, style, 0.1)
    seen = yardstick.see(photo)
    assert content_of(yardstick.see(weak), seen) < content_of(yardstick.see(painting), seen)


def test_optimisation_falls_with_its_steps(assets: Path) -> None:
    """Twice the steps leave less of all losses together, and far more than none in the end."""
    photo, style = small(assets / PHOTO), StyleImage("scream", small(assets / STYLE))
    yardstick = load_yardstick(assets)
    target, seen = yardstick.target([style.picture]), yardstick.see(photo)
    losses = []
    for steps in (5, 20, 40):
        method = Optimisation(assets, OptimiseSettings(steps=(steps,)))
        found = yardstick.see(method.paint(photo, style))
        losses.append(3 * style_of(found, target) + 0.3 * content_of(found, seen))
    assert losses[0] > 1.2 * losses[1]
    assert losses[1] > 1.05 * losses[2]


def test_a_photo_in_its_own_style_is_optimised_already(assets: Path) -> None:
    """Where content and style are the photo's, nothing is to be moved but noise."""
    photo = small(assets / PHOTO)
    method = Optimisation(assets, OptimiseSettings(steps=(10,), variation=0.0))
    painting = method.paint(photo, StyleImage("own", photo))
    assert np.abs(painting.astype(int) - photo).mean() < 1


def test_missing_weights_and_pictures_are_named(tmp_path: Path) -> None:
    """Without weights a method is not made, without a picture of the style it says so."""
    with pytest.raises(ModelError, match=r"5SE\.safetensors"):
        Wct(tmp_path)
    with pytest.raises(ModelError, match="vgg19_slim16x"):
        AdaIn(tmp_path / DEEP_VGG)
    with pytest.raises(InputError, match="no picture of the style 'scream'"):
        StyleImage("scream", None).picture  # noqa: B018


def test_work_is_that_of_a_known_style(assets: Path) -> None:
    """A style that was looked at before costs nothing in the count of multiply-adds."""
    method = AdaIn(assets / DEEP_VGG)
    style = StyleImage("scream", small(assets / STYLE))
    method.check(style)
    assert gmac_of(lambda photo: method.paint(photo, style)) == method.gmac_512


def test_trained_weights_are_labelled_and_small() -> None:
    """Each file that comes along is below 3 MB and says that it was trained here."""
    for path in TRAINED.parent.glob("*.safetensors"):
        assert path.stat().st_size < 3_000_000
        assert b"trained here" in path.read_bytes()[:10_000]
