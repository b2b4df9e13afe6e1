"""Pictures painted in strips, from file to file."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.cli import streamed
from impasto.cli.jobs import Job
from impasto.cli.streamed import needs_stream, paint_streamed, streamed_bar
from impasto.cli.work import Work, _in_strips, _one_by_one, _way_of
from impasto.core.errors import ImageError, MissingExtraError, OutputError
from impasto.engine.backend import Session, Shapes
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.painter import Painter
from impasto.media.image import ReadLimits, WriteOptions, read_image, read_record
from impasto.styles.library import Library

from .conftest import Call, save_photo

pytest.importorskip("pyvips")

MEMORY = "2M"
RECORD = {"style": "bold"}


@pytest.fixture
def cut(model: Path, tmp_path: Path) -> Path:
    """The small model, which tells its reach and so can be cut into tiles."""
    folder = shutil.copytree(model, tmp_path / "cut")
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "reach": 6}))
    return folder


class Meddler(FakeBackend):
    """A fake engine during whose third tile something happens."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        super().__init__()
        self._act, self._tiles = act, 0

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Count the tiles."""
        self._tiles += graph.name == "paint.onnx"
        if self._tiles == 3:
            self._act()
        return super().load(graph, shapes, exact=exact)


MakeWork = Callable[..., Work]


@pytest.fixture
def work_of(cut: Path, home: Path) -> MakeWork:
    """A maker of work in the style `bold`."""

    def make(backend: FakeBackend | None = None, **settings: object) -> Work:
        library, engine = Library([home / "styles"]), backend or FakeBackend()
        painter = Painter(
            "bold", model=cut, library=library, backend=engine, memory=MEMORY, **settings
        )
        return Work(painter, ReadLimits(), WriteOptions(record=RECORD), "overwrite")

    return make


@pytest.mark.parametrize("name", ["b.tif", "b.png", "deep/down/b.tiff"])
def test_the_file_is_that_of_a_whole_painting(folder: Path, work_of: MakeWork, name: str) -> None:
    """Pixels are those of painting in memory, and the record is there."""
    photo = save_photo(folder / "a.png", 301, 203)
    work = work_of()
    told: list[float] = []
    size = paint_streamed(Job(photo, folder / name), work, told.append)
    assert size == (301, 203)
    assert told[-1] == 1
    whole, painted = work.painter.paint(read_image(photo)), read_image(folder / name)
    np.testing.assert_array_equal(painted.pixels, whole.pixels)
    assert read_record(folder / name) == RECORD


def test_heic_is_written_as_a_whole(folder: Path, work_of: MakeWork) -> None:
    """A format that libvips does not write comes out too."""
    pytest.importorskip("pillow_heif")
    photo = save_photo(folder / "a.png", 301, 203)
    assert paint_streamed(Job(photo, folder / "b.heic"), work_of()) == (301, 203)
    assert read_image(folder / "b.heic").format == "HEIF"


def test_the_size_of_the_result_is_told(folder: Path, work_of: MakeWork) -> None:
    """With a bound on the size, the painting is smaller, and that is what is told."""
    photo = save_photo(folder / "a.jpg", 301, 203)
    assert paint_streamed(Job(photo, folder / "b.jpg"), work_of(size=100)) == (100, 67)
    with Image.open(folder / "b.jpg") as painted:
        assert painted.size == (100, 67)


def left_in(folder: Path) -> list[str]:
    """The files of a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_photo_that_changes_meanwhile(folder: Path, work_of: MakeWork) -> None:
    """It is an error, nothing is left, and painting it again works."""
    photo = save_photo(folder / "a.png", 301, 203)
    meddler = Meddler(lambda: save_photo(photo, 301, 204))
    with pytest.raises(ImageError, match=r"a\.png has changed while it was read: paint it again"):
        paint_streamed(Job(photo, folder / "b.tif"), work_of(meddler))
    assert left_in(folder) == ["a.png"]
    assert paint_streamed(Job(photo, folder / "b.tif"), work_of()) == (301, 204)


