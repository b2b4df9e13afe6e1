"""The real program in a process of its own: the shipped model, pipes, signals and full disks."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.cli.demo import demo_photo
from impasto.styles.library import BUNDLED

from .conftest import COMMAND, real, save_photo

SHIPPED = ["great-wave", "minotaur", "scream", "starry-night", "udnie", "water-lilies"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals and devices of POSIX")


def one_line(stderr: bytes) -> str:
    """The only line on stderr, which is no traceback."""
    (line,) = stderr.decode().splitlines()
    assert line.startswith("impasto: ")
    return line


def test_the_shipped_styles_are_listed() -> None:
    """Every style that is promised comes with the program."""
    listed = json.loads(real("styles", "list", "--json").stdout)
    assert {style["name"] for style in listed} >= set(SHIPPED)


@pytest.mark.parametrize("style", [*SHIPPED, "scream:0.6,great-wave:0.4"])
def test_each_shipped_style_paints_a_photo(folder: Path, style: str) -> None:
    """A real photo comes out in its own size and changed, in each style and in a mix."""
    ended = real("paint", demo_photo(), "-s", style, "-o", "a.png", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["painted"] == 1
    with Image.open("a.png") as painted, Image.open(demo_photo()) as photo:
        assert painted.size == photo.size
        change = np.abs(np.asarray(painted, float) - np.asarray(photo, float)).mean()
    assert change > 2


def test_demo_ends_in_the_path_of_the_result(folder: Path) -> None:
    """The last line on standard output is the path of a picture, and a second demo works too."""
    for _ in range(2):
        ended = real("demo", "-o", "out")
        assert ended.returncode == 0, ended.stderr
        with Image.open(ended.stdout.decode().splitlines()[-1]) as painted:
            assert painted.size == (600, 400)


@posix
def test_names_that_are_no_text_are_printed_as_they_are(folder: Path) -> None:
    """A path of bytes that are not UTF-8 comes out on standard output byte by byte."""
    name = b"caf\xe9"
    ended = subprocess.run(
        [*COMMAND, "styles", "export", "scream", "-o", name + b"/"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, name + b"/scream.safetensors\n")


@posix
def test_a_closed_standard_input_is_named(folder: Path) -> None:
    """A photo from a standard input that is not there is one line and wrong usage or a failure."""
    shell = ["sh", "-c", '"$@" <&-', "sh", *COMMAND, "paint", "-", "-s", "scream", "-o", "a.png"]
    ended = subprocess.run(shell, capture_output=True, check=False)
    assert ended.returncode in (1, 2)
    assert "standard input is closed" in one_line(ended.stderr)


def test_a_name_that_is_too_long_is_told(folder: Path) -> None:
    """A path that the system refuses is named in one line, with the system's reason."""
    ended = real("paint", demo_photo(), "-s", "scream", "-o", "x" * 300 + "/a.png")
    assert ended.returncode == 1
    line = one_line(ended.stderr)
    assert "too long" in line
    assert "unexpected" not in line


def test_a_pipe_carries_the_picture_and_nothing_else(folder: Path) -> None:
    """With - the photo comes from standard input and only picture bytes go to standard output."""
    photo = save_photo(folder / "a.png").read_bytes()
    ended = real("paint", "-", "-s", "scream", input=photo)
    assert ended.returncode == 0
    with Image.open(io.BytesIO(ended.stdout)) as painted:
        assert (painted.format, painted.size) == ("PNG", (40, 30))
    webp = real("paint", "a.png", "-s", "scream", "-o", "-", "--format", "webp").stdout
    with Image.open(io.BytesIO(webp)) as painted:
        assert painted.format == "WEBP"
    assert [path.name for path in folder.iterdir()] == ["a.png"]


def test_a_bad_picture_on_standard_input(folder: Path) -> None:
    """What is no picture, or nothing at all, is one line, and standard output stays empty."""
    for data in (b"hello", b""):
        ended = real("paint", "-", "-s", "scream", "-q", input=data)
        assert (ended.returncode, ended.stdout) == (1, b"")
        one_line(ended.stderr)


