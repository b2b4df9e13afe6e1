import dataclasses
import gc
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest
import skimage
import torch
from PIL import Image
from safetensors.torch import save_file

import impasto.lab.library as library
from impasto.core.errors import ImageError, ImpastoWarning, ModelError, SettingsError, StyleError
from impasto.lab.augmentation import Augmentation, name_of
from impasto.lab.data import open_rgb
from impasto.lab.feature_cache import FeatureCache
from impasto.lab.features import load_features
from impasto.lab.library import About, Eye, build_style
from impasto.lab.looks import Look, Network, to_tensors
from impasto.lab.recipe import StyleSource, load_recipe
from impasto.lab.style_file import MeasuredStyle
from impasto.lab.targets import style_targets

from .conftest import tiny_vgg

pytestmark = pytest.mark.usefixtures("own_cache")

SMALL = "ignore:.*below 1024 pixels"
SCHOOL = "ignore:.*is a school of"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of three photos of different shapes."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("coffee.png", "chelsea.png", "rocket.jpg"):
        with Image.open(Path(skimage.data_dir) / name) as photo:
            # Without colour profiles, which recipes' pictures are read without.
            Image.fromarray(np.asarray(photo.convert("RGB"))).save(folder / name, quality=95)
    return folder


@pytest.fixture
def eye(tmp_path: Path) -> Eye:
    """A tiny network that looks at two small scales."""
    save_file(tiny_vgg(), tmp_path / "vgg.safetensors")
    return Eye(tmp_path / "vgg.safetensors", scales=(96, 64))


class Loads:
    """Counts how often a network was loaded and pictures it saw."""

    def __init__(self) -> None:
        self.networks = self.pictures = 0

    def __call__(self, path: Path) -> Network:
        """Load a network that counts the pictures it is shown."""
        self.networks += 1
        network = load_features(path)

        def counted(image: torch.Tensor, layers: Iterable[str]) -> Mapping[str, torch.Tensor]:
            self.pictures += 1
            return network(image, layers)

        return counted


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """Counts what the library does with networks."""
    counter = Loads()
    monkeypatch.setattr(library, "load_features", counter)
    return counter


def same(a: MeasuredStyle, b: MeasuredStyle) -> bool:
    """Whether two styles look the same to the bit."""
    return a.looks.keys() == b.looks.keys() and all(
        torch.equal(tensor, to_tensors(b.looks[scale])[name])
        for scale, look in a.looks.items()
        for name, tensor in to_tensors(look).items()
    )


@pytest.mark.filterwarnings(SMALL)
def test_a_built_style_is_what_training_would_measure(
    pictures: Path, eye: Eye, workshop: Path
) -> None:
    """The means over a folder are the targets that a recipe with the same pictures trains on."""
    built = build_style(pictures, About("trio"), eye).looks[96]
    recipe = load_recipe(workshop / "recipe.toml")
    files = [str(path) for path in sorted(pictures.iterdir())]
    recipe = dataclasses.replace(recipe, style_size=96, styles={"trio": StyleSource(files, "")})
    targets = style_targets(recipe, load_features(eye.network), workshop, "cpu")
    for layer, features in built.features.items():
        for field in ("gram", "mean", "std"):
            wanted = getattr(targets.features[layer], field)[1:]
            assert torch.allclose(getattr(features, field), wanted, rtol=1e-4, atol=1e-4), layer
    assert torch.allclose(built.bands, targets.bands[1:], atol=1e-5)
    assert torch.allclose(built.palette, targets.palette[1:], atol=1e-5)


@pytest.mark.filterwarnings(SMALL)
def test_a_second_build_touches_no_network(pictures: Path, eye: Eye, loads: Loads) -> None:
    """Pictures that were measured are not measured again, even under other names."""
    first = build_style(pictures, About("trio"), eye)
    assert (loads.networks, loads.pictures) == (1, 3 * 2)
    (pictures / "coffee.png").rename(pictures / "other.png")
    second = build_style(pictures, About("renamed"), eye)
    assert (loads.networks, loads.pictures) == (1, 3 * 2)
    assert same(first, second)


@pytest.mark.filterwarnings(SMALL)
def test_only_what_is_new_is_measured(pictures: Path, eye: Eye, loads: Loads) -> None:
    """One more picture costs one picture, one more scale that scale, another network all."""
    build_style(pictures, About("trio"), eye)
    shutil.copy(Path(skimage.data_dir) / "astronaut.png", pictures)
    build_style(pictures, About("four"), eye)
    assert loads.pictures == 6 + 2
    build_style(pictures, About("four"), dataclasses.replace(eye, scales=(96, 48)))
    assert loads.pictures == 8 + 4
    save_file({**tiny_vgg(), "conv0.bias": torch.zeros(3)}, eye.network)
    build_style(pictures, About("four"), eye)
    assert loads.pictures == 12 + 8


@pytest.mark.filterwarnings(SMALL)
def test_views_are_measured_once(pictures: Path, eye: Eye, loads: Loads) -> None:
    """Each view is measured at each scale, kept by its settings, and never measured again."""
    plain = build_style(pictures, About("trio"), eye)
    varied = dataclasses.replace(eye, augmentation=Augmentation(views=2))
    first = build_style(pictures, About("trio"), varied)
    assert loads.pictures == 3 * 2 + 3 * 2 * 2
    assert (first.augmentation, plain.augmentation) == (
        name_of(Augmentation(2, colour=0.05)),
        "none",
    )
    assert not same(plain, first)
    networks = loads.networks
    assert same(first, build_style(pictures, About("trio"), varied))
    assert same(plain, build_style(pictures, About("trio"), eye))
    assert (loads.networks, loads.pictures) == (networks, 18)
    other = Augmentation(views=2, seed=2)
    build_style(pictures, About("trio"), dataclasses.replace(eye, augmentation=other))
    assert loads.pictures == 18 + 12


