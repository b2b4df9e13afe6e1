"""Moving GIF and WebP pictures, made from pieces without loss."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from impasto.media.video import VideoInfo
from impasto.media.video_av import av, open_input, writing
from impasto.media.video_join import Piece, Times, packets_of
from impasto.media.video_writer import to_disk

_HUNDREDTH = Fraction(1, 100)
"""Seconds; a GIF counts in these."""
_THOUSANDTH = Fraction(1, 1000)
_QUALITY = 80


def animate(
    pieces: Sequence[Piece], info: VideoInfo, end: int, path: Path, quality: int | None
) -> None:
    """Write a GIF or, if the path ends so, a WebP that plays for ever.

    Frames are held as long as in the video, rounded to what the format counts in; two frames that
    fall together become one. Memory does not grow with a GIF; a WebP is kept until it is whole.

    Args:
        pieces: without loss.
        info: of the pieces.
        end: the tick at which the last frame ends.
        path: ends in `.gif` or `.webp`; on the disk when this returns.
        quality: 1 to 100, of a WebP; a GIF has none.

    Raises:
        OutputError: it cannot be written.
    """
    with writing(path):
        if path.suffix.lower() == ".gif":
            _write_gif(_frames(pieces, info, _HUNDREDTH), info, path, _last(pieces, info, end))
        else:
            _write_webp(_frames(pieces, info, _THOUSANDTH), info, path, quality or _QUALITY)
        to_disk(path)


def _frames(pieces: Sequence[Piece], info: VideoInfo, tick: Fraction) -> "Iterator[av.VideoFrame]":
    """All frames at times in a format's own ticks, which rise."""
    start, before = pieces[0].first, -1
    for piece in pieces:
        times: Times | None = None
        with open_input(piece.path) as container:
            for frame in container.decode(video=0):
                scale = (frame.time_base or tick) / info.time_base
                times = times or Times(piece, frame.pts or 0, scale)
                now = round((times.true(frame.pts or 0) - start) * info.time_base / tick)
                if now > before:
                    frame.pts, frame.time_base, before = now, tick, now
                    yield frame


def _last(pieces: Sequence[Piece], info: VideoInfo, end: int) -> Fraction:
    """Seconds for which the last frame is shown."""
    times = [packet.pts or 0 for packet in packets_of(pieces[-1], info.time_base)]
    return (end - max(times)) * info.time_base


def _write_gif(
    frames: "Iterator[av.VideoFrame]", info: VideoInfo, path: Path, last: Fraction
) -> None:
    """Each frame has a palette of its own, so that frames can be written as they come."""
    options = {"loop": "0", "final_delay": str(min(65535, max(1, round(last / _HUNDREDTH))))}
    container = av.open(str(path), "w", format="gif", container_options=options)
    with container:
        stream: Any = container.add_stream("gif", rate=100)
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, "pal8"
        stream.codec_context.time_base = stream.time_base = _HUNDREDTH
        graph = _palette_graph(info)
        for frame in frames:
            graph.push(frame)
            container.mux(_encoded(graph, stream))
        graph.push(None)
        container.mux(_encoded(graph, stream))
        container.mux(stream.encode())


def _palette_graph(info: VideoInfo) -> Any:
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=info.width,
        height=info.height,
        format=av.VideoFormat("bgr0"),
        time_base=_HUNDREDTH,
    )
    split, sink = graph.add("split"), graph.add("buffersink")
    palette = graph.add("palettegen", "stats_mode=single:reserve_transparent=0")
    use = graph.add("paletteuse", "new=1:dither=sierra2_4a")
    source.link_to(split)
    split.link_to(palette, 0, 0)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph


def _encoded(graph: Any, stream: Any) -> "list[av.Packet[Any]]":
    packets: list[av.Packet[Any]] = []
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return packets
        packets += stream.encode(frame)


def _write_webp(
    frames: "Iterator[av.VideoFrame]", info: VideoInfo, path: Path, quality: int
) -> None:
    options = {"quality": str(quality), "compression_level": "4"}
    container = av.open(str(path), "w", format="webp", container_options={"loop": "0"})
    with container:
        stream: Any = container.add_stream("libwebp_anim", rate=info.rate, options=options)
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, "bgra"
        stream.codec_context.time_base = stream.time_base = _THOUSANDTH
        for frame in frames:
            opaque = frame.reformat(format="bgra")
            opaque.pts, opaque.time_base = frame.pts, frame.time_base
            container.mux(stream.encode(opaque))
        container.mux(stream.encode())
