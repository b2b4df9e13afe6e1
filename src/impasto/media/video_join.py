"""From pieces to the file: pictures are joined, sound is copied, nothing is compressed again."""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import lcm
from pathlib import Path
from typing import Any

from impasto.media.video import Span, VideoInfo
from impasto.media.video_av import av, open_input, writing
from impasto.media.video_coding import Codec, Target
from impasto.media.video_tracks import Track, open_track
from impasto.media.video_writer import to_disk

_MOST_TICKS = 2**31 - 1


@dataclass(frozen=True)
class Piece:
    """A file of the pictures of a part of the video."""

    path: Path
    first: int
    """The tick of its first frame; the file itself may count from elsewhere."""
    frames: int
    depth: int
    """How many frames its packets may come before frames that are shown earlier."""


@dataclass(frozen=True)
class Joined:
    """What a file is made of."""

    pieces: Sequence[Piece]
    info: VideoInfo
    """Of the pictures in the pieces."""
    end: int
    """The tick at which the last frame ends."""
    span: Span
    """Which part of the original the pieces show."""
    codec: Codec
    metadata: Mapping[str, str]
    """Added to that of the original; comments are put together."""
    strip: bool = False
    """Leave the original's own metadata out, with the titles of its chapters and streams."""


def join(joined: Joined, original: Path | None, path: Path, target: Target) -> None:
    """Write a video file from pieces, and from everything but the pictures of an original.

    Sound, subtitles and chapters come from `original`, if there is one. The file is on the disk
    when this returns.

    Raises:
        OutputError: the file cannot be written.
    """
    with writing(path), ExitStack() as stack:
        source = stack.enter_context(open_input(original)) if original else None
        options = _options(joined, source, target)
        container = av.open(str(path), "w", format=target.muxer, container_options=options)
        stack.enter_context(container)
        first = stack.enter_context(open_input(joined.pieces[0].path))
        stream = _picture_stream(container, first.streams.video[0], joined, target)
        tracks = _tracks(source, original, container, target, joined.span) if original else {}
        _describe(container, source, joined)
        if joined.strip:
            _strip_streams(container)
        pictures = _pictures(joined, stream)
        others = _others(source, tracks, joined.span) if source and tracks else iter(())
        for packet in heapq.merge(pictures, others, key=_time):
            container.mux(packet)
        container.close()
    to_disk(path)


def _options(joined: Joined, source: Any, target: Target) -> dict[str, str]:
    if target.muxer not in ("mp4", "mov"):
        return {}
    # Where a stream begins later than the others is noted in ticks of the whole file.
    bases = [joined.info.time_base, *(s.time_base for s in source.streams)] if source else []
    common = lcm(*(base.denominator for base in bases if base), 1000)
    exact = {"movie_timescale": str(common)} if common <= _MOST_TICKS else {}
    return {"movflags": "+faststart", **exact}


def _picture_stream(container: Any, template: Any, joined: Joined, target: Target) -> Any:
    stream = container.add_stream_from_template(template, opaque=True)
    stream.time_base = joined.info.time_base
    if joined.codec == "h265" and target.muxer in ("mp4", "mov"):
        stream.codec_context.codec_tag = "hvc1"  # Apple's players want it
    return stream


def _tracks(
    source: Any, original: Path, container: Any, target: Target, span: Span
) -> dict[int, Track]:
    kinds = ("audio", "subtitle")
    wanted = [each for each in source.streams if each.type in kinds]
    opened = {each.index: open_track(each, original, container, target, span) for each in wanted}
    return {index: track for index, track in opened.items() if track is not None}


def _describe(container: Any, source: Any, joined: Joined) -> None:
    if source is not None:
        chapters = _chapters(source.chapters(), joined.span)
        container.set_chapters(
            [{**each, "metadata": {}} for each in chapters] if joined.strip else chapters
        )
    kept = {} if source is None or joined.strip else _kept(source.metadata)
    comments = [each["comment"] for each in (kept, joined.metadata) if "comment" in each]
    container.metadata.update({**kept, **joined.metadata})
    if comments:
        container.metadata["comment"] = "\n".join(comments)