def test_a_photo_that_ends_too_early(folder: Path, work_of: MakeWork) -> None:
    """Half a file is an error before anything is painted."""
    photo = save_photo(folder / "a.jpg", 301, 203)
    photo.write_bytes(photo.read_bytes()[:4000])
    backend = FakeBackend()
    with pytest.raises(ImageError, match=r"cannot read a?.*a\.jpg"):
        paint_streamed(Job(photo, folder / "b.tif"), work_of(backend))
    assert backend.runs == []
    assert left_in(folder) == ["a.jpg"]


@pytest.mark.parametrize("name", ["b.tif", "b.png", "b.jpg"])
def test_a_disk_that_is_full(folder: Path, work_of: MakeWork, name: str) -> None:
    """A write that fails is an error, what was there stays, and a rerun completes."""
    photo, target = save_photo(folder / "a.png", 301, 203), folder / name
    target.write_bytes(b"before")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        with pytest.raises(OutputError, match=f"cannot write .*{name}: .*large"):
            paint_streamed(Job(photo, target), work_of())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert target.read_bytes() == b"before"
    assert left_in(folder) == ["a.png", name]
    paint_streamed(Job(photo, target), work_of())
    assert read_image(target).pixels.shape == (203, 301, 3)


KILLED = """
import os, signal, sys
from impasto.cli.app import main
from impasto.engine.fake_backend import FakeBackend
class Last(FakeBackend):
    def load(self, graph, shapes, **how):
        if [name for name, _ in self.loads].count("paint.onnx") == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(graph, shapes, **how)
main(sys.argv[1:], backend=Last())
"""


def test_a_process_that_is_killed(call: Call, folder: Path, cut: Path) -> None:
    """Nothing is there under the final name, and a rerun completes."""
    photo = save_photo(folder / "a.png", 301, 403)
    words = ["paint", photo, "-s", "bold", "--memory", MEMORY, "--model", cut, "-o", "b.tif"]
    command = [sys.executable, "-c", KILLED, *map(str, words)]
    ended = subprocess.run(command, capture_output=True, check=False)
    assert ended.returncode == -9, ended.stderr.decode()
    assert not (folder / "b.tif").exists()
    assert call(*words).code == 0
    assert read_image(folder / "b.tif").pixels.shape == (403, 301, 3)


def test_the_command_line_streams_what_is_large(call: Call, folder: Path, cut: Path) -> None:
    """With little memory the same call gives the same pixels, also on standard output's way."""
    save_photo(folder / "a.png", 301, 403)
    words = ["paint", "a.png", "-s", "bold", "--model", cut]
    assert call(*words, "-o", "whole.tif").code == 0
    assert call(*words, "-o", "strips.tif", "--memory", MEMORY).code == 0
    one, two = ((folder / name).read_bytes() for name in ("whole.tif", "strips.tif"))
    assert (one[:4], two[:4]) == (b"II*\0", b"II+\0")
    np.testing.assert_array_equal(
        read_image(folder / "whole.tif").pixels, read_image(folder / "strips.tif").pixels
    )
    record = read_record(folder / "strips.tif")
    assert record is not None
    assert record == read_record(folder / "whole.tif")


def test_too_little_memory_is_wrong_usage_of_one_line(call: Call, folder: Path, cut: Path) -> None:
    """An amount that holds no tile, and one that is no amount, are told in one line."""
    save_photo(folder / "a.png", 301, 403)
    ended = call("paint", "a.png", "-s", "bold", "--model", cut, "--memory", "50K")
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "a.png: memory is 50K: painting 301 x 403 pixels takes at least" in ended.err
    ended = call("paint", "a.png", "-s", "bold", "--memory", "much")
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert left_in(folder) == ["a.png"]


