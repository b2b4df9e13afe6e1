"""Choosing a backend, and sharing the default one within a process."""

from functools import cache
from typing import assert_never

from impasto.core.settings import EngineSettings
from impasto.engine.backend import Backend
from impasto.engine.devices import BackendName as BackendName
from impasto.engine.devices import runtime_of


def open_backend(
    name: BackendName | None = None, settings: EngineSettings = EngineSettings()
) -> Backend:
    """A new backend; the runtime is imported here and not before.

    Args:
        name: the runtime; None takes the one that has the device.
        settings: how it runs.

    Raises:
        EngineError: the runtime does not load, or has not the asked device or precision.
        MissingExtraError: the runtime is an extra and is not installed.
    """
    name = name or runtime_of(settings.device)
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
        EngineError: the runtime does not load, or has not the asked device or precision.
        MissingExtraError: the device needs a runtime that is an extra and is not installed.
    """
    return open_backend(settings=settings)
