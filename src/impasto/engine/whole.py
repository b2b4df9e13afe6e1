"""Pictures of up to two megapixels in one run, which measures the whole picture as it paints it.

To measure first and paint then is for what cannot stand in a graph at once, or must be painted as
something else was: tiles, strips, frames of a video, parts under a mask. A small picture needs none
of that. Statistics of all its pixels fit it better than those of patches, and cost a ninth of the
painting, where measuring a square of its own costs a third at 512 x 512.
"""

import sys
from typing import Final

from impasto.core.arrays import RGB, Alpha, Code
from impasto.core.errors import EngineError
from impasto.engine.backend import Array, is_out_of_memory, run_graph
from impasto.engine.filters import filters_of
from impasto.engine.grain import grain_of
from impasto.engine.model import Model
from impasto.engine.pixels import pad
from impasto.engine.tiler import HELD_BYTES, Tiler

LEAST_SIDE: Final = 128
"""The edge is repeated to the graph's multiple, and counts: of a thin picture it would be much."""
_OPAQUE: Final = 255


class WholePainter:
    """Paints small pictures with one model; may be used from any thread.

    Args:
        model: the model.
        tiler: knows the runtime, and what fits into memory.
    """

    def __init__(self, model: Model, tiler: Tiler) -> None:
        self._model, self._tiler = model, tiler
        self._too_large = sys.maxsize
        """Pixels of the smallest picture for which there was no memory."""

    def takes(self, pixels: RGB, alpha: Alpha | None = None) -> bool:
        """Whether a picture is painted in one run: opaque, small, and within the memory.

        Raises:
            SettingsError: the memory is too small for a single tile.
        """
        height, width = pixels.shape[:2]
        size = height * width
        if size > min(self._model.whole_pixels, self._too_large - 1):
            return False
        if min(height, width) < LEAST_SIDE or not (alpha is None or (alpha == _OPAQUE).all()):
            return False
        return self._tiler.tiling(height, width, held=HELD_BYTES * size).is_whole

    def paint(self, pixels: RGB, code: Code) -> RGB | None:
        """Run the graph; same height and width. None where there is no memory for it.

        Raises:
            EngineError: the runtime refuses for another reason.
        """
        model, backend = self._model, self._tiler.backend
        image, part = pad(pixels, model.margin, model.multiple)
        inputs: dict[str, Array] = {"image": image, "code": code, **grain_of(model, image)}
        try:
            inputs |= filters_of(backend, model, code)
            painted: RGB = run_graph(backend, model.whole_graph, inputs, part)[0]
        except EngineError as error:
            if not is_out_of_memory(error):
                raise
            self._too_large = pixels.shape[0] * pixels.shape[1]
            return None
        return painted
