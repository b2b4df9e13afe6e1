"""Throughput of video: from a file into a file, beside what each stage costs alone.

Other programs on a machine come and go within minutes. So all that is compared is timed in turns,
several times over, and medians count.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from impasto.bench.video_inputs import read_clip
from impasto.bench.video_report import StageSpeed
from impasto.bench.video_settings import VideoSettings
from impasto.core.arrays import RGB
from impasto.core.cpu import usable_cores
from impasto.engine.crowd import Crowd
from impasto.engine.film import Batch, Film, paint_video
from impasto.engine.flow import on_one_thread
from impasto.engine.following import Follower
from impasto.engine.painter import Painter
from impasto.engine.selection import Selection, choose
from impasto.engine.shots import Shots
from impasto.media.resize import resize_to
from impasto.media.video import VideoInfo
from impasto.media.video_coding import Coding
from impasto.media.video_reader import VideoFile
from impasto.media.video_writer import PieceWriter

_RATE = Fraction(24)
_CODING = Coding("h264")
_FLOWING = "flow"
_ALONE = 24
"""Frames by which stages are timed alone: each frame costs a stage the same."""


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


@dataclass(frozen=True)
class _Taken:
    """What a film took: seconds, and CPU seconds of all threads."""

    seconds: float
    cpu: float


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
        painted = self._painted()
        self._crowd.painter.paint(self._frames[0])  # its graph is compiled
        alone: list[dict[str, float]] = []
        taken: dict[float, list[_Taken]] = {0.0: [], self._settings.flow: []}
        for turn in range(1, self._settings.turns + 1):
            tell(f"timing {self._info.width} x {self._info.height}, turn {turn}")
            alone.append(self._alone(painted))
            for flow, times in taken.items():
                times.append(self._together(flow))
        stages = {name: median(each[name] for each in alone) for name in alone[0]}
        return [self._speed(flow, times, stages) for flow, times in taken.items()]

    def _speed(self, flow: float, taken: Sequence[_Taken], stages: dict[str, float]) -> StageSpeed:
        fps = len(self._frames) / median(each.seconds for each in taken)
        busy = median(each.cpu / each.seconds for each in taken) / usable_cores()
        own = {name: cost for name, cost in stages.items() if flow > 0.0 or name != _FLOWING}
        bound = usable_cores() / sum(own.values())
        width, height = self._info.width, self._info.height
        return StageSpeed(width, height, flow > 0.0, fps, own, bound, fps / bound, busy)

    def _together(self, flow: float) -> _Taken:
        """From a file into a file, as `impasto video` does it."""
        crowd, window = self._crowd, self._settings.window
        film = Film(crowd.painter, window=window, flow=flow, crowd=crowd.size)
        started, worked = time.perf_counter(), time.process_time()
        with (
            closing(VideoFile(self._file)) as source,
            PieceWriter(self._folder / "painted.nut", self._info, _CODING) as writer,
        ):

            def write(batch: Batch) -> None:
                for painting in batch.paintings:
                    writer.write(painting.pixels, painting.pts)

            selection = Selection(rate=_RATE)
            for _ in paint_video(choose(source, selection), self._info, film, write):
                pass
        return _Taken(time.perf_counter() - started, time.process_time() - worked)

    def _alone(self, painted: Sequence[RGB]) -> dict[str, float]:
        """CPU seconds of each stage for a frame, by the first frames and their paintings."""
        frames, follower = self._frames[: len(painted)], Follower(1.0)
        follower.follow(frames[0], painted[0])  # a first frame follows nothing
        pairs = list(zip(frames, painted, strict=True))
        stages: dict[str, Callable[[], object]] = {
            "decode": lambda: self._decode(len(frames)),
            "measure": lambda: self._measure(frames),
            "paint": self._painted,
            _FLOWING: lambda: [follower.follow(*pair) for pair in pairs],
            "encode": lambda: _write(self._folder / "alone.nut", self._info, painted),
        }
        with on_one_thread():
            return {name: _cpu(work) / len(frames) for name, work in stages.items()}

    def _painted(self) -> list[RGB]:
        affine = self._painter.affine(self._frames[0])
        return [self._painter.paint_pixels(frame, affine) for frame in self._frames[:_ALONE]]

    def _decode(self, count: int) -> None:
        with closing(VideoFile(self._file)) as source:
            for frame in islice(source.frames(), count):
                frame.pixels()

    def _measure(self, frames: Sequence[RGB]) -> None:
        shots = Shots(self._painter, rate=float(_RATE), window=self._settings.window)
        for frame in frames:
            shots.push(frame)
        shots.finish()


def _write(path: Path, info: VideoInfo, frames: Iterable[RGB]) -> None:
    with PieceWriter(path, info, _CODING) as writer:
        for number, frame in enumerate(frames):
            writer.write(frame, number)


def _cpu(work: Callable[[], object]) -> float:
    """CPU seconds of all threads of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started
