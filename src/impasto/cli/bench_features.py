"""`impasto bench features`: whether style loss by our own feature network is to be trusted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from impasto.cli.bench import ReportFile, keep
from impasto.cli.extras import need
from impasto.cli.library import measuring
from impasto.cli.options import AsJson
from impasto.cli.streams import answer

if TYPE_CHECKING:
    from impasto.bench.ranking import RankingReport


def features(
    file: Annotated[
        Path | None,
        typer.Option(
            "--features", metavar="FILE", help="The network.  \\[default: the bundled one]"
        ),
    ] = None,
    recipe: Annotated[
        Path, typer.Option(metavar="FILE", help="The recipe that names styles and held-out ones.")
    ] = Path("recipes/default.toml"),
    photos: Annotated[int, typer.Option(metavar="N", min=1, help="So many held-out photos.")] = 6,
    as_json: AsJson = False,
    out: ReportFile = None,
) -> None:
    """Measure how well style loss by a feature network ranks pictures as the VGG does.

    Prints a Markdown table of rank correlations: 1 is the same order. Needs the extras `train`
    and `bench`, and IMPASTO_ASSETS: the folder with pictures and VGG weights.
    """
    need("measuring features", "train", "torch", "imagehash")
    need("measuring features", "bench", "onnx")
    from impasto.bench.ranking import RankingSettings, measure_ranking
    from impasto.lab.recipe import load_recipe

    with measuring() as progress:
        settings = RankingSettings(photos=photos)
        report = measure_ranking(settings, load_recipe(recipe), file, progress=progress)
    answer(json.dumps(report.as_dict()) if as_json else "\n".join(_lines(report)))
    keep(report.as_dict(), out)


def _lines(report: "RankingReport") -> Iterator[str]:
    from impasto.bench.markdown import table

    columns = list(report.networks[0].held_out.all)
    yield f"Rank correlation with the VGG's style loss, {report.pictures} pictures a style."
    yield ""
    yield table(("network", "styles", "pictures", *columns), _rows(report), words=(0, 1, 2))


def _rows(report: "RankingReport") -> Iterator[list[str]]:
    for network in report.networks:
        for kind, means in (("held out", network.held_out), ("others", network.others)):
            for which, found in (("all", means.all), ("nearest half", means.nearest)):
                yield [network.name, kind, which, *(f"{x:.3f}" for x in found.values())]
