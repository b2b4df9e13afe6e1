"""Which runtime has which device, and what a device that is missing needs.

An engine never takes another device than the one that was asked for: painting on the CPU what was
meant for a GPU is a mistake that nobody notices for a long time.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from impasto.core.errors import EngineError
from impasto.core.settings import Device

BackendName = Literal["openvino", "onnxruntime"]
"""The runtimes that can paint."""

OPENVINO: Mapping[Device, str] = {"auto": "CPU", "cpu": "CPU", "gpu": "GPU", "npu": "NPU"}
"""OpenVINO's names of its devices."""

ONNXRUNTIME: Mapping[Device, str] = {
    "auto": "CPUExecutionProvider",
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
"""ONNX Runtime's names of its devices."""

_TITLES: Mapping[BackendName, str] = {"openvino": "OpenVINO", "onnxruntime": "ONNX Runtime"}
_NEEDS: Mapping[Device, str] = {
    "gpu": "it needs an Intel GPU and its OpenCL driver",
    "npu": "it needs an Intel NPU and its driver",
    "cuda": "it needs an NVIDIA GPU, CUDA, and onnxruntime-gpu in place of onnxruntime",
    "tensorrt": "it needs an NVIDIA GPU, TensorRT, and onnxruntime-gpu in place of onnxruntime",
    "coreml": "it needs a Mac, and pip install 'impasto[onnxruntime]'",
    "directml": "it needs Windows, and onnxruntime-directml in place of onnxruntime",
}


def runtime_of(device: Device) -> BackendName:
    """The runtime that a device is reached through when none is named."""
    return "openvino" if device in OPENVINO else "onnxruntime"


def name_in(runtime: BackendName, device: Device) -> str:
    """What a runtime calls a device.

    Raises:
        EngineError: this device is reached through the other runtime.
    """
    names = OPENVINO if runtime == "openvino" else ONNXRUNTIME
    if device not in names:
        other = runtime_of(device)
        raise EngineError(f"{_TITLES[runtime]} has no device {device}: use the engine {other}")
    return names[device]


def missing(runtime: BackendName, device: Device, here: Iterable[str]) -> EngineError:
    """The error that says which devices a runtime has here, and what the asked one needs.

    Args:
        runtime: the runtime that was asked.
        device: what it has not.
        here: the devices it has, by its own names.
    """
    names = OPENVINO if runtime == "openvino" else ONNXRUNTIME
    found = {name.partition(".")[0] for name in here}  # OpenVINO counts: GPU.0, GPU.1
    known = [ours for ours, theirs in names.items() if theirs in found and ours != "auto"]
    needs = _NEEDS.get(device, "reinstall it")
    return EngineError(
        f"no device {device} here: {_TITLES[runtime]} has {', '.join(known) or 'none'}; {needs}"
    )
