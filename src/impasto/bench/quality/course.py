"""The way of a method through all styles, strengths and photos: painted, measured, recorded."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from impasto.bench.contender import FULL, Contender, StyleImage
from impasto.bench.losses_marks import Glance
from impasto.bench.quality.gauge import Marker
from impasto.bench.quality.line_up import SLOW, Workshop
from impasto.bench.quality.pictures import Photo, open_painting, painting_path, save
from impasto.bench.quality.settings import CONTROLS, QualitySettings
from impasto.bench.quality.store import Record, Store
from impasto.bench.quality.watch import Tell, Watch
from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, ImpastoError
from impasto.core.files import reason
from impasto.core.notice import warn
from impasto.lab.judge import Features


class Course:
    """Takes one method after the other over all styles, strengths and photos.

    Args:
        settings: what to measure.
        store: the results, to which what is missing is added.
        marker: measures paintings.
        folder: for the paintings.
        photos: all that are painted.
        styles: in the order that they are painted in.
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
        tell: Tell,
    ) -> None:
        self._settings, self._store, self._marker = settings, store, marker
        self._folder, self._photos, self._styles, self._tell = folder, photos, styles, tell
        self.failed = 0
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
            except ImpastoError as error:
                self._left_out({"method": name, "style": style.name}, str(error))
                watch.pass_over(self._count(contender) // len(self._styles))
                continue
            for strength in contender.strengths:
                self._group(contender, style, strength, watch)
            if name not in SLOW:
                self._identity(contender, style)

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
        """All photos in one style at one strength, and the judge's distance of all of them."""
        key = _key(contender, style, strength)
        painted: dict[str, Features | None] = {}
        for photo in self._photos_of(contender):
            if not self._is_painted(key, photo):
                glance = self._painting(contender, style, strength, photo)
                painted |= {} if glance is None else {photo.name: glance.crops}
            watch.count()
        if painted or self._find_set(key) is None:
            self._set(contender, style, strength, painted)

    def _is_painted(self, key: Record, photo: Photo) -> bool:
        return self._store.find(kind="painting", **key, photo=photo.name, error=None) is not None

    def _painted(self, key: Record) -> list[Photo]:
        """Those of this call and of calls before, which may have asked for more."""
        return [photo for photo in self._photos if self._is_painted(key, photo)]

    def _find_set(self, key: Record) -> Record | None:
        """The distance of as many paintings as there are now; what failed may be there by now."""
        return self._store.find(kind="set", **key, pictures=len(self._painted(key)))

    def _set(
        self,
        contender: Contender,
        style: StyleImage,
        strength: float,
        painted: Mapping[str, Features | None],
    ) -> None:
        """Measure the judge's distance of all paintings, of which this call has painted some."""
        key = _key(contender, style, strength)
        seen = [
            painted[photo.name]
            if photo.name in painted
            else self._crops(contender, style, strength, photo)
            for photo in self._painted(key)
        ]
        crops = [each for each in seen if each is not None]
        sizes = {"pictures": len(self._painted(key)), "crops": sum(map(len, crops))}
        distances = self._marker.distances(style, crops)
        self._store.add({"kind": "set", **key, **sizes, **distances})

    def _crops(
        self, contender: Contender, style: StyleImage, strength: float, photo: Photo
    ) -> Features | None:
        """What the judge sees of a painting of before, which is painted again where it is gone."""
        path = painting_path(self._folder, contender.name, strength, style.name, photo.name)
        if path.is_file():
            return self._marker.crops(photo, open_painting(path))
        glance = self._painting(contender, style, strength, photo)
        return None if glance is None else glance.crops

    def _painting(
        self, contender: Contender, style: StyleImage, strength: float, photo: Photo
    ) -> Glance | None:
        """Paint and measure a photo; None if it fails."""
        key = {**_key(contender, style, strength), "photo": photo.name}
        path = painting_path(self._folder, contender.name, strength, style.name, photo.name)
        try:
            path.unlink(missing_ok=True)  # a failure leaves no painting of before
            started = time.perf_counter()
            painting = contender.paint(photo.pixels, style, strength)
            seconds = round(time.perf_counter() - started, 4)
            _check_size(contender, photo, painting)
            glance = self._marker.look(photo, painting)
            marks = self._marker.marks(photo, style, painting, glance)
        except Exception as error:  # another's program: whatever fails is recorded
            self.failed += 1
            warn(f"{contender.name}, {style.name}, {photo.name} failed: {reason(error)}")
            self._store.add({"kind": "painting", **key, "error": reason(error), "marks": None})
            return None
        save(painting, path)
        self._store.add(
            {"kind": "painting", **key, "error": None, "seconds": seconds, "marks": marks}
        )
        return glance

    def _identity(self, contender: Contender, style: StyleImage) -> None:
        """The style's picture in its own style, which is to come back as it is."""
        key = _key(contender, style, FULL)
        if style.pixels is None or self._store.find(kind="identity", **key) is not None:
            return
        try:
            painting = contender.paint(style.picture, style, FULL)
            self._store.add({"kind": "identity", **key, **self._marker.identity(style, painting)})
        except Exception as error:  # as above
            self.failed += 1
            warn(f"{contender.name}, {style.name} on its own picture failed: {reason(error)}")


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
        "strength": strength,
    }


def _facts(contender: Contender) -> dict[str, Any]:
    return {
        "method": contender.name,
        "version": contender.version,
        "about": contender.about,
        "strengths": list(contender.strengths),
        "parameters": contender.parameters,
        "gmac_512": contender.gmac_512,
    }
