"""Measured pictures on disk, found by what went into them; may be deleted at any time."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from impasto.core.errors import OutputError
from impasto.core.files import atomic_write, cache_home, reason
from impasto.core.notice import warn
from impasto.lab.augmentation import PLAIN
from impasto.lab.looks import MEASURED, Look, from_tensors, to_tensors


@dataclass(frozen=True)
class View:
    """How a picture is looked at: with its bytes this decides what is measured."""

    network: str
    """SHA-256 of the feature network's file."""
    layers: tuple[str, ...]
    scale: int
    """The long side in pixels to which larger pictures are shrunk."""
    augmentation: str = PLAIN
    """What was done to the picture before, with its seed (`impasto.lab.augmentation.name_of`)."""

    def key(self, picture: str) -> str:
        """The name of a measurement of the picture with this SHA-256."""
        parts = (
            picture,
            self.network,
            ",".join(self.layers),
            str(self.scale),
            self.augmentation,
            MEASURED,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class FeatureCache:
    """Looks by key, a file each.

    Args:
        folder: made when it is first needed; by default `features` in the user's cache folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_home() / "features"

    def get(self, key: str) -> Look | None:
        """What was put there, or None; a damaged file counts as none."""
        try:
            return from_tensors(load_file(self._path(key)))
        except (OSError, SafetensorError, ValueError):
            return None

    def put(self, key: str, look: Look) -> None:
        """Keep a look, whole or not at all; what cannot be kept is only a warning."""
        path = self._path(key)
        data = save({name: tensor.contiguous() for name, tensor in to_tensors(look).items()})
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                file.write(data)
        except (OSError, OutputError) as error:
            warn(f"{self.folder}: measurements cannot be kept: {reason(error)}")

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.safetensors"
