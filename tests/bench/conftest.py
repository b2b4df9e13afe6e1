"""The folder with data for comparisons, where there is one."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder that IMPASTO_ASSETS names, or `shared/assets` beside the project."""
    beside = Path(__file__).parents[3] / "shared" / "assets"
    folder = Path(os.environ.get("IMPASTO_ASSETS") or beside)
    if not folder.is_dir():
        pytest.skip("needs the folder that IMPASTO_ASSETS names")
    return folder