def _strip_streams(container: Any) -> None:
    """Of what streams say of themselves only the language stays, which players choose by."""
    for stream in container.streams:
        for key in {*stream.metadata} - {"language"}:
            del stream.metadata[key]


def _kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """The original's metadata without what was true of its file only."""
    own = ("major_brand", "minor_version", "compatible_brands", "encoder", "duration")
    # Matroska says COMMENT where MPEG-4 says comment.
    lower = {key.lower(): value for key, value in metadata.items()}
    return {key: value for key, value in lower.items() if key not in own}


def _chapters(chapters: list[Any], span: Span) -> list[Any]:
    """The chapters that are at least partly kept, at their new times."""
    moved = []
    for chapter in chapters:
        base = chapter["time_base"] or Fraction(1, 1000)
        last = chapter["end"] if span.end is None else min(chapter["end"], round(span.end / base))
        shift = round(span.start / base)
        start, end = max(0, chapter["start"] - shift), last - shift
        if start < end:
            moved.append({**chapter, "start": start, "end": end})
    return moved


def _pictures(joined: Joined, stream: Any) -> "Iterator[av.Packet[Any]]":
    """The packets of all pieces at their true times, in the order in which they are decoded."""
    depth = max(piece.depth for piece in joined.pieces)
    ends = [*(piece.first for piece in joined.pieces[1:]), joined.end]
    before: deque[int] = deque()
    for piece, end in zip(joined.pieces, ends, strict=True):
        packets = packets_of(piece, joined.info.time_base)
        shown = sorted(packet.pts or 0 for packet in packets)
        lengths = dict(zip(shown, pairwise_lengths([*shown, end]), strict=True))
        before = before or _run_up(shown, depth)
        for packet, time in zip(packets, shown, strict=True):
            # Decoded no later than shown: with the frame that is shown `depth` places earlier.
            before.append(time)
            packet.dts, packet.duration = before.popleft(), lengths[packet.pts or 0]
            packet.time_base, packet.stream = joined.info.time_base, stream
            yield packet


def packets_of(piece: Piece, time_base: Fraction) -> "list[av.Packet[Any]]":
    """The packets of a piece in the order of decoding, at their true showing times."""
    with open_input(piece.path) as container:
        stream = container.streams.video[0]
        packets: list[av.Packet[Any]] = [each for each in container.demux(stream) if each.size]
    times = Times(piece, packets[0].pts or 0, packets[0].time_base / time_base)
    for packet in packets:
        packet.pts = times.true(packet.pts or 0)
    return packets


@dataclass(frozen=True)
class Times:
    """The true times of a piece: NUT counts in finer ticks, and moves all if one is below 0."""

    piece: Piece
    first: int
    """The stored time of the first packet, which is the first frame."""
    scale: Fraction
    """True ticks of a stored one."""

    def true(self, stored: int) -> int:
        """The true tick of a stored time."""
        return self.piece.first + round((stored - self.first) * self.scale)


def _run_up(shown: Sequence[int], depth: int) -> deque[int]:
    """Decoding times before the first frame is shown."""
    step = shown[1] - shown[0] if len(shown) > 1 else 1
    return deque(shown[0] - step * (depth - n) for n in range(depth))


def pairwise_lengths(times: Sequence[int]) -> list[int]:
    """How long it is from each time to the next, at least a tick."""
    return [max(1, after - now) for now, after in pairwise(times)]


def _others(source: Any, tracks: dict[int, Track], span: Span) -> "Iterator[av.Packet[Any]]":
    streams = [each for each in source.streams if each.index in tracks]
    for packet in source.demux(*streams):
        if packet.size and _within(packet, span):
            yield from tracks[packet.stream_index].convert(packet)
    for track in tracks.values():
        yield from track.finish()


def _within(packet: "av.Packet[Any]", span: Span) -> bool:
    """Whether a packet begins in the part that is kept; a run-up before 0 belongs to the start."""
    if packet.pts is None:
        return span.start == 0
    time = packet.pts * packet.time_base
    return (time >= span.start or span.start == 0) and (span.end is None or time < span.end)


def _time(packet: "av.Packet[Any]") -> Fraction:
    stamp = packet.dts if packet.dts is not None else packet.pts or 0
    return stamp * packet.time_base
