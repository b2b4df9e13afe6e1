"""A small model, a library and photos for the command line, and ways to call it."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import save_file

from impasto.cli.app import main
from impasto.core.errors import EngineError
from impasto.engine.fake_backend import FakeBackend
from impasto.styles.package import Style, write_style

CHANNELS = 6


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder for the fake backend, which opens no graph."""
    folder = tmp_path_factory.mktemp("model")
    code = np.stack([np.ones(CHANNELS), np.zeros(CHANNELS)]).astype(np.float16)
    save_file({"identity_code": code}, folder / "weights.safetensors")
    for graph in ("measure.onnx", "paint.onnx"):
        (folder / graph).touch()
    manifest = {
        "format_version": 1,
        "name": "small",
        "trunk_id": hashlib.sha256((folder / "weights.safetensors").read_bytes()).hexdigest(),
        "channels": CHANNELS,
        "sites": [{"name": "stem", "channels": CHANNELS}],
        "multiple": 8,
        "margin": 8,
        "grain_cell": 8,
        "thumbnail": 64,
        "gmac_512": 0.1,
        "parameters": 12,
        "recipe": "none",
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def make_style(name: str, trunk_id: str, bend: float = 0.5) -> Style:
    """A style for the small model."""
    code = np.stack([np.full(CHANNELS, 1 + bend), np.linspace(-1, 1, CHANNELS)])
    return Style(name, f"The {name}", "A. Painter", 1900, "CC0-1.0", trunk_id, code)


@pytest.fixture(autouse=True)
def _nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep styles and models that a user has installed out of the tests."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("IMPASTO_DEBUG", raising=False)


@pytest.fixture
def home(tmp_path: Path, model: Path) -> Path:
    """The user's data folder with the styles `plain` and `bold` for the small model."""
    home = tmp_path / "home"
    (home / "styles").mkdir(parents=True)
    trunk_id = json.loads((model / "manifest.json").read_text())["trunk_id"]
    for name, bend in (("plain", 0.2), ("bold", 0.9)):
        style = make_style(name, trunk_id, bend)
        write_style(style, home / "styles" / f"{name}.safetensors")
    return home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the current one."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def save_photo(path: Path, width: int = 40, height: int = 30) -> Path:
    """A small photo-like picture: a gradient with noise, the same on every call."""
    rows, columns = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(1).integers(0, 32, (height, width))
    red, green = 200 * rows // height + noise, 200 * columns // width + noise
    pixels = np.stack([red, green, 120 + noise], axis=-1).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


Call = Callable[..., Ended]


@pytest.fixture
def call(model: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Call the command line in this process on the fake backend."""

    def run(*argv: object, backend: FakeBackend | None = None) -> Ended:
        words = [str(word) for word in argv]
        if words[0] in ("paint", "video"):
            words[1:1] = ["--model", str(model)]
        code = main(words, backend=backend or FakeBackend())
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


COMMAND = [sys.executable, "-m", "impasto.cli.app"]


class Failing(FakeBackend):
    """Breaks after so many runs."""

    def __init__(self, runs: int) -> None:
        super().__init__()
        self.left = runs

    def load(self, *arguments: object, **options: object) -> object:  # type: ignore[override]
        """Load a graph, or break."""
        self.left -= 1
        if self.left < 0:
            raise EngineError("the engine broke")
        return super().load(*arguments, **options)  # type: ignore[arg-type]


def real(*argv: object, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Run the real program with the bundled model in a process of its own."""
    words = [*COMMAND, *(str(word) for word in argv)]
    return subprocess.run(words, capture_output=True, timeout=120, check=False, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture
def laboratory(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe in the current folder, and the tiny assets that it names."""
    pytest.importorskip("torch")
    from ..bench.conftest import PAINTING, PHOTOS, write_assets

    monkeypatch.setenv("IMPASTO_ASSETS", str(write_assets(tmp_path / "assets")))
    (folder / "photos.txt").write_text("\n".join(f"content/photos/{p}" for p in PHOTOS.values()))
    text = f'name = "tiny"\nheld_out = "photos.txt"\n[styles.scream]\nfiles = ["{PAINTING}"]\n'
    (folder / "recipe.toml").write_text(text + 'title = "A rocket"\n')
    return folder


@pytest.fixture
def source(folder: Path) -> Path:
    """A clip with two streams of sound, subtitles, chapters and a title."""
    pytest.importorskip("av")
    from ..clips import FULL, save_clip

    return save_clip(folder / "in.mkv", FULL)


@pytest.fixture
def long(folder: Path) -> Path:
    """A clip long enough that going on begins in its middle."""
    pytest.importorskip("av")
    from ..clips import FULL, save_clip

    return save_clip(folder / "long.mkv", replace(FULL, times=range(85)))
