"""Compiled graphs on disk: a later process loads in half of the time that compiling takes.

OpenVINO's own CACHE_DIR writes its files in place, where another process can read half of one, and
never removes any. So the same bytes are kept here by our own rules.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from impasto.core.cache import FileCache
from impasto.core.files import cache_home, sha256_file
from impasto.engine.backend import Shapes

MAX_BYTES = 64 * 2**20
"""A graph is some 0.8 MB whatever its shape, so this is about 85 shapes: those of many a folder."""


class CompiledGraphs:
    """What one OpenVINO core has compiled, by everything that the result depends on.

    Args:
        core: an `openvino.Core`.
        device: the device that compiles.
        version: OpenVINO's own version.
    """

    def __init__(self, core: Any, device: str, version: str) -> None:
        self._core = core
        self._device = device
        self._maker = [version, device, str(core.get_property(device, "FULL_DEVICE_NAME"))]
        self._files = FileCache(cache_home() / "graphs", MAX_BYTES)

    def load(
        self, graph: Path, shapes: Shapes, config: Mapping[str, Any], compile: Callable[[], Any]
    ) -> Any:
        """The compiled graph, from disk or by `compile`; nothing that fails on disk is an error.

        Args:
            graph: the ONNX file.
            shapes: the shape of each input.
            config: how it is compiled.
            compile: compiles it, where disk does not have it; may raise.

        Raises:
            Exception: whatever `compile` raises.
            OSError: the graph cannot be read.
        """
        name = self._name_of(graph, shapes, config)
        kept = self._files.get(name)
        if kept is not None:
            try:
                return self._core.import_model(kept, self._device, dict(config))
            except RuntimeError:  # written by a build of OpenVINO that calls itself the same
                self._files.drop(name)
        compiled = compile()
        with suppress(RuntimeError):  # a device need not be able to
            self._files.put(name, compiled.export_model().getvalue())
        return compiled

    def _name_of(self, graph: Path, shapes: Shapes, config: Mapping[str, Any]) -> str:
        files = [sha256_file(path) for path in (graph, *_weights_beside(graph))]
        said = [self._maker, files, sorted(shapes.items()), sorted(config.items())]
        return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest() + ".blob"


def _weights_beside(graph: Path) -> list[Path]:
    """The files that a graph may keep its weights in: two models can differ in nothing else."""
    return sorted(graph.parent.glob("*.safetensors"))
