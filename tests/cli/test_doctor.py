"""The verb `doctor`."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from impasto.cli.doctor import examine

from .conftest import Call


def test_doctor_tells_all(home: Path) -> None:
    """Versions, engines, features, formats, folders and styles are there."""
    facts = examine()
    assert facts["versions"]["impasto"] == version("impasto")
    assert facts["versions"]["python"].startswith("3.")
    assert facts["engines"]["openvino"]["device"].startswith("CPU")
    assert {"JPEG", "PNG", "WEBP", "TIFF"} <= set(facts["formats"])
    assert facts["folders"]["data"] == str(home)
    assert {"plain", "bold"} <= set(facts["styles"])


def test_doctor_tells_which_devices_are_there(home: Path) -> None:
    """The CPU has its runtimes; any other device has a runtime or the reason why not."""
    devices = examine()["devices"]
    assert "openvino" in devices["cpu"]["engines"]
    assert {"gpu", "npu", "cuda", "tensorrt", "coreml", "directml"} < set(devices)
    for name, device in devices.items():
        assert device["engines"] or name in device["error"]


def test_lines_and_json_agree(call: Call) -> None:
    """What --json says is what the lines say, and the exit code tells of problems."""
    told = call("doctor", "--json")
    facts = json.loads(told.out)
    lines = call("doctor").out
    assert told.code == (1 if facts["problems"] else 0)
    assert facts["versions"]["numpy"] in lines
    assert facts["folders"]["cache"] in lines
    assert all(problem in lines for problem in facts["problems"])


def test_a_damaged_style_is_a_problem(call: Call, home: Path) -> None:
    """A package that cannot be read is named as a problem, and the exit code is 1."""
    (home / "styles" / "broken.safetensors").write_bytes(b"nothing")
    ended = call("doctor")
    assert ended.code == 1
    (line,) = [
        line for line in ended.out.splitlines() if line.startswith("problem ") and "broken" in line
    ]
    assert "not a usable style package" in line


def test_folders_that_take_nothing_are_told(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place for styles or for the cache that cannot be made is a warning, not a problem."""
    (folder / "file").touch()
    monkeypatch.setenv("IMPASTO_HOME", str(folder / "file" / "home"))
    monkeypatch.setenv("IMPASTO_CACHE", str(folder / "file" / "cache"))
    ended = call("doctor")
    assert ended.code == 0
    home, cache = [line for line in ended.out.splitlines() if line.startswith("warning ")]
    assert "file/home: Not a directory; no styles of your own" in home
    assert "file/cache: Not a directory; each call compiles" in cache
    assert "All is well" not in ended.out
    assert len(json.loads(call("doctor", "--json").out)["warnings"]) == 2


def test_looking_at_folders_makes_none(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders that are not there yet and can be made are well, and are not made."""
    monkeypatch.setenv("IMPASTO_HOME", str(folder / "new" / "home"))
    monkeypatch.setenv("IMPASTO_CACHE", str(folder / "new" / "cache"))
    assert json.loads(call("doctor", "--json").out)["warnings"] == []
    assert not (folder / "new" / "home").exists()


def test_doctor_does_not_import_torch() -> None:
    """The version of torch is looked up without loading it."""
    code = (
        "import sys; from impasto.cli.doctor import examine;"
        "examine(); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
