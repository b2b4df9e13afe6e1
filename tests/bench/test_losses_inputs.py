"""Which photos losses are measured on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from impasto.bench.losses_inputs import (
    held_out_photos,
    open_picture,
    photos_in,
    spread,
    straight_ones,
    style_pictures,
)
from impasto.core.errors import ImageError, InputError
from impasto.lab.recipe import Recipe

from .conftest import PHOTOS


def test_held_out_photos_are_photos(gallery: Path, recipe: Recipe) -> None:
    """Of what a recipe holds out, paintings are passed over."""
    assert [path.name for path in held_out_photos(recipe, gallery)] == list(PHOTOS.values())


def test_held_out_photos_must_be_there(gallery: Path, recipe: Recipe) -> None:
    """A missing photo is named, and so is a recipe that holds none out."""
    with pytest.raises(InputError, match=r"gone\.jpg: this held-out photo is missing"):
        held_out_photos(replace(recipe, held_out=["content/photos/gone.jpg"]), gallery)
    with pytest.raises(InputError, match="holds no photos out"):
        held_out_photos(replace(recipe, held_out=["styles/other.png"]), gallery)


def test_a_folder_of_photos(gallery: Path, tmp_path: Path) -> None:
    """All photos below a folder are taken; none, and no folder, are told."""
    assert len(photos_in(gallery / "content")) == 2
    with pytest.raises(InputError, match="no such folder; give one with photos"):
        photos_in(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no pictures"):
        photos_in(tmp_path)


def test_fewer_photos_come_from_all_over_the_list() -> None:
    """The first and the last are among them; none twice; no limit and a high one take all."""
    paths = [Path(f"{number}.jpg") for number in range(10)]
    assert spread(paths, 3) == [paths[0], paths[4], paths[9]]
    assert spread(paths, 1) == paths[:1]
    assert spread(paths, None) == spread(paths, 99) == paths


def test_lines_are_looked_for_on_buildings() -> None:
    """Of photos with some of Urban100 only those, of others all."""
    urban, other = Path("a/urban100-img_007.jpg"), Path("b/tree.jpg")
    assert straight_ones([urban, other]) == {urban}
    assert straight_ones([other]) == {other}


def test_photos_are_shrunk_and_not_enlarged(gallery: Path, tmp_path: Path) -> None:
    """The long side is bounded; a photo that is too small then is refused with its size."""
    path = gallery / "content/photos/chelsea.png"
    assert open_picture(path, 512).shape == (108, 144, 3)
    assert open_picture(path, 128).shape == (96, 128, 3)
    Image.fromarray(np.zeros((60, 300, 3), np.uint8)).save(tmp_path / "strip.png")
    with pytest.raises(ImageError, match=r"strip\.png is too small \(128x26 at long side 128\)"):
        open_picture(tmp_path / "strip.png", 128)


def test_transparent_pixels_show_white(tmp_path: Path) -> None:
    """A photo with opacity is laid on white."""
    Image.new("RGBA", (80, 70), (0, 0, 0, 0)).save(tmp_path / "glass.png")
    assert (open_picture(tmp_path / "glass.png", 512) == 255).all()


def test_style_pictures_come_in_order(gallery: Path, recipe: Recipe) -> None:
    """Each file of a style is opened at the size, and a missing one is named."""
    source = recipe.styles["udnie"]
    (picture,) = style_pictures(source, gallery, 128)
    assert picture.shape == (96, 128, 3)
    with pytest.raises(ImageError, match="absent"):
        list(style_pictures(replace(source, files=["styles/absent.png"]), gallery, 128))
