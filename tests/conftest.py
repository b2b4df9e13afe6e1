"""What all tests share: where data is found, and checks that are on only here."""

import os
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a worker for each core. With a thread for each core in every one of them, torch's
    # many small steps wait for a thread that is not running: a training took three times as long.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hypothesis
import pytest
from jaxtyping import install_import_hook

# Array shapes in signatures are checked while tests run, and not in the shipped package. Only in
# modules whose tests give no wrong arrays on purpose.
LAB = ["nets", "phases", "sites", "losses", "features"]
install_import_hook(
    ["impasto.engine.pixels", *(f"impasto.lab.{name}" for name in LAB)], "beartype.beartype"
)

# A slow machine is not a failure. Examples are the same on every run, so that a change is judged by
# what it changes; `make test-all` searches among new ones.
hypothesis.settings.register_profile("impasto", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, print_blob=True)
hypothesis.settings.load_profile("impasto")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def assets(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of photos, paintings and VGG weights; skips where there is none."""
    folder = Path(os.environ.get("IMPASTO_ASSETS", ROOT.parent / "shared" / "assets"))
    if not folder.is_dir():
        pytest.skip("needs the assets folder: set IMPASTO_ASSETS to it")
    monkeypatch.setenv("IMPASTO_ASSETS", str(folder))
    return folder


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests and workers of a run, as a user has one: it saves compiling."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"


@pytest.fixture(autouse=True)
def _own_home(
    tmp_path_factory: pytest.TempPathFactory, shared_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keeps tests away from the user's styles and cache."""
    monkeypatch.setenv("IMPASTO_HOME", str(tmp_path_factory.mktemp("home") / "data"))
    monkeypatch.setenv("IMPASTO_CACHE", str(shared_cache))


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, for tests of what is put there."""
    folder = tmp_path / "own-cache"
    monkeypatch.setenv("IMPASTO_CACHE", str(folder))
    return folder
