"""Compares `impasto fit` with `impasto fit --full` on paintings that no training has seen.

    export IMPASTO_ASSETS=/path/to/assets
    python scripts/fit_bar.py benchmarks/fit.json --work out/fit --minutes 10 --full-minutes 120

For each painting both fits run one after the other, by the features of the package and on made
contents, and paint held-out photos at several strengths. Measured by networks that neither saw
(`impasto.lab.yardstick`), the style losses are compared at the content loss that both reach. What
is in the folder `--work` already is not fitted again, so a call that was stopped goes on. Budgets
of steps in place of minutes are fair on a machine that does other work meanwhile, and a fit with
steps that was stopped goes on, too:

    python scripts/fit_bar.py benchmarks/fit.json --work out/fit --steps 800 --full-steps 9600
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from impasto.cli.demo import demo_photo
from impasto.core.arrays import RGB
from impasto.core.errors import SettingsError
from impasto.engine.model import DEFAULT_MODEL, Model, load_model
from impasto.engine.painter import Painter
from impasto.lab.data import assets_folder, open_rgb
from impasto.lab.fit import Fit, FitProgress, FitSettings
from impasto.lab.library import About
from impasto.lab.new_style import Ground, begin, measure_subject
from impasto.lab.recipe_file import read_list
from impasto.lab.yardstick import Target, Yardstick, content_of, load_yardstick, style_of
from impasto.media.image import read_image
from impasto.media.resize import fit_long_side
from impasto.styles.library import Library
from impasto.styles.package import Style, read_style, write_style

BAR = 1.25
"""The most that a fit's style loss may be, divided by that of the full fit."""
SIZE = 512
KEPT_EVERY = 300.0
"""Seconds after which a fit is kept on disk."""
STRENGTHS = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Point:
    """What paintings of all photos are like at one strength: means."""

    strength: float
    style: float
    content: float


def fitted(
    name: str, picture: Path, given: argparse.Namespace, *, full: bool
) -> tuple[Style, Model, float | None]:
    """The style of a painting and the model that it fits, and the minutes, where those count."""
    kind = "full" if full else "fit"
    package, folder = given.work / f"{name}.{kind}.safetensors", given.work / f"{name}.model"
    base = load_model(given.model)
    if package.exists():
        return read_style(package), load_model(folder.resolve()) if full else base, None
    given.work.mkdir(parents=True, exist_ok=True)
    photo = read_image(demo_photo()).pixels
    ground = Ground(base, Library().styles(), photo, given.features, given.photos)
    subject = measure_subject([picture], About(name), None, given.features)
    commission = begin(subject, ground, budget(given, full=full))
    state = given.work / f"{name}.{kind}.state"
    if state.exists():
        kept: Fit = torch.load(state, weights_only=False)
        if kept.settings != commission.fit.settings:
            raise SettingsError(f"{state} was begun with other settings: use them, or remove it")
        commission = replace(commission, fit=kept)
    started = time.monotonic()
    for report in keeping(commission.fit, state):
        if report.judged:
            best = commission.fit.best.losses["total"]
            print(f"{name} {kind} step {report.step} best {best:.4f}", file=sys.stderr)
    by_clock = commission.fit.settings.minutes is not None  # else it may have been stopped
    spent = (time.monotonic() - started) / 60 if by_clock else None
    style = commission.package_with_model(folder.resolve()) if full else commission.package()
    write_style(style, package)
    state.unlink(missing_ok=True)
    return style, load_model(folder.resolve()) if full else base, spent


def budget(given: argparse.Namespace, *, full: bool) -> FitSettings:
    """The settings of one of the two fits: its steps where they are given, else its minutes."""
    steps = given.full_steps if full else given.steps
    minutes = given.full_minutes if full else given.minutes
    return FitSettings(None if steps else minutes, steps, seed=given.seed, full=full)


