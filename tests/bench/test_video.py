"""Calm of painted clips: marks whose truth is known, and a whole measurement, small."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from safetensors.numpy import save_file

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("cv2")
pytest.importorskip("av")

import torch

from impasto.bench.baselines.microast import MODULATOR, encode, style_tensors
from impasto.bench.peer_parts import random_tensors
from impasto.bench.speed_microast import DECODER, ENCODER
from impasto.bench.speed_microast import RELEASED as MICROAST_WEIGHTS
from impasto.bench.video import measure_video
from impasto.bench.video_inputs import default_clips, read_clip
from impasto.bench.video_marks import ClipMarks, link, mean_of, warping_error
from impasto.bench.video_report import ClipRow, VideoReport, beside, method_rows
from impasto.bench.video_settings import (
    FLOW,
    MICROAST,
    PLAIN,
    STATISTICS,
    TRANSFORMER,
    VideoSettings,
)
from impasto.bench.video_table import markdown, strip
from impasto.core.arrays import RGB
from impasto.core.errors import ImpastoWarning, InputError, SettingsError, VideoError
from impasto.engine.flow import FlowFinder
from impasto.lab.data import to_tensor
from impasto.lab.recipe import Recipe

# Tests run on busy machines, of which a measurement warns.
pytestmark = pytest.mark.filterwarnings("ignore:other work takes")

STAGES = ["decode", "measure", "paint", "flow", "encode"]
SMALL = VideoSettings(frames=12, size=96, every=6, timed=((96, 64),), timed_frames=4, turns=2)


def moving(count: int, width: int = 144, height: int = 96) -> list[RGB]:
    """A camera that moves by two pixels a frame over a real photo."""
    wide = skimage.data.astronaut()
    return [
        np.ascontiguousarray(wide[60 : 60 + height, 100 + 2 * i : 100 + 2 * i + width])
        for i in range(count)
    ]


def write_clip(folder: Path, count: int = 12) -> Path:
    """A folder of frames."""
    folder.mkdir(parents=True)
    for number, frame in enumerate(moving(count, 96, 64)):
        Image.fromarray(frame).save(folder / f"{number:03d}.png")
    return folder


@pytest.fixture(scope="module")
def assets(gallery: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The assets with a clip and a MicroAST of random weights; no pytorch/examples network."""
    folder = tmp_path_factory.mktemp("with-clips") / "assets"
    shutil.copytree(gallery, folder)
    write_clip(folder / "video" / "davis480" / "walk")
    write_microast_weights(folder / MICROAST_WEIGHTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMPASTO_ASSETS", str(folder))
        yield folder


def write_microast_weights(folder: Path) -> None:
    """Random weights in files that are called as the released ones."""
    folder.mkdir(parents=True)
    for name, shapes in {
        "content_encoder": ENCODER,
        "style_encoder": ENCODER,
        "modulator": MODULATOR,
        "decoder": DECODER,
    }.items():
        save_file(dict(random_tensors(shapes)), folder / f"{name}.safetensors")


@pytest.fixture(scope="module")
def measured(assets: Path, recipe: Recipe) -> tuple[VideoReport, list[str], RGB]:
    """A measurement of the clip, the warnings on the way, and a strip of it."""
    strips: list[RGB] = []
    with pytest.warns(ImpastoWarning) as warned:
        report = measure_video(
            SMALL, recipe, show=lambda clip, frames, made: strips.append(strip(frames, made, 60))
        )
    (one,) = strips
    return report, [str(each.message) for each in warned], one


def test_a_painting_that_moves_with_its_clip_has_no_error() -> None:
    """What is painted by levels alone goes with the frames: its error is that of the clip."""
    frames = moving(3)
    marks = ClipMarks(frames, (1, 2))
    own = marks.errors(frames)
    inverted = marks.errors([255 - frame for frame in frames])
    assert own[1] is not None
    assert own[1] < 8
    assert inverted[1] == pytest.approx(own[1], rel=1e-4)
    assert inverted[2] == pytest.approx(own[2], rel=1e-4)
    assert (marks.seen[1] or 0) > 0.8


def test_flicker_is_told_in_levels() -> None:
    """Frames that stand still and whose paintings differ by 10 have an error of 10."""
    frame = moving(1)[0]
    marks = ClipMarks([frame] * 3, (1, 2))
    paintings = [np.full_like(frame, level) for level in (100, 110, 100)]
    errors = marks.errors(paintings)
    assert errors[1] == pytest.approx(10.0, abs=1e-3)
    assert errors[2] == pytest.approx(0.0, abs=1e-3)


def test_what_one_frame_hides_does_not_count() -> None:
    """A pixel that the earlier frame does not show is left out, and all left out is no error."""
    later, earlier = moving(20)[19], moving(20)[0]
    both = link(later, earlier, FlowFinder("medium"))
    assert not both.seen[:, -20:].any()
    painted = np.where(both.seen[..., None], 50, 250).astype(np.uint8)
    still = np.full_like(painted, 50)
    assert warping_error(painted, still, both) == pytest.approx(0.0, abs=1e-3)
    nothing = type(both)(both.flow, np.zeros_like(both.seen))
    assert warping_error(painted, still, nothing) is None


def test_a_short_clip_has_no_long_term() -> None:
    """With fewer frames than the gap there is no mark, and means pass over what is missing."""
    errors = ClipMarks(moving(3), (1, 10)).errors(moving(3))
    assert errors[1] is not None
    assert errors[10] is None
    assert mean_of([None, 2.0, 4.0]) == 3.0
    assert mean_of([None]) is None


def row(clip: str, method: str, short: float, style: float = 1.0) -> ClipRow:
    """A row with one error everywhere."""
    return ClipRow(clip, method, short, short, short / 2, None, None, 5.0, style)


def test_ratios_are_means_over_clips() -> None:
    """Each clip counts the same, whatever its own error."""
    rows = [row("a", PLAIN, 10), row("b", PLAIN, 2), row("a", FLOW, 5, 1.2), row("b", FLOW, 0.5)]
    assert beside(rows, FLOW, PLAIN, "short") == pytest.approx((0.5 + 0.25) / 2)
    assert beside(rows, FLOW, "nobody", "short") is None
    plain, flow = method_rows(rows)
    assert plain.short_ratio == 1.0
    assert flow.style_ratio == pytest.approx(1.1)
    assert flow.short == pytest.approx((2.5 + 0.25) / 2)
    assert flow.long is None


def test_a_whole_measurement(measured: tuple[VideoReport, list[str], RGB]) -> None:
    """Each method has a row with every mark, and each size one with and one without flow."""
    report, warned, _ = measured
    assert [each.method for each in report.clips] == [PLAIN, STATISTICS, FLOW, MICROAST]
    for each in report.clips:
        assert each.clip == "walk"
        marks = (each.short, each.long, each.perceptual, each.style_loss, each.sharpness)
        assert None not in marks, each
        # A network of random weights may well paint everything black, which is calm.
        assert each.method == MICROAST or all(mark for mark in marks), each
    assert any(f"{TRANSFORMER} is left out" in line for line in warned)
    assert [each.flow for each in report.speed] == [False, True]
    stages = [list(each.cpu_seconds) for each in report.speed]
    assert stages == [STAGES[:3] + STAGES[4:], STAGES]
    assert all(each.fps > 0 and each.share > 0 for each in report.speed)
    assert all(0 < each.busy < 1.1 for each in report.speed)
    assert set(report.as_dict()["targets"]) == set(report.targets)


def test_flow_calms(measured: tuple[VideoReport, list[str], RGB]) -> None:
    """With flow the painting of a moving camera is calmer than frame by frame."""
    rows = {each.method: each for each in measured[0].methods}
    assert (rows[FLOW].short_ratio or 9) < 0.8


def test_tables_and_strip(measured: tuple[VideoReport, list[str], RGB]) -> None:
    """The tables have a row for each method and timing; the strip one for the clip and each."""
    report, _, pictures = measured
    text = markdown(report)
    for name in (PLAIN, STATISTICS, FLOW, MICROAST):
        assert f"| {name} | " in text
    assert text.count("| 96 x 64 | ") == 2
    assert "short, of frame by frame: 0." in text
    assert pictures.shape == (5 * (22 + 40), 3 * 64 - 4, 3)


@pytest.mark.filterwarnings("ignore:pytorch/examples is left out")
def test_nothing_to_time(assets: Path, recipe: Recipe) -> None:
    """Without sizes nothing is timed, and clips that are named are taken."""
    clip = assets / "video" / "davis480" / "walk"
    settings = VideoSettings(frames=2, size=96, timed=())
    with pytest.warns(ImpastoWarning, match="too short"):
        report = measure_video(settings, recipe, [clip])
    assert report.speed == []
    assert [each.clip for each in report.clips] == ["walk"] * 4


def test_microast_encodes_as_its_graph(assets: Path) -> None:
    """A style's mean and deviation are those of the encoder's features at both depths."""
    picture = moving(1, 64, 64)[0]
    given = style_tensors(assets / MICROAST_WEIGHTS, picture)
    tensors = random_tensors(ENCODER)
    weights = {name: torch.from_numpy(t.astype(np.float32)) for name, t in tensors.items()}
    first, second = encode(weights, to_tensor(picture))
    assert first.shape == second.shape == (1, 64, 16, 16)
    for depth, seen in enumerate((first, second)):
        flat = seen[0].reshape(64, -1).numpy()
        np.testing.assert_allclose(given[f"style{depth}.mean"], flat.mean(axis=1), rtol=2e-3)
        np.testing.assert_allclose(
            given[f"style{depth}.std"], flat.std(axis=1, ddof=1), rtol=3e-3, atol=5e-3
        )
        assert given[f"style{depth}.weight"].shape == (1, 64, 1, 1)
        assert given[f"style{depth}.bias"].shape == (1, 64, 1, 1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"frames": 1}, "frames is 1"),
        ({"size": 10}, "size is 10"),
        ({"every": 0}, "every is 0"),
        ({"timed": ((101, 80),)}, "a side of 101"),
        ({"turns": 0}, "turns is 0"),
    ],
)
def test_settings_out_of_range(wrong: dict[str, object], told: str) -> None:
    """What cannot be measured is refused with its value."""
    with pytest.raises(SettingsError, match=told):
        VideoSettings(**wrong)  # type: ignore[arg-type]


def test_wrong_clips_are_named(assets: Path, tmp_path: Path) -> None:
    """One frame, frames too small, and no clips at all are told with the path."""
    with pytest.raises(VideoError, match=r"single has 1 frames"):
        read_clip(write_clip(tmp_path / "single", 1), 9, 96)
    with pytest.raises(VideoError, match=r"tiny has 3 frames of 32x21"):
        read_clip(write_clip(tmp_path / "tiny", 3), 9, 32)
    with pytest.raises(InputError, match="no clips there"):
        default_clips(tmp_path)


def test_a_style_without_pictures_is_refused(assets: Path) -> None:
    """A style that the recipe does not have is an error that says so."""
    with pytest.raises(InputError, match="names no pictures of the style 'udnie'"):
        measure_video(SMALL, Recipe("empty", {}))
