import shutil
from pathlib import Path

import numpy as np
import pytest
import skimage
from PIL import Image

from impasto.core.errors import ImageError, ImpastoWarning, InputError
from impasto.lab.pictures import (
    StylePicture,
    coverage,
    find_pictures,
    gather,
    open_style_picture,
    survey,
)
from impasto.lab.sidecar import Facts


def paint(path: Path, size: tuple[int, int] = (300, 260), seed: int = 0, **options: object) -> Path:
    """Coarse random blocks of colour: no two seeds look alike."""
    blocks = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC).save(path, **options)  # type: ignore[arg-type]
    return path


def test_pictures_are_found_in_folders_below(tmp_path: Path) -> None:
    """All pictures in the tree are found in a fixed order, hidden ones and other files are not."""
    for name in ("b.png", "below/a.jpg", ".hidden.png", ".thumbs/c.png"):
        paint(tmp_path / name)
    (tmp_path / "pictures.csv").write_text("file\n")
    (tmp_path / "README.txt").touch()
    found = [path.relative_to(tmp_path).as_posix() for path in find_pictures(tmp_path)]
    assert found == ["b.png", "below/a.jpg"]


def test_a_folder_without_pictures_is_named(tmp_path: Path) -> None:
    """No folder, a file, and a folder without pictures are errors that name it."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="empty: no pictures"):
        find_pictures(tmp_path / "empty")
    for wrong in (tmp_path / "missing", paint(tmp_path / "file.png")):
        with pytest.raises(InputError, match="no such folder"):
            find_pictures(wrong)


def test_files_and_folders_are_gathered(tmp_path: Path) -> None:
    """Each picture has one name, whatever it was given by, and its folder's table counts."""
    one, same = paint(tmp_path / "one.png"), paint(tmp_path / "other" / "one.png")
    paint(tmp_path / "folder" / "one.png")
    (tmp_path / "folder" / "pictures.csv").write_text("file,artist\none.png,Klee\n")
    paths, facts = gather([one, one, same, tmp_path / "folder"])
    assert paths == {
        "one.png": one,
        same.as_posix(): same,
        "folder/one.png": tmp_path / "folder" / "one.png",
    }
    assert {name: each.artist for name, each in facts.items()} == {"folder/one.png": "Klee"}
    with pytest.raises(InputError, match="nothing: no such picture or folder"):
        gather([one, tmp_path / "nothing"])


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
def test_animated_pictures_are_refused(tmp_path: Path, format: str) -> None:
    """Several frames or pages are an error that names the file, in each format that has them."""
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "green")]
    path = tmp_path / f"moving.{format.lower()}"
    frames[0].save(path, format, save_all=True, append_images=frames[1:])
    with pytest.raises(ImageError, match=r"moving\..* is animated or has pages"):
        open_style_picture(path)


def test_a_gif_is_refused_and_not_overlooked(tmp_path: Path) -> None:
    """A GIF among the pictures is named."""
    paint(tmp_path / "a.png")
    paint(tmp_path / "old.gif")
    with pytest.raises(ImageError, match=r"old\.gif is a GIF"):
        survey(tmp_path, Facts())


def test_small_pictures_are_refused(tmp_path: Path) -> None:
    """The short side decides: 255 pixels are too few, 256 are enough."""
    assert open_style_picture(paint(tmp_path / "just.png", (400, 256))).shape == (256, 400, 3)
    with pytest.raises(ImageError, match=r"below\.png is too small \(400x255\)"):
        open_style_picture(paint(tmp_path / "below.png", (400, 255)))


def test_all_unusable_pictures_are_named_at_once(tmp_path: Path) -> None:
    """Whoever mends a folder of a hundred pictures learns of all bad ones in one call."""
    paint(tmp_path / "good.png")
    paint(tmp_path / "tiny.png", (20, 20))
    (tmp_path / "broken.png").write_bytes((tmp_path / "good.png").read_bytes()[:200])
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(ImageError) as caught:
        survey(tmp_path, Facts())
    message = str(caught.value)
    assert all(name in message for name in ("tiny.png", "broken.png", "empty.jpg"))
    assert "good.png" not in message
    assert "\n" not in message


def test_transparent_places_show_white(tmp_path: Path) -> None:
    """A cut-out picture stands on white, whatever colour its transparent pixels hide."""
    pixels = np.zeros((300, 300, 4), np.uint8)
    pixels[:150] = (200, 10, 10, 255)
    Image.fromarray(pixels).save(tmp_path / "cut.png")
    opened = open_style_picture(tmp_path / "cut.png")
    assert opened[0, 0].tolist() == [200, 10, 10]
    assert opened[-1, -1].tolist() == [255, 255, 255]


@pytest.mark.filterwarnings("ignore:.*below 1024 pixels")
def test_the_largest_of_twins_is_kept(tmp_path: Path) -> None:
    """Copies, other sizes and light crops of one picture are left out with a warning."""
    source = Path(skimage.data_dir) / "astronaut.png"
    shutil.copy(source, tmp_path / "b.png")
    shutil.copy(source, tmp_path / "c.png")
    with Image.open(source) as photo:
        photo.resize((300, 300)).save(tmp_path / "a.jpg", quality=50)
        photo.crop((6, 6, 506, 506)).save(tmp_path / "d.png")
    with pytest.warns(ImpastoWarning, match=r"is left out: it looks like b\.png"):
        kept, twins = survey(tmp_path, Facts())
    assert [each.file for each in kept] == ["b.png"]
    assert sorted(twin.file for twin in twins) == ["a.jpg", "c.png", "d.png"]


def test_small_pictures_are_warned_of_together(tmp_path: Path) -> None:
    """One line tells how many are below 1024 pixels and names the first."""
    paint(tmp_path / "large.png", (1024, 400), seed=100)
    for seed in range(7):
        paint(tmp_path / f"{seed}.png", (300, 300), seed)
    with pytest.warns(ImpastoWarning) as caught:
        kept, twins = survey(tmp_path, Facts())
    (message,) = [str(each.message) for each in caught]
    assert message.startswith("7 of 8 pictures are below 1024 pixels")
    assert message.endswith("0.png, 1.png, 2.png, 3.png, 4.png, ...")
    assert (len(kept), twins) == (8, [])


def test_coverage_counts_what_is_there() -> None:
    """Artists, media and subjects are counted, and what nobody said is unknown."""
    known = StylePicture("a.png", "0" * 64, 1, 1, "A", "oil", "people")
    counted = coverage([known, known, StylePicture("b.png", "0" * 64, 1, 1)])
    assert counted == {
        "artist": {"A": 2, "unknown": 1},
        "medium": {"oil": 2, "unknown": 1},
        "subject": {"people": 2, "unknown": 1},
    }
