"""`impasto bench baseline`: trains a baseline whose weights nobody has released."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.bench import keep
from impasto.cli.extras import need
from impasto.cli.streams import answer
from impasto.cli.train import Bfloat16, Device, RecipePath, RunFolder, Seconds, follow


def baseline(
    recipe: RecipePath,
    run: RunFolder = None,
    device: Device = "cpu",
    bfloat16: Bfloat16 = False,
    seconds: Seconds = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="The weights.  \\[default: in DIR]"),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the losses as JSON, and beside it as PNG."),
    ] = None,
) -> None:
    """Train a baseline of `bench quality`; continues where an earlier call stopped.

    Prints the file of weights that was written. Needs the extras `train` and `bench`, and
    IMPASTO_ASSETS: the folder that the recipe's paths start from.
    """
    need("training a baseline", "train", "torch", "imagehash")
    need("training a baseline", "bench", "matplotlib")
    from impasto.bench.baselines.recipe import load_baseline_recipe
    from impasto.bench.baselines.training import export_baseline, read_curve, train_baseline
    from impasto.bench.plots import curve_plot
    from impasto.lab.train import RunSettings

    plan = load_baseline_recipe(recipe)
    folder = run or Path("runs") / plan.name
    settings = RunSettings(folder, device=device, bfloat16=bfloat16, seconds=seconds)
    follow(train_baseline(plan, settings), plan.schedule.steps)
    path = out or folder / f"{plan.method}.safetensors"
    export_baseline(plan, folder, path)
    if curve is not None:
        points = read_curve(folder)
        keep({"benchmark": "baseline", "recipe": plan.name, "points": points}, curve)
        curve_plot(plan.name, points, curve.with_suffix(".png"))
    answer(str(path))
