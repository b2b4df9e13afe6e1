"""Bad input: one clear line, the right exit code, nothing half-written, and the rest is done."""

import json
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from impasto.cli.app import main
from impasto.styles.package import write_style

from .conftest import Call, make_style, save_photo


def png_of(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that claims to be this large."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 99)), (b"IEND", b"")]
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def bare_png_of(width: int, height: int) -> bytes:
    """The same, cut off behind its first chunk."""
    return png_of(width, height)[:33]


def truncated_jpeg() -> bytes:
    """The first half of a JPEG."""
    data = save_photo(Path("whole.jpg"), 100, 100).read_bytes()
    Path("whole.jpg").unlink()
    return data[: len(data) // 2]


def bad_files(folder: Path) -> dict[str, str]:
    """Make one of each; the words that the message about it must hold."""
    (folder / "text.jpg").write_text("Dear diary, this is no picture.\n" * 9)
    (folder / "half.jpg").write_bytes(truncated_jpeg())
    (folder / "huge.png").write_bytes(png_of(60_000, 60_000))
    (folder / "bare.png").write_bytes(bare_png_of(60_000, 60_000))
    Image.new("RGB", (9, 9)).save(folder / "eps.png", format="EPS")
    (folder / "empty.webp").touch()
    (folder / "gone.png").symlink_to("nowhere.png")
    return {
        "text.jpg": "is not a JPEG",
        "half.jpg": "cannot read",
        "huge.png": "the limit is 200 million",
        "bare.png": "the limit is 200 million",
        "eps.png": "is not a JPEG",
        "empty.webp": "is empty",
        "gone.png": "No such file",
    }


def test_bad_files_of_a_folder_leave_the_others(call: Call, folder: Path) -> None:
    """Each bad file is one line that names it, and the good photo is painted."""
    (folder / "trip").mkdir()
    words = bad_files(folder / "trip")
    save_photo(folder / "trip" / "good.jpg")
    ended = call("paint", "trip", "-s", "plain", "-o", "new")
    assert ended.code == 1
    assert len(ended.lines) == len(words) + 1
    for name, said in words.items():
        (line,) = [line for line in ended.lines if name in line]
        assert said in line
    assert ended.lines[-1].startswith(f"impasto: 1 painted, {len(words)} failed in ")
    assert [path.name for path in Path("new").iterdir()] == ["good.jpg"]


@pytest.mark.parametrize("name", ["text.jpg", "half.jpg", "bare.png", "eps.png", "missing.jpg"])
def test_a_bad_file_alone(call: Call, folder: Path, name: str) -> None:
    """A bad file is one line and exit code 1, and no result appears."""
    bad_files(folder)
    before = sorted(folder.iterdir())
    ended = call("paint", name, "-s", "plain")
    assert (ended.code, ended.out, len(ended.lines)) == (1, "", 1)
    assert name in ended.err
    assert sorted(folder.iterdir()) == before


def test_the_pixel_limit_can_be_set(call: Call, folder: Path) -> None:
    """--max-megapixels refuses a picture above it and takes one at it."""
    save_photo(folder / "a.png", 100, 100)
    ended = call("paint", "a.png", "-s", "plain", "--max-megapixels", "0.0099")
    assert (ended.code, "too many pixels" in ended.err) == (1, True)
    assert call("paint", "a.png", "-s", "plain", "--max-megapixels", "0.01").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-s", "plian"], "no style 'plian': did you mean plain?"),
        (["-s", "plain:0.5,bold"], "'bold' has no weight"),
        (["-s", "plain:0.5,bold:x"], "'x' is not a positive number"),
        (["-s", "plain:0,bold:0"], "must be above 0"),
        (["-s", "plain:1,plain:1"], "given 2 times"),
        (["-s", "../plain"], "is no style name"),
        (["-s", ""], "is no style name"),
        (["-s", "gone.safetensors"], "No such file"),
        (["-s", "plain", "--strength", "1.5"], "strength is 1.5"),
        (["-s", "plain", "--strength", "-1"], "strength is -1"),
        (["-s", "plain", "--strength", "nan"], "strength is nan"),
        (["-s", "plain", "--strength", "much"], "--strength"),
        (["-s", "plain", "--colors", "green"], "--colors"),
        (["-s", "plain", "--size", "0"], "size is 0"),
        (["-s", "plain", "--quality", "101"], "quality must be from 1 to 100"),
        (["-s", "plain", "--format", "gif"], "--format"),
        (["-s", "plain", "--max-megapixels", "0"], "--max-megapixels"),
        (["-s", "plain", "--max-megapixels", "nan"], "--max-megapixels"),
        (["-s", "plain", "--overwrite", "--skip"], "exclude each other"),
        (["-s", "plain", "--suffix", "x/y"], "--suffix"),
        (["-s", "plain", "-o", "b.gif"], ".jpg"),
        (["-s", "plain", "-o", "-", "--json"], "standard output"),
        (["-s", "plain", "--model", "none-such"], "no model 'none-such'"),
        (["-s", "plain", "--colour"], "No such option"),
        ([], "--style"),
    ],
)
def test_wrong_usage(call: Call, folder: Path, words: list[str], said: str) -> None:
    """What was typed wrong is named in one line with exit code 2, and nothing is painted."""
    save_photo(folder / "a.jpg")
    ended = call("paint", "a.jpg", *words)
    assert (ended.code, ended.out, len(ended.lines)) == (2, "", 1)
    assert said in ended.err
    assert [path.name for path in folder.iterdir()] == ["a.jpg"]