@pytest.mark.filterwarnings(SMALL)
def test_augmentation_that_changes_nothing(pictures: Path, eye: Eye) -> None:
    """Several views that are all the picture itself are the picture."""
    still = Augmentation(2, degrees=0, zoom=1, crop=1, mirror=0, colour=0)
    built = build_style(pictures, About("trio"), dataclasses.replace(eye, augmentation=still))
    assert same(build_style(pictures, About("trio"), eye), built)


@pytest.mark.filterwarnings(SMALL)
def test_a_damaged_cache_is_measured_again(
    pictures: Path, eye: Eye, loads: Loads, tmp_path: Path
) -> None:
    """Whatever happens to the cache, the result is the same."""
    kept = FeatureCache(tmp_path / "kept")
    first = build_style(pictures, About("trio"), eye, kept)
    for path in kept.folder.rglob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-5])
    assert same(first, build_style(pictures, About("trio"), eye, kept))
    assert loads.pictures == 12


@pytest.mark.filterwarnings(SMALL)
def test_a_cache_that_cannot_be_written_is_a_warning(
    pictures: Path, eye: Eye, tmp_path: Path
) -> None:
    """A style is built without a cache, too."""
    (tmp_path / "file").touch()
    with pytest.warns(ImpastoWarning, match="cannot be kept"):
        built = build_style(pictures, About("trio"), eye, FeatureCache(tmp_path / "file"))
    assert len(built.pictures) == 3


@pytest.mark.filterwarnings(SMALL)
@pytest.mark.parametrize("again", [False, True])
def test_memory_does_not_grow_with_the_pictures(pictures: Path, eye: Eye, again: bool) -> None:
    """Whether measured or kept, a picture's look is gone when the next picture is done."""
    if again:
        build_style(pictures, About("trio"), eye)
    alive: list[int] = []

    def count(done: int, total: int) -> None:
        alive.append(sum(type(one) is Look for one in gc.get_objects()))

    build_style(pictures, About("trio"), eye, progress=count)
    assert len(alive) == 3
    assert len(set(alive)) == 1


@pytest.mark.filterwarnings(SMALL)
def test_a_style_of_one_picture(pictures: Path, eye: Eye) -> None:
    """One picture is enough, and the manifest says what it is."""
    for name in ("chelsea.png", "rocket.jpg"):
        (pictures / name).unlink()
    seen: list[tuple[int, int]] = []
    built = build_style(
        pictures,
        About("cup", "A cup", "A. Painter", "CC0"),
        eye,
        progress=lambda done, total: seen.append((done, total)),
    )
    (picture,) = built.pictures
    height, width = open_rgb(pictures / "coffee.png").shape[:2]
    assert (picture.file, picture.width, picture.height) == ("coffee.png", width, height)
    assert (picture.artist, picture.licence, picture.medium) == ("A. Painter", "CC0", "unknown")
    assert seen == [(1, 1)]


@pytest.mark.filterwarnings(SMALL)
def test_a_small_school_is_warned_of(pictures: Path, eye: Eye) -> None:
    """Below 50 pictures, --school or several artists bring a warning."""
    with pytest.warns(ImpastoWarning, match="a school of 3 pictures: with 50"):
        build_style(pictures, About("trio", school=True), eye)
    (pictures / "pictures.csv").write_text("file,artist\ncoffee.png,A\nrocket.jpg,B\n")
    with pytest.warns(ImpastoWarning, match="a school of 3 pictures"):
        build_style(pictures, About("trio"), eye)


@pytest.mark.filterwarnings(SMALL, SCHOOL)
def test_what_the_table_says_goes_before_the_style(pictures: Path, eye: Eye) -> None:
    """A picture's own artist and licence stand before those of the style."""
    (pictures / "pictures.csv").write_text("file,artist,subject\ncoffee.png,Own,still life\n")
    built = build_style(pictures, About("trio", artist="All", licence="CC0"), eye)
    artists = {each.file: each.artist for each in built.pictures}
    assert artists == {"chelsea.png": "All", "coffee.png": "Own", "rocket.jpg": "All"}
    assert {each.licence for each in built.pictures} == {"CC0"}


@pytest.mark.filterwarnings(SMALL)
def test_twins_count_once(pictures: Path, eye: Eye) -> None:
    """The same picture at another size and quality does not count twice."""
    alone = build_style(pictures, About("trio"), eye)
    with Image.open(pictures / "coffee.png") as photo:
        photo.resize((450, 300)).save(pictures / "again.jpg", quality=40)
    with pytest.warns(ImpastoWarning, match=r"again\.jpg is left out: it looks like coffee\.png"):
        built = build_style(pictures, About("trio"), eye)
    assert [(twin.file, twin.kept) for twin in built.left_out] == [("again.jpg", "coffee.png")]
    assert same(alone, built)


def test_errors_come_before_any_measuring(pictures: Path, eye: Eye, loads: Loads) -> None:
    """A bad name, a missing network or a bad picture costs no time, and says which."""
    with pytest.raises(StyleError, match="no style name"):
        build_style(pictures, About("Bad Name"), eye)
    with pytest.raises(ModelError, match=r"none\.pth"):
        build_style(pictures, About("trio"), Eye(Path("none.pth")))
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        build_style(pictures, About("trio"), eye)
    assert loads.pictures == 0


@pytest.mark.parametrize("wrong", [{"scales": ()}, {"scales": (64, 64)}, {"scales": (8,)}])
def test_impossible_scales_are_refused(wrong: dict) -> None:
    """No scale, one twice, and one below every feature network's reach are errors."""
    with pytest.raises(SettingsError):
        Eye(Path("vgg.pth"), **wrong)
