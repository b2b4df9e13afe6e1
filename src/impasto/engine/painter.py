"""The painter: measure, compose, paint. Slow once for a style, then fast for every picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from impasto.core.arrays import RGB, Affine, Alpha, Code, Stats, Weight
from impasto.core.errors import StyleError
from impasto.core.settings import Colors, EngineSettings, PaintSettings
from impasto.engine.backend import Backend
from impasto.engine.backends import shared_backend
from impasto.engine.grain import Grain, grain
from impasto.engine.images import Image, like, to_picture
from impasto.engine.model import DEFAULT_MODEL, Model, load_model
from impasto.engine.pixels import Batch, fade, pad, place
from impasto.media.alpha import extend_edges
from impasto.media.color import keep_colors
from impasto.media.image import Picture
from impasto.media.resize import fit_long_side, thumbnail
from impasto.styles.code import code_at, mix_codes, split_strength
from impasto.styles.library import Library
from impasto.styles.package import Style
from impasto.styles.spec import StyleSpec, parse_spec


class Painter:
    """Paints pictures in one style; made once, used for many pictures, from any thread.

    `paint` does everything. Its steps are public for those who need them apart: `prepare`,
    then `measure` on the prepared pixels, `compose`, `paint_pixels`, and `finish`.

    Args:
        style: a style spec as text or parsed (`"scream"`, `"scream:0.6,wave:0.4"`), or a style.
        strength: 0 returns the photo's own pixels, 1 is the full style.
        colors: "style", or "content" to keep the photo's colours.
        size: the longest side of the result in pixels; None keeps the photo's size.
        model: a loaded model, or the name or folder of one.
        backend: the runtime to use; by default OpenVINO, shared within the process.
        engine: precision and threads of the default runtime; no use beside `backend`.
        library: where styles are looked up; by default the bundled and the user's own.

    Raises:
        SettingsError: a setting is out of its range.
        StyleError: the style is unknown, badly specified, damaged, or made for another trunk.
        ModelError: the model is missing or damaged.
        EngineError: the runtime does not load.
    """

    def __init__(
        self,
        style: str | StyleSpec | Style,
        *,
        strength: float = PaintSettings.strength,
        colors: Colors = PaintSettings.colors,
        size: int | None = PaintSettings.size,
        model: Model | str | Path = DEFAULT_MODEL,
        backend: Backend | None = None,
        engine: EngineSettings = EngineSettings(),
        library: Library | None = None,
    ) -> None:
        self.settings = PaintSettings(strength, colors, size)
        self.model = model if isinstance(model, Model) else load_model(model)
        styles = _weighted_styles(style, library)
        for one, _ in styles:
            check_fits(one, self.model)
        self.spec = StyleSpec(tuple((one.name, weight) for one, weight in styles))
        amount, self._opacity = split_strength(strength)
        full = mix_codes([one.code for one, _ in styles], self.spec.weights)
        self.code = code_at(self.model.identity_code, full, amount)
        self.backend = backend if backend is not None else shared_backend(engine)

    def paint(self, image: Image) -> Image:
        """Paint a picture of any size from 1 x 1; alpha is kept.

        Args:
            image: a PIL image of any mode, a uint8 RGB array [height, width, 3], or a Picture.

        Returns:
            The same kind, of the same size unless the setting `size` bounds it; a PIL image that
            its EXIF turns comes back upright. Pixels under alpha 0 do not influence the painting.

        Raises:
            ImageError: the image is of another kind, type or shape.
            EngineError: the runtime refuses, for example for want of memory.
        """
        picture = to_picture(image)
        photo = self.prepare(picture)
        if self._opacity > 0.0:
            stats = self.measure(photo.pixels, photo.alpha)
            painted = self.paint_pixels(photo.pixels, compose(self.code, stats))
            photo = self.finish(photo, painted)
        return like(image, photo)

    def prepare(self, picture: Picture) -> Picture:
        """Fill transparent pixels from their opaque neighbours and bound the size.

        At strength 0 a picture that need not shrink is left as it is, to the last pixel.
        """
        longest = max(picture.pixels.shape[:2])
        size = self.settings.size or longest
        if self._opacity == 0.0 and longest <= size:
            return picture
        pixels, alpha = picture.pixels, picture.alpha
        if alpha is not None:
            pixels = extend_edges(pixels, alpha)
            alpha = fit_long_side(alpha, size)
        return replace(picture, pixels=fit_long_side(pixels, size), alpha=alpha)

    def measure(self, pixels: RGB, alpha: Alpha | None = None) -> Stats:
        """Content statistics of a picture under this painter's code, always in float32.

        Args:
            pixels: the picture; transparent pixels filled.
            alpha: its opacity: transparent pixels weigh nothing. None is opaque.
        """
        model = self.model
        small = thumbnail(pixels, model.thumbnail)
        opacity = None if alpha is None else thumbnail(alpha, model.thumbnail)
        side = model.thumbnail + 2 * model.margin
        image, weight = place(small, _weight(small, opacity), model.margin, side)
        inputs = {"image": image, "code": self.code, "weight": weight, **grain_of(model, image)}
        shapes = {name: array.shape for name, array in inputs.items()}
        return self.backend.load(model.measure_graph, shapes, exact=True).run(inputs)

    def paint_pixels(self, pixels: RGB, affine: Affine) -> RGB:
        """Run the trunk over a whole picture with an affine; same height and width."""
        image, part = pad(pixels, self.model.margin, self.model.multiple)
        inputs = {"image": image, "affine": affine, **grain_of(self.model, image)}
        shapes = {name: array.shape for name, array in inputs.items()}
        painted: RGB = self.backend.load(self.model.paint_graph, shapes).run(inputs, part)[0]
        return painted

    def finish(self, photo: Picture, painted: RGB) -> Picture:
        """Bring the photo's colours back if asked, fade at low strength, and keep the alpha."""
        if self.settings.colors == "content":
            painted = keep_colors(photo.pixels, painted)
        return replace(photo, pixels=fade(photo.pixels, painted, self._opacity))