@pytest.mark.parametrize("words", [["paint"], ["styles", "show"], ["nonsense"], ["styles", "oops"]])
def test_wrong_commands(call: Call, words: list[str]) -> None:
    """A verb that is unknown or lacks its argument is one line with exit code 2."""
    ended = call(*words) if words != ["paint"] else call("paint", "-s", "plain")
    assert (ended.code, len(ended.lines)) == (2, 1)


def test_engine_settings_are_checked(
    folder: Path, model: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A number of threads below 1 and an unknown engine are wrong usage."""
    save_photo(folder / "a.jpg")
    common = ["paint", "a.jpg", "-s", "plain", "--model", str(model)]
    assert main([*common, "--threads", "0"]) == 2
    assert main([*common, "--engine", "abacus"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_package_for_another_trunk(call: Call, home: Path, folder: Path) -> None:
    """A style of another trunk is named as such; it is wrong usage."""
    save_photo(folder / "a.jpg")
    write_style(make_style("other", "0" * 64), home / "styles" / "other.safetensors")
    ended = call("paint", "a.jpg", "-s", "other")
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert "made for the trunk 000000000000" in ended.err


def test_a_damaged_package(call: Call, home: Path, folder: Path) -> None:
    """A damaged package is named when it is asked for, and keeps no other style from working."""
    save_photo(folder / "a.jpg")
    whole = (home / "styles" / "bold.safetensors").read_bytes()
    (home / "styles" / "bold.safetensors").write_bytes(whole[:-40])
    ended = call("paint", "a.jpg", "-s", "bold")
    assert (ended.code, len(ended.lines)) == (2, 1)
    assert "bold.safetensors" in ended.err
    assert call("paint", "a.jpg", "-s", "plain").code == 0


def test_an_unwritable_folder(call: Call, folder: Path) -> None:
    """A result that has no place is one line and exit code 1."""
    save_photo(folder / "a.jpg")
    save_photo(folder / "b.jpg")
    (folder / "file").write_text("not a folder")
    ended = call("paint", "a.jpg", "-s", "plain", "-o", "file/below/b.jpg", "-q")
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "cannot make the folder" in ended.err
    ended = call("paint", "a.jpg", "b.jpg", "-s", "plain", "-o", "file/", "--json")
    assert [one["status"] for one in json.loads(ended.out)["results"]] == ["failed", "failed"]


def test_a_result_that_is_a_folder(call: Call, folder: Path) -> None:
    """A folder with the name of the result is not replaced."""
    save_photo(folder / "a.jpg")
    (folder / "a.plain.jpg").mkdir()
    ended = call("paint", "a.jpg", "-s", "plain", "--overwrite", "-q")
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "it is a folder" in ended.err


def test_strange_names_stay_in_one_line(call: Call, folder: Path) -> None:
    """A line break or an escape code in a name neither splits the line nor reaches the terminal."""
    (folder / "a\n\x1b[31mb.jpg").write_text("no picture")
    ended = call("paint", ".", "-s", "plain", "-q")
    assert (ended.code, len(ended.lines)) == (1, 1)
    assert "\x1b" not in ended.err
