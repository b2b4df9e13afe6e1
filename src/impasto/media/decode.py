"""From bytes to a decoded Pillow image: what is too large is refused before anything is decoded."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from impasto.core.errors import ImageError, MissingExtraError, SettingsError
from impasto.core.files import reason
from impasto.core.notice import warn
from impasto.media.formats import AVIF, HEAD_BYTES, HEIF, JPEG, PNG, TIFF, WEBP, Format, sniff
from impasto.media.salvage import without_metadata

# Each decoder is called by itself and not through Image.open: nothing but the six formats can be
# reached, and the limit is ours and not Pillow's global MAX_IMAGE_PIXELS.
_DECODERS: Final[Mapping[Format, Callable[[BinaryIO], ImageFile.ImageFile]]] = {
    JPEG: JpegImageFile,
    PNG: PngImageFile,
    WEBP: WebPImageFile,
    TIFF: TiffImageFile,
    AVIF: AvifImageFile,
}
_MOST_PAGES: Final = 1_000  # of a TIFF; counting more only costs time
_PNG_SIZE_AT: Final = 16  # after the signature and the first chunk's length and type


@dataclass(frozen=True)
class ReadLimits:
    """How much a picture may ask for before it is refused.

    Raises `SettingsError` for a limit below 1.
    """

    max_pixels: int = 200_000_000
    """Width times height, summed over all frames or pages, by what the header says.

    A WebP is refused at twice `PIL.Image.MAX_IMAGE_PIXELS` (179 million) in any case.
    """
    max_bytes: int = 2**31
    """The size of the file; enough for `max_pixels` uncompressed at 16 bits with opacity."""

    def __post_init__(self) -> None:
        if self.max_pixels < 1 or self.max_bytes < 1:
            raise SettingsError(f"the limits of a picture must be at least 1, got {self}")


def load(stream: BinaryIO, name: str, limits: ReadLimits) -> ImageFile.ImageFile:
    """Return the decoded first frame of a seekable stream that stands at its start.

    TIFF metadata is read later, so keep the stream open as long as the image. Further frames are
    left out with an `ImpastoWarning`. Raises `ImageError` for anything that is not a whole
    picture of a known format within `limits`, `MissingExtraError` for HEIC without its extra.
    """
    format = _format(stream, name)
    if format is PNG:
        _check_png_header(stream, name, limits)
    try:
        image, frames = _decoded(stream, format, name, limits)
    except (ImageError, MissingExtraError):
        raise
    except Image.DecompressionBombError as error:  # of WebP, before our own limit can be asked
        raise ImageError(f"{name} has too many pixels: {reason(error)}") from error
    except Exception as error:  # on hostile bytes Pillow raises nearly anything
        out_of_memory = isinstance(error, MemoryError)
        second = None if out_of_memory else _second_try(stream, format, name, limits)
        if second is None:
            raise ImageError(f"cannot read {name}: {_why(error, format)}") from error
        warn(f"{name}: its metadata is damaged and is left out")
        image, frames = second
    if frames > 1:
        warn(f"{name} has {frames} frames; only the first is used")
    return image


def load_header(stream: BinaryIO, name: str) -> ImageFile.ImageFile:
    """Return the image of a seekable stream with nothing decoded; raises as `load`."""
    format = _format(stream, name)
    try:
        return _opened(stream, format)
    except MissingExtraError:
        raise
    except Exception as error:
        raise ImageError(f"cannot read {name}: {_why(error, format)}") from error


def _why(error: Exception, format: Format) -> str:
    """Say in words what went wrong; Pillow's own are often those of a programmer."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno):
        return reason(error)  # the machine's fault and not the file's
    return f"the {format.name} is damaged, incomplete or of an unknown kind ({reason(error)})"


def _format(stream: BinaryIO, name: str) -> Format:
    head = stream.read(HEAD_BYTES)
    format = sniff(head)
    if format is None:
        raise ImageError(f"{name} {_what(head)}")
    return format


def _what(head: bytes) -> str:
    """Say by its first bytes what a file is that is no picture."""
    if not head:
        return "is empty"
    if head.startswith(b"GIF8"):
        return "is a GIF, which is read as a video and not as a picture"
    return "is not a JPEG, PNG, WebP, TIFF, AVIF or HEIC picture"


def _opened(stream: BinaryIO, format: Format) -> ImageFile.ImageFile:
    stream.seek(0)
    if format is not HEIF:
        return _DECODERS[format](stream)
    try:
        from pillow_heif import HeifImageFile
    except ImportError:
        raise MissingExtraError("reading HEIC pictures", "heif") from None
    decoder: Callable[[BinaryIO], ImageFile.ImageFile] = HeifImageFile
    return decoder(stream)


def _decoded(
    stream: BinaryIO, format: Format, name: str, limits: ReadLimits
) -> tuple[ImageFile.ImageFile, int]:
    """Return the decoded image and how many frames the file has."""
    image = _opened(stream, format)
    frames, pixels = _count(image, limits)
    if pixels > limits.max_pixels:
        raise _too_many_pixels(name, image.size, frames, limits)
    with _pillows_limit_lifted(image):
        image.load()
    return image, frames


def _check_png_header(stream: BinaryIO, name: str, limits: ReadLimits) -> None:
    """Ask the first chunk, because Pillow tells the size only after all chunks before pixels."""
    stream.seek(_PNG_SIZE_AT)
    head = stream.read(8)
    width, height = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
    if width * height > limits.max_pixels:
        raise _too_many_pixels(name, (width, height), 1, limits)


def _too_many_pixels(
    name: str, size: tuple[int, int], frames: int, limits: ReadLimits
) -> ImageError:
    shape = f"{size[0]}x{size[1]}" + (f", {frames} frames" if frames > 1 else "")
    most = f"{limits.max_pixels / 1e6:g} million"
    return ImageError(f"{name} has too many pixels ({shape}); the limit is {most}")


def _count(image: ImageFile.ImageFile, limits: ReadLimits) -> tuple[int, int]:
    """Return the number of frames and of all their pixels, by the headers alone."""
    if not isinstance(image, TiffImageFile):
        frames = getattr(image, "n_frames", 1)
        return frames, image.width * image.height * frames
    pixels, pages = image.width * image.height, 1
    while pixels <= limits.max_pixels and pages < _MOST_PAGES and _turn_page(image, pages):
        pixels, pages = pixels + image.width * image.height, pages + 1
    image.seek(0)
    return pages, pixels


def _turn_page(image: TiffImageFile, page: int) -> bool:
    try:
        image.seek(page)
    except Exception:  # the last page, or a damaged one that nobody will paint
        return False
    return True


_pillows_limit = threading.Lock()


@contextmanager
def _pillows_limit_lifted(image: Image.Image) -> Iterator[None]:
    """Let Pillow decode a picture that passed our limit and not its global one (TIFF asks it)."""
    limit = Image.MAX_IMAGE_PIXELS
    if limit is None or image.width * image.height <= limit:
        yield
        return
    with _pillows_limit:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _second_try(
    stream: BinaryIO, format: Format, name: str, limits: ReadLimits
) -> tuple[ImageFile.ImageFile, int] | None:
    stream.seek(0)
    data = stream.read()
    bare = without_metadata(data, format)
    if bare == data:
        return None
    try:
        return _decoded(BytesIO(bare), format, name, limits)
    except ImageError:
        raise
    except Exception:  # the pixels are damaged too; the first error says how
        return None
