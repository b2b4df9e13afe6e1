"""What any method has to beat on one measure or the other."""

from impasto.bench.contender import FULL, StyleImage
from impasto.bench.losses_colours import Colours, colours_of, match_colours
from impasto.core.arrays import RGB


class _Control:
    """Has no network and no strength."""

    version, strengths, parameters, gmac_512 = "1", (FULL,), 0, 0.0

    def check(self, style: StyleImage) -> None:
        """Nothing is needed."""


class Unchanged(_Control):
    """The photo as it is: no content is lost."""

    name, about = "photo", "the unchanged photo"

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """The photo."""
        return photo


class ColourTransfer(_Control):
    """The photo in the style's colours (Gatys et al. 2016, symmetric square roots)."""

    name, about = "colours", "the photo with the mean and covariance of the style's colours"

    def check(self, style: StyleImage) -> None:
        """Raises InputError where there is no picture."""
        self._colours(style)

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Recoloured."""
        return match_colours(photo, self._colours(style))

    def _colours(self, style: StyleImage) -> Colours:
        return colours_of([style.picture])


class StyleItself(_Control):
    """The style's own picture, whatever the photo: all of the style.

    Unlike other paintings it has its own size, for a picture that is stretched has another style
    loss than 0.
    """

    name, about = "style", "the style's own picture, at its own size"

    def check(self, style: StyleImage) -> None:
        """Raises InputError where there is no picture."""
        style.picture  # noqa: B018  # it raises

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """The picture."""
        return style.picture
