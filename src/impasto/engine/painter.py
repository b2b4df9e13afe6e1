"""The painter: measure, compose, paint. Slow once for a style, then fast for every picture."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.core.arrays import RGB, Affine, Alpha, Code, Stats
from impasto.core.memory import Memory, parse_memory
from impasto.core.settings import Colors, EngineSettings, PaintSettings
from impasto.engine.affines import compose, recalled_affine
from impasto.engine.backend import Array, Backend, run_graph
from impasto.engine.backends import shared_backend
from impasto.engine.collage import View, view_of
from impasto.engine.filters import filters_of
from impasto.engine.grain import grain_of
from impasto.engine.images import Image, like, to_picture
from impasto.engine.looks import Look, StyleLike, make_look
from impasto.engine.measured import Measured
from impasto.engine.model import DEFAULT_MODEL, Model, load_model
from impasto.engine.pixels import fade, padded_side, place, window
from impasto.engine.regions import Layer, Masks, Patch, lay, make_regions, shown_in
from impasto.engine.strokes import (
    at_long_side,
    box_of_small,
    brought_to,
    painted_side,
    part_brought_to,
)
from impasto.engine.tiler import Tiler
from impasto.engine.tiles import Box
from impasto.engine.whole import WholePainter
from impasto.media.alpha import extend_edges
from impasto.media.color import keep_colors
from impasto.media.image import Picture
from impasto.media.resize import fit_long_side
from impasto.styles.library import Library

if TYPE_CHECKING:  # needs OpenCV's module, which photos do not
    from impasto.engine.drift import Drift


class Painter:
    """Paints pictures in one style; made once, used for many pictures, from any thread.

    `paint` does everything, `measured` and `paint_measured` do it in two halves. Small pictures are
    measured as they are painted (`whole`). The steps of all others are public: `prepare`, then
    `affine` on the prepared pixels (or `measure` and `compose`), `paint_pixels`, and `finish`.

    Args:
        style: a style spec as text or parsed (`"scream"`, `"scream:0.6,wave:0.4"`), a style, or a
            package's path (a Path, or `"FILE.safetensors"`); `"photo"` leaves the photo as it is.
        masks: parts that are painted in other styles, each over those before it: a style's mask is
            stretched to the size of the result, and white where that style is. All settings hold
            for all styles.
        feather: so many pixels of the result are soft to each side of a mask's edge, 0 to 1000.
        strength: 0 returns the photo's own pixels, 1 is the full style.
        colors: "style", or "content" to keep the photo's colours.
        size: the longest side of the result in pixels; None keeps the photo's size.
        stroke_reference: strokes are as large as they would be at this long side in pixels, so that
            a preview and the full picture look alike; None: as at the size of the result. A picture
            that is smaller is enlarged to it, as far as `memory` goes.
        model: a loaded model, or the name or folder of one.
        backend: the runtime to use; by default OpenVINO, shared within the process.
        engine: precision and threads of the default runtime; no use beside `backend`.
        library: where styles are looked up; by default the bundled ones, those of the model, and
            the user's own.
        memory: what painting a picture may take, in bytes or as "512M"; at least half of it is the
            engine's. By default what the machine can spare, for the engine at most 2 GiB. What
            does not fit is painted by tiles.

    Raises:
        SettingsError: a setting is out of its range.
        StyleError: a style is unknown, badly specified, damaged, or made for another trunk.
        ImageError: a mask is no picture.
        ModelError: the model is missing or damaged.
        EngineError: the runtime does not load.
    """

    def __init__(
        self,
        style: StyleLike,
        *,
        masks: Masks = (),
        feather: float = 0.0,
        strength: float = PaintSettings.strength,
        colors: Colors = PaintSettings.colors,
        size: int | None = PaintSettings.size,
        stroke_reference: int | None = PaintSettings.stroke_reference,
        model: Model | str | Path = DEFAULT_MODEL,
        backend: Backend | None = None,
        engine: EngineSettings = EngineSettings(),
        library: Library | None = None,
        memory: Memory = None,
    ) -> None:
        self.settings = PaintSettings(strength, colors, size, stroke_reference)
        self.model = model if isinstance(model, Model) else load_model(model)

        def look_of(style: StyleLike) -> Look:
            return make_look(style, strength, self.model, library)

        look = look_of(style)
        self.spec, self.code, self.opacity = look.spec, look.code, look.opacity
        self.regions = make_regions(look, masks, feather, look_of)
        self.backend = backend if backend is not None else shared_backend(engine)
        self.memory = None if memory is None else parse_memory(memory)
        self.tiler = Tiler(self.model, self.backend, self.memory)
        self.whole = WholePainter(self.model, self.tiler)

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
        return like(image, self.paint_measured(self.measured(to_picture(image))))

    @property
    def paints(self) -> bool:
        """Whether anything is painted at all: not at strength 0, nor where the style is `photo`."""
        looks = self.regions.looks if self.regions else ()
        return self.opacity > 0.0 or any(look.opacity > 0.0 for look in looks)

    def measured(self, picture: Picture) -> "Measured":
        """The first half of `paint`: what needs the whole picture, but sees a small part."""
        photo = self.prepare(picture)
        if not self.paints:
            return Measured(photo, None)
        side = painted_side(max(photo.pixels.shape[:2]), self.settings.stroke_reference)
        small = None
        if side is not None:
            small = at_long_side(_filled(picture), side, self.tiler.most_pixels)
        seen = small or photo
        patches = self.patches(photo)
        if patches is not None:
            return Measured(photo, None, small, tuple(self._layer(seen, each) for each in patches))
        if self.whole.takes(seen.pixels, seen.alpha):
            return Measured(photo, None, small)
        self.tiler.expect(*seen.pixels.shape[:2])
        return Measured(photo, self.affine(seen.pixels, seen.alpha), small)

    def patches(self, photo: Picture) -> tuple[Patch, ...] | None:
        """The styles of a prepared picture in their places; None without masks."""
        if self.regions is None:
            return None
        return self.regions.patches(photo.pixels.shape[1], photo.pixels.shape[0])

    def _layer(self, seen: Picture, patch: Patch) -> Layer:
        """A style, measured on what shows of it."""
        if patch.look.opacity == 0.0:
            return Layer(patch, None)
        shown = shown_in(patch, seen.pixels, seen.alpha)
        return Layer(patch, self.affine(seen.pixels, shown, patch.look.code))

    def paint_measured(self, measured: "Measured") -> Picture:
        """The second half of `paint`."""
        photo, small = measured.photo, measured.small
        if measured.layers is not None:
            return replace(photo, pixels=self._paint_layers(measured, measured.layers))
        if not self.paints:
            return photo
        painted = self._painted(measured, (small or photo).pixels)
        if small is not None:
            painted = brought_to(photo.pixels, small.pixels, painted)
        return self.finish(photo, painted)

    def _painted(self, measured: "Measured", pixels: RGB) -> RGB:
        affine = measured.affine
        if affine is None:
            painted = self.whole.paint(pixels, self.code)
            if painted is not None:
                return painted
            affine = self.affine(pixels)
        return self.paint_pixels(pixels, affine, measured.drift)

    def _paint_layers(self, measured: "Measured", layers: tuple[Layer, ...]) -> RGB:
        canvas = measured.photo.pixels.copy()
        for layer in layers:
            photo = measured.photo.pixels[layer.patch.box.of]
            painted = photo
            if layer.affine is not None:
                painted = self._paint_box(measured, layer.patch.box, layer.affine)
                painted = self._finished(photo, painted, layer.patch.look.opacity)
            lay(canvas, layer, painted)
        return canvas

    def _paint_box(self, measured: "Measured", box: Box, affine: Affine) -> RGB:
        """A part of a picture as it would be if the whole were painted with the affine."""
        photo, small = measured.photo.pixels, measured.small
        regions = self.regions
        held, shapes = (regions.held(photo), len(regions.looks)) if regions else (0, 1)
        if small is None:
            return self.tiler.paint_box(photo, box, affine, held=held, shapes=shapes)
        inner, canvas = box_of_small(box, photo, small.pixels), small.pixels.copy()
        canvas[inner.of] = self.tiler.paint_box(
            small.pixels, inner, affine, held=held, shapes=shapes
        )
        return part_brought_to(photo, box, small.pixels, canvas)

    def prepare(self, picture: Picture) -> Picture:
        """Fill transparent pixels from their opaque neighbours and bound the size.

        If nothing is painted, a picture that need not shrink is left as it is, to the last pixel.
        """
        longest = max(picture.pixels.shape[:2])
        size = self.settings.size or longest
        if not self.paints and longest <= size:
            return picture
        filled = _filled(picture)
        alpha = None if filled.alpha is None else fit_long_side(filled.alpha, size)
        return replace(picture, pixels=fit_long_side(filled.pixels, size), alpha=alpha)

    def measure(self, pixels: RGB, alpha: Alpha | None = None, code: Code | None = None) -> Stats:
        """Content statistics of a picture under a code, in the precision that it is painted in.

        In bfloat16 they take a fifth less time, and fit better what is then painted in bfloat16:
        paintings were 54.9 dB from those of float32, and 53.3 dB with statistics in float32.

        Args:
            pixels: the picture; transparent pixels filled.
            alpha: its opacity: transparent pixels weigh nothing. None is opaque.
            code: the code that it is to be painted with; None is this painter's own.
        """
        view = view_of(pixels, alpha, self.model.thumbnail)
        return self._measure(self._to_measure(view, self.code if code is None else code))

    def affine(self, pixels: RGB, alpha: Alpha | None = None, code: Code | None = None) -> Affine:
        """The affine that paints a picture, from memory if the same was measured a while ago.

        "The same" is by all that measuring looks at: thumbnail or patches, opacity, code and trunk.

        Args:
            pixels: the picture; transparent pixels filled.
            alpha: its opacity, as for `measure`.
            code: the code that it is painted with; None is this painter's own.
        """
        return self.affine_of(view_of(pixels, alpha, self.model.thumbnail), code)

    def affine_of(self, view: View, code: Code | None = None) -> Affine:
        """The affine that paints a picture, by what is measured of it; see `affine`."""
        code = self.code if code is None else code
        inputs = self._to_measure(view, code)
        return recalled_affine(
            self.backend,
            self.model.trunk_id,
            inputs,
            make=lambda: compose(code, self._measure(inputs)),
        )

    def _to_measure(self, view: View, code: Code) -> dict[str, Array]:
        model = self.model
        side = padded_side(view.side, model.margin, model.multiple)
        image, weight = place(view.pixels, view.weight, model.margin, side)
        return {"image": image, "code": code, "weight": weight, **grain_of(model, image)}

    def _measure(self, inputs: dict[str, Array]) -> Stats:
        inputs = inputs | filters_of(self.backend, self.model, inputs["code"])
        return run_graph(self.backend, self.model.measure_graph, inputs)

    def paint_pixels(self, pixels: RGB, affine: Affine, drift: "Drift | None" = None) -> RGB:
        """Run the trunk over a whole picture with an affine; same height and width.

        What does not fit into `memory` is painted by tiles, which nobody can see in the result.

        Args:
            pixels: the picture.
            affine: what to paint with.
            drift: how far the picture has gone, in a video.
        """
        if drift is None:
            return self.tiler.paint(pixels, affine)
        model, (height, width) = self.model, pixels.shape[:2]
        top, left = drift.corner(height, width, model.multiple)
        # As many rows and columns each time: a graph is made for a size.
        framed = window(pixels, -top, -left, height + model.multiple, width + model.multiple)[0]
        source = drift.source(height, width, model.grain_cell, (top, left))
        painted = self.tiler.paint(framed, affine, source)
        return painted[top : top + height, left : left + width]

    def finish(self, photo: Picture, painted: RGB) -> Picture:
        """Bring the photo's colours back if asked, fade at low strength, and keep the alpha."""
        return replace(photo, pixels=self._finished(photo.pixels, painted, self.opacity))

    def _finished(self, photo: RGB, painted: RGB, opacity: float) -> RGB:
        if self.settings.colors == "content":
            painted = keep_colors(photo, painted)
        return fade(photo, painted, opacity)


def _filled(picture: Picture) -> Picture:
    if picture.alpha is None:
        return picture
    return replace(picture, pixels=extend_edges(picture.pixels, picture.alpha))