def test_what_needs_strips(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large for the memory, or over the limit of pictures in memory; nothing that is refused."""
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    photo = folder / "a.png"
    Image.fromarray(noise).save(photo)
    usual, few = ReadLimits(), ReadLimits(max_pixels=100_000)
    assert not needs_stream(photo, usual)
    assert needs_stream(photo, usual, "3M")
    assert not needs_stream(photo, usual, "4M")
    assert not needs_stream(photo, few, "3M")  # somebody asked for that limit
    assert not needs_stream(folder / "missing.png", usual, "1K")
    (folder / "text.png").write_text("hello")
    assert not needs_stream(folder / "text.png", usual, "1K")
    monkeypatch.setattr(ReadLimits, "max_pixels", 100_000)
    assert needs_stream(photo, ReadLimits(max_pixels=100_000))


def test_a_small_file_of_many_pixels(
    folder: Path, work_of: MakeWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done in strips is decided by pixels, and not by how well they were compressed."""
    Image.new("1", (3000, 2000)).save(folder / "a.png")
    save_photo(folder / "b.png", 300, 200)
    assert (folder / "a.png").stat().st_size < 2_000
    monkeypatch.setattr(streamed, "_ROOM", 2**20)
    jobs = [Job(folder / name, folder / "out.tif") for name in ("a.png", "b.png")]
    assert [_way_of(job, work_of(), True) for job in jobs] == [_in_strips, _one_by_one]


def test_rare_kinds_of_tiff_are_painted_as_a_whole(folder: Path) -> None:
    """Pixels that strips would read wrong are not read in strips, however little memory is."""
    Image.new("F", (300, 400)).save(folder / "a.tif")
    assert not needs_stream(folder / "a.tif", ReadLimits(), "64K")


def test_a_folder_whose_name_is_not_utf_8(folder: Path, work_of: MakeWork) -> None:
    """A picture is read from such a name and written to one."""
    inside = folder / os.fsdecode(b"caf\xe9")
    try:
        inside.mkdir()
    except OSError:
        pytest.skip("no such names on this file system")
    photo = save_photo(inside / "a.png", 301, 203)
    assert paint_streamed(Job(photo, inside / "b.tif"), work_of()) == (301, 203)
    assert left_in(inside) == ["a.png", "b.tif"]


def test_a_trap_is_left_to_be_refused(call: Call, folder: Path) -> None:
    """A small file of very many pixels is not painted for hours, but refused by its header."""
    Image.new("1", (20_000, 20_000)).save(folder / "trap.png")
    assert not needs_stream(folder / "trap.png", ReadLimits())
    ended = call("paint", "trap.png", "-s", "bold")
    assert ended.code == 1
    assert "too many pixels (20000x20000)" in ended.err


def test_without_pyvips(folder: Path, work_of: MakeWork, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fits the ordinary limits is painted whole; what does not names the extra."""
    photo = save_photo(folder / "a.png", 301, 203)
    monkeypatch.setattr(streamed.importlib.util, "find_spec", lambda name: None)
    assert not needs_stream(photo, ReadLimits(), "1M")
    with pytest.raises(MissingExtraError, match=r"impasto\[large\]"):
        paint_streamed(Job(photo, folder / "b.tif"), work_of())


def test_standard_input_has_no_strips(work_of: MakeWork) -> None:
    """A pipe cannot be gone through twice."""
    with pytest.raises(ImageError, match="standard input"):
        paint_streamed(Job(None, Path("b.tif")), work_of())


@pytest.mark.parametrize("shown_at_all", [False, True])
def test_the_bar_is_shown_where_it_may_be(
    shown_at_all: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal gets the bar on stderr, to its end; where it is not to be shown, nothing is."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with streamed_bar("a.tif", shown_at_all=shown_at_all) as tell:
        tell(0.5)
        tell(1.0)
    written = capsys.readouterr()
    assert written.out == ""
    assert ("100%" in written.err) == shown_at_all
