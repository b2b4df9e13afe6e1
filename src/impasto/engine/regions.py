"""Regions: parts of one picture in different styles, laid over each other by masks.

The style of the painter is the lowest; each mask lays its style over those before it, in the order
given. A style is measured on what shows of it, and painted once, over the bounding box of that and
as much around it as the model reaches. So its pixels are those of the whole picture painted with
the same affine, and mixing by the mask is all that happens at its edge: no seam, no halo.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from impasto.core.arrays import RGB, Affine, Alpha
from impasto.core.cache import MemoryCache
from impasto.core.errors import SettingsError
from impasto.core.settings import checked_feather
from impasto.engine.images import MaskLike, to_mask
from impasto.engine.looks import Look, StyleLike
from impasto.engine.tiles import Box
from impasto.media.mask import fit_mask

Masks = Mapping[Any, MaskLike] | Sequence[tuple[StyleLike, MaskLike]]
"""A mask for each style: where it is white, the picture is painted in that style. The keys are
`StyleLike`; pairs are for a style that has several masks."""

_OWN_BYTES: Final = 12
"""What a region takes for each pixel while it is painted and laid on, and the picture below it."""
_KEPT_BYTES: Final = 64 * 2**20
"""Of masks that are fitted to sizes of pictures which came lately."""
_BAND: Final = 256
"""Rows that are mixed at a time."""


@dataclass(frozen=True, eq=False)
class Region:
    """A style and where it is painted."""

    look: Look
    mask: Alpha
    """Of any size."""


@dataclass(frozen=True, eq=False)
class Patch:
    """A style in its place in pictures of one size."""

    look: Look
    box: Box
    """Where it shows."""
    shown: Alpha
    """How much of it shows at each pixel of the picture, 0 to 255."""
    mask: Alpha | None
    """How it is laid over what lies below, in its box; None covers that."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A patch that is ready to be painted on a picture."""

    patch: Patch
    affine: Affine | None
    """None where the photo shows."""


class Regions:
    """The styles of a picture and their masks; made once, used for pictures of any size.

    Args:
        base: what is painted where no mask is.
        regions: from the lowest to the highest.
        feather: so many pixels of the result are soft to each side of a mask's edge.

    Raises:
        SettingsError: the feather is out of its range.
    """

    def __init__(self, base: Look, regions: Sequence[Region], feather: float = 0.0) -> None:
        self.base, self.regions = base, tuple(regions)
        self.feather = checked_feather(feather)
        self._kept = MemoryCache[tuple[Patch, ...]](_KEPT_BYTES)

    @property
    def looks(self) -> tuple[Look, ...]:
        """All styles, the lowest first."""
        return self.base, *(region.look for region in self.regions)

    def patches(self, width: int, height: int) -> tuple[Patch, ...]:
        """What shows in pictures of a size, the lowest first; a style that does not is left out."""
        size = 2 * len(self.looks) * width * height
        return self._kept.get((width, height), size, lambda: self._fitted(width, height))

    def held(self, pixels: RGB) -> int:
        """Bytes that painting a picture takes beside the picture itself: masks and what shows."""
        return (_OWN_BYTES + 2 * len(self.looks)) * pixels.size // 3

    def _fitted(self, width: int, height: int) -> tuple[Patch, ...]:
        masks = [fit_mask(region.mask, width, height, self.feather) for region in self.regions]
        found, rest = [], np.full((height, width), 255, np.uint8)
        for look, mask in zip(self.looks[:0:-1], masks[::-1], strict=True):
            found.append(_patch(look, _times(rest, mask), mask))
            rest = _times(rest, 255 - mask)
        found.append(_patch(self.base, rest, None))
        return tuple(patch for patch in found[::-1] if patch is not None)


def make_regions(
    base: Look, masks: Masks, feather: float, make: Callable[[StyleLike], Look]
) -> Regions | None:
    """The regions that a caller asks for; None if there is no mask.

    Raises:
        ImageError: a mask is no picture.
        SettingsError: the feather is out of its range, or `masks` are no pairs.
        StyleError: what `make` raises.
    """
    regions = [Region(make(style), to_mask(mask)) for style, mask in _pairs(masks)]
    kept = Regions(base, regions, feather)
    return kept if regions else None


def _pairs(masks: Masks) -> list[tuple[Any, MaskLike]]:
    """Styles with their masks, the lowest first."""
    pairs = list(masks.items()) if isinstance(masks, Mapping) else masks
    if not isinstance(pairs, list | tuple) or not all(_is_pair(each) for each in pairs):
        raise SettingsError(
            "masks are a dict of a mask for each style, or a list of pairs (style, mask); got a "
            + type(masks).__name__
        )
    return list(pairs)


def _is_pair(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2


def shown_in(patch: Patch, pixels: RGB, alpha: Alpha | None = None) -> Alpha:
    """How much of a style shows at each pixel of a picture, which need not be of the patch's size.

    Args:
        patch: the style in its place.
        pixels: the picture.
        alpha: its opacity: what is transparent does not show. None is opaque.
    """
    shown: Alpha = fit_mask(patch.shown, pixels.shape[1], pixels.shape[0])
    return shown if alpha is None else _times(shown, alpha)


def lay(canvas: RGB, layer: Layer, painted: RGB) -> None:
    """Lay the painting of a layer's box over a picture, in place.

    Args:
        canvas: what lies below, of the whole picture.
        layer: whose painting it is.
        painted: the box, painted.
    """
    below, mask = canvas[layer.patch.box.of], layer.patch.mask
    if mask is None:
        below[:] = painted
        return
    shares = mask[layer.patch.box.of]
    for top in range(0, len(below), _BAND):
        rows = slice(top, top + _BAND)
        below[rows] = _mixed(below[rows], painted[rows], shares[rows])


def _mixed(below: RGB, above: RGB, mask: Alpha) -> RGB:
    """One over the other; exactly the one at 0, and the other at 255."""
    share = mask[..., None].astype(np.uint16)
    total = below * (255 - share)
    total += above * share
    total += 127
    total //= 255
    return total.astype(np.uint8)


def _times(one: Alpha, other: Alpha) -> Alpha:
    """The product of two shares, rounded up: what shows but a little is painted all the same."""
    product = np.empty_like(one)
    for top in range(0, len(one), _BAND):
        rows = slice(top, top + _BAND)
        product[rows] = (one[rows].astype(np.uint16) * other[rows] + 254) // 255
    return product


def _patch(look: Look, shown: Alpha, mask: Alpha | None) -> Patch | None:
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    if rows.size == 0:
        return None
    box = Box(_from_first_to_last(rows), _from_first_to_last(columns))
    return Patch(look, box, shown, mask)


def _from_first_to_last(lines: "np.ndarray[Any, Any]") -> slice:
    return slice(int(lines[0]), int(lines[-1]) + 1)
