"""How long a video is, as its file tells it: containers differ in what they count."""

from fractions import Fraction
from typing import Any

from impasto.media.video_av import av


def tick_of(stream: "av.VideoStream") -> Fraction:
    """The unit of the times of a stream, in seconds."""
    return stream.time_base or Fraction(1, 90000)


def begin_of(first: "av.VideoFrame", stream: "av.VideoStream") -> Fraction:
    """When the first frame is shown, in seconds."""
    return (first.pts or 0) * tick_of(stream)


def end_of(packet: "av.Packet[Any]") -> Fraction:
    """When what is in a packet ends, in seconds."""
    return ((packet.pts or 0) + (packet.duration or 0)) * packet.time_base


def own_length(container: "av.container.InputContainer", stream: "av.VideoStream") -> float:
    """The length that a file tells for this stream alone, in seconds; 0 if it tells none."""
    is_shared = container.format.name == "asf"  # which has one end for all
    return 0.0 if is_shared or not stream.duration else float(stream.duration * tick_of(stream))


def seconds_of(
    container: "av.container.InputContainer", stream: "av.VideoStream", begin: float
) -> float | None:
    """How long a file lasts from the first frame on, by what it tells; None if it tells nothing.

    Args:
        container: the file.
        stream: its pictures.
        begin: when the first frame is shown, in seconds.
    """
    if own := own_length(container, stream):
        return own
    told = container.duration / 1e6 if container.duration else None
    # Matroska tells when the last stream ends, and not how long it lasts. Some programs write the
    # length there, which may be less than the time of the first frame.
    return told - begin if told and told > begin else told
