"""Sound and subtitles on their way from one file into another: copied, or converted if need be."""

import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from impasto.core.files import shown
from impasto.core.notice import warn
from impasto.media.video import Span
from impasto.media.video_av import av, open_input
from impasto.media.video_coding import Target


class Track(Protocol):
    """One stream of the result."""

    def convert(self, packet: "av.Packet[Any]") -> "Iterable[av.Packet[Any]]":
        """What a packet of the original becomes."""
        ...

    def finish(self) -> "Iterable[av.Packet[Any]]":
        """What is left at the end."""
        ...


class CopiedTrack:
    """A stream whose packets stay as they are, to the last byte."""

    def __init__(self, source: Any, target: "av.container.OutputContainer", span: Span) -> None:
        self._stream = target.add_stream_from_template(source, opaque=True)
        _describe(self._stream, source)
        self._shift = round(span.start / source.time_base)

    def convert(self, packet: "av.Packet[Any]") -> "Iterable[av.Packet[Any]]":
        """The packet itself, at its new time."""
        packet.pts = None if packet.pts is None else packet.pts - self._shift
        packet.dts = None if packet.dts is None else packet.dts - self._shift
        packet.stream = self._stream
        return [packet]

    def finish(self) -> "Iterable[av.Packet[Any]]":
        """Nothing waits."""
        return []


class SoundTrack:
    """Sound that is decoded and encoded again, for a file that cannot hold it as it is."""

    def __init__(self, source: Any, target: Any, span: Span, encoder: str) -> None:
        rate = 48000 if encoder == "libopus" else source.rate
        self._stream: Any = target.add_stream(encoder, rate=rate)
        self._stream.layout = _LAYOUTS.get(source.channels, "stereo")
        self._stream.bit_rate = 64000 * self._stream.layout.nb_channels
        _describe(self._stream, source)
        self._source, self._span = source, span
        self._resampler = av.AudioResampler(
            format=self._stream.format, layout=self._stream.layout, rate=rate
        )
        self._waiting: Any = av.AudioFifo()
        self._begun = False
        self._count = 0  # the time of the next sample for the encoder, in samples

    def convert(self, packet: "av.Packet[Any]") -> "Iterable[av.Packet[Any]]":
        """What can be encoded by now; a packet that is damaged is silent."""
        try:
            frames = packet.decode()
        except (av.FFmpegError, ValueError):
            return []
        return [made for frame in frames for made in self._encoded(frame)]

    def finish(self) -> "Iterable[av.Packet[Any]]":
        """The last samples."""
        made = [each for frame in self._source.decode(None) for each in self._encoded(frame)]
        made += [each for frame in self._resampler.resample(None) for each in self._filled(frame)]
        rest = self._waiting.read(0, True)
        return [*made, *(self._stream.encode(self._timed(rest)) if rest else []), *self._flush()]

    def _flush(self) -> "list[av.Packet[Any]]":
        packets: list[av.Packet[Any]] = self._stream.encode(None)
        return packets

    def _encoded(self, frame: Any) -> "Iterator[av.Packet[Any]]":
        begin = None if frame.pts is None else frame.pts * frame.time_base - self._span.start
        yield from self._silence(round((begin or 0) * self._stream.rate))
        frame.pts = None
        for each in self._resampler.resample(frame):
            yield from self._filled(each)

    def _silence(self, due: int) -> "Iterator[av.Packet[Any]]":
        """Fills the time up to the next samples, where the original has a gap or a damage.

        Less than `_GAP` is left to add up: times in files are rounded.
        """
        if not self._begun:
            self._begun, self._count = True, due
        missing = due - self._count - self._waiting.samples
        while missing > _GAP * self._stream.rate:
            some = min(missing, self._stream.rate)  # a gap may be an hour long
            yield from self._filled(self._silent(some))
            missing -= some

    def _silent(self, samples: int) -> Any:
        frame = av.AudioFrame(self._stream.format, self._stream.layout, samples)
        frame.sample_rate = self._stream.rate
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        return frame

    def _filled(self, frame: Any) -> "Iterator[av.Packet[Any]]":
        """Encoders take frames of one size."""
        frame.pts = None
        self._waiting.write(frame)
        size = self._stream.codec_context.frame_size or frame.samples
        while (piece := self._waiting.read(size)) is not None:
            yield from self._stream.encode(self._timed(piece))

    def _timed(self, frame: Any) -> Any:
        frame.pts, frame.time_base = self._count, Fraction(1, self._stream.rate)
        self._count += frame.samples
        return frame