def test_help_starts_without_the_heavy_libraries() -> None:
    """Help and mistakes load no engine, torch, Pillow or array, and no other verb."""
    heavy = ("torch", "openvino", "onnxruntime", "PIL", "numpy", "impasto.cli.video")
    code = (
        "import sys; from impasto.cli.app import main; main(['paint', '--help']);"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert ended.stdout.decode().splitlines()[-1] == "[]"


def test_a_style_of_another_trunk(folder: Path, home: Path) -> None:
    """A user's style that does not fit the shipped model is wrong usage."""
    save_photo(folder / "a.jpg")
    ended = real("paint", "a.jpg", "-s", "plain")
    assert ended.returncode == 2
    assert "use the model it was made with" in one_line(ended.stderr)


def test_a_damaged_style_shadows_nothing_else(folder: Path, home: Path) -> None:
    """A damaged user's package fails alone; a list leaves it out with a warning."""
    (home / "styles" / "broken.safetensors").write_bytes(b"\xff" * 99)
    ended = real("paint", demo_photo(), "-s", "broken", "-o", "a.png")
    assert ended.returncode == 2
    assert "broken.safetensors" in one_line(ended.stderr)
    listed = real("styles", "list")
    assert listed.returncode == 0
    assert "plain" in listed.stdout.decode()
    assert "warning: style 'broken' is left out" in one_line(listed.stderr)


@posix
def test_a_write_that_fails_half_way(folder: Path) -> None:
    """When the disk takes no more, that file fails without a trace and the others are painted."""
    save_photo(folder / "big.png", 300, 300)
    save_photo(folder / "small.png", 8, 8)
    words = ["paint", "big.png", "small.png", "-s", "scream", "-o", "out", "-q"]
    # ulimit counts blocks of 512 or 1024 bytes: more than the small result, less than the big one.
    shell = ["sh", "-c", 'ulimit -f 32; exec "$@"', "sh", *COMMAND, *words]
    ended = subprocess.run(shell, capture_output=True, check=False)
    assert ended.returncode == 1
    line = one_line(ended.stderr)
    assert "big.png" in line
    assert "File too large" in line
    assert [path.name for path in (folder / "out").iterdir()] == ["small.png"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words",
    [
        ["paint", "a.png", "-s", "scream", "-o", "-", "-q"],
        ["paint", "a.png", "-s", "scream", "-q", "--json"],
        ["styles", "list"],
        ["doctor"],
        ["--version"],
    ],
)
def test_full_standard_output(folder: Path, words: list[str], unbuffered: str) -> None:
    """Standard output that takes nothing, at once or at the end, is one line and exit code 1."""
    save_photo(folder / "a.png")
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, env=environment, check=False
        )
    assert ended.returncode == 1
    line = one_line(ended.stderr)
    assert "cannot write to standard output: No space left" in line


def test_libraries_add_no_line_of_their_own(folder: Path) -> None:
    """Libtiff tells of a damaged file on stderr by itself; the call still ends in one line."""
    data = bytearray(photo_as_tiff(folder))
    data[100:200] = b"\xff" * 100
    (folder / "a.tif").write_bytes(data)
    ended = real("paint", "a.tif", "-s", "scream")
    assert ended.returncode == 1
    assert "the TIFF is damaged" in one_line(ended.stderr)


def photo_as_tiff(folder: Path) -> bytes:
    """The bytes of a compressed TIFF."""
    with Image.open(save_photo(folder / "a.png")) as photo:
        photo.save(folder / "a.tif", compression="tiff_lzw")
    return (folder / "a.tif").read_bytes()


