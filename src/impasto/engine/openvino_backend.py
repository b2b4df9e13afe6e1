"""The default engine: OpenVINO. The only module that imports openvino."""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from math import prod
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore
from typing import Any

import numpy as np

from impasto.core.cpu import has_fast_bfloat16, stands_back, threads_for_each
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, BackendInfo, Part, Session, Shapes, describe, out_of
from impasto.engine.compiled import CompiledGraphs
from impasto.engine.devices import missing, name_in
from impasto.engine.layers import LayerTime, layers_of
from impasto.engine.sessions import SessionCache

_HINTS = {"float32": "f32", "bfloat16": "bf16"}
_TELEMETRY = "openvino_telemetry"
_TABLES = Lock()
_CONVERTER = "openvino.tools.ovc"


class OpenVinoBackend:
    """Runs graphs through OpenVINO on the CPU or Intel's other devices, compiled for fixed shapes.

    Fixed, because a graph of dynamic shape takes twice as long: its affine is not fused into the
    convolutions. Compiling costs 0.26 to 0.39 s a shape (Zen 3), so compiled graphs are kept.

    Raises:
        EngineError: OpenVINO does not load here, or has not the asked device or precision.
    """

    def __init__(self, settings: EngineSettings = EngineSettings()) -> None:
        self._openvino = _import_openvino()
        self._core = self._openvino.Core()
        self._device = _choose_device(settings, self._core)
        # OpenVINO itself counts the cores that it sees, and not what a container may compute.
        self._threads = threads_for_each(settings.threads, settings.streams)
        self._precision = _choose_precision(settings, self._core, self._device)
        self._streams = settings.streams
        version = str(self._openvino.__version__)
        self._compiled = CompiledGraphs(self._core, self._device, version)
        self._sessions = SessionCache["_OpenVinoSession"]()

    @property
    def info(self) -> BackendInfo:
        """OpenVINO's version, the device's name and the precision of painting."""
        device = str(self._core.get_property(self._device, "FULL_DEVICE_NAME"))
        version = str(self._openvino.__version__).split("-")[0]
        return BackendInfo("openvino", version, f"{self._device}: {device}", self._precision)

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Compile a graph for these shapes, or find it compiled; see `Backend.load`."""
        precision = "float32" if exact else self._precision
        key = (graph, precision, tuple(sorted(shapes.items())))
        pixels = max(prod(shape[:-1]) for shape in shapes.values()) * self._streams
        return self._sessions.get(key, pixels, lambda: self._compile(graph, shapes, precision))

    def layers(self, graph: Path, inputs: Mapping[str, Array], runs: int = 20) -> list[LayerTime]:
        """Where the time of a graph goes, layer by layer; see `layers_of`.

        Raises:
            EngineError: OpenVINO cannot load or run the graph.
        """
        shapes = {name: array.shape for name, array in inputs.items()}
        config = self._config(self._precision) | {"PERF_COUNT": True}
        try:
            return layers_of(self._new(graph, shapes, config), inputs, runs)
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot profile {graph}: {_reason(error)}") from error

    def _compile(self, graph: Path, shapes: Shapes, precision: str) -> "_OpenVinoSession":
        config = self._config(precision)

        def make() -> Any:
            try:
                compiled = self._compiled.load(
                    graph, shapes, config, lambda: self._new(graph, shapes, config)
                )
                return compiled.create_infer_request()
            except (RuntimeError, MemoryError, OSError) as error:
                raise EngineError(f"OpenVINO cannot load {graph}: {_reason(error)}") from error

        return _OpenVinoSession(make, describe(graph, shapes), self._streams)

    def _new(self, graph: Path, shapes: Shapes, config: Mapping[str, Any]) -> Any:
        model = self._core.read_model(graph)
        model.reshape({name: list(shape) for name, shape in shapes.items()})
        return self._core.compile_model(model, self._device, dict(config))

    def _config(self, precision: str) -> dict[str, Any]:
        config: dict[str, Any] = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_PRECISION_HINT": _HINTS[precision],
        }
        if self._device != "CPU":
            return config
        if self._streams > 1 or stands_back():
            # Other threads decode and encode meanwhile, or other programs go first: ours must find
            # whichever core is free. One that is tied to a busy core may wait for minutes.
            config["ENABLE_CPU_PINNING"] = False
        if self._threads is not None:
            config["INFERENCE_NUM_THREADS"] = self._threads
        return config


class _OpenVinoSession:
    """A compiled graph with a copy for each thread that runs it while others do.

    OpenVINO would make a copy for each of its own streams at once, and each takes a tenth of a
    second; a picture of a size of its own needs only one.

    Args:
        make: compiles the graph, or loads it compiled, for one request.
        title: what it is called in messages.
        most: how many copies there may be; more threads wait for one.
    """

    def __init__(self, make: Callable[[], Any], title: str, most: int) -> None:
        self._make, self._title = make, title
        self._idle = SimpleQueue[Any]()
        self._idle.put(make())
        self._room = Semaphore(most - 1)

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Run and copy out; see `Session.run`."""
        request = self._request()
        try:
            # Shared both ways saves two copies; the output's memory is the request's own and
            # is written again by its next run, hence the copy before the request is given back.
            outputs = request.infer(dict(inputs), share_inputs=True, share_outputs=True)
            return out_of(outputs[0], part)
        except (RuntimeError, MemoryError) as error:
            reason = _reason(error)
            raise EngineError(f"OpenVINO cannot run {self._title}: {reason}") from error
        finally:
            self._idle.put(request)

    def _request(self) -> Any:
        """One that is idle, or a new one; where there are enough, the next that becomes idle."""
        with suppress(Empty):
            return self._idle.get_nowait()
        if not self._room.acquire(blocking=False):
            return self._idle.get()
        try:
            return self._make()
        except BaseException:
            self._room.release()
            raise


