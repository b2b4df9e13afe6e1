"""The verb `paint`, called in this process on the fake backend."""

import json
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.engine.backend import Session, Shapes
from impasto.engine.fake_backend import FakeBackend
from impasto.media.image import read_record

from .conftest import Call, save_photo


def test_a_photo_is_painted_beside_itself(call: Call, folder: Path) -> None:
    """Without -o a.jpg becomes a.plain.jpg, of the same size and not the same picture."""
    save_photo(folder / "a.jpg")
    ended = call("paint", "a.jpg", "--style", "plain")
    assert (ended.code, ended.out) == (0, "")
    assert ended.lines[-1].startswith("impasto: 1 painted in ")
    assert ended.lines[-1].endswith("a.plain.jpg")
    with Image.open("a.jpg") as photo, Image.open("a.plain.jpg") as painted:
        assert (photo.size, painted.format) == (painted.size, "JPEG")
        assert photo.tobytes() != painted.tobytes()


def test_the_result_tells_how_it_was_made(call: Call, folder: Path) -> None:
    """Style, strength and model are in the metadata of the result."""
    save_photo(folder / "a.jpg")
    call("paint", "a.jpg", "-s", "plain:3,bold:1", "--strength", "0.5", "-o", "b.png")
    record = read_record("b.png")
    assert record is not None
    assert (record["style"], record["strength"]) == ("plain:0.75,bold:0.25", "0.5")
    assert record["model"] == "small"


def test_strength_zero_gives_the_photo_back(call: Call, folder: Path) -> None:
    """At strength 0 every pixel of a lossless result is the photo's."""
    save_photo(folder / "a.png")
    assert call("paint", "a.png", "-s", "plain", "--strength", "0", "-o", "b.png").code == 0
    with Image.open("a.png") as photo, Image.open("b.png") as painted:
        assert np.array_equal(np.asarray(photo), np.asarray(painted))


def test_a_folder_is_mirrored_with_all_options(call: Call, folder: Path) -> None:
    """A tree keeps its shape, and size and format apply to each picture in it."""
    for name in ("trip/a.jpg", "trip/a.png", "trip/day/b.png", "trip/.hidden.png"):
        save_photo(folder / name)
    (folder / "trip" / "notes.txt").write_text("no picture")
    ended = call("paint", "trip", "-s", "bold", "-o", "new", "--size", "20", "--format", "webp")
    assert ended.code == 0
    results = sorted(p.relative_to("new").as_posix() for p in Path("new").rglob("*.*"))
    assert results == ["a-jpg.webp", "a-png.webp", "day/b.webp"]
    with Image.open("new/day/b.webp") as painted:
        assert (painted.size, painted.format) == ((20, 15), "WEBP")


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (13, 7), (97, 101)])
def test_odd_sizes_are_kept(call: Call, folder: Path, size: tuple[int, int]) -> None:
    """Whatever the size of the photo, the result has it too."""
    save_photo(folder / "a.png", *size)
    assert call("paint", "a.png", "-s", "plain", "-o", "b.png").code == 0
    with Image.open("b.png") as painted:
        assert painted.size == size


def test_an_existing_result_is_refused(call: Call, folder: Path) -> None:
    """What is there already is neither replaced nor passed over unasked, and the rest is done."""
    save_photo(folder / "a.jpg")
    save_photo(folder / "b.jpg")
    (folder / "a.plain.jpg").write_bytes(b"mine")
    ended = call("paint", "a.jpg", "b.jpg", "-s", "plain")
    assert ended.code == 1
    assert "a.plain.jpg is there already" in ended.lines[0]
    assert "1 painted, 1 failed" in ended.lines[-1]
    assert (folder / "a.plain.jpg").read_bytes() == b"mine"
    assert (folder / "b.plain.jpg").exists()


