"""The model: a folder with the trunk's graphs, its weights and a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from impasto.core.arrays import Code
from impasto.core.errors import ModelError
from impasto.core.files import BUNDLED_DATA, data_home, reason, sha256_file, shown
from impasto.core.records import parse_record, short_repr
from impasto.core.shapes import Bool
from impasto.styles.spec import is_name

BUNDLED = BUNDLED_DATA / "models"
FORMAT_VERSION = 1
DEFAULT_MODEL = "default"

_MAX_MANIFEST_BYTES = 64 * 1024
_LIVE_BYTES = 120.0
"""Taken for models that do not tell: what the larger of those that come with impasto has."""
_MORE_FIELDS: Mapping[str, tuple[Any, int]] = {
    "reach": (int, 16_384),
    "live_bytes": ((int, float), 2**16),
    "filters": (int, 2**26),
    "whole_pixels": (int, 2**26),
}
"""What a manifest may lack, its type and its highest value; the lowest is 0."""
_FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "name": str,
    "trunk_id": str,
    "channels": int,
    "sites": list,
    "multiple": int,
    "margin": int,
    "grain_cell": int,
    "thumbnail": int,
    "gmac_512": (int, float),
    "parameters": int,
    "recipe": str,
}


@dataclass(frozen=True)
class Site:
    """A normalisation site of the trunk."""

    name: str
    channels: int
    bank: int = 0
    """How many shared filters a code mixes here; 0 where features are normalised."""


@dataclass(frozen=True, eq=False)
class Model:
    """A checked model folder; nothing is loaded into a runtime yet."""

    folder: Path
    name: str
    trunk_id: str
    """SHA-256 of the weights file, lower-case hexadecimal."""
    channels: int
    """Channels of all sites together."""
    sites: tuple[Site, ...]
    multiple: int
    """Height and width of what the graphs take are multiples of this."""
    margin: int
    """Pixels of edge extension that a picture needs on every side."""
    grain_cell: int
    """Pixels, across and along, that one number of the grain spans; divides `multiple`."""
    thumbnail: int
    """The longest side, in pixels, of what is measured."""
    gmac_512: float
    """GMAC: 10^9 multiply-accumulates, of painting 512 x 512."""
    parameters: int
    recipe: str
    identity_code: Code = field(repr=False)
    """The code that gives the photo back."""
    reach: int | None = None
    """How far a painted pixel looks along each axis, in pixels; None in models that do not say."""
    live_bytes: float = _LIVE_BYTES
    """What the numbers that are alive at once in painting take in float32, bytes for each pixel."""
    filters: int = 0
    """How many numbers the filters are that a style mixes for the graphs; 0 where it mixes none."""
    whole_pixels: int = 0
    """The most pixels of a picture that is measured as it is painted; 0: there is no such graph."""

    @property
    def styles_folder(self) -> Path:
        """The packages that come with it; may be missing."""
        return self.folder / "styles"

    @cached_property
    def mixing(self) -> Bool[np.ndarray, " channels"]:
        """Which channels of a code mix filters; an affine is equal to the code there."""
        mixes, channels = zip(*((site.bank > 0, site.channels) for site in self.sites), strict=True)
        return np.repeat(mixes, channels)

    @property
    def mix_graph(self) -> Path:
        """The graph that mixes a style's filters; there only if it has some."""
        return self.folder / "mix.onnx"

    @property
    def measure_graph(self) -> Path:
        """The graph that measures content statistics."""
        return self.folder / "measure.onnx"

    @property
    def paint_graph(self) -> Path:
        """The graph that paints."""
        return self.folder / "paint.onnx"

    @property
    def whole_graph(self) -> Path:
        """The graph that paints by statistics of its own input; see `whole_pixels`."""
        return self.folder / "whole.onnx"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that it is made of, without its styles."""
        names = ("manifest.json", *_files_of(self.filters, self.whole_pixels))
        return tuple(self.folder / name for name in names)


def model_names() -> list[str]:
    """What `load_model` takes as names: the default model first, then all others that are there."""
    found = {name for place in _places() for name in _folders_in(place)}
    return [DEFAULT_MODEL, *sorted(name for name in found - {DEFAULT_MODEL} if is_name(name))]


def load_model(name_or_path: str | Path = DEFAULT_MODEL) -> Model:
    """Read and check a model folder; takes a few milliseconds.

    Args:
        name_or_path: the name of a bundled model or of one in the user's folder `models`, or
            the path of a model folder (`./NAME` for one in the current folder).

    Raises:
        ModelError: there is no such model, or it is damaged or of another version.
    """
    folder = _find(name_or_path)
    try:
        manifest = _read_manifest(folder / "manifest.json")
        _check_files(folder, manifest)
        return _build(folder, manifest)
    except OSError as error:
        where = shown(error.filename or folder)
        raise ModelError(f"cannot read the model's {where}: {reason(error)}") from error
    except (ValueError, SafetensorError) as error:
        raise ModelError(f"{shown(folder)}: not a usable model: {error}") from error


def _find(name_or_path: str | Path) -> Path:
    if not isinstance(name_or_path, str | Path):
        kind = type(name_or_path).__name__
        raise ModelError(f"a model is the name or the path of a folder, or loaded; got a {kind}")
    if not isinstance(name_or_path, str) or not is_name(name_or_path):
        return Path(name_or_path)
    folders = [place / name_or_path for place in _places()]
    for folder in folders:
        if folder.is_dir():
            return folder
    raise ModelError(f"no model {name_or_path!r} in {folders[0].parent} or {folders[1].parent}")


def _places() -> tuple[Path, Path]:
    """The folders of bundled models, and of the user's own."""
    return BUNDLED, data_home() / "models"


