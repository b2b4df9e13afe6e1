"""The marks of a painting beside its photo, and what is left of many of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impasto.core.arrays import RGB
from impasto.lab.agreement import (
    Lines,
    Plane,
    edge_agreement,
    line_agreement,
    luminance,
    similarity,
    straight_lines,
)
from impasto.lab.judge import Features, Judge, cut_crops, kernel_distance
from impasto.lab.yardstick import Seen, Target, Yardstick, content_of, style_of


@dataclass(frozen=True)
class Glance:
    """All that is looked at in one picture, be it a photo or a painting of it."""

    seen: Seen
    plane: Plane
    lines: Lines | None
    """None where straight lines are not looked for."""
    crops: Features | None
    """What the judge sees; None without a judge."""


@dataclass(frozen=True)
class Marks:
    """One painting beside its photo."""

    style: float | None
    """The style loss; None where there are no pictures of the style."""
    content: float
    ssim: float
    edges: float
    lines: float | None


class Gauge:
    """Looks at pictures and compares them.

    Args:
        yardstick: the networks of the losses.
        judge: the unseen one; None leaves it out.
        crops: how many the judge sees of each picture.
    """

    def __init__(self, yardstick: Yardstick, judge: Judge | None, crops: int) -> None:
        self._yardstick, self._judge = yardstick, judge
        self.crops = crops if judge else 0

    def look(self, pixels: RGB, number: int, *, lined: bool) -> Glance:
        """Look at a picture.

        Args:
            pixels: at least 64 pixels on each side.
            number: which photo it is of: a photo and its paintings are cropped in the same places.
            lined: look for straight lines.
        """
        plane = luminance(pixels)
        return Glance(
            self._yardstick.see(pixels),
            plane,
            straight_lines(plane) if lined else None,
            self.crops_of(pixels, number),
        )

    def crops_of(self, pixels: RGB, number: int) -> Features | None:
        """What the judge alone sees of a picture, as in `look`; None without a judge."""
        judge = self._judge
        return judge.look(cut_crops(pixels, self.crops, [number])) if judge else None

    def compare(self, photo: Glance, painting: Glance, target: Target | None) -> Marks:
        """The marks of a painting; `target` is what its style looks like, if that is known."""
        lines = None
        if photo.lines is not None and painting.lines is not None:
            lines = line_agreement(photo.lines, painting.lines)
        return Marks(
            style=None if target is None else style_of(painting.seen, target),
            content=content_of(painting.seen, photo.seen),
            ssim=similarity(photo.plane, painting.plane),
            edges=edge_agreement(photo.plane, painting.plane),
            lines=lines,
        )


class Tally:
    """The marks of one method in one style, photo by photo.

    What the judge saw is kept, 2 KB a crop, because its distance is one of whole sets.
    """

    def __init__(self) -> None:
        self._marks: list[Marks] = []
        self._crops: list[Features] = []

    def add(self, marks: Marks, crops: Features | None) -> None:
        """Count one more photo."""
        self._marks.append(marks)
        if crops is not None:
            self._crops.append(crops)

    def mean(self, mark: str) -> float | None:
        """The mean of one of the marks over the photos that have it; None if none has."""
        values = [getattr(each, mark) for each in self._marks]
        known = [value for value in values if value is not None]
        return float(np.mean(known)) if known else None

    def distance(self, wanted: Features | None) -> float | None:
        """How far the judge finds all crops from those of the style; None without either."""
        if wanted is None or not self._crops:
            return None
        return kernel_distance(np.concatenate(self._crops), wanted)


def style_crops(judge: Judge, pictures: Sequence[RGB], count: int) -> Features:
    """What the judge sees in a style: at least `count` crops, as many of each of its pictures."""
    each = -(-count // len(pictures))
    seen = [judge.look(cut_crops(one, each, [number])) for number, one in enumerate(pictures)]
    return np.concatenate(seen)
