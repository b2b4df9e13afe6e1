"""What every method of `impasto bench quality` is to the bench: one small protocol."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.errors import InputError

FULL = 1.0


@dataclass(frozen=True, eq=False)
class StyleImage:
    """A style by its name, and the picture that methods of any style take it from."""

    name: str
    pixels: RGB | None
    """None where there is no picture: only methods that know the style by name paint then."""

    @property
    def picture(self) -> RGB:
        """The picture.

        Raises:
            InputError: there is none.
        """
        if self.pixels is None:
            raise InputError(f"there is no picture of the style {self.name!r}")
        return self.pixels

    @cached_property
    def digest(self) -> str | None:
        """Of the picture: what was measured with another one is measured again."""
        return None if self.pixels is None else digest_of(self.pixels)


def digest_of(pixels: RGB) -> str:
    """What tells a picture from others: a hash of its size and pixels, whatever its file is."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:16]


class Contender(Protocol):
    """A way to paint a photo in a style."""

    @property
    def name(self) -> str:
        """As it stands in tables, and in names of files."""
        ...

    @property
    def about(self) -> str:
        """The paper, weights and runtime, in one line."""
        ...

    @property
    def version(self) -> str:
        """Of its weights: results of other versions are measured again."""
        ...

    @property
    def strengths(self) -> tuple[float, ...]:
        """At which it is measured, from weak to full; only the full one if it has no strength."""
        ...

    @property
    def parameters(self) -> int:
        """Numbers that painting needs of the network; 0 without any."""
        ...

    @property
    def gmac_512(self) -> float | None:
        """Thousand million multiply-adds for 512 x 512; None where that has no meaning."""
        ...

    def check(self, style: StyleImage) -> None:
        """Make ready for a style.

        Raises:
            ImpastoError: it cannot paint in this style; with the reason.
        """
        ...

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """A painting of the photo's size; at strength 0 it is nearest to the photo."""
        ...
