"""The process that decodes and encodes: strangers' bytes are never decoded anywhere else.

Started as `python -m impasto.server.codec FD SIZE MEMORY`. Orders come as lines of JSON on standard
input, answers go as lines to standard output; pictures and files lie in memory that both processes
share (the file descriptor FD), so nothing of their size goes through a pipe. It ends when its input
does.
"""

import json
import mmap
import resource
import sys
import warnings
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np

from impasto.core.cpu import stand_back
from impasto.core.errors import ImpastoError
from impasto.media.image import Picture, ReadLimits, WriteOptions, read_image, write_image
from impasto.server.arena import Arena


def main(argv: list[str]) -> int:
    """Answer orders until there are no more."""
    descriptor, size, memory = (int(text) for text in argv)
    stand_back()
    _limit(memory + size)
    arena = Arena(mmap.mmap(descriptor, size))
    warnings.simplefilter("ignore")  # nobody reads them here
    _warm()
    _say({"ready": True})
    for line in sys.stdin.buffer:
        _say(_answered(arena, json.loads(line)))
    return 0


def _limit(memory: int) -> None:
    """Let this process have no more memory, write no file, and leave no core behind."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _warm() -> None:
    """Loads the decoders, so that the first picture need not wait for them."""
    picture = Picture(np.zeros((8, 8, 3), np.uint8), None, None, None, "JPEG")
    for name in ("JPEG", "PNG", "WEBP"):
        stream = BytesIO()
        write_image(picture, stream, format=name)
        read_image(stream.getvalue())


def _answered(arena: Arena, order: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return _decoded(arena, order) if order["do"] == "decode" else _encoded(arena, order)
    except ImpastoError as error:
        return {"error": str(error), "kind": type(error).__name__}
    except MemoryError:
        verb = "read" if order["do"] == "decode" else "write"
        detail = f"to {verb} the picture takes more memory than is allowed"
        return {"error": detail, "kind": "ImageError"}


def _decoded(arena: Arena, order: Mapping[str, Any]) -> dict[str, Any]:
    limits = ReadLimits(max_pixels=order["max_pixels"])
    stream = BytesIO(arena.bytes(order["bytes"]))
    stream.name = order["name"]
    return arena.put_picture(read_image(stream, limits))


def _encoded(arena: Arena, order: Mapping[str, Any]) -> dict[str, Any]:
    options = WriteOptions(order["quality"], record=order["record"])
    stream = BytesIO()
    write_image(arena.picture(order["picture"]), stream, options, order["format"])
    return {"bytes": arena.put_bytes(stream.getbuffer())}


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
