import errno
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.core.errors import OutputError
from impasto.core.files import (
    atomic_folder,
    atomic_write,
    cache_home,
    check_takes_files,
    data_home,
    make_folder,
    reason,
    sha256_file,
    shown,
)


def names_in(folder: Path) -> list[str]:
    """What is in a folder, hidden or not."""
    return sorted(path.name for path in folder.iterdir())


def write(path: Path, data: bytes, *, error: BaseException | None = None) -> None:
    """Write some bytes, then fail if there is an `error`."""
    with atomic_write(path) as file:
        file.write(data)
        if error:
            raise error


def test_a_success_puts_the_bytes_under_the_name(tmp_path: Path) -> None:
    """What the block wrote is under the final name, alone in its folder."""
    with atomic_write(tmp_path / "a.bin") as file:
        file.write(b"new")
        assert not (tmp_path / "a.bin").exists()
    assert (tmp_path / "a.bin").read_bytes() == b"new"
    assert names_in(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_any_failure_keeps_what_was_there(tmp_path: Path, failure: type[BaseException]) -> None:
    """An error or Ctrl-C in the block leaves the old file and nothing else."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")
    with pytest.raises(failure):
        write(target, b"half", error=failure())
    assert target.read_bytes() == b"old"
    assert names_in(tmp_path) == ["a.bin"]


def test_a_full_disk_is_one_line_and_no_file(tmp_path: Path) -> None:
    """A write that the system cuts off raises OutputError naming the file, and leaves nothing."""
    pytest.importorskip("resource")
    code = """if True:
        import resource, sys
        from impasto.core.errors import OutputError
        from impasto.core.files import atomic_write
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            with atomic_write(sys.argv[1]) as file:
                file.write(bytes(5000))
        except OutputError as error:
            print(error)
    """
    target = tmp_path / "a.bin"
    done = subprocess.run([sys.executable, "-c", code, target], capture_output=True, check=True)
    assert done.stdout.decode().splitlines() == [f"cannot write {target}: File too large"]
    assert names_in(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_device_is_written_and_not_replaced() -> None:
    """A device stays a device, and its refusal is an OutputError naming it."""
    with (
        pytest.raises(OutputError, match="/dev/full: No space left"),
        atomic_write("/dev/full") as file,
    ):
        file.write(b"x")
    assert stat.S_ISCHR(Path("/dev/full").stat().st_mode)


def taken_meanwhile(target: Path) -> None:
    """Write without overwriting, while somebody else takes the name."""
    with atomic_write(target, overwrite=False) as file:
        file.write(b"mine")
        target.write_bytes(b"theirs")


def test_without_overwrite_a_file_is_kept(tmp_path: Path) -> None:
    """overwrite=False refuses a name that is taken, also one taken while the block ran."""
    target = tmp_path / "a.bin"
    with pytest.raises(OutputError, match="exists already"):
        taken_meanwhile(target)
    with pytest.raises(OutputError, match="exists already"):
        taken_meanwhile(target)
    assert target.read_bytes() == b"theirs"
    assert names_in(tmp_path) == ["a.bin"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("no/a.bin", "there is no folder"), ("folder", "it is a folder"), ("a\0b", "null")],
)
def test_impossible_targets(tmp_path: Path, name: str, why: str) -> None:
    """A missing folder, a folder and a NUL in the name are refused in one line."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=why) as caught, atomic_write(tmp_path / name):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder closed even to root")
def test_an_unwritable_folder() -> None:
    """A folder that takes no file is an OutputError naming the file."""
    with (
        pytest.raises(OutputError, match=r"cannot write /proc/a\.png"),
        atomic_write("/proc/a.png"),
    ):
        pass


def test_a_link_is_followed(tmp_path: Path) -> None:
    """Writing to a symbolic link writes what it points to and keeps the link."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.bin"
    try:
        link.symlink_to(tmp_path / "real" / "a.bin")
    except OSError:
        pytest.skip("no symbolic links here")
    with atomic_write(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.bin").read_bytes() == b"new"


@pytest.mark.skipif(os.name == "nt", reason="no permission bits there")
def test_the_file_has_the_usual_permissions(tmp_path: Path) -> None:
    """A result is as readable as any new file, not private like a temporary one."""
    with atomic_write(tmp_path / "ours") as file:
        file.write(b"x")
    (tmp_path / "plain").write_bytes(b"x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_sha256(tmp_path: Path) -> None:
    """The hash is that of the bytes."""
    data = bytes(range(256)) * 10_000
    (tmp_path / "a").write_bytes(data)
    assert sha256_file(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_homes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The environment says where files go; without it the system's own places are used."""
    for variable, home in (("IMPASTO_HOME", data_home), ("IMPASTO_CACHE", cache_home)):
        monkeypatch.setenv(variable, str(tmp_path))
        assert home() == tmp_path
        monkeypatch.delenv(variable)
        assert "impasto" in home().parts


@given(st.text(st.characters()))
def test_names_are_shown_in_one_printable_line(name: str) -> None:
    """Whatever is in a name, what is shown is printable and can be encoded."""
    line = shown(name)
    assert line.isprintable()
    line.encode()
    assert reason(ValueError(name)).isprintable()


def test_reasons_leave_out_the_file() -> None:
    """The system's own words are used; an error without words gives ours, or its type."""
    assert reason(FileNotFoundError(2, "No such file or directory", "x")) == (
        "No such file or directory"
    )
    assert reason(MemoryError()) == "there is not enough memory"
    assert reason(RuntimeError()) == "RuntimeError"


def test_a_folder_is_made_or_the_reason_told(tmp_path: Path) -> None:
    """Folders above it are made too, one that is there is fine, and a file in the way is named."""
    for _ in range(2):
        make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot make the folder .*file"):
        make_folder(tmp_path / "file" / "below")


def write_folder(path: Path, text: str, *, error: BaseException | None = None) -> None:
    """Write a folder with one file, then fail if there is an `error`."""
    with atomic_folder(path) as new:
        assert names_in(new) == []
        (new / "a.txt").write_text(text)
        if error:
            raise error


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    """It has its name when the block ends, in place of what was there, and nothing else is left."""
    target = tmp_path / "deep" / "model"
    for content in ("one", "two"):
        write_folder(target, content)
        assert (target / "a.txt").read_text() == content
    assert names_in(target.parent) == ["model"]


def test_a_folder_that_cannot_take_its_place_leaves_what_was_there(tmp_path: Path) -> None:
    """The old folder was moved aside already when the new one cannot follow, and comes back."""
    target = tmp_path / "model"
    write_folder(target, "old")
    with pytest.raises(OutputError, match=r"cannot write .*model"), atomic_folder(target) as new:
        new.rmdir()
    assert (target / "a.txt").read_text() == "old"
    assert names_in(tmp_path) == ["model"]


def test_a_folder_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    """An error in the block keeps the old folder; an OSError names it in one line."""
    target = tmp_path / "model"
    write_folder(target, "old")
    with pytest.raises(OutputError, match=r"cannot write .*model: No space left"):
        write_folder(target, "new", error=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert (target / "a.txt").read_text() == "old"
    assert names_in(tmp_path) == ["model"]


def test_a_folder_that_takes_files_is_known_without_making_it(tmp_path: Path) -> None:
    """A folder that is there, or can be made, is well; below a file none can be; none is made."""
    check_takes_files(tmp_path)
    check_takes_files(tmp_path / "new" / "below")
    assert names_in(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"cannot write to the folder .*below: Not a directory"):
        check_takes_files(tmp_path / "file" / "below")
