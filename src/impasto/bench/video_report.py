"""What a measurement of video tells."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from impasto.bench.facts import Commit, Machine, ModelFacts
from impasto.bench.losses_report import ratio
from impasto.bench.video_marks import mean_of
from impasto.bench.video_settings import FLOW, MICROAST, PLAIN, VideoSettings
from impasto.engine.backend import BackendInfo


@dataclass(frozen=True)
class ClipRow:
    """One method on one clip; None where there is nothing to measure."""

    clip: str
    method: str
    short: float | None
    """Warping error from one frame to the next, in levels of 0 to 255."""
    long: float | None
    """The same over ten frames."""
    short_normalised: float | None
    """Divided by the clip's own error."""
    long_normalised: float | None
    perceptual: float | None
    """How different neighbours look to SqueezeNet, divided by the same of the clip's own."""
    sharpness: float
    """Root mean square of the Laplacian of luminance."""
    style_loss: float | None
    """Of single frames."""


@dataclass(frozen=True)
class MethodRow:
    """One method over all clips; ratios are means over clips of ratios on a clip."""

    method: str
    short: float | None
    """Normalised by the clips' own errors."""
    long: float | None
    perceptual: float | None
    short_ratio: float | None
    """The warping error, divided by that of painting frame by frame."""
    long_ratio: float | None
    sharpness_ratio: float | None
    style_ratio: float | None


@dataclass(frozen=True)
class StageSpeed:
    """Throughput at one size."""

    width: int
    height: int
    flow: bool
    fps: float
    """Frames a second from a file into a file, all stages at once."""
    cpu_seconds: Mapping[str, float]
    """Of each stage for a frame, run alone."""
    bound: float
    """Frames a second if all cores were busy with nothing else: cores / summed CPU seconds."""
    share: float
    """`fps / bound`."""
    busy: float
    """The share of the cores' time that was worked in, all stages at once: what is missing to 1
    was waited for. `share` falls below it where work costs more beside other work than alone."""


@dataclass(frozen=True)
class VideoReport:
    """Everything that one call measured, and of what."""

    date: str
    commit: Commit | None
    versions: Mapping[str, str]
    machine: Machine
    engine: BackendInfo
    model: ModelFacts
    settings: VideoSettings
    seen: Mapping[str, Mapping[int, float | None]]
    """Of each clip the share of pixels that count, by frames apart."""
    clips: list[ClipRow]
    methods: list[MethodRow]
    speed: list[StageSpeed]

    @property
    def targets(self) -> dict[str, float | None]:
        """What came out where `docs/video.md` tells what is aimed at."""
        rows = {row.method: row for row in self.methods}
        ours, peer = rows[FLOW], rows.get(MICROAST)
        return {
            "short, of frame by frame": ours.short_ratio,
            "short, of MicroAST": beside(self.clips, FLOW, MICROAST, "short") if peer else None,
            "style loss, of frame by frame": ours.style_ratio,
        }

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values, ready for JSON."""
        return {"benchmark": "video", **asdict(self), "targets": self.targets}


def beside(rows: Sequence[ClipRow], method: str, other: str, mark: str) -> float | None:
    """A mark of a method divided by another method's, in the mean over clips; None without."""
    found = {(row.clip, row.method): getattr(row, mark) for row in rows}
    clips = dict.fromkeys(row.clip for row in rows)
    return mean_of([ratio(found.get((c, method)), found.get((c, other))) for c in clips])


def method_rows(rows: Sequence[ClipRow]) -> list[MethodRow]:
    """One row for each method."""

    def mean(method: str, mark: str) -> float | None:
        return mean_of([getattr(row, mark) for row in rows if row.method == method])

    return [
        MethodRow(
            method=name,
            short=mean(name, "short_normalised"),
            long=mean(name, "long_normalised"),
            perceptual=mean(name, "perceptual"),
            short_ratio=beside(rows, name, PLAIN, "short"),
            long_ratio=beside(rows, name, PLAIN, "long"),
            sharpness_ratio=beside(rows, name, PLAIN, "sharpness"),
            style_ratio=beside(rows, name, PLAIN, "style_loss"),
        )
        for name in dict.fromkeys(row.method for row in rows)
    ]
