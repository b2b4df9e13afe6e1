from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from impasto.core.errors import ImageError, InputError
from impasto.lab.data import PhotoSet, assets_folder, list_photos, open_rgb
from impasto.lab.recipe import Sampling

SAMPLING = Sampling(batch=4, crop=32)


@pytest.fixture
def photos(workshop: Path) -> PhotoSet:
    """Two small photos in memory."""
    return PhotoSet.read(list_photos(workshop / "assets/photos", []))


def test_a_batch_depends_only_on_seed_and_step(photos: PhotoSet) -> None:
    """The same step gives the same batch again, another step another one."""
    first, again = (photos.batch(1, 5, SAMPLING, [1, 1]) for _ in range(2))
    other = photos.batch(1, 6, SAMPLING, [1, 1])
    assert torch.equal(first.image, again.image)
    assert torch.equal(first.noise, again.noise)
    assert torch.equal(first.mix, again.mix)
    assert torch.equal(first.shift, again.shift)
    assert not torch.equal(first.image, other.image)


def test_a_batch_is_in_range(photos: PhotoSet) -> None:
    """Pictures are squares from 0 to 1, styles are known ones, noise is as weak as asked."""
    batch = photos.batch(2, 0, SAMPLING, [1, 1])
    assert batch.image.shape == (4, 3, 32, 32)
    assert batch.image.min() >= 0
    assert batch.image.max() <= 1
    assert batch.mix.shape == (4, 3)
    assert set(batch.mix.unique().tolist()) == {0, 1}
    assert batch.mix[0, 0] == 1
    assert batch.noise.std() < SAMPLING.noise


def test_styles_come_by_their_shares(photos: PhotoSet) -> None:
    """A style of three shares in four comes three times as often as the other, the identity not."""
    drawn = torch.cat([photos.batch(3, step, SAMPLING, [1, 3]).mix[1:] for step in range(100)])
    counts = drawn.sum(0).tolist()
    assert counts[0] == 0
    assert 0.65 < counts[2] / 300 < 0.85


@pytest.mark.parametrize("styles", [1, 2, 5])
def test_some_paintings_are_in_a_mix_of_styles(photos: PhotoSet, styles: int) -> None:
    """All shares sum to 1, two or three styles have one, and the identity is never mixed."""
    sampling = replace(SAMPLING, mixed=0.5)
    drawn = [photos.batch(3, step, sampling, [1] * styles).mix for step in range(40)]
    assert all(mix[0].tolist() == [1] + [0] * styles for mix in drawn)
    styled = torch.cat([mix[1:] for mix in drawn])
    torch.testing.assert_close(styled.sum(1), torch.ones(len(styled)))
    assert (styled[:, 0] == 0).all()
    counts = set((styled > 0).sum(1).tolist())
    assert counts == {count for count in (1, 2, 3) if count <= styles}


def test_held_out_photos_are_left_out(workshop: Path) -> None:
    """A held-out file name is not listed, wherever it lies."""
    folder = workshop / "assets/photos"
    assert [p.name for p in list_photos(folder, ["elsewhere/coffee.png"])] == ["chelsea.png"]
    with pytest.raises(InputError, match="no photos"):
        list_photos(folder, ["coffee.png", "chelsea.png"])


def test_a_broken_photo_is_named(tmp_path: Path) -> None:
    """A file that is no picture is an error that names it."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        open_rgb(path)


def test_pictures_shrink_to_a_side_and_never_grow(workshop: Path) -> None:
    """A long or short side bounds the size; a smaller picture stays as it is."""
    path = workshop / "assets/photos/coffee.png"
    assert open_rgb(path, long_side=48).shape == (40, 48, 3)
    assert open_rgb(path, short_side=40).shape == (40, 48, 3)
    assert open_rgb(path, long_side=500).shape == (80, 96, 3)
    assert open_rgb(path).dtype == np.uint8


def test_the_assets_folder_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without the variable, or with a wrong one, the error says what to set."""
    monkeypatch.delenv("IMPASTO_ASSETS", raising=False)
    with pytest.raises(InputError, match="IMPASTO_ASSETS"):
        assets_folder()
    monkeypatch.setenv("IMPASTO_ASSETS", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="nowhere"):
        assets_folder()


def test_a_flat_photo_is_drawn_when_there_is_no_other() -> None:
    """Squares are of photos that show something, as long as there are any."""
    rng, grey = np.random.default_rng(0), np.full((40, 50, 3), 128, np.uint8)
    photo = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    assert PhotoSet([grey]).crops(rng, 2, 32).std() == 0
    drawn = PhotoSet([grey, photo]).crops(rng, 20, 32).std(dim=(1, 2, 3))
    assert (drawn > 0).sum() >= 18
