"""Reading videos: times, colours, rotation, damage."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.core.errors import VideoError
from impasto.media.decode import ReadLimits

from ..clips import Clip, picture, save_clip

pytest.importorskip("av")

import av

from impasto.media.video_av import open_input
from impasto.media.video_color import to_rgb, turned
from impasto.media.video_reader import VideoFile

LOSSLESS = {"qp": "0"}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A clip of a second with sound."""
    return save_clip(tmp_path / "a.mp4")


def test_frames_come_with_their_times_and_pixels(clip: Path) -> None:
    """Each frame has its own time and, but for compression, its own pixels."""
    with VideoFile(clip) as video:
        frames = list(video.frames())
        base = video.info.time_base
        assert [frame.pts * base for frame in frames] == [Fraction(n, 25) for n in range(25)]
        assert (video.info.width, video.info.height, video.info.rate) == (64, 48, 25)
        assert video.damage is None
        for number in (0, 13, 24):
            difference = frames[number].pixels().astype(int) - picture(number)
            assert np.abs(difference).mean() < 4


def test_times_of_a_variable_rate_are_exact(tmp_path: Path) -> None:
    """Times that follow no rate come out as they went in, in their own time base."""
    times = np.cumsum([0, *np.random.default_rng(3).integers(1, 9000, 30)]).tolist()
    path = save_clip(tmp_path / "a.mp4", Clip(times=times, time_base=Fraction(1, 90000)))
    with VideoFile(path) as video:
        assert [frame.pts for frame in video.frames()] == times
        assert video.info.time_base == Fraction(1, 90000)


@pytest.mark.parametrize("since", [0, 1, 11, 12, 13, 24])
def test_reading_from_the_middle_gives_the_same_frames(clip: Path, since: int) -> None:
    """From a tick on the same frames come as from the start, though decoding began elsewhere."""
    with VideoFile(clip) as video:
        every = {frame.pts: frame.pixels() for frame in video.frames()}
        step = sorted(every)[1]
        later = {frame.pts: frame.pixels() for frame in video.frames(since * step)}
    wanted = [pts for pts in every if pts >= since * step]
    assert set(wanted) <= set(later)
    assert all(np.array_equal(every[pts], later[pts]) for pts in wanted)


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_turned_video_stands_upright(tmp_path: Path, angle: int) -> None:
    """Frames are turned by the display matrix, as FFmpeg's own player shows them."""
    path = save_clip(tmp_path / "a.mp4", Clip(rotation=angle))
    with VideoFile(path) as video:
        pixels = next(video.frames()).pixels()
        size = (video.info.width, video.info.height)
    assert size == ((64, 48) if angle == 180 else (48, 64))
    # The matrix turns anticlockwise, as rot90 does.
    wanted = np.rot90(picture(0), angle // 90)
    assert pixels.shape == wanted.shape
    assert np.abs(pixels.astype(int) - wanted).mean() < 4


@pytest.mark.parametrize(
    ("matrix", "wanted"),
    [
        (((1, 0), (0, 1)), lambda pixels: pixels),
        (((-1, 0), (0, 1)), np.fliplr),
        (((1, 0), (0, -1)), np.flipud),
        (((0, 1), (1, 0)), lambda pixels: pixels.transpose(1, 0, 2)),
        (((0, -1), (-1, 0)), lambda pixels: np.rot90(pixels, 2).transpose(1, 0, 2)),
    ],
)
def test_mirrored_frames(
    matrix: tuple[tuple[int, int], tuple[int, int]], wanted: Callable[[np.ndarray], np.ndarray]
) -> None:
    """A display matrix that mirrors is followed, too."""
    assert np.array_equal(turned(picture(0), np.array(matrix)), wanted(picture(0)))


def coded(colour: tuple[int, int, int], matrix: int, full: bool) -> av.VideoFrame:
    """A flat frame in YCbCr by the formulas of H.273, with its tags."""
    red, green, blue = (value / 255 for value in colour)
    kr, kb = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}[matrix]
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    cb, cr = (blue - luma) / 2 / (1 - kb), (red - luma) / 2 / (1 - kr)
    scale = ((255, 0), (255, 128)) if full else ((219, 16), (224, 128))
    frame = av.VideoFrame(32, 32, "yuv444p")
    for plane, value, (size, offset) in zip(
        frame.planes, (luma, cb, cr), (scale[0], scale[1], scale[1]), strict=True
    ):
        plane.update(bytes([round(value * size + offset)]) * plane.buffer_size)
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    return frame


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6, 9])
@pytest.mark.parametrize("colour", [(200, 60, 30), (20, 180, 90), (255, 255, 255), (0, 0, 0)])
def test_matrix_and_range(colour: tuple[int, int, int], matrix: int, full: bool) -> None:
    """Colours in each matrix and range come back as they were, within rounding of the codes."""
    pixels = to_rgb(coded(colour, matrix, full), (32, 32), np.eye(2, dtype=np.int64))
    assert np.abs(pixels[16, 16].astype(int) - colour).max() <= 2


