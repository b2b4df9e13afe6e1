"""The style package: one small .safetensors file that holds a style, read as if it were hostile."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from impasto.core.arrays import Code
from impasto.core.errors import StyleError
from impasto.core.files import atomic_write, reason, shown
from impasto.core.records import parse_record, short_repr
from impasto.styles.spec import is_style_name

SUFFIX = ".safetensors"
FORMAT_VERSION = 1
MAX_BYTES = 32 * 1024
"""The most a package may take without its preview."""
MAX_PREVIEW_BYTES = 24 * 1024
MAX_FILE_BYTES = MAX_BYTES + MAX_PREVIEW_BYTES
_MAX_LOSS = 1e12

_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "title": str,
    "artist": str,
    "year": (int, type(None)),
    "licence": str,
    "sources": list,
    "trunk_id": str,
    "recipe": str,
    "losses": dict,
}


@dataclass(frozen=True)
class Source:
    """A style image that the style was made from."""

    file: str
    sha256: str
    """Lower-case hexadecimal."""


@dataclass(frozen=True, eq=False)
class Style:
    """A style as data: its code, where it comes from and which trunk it fits."""

    name: str
    title: str
    artist: str
    year: int | None
    licence: str
    trunk_id: str
    """SHA-256 of the weights of the trunk that the code was trained with, lower-case hex."""
    code: Code = field(repr=False)
    sources: tuple[Source, ...] = ()
    recipe: str = ""
    losses: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """What training measured, by the name of the loss."""
    preview: bytes | None = field(default=None, repr=False)
    """A small WebP picture, at most 24 KB."""


def read_style(path: Path | str) -> Style:
    """Read a style package; nothing in it is trusted.

    Raises:
        StyleError: there is no such file, or it is not a style package of a known version.
    """
    path = Path(path)
    return parse_style(read_package(path), shown(path))


def read_package(path: Path) -> bytes:
    """Read the bytes of a style package, one more than `MAX_FILE_BYTES` at most.

    Raises:
        StyleError: there is no such file, or it cannot be read.
    """
    try:
        return _read_capped(path)
    except OSError as error:
        raise StyleError(f"cannot read the style {shown(path)}: {reason(error)}") from error
    except ValueError as error:  # not a file, or a NUL in the path
        raise StyleError(f"{shown(path)}: not a usable style package: {error}") from error


def parse_style(data: bytes, where: str) -> Style:
    """Read the bytes of a style package; nothing in them is trusted.

    Args:
        data: the whole file; the first `MAX_FILE_BYTES` + 1 bytes of a larger one are enough.
        where: what messages call it, one printable line.

    Raises:
        StyleError: they are not a style package of a known version.
    """
    try:
        if len(data) > MAX_FILE_BYTES:
            raise ValueError(f"it is over {MAX_FILE_BYTES // 1024} KB")
        return _decode(data)
    except (ValueError, SafetensorError) as error:
        raise StyleError(f"{where}: not a usable style package: {error}") from error


def pack_style(style: Style) -> bytes:
    """The bytes of a style's package; the code is rounded to float16.

    Raises:
        StyleError: the style would not be readable again (too big, not finite, a bad name).
    """
    data = _encode(style)
    try:
        _decode(data)
    except ValueError as error:
        raise StyleError(f"style {short_repr(style.name)} cannot be packed: {error}") from error
    return data


def write_style(style: Style, path: Path | str, *, overwrite: bool = True) -> None:
    """Write a style package, whole or not at all; the code is rounded to float16.

    Raises:
        StyleError: the style would not be readable again (too big, not finite, a bad name).
        OutputError: the file cannot be written, or is there and may not be overwritten.
    """
    data = pack_style(style)
    with atomic_write(Path(path), overwrite=overwrite) as file:
        file.write(data)


def _read_capped(path: Path) -> bytes:
    if path.exists() and not path.is_file():  # opening a pipe would wait for its other end
        raise ValueError("it is not a file")
    with path.open("rb") as file:
        return file.read(MAX_FILE_BYTES + 1)


def _encode(style: Style) -> bytes:
    record = {
        "format_version": FORMAT_VERSION,
        **{key: getattr(style, key) for key in _FIELDS if key not in ("sources", "losses")},
        "sources": [{"file": source.file, "sha256": source.sha256} for source in style.sources],
        "losses": dict(style.losses),
    }
    with np.errstate(over="ignore"):  # what overflows float16 is infinite, and refused as such
        tensors = {"code": np.ascontiguousarray(style.code, np.float16)}
    if style.preview is not None:
        tensors["preview"] = np.frombuffer(style.preview, np.uint8)
    return save(tensors, {"impasto": json.dumps(record)})


def _decode(data: bytes) -> Style:
    tensors = dict(deserialize(data))  # type: ignore[no-untyped-call]
    if not tensors.keys() <= {"code", "preview"}:
        raise ValueError("it holds tensors other than 'code' and 'preview'")
    preview = _preview(tensors.get("preview"))
    if len(data) - len(preview or b"") > MAX_BYTES:
        raise ValueError(f"it is over {MAX_BYTES // 1024} KB without its preview")
    record = _read_record(data)
    return Style(
        **{key: record[key] for key in _FIELDS if key not in ("sources", "losses")},
        code=_code(tensors.get("code")),
        sources=_sources(record["sources"]),
        losses=_losses(record["losses"]),
        preview=preview,
    )


def _code(tensor: Mapping[str, Any] | None) -> Code:
    if tensor is None:
        raise ValueError("it holds no tensor 'code'")
    shape = tensor["shape"]
    if tensor["dtype"] != "F16" or len(shape) != 2 or shape[0] != 2 or shape[1] < 1:
        raise ValueError(
            f"its code is {tensor['dtype']} of shape {shape}, not F16 of [2, channels]"
        )
    code = np.frombuffer(tensor["data"], "<f2").reshape(shape).astype(np.float32)
    if not np.isfinite(code).all():
        raise ValueError("its code has values that are not finite")
    code.flags.writeable = False
    return code


def _preview(tensor: Mapping[str, Any] | None) -> bytes | None:
    if tensor is None:
        return None
    if tensor["dtype"] != "U8" or len(tensor["shape"]) != 1:
        raise ValueError(f"its preview is {tensor['dtype']} of shape {tensor['shape']}, not bytes")
    preview = bytes(tensor["data"])
    if len(preview) > MAX_PREVIEW_BYTES:
        raise ValueError(f"its preview is over {MAX_PREVIEW_BYTES // 1024} KB")
    if preview[:4] != b"RIFF" or preview[8:12] != b"WEBP":
        raise ValueError("its preview is not a WebP picture")
    return preview


def _read_record(data: bytes) -> dict[str, Any]:
    # The header was checked by safetensors; its Python face gives metadata from files only.
    length = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + length]).get("__metadata__") or {}
    if "impasto" not in metadata:
        raise ValueError("it has no 'impasto' record")
    record = parse_record(metadata["impasto"], FORMAT_VERSION, _FIELDS)
    _check_texts(record)
    return record


def _check_texts(record: Mapping[str, Any]) -> None:
    for key, value in record.items():
        # Printable, because titles are shown in terminals, which obey escape characters.
        if isinstance(value, str) and not value.isprintable():
            raise ValueError(f"its {key} {short_repr(value)} has unprintable characters")
    if not is_style_name(record["name"]):
        raise ValueError(f"its name {short_repr(record['name'])} is not allowed as a style name")
    if record["year"] is not None and abs(record["year"]) > 9999:
        raise ValueError("its year is beyond 9999")
    if not _is_digest(record["trunk_id"]):
        raise ValueError(f"its trunk_id {short_repr(record['trunk_id'])} is not a SHA-256")


def _sources(items: list[Any]) -> tuple[Source, ...]:
    for item in items:
        if not isinstance(item, dict) or not item.keys() >= {"file", "sha256"}:
            raise ValueError(f"its source {short_repr(item)} has no file and sha256")
        file, digest = item["file"], item["sha256"]
        if not isinstance(file, str) or not file.isprintable() or not _is_digest(digest):
            raise ValueError(f"its source {short_repr(item)} has a bad file or sha256")
    return tuple(Source(item["file"], item["sha256"]) for item in items)


def _losses(items: Mapping[str, Any]) -> Mapping[str, float]:
    for key, value in items.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        # The bound also refuses NaN, and whole numbers too long for a float.
        if not key.isprintable() or not is_number or not abs(value) <= _MAX_LOSS:
            raise ValueError(f"its loss {short_repr(key)} is {short_repr(value)}")
    return MappingProxyType({key: float(value) for key, value in items.items()})


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")
