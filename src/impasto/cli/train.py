"""`impasto train` and `impasto export`: from a recipe to a run, and from a run to what ships."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from impasto.cli.extras import need
from impasto.cli.streams import answer, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from impasto.lab.train import Progress

RecipePath = Annotated[Path, typer.Argument(help="The recipe, a TOML file.", metavar="RECIPE")]
RunFolder = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="The run's folder.  \\[default: runs/NAME]"),
]
Device = Annotated[Literal["cpu", "cuda"], typer.Option(help="Where to train.")]
Bfloat16 = Annotated[
    bool,
    typer.Option(
        help="Compute in bfloat16; faster on GPUs, on CPUs with AMX, and on AMD from Zen 4 on."
    ),
]
Seconds = Annotated[
    float | None, typer.Option(min=1, help="Stop after so long; the next call goes on.")
]


def train(
    recipe: RecipePath,
    run: RunFolder = None,
    device: Device = "cpu",
    bfloat16: Bfloat16 = False,
    seconds: Seconds = None,
    start: Annotated[
        str | None,
        typer.Option(metavar="NAME|FOLDER", help="Begin a new run with this model's weights."),
    ] = None,
) -> None:
    """Train a trunk and its styles; continues where an earlier call stopped.

    Needs the extra `train`, and IMPASTO_ASSETS: the folder that the recipe's paths start from.
    """
    need("training", "train", "torch")
    from impasto.lab.checkpoint import load_checkpoint
    from impasto.lab.recipe import load_recipe
    from impasto.lab.train import RunSettings
    from impasto.lab.train import train as run_recipe

    plan = load_recipe(recipe)
    folder = run or Path("runs") / plan.name
    settings = RunSettings(folder, device=device, bfloat16=bfloat16, seconds=seconds, start=start)
    say("measures the pictures of its styles first")
    follow(run_recipe(plan, settings), plan.schedule.steps)
    step = load_checkpoint(folder / "checkpoint.pt")["step"]
    say(f"the run is in {folder}, at step {step} of {plan.schedule.steps}")


def follow(progress: "Iterable[Progress]", steps: int) -> None:
    """Shows progress as a bar on a terminal, as lines elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=steps)
        for report in progress:
            losses = "  ".join(f"{name} {value:.4f}" for name, value in report.losses.items())
            text = f"{losses}  {report.images_per_second:.1f} images/s"
            bar.update(task, completed=report.step, description=text)
            if not console.is_terminal:
                say(f"step {report.step} of {steps}  {text}")


def export(
    recipe: RecipePath,
    model: Annotated[
        Path, typer.Option("--model", metavar="DIR", help="The model folder to write.")
    ],
    styles: Annotated[Path, typer.Option("--styles", metavar="DIR", help="Where packages go.")],
    run: RunFolder = None,
) -> None:
    """Write the model and the style packages of a run, after comparing them with torch.

    Prints a JSON object with the largest differences that were seen.
    """
    need("export", "train", "torch", "onnx")
    from impasto.cli.demo import demo_photo
    from impasto.lab.export import export as export_run
    from impasto.lab.recipe import load_recipe
    from impasto.media.image import read_image

    plan = load_recipe(recipe)
    preview = read_image(demo_photo()).pixels
    done = export_run(plan, run or Path("runs") / plan.name, model, styles, preview)
    facts = {
        "model": str(done.model),
        "trunk_id": done.trunk_id,
        "styles": [str(path) for path in done.styles],
        "stats_difference": done.agreement.stats,
        "painted_difference_levels": done.agreement.levels,
    }
    answer(json.dumps(facts, indent=2))
