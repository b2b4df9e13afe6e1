"""The page's files: complete in both languages, small, and from nowhere else."""

import hashlib
import re
from pathlib import Path

import pytest

from impasto.core.files import BUNDLED_PAGE

SOURCES = [path for path in BUNDLED_PAGE.rglob("*") if path.suffix in {".js", ".css", ".html"}]
OWN = [path for path in SOURCES if "ort" not in path.parts]


def messages(language: str) -> dict[str, str]:
    """A table of messages."""
    text = (BUNDLED_PAGE / "js" / "messages" / f"{language}.js").read_text(encoding="utf-8")
    return dict(re.findall(r'^  "([\w.]+)": "(.*)",$', text, re.MULTILINE))


def test_both_languages_say_the_same() -> None:
    """The tables have the same messages, with the same values in them."""
    english, chinese = messages("en"), messages("zh")
    assert len(english) > 80
    assert english.keys() == chinese.keys()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_each_message_is_there_and_is_used() -> None:
    """What page and scripts name is in the tables, and nothing else is."""
    known = messages("en").keys()
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in OWN if "messages" not in path.parts
    )
    named = set(re.findall(r'data-(?:text|label)="([\w.]+)"', text))
    named |= set(re.findall(r'\bt\("([\w.]+)"', text))
    named |= set(re.findall(r'"((?:fit|video)\.missing)"', text))
    groups = tuple(re.findall(r"\bt\(`([\w.]+)\$\{", text))
    assert named <= known
    unused = {key for key in known - named if not key.startswith(groups)}
    assert unused == {"status.photo", "status.done"}  # chosen between in one call


def test_nothing_comes_from_elsewhere() -> None:
    """No file of the page names another site; the two addresses in SVG are names, not places."""
    for path in OWN:
        text = path.read_text(encoding="utf-8")
        found = set(re.findall(r"https?://[^\s\"'`)]+", text))
        assert found <= {"http://www.w3.org/2000/svg"}, path


def test_no_script_or_style_is_inline() -> None:
    """The server's content security policy allows none."""
    text = (BUNDLED_PAGE / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_files_are_small_and_say_what_they_are_for(path: Path) -> None:
    """At most 300 lines, and the first one is a comment, but for the page itself."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 300
    assert path.suffix == ".html" or lines[0].startswith("/*")


def test_onnx_runtime_is_the_one_that_its_readme_names() -> None:
    """Its files are those of the package, byte for byte: two for the CPU, two for a GPU."""
    readme = (BUNDLED_PAGE / "ort" / "README.md").read_text(encoding="utf-8")
    sums = re.findall(r"\| `([\w.-]+)` \| `([0-9a-f]{64})` \|", readme)
    assert len(sums) == 4
    for name, digest in sums:
        assert hashlib.sha256((BUNDLED_PAGE / "ort" / name).read_bytes()).hexdigest() == digest