@posix
@pytest.mark.parametrize(
    "words", [["paint", "a.png", "-s", "scream", "-o", "-", "-q"], ["styles", "list"]]
)
def test_a_reader_that_left(folder: Path, words: list[str]) -> None:
    """A broken pipe ends the call without a word."""
    save_photo(folder / "a.png")
    reader, writer = os.pipe()
    os.close(reader)
    ended = subprocess.run([*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


@posix
def test_closed_standard_streams() -> None:
    """A caller that closes standard output or error gets the exit code and no traceback."""
    for closed, code in (("styles list >&-", 0), ("styles show none >&- 2>&-", 2)):
        shell = ["sh", "-c", f'"$0" -m impasto.cli.app {closed}', sys.executable]
        ended = subprocess.run(shell, capture_output=True, check=False)
        assert (ended.returncode, ended.stderr) == (code, b"")


@contextmanager
def waiting_for_input(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A call that has painted one photo and now waits for the bytes of a second one."""
    save_photo(folder / "a.png")
    os.mkfifo(folder / "slow.png")
    words = ["paint", "a.png", "slow.png", "-s", "scream", "-o", "out"]
    with (
        subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE) as process,
        (folder / "slow.png").open("wb"),  # returns when the other side has opened it
    ):
        yield process


@posix
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_the_call_cleanly(folder: Path, name: str, code: int) -> None:
    """A call that is told to end keeps what is done and leaves nothing else, not even a trace."""
    with waiting_for_input(folder) as process:
        process.send_signal(signal.Signals[name])
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == code
    assert b"Traceback" not in stderr
    assert b"1 painted in" in stderr
    assert [path.name for path in (folder / "out").iterdir()] == ["a.png"]


@pytest.mark.skipif(shutil.which("setsid") is None, reason="needs setsid of Linux")
def test_a_closed_terminal_leaves_no_half_written_picture(folder: Path) -> None:
    """A painting in strips whose terminal goes away takes its unfinished file with it."""
    pytest.importorskip("pyvips")
    pty = pytest.importorskip("pty")
    Image.effect_noise((3000, 3000), 60).save(folder / "a.tif")
    words = [*COMMAND, "paint", "a.tif", "-s", "scream", "-o", "out/b.tif", "--memory", "36M"]
    ours, theirs = pty.openpty()
    opened = ["setsid", "-c", *words]  # a terminal of its own, which closes with our end
    with subprocess.Popen(opened, stdin=theirs, stderr=theirs, stdout=theirs) as process:
        os.close(theirs)
        while not list(folder.glob("out/.impasto-*")):
            assert read_terminal(ours)  # a terminal that nobody reads from would hold it up
        os.close(ours)
    assert process.returncode == 129
    assert list((folder / "out").iterdir()) == []


@posix
def test_a_call_under_nohup_outlives_its_terminal(folder: Path) -> None:
    """Who has a call ignore SIGHUP gets all of its paintings."""
    photo = save_photo(folder / "b.png").read_bytes()
    shell = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *COMMAND]
    os.mkfifo(folder / "slow.png")
    words = [*shell, "paint", "slow.png", "-s", "scream", "-o", "a.png"]
    with (
        subprocess.Popen(words, stderr=subprocess.PIPE) as process,
        (folder / "slow.png").open("wb") as pipe,
    ):
        process.send_signal(signal.SIGHUP)
        pipe.write(photo)
        pipe.close()
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert (folder / "a.png").exists()


@posix
def test_progress_shows_on_a_terminal_only(folder: Path) -> None:
    """On a terminal there is one bar; in a log there is none, and no control characters."""
    pty = pytest.importorskip("pty")
    for name in "abc":
        save_photo(folder / "trip" / f"{name}.png")
    words = [*COMMAND, "paint", "trip", "-s", "scream", "-o"]
    ours, theirs = pty.openpty()
    with subprocess.Popen([*words, "one"], stderr=theirs, stdout=subprocess.PIPE) as process:
        os.close(theirs)
        shown = b"".join(iter(lambda: read_terminal(ours), b""))
    assert process.returncode == 0
    assert b"3/3" in shown
    logged = subprocess.run([*words, "two"], capture_output=True, check=True)
    assert "3 painted" in one_line(logged.stderr)
    assert b"\x1b" not in logged.stderr


def read_terminal(descriptor: int) -> bytes:
    """The next bytes of a terminal; none when the other side is closed."""
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def test_shell_completion_knows_the_styles() -> None:
    """The shell completes verbs, and the names of styles after --style."""
    for words, expected in (("impasto pa", "paint"), ("impasto paint --style wat", "water-lilies")):
        asked = {"_IMPASTO_COMPLETE": "complete_bash", "COMP_WORDS": words}
        asked["COMP_CWORD"] = str(len(words.split()) - 1)
        ended = real(env={**os.environ, **asked})
        assert ended.stdout.decode().split() == [expected]


def test_the_bundled_folder_is_where_styles_are() -> None:
    """Each shipped package lies in the installed program and is small."""
    for name in SHIPPED:
        assert (BUNDLED / f"{name}.safetensors").stat().st_size <= 56 * 1024