_GAP = Fraction(1, 10)
"""Seconds, as FFmpeg's own resampler has it before it fills a gap."""

# What both AAC and Opus can hold; old files name no layout.
_LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


class TextTrack:
    """Subtitles of one kind of text as another kind; styles and places are left out."""

    def __init__(self, source: Any, target: Any, span: Span, encoder: str) -> None:
        self._stream: Any = target.add_stream(encoder)
        self._stream.time_base = Fraction(1, 1000)
        self._stream.codec_context.time_base = Fraction(1, 1000)
        header = source.codec_context.subtitle_header or _ASS_HEADER
        self._stream.codec_context.subtitle_header = header
        _describe(self._stream, source)
        self._source, self._span = source, span

    def convert(self, packet: "av.Packet[Any]") -> "Iterable[av.Packet[Any]]":
        """The text in its new kind."""
        try:
            lines = [each for each in packet.decode() if hasattr(each, "dialogue")]
        except (av.FFmpegError, ValueError):
            return []
        made = [self._line(packet, line) for line in lines if packet.pts is not None]
        return [each for each in made if each is not None]

    def _line(self, packet: "av.Packet[Any]", line: Any) -> "av.Packet[Any] | None":
        start = (packet.pts or 0) * packet.time_base - self._span.start
        length = (packet.duration or 0) * packet.time_base
        milliseconds = max(1, round(1000 * length))
        given = av.subtitles.subtitle.SubtitleSet.create(_PLAIN.sub(b"", line.ass), 0, milliseconds)
        made = self._stream.codec_context.encode_subtitle(given)
        made.pts = made.dts = round(1000 * start)
        made.duration, made.time_base = milliseconds, Fraction(1, 1000)
        made.stream = self._stream
        return made  # type: ignore[no-any-return]

    def finish(self) -> "Iterable[av.Packet[Any]]":
        """Nothing waits."""
        return []


_PLAIN = re.compile(rb"\{\\[^}]*\}")
"""The marks of styles in a line of ASS, which is what FFmpeg decodes all text to."""
_ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def open_track(
    source: Any, original: Path, container: Any, target: Target, span: Span
) -> Track | None:
    """The track of the result for a stream of the original; None leaves it out, with a warning.

    Args:
        source: the stream.
        original: the file that it is in.
        container: gets the track.
        target: the kind of that file.
        span: the part that is kept.
    """
    name = f"{source.type} {source.index}"
    if source.codec_context is None:
        warn(f"{name} is left out: FFmpeg does not know it")
        return None
    if _can_copy(source, original, target):
        return CopiedTrack(source, container, span)
    codec = shown(source.codec_context.codec.canonical_name)
    if source.type == "audio":
        warn(f"{name} is encoded again: {target.muxer} cannot hold {codec}")
        return SoundTrack(source, container, span, target.sound)
    if _is_text(source):
        return TextTrack(source, container, span, target.text)
    warn(f"{name} is left out: {target.muxer} cannot hold {codec}")
    return None


def _can_copy(source: Any, original: Path, target: Target) -> bool:
    """Whether a kind of file can hold a stream: tried, for some muxers only tell at their end."""
    try:
        with open_input(original) as again, av.open(BytesIO(), "w", format=target.muxer) as trial:
            stream = again.streams[source.index]
            copy = trial.add_stream_from_template(stream, opaque=True)
            if source.type == "audio":  # the next subtitle may be an hour away
                for packet in islice(again.demux(stream), _TRIED):
                    packet.stream = copy
                    trial.mux([packet] if packet.size else [])
            trial.close()
    except (av.FFmpegError, ValueError):
        return False
    return True


_TRIED = 3
"""Packets."""


def _is_text(source: Any) -> bool:
    properties = source.codec_context.codec.properties
    return bool(properties & av.codec.codec.Properties.TEXT_SUB.value)


def _describe(stream: Any, source: Any) -> None:
    """Keep the language, the title, and what a stream is for."""
    stream.metadata.update(source.metadata)
    stream.disposition = source.disposition