def keeping(fit: Fit, state: Path) -> Iterator[FitProgress]:
    """Runs a fit; one that ends with its steps is kept in a file on the way."""
    kept = time.monotonic()
    for report in fit.run():
        yield report
        if fit.settings.minutes is None and time.monotonic() - kept > KEPT_EVERY:
            torch.save(fit, state.with_suffix(".part"))
            state.with_suffix(".part").replace(state)
            kept = time.monotonic()


def curve(
    style: Style, model: Model, photos: list[RGB], yardstick: Yardstick, target: Target
) -> list[Point]:
    """Style and content loss at each strength."""
    seen = [yardstick.see(photo) for photo in photos]
    points = []
    for strength in STRENGTHS:
        painter = Painter(style, model=model, strength=strength)
        painted = [yardstick.see(painter.paint(photo)) for photo in photos]
        content = np.mean([content_of(a, b) for a, b in zip(painted, seen, strict=True)])
        loss = np.mean([style_of(each, target) for each in painted])
        points.append(Point(strength, float(loss), float(content)))
    return points


def ratio(fit: list[Point], full: list[Point]) -> dict[str, float]:
    """The two style losses, and one divided by the other, at the largest content loss of both."""
    content = min(max(point.content for point in points) for points in (fit, full))
    ours, theirs = (style_at(content, points) for points in (fit, full))
    return {"content": content, "fit": ours, "full": theirs, "ratio": ours / theirs}


def style_at(content: float, points: list[Point]) -> float:
    """The style loss at a content loss, on straight lines between strengths."""
    ordered = sorted(points, key=lambda point: point.content)
    contents, styles = ([getattr(point, key) for point in ordered] for key in ("content", "style"))
    return float(np.interp(content, contents, styles))


def evenly(names: list[str], count: int) -> list[str]:
    """So many of the names, from all over the list; all where there are fewer.

    The bench's `spread` takes the last one too, and so other photos than the numbers in the log.
    """
    count = min(count, len(names))
    return [names[number * len(names) // count] for number in range(count)]


def compare(name: str, given: argparse.Namespace, yardstick: Yardstick) -> dict[str, object]:
    """Everything about one painting."""
    assets = assets_folder()
    target = yardstick.target([open_rgb(assets / name, long_side=SIZE)])
    held_out = [each for each in read_list(given.held_out) if each.startswith("content/")]
    chosen = evenly(held_out, given.count)
    photos = [fit_long_side(open_rgb(assets / each), SIZE) for each in chosen]
    facts: dict[str, object] = {"painting": name, "photos": len(photos)}
    made = {  # both before any is measured: a call that goes on comes to its fit at once
        kind: fitted(Path(name).stem, assets / name, given, full=kind == "full")
        for kind in ("fit", "full")
    }
    curves = {}
    for kind, (style, model, spent) in made.items():
        curves[kind] = curve(style, model, photos, yardstick, target)
        points = [asdict(point) for point in curves[kind]]
        facts[kind] = {"recipe": style.recipe, "minutes": spent, "points": points}
    return facts | {"at_equal_content": ratio(curves["fit"], curves["full"])}


def main() -> None:
    """Reads the arguments, compares, and writes the JSON after each painting."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="keeps styles and models")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--full-minutes", type=float, default=120)
    parser.add_argument("--steps", type=int, help="in place of minutes")
    parser.add_argument("--full-steps", type=int, help="in place of the full fit's minutes")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--features", type=Path, help="in place of the package's network")
    parser.add_argument("--photos", type=Path, help="contents for both, in place of made scenes")
    parser.add_argument("--held-out", type=Path, default=Path("recipes/heldout.txt"))
    parser.add_argument("--count", type=int, default=12, choices=range(1, 61), metavar="1..60")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    yardstick = load_yardstick(assets_folder())
    paintings = [each for each in read_list(given.held_out) if each.startswith("styles/")]
    found: list[dict[str, object]] = []
    for name in paintings:
        found.append(compare(name, given, yardstick))
        given.output.write_text(json.dumps({"bar": BAR, "paintings": found}, indent=1) + "\n")
        print(json.dumps(found[-1]["at_equal_content"]), flush=True)


if __name__ == "__main__":
    main()
