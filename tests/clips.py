"""Tiny clips, made with PyAV, and what is read back from files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT = 64, 48
_HEADER = (
    b"[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\nFormat: Name\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


@dataclass(frozen=True)
class Clip:
    """What a clip is made of: a second of moving colours and a sine."""

    times: Sequence[int] = tuple(range(25))
    time_base: Fraction = Fraction(1, 25)
    width: int = WIDTH
    height: int = HEIGHT
    codec: str = "libx264"
    pix_fmt: str = "yuv420p"
    sound: Sequence[str] = ("aac",)
    text: str | None = None
    chapters: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    titles: Sequence[str] = ()
    """Of the streams of sound."""
    rotation: int = 0
    gop: int = 12
    options: dict[str, str] = field(default_factory=dict)


FULL = Clip(text="subrip", chapters=True, sound=("aac", "aac"), metadata={"title": "Sun"})


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A smooth picture that moves with its number."""
    rows, columns = np.mgrid[0:height, 0:width]
    red = 40 + 2 * columns
    green = 40 + 3 * rows
    blue = 128 + 60 * np.sin((columns + 4 * number) / 9)
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255).astype(np.uint8)


def save_clip(path: Path, clip: Clip = Clip()) -> Path:  # it is frozen
    """Write a clip; the file's name tells the container."""
    with av.open(str(path), "w") as container:
        video = _add_video(container, clip)
        sounds = [container.add_stream(name, rate=48000, layout="stereo") for name in clip.sound]
        for number, sound in enumerate(sounds):
            sound.metadata["language"] = ("ger", "fre")[number % 2]
            if clip.titles:
                sound.metadata["title"] = clip.titles[number]
        text = _add_text(container, clip.text) if clip.text else None
        container.metadata.update(clip.metadata)
        if clip.chapters:
            container.set_chapters(_CHAPTERS)
        container.start_encoding()
        for number, time in enumerate(clip.times):
            frame = _frame(number, clip)
            frame.pts, frame.time_base = time, clip.time_base
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for number, sound in enumerate(sounds):
            _play(container, sound, 440 * (number + 1))
        if text:
            _say(container, text)
    return path


_CHAPTERS: Any = [
    {
        "id": number,
        "start": 400 * number,
        "end": 400 * number + 400,
        "time_base": Fraction(1, 1000),
        "metadata": {"title": title},
    }
    for number, title in enumerate(("morning", "evening"))
]


def _add_video(container: Any, clip: Clip) -> Any:
    video = container.add_stream(clip.codec, rate=25, options=clip.options)
    video.width, video.height, video.pix_fmt = clip.width, clip.height, clip.pix_fmt
    video.codec_context.time_base = video.time_base = clip.time_base
    video.codec_context.gop_size = clip.gop
    if clip.rotation:
        video.set_display_rotation(clip.rotation)
    return video


def _frame(number: int, clip: Clip) -> Any:
    pixels = picture(number, clip.width, clip.height)
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=clip.pix_fmt)


def _play(container: Any, stream: Any, pitch: int) -> None:
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=48000)
    for start in range(0, 48000 - size, size):
        wave = np.sin(2 * np.pi * pitch * np.arange(start, start + size) / 48000) / 4
        frame = av.AudioFrame.from_ndarray(
            np.stack([wave, wave]).astype(np.float32), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        for each in resampler.resample(frame):
            container.mux(stream.encode(each))
    container.mux(stream.encode())


def _add_text(container: Any, codec: str) -> Any:
    stream = container.add_stream(codec)
    stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
    stream.codec_context.subtitle_header = _HEADER
    return stream


def _say(container: Any, stream: Any) -> None:
    line = av.subtitles.subtitle.SubtitleSet.create(b"0,0,Default,,0,0,0,,Hello there", 0, 400)
    packet = stream.codec_context.encode_subtitle(line)
    packet.stream, packet.pts, packet.dts, packet.duration = stream, 200, 200, 400
    packet.time_base = Fraction(1, 1000)
    container.mux(packet)


@dataclass(frozen=True)
class Seen:
    """What is in a file."""

    times: list[Fraction]
    """Of the frames, in seconds."""
    frames: list[np.ndarray]
    sound: list[list[bytes]]
    """The packets of each stream."""
    starts: list[Fraction]
    """The first time of each stream of sound."""
    languages: list[str | None]
    """Of the streams of sound."""
    text: list[str]
    codecs: list[str]
    """Of all streams but data."""
    size: tuple[int, int]
    seconds: float
    metadata: dict[str, str]
    chapters: list[tuple[Fraction, Fraction, str]]
    rotation: int
    tags: tuple[int, int]
    """Matrix and range."""


def cut_sound(source: Path, target: Path, begin: float, end: float) -> Path:
    """Write a file anew without the packets of sound between two times, in seconds."""
    with av.open(str(source)) as original, av.open(str(target), "w") as copy:
        streams = {s.index: copy.add_stream_from_template(s) for s in original.streams}
        for packet in original.demux():
            time = float((packet.pts or 0) * packet.time_base)
            is_cut = packet.stream.type == "audio" and begin <= time < end
            if packet.dts is not None and not is_cut:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    return target


def loudness(path: Path, begin: float, end: float) -> float:
    """The mean square of the first stream of sound between two times, in seconds."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    rate = frames[0].sample_rate
    times = [n / rate + frame.time for frame in frames for n in range(frame.samples)]
    waves = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)
    inside = (np.array(times) >= begin) & (np.array(times) < end)
    return float(np.square(waves[inside]).mean())


def look(path: Path) -> Seen:
    """Read a file back."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        frames = list(container.decode(video))
        kinds = [s for s in container.streams if s.type in ("video", "audio", "subtitle")]
        codecs = [stream.codec_context.codec.canonical_name for stream in kinds]
        chapters: Any = container.chapters()
        languages = [stream.metadata.get("language") for stream in container.streams.audio]
        facts = (video.width, video.height), (container.duration or 0) / 1e6, container.metadata
    sounds = [packets(path, number) for number in range(codecs_of(path, "audio"))]
    return Seen(
        times=[frame.pts * frame.time_base for frame in frames],
        frames=[frame.to_ndarray(format="rgb24") for frame in frames],
        sound=[[bytes(packet) for packet in each] for each in sounds],
        starts=[each[0].pts * each[0].time_base for each in sounds],
        languages=languages,
        text=texts(path),
        codecs=codecs,
        size=facts[0],
        seconds=facts[1],
        metadata={key.lower(): value for key, value in facts[2].items()},
        chapters=[
            (c["start"] * c["time_base"], c["end"] * c["time_base"], c["metadata"].get("title", ""))
            for c in chapters
        ],
        rotation=frames[0].rotation,
        tags=(frames[0].colorspace, frames[0].color_range),
    )


def codecs_of(path: Path, kind: str) -> int:
    """How many streams of a kind there are."""
    with av.open(str(path)) as container:
        return sum(stream.type == kind for stream in container.streams)


def packets(path: Path, number: int) -> list[Any]:
    """The packets of a stream of sound."""
    with av.open(str(path)) as container:
        return [each for each in container.demux(container.streams.audio[number]) if each.size]


def texts(path: Path) -> list[str]:
    """The lines of all subtitles."""
    with av.open(str(path)) as container:
        found = (
            [
                line.dialogue.decode()
                for packet in container.demux(*container.streams.subtitles)
                if packet.size
                for line in packet.decode()
            ]
            if container.streams.subtitles
            else []
        )
    # Styles are not what is compared.
    return [re.sub(r"\{[^}]*\}", "", line) for line in found if line]
