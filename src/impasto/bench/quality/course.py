"""The way of a method through all styles, strengths and photos: painted, measured, recorded."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impasto.bench.contender import FULL, Contender, StyleImage
from impasto.bench.quality.gauge import Marker
from impasto.bench.quality.line_up import SLOW, Workshop
from impasto.bench.quality.ours import Impasto
from impasto.bench.quality.pictures import Photo, painting_path, save
from impasto.bench.quality.provenance import Stamp
from impasto.bench.quality.settings import CONTROLS, QualitySettings
from impasto.bench.quality.store import Record, Store
from impasto.bench.quality.watch import Tell, Watch
from impasto.core.arrays import RGB
from impasto.core.errors import ImageError
from impasto.core.files import reason
from impasto.core.notice import warn


class Course:
    """Takes one method after the other over all styles, strengths and photos.

    Args:
        settings: what to measure.
        store: the results, to which what is missing is added.
        marker: measures paintings.
        folder: for the paintings.
        photos: all that are painted.
        styles: in the order that they are painted in.
        stamp: says when and by what paintings were made.
        tell: is told how far it is.
    """

    def __init__(
        self,
        settings: QualitySettings,
        store: Store,
        marker: Marker,
        folder: Path,
        photos: Sequence[Photo],
        styles: Sequence[StyleImage],
        stamp: Stamp,
        tell: Tell,
    ) -> None:
        self._settings, self._store, self._marker = settings, store, marker
        self._folder, self._photos, self._styles, self._tell = folder, photos, styles, tell
        self._stamp, self.failed = stamp, 0
        """So many paintings."""

    def run(self, name: str, workshop: Workshop) -> None:
        """Run one method; what cannot be run is a record with the reason, and a warning."""
        try:
            contender = workshop.make(name)
            facts = _facts(contender)
        except Exception as error:  # another's program: whatever fails is recorded
            self._left_out({"method": name}, reason(error))
            return
        self._store.add({"kind": "method", **facts})
        watch = Watch(name, self._tell, self._count(contender))
        for style in self._styles:
            try:
                contender.check(style)
                self._keep_code(contender, style)
            except Exception as error:  # as above: weights of a wrong shape are told only here
                self._left_out({"method": name, "style": style.name}, reason(error))
                watch.pass_over(self._count(contender) // len(self._styles))
                continue
            for strength in contender.strengths:
                self._group(contender, style, strength, watch)
            if name not in SLOW:
                self._identity(contender, style)

    def _keep_code(self, contender: Contender, style: StyleImage) -> None:
        """What a style is painted from, if not from its picture: results of another one are old."""
        if (code := _code(contender, style)) is not None:
            key = {"method": contender.name, "style": style.name}
            self._store.add({"kind": "code", **key, "code": code})

    def _count(self, contender: Contender) -> int:
        photos = len(self._photos_of(contender))
        return len(self._styles) * len(contender.strengths) * photos

    def _photos_of(self, contender: Contender) -> Sequence[Photo]:
        if contender.name not in SLOW:
            return self._photos
        return self._photos[: self._settings.slow_photos]

    def _left_out(self, key: dict[str, str], why: str) -> None:
        where = ", ".join(key.values())
        warn(f"{where} is not run: {why}")
        self._store.add({"kind": "not run", **key, "why": why})

    def _group(
        self, contender: Contender, style: StyleImage, strength: float, watch: Watch
    ) -> None:
        """All photos in one style at one strength."""
        for photo in self._photos_of(contender):
            if not self._is_painted(contender, style, strength, photo):
                self._painting(contender, style, strength, photo)
            watch.count()

    def _is_painted(
        self, contender: Contender, style: StyleImage, strength: float, photo: Photo
    ) -> bool:
        """It was measured, and is still there: what was deleted is painted again."""
        key = {**_key(contender, style, strength), "photo": photo.name}
        path = painting_path(self._folder, contender.name, strength, style.name, photo.name)
        return self._store.find(kind="painting", **key, error=None) is not None and path.is_file()

    def _painting(
        self, contender: Contender, style: StyleImage, strength: float, photo: Photo
    ) -> None:
        """Paint and measure a photo; what fails is a record with the reason, and a warning."""
        key = {**_key(contender, style, strength), "photo": photo.name}
        path = painting_path(self._folder, contender.name, strength, style.name, photo.name)
        try:
            path.unlink(missing_ok=True)  # a failure leaves no painting of before
            started = time.perf_counter()
            painting = contender.paint(photo.pixels, style, strength)
            seconds = round(time.perf_counter() - started, 4)
            _check_size(contender, photo, painting)
            marks = self._marker.marks(photo, style, painting)
        except Exception as error:  # another's program: whatever fails is recorded
            self._failed({"kind": "painting", **key, "marks": None}, photo.name, error)
            return
        save(painting, path)
        record = {"kind": "painting", **key, **self._stamp(), "error": None}
        self._store.add({**record, "seconds": seconds, "marks": marks})

    def _failed(self, record: Record, what: str, error: Exception) -> None:
        """Record a failure, which the next call tries again."""
        self.failed += 1
        warn(f"{record['method']}, {record['style']}, {what} failed: {reason(error)}")
        self._store.add({**record, "error": reason(error)})

    def _identity(self, contender: Contender, style: StyleImage) -> None:
        """The style's picture in its own style, which is to come back as it is."""
        key = {"kind": "identity", **_key(contender, style, FULL)}
        if style.pixels is None or self._store.find(**key, error=None) is not None:
            return
        try:
            painting = contender.paint(style.picture, style, FULL)
            self._store.add({**key, "error": None, **self._marker.identity(style, painting)})
        except Exception as error:  # as above
            self._failed({**key, "rmse": None, "perceptual": None}, "on its own picture", error)


def _check_size(contender: Contender, photo: Photo, painting: RGB) -> None:
    """All methods are compared at one size; the style's own picture is not a painting."""
    if contender.name not in CONTROLS and painting.shape != photo.pixels.shape:
        raise ImageError(f"the painting is {painting.shape}, and the photo {photo.pixels.shape}")


def _key(contender: Contender, style: StyleImage, strength: float) -> dict[str, Any]:
    return {
        "method": contender.name,
        "version": contender.version,
        "style": style.name,
        "picture": style.digest,
        "code": _code(contender, style),
        "strength": strength,
    }


def _code(contender: Contender, style: StyleImage) -> str | None:
    return contender.code(style) if isinstance(contender, Impasto) else None


def _facts(contender: Contender) -> dict[str, Any]:
    return {
        "method": contender.name,
        "version": contender.version,
        "about": contender.about,
        "strengths": list(contender.strengths),
        "parameters": contender.parameters,
        "gmac_512": contender.gmac_512,
    }