def test_skip_passes_over_and_overwrite_replaces(call: Call, folder: Path) -> None:
    """--skip leaves a result as it is and paints nothing; --overwrite paints it again."""
    save_photo(folder / "a.jpg")
    (folder / "a.plain.jpg").write_bytes(b"mine")
    backend = FakeBackend()
    ended = call("paint", "a.jpg", "-s", "plain", "--skip", backend=backend)
    assert (ended.code, backend.runs) == (0, [])
    assert "0 painted, 1 skipped" in ended.lines[-1]
    assert (folder / "a.plain.jpg").read_bytes() == b"mine"
    assert call("paint", "a.jpg", "-s", "plain", "--overwrite").code == 0
    assert (folder / "a.plain.jpg").read_bytes() != b"mine"


@pytest.mark.parametrize("out", ["a.jpg", "./a.jpg", "."])
def test_an_input_is_never_overwritten(call: Call, folder: Path, out: str) -> None:
    """Even --overwrite does not paint over a photo of the same call."""
    before = save_photo(folder / "a.jpg").read_bytes()
    ended = call("paint", "a.jpg", "-s", "plain", "-o", out, "--overwrite")
    assert ended.code == 1
    assert "is an input of this call" in ended.lines[0]
    assert (folder / "a.jpg").read_bytes() == before


def test_json_reports_each_input(call: Call, folder: Path) -> None:
    """Standard output is one JSON object that names every input and what became of it."""
    save_photo(folder / "a.jpg")
    save_photo(folder / "b.jpg")
    (folder / "b.plain.jpg").touch()
    ended = call("paint", "a.jpg", "gone.jpg", "b.jpg", "-s", "plain", "--skip", "--json")
    report = json.loads(ended.out)
    assert ended.code == 1
    assert (report["style"], report["strength"], report["model"]["name"]) == ("plain", 1.0, "small")
    assert (report["painted"], report["skipped"], report["failed"]) == (1, 1, 1)
    by_input = {one["input"]: one for one in report["results"]}
    assert {name: one["status"] for name, one in by_input.items()} == {
        "a.jpg": "painted",
        "gone.jpg": "failed",
        "b.jpg": "skipped",
    }
    painted = by_input["a.jpg"]
    assert (painted["output"], painted["width"], painted["height"]) == ("a.plain.jpg", 40, 30)
    assert 0 <= painted["seconds"] < 60
    assert "no such file" in by_input["gone.jpg"]["error"]


def test_quiet_shows_errors_only(call: Call, folder: Path) -> None:
    """--quiet leaves the summary out and still names what failed."""
    save_photo(folder / "a.jpg")
    ended = call("paint", "a.jpg", "gone.jpg", "-s", "plain", "-q")
    assert ended.lines == ["impasto: gone.jpg: no such file or folder"]


def test_the_painter_is_made_once(call: Call, folder: Path) -> None:
    """Pictures of a folder share one backend; each is measured and painted once."""
    for width in (40, 50, 60):
        save_photo(folder / "trip" / f"{width}.png", width)
    backend = FakeBackend()
    call("paint", "trip", "-s", "plain", backend=backend)
    assert Counter(backend.runs) == {"measure.onnx": 3, "paint.onnx": 3}


def test_copies_of_a_photo_are_measured_once(call: Call, folder: Path) -> None:
    """A photo that is there three times is painted three times, all the same, and measured once."""
    for name in "abc":
        save_photo(folder / "trip" / f"{name}.png")
    backend = FakeBackend()
    call("paint", "trip", "-s", "plain", backend=backend)
    assert Counter(backend.runs) == {"measure.onnx": 1, "paint.onnx": 3}
    assert len({path.read_bytes() for path in (folder / "trip.plain").iterdir()}) == 1


def test_a_package_is_a_style(call: Call, home: Path, folder: Path) -> None:
    """--style takes the path of a style package, and names the result by the style in it."""
    save_photo(folder / "a.jpg")
    package = home / "styles" / "bold.safetensors"
    assert call("paint", "a.jpg", "-s", package).code == 0
    assert (folder / "a.bold.jpg").exists()


