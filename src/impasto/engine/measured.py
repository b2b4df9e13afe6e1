"""What stands between the two halves of painting: a picture that was measured."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.core.arrays import Affine
from impasto.engine.regions import Layer
from impasto.media.image import Picture

if TYPE_CHECKING:  # needs OpenCV's module, which photos do not
    from impasto.engine.drift import Drift


@dataclass(frozen=True, eq=False)
class Measured:
    """A picture that is ready to be painted."""

    photo: Picture
    """Prepared: transparent pixels filled, the size bounded."""
    affine: Affine | None
    """None where the photo is the result, at strength 0, and where it is measured as it is painted.
    """
    small: Picture | None = None
    """What is painted in place of the photo, and brought to its size: for a stroke reference, and
    where the photo is tiny."""
    layers: tuple[Layer, ...] | None = None
    """What is painted in several styles, the lowest first, in place of all in one."""
    drift: "Drift | None" = None
    """How far it has gone, in a video; only where all is painted in one style."""
