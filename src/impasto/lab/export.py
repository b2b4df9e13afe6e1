"""Turns a training run into what ships: a model folder and one package for each style.

Nothing appears under its final name before the graphs have been compared with torch.
"""

import dataclasses
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from impasto.core.arrays import RGB
from impasto.core.errors import InputError
from impasto.core.files import atomic_folder, sha256_file
from impasto.engine.model import FORMAT_VERSION, Model, load_model
from impasto.engine.painter import Painter
from impasto.lab.checkpoint import load_checkpoint
from impasto.lab.data import assets_folder, list_photos, open_rgb, random_grain, to_tensor
from impasto.lab.graph import write_measure_graph, write_paint_graph, write_whole_graph
from impasto.lab.kernel_graph import filter_count, write_mix_graph
from impasto.lab.levels import GRAIN_CELL
from impasto.lab.live import live_bytes
from impasto.lab.nets import CodeBook, Trunk, multiply_adds
from impasto.lab.reach import reach_of
from impasto.lab.recipe import Recipe, Weights
from impasto.lab.sites import Site
from impasto.lab.trainer import Painting
from impasto.lab.verify import SIZES, Agreement, verify
from impasto.media.resize import fit_long_side
from impasto.styles.package import MAX_PREVIEW_BYTES, SUFFIX, Source, Style, write_style

WHOLE_PIXELS = 2**21
"""Full HD and a little: beyond, pictures begin to be painted by tiles, which share statistics."""
FLOOR_PHOTOS = 100
FLOOR_QUANTILE = 0.01
FLOOR_OF_MEDIAN = 0.5
PREVIEW_SIZE = 256
PREVIEW_QUALITIES = (80, 50, 20)


@dataclass(frozen=True)
class Export:
    """What was written, and how well it agrees with torch."""

    model: Path
    styles: list[Path]
    agreement: Agreement
    trunk_id: str


def export(recipe: Recipe, run: Path, model: Path, styles: Path, preview: RGB) -> Export:
    """Writes the model and style packages of a run.

    Args:
        recipe: what the run was made by.
        run: the run's folder; the running mean of its checkpoint is exported.
        model: the model folder to write; replaced as a whole.
        styles: the folder for the style packages.
        preview: a photo that each package shows painted.

    Raises:
        NumericalError: the exported graphs do not agree with torch; nothing is written.
        OutputError: a folder cannot be written.
    """
    trunk, book, step = _load(recipe, run)
    made_by = f"{recipe.name} step {step}"
    photos = _training_photos(recipe)
    agreement = write_verified(trunk, book, model, photos, recipe=made_by, weights=recipe.weights)
    written = _write_styles(recipe, book, model, styles, preview, step)
    return Export(model, written, agreement, sha256_file(model / "weights.safetensors"))


def write_verified(
    trunk: Trunk, book: CodeBook, model: Path, photos: list[RGB], *, recipe: str, weights: Weights
) -> Agreement:
    """Writes a model folder, whole or not at all, after comparing its graphs with torch.

    The trunk gets its floor of standard deviations from the photos, and all numbers are rounded as
    they are stored, in place.

    Args:
        trunk: the network.
        book: its codes, the identity code first; they are compared with, too.
        model: the folder to write; replaced as a whole.
        photos: at least one for each size that is compared.
        recipe: what made the network.
        weights: what each term of its loss counted.

    Raises:
        NumericalError: the graphs do not agree with torch; nothing is written.
        OutputError: the folder cannot be written.
    """
    set_std_floor(trunk, book, photos)
    _round(trunk, book)
    with atomic_folder(model) as folder:
        write_model(trunk, book, folder, name=model.name, recipe=recipe, weights=weights)
        codes = [code.numpy() for code in book.codes.detach()]
        return verify(trunk, load_model(folder), codes, photos[: len(SIZES) * len(codes)])


def _load(recipe: Recipe, run: Path) -> tuple[Trunk, CodeBook, int]:
    path = run / "checkpoint.pt"
    if not path.exists():
        raise InputError(f"{path}: no checkpoint; run `impasto train` first")
    state = load_checkpoint(path, recipe.fingerprint())
    painting = Painting(recipe).eval()
    painting.load_state_dict(state["average"])
    return painting.trunk, painting.book, state["step"]


def _training_photos(recipe: Recipe) -> list[RGB]:
    paths = list_photos(assets_folder() / recipe.photos, recipe.held_out)
    order = np.random.default_rng(recipe.seed).permutation(len(paths))
    return [open_rgb(paths[index], short_side=320) for index in order[:FLOOR_PHOTOS]]


