"""Choosing a backend, and sharing the default one within a process."""

from functools import cache
from typing import Literal, assert_never

from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend

BackendName = Literal["openvino", "onnxruntime"]
"""The runtimes that can paint."""


def open_backend(
    name: BackendName = "openvino", settings: EngineSettings = EngineSettings()
) -> Backend:
    """A new backend; the runtime is imported here and not before.

    Raises:
        EngineError: the runtime does not load, or has not the asked precision.
        MissingExtraError: the runtime is an extra and is not installed.
    """
    match name:
        case "openvino":
            from impasto.engine.openvino_backend import OpenVinoBackend

            return OpenVinoBackend(settings)
        case "onnxruntime":
            from impasto.engine.onnxruntime_backend import OnnxRuntimeBackend

            return OnnxRuntimeBackend(settings)
        case _:
            assert_never(name)


@cache
def shared_backend(settings: EngineSettings = EngineSettings()) -> Backend:
    """The default backend for these settings, one in a process, so that compiled graphs are shared.

    Raises:
        EngineError: the runtime does not load, or has not the asked precision.
    """
    return open_backend(settings=settings)