def test_strip_leaves_metadata_out(call: Call, folder: Path) -> None:
    """EXIF is carried over unless --strip is given."""
    exif = Image.Exif()
    exif[0x013B] = "Somebody"
    Image.new("RGB", (9, 9)).save("a.jpg", exif=exif)
    call("paint", "a.jpg", "-s", "plain", "-o", "kept.jpg")
    call("paint", "a.jpg", "-s", "plain", "-o", "bare.jpg", "--strip")
    with Image.open("kept.jpg") as kept, Image.open("bare.jpg") as bare:
        assert kept.getexif().get(0x013B) == "Somebody"
        assert 0x013B not in bare.getexif()


def test_quality_changes_the_size_of_the_file(call: Call, folder: Path) -> None:
    """A JPEG of lower quality is smaller."""
    save_photo(folder / "a.png", 200, 200)
    call("paint", "a.png", "-s", "plain", "-o", "low.jpg", "--quality", "20")
    call("paint", "a.png", "-s", "plain", "-o", "high.jpg", "--quality", "95")
    assert (folder / "low.jpg").stat().st_size < (folder / "high.jpg").stat().st_size


def test_colors_of_the_photo(call: Call, folder: Path) -> None:
    """--colors content makes another picture than --colors style."""
    save_photo(folder / "a.png")
    call("paint", "a.png", "-s", "bold", "-o", "style.png")
    call("paint", "a.png", "-s", "bold", "-o", "content.png", "--colors", "content")
    with Image.open("style.png") as style, Image.open("content.png") as content:
        assert style.tobytes() != content.tobytes()


def test_a_warning_is_one_line(call: Call, folder: Path) -> None:
    """What is done differently from what was asked is said in a line, without source code."""
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save("a.webp", save_all=True, append_images=frames[1:], lossless=True)
    ended = call("paint", "a.webp", "-s", "plain")
    assert ended.code == 0
    assert ended.lines[0].startswith("impasto: warning: a.webp")
    assert len(ended.lines) == 2


class Trouble(FakeBackend):
    """A backend that raises what it was given when it comes to a picture of 200 rows or more."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load, or raise; Ctrl-C comes to threads that paint, and not to one that loads ahead."""
        ahead = threading.current_thread().name == "impasto-load"
        if graph.name == "paint.onnx" and shapes["image"][1] >= 200 and not ahead:
            raise self.error
        return super().load(graph, shapes, exact=exact)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("by zero"), "unexpected ZeroDivisionError: by zero"),
    ],
)
def test_trouble_with_one_picture_leaves_the_others(
    call: Call, folder: Path, error: Exception, words: str
) -> None:
    """Whatever goes wrong in one picture is one line, and the next one is painted."""
    save_photo(folder / "big.png", 300, 300)
    save_photo(folder / "small.png", 8, 8)
    ended = call("paint", "big.png", "small.png", "-s", "plain", backend=Trouble(error))
    assert ended.code == 1
    assert words in ended.lines[0]
    assert len(ended.lines) == 2
    assert sorted(p.name for p in folder.iterdir()) == ["big.png", "small.plain.png", "small.png"]


def test_an_interrupt_keeps_what_is_done(call: Call, folder: Path) -> None:
    """Ctrl-C ends with 130; finished results stay, and nothing half-written does."""
    save_photo(folder / "a.png", 8, 8)
    save_photo(folder / "b.png", 300, 300)
    ended = call("paint", "a.png", "b.png", "-s", "plain", backend=Trouble(KeyboardInterrupt()))
    assert ended.code == 130
    assert ended.lines[-1] == "impasto: interrupted"
    assert sorted(p.name for p in folder.iterdir()) == ["a.plain.png", "a.png", "b.png"]


def test_debug_shows_where(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With IMPASTO_DEBUG an unexpected error is raised instead of told."""
    monkeypatch.setenv("IMPASTO_DEBUG", "1")
    save_photo(folder / "big.png", 300, 300)
    with pytest.raises(ZeroDivisionError):
        call("paint", "big.png", "-s", "plain", backend=Trouble(ZeroDivisionError()))