@torch.no_grad()
def set_std_floor(trunk: Trunk, book: CodeBook, photos: Iterable[RGB]) -> None:
    """Sets the least standard deviation of each channel to half of what most photos have, or so.

    A picture flatter than that is not stretched to full contrast, which would paint its noise; and
    where features are the same everywhere, all that is left of them is rounding, which each layer
    would enlarge: with floors of a fifth a grey picture was painted in bright green in bfloat16.
    """
    trunk.std_floor.zero_()
    stds, side = [], trunk.settings.thumbnail
    for index, photo in enumerate(photos):
        code = book.codes[index % len(book.names)]
        small = to_tensor(fit_long_side(photo, side))
        field = random_grain(np.random.default_rng(index), 1, side)
        stds.append(trunk.measure(small, code[None], field)[0, 1])
    found = torch.stack(stds)
    usual = FLOOR_OF_MEDIAN * found.quantile(0.5, dim=0)
    trunk.std_floor.copy_(found.quantile(FLOOR_QUANTILE, dim=0).maximum(usual))


@torch.no_grad()
def _round(trunk: Trunk, book: CodeBook) -> None:
    """Rounds everything to float16 and back, as it will be stored."""
    for tensor in [*trunk.state_dict().values(), *book.state_dict().values()]:
        tensor.copy_(tensor.half().float())


def write_model(
    trunk: Trunk,
    book: CodeBook,
    folder: Path,
    *,
    name: str,
    recipe: str,
    weights: Weights | None = None,
) -> None:
    """Writes weights, graphs and manifest into a folder that exists."""
    stored = folder / "weights.safetensors"
    tensors = {key: value.half().contiguous() for key, value in trunk.state_dict().items()}
    tensors["identity_code"] = book.codes[0].detach().half().contiguous()
    stored.write_bytes(save(tensors))
    write_measure_graph(trunk, stored, folder / "measure.onnx")
    write_paint_graph(trunk, stored, folder / "paint.onnx")
    write_whole_graph(trunk, stored, folder / "whole.onnx")
    filters = filter_count(trunk)
    if filters:
        write_mix_graph(trunk, stored, folder / "mix.onnx")
    paint, cells = folder / "paint.onnx", (trunk.settings.multiple, GRAIN_CELL)
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "trunk_id": sha256_file(stored),
        "channels": trunk.channels,
        "sites": [_site(site) for site in trunk.sites],
        "filters": filters,
        "multiple": trunk.settings.multiple,
        "margin": trunk.settings.margin,
        "grain_cell": GRAIN_CELL,
        "reach": reach_of(paint, *cells),
        "live_bytes": round(live_bytes(paint, *cells), 1),
        "thumbnail": trunk.settings.thumbnail,
        "whole_pixels": WHOLE_PIXELS,
        "gmac_512": round(multiply_adds(trunk, 512, 512) / 1e9, 3),
        "parameters": sum(parameter.numel() for parameter in trunk.parameters()),
        "recipe": recipe,
        "trunk": dataclasses.asdict(trunk.settings),
    }
    if weights is not None:
        manifest["weights"] = dataclasses.asdict(weights)
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _site(site: Site) -> dict[str, object]:
    """What a manifest says of a site."""
    found: dict[str, object] = {"name": site.name, "channels": site.channels}
    return found | ({"bank": site.bank} if site.bank else {})


def _write_styles(
    recipe: Recipe, book: CodeBook, model: Path, folder: Path, preview: RGB, step: int
) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    loaded, assets, written = load_model(model), assets_folder(), []
    for index, (name, source) in enumerate(recipe.styles.items(), start=1):
        style = Style(
            name=name,
            title=source.title,
            artist=source.artist,
            year=source.year,
            licence=source.licence,
            trunk_id=loaded.trunk_id,
            code=book.codes[index].detach().numpy(),
            sources=tuple(Source(Path(f).name, sha256_file(assets / f)) for f in source.files),
            recipe=f"{recipe.name} step {step}",
        )
        written.append(folder / f"{name}{SUFFIX}")
        write_style(with_preview(style, loaded, preview), written[-1])
    return written


def with_preview(style: Style, model: Model, photo: RGB) -> Style:
    """The style with a small picture of the photo painted in it, as good as fits a package."""
    painted = Painter(style, model=model, size=PREVIEW_SIZE).paint(photo)
    pictures = (_webp(painted, quality) for quality in PREVIEW_QUALITIES)
    fitting = next((one for one in pictures if len(one) <= MAX_PREVIEW_BYTES), None)
    return dataclasses.replace(style, preview=fitting)


def _webp(pixels: RGB, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=6)
    return buffer.getvalue()