def _folders_in(place: Path) -> list[str]:
    try:
        return [path.name for path in place.iterdir() if path.is_dir()]
    except OSError:  # most users have no folder for models
        return []


def _read_manifest(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        text = file.read(_MAX_MANIFEST_BYTES + 1)
    if len(text) > _MAX_MANIFEST_BYTES:
        raise ValueError(f"manifest.json is over {_MAX_MANIFEST_BYTES // 1024} KB")
    manifest = parse_record(text, FORMAT_VERSION, _FIELDS)
    _check_numbers(manifest)
    return manifest


def _check_numbers(manifest: Mapping[str, Any]) -> None:
    limits = {"channels": 65_536, "multiple": 256, "margin": 4_096, "thumbnail": 4_096}
    limits["grain_cell"] = 256
    for key, highest in limits.items():
        lowest = 0 if key == "margin" else 1
        if not lowest <= manifest[key] <= highest:
            raise ValueError(f"its {key} is {short_repr(manifest[key])}, not {lowest} to {highest}")
    if (manifest["thumbnail"] + 2 * manifest["margin"]) % manifest["multiple"]:
        raise ValueError("its thumbnail and margins are not a multiple of its 'multiple'")
    if manifest["multiple"] % manifest["grain_cell"]:
        raise ValueError("its 'multiple' is not a multiple of its 'grain_cell'")
    for key, (kinds, highest) in _MORE_FIELDS.items():
        value = manifest.get(key, 0)
        if not isinstance(value, kinds) or not 0 <= value <= highest:
            raise ValueError(f"its {key} is {short_repr(value)}, not 0 to {highest}")


def _files_of(filters: int, whole_pixels: int) -> tuple[str, ...]:
    """The names of the graphs, and of the weights that they share."""
    mix = ("mix.onnx",) if filters else ()
    whole = ("whole.onnx",) if whole_pixels else ()
    return (*mix, "measure.onnx", "paint.onnx", *whole, "weights.safetensors")


def _check_files(folder: Path, manifest: Mapping[str, Any]) -> None:
    for name in _files_of(manifest.get("filters", 0), manifest.get("whole_pixels", 0)):
        if not (folder / name).is_file():
            raise ValueError(f"it has no {name}")
    found = sha256_file(folder / "weights.safetensors")
    if found != manifest["trunk_id"]:
        raise ValueError(f"its weights are {found[:12]}, and its manifest says other ones")


def _build(folder: Path, manifest: Mapping[str, Any]) -> Model:
    sites = tuple(_site(item) for item in manifest["sites"])
    if sum(site.channels for site in sites) != manifest["channels"]:
        raise ValueError("the channels of its sites do not sum to its channels")
    fields = {key: manifest[key] for key in _FIELDS if key != "sites"}
    if bool(manifest.get("filters")) != any(site.bank for site in sites):
        raise ValueError("its filters and the banks of its sites do not belong together")
    identity = _identity_code(folder / "weights.safetensors", manifest["channels"])
    more = {key: manifest[key] for key in _MORE_FIELDS if key in manifest}
    return Model(folder=folder, sites=sites, identity_code=identity, **more, **fields)


def _site(item: object) -> Site:
    if isinstance(item, dict):
        name, channels, bank = item.get("name"), item.get("channels"), item.get("bank", 0)
        if not isinstance(bank, int) or bank < 0:
            raise ValueError(f"the bank of its site {short_repr(name)} is {short_repr(bank)}")
        if isinstance(name, str) and isinstance(channels, int) and channels > 0:
            return Site(name, channels, bank)
    raise ValueError(f"its site {short_repr(item)} has no name and channels")


def _identity_code(path: Path, channels: int) -> Code:
    with safe_open(path, framework="np") as weights:
        if "identity_code" not in weights.keys():  # noqa: SIM118  # it is no dict
            raise ValueError("its weights hold no identity_code")
        code: Code = weights.get_tensor("identity_code").astype(np.float32)
    if code.shape != (2, channels) or not np.isfinite(code).all():
        raise ValueError(f"its identity_code has shape {code.shape} or is not finite")
    code.flags.writeable = False
    return code