def compose(code: Code, stats: Stats) -> Affine:
    """The affine that normalises by the statistics and then applies the code.

    `gamma * (x - mean) / std + beta` is `scale * x + shift` with `scale = gamma / std` and
    `shift = beta - scale * mean`.
    """
    (gamma, beta), (mean, std) = code, stats
    scale = gamma / std
    return np.stack([scale, beta - scale * mean]).astype(np.float32, copy=False)


def grain_of(model: Model, padded: Batch) -> dict[str, Grain]:
    """The grain that a padded picture is painted with, as an input of the graphs."""
    rows, columns = (side // model.grain_cell for side in padded.shape[1:3])
    return {"grain": grain(rows, columns)}


def _weight(pixels: RGB, alpha: Alpha | None) -> Weight:
    if alpha is not None and alpha.any():
        return alpha.astype(np.float32) / 255
    # Opaque, or so transparent that nothing weighs more than anything else.
    return np.ones(pixels.shape[:2], np.float32)


def _weighted_styles(
    style: str | StyleSpec | Style, library: Library | None
) -> list[tuple[Style, float]]:
    if isinstance(style, Style):
        return [(style, 1.0)]
    spec = parse_spec(style) if isinstance(style, str) else style
    shelf = library if library is not None else Library()
    return [(shelf.get(name), weight) for name, weight in spec.parts]


def check_fits(style: Style, model: Model) -> None:
    """Raise StyleError unless a style was made for this model's trunk."""
    if style.trunk_id != model.trunk_id or style.code.shape[1] != model.channels:
        raise StyleError(
            f"style {style.name!r} was made for the trunk {style.trunk_id[:12]}, and the model "
            f"{model.name!r} has the trunk {model.trunk_id[:12]}: use the model it was made with"
        )
