"""The second engine, an extra: ONNX Runtime, also for GPUs. Nothing else imports onnxruntime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.core.cpu import threads_for_each
from impasto.core.errors import EngineError, MissingExtraError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, BackendInfo, Part, Session, Shapes, describe, out_of
from impasto.engine.devices import missing, name_in
from impasto.engine.sessions import SessionCache

_OPTIONS: Mapping[str, Mapping[str, str]] = {
    # By default CUDA's convolutions keep 10 bits of each number, which is no float32.
    "CUDAExecutionProvider": {"use_tf32": "0"},
}
_PROBE = (
    b'\x08\t:3\n\x0c\n\x01x\x12\x01y"\x04Relu\x12\x01gZ\x0f\n\x01x\x12\n\n\x08\x08\x01\x12\x04\n\x02'
    b"\x08\x01b\x0f\n\x01y\x12\n\n\x08\x08\x01\x12\x04\n\x02\x08\x01B\x04\n\x00\x10\x12"
)
"""An ONNX graph of one operator, `y = Relu(x)`: loading it shows whether a device works."""


class OnnxRuntimeBackend:
    """Runs graphs through ONNX Runtime, in float32, on the CPU or the device that is asked for.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        EngineError: bfloat16 is asked for, which is not offered here, or a device that is missing.
    """

    def __init__(self, settings: EngineSettings = EngineSettings()) -> None:
        if settings.precision == "bfloat16":
            raise EngineError("ONNX Runtime paints without bfloat16: use float32 or auto")
        self._provider = name_in("onnxruntime", settings.device)
        self._runtime = _import_onnxruntime()
        self._device = settings.device
        self._threads = threads_for_each(settings.threads, settings.streams)
        self._sessions = SessionCache[Any]()
        self._check_device()

    @property
    def info(self) -> BackendInfo:
        """ONNX Runtime's version and provider; it does not tell the device's own name."""
        device = self._provider.removesuffix("ExecutionProvider")
        return BackendInfo("onnxruntime", str(self._runtime.__version__), device, "float32")

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load a graph, or find it loaded; one serves all shapes and holds no memory for them."""
        session = self._sessions.get(graph, 0, lambda: self._open(graph))
        return _OnnxRuntimeSession(session, describe(graph, shapes))

    def _check_device(self) -> None:
        here = self._runtime.get_available_providers()
        if self._provider not in here:
            raise missing("onnxruntime", self._device, here)
        self._new_session(_PROBE, f"a graph on {self._device}")

    def _open(self, graph: Path) -> Any:
        return self._new_session(str(graph), str(graph))

    def _new_session(self, graph: str | bytes, title: str) -> Any:
        provider = (self._provider, dict(_OPTIONS.get(self._provider, {})))
        options = self._session_options()
        try:
            session = self._runtime.InferenceSession(graph, options, providers=[provider])
        except Exception as error:  # its errors have no common class of their own
            raise EngineError(f"ONNX Runtime cannot load {title}: {_reason(error)}") from error
        # A provider whose libraries do not load is left out, and the CPU takes over in silence.
        got = session.get_providers()
        if self._provider not in got:
            raise missing("onnxruntime", self._device, got)
        return session

    def _session_options(self) -> Any:
        options = self._runtime.SessionOptions()
        # The arena keeps the largest picture's memory for good: 7.7 GB at 2048 x 2048 was seen.
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = self._device != "directml"  # which refuses to load with it
        options.log_severity_level = 3
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        return options


class _OnnxRuntimeSession:
    """A loaded graph; ONNX Runtime itself lets several threads run it at once."""

    def __init__(self, session: Any, title: str) -> None:
        self._session = session
        self._title = title

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Run and cut the part out; see `Session.run`."""
        try:
            output = self._session.run(None, dict(inputs))[0]
        except Exception as error:  # its errors have no common class of their own
            reason = _reason(error)
            raise EngineError(f"ONNX Runtime cannot run {self._title}: {reason}") from error
        return out_of(output, part) if part else output


def _import_onnxruntime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("the engine onnxruntime", "onnxruntime") from error
    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