def test_ten_bits_are_rounded() -> None:
    """A ramp in ten bits becomes the nearest level everywhere: no bias, no step back."""
    width = 1024
    codes = np.linspace(64, 940, width).round().astype(np.uint16)
    frame = av.VideoFrame(width, 16, "yuv420p10le")
    frame.planes[0].update(np.tile(codes, (16, 1)).tobytes())
    for plane in frame.planes[1:]:
        plane.update(np.full((8, width // 2), 512, np.uint16).tobytes())
    frame.colorspace, frame.color_range = 1, 1
    pixels = to_rgb(frame, (width, 16), np.eye(2, dtype=np.int64))[8].astype(int)
    exact = (codes.astype(float) - 64) / 876 * 255
    assert np.abs(pixels - exact[:, None]).max() < 0.51
    assert abs((pixels - exact[:, None]).mean()) < 0.02
    assert (np.diff(pixels, axis=0) >= 0).all()


@pytest.mark.parametrize("name", ["bgr24", "gbrp", "rgba", "rgb48be", "rgb565be", "rgb555le"])
def test_rgb_comes_back_however_it_is_packed(name: str) -> None:
    """Levels of a frame that holds RGB are those put in, but for the dither of 15 and 16 bits."""
    pixels = picture(3)
    height, width = pixels.shape[:2]
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=name)
    back = to_rgb(frame, (width, height), np.eye(2, dtype=np.int64)).astype(int)
    assert np.abs(back - pixels).max() <= (16 if name.startswith("rgb5") else 0)


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    """A video whose pixels are wider than high becomes wider, so that circles are round."""
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, width=64, height=48)
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode())
    with VideoFile(path) as video:
        assert (video.info.width, video.info.height) == (85, 48)
        assert next(video.frames()).pixels().shape == (48, 85, 3)


