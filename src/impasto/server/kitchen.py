"""Where paintings are made: decoded in a process, painted by the engine's threads, encoded."""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np

from impasto.core.arrays import Alpha
from impasto.core.cpu import stand_back, usable_cores
from impasto.core.settings import EngineSettings, PaintSettings
from impasto.engine.backend import Backend
from impasto.engine.backends import open_backend
from impasto.engine.crowd import share
from impasto.engine.images import to_mask
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.engine.record import record_of
from impasto.engine.strokes import check_room
from impasto.media.image import Picture
from impasto.server.settings import ServeSettings
from impasto.server.workers import DecoderPool
from impasto.styles.spec import StyleSpec
from impasto.styles.watch import Shelf

T = TypeVar("T")


@dataclass(frozen=True)
class Order:
    """How a photo is to be painted."""

    spec: StyleSpec
    shelf: Shelf
    """The styles as they were when the request came; it finishes on them."""
    paint: PaintSettings
    format: str | None = None
    quality: int | None = None
    masks: tuple[tuple[StyleSpec, bytes], ...] = ()
    """Files of masks, the lowest first."""
    feather: float = 0.0

    @property
    def versions(self) -> str:
        """The styles and which version of them, for the response and for the cache.

        Raises:
            StyleError: a style is unknown.
        """
        specs = [self.spec, *(spec for spec, _ in self.masks)]
        names = dict.fromkeys(name for spec in specs if not spec.is_photo for name in spec.names)
        return ", ".join(f"{name}@{self.shelf.held(name).version}" for name in names)


@dataclass
class Served:
    """A painting as a file."""

    data: bytes
    media_type: str
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of each stage."""
    pixels: int = 0


class Kitchen:
    """The painters and the decoders; made and closed within the server's loop.

    Args:
        settings: sizes and limits.
        backend: runs the graphs; None opens the default one for as many streams as painters.
        model: what paints.
        decoders: decode photos and encode paintings; started and closed with the kitchen.
    """

    def __init__(
        self, settings: ServeSettings, backend: Backend | None, model: Model, decoders: DecoderPool
    ) -> None:
        self.settings, self.model, self.decoders = settings, model, decoders
        self.painters = painters_of(settings)
        self._memory = share(self.painters, None)
        self.backend = backend
        self._threads = ThreadPoolExecutor(self.painters, "impasto-paint", _stand_back)
        # A photo that waits for a painter waits as a file: decoded ones are large.
        self._places = asyncio.Semaphore(self.painters + decoders.count)

    async def start(self) -> None:
        """Open the engine and start the decoders; both at once."""
        await asyncio.gather(self.decoders.start(), self.run(self._open))

    async def warm_up(self, order: Order) -> None:
        """Paint something small, so that the first who comes does not wait for the engine."""
        pixels = np.zeros((64, 64, 3), np.uint8)
        await self.run(lambda: self.painter(order).paint(pixels))

    async def close(self) -> None:
        """End threads and processes, after what they have to do."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
        await self.decoders.close()

    def _open(self) -> None:
        if self.backend is None:
            engine = EngineSettings(threads=usable_cores(), streams=self.painters)
            self.backend = open_backend(settings=engine)

    async def run(self, work: Callable[[], T]) -> T:
        """Run something in a painting thread; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def painter(self, order: Order, masks: Sequence[tuple[StyleSpec, Alpha]] = ()) -> Painter:
        """A painter on the styles of an order, with its masks.

        Raises:
            StyleError: a style is unknown or made for another model.
        """
        settings = order.paint
        return Painter(
            order.spec,
            masks=masks,
            feather=order.feather,
            strength=settings.strength,
            colors=settings.colors,
            size=settings.size,
            stroke_reference=settings.stroke_reference,
            model=self.model,
            backend=self.backend,
            library=order.shelf,
            memory=self._memory,
        )

    async def serve(self, photo: bytes, order: Order) -> Served:
        """Paint a photo and encode it.

        Raises:
            ImpastoError: the photo or the order cannot be used.
        """
        async with self._places:
            return await self._served(photo, order)

    async def _served(self, photo: bytes, order: Order) -> Served:
        clock = Clock()
        picture = await self.decoders.decode(photo, "the photo")
        check_strokes(picture, order.paint, self.settings.max_pixels)
        masks = await self._masks(order)
        clock.lap("decode")
        # Masks are prepared with a painter: in a thread, as others are answered meanwhile.
        make = partial(self.painter, order, masks)
        painter = await self.run(make) if masks else make()
        measured = await self.run(lambda: painter.measured(picture))
        clock.lap("measure")
        painted = await self.run(lambda: painter.paint_measured(measured))
        clock.lap("paint")
        record = record_of(painter)
        format = order.format or painted.format
        data = await self.decoders.encode(painted, format, order.quality, record)
        clock.lap("encode")
        pixels = painted.pixels.size // 3
        return Served(data, media_type_of(format), clock.laps, pixels)

    async def _masks(self, order: Order) -> list[tuple[StyleSpec, Alpha]]:
        """The masks of an order, all together no larger than two photos may be."""
        masks, left = [], 2 * self.settings.max_pixels
        for spec, data in order.masks:
            picture = await self.decoders.decode(data, f"the mask of {spec}", max(1, left))
            mask = await self.run(partial(to_mask, picture))
            masks.append((spec, mask))
            left -= mask.size
        return masks


def check_strokes(picture: Picture, paint: PaintSettings, most: int) -> None:
    """Raise SettingsError if strokes would have a picture enlarged to more than `most` pixels."""
    height, width = picture.pixels.shape[:2]
    side = paint.stroke_reference
    if side is not None and side > max(width, height):
        check_room(width, height, side, most)


class Clock:
    """Seconds of one stage after the other."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """The stage that has just ended."""
        now = time.perf_counter()
        self.laps[name], self._last = now - self._last, now


def painters_of(settings: ServeSettings) -> int:
    """How many pictures are painted at once."""
    return settings.painters or usable_cores()


def decoders_of(settings: ServeSettings) -> int:
    """How many processes decode and encode."""
    return settings.decoders or usable_cores()


def media_type_of(format: str) -> str:
    """The media type of a picture format."""
    return f"image/{format.lower()}"


def _stand_back() -> None:
    """Let the thread that answers go first; the engine's own threads inherit it.

    Linux alone knows priorities of threads.
    """
    if sys.platform == "linux":
        stand_back()
