"""Which files a video can go into, and the settings of the encoders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from impasto.core.cpu import cpu_features
from impasto.core.errors import SettingsError

Codec = Literal["h264", "h265", "vp9", "av1"]
"""How pictures are compressed."""


@dataclass(frozen=True)
class Encoder:
    """An encoder of FFmpeg, and how it is asked for quality."""

    name: str
    best: int
    """Its CRF at quality 100."""
    worst: int
    """Its CRF at quality 1."""
    usual: int
    """Its CRF when nothing is asked for."""
    options: tuple[tuple[str, str], ...]
    format: str = "yuv420p"

    def settings(self, quality: int | None) -> dict[str, str]:
        """The options of an encoder for a quality from 1 to 100, or None for the usual one."""
        share = 0.0 if quality is None else (quality - 1) / 99
        crf = (
            self.usual if quality is None else round(self.worst + share * (self.best - self.worst))
        )
        return {**dict(self.options), **_steady(self.name), "crf": str(crf)}


def _steady(encoder: str) -> dict[str, str]:
    """What makes an encoder give the same bytes for the same frames on each run, as resuming needs.

    With AVX-512 the macroblock tree of x264 does not: of 120 runs over the same eight frames, on
    AMD Zen 4, 56 came out otherwise than the rest; up to AVX2, none.
    """
    if encoder == "libx264" and "avx512f" in cpu_features():
        return {"x264-params": "asm=AVX2"}
    return {}


ENCODERS: dict[Codec, Encoder] = {
    # As like the paintings as `veryfast` within half a decibel, in up to 8 % larger files and 0.6
    # to 0.7 of the time; without the macroblock tree files of calm paintings are larger.
    "h264": Encoder(
        "libx264", 7, 44, 17, (("preset", "superfast"), ("mbtree", "1"), ("rc-lookahead", "10"))
    ),
    # Segments are joined later: no group of pictures may lean on the one before.
    "h265": Encoder(
        "libx265", 10, 48, 21, (("preset", "fast"), ("x265-params", "open-gop=0:log-level=error"))
    ),
    "vp9": Encoder(
        "libvpx-vp9",
        10,
        60,
        28,
        (("b", "0"), ("row-mt", "1"), ("deadline", "good"), ("cpu-used", "4")),
    ),
    "av1": Encoder("libsvtav1", 12, 60, 28, (("preset", "8"),)),
}


@dataclass(frozen=True)
class Target:
    """A kind of file."""

    muxer: str
    """What FFmpeg calls it."""
    codecs: tuple[Codec, ...]
    """What it takes, the usual one first."""
    sound: str
    """The encoder for sound that cannot be copied."""
    text: str
    """The encoder for subtitles that cannot be copied."""


_MPEG4 = Target("mp4", ("h264", "h265", "av1"), "aac", "mov_text")
TARGETS: dict[str, Target] = {
    ".mp4": _MPEG4,
    ".m4v": _MPEG4,
    ".mov": Target("mov", ("h264", "h265"), "aac", "mov_text"),
    ".mkv": Target("matroska", ("h264", "h265", "vp9", "av1"), "libopus", "subrip"),
    ".webm": Target("webm", ("vp9", "av1"), "libopus", "webvtt"),
}
ANIMATIONS = (".gif", ".webp")
"""Moving pictures without sound."""


def target_named(path: Path | str) -> Target:
    """The kind of file that a name with a suffix of `TARGETS` means.

    Raises:
        SettingsError: the suffix is none of them.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in TARGETS:
        known = ", ".join([*TARGETS, *ANIMATIONS])
        raise SettingsError(f"{path} has no ending of a video: use {known}, a folder, or -")
    return TARGETS[suffix]


def codec_for(target: Target, wanted: Codec | None) -> Codec:
    """The codec to use.

    Raises:
        SettingsError: that kind of file cannot hold it.
    """
    if wanted is None:
        return target.codecs[0]
    if wanted not in target.codecs:
        raise SettingsError(
            f"--codec {wanted} does not fit into {target.muxer}: use {', '.join(target.codecs)}"
        )
    return wanted


@dataclass(frozen=True)
class Coding:
    """How pictures are compressed."""

    codec: Codec | None
    """None is without loss, for what is compressed again later."""
    quality: int | None = None
    """1 to 100; None is the codec's usual one."""

    @property
    def encoder(self) -> Encoder:
        """The encoder with its settings."""
        return LOSSLESS if self.codec is None else ENCODERS[self.codec]


LOSSLESS = Encoder("ffv1", 0, 0, 0, (("level", "3"),), "bgr0")
