"""The second engine, an extra: ONNX Runtime on the CPU. Nothing else imports onnxruntime."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from impasto.core.errors import EngineError, MissingExtraError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, BackendInfo, Part, Session, Shapes, describe, out_of
from impasto.engine.sessions import SessionCache

_PROVIDER = "CPUExecutionProvider"


class OnnxRuntimeBackend:
    """Runs graphs on the CPU through ONNX Runtime, in float32.

    Raises:
        MissingExtraError: ONNX Runtime is not installed.
        EngineError: bfloat16 is asked for, which ONNX Runtime has not on CPUs.
    """

    def __init__(self, settings: EngineSettings = EngineSettings()) -> None:
        if settings.precision == "bfloat16":
            raise EngineError("ONNX Runtime has no bfloat16 on the CPU: use float32 or auto")
        self._runtime = _import_onnxruntime()
        self._threads = settings.threads
        self._sessions = SessionCache[Any]()

    @property
    def info(self) -> BackendInfo:
        """ONNX Runtime's version; the CPU's name is not told by it."""
        return BackendInfo("onnxruntime", str(self._runtime.__version__), "CPU", "float32")

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load a graph, or find it loaded; one serves all shapes and holds no memory for them."""
        session = self._sessions.get(graph, 0, lambda: self._open(graph))
        return _OnnxRuntimeSession(session, describe(graph, shapes))

    def _open(self, graph: Path) -> Any:
        options = self._runtime.SessionOptions()
        # The arena keeps the largest picture's memory for good: 7.7 GB at 2048 x 2048 was seen.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        if self._threads is not None:
            options.intra_op_num_threads = self._threads
        try:
            return self._runtime.InferenceSession(str(graph), options, providers=[_PROVIDER])
        except Exception as error:  # its errors have no common class of their own
            raise EngineError(f"ONNX Runtime cannot load {graph}: {_reason(error)}") from error


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
