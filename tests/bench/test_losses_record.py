"""Measured losses in style packages."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from impasto.bench.losses_record import losses_of, read_report, record_losses
from impasto.core.errors import InputError, StyleError
from impasto.styles.package import Style, read_style, write_style

TRUNK = "ab" * 32


def make_row(style: str, **changes: Any) -> dict[str, Any]:
    """A row as it stands in the JSON."""
    row = {"style": style, "method": "impasto", "strength": 1.0, "style_loss": 0.2}
    row |= {"style_normalised": 0.1, "content": 0.3, "ssim": 0.5, "judge_normalised": None}
    return row | changes


@pytest.fixture
def report() -> dict[str, Any]:
    """A report of two styles, one more that was not run, and other methods."""
    rows = [
        make_row("waves", judge_normalised=0.4),
        make_row("stars"),
        make_row("unborn", style_loss=None, style_normalised=None),
        make_row("waves", strength=0.5, style_normalised=0.7),
        make_row("waves", method="unchanged photo", style_normalised=1.0),
    ]
    return {"benchmark": "losses", "model": {"trunk_id": TRUNK}, "rows": rows}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The packages of the two styles."""
    code = np.ones((2, 4), np.float32)
    for name in ("waves", "stars"):
        style = Style(name, f"The {name}", "A. Painter", 1900, "CC0-1.0", TRUNK, code)
        write_style(style, tmp_path / f"{name}.safetensors")
    return tmp_path


def test_full_strength_is_recorded(report: dict[str, Any]) -> None:
    """Of each style that was run the losses at strength 1, without what was not measured."""
    stars = {"style": 0.1, "content": 0.3, "ssim": 0.5}
    assert losses_of(report) == {"waves": {**stars, "judge": 0.4}, "stars": stars}


def test_packages_get_their_losses(report: dict[str, Any], folder: Path) -> None:
    """The losses are in the packages, and nothing else of them changes."""
    before = read_style(folder / "waves.safetensors")
    written = record_losses(report, folder)
    assert sorted(path.stem for path in written) == ["stars", "waves"]
    after = read_style(folder / "waves.safetensors")
    assert dict(after.losses) == losses_of(report)["waves"]
    np.testing.assert_array_equal(after.code, before.code)
    assert (after.title, after.trunk_id) == (before.title, before.trunk_id)


def test_losses_of_another_trunk_are_refused(report: dict[str, Any], folder: Path) -> None:
    """A package of other weights, or none, stops everything: no package is written."""
    contents = {path: path.read_bytes() for path in folder.iterdir()}
    report["model"]["trunk_id"] = "cd" * 32
    with pytest.raises(StyleError, match=r"for the trunk abababababab.*with cdcdcdcdcdcd"):
        record_losses(report, folder)
    report["model"]["trunk_id"] = TRUNK
    report["rows"].append(make_row("missing"))
    with pytest.raises(StyleError, match="missing"):
        record_losses(report, folder)
    assert {path: path.read_bytes() for path in folder.iterdir()} == contents


def test_only_reports_of_losses_are_read(report: dict[str, Any], tmp_path: Path) -> None:
    """A report comes back as it was; a missing file, no JSON and another benchmark are named."""
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report))
    assert read_report(path) == report
    path.write_text("{")
    with pytest.raises(InputError, match=r"cannot read the report .*report\.json"):
        read_report(path)
    path.write_text('{"benchmark": "speed"}')
    with pytest.raises(InputError, match="not a report of `impasto bench losses`"):
        read_report(path)
    with pytest.raises(InputError, match=r"none\.json"):
        read_report(tmp_path / "none.json")
