"""Devices: each is reached through its runtime, and one that is missing is never replaced."""

import re
from typing import get_args

import pytest

from impasto.core.errors import EngineError, SettingsError
from impasto.core.settings import Device, EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.devices import ONNXRUNTIME, OPENVINO, BackendName, missing, runtime_of

OTHERS = [device for device in get_args(Device) if device not in ("auto", "cpu")]


@pytest.mark.parametrize("device", ["auto", "cpu"])
@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_both_runtimes_have_the_cpu(name: BackendName, device: Device) -> None:
    """The CPU, asked for or not, is what a backend then says that it runs on."""
    pytest.importorskip(name)
    info = open_backend(name, EngineSettings(device=device)).info
    assert (info.name, info.device.partition(":")[0]) == (name, "CPU")


@pytest.mark.parametrize("device", OTHERS)
def test_a_device_works_or_is_refused(device: Device) -> None:
    """Any other device either is really there, or one line says what is and what it needs."""
    pytest.importorskip("onnxruntime")
    try:
        info = open_backend(settings=EngineSettings(device=device)).info
    except EngineError as error:
        message = str(error)
    else:
        assert not info.device.startswith("CPU")
        return
    assert re.fullmatch(rf"no device {device} here: .* has cpu.*; it needs .*", message)


@pytest.mark.parametrize("device", OTHERS)
def test_the_wrong_runtime_names_the_right_one(device: Device) -> None:
    """A device of one runtime is not looked for in the other."""
    wrong: BackendName = "openvino" if device in ONNXRUNTIME else "onnxruntime"
    with pytest.raises(EngineError, match=f"use the engine {runtime_of(device)}"):
        open_backend(wrong, EngineSettings(device=device))


def test_a_provider_that_does_not_load_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime replaces a provider whose libraries are missing by the CPU; that is an error."""
    runtime, cuda = pytest.importorskip("onnxruntime"), "CUDAExecutionProvider"
    real = runtime.get_available_providers()
    if cuda in real:
        pytest.skip("this ONNX Runtime has CUDA built in")
    # As if it were built in: the session that follows is a real one, and comes back with the CPU.
    monkeypatch.setattr(runtime, "get_available_providers", lambda: [cuda, *real])
    told = "no device cuda here: ONNX Runtime has cpu; it needs"
    with pytest.warns(UserWarning, match=cuda), pytest.raises(EngineError, match=told):
        open_backend(settings=EngineSettings(device="cuda"))


def test_every_device_belongs_to_a_runtime() -> None:
    """No device is without a runtime, and only the CPU has two."""
    assert set(OPENVINO) | set(ONNXRUNTIME) == set(get_args(Device))
    assert set(OPENVINO) & set(ONNXRUNTIME) == {"auto", "cpu"}


def test_numbered_devices_count_as_one_kind() -> None:
    """OpenVINO's GPU.0 and GPU.1 are told as gpu, and what nobody can ask for is not told."""
    assert "OpenVINO has cpu, gpu;" in str(missing("openvino", "npu", ["CPU", "GPU.0", "GPU.1"]))
    assert "ONNX Runtime has none;" in str(
        missing("onnxruntime", "cuda", ["AzureExecutionProvider"])
    )


def test_an_unknown_device_is_refused() -> None:
    """The message names what may be chosen."""
    with pytest.raises(SettingsError, match="device is 'tpu': it must be one of auto, cpu, gpu"):
        EngineSettings(device="tpu")  # type: ignore[arg-type]
