"""`impasto video --resume`: a call that failed ends as if nothing had happened."""

from pathlib import Path

import pytest

from impasto.engine.fake_backend import FakeBackend

from .conftest import Call, Failing

pytest.importorskip("av")


def test_a_call_that_failed_goes_on(long: Path, call: Call) -> None:
    """After an error nothing is under the final name; --resume ends as if nothing had happened."""
    words = ["video", long, "-s", "plain", "--segment", "300ms", "--window", "0.2", "-o"]
    assert call(*words, "whole.mp4").code == 0
    ended = call(*words, "b.mp4", backend=Failing(150))
    assert ended.code == 1
    assert "--resume" in ended.err
    assert not Path("b.mp4").exists()
    assert call(*words, "b.mp4").code == 1
    other = call(*words, "b.mp4", "--resume", "--strength", "0.5")
    assert (other.code, "settings" in other.err) == (2, True)
    backend = FakeBackend()
    assert call(*words, "b.mp4", "--resume", backend=backend).code == 0
    assert backend.runs.count("paint.onnx") < 75
    assert Path("b.mp4").read_bytes() == Path("whole.mp4").read_bytes()
    assert not Path("b.mp4.unfinished").exists()


@pytest.mark.parametrize("window", ["0", "0.2"])
def test_flow_goes_on_exactly(long: Path, call: Call, window: str) -> None:
    """Strokes that follow the picture are the same after --resume: the last painting was kept."""
    pytest.importorskip("cv2")
    words = ["video", long, "-s", "plain", "--segment", "0.3", "--window", window, "--flow", "1"]
    assert call(*words, "-o", "whole.mp4").code == 0
    assert call(*words, "-o", "b.mp4", backend=Failing(150)).code == 1
    assert call(*words, "-o", "b.mp4", "--resume").code == 0
    assert Path("b.mp4").read_bytes() == Path("whole.mp4").read_bytes()
