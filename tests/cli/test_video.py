"""The verb `video`, with the fake backend: what comes out is read back with PyAV."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ..clips import FULL, Clip, Seen, cut_sound, look, loudness, picture, save_clip
from .conftest import Call, save_photo

pytest.importorskip("av")


def is_painted(seen: Seen) -> bool:
    """Whether the pixels are no longer those of the clip."""
    return all(
        frame.shape != picture(0).shape or np.abs(frame.astype(int) - picture(n)).mean() > 10
        for n, frame in enumerate(seen.frames)
    )


@pytest.mark.parametrize(
    ("words", "codec"),
    [
        (["-o", "out.mp4"], "h264"),
        (["-o", "out.mp4", "--codec", "h265"], "hevc"),
        (["-o", "out.mp4", "--codec", "av1"], "av1"),
        (["-o", "out.mov"], "h264"),
        (["-o", "out.mkv", "--codec", "vp9"], "vp9"),
    ],
)
def test_everything_but_the_pictures_is_kept(
    source: Path, call: Call, words: list[str], codec: str
) -> None:
    """Times, sound to the last byte, subtitles, chapters and metadata are those of the input."""
    ended = call("video", source, "-s", "plain", *words)
    assert (ended.code, ended.lines[:-1]) == (0, []), ended.err
    before, after = look(source), look(Path(words[1]))
    assert after.codecs[0] == codec
    assert is_painted(after)
    assert after.times == before.times
    assert after.sound == before.sound
    shifts = [abs(a - b) for a, b in zip(after.starts, before.starts, strict=True)]
    assert max(shifts) < Fraction(1, 1000)
    assert after.text == before.text
    assert after.chapters == before.chapters
    assert after.metadata["title"] == "Sun"
    assert "style plain" in after.metadata["comment"]
    assert after.size == (64, 48)
    assert abs(after.seconds - before.seconds) < 0.1


def test_webm_encodes_sound_again_and_says_so(source: Path, call: Call) -> None:
    """WebM cannot hold AAC: it becomes Opus of the same length, and that is told."""
    ended = call("video", source, "-s", "plain", "-o", "out.webm")
    assert ended.code == 0
    assert ended.lines[:2] == [
        f"impasto: warning: audio {n} is encoded again: webm cannot hold aac" for n in (1, 2)
    ]
    before, after = look(source), look(Path("out.webm"))
    assert after.codecs == ["vp9", "opus", "opus", "webvtt"]
    assert after.times == before.times
    assert after.text == before.text
    assert abs(after.seconds - before.seconds) < 0.1


def test_sound_after_a_gap_is_in_time(folder: Path, call: Call) -> None:
    """Where packets are missing, sound that is encoded again is silent, and then loud as before."""
    source = cut_sound(save_clip(folder / "a.mp4"), folder / "gap.mp4", 0.3, 0.7)
    assert call("video", source, "-s", "plain", "-o", "b.webm").code == 0
    before, gap, after = (
        loudness(Path("b.webm"), *times) for times in ((0.1, 0.25), (0.4, 0.6), (0.75, 0.9))
    )
    assert gap < 0.01 * before
    assert after == pytest.approx(before, rel=0.1)


@pytest.mark.parametrize(
    ("name", "clip", "target"),
    [
        ("a.ts", Clip(codec="mpeg2video"), "b.mp4"),
        ("a.ts", Clip(), "b.mkv"),
        ("a.avi", Clip(codec="mpeg4", sound=("mp2",)), "b.mp4"),
        ("a.avi", Clip(codec="mpeg4", sound=("pcm_s16le",)), "b.mp4"),
        ("a.flv", Clip(sound=("mp3",)), "b.mov"),
        ("a.webm", Clip(codec="libvpx-vp9", sound=("libopus",)), "b.mp4"),
        ("a.mp4", Clip(text="mov_text"), "b.mkv"),
        ("a.mkv", Clip(text="ass"), "b.webm"),
    ],
)
def test_from_any_container_into_another(
    folder: Path, call: Call, name: str, clip: Clip, target: str
) -> None:
    """Whatever file it comes in: the distances of frames, sound and text arrive."""
    source = save_clip(folder / name, clip)
    ended = call("video", source, "-s", "plain", "-o", target)
    assert ended.code == 0, ended.err
    before, after = look(source), look(Path(target))
    first = [times[0] for times in (before.times, after.times)]
    gaps = [
        abs((b - first[1]) - (a - first[0])) for a, b in zip(before.times, after.times, strict=True)
    ]
    assert max(gaps) < Fraction(1, 900)
    assert len(after.sound) == 1
    late = [each.starts[0] - each.times[0] for each in (before, after)]
    assert abs(late[0] - late[1]) < Fraction(3, 100)
    assert abs(len(after.sound[0]) - len(before.sound[0])) <= 2 or "again" in ended.err
    assert after.text == before.text


def test_exact_times_of_a_variable_rate(folder: Path, call: Call) -> None:
    """A time base of 1/90000 and frames at any times survive a way through several segments."""
    times = np.cumsum([0, *np.random.default_rng(5).integers(100, 9000, 39)]).tolist()
    source = save_clip(folder / "a.mp4", Clip(times=times, time_base=Fraction(1, 90000)))
    assert call("video", source, "-s", "plain", "-o", "b.mp4", "--segment", "0.3s").code == 0
    assert look(Path("b.mp4")).times == look(source).times
    assert look(Path("b.mp4")).sound == look(source).sound


def test_segments_change_nothing_that_is_shown(source: Path, call: Call) -> None:
    """Frames of a video in many pieces are those of one in a single piece, but for compression."""
    call("video", source, "-s", "plain", "-o", "one.mp4", "--quality", "100")
    call("video", source, "-s", "plain", "-o", "many.mp4", "--quality", "100", "--segment", "100ms")
    one, many = look(Path("one.mp4")), look(Path("many.mp4"))
    assert one.times == many.times
    # Each piece of three frames begins with a key frame, where x264 spends its bits otherwise; by
    # how much a single pixel differs then is up to its build (12 levels here), the mean is not.
    apart = np.abs(np.stack(one.frames).astype(int) - np.stack(many.frames))
    assert apart.max() <= 20
    assert apart.mean() < 2


@pytest.mark.parametrize("angle", [90, 180])
def test_rotation_is_applied(folder: Path, call: Call, angle: int) -> None:
    """A turned video becomes an upright one without a display matrix."""
    source = save_clip(folder / "a.mp4", Clip(rotation=angle))
    assert call("video", source, "-s", "plain", "-o", "b.mp4").code == 0
    after = look(Path("b.mp4"))
    assert after.size == ((48, 64) if angle == 90 else (64, 48))
    assert after.rotation == 0


def test_strength_0_gives_the_video_back(source: Path, call: Call) -> None:
    """Colours survive the way to RGB and back, in the tagged matrix and range."""
    call("video", source, "-s", "plain", "--strength", "0", "-o", "b.mp4", "--quality", "100")
    before, after = look(source), look(Path("b.mp4"))
    assert after.tags == (6, 1)
    assert np.abs(np.stack(after.frames).astype(int) - np.stack(before.frames)).mean() < 2


@pytest.mark.parametrize(("matrix", "full"), [(1, False), (6, True)])
def test_matrix_and_range_of_the_input(folder: Path, call: Call, matrix: int, full: bool) -> None:
    """BT.601 and BT.709, limited and full: the colours stay, and the result is tagged truly."""
    tags = {"colorprim": "bt709", "colormatrix": "bt709" if matrix == 1 else "smpte170m"}
    tags["range"] = "pc" if full else "tv"
    params = ":".join(f"{key}={value}" for key, value in tags.items())
    pix_fmt = "yuvj420p" if full else "yuv420p"
    clip = Clip(pix_fmt=pix_fmt, options={"x264-params": params})
    source = save_clip(folder / "a.mp4", clip)
    call("video", source, "-s", "plain", "--strength", "0", "-o", "b.mp4", "--quality", "100")
    from impasto.media.video_reader import VideoFile

    def pixels(path: Path) -> np.ndarray:
        with VideoFile(path) as video:
            return next(video.frames()).pixels().astype(int)

    assert look(Path("b.mp4")).tags == (matrix, 1)
    assert np.abs(pixels(Path("b.mp4")) - pixels(source)).mean() < 2


def test_an_odd_size_is_made_even_and_said(folder: Path, call: Call) -> None:
    """Where the codec needs even sides the last line is doubled; a GIF keeps the odd size."""
    for number in range(3):
        save_photo(folder / "frames" / f"{number}.png", 33, 25)
    ended = call("video", "frames", "-s", "plain", "-o", "a.mp4")
    assert ended.code == 0
    assert "odd side" in ended.err
    assert look(Path("a.mp4")).size == (34, 26)
    assert call("video", "frames", "-s", "plain", "-o", "a.gif").code == 0
    with Image.open("a.gif") as gif:
        assert gif.size == (33, 25)


def test_a_part_at_another_rate_and_size(source: Path, call: Call) -> None:
    """--start, --duration, --fps and --size together; sound begins where pictures do."""
    words = ["--start", "0.4s", "--duration", "400ms", "--fps", "50", "--size", "32"]
    assert call("video", source, "-s", "plain", "-o", "b.mp4", *words).code == 0
    after = look(Path("b.mp4"))
    assert after.times == [Fraction(n, 50) for n in range(20)]
    assert after.size == (32, 24)
    assert abs(after.seconds - 0.4) < 0.05
    assert 0 <= after.starts[0] < Fraction(25, 1000)
    assert after.chapters == [(0, Fraction(2, 5), "evening")]


def test_start_keeps_exact_frames(source: Path, call: Call) -> None:
    """Without --fps the frames from the start on keep their distances."""
    assert call("video", source, "-s", "plain", "-o", "b.mp4", "--start", "0.2").code == 0
    assert look(Path("b.mp4")).times == [Fraction(n, 25) for n in range(20)]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animations(source: Path, call: Call, suffix: str) -> None:
    """A GIF and a WebP play for ever, each frame as long as in the video."""
    words = ["--duration", "0.2s", "--segment", "80ms"]
    assert call("video", source, "-s", "plain", "-o", f"a.{suffix}", *words).code == 0
    with Image.open(f"a.{suffix}") as animation:
        assert (animation.n_frames, animation.size) == (5, (64, 48))  # type: ignore[attr-defined]
        assert animation.info["loop"] == 0
        for number in range(4):
            animation.seek(number)
            animation.load()
            assert animation.info["duration"] == 40


def test_frames_in_folders(source: Path, call: Call) -> None:
    """A folder of frames comes out, and such a folder goes in; numbers are in their order."""
    assert call("video", source, "-s", "plain", "-o", "frames", "--strength", "0").code == 0
    names = sorted(path.name for path in Path("frames").iterdir())
    assert names == [f"frame-{n:06d}.png" for n in range(1, 26)]
    for path in Path("frames").iterdir():  # so that sorting by text would be wrong
        path.rename(path.with_name(f"{int(path.stem[6:])}.png"))
    words = ["--strength", "0", "--fps", "10", "--quality", "100"]
    assert call("video", "frames", "-s", "plain", "-o", "b.mp4", *words).code == 0
    after = look(Path("b.mp4"))
    assert after.times == [Fraction(n, 10) for n in range(25)]
    assert all(
        np.abs(frame.astype(int) - picture(n)).mean() < 5 for n, frame in enumerate(after.frames)
    )


def test_styles_over_time(source: Path, call: Call) -> None:
    """The first and the last frame are painted in one style each, and those between change."""
    size = ["--size", "16", "--window", "0", "--quality", "100"]
    call("video", source, "-s", "plain", "-o", "plain.mp4", *size)
    call("video", source, "-s", "bold", "-o", "bold.mp4", *size)
    words = ["-s", "plain@0", "-s", "bold@960ms"]
    assert call("video", source, *words, "-o", "mix.mp4", *size).code == 0
    plain, bold, mix = (
        np.stack(look(Path(f"{name}.mp4")).frames).astype(int) for name in ("plain", "bold", "mix")
    )
    assert np.abs(mix[0] - plain[0]).mean() < 5 < np.abs(mix[0] - bold[0]).mean()
    assert np.abs(mix[-1] - bold[-1]).mean() < 5 < np.abs(mix[-1] - plain[-1]).mean()
    assert np.abs(mix[12] - plain[12]).mean() > 1
    assert np.abs(mix[12] - bold[12]).mean() > 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_metadata_may_be_left_out(folder: Path, call: Call, suffix: str) -> None:
    """--strip leaves all titles out, and keeps sound, languages, chapters and the record."""
    source = save_clip(folder / "in.mkv", replace(FULL, titles=("Anna's voice", "Ben")))
    assert call("video", source, "-s", "plain", "-o", f"b.{suffix}").code == 0
    assert b"Anna" in Path(f"b.{suffix}").read_bytes()
    words = ["-o", f"c.{suffix}", "--strip"]
    assert call("video", source, "-s", "plain", *words).code == 0
    data, after = Path(words[1]).read_bytes(), look(Path(words[1]))
    assert not [word for word in (b"Sun", b"Anna", b"Ben", b"morning") if word in data]
    assert "style plain" in after.metadata["comment"]
    assert after.languages == ["ger", "fre"]
    assert len(after.sound) == 2
    assert len(after.chapters) == 2


def test_sound_that_begins_late_stays_late(folder: Path, call: Call) -> None:
    """Streams that begin at different times keep their distance, in a file that begins late."""
    source = save_clip(folder / "a.mp4", replace(Clip(), times=range(10, 35)))
    assert call("video", source, "-s", "plain", "-o", "b.mp4").code == 0
    before, after = look(source), look(Path("b.mp4"))
    assert after.times == before.times
    assert after.starts == before.starts
