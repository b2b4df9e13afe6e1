"""A measured style as one .safetensors file: its looks at every scale, and its manifest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from impasto.core.errors import StyleError
from impasto.core.files import atomic_write, reason, shown
from impasto.core.records import parse_record, short_repr
from impasto.lab.feature_cache import View
from impasto.lab.looks import Look, from_tensors, to_tensors
from impasto.lab.pictures import StylePicture, Twin
from impasto.styles.spec import check_name

FORMAT_VERSION = 1
KIND = "style features"
SUFFIX = ".features.safetensors"
_MAX_BYTES = 512_000_000
"""Two hundred times what two scales of the full VGG-19 take."""
_FIELDS = {
    "kind": str,
    "name": str,
    "title": str,
    "artist": str,
    "licence": str,
    "network": str,
    "layers": list,
    "scales": list,
    "augmentation": str,
    "pictures": list,
    "left_out": list,
}
_ABOUT = ("name", "title", "artist", "licence", "network", "augmentation")

Row = TypeVar("Row", StylePicture, Twin)


@dataclass(frozen=True)
class MeasuredStyle:
    """A style as the lab knows it before training."""

    name: str
    title: str
    artist: str
    licence: str
    network: str
    """SHA-256 of the feature network's file."""
    augmentation: str
    pictures: tuple[StylePicture, ...]
    left_out: tuple[Twin, ...]
    looks: Mapping[int, Look]
    """By scale, at least one: the mean over all pictures, long sides at most this many pixels."""

    def look(self, view: View) -> Look:
        """The look that training with these features needs, in the order of its layers.

        Raises:
            StyleError: the style was measured with another network, without one of the layers, at
                other scales, or with other augmentation; the message says which.
        """
        have = self.looks.get(view.scale)
        if have is None:
            raise self._unfit("scales", sorted(self.looks), view.scale)
        if missing := set(view.layers) - set(have.features):
            raise self._unfit("layers", sorted(have.features), sorted(missing))
        if self.network != view.network:
            raise self._unfit("network", self.network[:12], view.network[:12])
        if self.augmentation != view.augmentation:
            raise self._unfit("augmentation", self.augmentation, view.augmentation)
        chosen = {layer: have.features[layer] for layer in view.layers}
        return Look(chosen, have.bands, have.palette)

    def manifest(self) -> dict[str, Any]:
        """All but the looks, as it stands in the file."""
        any_look = next(iter(self.looks.values()))
        return {
            "format_version": FORMAT_VERSION,
            "kind": KIND,
            **{key: getattr(self, key) for key in _ABOUT},
            "layers": list(any_look.features),
            "scales": list(self.looks),
            "pictures": [asdict(each) for each in self.pictures],
            "left_out": [asdict(each) for each in self.left_out],
        }

    def _unfit(self, what: str, have: object, wanted: object) -> StyleError:
        return StyleError(
            f"the features of style {self.name!r} have the {what} {have}, and {wanted} is needed: "
            "build them again as the recipe needs them (`impasto library build --recipe`)"
        )


def write_measured(style: MeasuredStyle, path: Path, *, overwrite: bool = False) -> None:
    """Write a measured style, whole or not at all.

    Raises:
        OutputError: the file cannot be written, or is there and not `overwrite`.
    """
    tensors = {
        f"{scale}/{name}": tensor.contiguous()
        for scale, look in style.looks.items()
        for name, tensor in to_tensors(look).items()
    }
    data = save(tensors, {"impasto": json.dumps(style.manifest())})
    with atomic_write(path, overwrite=overwrite) as file:
        file.write(data)


def read_measured(path: Path) -> MeasuredStyle:
    """Read a measured style; nothing in the file is trusted.

    Raises:
        StyleError: there is no such file, or it holds no style features of a known version.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"it is over {_MAX_BYTES / 1e6:g} MB")
        with safe_open(path, framework="pt") as file:
            record = _record((file.metadata() or {}).get("impasto"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return _style(record, tensors)
    except OSError as error:
        raise StyleError(f"cannot read the features {shown(path)}: {reason(error)}") from error
    except (ValueError, SafetensorError, StyleError) as error:
        raise StyleError(f"{shown(path)}: not usable style features: {error}") from error


def _record(text: str | None) -> dict[str, Any]:
    if text is None:
        raise ValueError("it has no 'impasto' record")
    record = parse_record(text, FORMAT_VERSION, _FIELDS)
    if record["kind"] != KIND:
        raise ValueError(f"it is a file of the kind {short_repr(record['kind'])}")
    for key in _ABOUT:
        if not record[key].isprintable():
            raise ValueError(f"its {key} {short_repr(record[key])} has unprintable characters")
    check_name(record["name"])
    scales, layers = record["scales"], record["layers"]
    if not scales or not all(type(scale) is int and scale > 0 for scale in scales):
        raise ValueError(f"its scales are {short_repr(scales)}")
    if not layers or not all(isinstance(layer, str) for layer in layers):
        raise ValueError(f"its layers are {short_repr(layers)}")
    return record


def _style(record: Mapping[str, Any], tensors: Mapping[str, Any]) -> MeasuredStyle:
    looks = {}
    for scale in record["scales"]:
        start = f"{scale}/"
        own = {
            key.removeprefix(start): value
            for key, value in tensors.items()
            if key.startswith(start)
        }
        look = from_tensors(own)
        if look.features.keys() != set(record["layers"]):
            raise ValueError(f"its layers at scale {scale} are not those of its manifest")
        ordered = {layer: look.features[layer] for layer in record["layers"]}
        looks[scale] = Look(ordered, look.bands, look.palette)
    return MeasuredStyle(
        **{key: record[key] for key in _ABOUT},
        pictures=_rows(StylePicture, record["pictures"]),
        left_out=_rows(Twin, record["left_out"]),
        looks=looks,
    )


def _rows(kind: type[Row], items: Sequence[Any]) -> tuple[Row, ...]:
    """Rows of a manifest; other keys are passed over, a later program may write more."""
    names, found = [each.name for each in fields(kind)], []
    types = {name: int if name in ("width", "height") else str for name in names}
    for item in items:
        if not isinstance(item, dict) or not all(
            isinstance(item.get(name), expected) for name, expected in types.items()
        ):
            raise ValueError(f"its picture {short_repr(item)} lacks one of {', '.join(names)}")
        found.append(kind(**{name: item[name] for name in names}))
    return tuple(found)
