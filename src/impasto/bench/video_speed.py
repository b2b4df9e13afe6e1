"""Throughput of video: from a file into a file, beside what each stage costs alone."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path

from impasto.bench.video_inputs import read_clip
from impasto.bench.video_report import StageSpeed
from impasto.bench.video_settings import VideoSettings
from impasto.core.arrays import RGB
from impasto.core.cpu import usable_cores
from impasto.engine.crowd import Crowd
from impasto.engine.film import Batch, Studio, paint_video
from impasto.engine.following import Follower
from impasto.engine.painter import Painter
from impasto.engine.selection import Selection, choose
from impasto.engine.temporal import Temporal
from impasto.media.resize import resize_to
from impasto.media.video import VideoInfo
from impasto.media.video_coding import Coding
from impasto.media.video_reader import VideoFile
from impasto.media.video_writer import PieceWriter

_RATE = Fraction(24)
_CODING = Coding("h264")


def measure_stages(
    settings: VideoSettings,
    alone: Painter,
    crowd: Crowd,
    clip: Path,
    folder: Path,
    tell: Callable[[str], None] = lambda text: None,
) -> list[StageSpeed]:
    """Time painting at each size, with statistics alone and with flow.

    Args:
        settings: sizes, and how many frames.
        alone: paints when stages are timed alone; on one thread, none waits for another.
        crowd: paints when they work together.
        clip: its frames are stretched to the size; a short one runs again and again.
        folder: an existing folder for files that may stay.
        tell: is told in words what comes next.
    """
    if not settings.timed:
        return []
    frames = read_clip(clip, settings.timed_frames, max(max(size) for size in settings.timed))
    return [
        speed
        for width, height in settings.timed
        for speed in _Size(settings, alone, crowd, frames, width, height, folder).measured(tell)
    ]


class _Size:
    """One size: its file, and the stages alone."""

    def __init__(
        self,
        settings: VideoSettings,
        alone: Painter,
        crowd: Crowd,
        frames: Sequence[RGB],
        width: int,
        height: int,
        folder: Path,
    ) -> None:
        self._settings, self._painter, self._crowd = settings, alone, crowd
        stretched = [resize_to(frame, width, height) for frame in frames]
        self._frames = list(islice(cycle(stretched), settings.timed_frames))
        self._info = VideoInfo("frames", width, height, _RATE, 1 / _RATE)
        self._folder = folder
        self._file = folder / f"{width}x{height}.nut"
        _write(self._file, self._info, self._frames)

    def measured(self, tell: Callable[[str], None]) -> list[StageSpeed]:
        info = self._info
        tell(f"timing {info.width} x {info.height}")
        for painter in (self._painter, self._crowd.painter):
            painter.paint(self._frames[0])  # its graph is compiled
        alone = self._alone()
        without = {name: seconds for name, seconds in alone.items() if name != "flow"}
        return [self._speed(0.0, without), self._speed(self._settings.flow, alone)]

    def _speed(self, flow: float, alone: dict[str, float]) -> StageSpeed:
        fps, info = len(self._frames) / self._together(flow), self._info
        bound = usable_cores() / sum(alone.values())
        return StageSpeed(info.width, info.height, flow > 0.0, fps, alone, bound, fps / bound)

    def _together(self, flow: float) -> float:
        """Seconds from a file into a file, as `impasto video` does it."""
        crowd, window = self._crowd, self._settings.window
        studio = Studio(crowd.painter, window=window, flow=flow, crowd=crowd.size)
        started = time.perf_counter()
        with (
            closing(VideoFile(self._file)) as source,
            PieceWriter(self._folder / "painted.nut", self._info, _CODING) as writer,
        ):

            def write(batch: Batch) -> None:
                for painting in batch.paintings:
                    writer.write(painting.pixels, painting.pts)

            selection = Selection(rate=_RATE)
            for _ in paint_video(choose(source, selection), self._info, studio, write):
                pass
        return time.perf_counter() - started

    def _alone(self) -> dict[str, float]:
        """CPU seconds of each stage for a frame; measuring is what smoothing takes beside paint."""
        painter, frames, count = self._painter, self._frames, len(self._frames)
        affine = painter.affine(frames[0])
        decode = _cpu(self._decode)
        painted: list[RGB] = []
        paint = _cpu(
            lambda: painted.extend(painter.paint_pixels(frame, affine) for frame in frames)
        )
        smoothed = _cpu(self._smooth)
        follower = Follower(1.0)
        pairs = zip(frames, painted, strict=True)
        flow = _cpu(lambda: [follower.follow(frame, painting) for frame, painting in pairs])
        encode = _cpu(lambda: _write(self._folder / "alone.nut", self._info, painted))
        seconds = {
            "decode": decode,
            "measure": max(0.0, smoothed - paint),
            "paint": paint,
            "flow": flow,
            "encode": encode,
        }
        return {name: value / count for name, value in seconds.items()}

    def _decode(self) -> None:
        with closing(VideoFile(self._file)) as source:
            for frame in source.frames():
                frame.pixels()

    def _smooth(self) -> None:
        temporal = Temporal(self._painter, rate=float(_RATE), window=self._settings.window)
        for frame in self._frames:
            temporal.push(frame)
        temporal.finish()


def _write(path: Path, info: VideoInfo, frames: Iterable[RGB]) -> None:
    with PieceWriter(path, info, _CODING) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, number)


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of all threads of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started
