"""`impasto web export`: the page as files, whole or not at all."""

import json
from pathlib import Path

import pytest

from impasto.cli.app import main
from impasto.core.files import BUNDLED_PAGE
from impasto.engine.model import load_model
from impasto.styles.library import Library
from impasto.styles.package import read_style


def test_the_export_holds_page_model_and_styles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that the page loads is there, and its entry says that the browser paints."""
    folder = tmp_path / "new" / "site"
    assert main(["web", "export", str(folder)]) == 0
    assert capsys.readouterr().out.strip() == str(folder)
    for path in BUNDLED_PAGE.rglob("*"):
        assert (folder / path.relative_to(BUNDLED_PAGE)).exists(), path
    entry = (folder / "index.html").read_text(encoding="utf-8")
    assert '<meta name="impasto-engine" content="browser">' in entry
    assert load_model(folder / "model").trunk_id == load_model().trunk_id
    names = json.loads((folder / "styles/index.json").read_text(encoding="utf-8"))
    assert names == Library().names()
    for name in names:
        assert read_style(folder / f"styles/{name}.safetensors").name == name
    assert [path.name for path in folder.parent.iterdir()] == ["site"]


def test_only_named_styles_are_taken(tmp_path: Path) -> None:
    """--style names what comes along, each once."""
    call = ["web", "export", str(tmp_path / "site"), "-s", "udnie", "-s", "scream", "-s", "udnie"]
    assert main(call) == 0
    packages = sorted(path.stem for path in (tmp_path / "site/styles").glob("*.safetensors"))
    assert packages == ["scream", "udnie"]


def test_an_empty_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is there and empty may be written to, be it the current one."""
    monkeypatch.chdir(tmp_path)
    assert main(["web", "export", "."]) == 0
    assert (tmp_path / "index.html").is_file()


def test_a_folder_with_files_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without --overwrite nothing is written; with it, files of other names stay."""
    (tmp_path / "CNAME").write_text("example.org")
    assert main(["web", "export", str(tmp_path)]) == 1
    assert "not empty: give --overwrite" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["CNAME"]
    assert main(["web", "export", str(tmp_path), "--overwrite"]) == 0
    assert (tmp_path / "CNAME").read_text() == "example.org"
    assert (tmp_path / "index.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--style", "no-such-style"], "no style 'no-such-style'"),
        (["--model", "no-such-model"], "no model 'no-such-model'"),
    ],
)
def test_wrong_usage_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    """An unknown style or model ends in one line before anything is written."""
    assert main(["web", "export", str(tmp_path / "site"), *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_a_file_in_the_way_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file cannot be a folder."""
    (tmp_path / "site").write_text("a file")
    assert main(["web", "export", str(tmp_path / "site")]) == 1
    assert "cannot write to" in capsys.readouterr().err
