"""All measures of a painting that need no others beside it."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from impasto.bench.contender import StyleImage
from impasto.bench.losses_marks import Gauge, Glance
from impasto.bench.quality.pictures import Photo
from impasto.core.arrays import RGB
from impasto.core.errors import ModelError
from impasto.core.notice import warn
from impasto.lab.appearance import colour_distance
from impasto.lab.features import bundled_features, load_features
from impasto.lab.judge import JUDGE, Judge, load_judge
from impasto.lab.yardstick import Seen, Target, Yardstick, load_yardstick
from impasto.media.resize import resize_to

Marks = dict[str, float | None]
"""By name: style, content, ssim, edges, lines, perceptual, colours."""

OWN_FEATURES = "the bundled feature network"
VGG_FEATURES = "VGG-19 to relu3_1, slim VGG-19 below"


@dataclass(frozen=True)
class Tools:
    """The networks that measure."""

    yardstick: Yardstick
    judge: Judge | None
    features: str
    """What the yardstick is: numbers of different ones do not compare."""


def open_tools(assets: Path | None) -> Tools:
    """The networks of the assets; without any the bundled one and no judge, with a warning.

    Raises:
        ModelError: the assets are there, and the VGG files in them are not.
    """
    if assets is None:
        warn("without IMPASTO_ASSETS losses are those of the bundled features, without a judge")
        own = load_features(bundled_features())
        return Tools(Yardstick(own, own), None, OWN_FEATURES)
    try:
        judge = load_judge(assets / JUDGE)
    except ModelError as error:
        warn(f"the judge is left out: {error}")
        judge = None
    return Tools(load_yardstick(assets), judge, VGG_FEATURES)


class Marker:
    """Measures paintings one by one.

    Args:
        tools: the networks; of whole sets the judge is asked elsewhere (`sets.Jury`).
    """

    def __init__(self, tools: Tools) -> None:
        self._tools, self._gauge = tools, Gauge(tools.yardstick, None, 0)
        self._photos: dict[str, Glance] = {}
        self._targets: dict[str, Target] = {}

    def marks(self, photo: Photo, style: StyleImage, painting: RGB) -> Marks:
        """The measures of a painting."""
        target = self._target(style) if style.pixels is not None else None
        glance = self._look(photo, painting)
        marks: Marks = asdict(self._gauge.compare(self._glance(photo), glance, target))
        judge, picture = self._tools.judge, style.pixels
        fitted = _fitted(photo, painting)
        marks["perceptual"] = judge.difference(photo.pixels, fitted) if judge else None
        marks["colours"] = None if picture is None else colour_distance(painting, picture)
        return {name: number(each) for name, each in marks.items()}

    def identity(self, style: StyleImage, painting: RGB) -> Marks:
        """How far the style's picture, painted in its own style, is from itself."""
        error = np.square(style.picture.astype(np.float64) - painting).mean() ** 0.5
        judge = self._tools.judge
        seen = judge.difference(style.picture, painting) if judge else None
        return {"rmse": number(float(error)), "perceptual": number(seen)}

    def _glance(self, photo: Photo) -> Glance:
        if photo.name not in self._photos:
            self._photos[photo.name] = self._gauge.look(photo.pixels, 0, lined=photo.lined)
        return self._photos[photo.name]

    def _look(self, photo: Photo, painting: RGB) -> Glance:
        """Look at a painting of a photo; at the photo itself only once.

        Of one with another size, which only the style's own picture has, content, edges and lines
        are those of the resized one.
        """
        if painting is photo.pixels:
            return self._glance(photo)
        glance = self._gauge.look(painting, 0, lined=photo.lined)
        if painting.shape == photo.pixels.shape:
            return glance
        fitted = self._gauge.look(_fitted(photo, painting), 0, lined=photo.lined)
        return replace(fitted, seen=Seen(glance.seen.style, fitted.seen.content))

    def _target(self, style: StyleImage) -> Target:
        if style.name not in self._targets:
            self._targets[style.name] = self._tools.yardstick.target([style.picture])
        return self._targets[style.name]


def number(value: float | None) -> float | None:
    """A measure to six places; None where there is nothing, or no number came out."""
    return None if value is None or not np.isfinite(value) else round(value, 6)


def _fitted(photo: Photo, painting: RGB) -> RGB:
    """A painting at the photo's size, in most cases the same object."""
    height, width = photo.pixels.shape[:2]
    return painting if painting.shape == photo.pixels.shape else resize_to(painting, width, height)
