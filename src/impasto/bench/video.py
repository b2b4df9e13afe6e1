"""How calm painted clips are, beside networks that know no time: `impasto bench video`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from impasto.bench.facts import commit, date, machine, model_facts, versions
from impasto.bench.losses_inputs import style_pictures
from impasto.bench.losses_report import ratio
from impasto.bench.video_inputs import default_clips, read_clip
from impasto.bench.video_marks import LONG, SHORT, ClipMarks, mean_of
from impasto.bench.video_methods import ClipMethod, our_methods, peer_methods
from impasto.bench.video_report import ClipRow, VideoReport, method_rows
from impasto.bench.video_settings import VideoSettings
from impasto.bench.video_speed import measure_stages
from impasto.core.arrays import RGB
from impasto.core.errors import InputError
from impasto.core.memory import Memory
from impasto.core.notice import warn
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend
from impasto.engine.backends import open_backend
from impasto.engine.crowd import MANY, Crowd, together
from impasto.engine.flow import sharpness
from impasto.engine.painter import Painter
from impasto.lab.data import assets_folder
from impasto.lab.judge import JUDGE, Judge, load_judge
from impasto.lab.recipe import Recipe
from impasto.lab.yardstick import Target, Yardstick, load_yardstick, style_of

RATE = 24.0
"""Frames a second of clips: that of the DAVIS sequences, which do not say it."""

Gallery = dict[str, list[RGB]]
"""All paintings of a clip, by method."""


@dataclass(frozen=True)
class _Eye:
    """What looks at single frames."""

    yardstick: Yardstick
    target: Target
    judge: Judge
    every: int

    def style_loss(self, pictures: Sequence[RGB]) -> float | None:
        # Not the first one, into which nothing is mixed yet: what is wanted is the steady state.
        looked = pictures[self.every - 1 :: self.every] or pictures[-1:]
        return mean_of([style_of(self.yardstick.see(each), self.target) for each in looked])

    def apart(self, pictures: Sequence[RGB]) -> float | None:
        """How different neighbours look."""
        places = range(0, len(pictures) - 1, max(1, self.every // 3))
        return mean_of([self.judge.difference(pictures[i], pictures[i + 1]) for i in places])


def measure_video(
    settings: VideoSettings,
    recipe: Recipe,
    clips: Sequence[Path] = (),
    *,
    backend: Backend | None = None,
    show: Callable[[str, Sequence[RGB], Gallery], None] = lambda clip, frames, paintings: None,
    tell: Callable[[str], None] = lambda text: None,
) -> VideoReport:
    """Measure calm on clips and throughput at several sizes.

    One clip and all its paintings are in memory at a time: 30 frames of 854 x 480 are 0.4 GB.

    Args:
        settings: what to measure.
        recipe: names the picture of the style, below IMPASTO_ASSETS.
        clips: videos, or folders of frames; none are those of the assets.
        backend: runs the graphs; by default as `impasto video` runs them.
        show: is handed each clip with its paintings.
        tell: is told in words what comes next.

    Raises:
        InputError: a clip cannot be read, the recipe has not the style, IMPASTO_ASSETS names no
            folder, or weights there cannot be read.
        EngineError: the engine does not load or refuses.
    """
    given, assets = backend is not None, assets_folder()
    backend = backend or open_backend(settings=EngineSettings().steady())
    paths, here = list(clips) or default_clips(assets), machine()
    code = commit()
    painter, pictures = Painter(settings.style, backend=backend), _pictures(settings, recipe)
    yardstick = load_yardstick(assets)
    eye = _Eye(yardstick, yardstick.target(pictures), load_judge(assets / JUDGE), settings.every)
    rows: list[ClipRow] = []
    seen: dict[str, dict[int, float | None]] = {}
    with TemporaryDirectory(prefix="impasto-bench-", ignore_cleanup_errors=True) as name:
        methods = our_methods(painter, RATE, settings.window, settings.flow)
        methods += peer_methods(settings.style, pictures[0], assets, Path(name), backend)
        for path in paths:
            tell(f"painting {path.name} in {len(methods)} ways")
            frames = read_clip(path, settings.frames, settings.size)
            found, seen[path.name], paintings = _measure_clip(path.name, frames, methods, eye)
            rows += found
            show(path.name, frames, paintings)
        alone, crowd = _painters(settings, painter if given else None)
        speed = measure_stages(settings, alone, crowd, paths[0], Path(name), tell)
    return VideoReport(
        date=date(),
        commit=code,
        versions=versions("torch", "av", "opencv-python-headless"),
        machine=here,
        engine=backend.info,
        model=model_facts(painter.model),
        settings=settings,
        seen=seen,
        clips=rows,
        methods=method_rows(rows),
        speed=speed,
    )


def _painters(settings: VideoSettings, given: Painter | None) -> tuple[Painter, Crowd]:
    """What paints frames alone on one thread, and what `impasto video` paints with."""
    if given:
        return given, Crowd(given, 1)
    plan = together(MANY, EngineSettings().steady(), None)

    def make(engine: EngineSettings, memory: Memory) -> Painter:
        return Painter(settings.style, backend=open_backend(settings=engine), memory=memory)

    single = EngineSettings(threads=1).steady()
    return make(single, None), Crowd(make(plan.engine, plan.memory), plan.size)


def _pictures(settings: VideoSettings, recipe: Recipe) -> list[RGB]:
    source = recipe.styles.get(settings.style)
    if source is None or not source.files:
        raise InputError(
            f"the recipe {recipe.name!r} names no pictures of the style {settings.style!r}: "
            "style losses and other networks need them"
        )
    return list(style_pictures(source, assets_folder(), 512))


def _measure_clip(
    clip: str, frames: Sequence[RGB], methods: Sequence[ClipMethod], eye: _Eye
) -> tuple[list[ClipRow], dict[int, float | None], Gallery]:
    marks = ClipMarks(frames)
    own, apart = marks.errors(frames), eye.apart(frames)
    if own[LONG] is None:
        warn(f"{clip} is too short for {LONG} frames apart")
    rows, paintings = [], {}
    for method in methods:
        painted = paintings[method.name] = method.paint(frames)
        errors = marks.errors(painted)
        rows.append(
            ClipRow(
                clip=clip,
                method=method.name,
                short=errors[SHORT],
                long=errors[LONG],
                short_normalised=ratio(errors[SHORT], own[SHORT]),
                long_normalised=ratio(errors[LONG], own[LONG]),
                perceptual=ratio(eye.apart(painted), apart),
                sharpness=sum(map(sharpness, painted)) / len(painted),
                style_loss=eye.style_loss(painted),
            )
        )
    return rows, marks.seen, paintings
