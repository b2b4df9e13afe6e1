"""Sound and subtitles that come through a pipe with the pictures, kept until the video is whole."""

from pathlib import Path
from typing import Any

from impasto.core.notice import warn
from impasto.media.video_av import av, writing

_KINDS = ("audio", "subtitle")


class Spool:
    """Keeps packets in a Matroska file, as they are; times are rounded to thousandths.

    Args:
        path: the file; it is made with the first packet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container: Any = None
        self._streams: dict[int, Any] = {}

    def take(self, packet: "av.Packet[Any]") -> None:
        """Keep a packet of sound or text; others are passed over."""
        with writing(self._path):
            if self._container is None:
                self._open(packet.stream.container)
            stream = self._streams.get(packet.stream_index)
            if stream is not None and packet.dts is not None:
                packet.stream = stream
                self._container.mux(packet)

    def close(self) -> Path | None:
        """End the file; None if nothing came."""
        if self._container is None:
            return None
        with writing(self._path):
            if self._streams:
                self._container.close()
        return self._path if self._streams else None

    def _open(self, source: Any) -> None:
        # Otherwise the run-up of sound before 0 would move everything.
        options = {"avoid_negative_ts": "disabled"}
        self._container = av.open(
            str(self._path), "w", format="matroska", container_options=options
        )
        for stream in source.streams:
            if stream.type in _KINDS:
                self._add(stream)
        self._container.metadata.update(source.metadata)
        self._container.set_chapters(source.chapters())

    def _add(self, stream: Any) -> None:
        try:
            kept = self._container.add_stream_from_template(stream, opaque=True)
        except (ValueError, AttributeError):
            warn(f"{stream.type} {stream.index} is left out: it cannot be kept from a pipe")
            return
        kept.metadata.update(stream.metadata)
        self._streams[stream.index] = kept
