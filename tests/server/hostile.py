"""Uploads that mean harm, made from a seed: bombs, truncations, polyglots, lies and noise."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

_SLOW_ONES = 50
"""One in so many."""
Maker = Callable[[random.Random], bytes]


@dataclass(frozen=True)
class Upload:
    """A body and what it says it is."""

    kind: str
    body: bytes
    headers: dict[str, str]
    query: str = "style=scream"
    is_slow: bool = False
    """Whether its body is to come piece by piece, without end."""


def uploads(count: int, seed: int = 7) -> Iterator[Upload]:
    """So many uploads; every kind comes again and again."""
    chance = random.Random(seed)  # noqa: S311  # the same on every run
    makers = list(_BODIES.items())
    for number in range(count):
        kind, make = makers[number % len(makers)]
        if number % _SLOW_ONES == 7:
            yield Upload("slow", _sound(chance), {"content-type": "image/png"}, is_slow=True)
        else:
            yield Upload(kind, make(chance), _headers(chance), _query(chance))


def _headers(chance: random.Random) -> dict[str, str]:
    kinds = [
        "image/png",
        "image/jpeg",
        "image/svg+xml",
        "application/octet-stream",
        "image/" + "x" * 99,
    ]
    headers = {"content-type": chance.choice(kinds)}
    if chance.random() < 0.1:
        headers["x-padding"] = "y" * chance.randrange(66_000, 90_000)
    if chance.random() < 0.1:
        headers["content-type"] = chance.choice(["text/html", "multipart/form-data", "", "a;b=c/d"])
    return headers


def _query(chance: random.Random) -> str:
    return chance.choice(
        ["style=scream"] * 8
        + ["style=%00", "style=" + "a" * 5000, "style=scream&size=1e9", "x=%ff"]
    )


def _sound(chance: random.Random) -> bytes:
    """A picture that would be painted if it were left alone."""
    side = chance.randrange(8, 40)
    pixels = np.frombuffer(chance.randbytes(side * side * 3), np.uint8).reshape(side, side, 3)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, chance.choice(["PNG", "JPEG", "WEBP", "TIFF"]))
    return stream.getvalue()


def _truncated(chance: random.Random) -> bytes:
    body = _sound(chance)
    return body[: chance.randrange(0, len(body) // 2)]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width: int, height: int, data: bytes, bits: int = 8, extra: bytes = b"") -> bytes:
    head = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0)
    ends = _chunk(b"IDAT", zlib.compress(data)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + extra + ends


def _bomb(chance: random.Random) -> bytes:
    """A few KB that say they are more than the limit of pixels."""
    side = chance.choice([8_000, 20_000, 64_250, 2**31 - 1])
    return _png(side, side, bytes(50_000), bits=1)


def _short(chance: random.Random) -> bytes:
    """A PNG of an allowed size whose pixels are missing."""
    return _png(chance.randrange(500, 3_000), 2_000, b"\0" * 10)


def _text_bomb(chance: random.Random) -> bytes:
    """Compressed text that becomes very long, and pixels that end too soon."""
    text = b"k\0\0" + zlib.compress(bytes(20_000_000))
    return _png(50, 50, b"", extra=_chunk(b"zTXt", text) * chance.randrange(1, 4))


def _frames(chance: random.Random) -> bytes:
    """A TIFF of many pages, too many pixels together."""
    stream = BytesIO()
    pages = [Image.new("1", (20_000, 3_000)) for _ in range(2)]
    pages[0].save(stream, "TIFF", compression="group4", save_all=True, append_images=pages[1:])
    return stream.getvalue()


def _polyglot(chance: random.Random) -> bytes:
    """One thing in front and another behind."""
    heads = [b"GIF89a", b"%PDF-1.7\n", b"PK\3\4", b"<svg xmlns='x'>", b"%!PS-Adobe EPSF\n", b"8BPS"]
    return chance.choice(heads) + _sound(chance)


def _script(chance: random.Random) -> bytes:
    return b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><svg>" + chance.randbytes(
        50
    )


def _wrong_head(chance: random.Random) -> bytes:
    """The head of one format and the rest of another."""
    heads = [
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\xff\xff\xff\xffWEBP",
        b"II*\0\xff\xff\xff\xff",
    ]
    return chance.choice(heads) + chance.randbytes(chance.randrange(0, 3_000))


def _boxes(chance: random.Random) -> bytes:
    """An AVIF whose boxes lie about their sizes."""
    return (
        b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + b"\xff\xff\xff\xffmeta" + chance.randbytes(400)
    )


def _pickle(chance: random.Random) -> bytes:
    return b"\x80\x04cos\nsystem\n(S'true'\ntR."


def _noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(0, 20_000))


_BODIES: dict[str, Maker] = {
    "truncated": _truncated,
    "bomb": _bomb,
    "short": _short,
    "text bomb": _text_bomb,
    "frames": _frames,
    "polyglot": _polyglot,
    "script": _script,
    "wrong head": _wrong_head,
    "boxes": _boxes,
    "pickle": _pickle,
    "noise": _noise,
}