def _import_openvino() -> Any:
    """Import openvino without its telemetry and its converter.

    The import itself would report to a web service, unless a file in the user's home forbids
    it. With the telemetry package hidden, OpenVINO falls back to a stub that sends nothing; it
    stays hidden, so that no part of OpenVINO that is imported later finds it either. The converter
    of other formats, which is not used here, takes as long to import as all the rest.
    """
    sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]
    hidden = _CONVERTER not in sys.modules
    if hidden:
        sys.modules[_CONVERTER] = None  # type: ignore[assignment]
    try:
        import openvino
    except (ImportError, OSError) as error:
        raise EngineError(f"OpenVINO does not load: {error}: reinstall openvino") from error
    finally:
        if hidden:
            sys.modules.pop(_CONVERTER, None)
    _make_tables(openvino)
    return openvino


def _make_tables(openvino: Any) -> None:
    """Let OpenVINO make its tables of types while one thread alone asks for them.

    It makes each when it is first used, and lets go of the interpreter's lock in the middle: two
    threads whose first inferences fell together waited for each other for ever.
    """
    with _TABLES:
        openvino.Type.f32.to_dtype()
        _ = openvino.Tensor(np.zeros(1, np.float32)).data


def _choose_device(settings: EngineSettings, core: Any) -> str:
    name, here = name_in("openvino", settings.device), list(core.available_devices)
    if not any(each.partition(".")[0] == name for each in here):
        raise missing("openvino", settings.device, here)
    return name


def _choose_precision(settings: EngineSettings, core: Any, device: str) -> str:
    if settings.precision == "auto":
        # OpenVINO itself would take bfloat16 wherever the CPU knows it, also where it is slower.
        return "bfloat16" if device == "CPU" and has_fast_bfloat16() else "float32"
    if settings.precision == "bfloat16" and not _has_bfloat16(core, device):
        raise EngineError(f"this {device} has no bfloat16: use the precision float32 or auto")
    return settings.precision


def _has_bfloat16(core: Any, device: str) -> bool:
    return "BF16" in core.get_property(device, "OPTIMIZATION_CAPABILITIES")


def _reason(error: Exception) -> str:
    """The last line of OpenVINO's message that says something; the first ones are C++ places."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
