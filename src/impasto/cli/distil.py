"""`impasto distil`: our own small feature network, from the VGG files that people have."""

from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.extras import need
from impasto.cli.streams import answer
from impasto.cli.train import Bfloat16, Device, RecipePath, RunFolder, Seconds, follow


def distil(
    recipe: RecipePath,
    run: RunFolder = None,
    device: Device = "cpu",
    bfloat16: Bfloat16 = False,
    seconds: Seconds = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="The network.  \\[default: features.safetensors in DIR]",
        ),
    ] = None,
) -> None:
    """Train a small feature network that agrees with VGG files; continues where it stopped.

    Prints the file that was written: its path is what a training recipe may name as `features`.
    Needs the extra `train`, and IMPASTO_ASSETS: the folder that the recipe's paths start from.
    """
    need("distilling", "train", "torch")
    from impasto.lab.distil import distil as run_recipe
    from impasto.lab.distil import export_features
    from impasto.lab.distil_recipe import load_distil_recipe
    from impasto.lab.train import RunSettings

    plan = load_distil_recipe(recipe)
    folder = run or Path("runs") / plan.name
    settings = RunSettings(folder, device=device, bfloat16=bfloat16, seconds=seconds)
    follow(run_recipe(plan, settings), plan.schedule.steps)
    path = out or folder / "features.safetensors"
    export_features(plan, folder, path)
    answer(str(path))
