"""What the documents say is true: examples run, and links lead somewhere."""

import itertools
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from impasto.cli.app import main
from impasto.cli.demo import demo_photo

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "MODEL_CARD.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md")]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced examples of a language."""
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `photo.jpg`, its mask `sky.png` and `holiday/`, as the examples assume."""
    with Image.open(demo_photo()) as photo:
        small = photo.resize((96, 64))
    (tmp_path / "holiday").mkdir()
    for name in ("photo.jpg", "holiday/beach.jpg"):
        small.save(tmp_path / name)
    Image.new("L", (9, 6), "white").save(tmp_path / "sky.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_python_examples_of_the_readme_run(desk: Path) -> None:
    """The examples run one after the other as a reader would type them."""
    photos = [Image.open(desk / "photo.jpg")] * 2
    names: dict[str, object] = {"photos": photos}
    for example in blocks(ROOT / "README.md", "python"):
        exec(compile(example, "README.md", "exec"), names)  # noqa: S102
    with Image.open(desk / "painting.jpg") as painting:
        assert painting.size == photos[0].size
    paintings = names["paintings"]
    assert isinstance(paintings, list)
    assert len(paintings) == 2


def test_painting_commands_of_the_readme_run(desk: Path) -> None:
    """Each `impasto paint` line that needs no pipe ends well and leaves a result."""
    text = "\n".join(blocks(ROOT / "README.md", "sh"))
    calls = [line for line in text.splitlines() if line.startswith("impasto paint")]
    assert len(calls) >= 3
    for call in calls:
        before = set(desk.rglob("*.jpg"))
        assert main([*shlex.split(call, comments=True)[1:], "--overwrite"]) == 0, call
        assert set(desk.rglob("*.jpg")) > before, call


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page is a file of the project."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_dependency_is_explained() -> None:
    """Each package that pyproject names stands in docs/dependencies.md."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    for requirement in itertools.chain(*groups):
        name = re.match(r"[A-Za-z0-9-]+", requirement)
        assert name is not None
        assert name[0] == "impasto" or name[0] in page, requirement


def test_pages_speak_of_no_machine() -> None:
    """No page holds an absolute path of somebody's machine."""
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(root|work|Users|home/\w+)/", page.read_text()), page