def test_a_truncated_file_gives_what_there_is(tmp_path: Path) -> None:
    """The frames before the cut come, and the damage is told."""
    path = save_clip(tmp_path / "a.mkv", Clip(times=range(50)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with VideoFile(path) as video:
        frames = sum(1 for _ in video.frames())
        assert 5 < frames < 50
        assert video.damage


def test_sound_may_last_longer(tmp_path: Path) -> None:
    """Pictures that end before the sound are whole, though a file tells one length for all."""
    path = save_clip(tmp_path / "a.mkv", Clip(times=range(8)))
    with VideoFile(path) as video:
        assert video.info.seconds > 0.9
        assert sum(1 for _ in video.frames()) == 8
        assert video.damage is None


def save_late(path: Path, clip: Clip, seconds: int) -> Path:
    """A clip whose pictures begin so many seconds late; its sound does not."""
    times = [time + 25 * seconds for time in clip.times]
    return save_clip(path, replace(clip, times=times))


@pytest.mark.parametrize(
    ("name", "clip"),
    [
        ("a.mkv", Clip(times=range(50), sound=())),
        ("a.mkv", Clip(times=range(50))),
        ("a.webm", Clip(times=range(50), codec="libvpx-vp9", sound=())),
        ("a.nut", Clip(times=range(50), sound=())),
        ("a.flv", Clip(times=range(50))),
        ("a.wmv", Clip(times=range(50), codec="msmpeg4v3", sound=())),
        ("a.mp4", Clip(times=range(50), sound=())),
        ("a.ts", Clip(times=range(50), sound=())),
    ],
)
@pytest.mark.parametrize("late", [1, 5])
def test_pictures_may_begin_late(tmp_path: Path, name: str, clip: Clip, late: int) -> None:
    """A file is whole though its first frame comes late, whether it tells an end or a length."""
    path = save_late(tmp_path / name, clip, late)
    with VideoFile(path) as video:
        assert sum(1 for _ in video.frames()) == 50
        assert video.damage is None
        assert video.info.seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("sound", [(), ("aac",)])
def test_a_truncated_file_that_begins_late(tmp_path: Path, sound: tuple[str, ...]) -> None:
    """What is missing at the end is told in seconds from the first frame on."""
    path = save_late(tmp_path / "a.mkv", Clip(times=range(100), sound=sound), 5)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 4 // 5])
    with VideoFile(path) as video:
        assert 5 < sum(1 for _ in video.frames()) < 95
        assert video.damage is not None
        assert "of 4.0 s" in video.damage


def test_what_is_no_video(tmp_path: Path) -> None:
    """Text, nothing, a missing file, sound alone and a list of other files are one clear error."""
    files = {"text.mp4": b"hello", "empty.mp4": b"", "list.m3u8": b"#EXTM3U\n/etc/passwd\n"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "list.txt").write_text("ffconcat version 1.0\nfile 'text.mp4'\n")
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        container.add_stream("aac", rate=48000, layout="mono")
        container.start_encoding()
    for name in [*files, "list.txt", "gone.mp4", "sound.mp4"]:
        with pytest.raises(VideoError, match=name):
            VideoFile(tmp_path / name)


@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_a_picture_is_no_video(tmp_path: Path, name: str, as_stream: bool) -> None:
    """It is told what paints it, by what is in it and not by its name."""
    Image.fromarray(picture(0)).save(tmp_path / name)
    path = (tmp_path / name).rename(tmp_path / "b.mp4")
    with pytest.raises(VideoError, match=r"b\.mp4: it is a picture: `impasto paint` paints it$"):
        read(path, as_stream)


@pytest.mark.parametrize("as_stream", [False, True])
def test_a_moving_webp_cannot_be_read(tmp_path: Path, as_stream: bool) -> None:
    """FFmpeg has no decoder for it, and that is told."""
    first, second = (Image.fromarray(picture(number)) for number in (0, 9))
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second])
    with pytest.raises(VideoError, match="moving WebP, which FFmpeg cannot read"):
        read(tmp_path / "a.webp", as_stream)


@pytest.mark.parametrize("as_stream", [False, True])
@pytest.mark.parametrize("name", ["a.jpg", "a.bmp", "a.mp4"])
@pytest.mark.parametrize("data", [b"hello", b"", b"RIFF0000WEBPVP8X"])
def test_rubbish_is_no_video(tmp_path: Path, name: str, as_stream: bool, data: bytes) -> None:
    """Whatever its name, a file with nothing in it to see is one line in our words."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(VideoError, match=r"it is no video, or|it is a picture"):
        read(tmp_path / name, as_stream)


def read(path: Path, as_stream: bool) -> None:
    """Open a file by its name, or as a stream."""
    with path.open("rb") as file:
        VideoFile(file if as_stream else path, path.name).close()


def test_names_are_never_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose name looks like a protocol is opened as a file."""
    monkeypatch.chdir(tmp_path)
    save_clip(tmp_path / "a.mkv").rename(tmp_path / "concat:a.mkv")
    with VideoFile(Path("concat:a.mkv")) as video:
        assert video.info.width == 64
    with pytest.raises(av.FFmpegError):
        open_input(Path("http://127.0.0.1:9/a.mp4"))


def test_frames_over_the_limit(clip: Path) -> None:
    """Frames of more pixels than allowed are refused before any is decoded."""
    with pytest.raises(VideoError, match="64x48"):
        VideoFile(clip, limits=ReadLimits(max_pixels=3000))


def test_a_pipe_is_read_once_from_its_start(clip: Path, tmp_path: Path) -> None:
    """A stream that cannot seek gives all frames; sound that passes by goes to the spool."""
    path = save_clip(tmp_path / "b.mkv", replace(Clip(), sound=("libopus",)))
    sound: list[bytes] = []

    class Pipe:
        def __init__(self) -> None:
            self.file = path.open("rb")

        def read(self, size: int) -> bytes:
            return self.file.read(size)

    video = VideoFile(Pipe(), "pipe", spool=lambda packet: sound.append(bytes(packet)))  # type: ignore[arg-type]
    assert sum(1 for _ in video.frames()) == 25
    assert len(sound) > 40
