"""Impasto itself, as it is installed."""

import hashlib
from functools import cached_property

from impasto.bench.contender import FULL, StyleImage
from impasto.core.arrays import RGB
from impasto.core.files import sha256_file
from impasto.engine.backend import Backend
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.styles.library import Library


class Impasto:
    """The default model with its styles.

    Args:
        model: the loaded model.
        library: where its styles are.
        backend: runs its graphs.
    """

    name = "impasto"
    strengths = (0.4, 0.6, 0.8, 0.9, FULL)

    def __init__(self, model: Model, library: Library, backend: Backend) -> None:
        self._model, self._library, self._backend = model, library, backend
        self._painters: dict[tuple[str, float], Painter] = {}
        self._codes: dict[str, str] = {}

    @property
    def about(self) -> str:
        """The model and its recipe."""
        model = self._model
        return f"model {model.name} {model.trunk_id[:12]}, recipe {model.recipe}; our engine"

    @cached_property
    def version(self) -> str:
        """Of the trunk's weights and graphs; each style has a `code` of its own."""
        digest = hashlib.sha256(self._model.trunk_id.encode())
        for path in sorted(self._model.folder.glob("*.onnx")):
            digest.update(f"{path.name} {sha256_file(path)}".encode())
        return digest.hexdigest()[:16]

    def code(self, style: StyleImage) -> str:
        """What tells a style as it is installed from another of its name.

        Raises:
            StyleError: it is not installed.
        """
        if style.name not in self._codes:
            found = self._library.get(style.name, self._model.trunk_id)
            self._codes[style.name] = hashlib.sha256(found.code.tobytes()).hexdigest()[:16]
        return self._codes[style.name]

    @property
    def parameters(self) -> int:
        """Of the trunk; a style is a few hundred more."""
        return self._model.parameters

    @property
    def gmac_512(self) -> float:
        """Of painting, as the model's manifest tells."""
        return self._model.gmac_512

    def check(self, style: StyleImage) -> None:
        """Load the style; raises StyleError if it is not installed or is for another trunk."""
        self._painter(style.name, FULL)

    def paint(self, photo: RGB, style: StyleImage, strength: float = FULL) -> RGB:
        """Paint a photo."""
        return self._painter(style.name, strength).paint(photo)

    def _painter(self, name: str, strength: float) -> Painter:
        key = name, strength
        if key not in self._painters:
            self._painters[key] = Painter(
                name,
                strength=strength,
                model=self._model,
                library=self._library,
                backend=self._backend,
            )
        return self._painters[key]
