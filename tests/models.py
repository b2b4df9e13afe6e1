"""A second model beside the bundled one: a small random trunk that brings styles of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from impasto.engine.model import Model, load_model
from impasto.styles.package import SUFFIX, Style, read_style, write_style


def make_second_model(folder: Path) -> Model:
    """Writes a real model with its own `udnie`, as the bundled one has, and `dots`, as none has."""
    pytest.importorskip("torch")
    from .lab.conftest import make_easel

    easel = make_easel(folder)
    easel.model.styles_folder.mkdir()
    for style, name in zip(easel.styles, ("udnie", "dots"), strict=True):
        put(replace(style, name=name, title=f"The second {name}"), easel.model.styles_folder)
    return load_model(easel.model.folder)


def own_style(model: Model, name: str) -> Style:
    """A style that comes with a model."""
    return read_style(model.styles_folder / f"{name}{SUFFIX}")


def put(style: Style, folder: Path) -> Path:
    """Writes a style into a folder of packages, under its name."""
    folder.mkdir(parents=True, exist_ok=True)
    write_style(style, path := folder / f"{style.name}{SUFFIX}")
    return path
