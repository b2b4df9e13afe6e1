from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from impasto.core.errors import ImpastoWarning, InputError
from impasto.lab.contents import made_contents, photo_contents, scene

GREY = np.full((40, 60, 3), 128, np.uint8)


def slope(pixels: np.ndarray) -> float:
    """How steeply the amplitudes of a square picture fall with the frequency, in octaves."""
    grey = pixels.mean(axis=2)
    amplitudes = np.abs(np.fft.fft2(grey - grey.mean()))
    radius = np.hypot(*np.meshgrid(*[np.fft.fftfreq(len(grey)) * len(grey)] * 2)).round()
    octaves = [4, 8, 16, 32, 64]
    means = [np.log2(amplitudes[(radius >= r) & (radius < 2 * r)].mean()) for r in octaves]
    return float(np.polyfit(np.log2(octaves), means, 1)[0])


def test_a_scene_depends_only_on_its_seed() -> None:
    """The same seed gives the same picture, another one another, of the size that was asked."""
    first, again, other = (scene(np.random.default_rng(seed), 96) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert (first.shape, first.dtype) == ((96, 96, 3), np.uint8)
    assert np.abs(first.astype(int) - other).mean() > 10


def test_scenes_have_the_scales_of_photos() -> None:
    """Amplitudes fall with the frequency as those of photos do, give or take a third."""
    scenes = np.mean([slope(scene(np.random.default_rng(seed), 256)) for seed in range(4)])
    photos = []
    for name in ("coffee.png", "astronaut.png", "chelsea.png", "rocket.jpg"):
        with Image.open(Path(skimage.data_dir) / name) as photo:
            photos.append(slope(np.asarray(photo.convert("RGB").crop((50, 20, 306, 276)))))
    assert scenes == pytest.approx(np.mean(photos), abs=0.33)


def test_scenes_are_not_flat() -> None:
    """Every scene has light and dark."""
    scenes = [scene(np.random.default_rng(seed), 96) for seed in range(10)]
    assert min(each.std() for each in scenes) > 12


@pytest.mark.parametrize("count", [0, 1, 3, 40])
def test_a_third_of_made_contents_is_real(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many style pictures there are, scenes and real pictures are mixed, all of them in."""
    monkeypatch.setattr("impasto.lab.contents.SCENES", 12)
    monkeypatch.setattr("impasto.lab.contents.SIDE", 32)
    pictures = [np.full((32, 24, 3), index, np.uint8) for index in range(count)]
    contents = made_contents(1, GREY, pictures)
    real = [each for each in contents.train if each.shape[:2] != (32, 32)]
    assert len(contents.train) - len(real) == 12
    assert len(real) >= 6 or count > 6
    assert {each[0, 0, 0] for each in real} == {128, *range(count)}
    assert (contents.judged[0] == 128).all()
    assert not any(np.array_equal(a, b) for a in contents.judged[1:] for b in contents.train)


def test_photos_take_the_place_of_scenes(tmp_path: Path) -> None:
    """A folder's photos are shrunk and used with the style's pictures; the package says so."""
    for index in range(2):
        Image.new("RGB", (500, 400), (index, 0, 0)).save(tmp_path / f"{index}.png")
    contents = photo_contents(sorted(tmp_path.iterdir()), 1, GREY, [GREY])
    assert sorted(each.shape[:2] for each in contents.train) == [(40, 60), (320, 400), (320, 400)]
    assert contents.called == "2 photos"


def test_bad_photos_are_named(tmp_path: Path) -> None:
    """A photo that cannot be read is named and passed over; if all are, that is an error."""
    (broken := tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    Image.new("LA", (500, 400), (90, 128)).save(tmp_path / "good.png")
    with pytest.warns(ImpastoWarning, match=r"broken\.jpg"):
        contents = photo_contents([broken, tmp_path / "good.png"], 1, GREY, [])
    assert contents.called == "1 photos"
    with (
        pytest.warns(ImpastoWarning, match=r"broken\.jpg"),
        pytest.raises(InputError, match="no photo to train on"),
    ):
        photo_contents([broken], 1, GREY, [])
