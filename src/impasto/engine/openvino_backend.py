"""The default engine: OpenVINO on the CPU. The only module that imports openvino."""

import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path
from threading import Lock
from typing import Any

from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, BackendInfo, Part, Session, Shapes, describe, out_of
from impasto.engine.cpu import has_amx_bfloat16
from impasto.engine.sessions import SessionCache

_DEVICE = "CPU"
_HINTS = {"float32": "f32", "bfloat16": "bf16"}


class OpenVinoBackend:
    """Runs graphs on the CPU through OpenVINO, compiled for fixed shapes.

    Fixed, because a graph of dynamic shape takes twice as long: its affine is not fused into the
    convolutions. Compiling costs some 80 ms a shape, so compiled graphs are kept.

    Raises:
        EngineError: OpenVINO does not load here, or the CPU has not the asked precision.
    """

    def __init__(self, settings: EngineSettings = EngineSettings()) -> None:
        self._openvino = _import_openvino()
        self._core = self._openvino.Core()
        self._threads = settings.threads
        self._precision = _choose_precision(settings, self._core)
        self._sessions = SessionCache["_OpenVinoSession"]()

    @property
    def info(self) -> BackendInfo:
        """OpenVINO's version, the CPU's name and the precision of painting."""
        device = str(self._core.get_property(_DEVICE, "FULL_DEVICE_NAME"))
        version = str(self._openvino.__version__).split("-")[0]
        return BackendInfo("openvino", version, f"{_DEVICE}: {device}", self._precision)

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Compile a graph for these shapes, or find it compiled; see `Backend.load`."""
        precision = "float32" if exact else self._precision
        key = (graph, precision, tuple(sorted(shapes.items())))
        pixels = max(prod(shape[:-1]) for shape in shapes.values())
        return self._sessions.get(key, pixels, lambda: self._compile(graph, shapes, precision))

    def _compile(self, graph: Path, shapes: Shapes, precision: str) -> "_OpenVinoSession":
        try:
            model = self._core.read_model(graph)
            model.reshape({name: list(shape) for name, shape in shapes.items()})
            compiled = self._core.compile_model(model, _DEVICE, self._config(precision))
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {graph}: {_reason(error)}") from error
        return _OpenVinoSession(compiled, describe(graph, shapes))

    def _config(self, precision: str) -> dict[str, Any]:
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
        }
        if self._threads is not None:
            config["INFERENCE_NUM_THREADS"] = self._threads
        return config


class _OpenVinoSession:
    """One compiled graph with one request, which threads take in turn.

    There is one stream, so a second request would only wait inside OpenVINO instead of here.
    """

    def __init__(self, compiled: Any, title: str) -> None:
        self._request = compiled.create_infer_request()
        self._lock = Lock()
        self._title = title

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Run and copy out; see `Session.run`."""
        with self._lock:
            try:
                # Shared both ways saves two copies; the output's memory is the request's own and
                # is written again by the next run, hence the copy under the lock.
                outputs = self._request.infer(dict(inputs), share_inputs=True, share_outputs=True)
                return out_of(outputs[0], part)
            except (RuntimeError, MemoryError) as error:
                reason = _reason(error)
                raise EngineError(f"OpenVINO cannot run {self._title}: {reason}") from error


def _import_openvino() -> Any:
    """Import openvino without its telemetry.

    The import itself would report to a web service, unless a file in the user's home forbids
    it. With the telemetry package hidden, OpenVINO falls back to a stub that sends nothing.
    """
    name = "openvino_telemetry"
    hidden = name not in sys.modules
    if hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        import openvino
    except (ImportError, OSError) as error:
        raise EngineError(f"OpenVINO does not load: {error}: reinstall openvino") from error
    finally:
        if hidden:
            sys.modules.pop(name, None)
    return openvino


def _choose_precision(settings: EngineSettings, core: Any) -> str:
    if settings.precision == "auto":
        # OpenVINO itself would take bfloat16 wherever the CPU knows it. With AVX512-BF16 but no
        # AMX that was measured to be 1.7 times slower than float32 on this trunk.
        return "bfloat16" if has_amx_bfloat16() else "float32"
    if settings.precision == "bfloat16" and not _has_bfloat16(core):
        raise EngineError("this CPU has no bfloat16: use the precision float32 or auto")
    return settings.precision


def _has_bfloat16(core: Any) -> bool:
    return "BF16" in core.get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's message that says something; the first ones are C++ places."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
