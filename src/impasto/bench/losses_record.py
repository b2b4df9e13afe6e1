"""Puts measured losses into the style packages that they were measured of."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.bench.losses_report import IMPASTO
from impasto.core.errors import InputError, StyleError
from impasto.core.files import reason, shown
from impasto.styles.package import SUFFIX, read_style, write_style

_RECORDED = {
    "style": "style_normalised",
    "content": "content",
    "ssim": "ssim",
    "judge": "judge_normalised",
}
"""What a package says, by the field of a row."""


def read_report(path: Path) -> dict[str, Any]:
    """A report as `impasto bench losses --out` wrote it.

    Raises:
        InputError: the file cannot be read, or is no such report.
    """
    try:
        report = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the report {shown(path)}: {reason(error)}") from error
    if not isinstance(report, dict) or report.get("benchmark") != "losses":
        raise InputError(f"{shown(path)}: not a report of `impasto bench losses`")
    return report


def losses_of(report: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """What was measured of each style at full strength, as style packages record it.

    `style` and `judge` are divided by those of the unchanged photos; `content` and `ssim` are
    plain. A style that was not run is left out.

    Args:
        report: as `LossReport.as_dict` makes it.
    """
    found = {}
    for row in report["rows"]:
        if row["method"] == IMPASTO and row["strength"] == 1.0 and row["style_loss"] is not None:
            values = {name: row[field] for name, field in _RECORDED.items()}
            found[row["style"]] = {k: float(v) for k, v in values.items() if v is not None}
    return found


def record_losses(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the losses of a report into the style packages of a folder; codes stay as they are.

    Returns:
        The packages that were written, each whole or not at all.

    Raises:
        StyleError: a measured style has no package there, or one for another trunk than was
            measured; nothing is written then.
        OutputError: a package cannot be written.
    """
    losses, trunk_id = losses_of(report), report["model"]["trunk_id"]
    paths = {name: folder / f"{name}{SUFFIX}" for name in losses}
    styles = {name: read_style(path) for name, path in paths.items()}
    for name, style in styles.items():
        if style.trunk_id != trunk_id:
            raise StyleError(
                f"{shown(paths[name])}: it is for the trunk {style.trunk_id[:12]}, and losses were "
                f"measured with {trunk_id[:12]}: measure again"
            )
    for name, style in styles.items():
        write_style(replace(style, losses=losses[name]), paths[name])
    return list(paths.values())
