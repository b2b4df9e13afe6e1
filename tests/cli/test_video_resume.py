"""`impasto video --resume`: a call that failed ends as if nothing had happened."""

from pathlib import Path

import pytest

from impasto.engine.fake_backend import FakeBackend

from .conftest import Call, Failing, save_photo

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


def test_a_result_among_its_frames_goes_on(folder: Path, call: Call) -> None:
    """What lies in a folder beside its frames, the unfinished result too, is not its input."""
    for number in range(60):
        save_photo(folder / "frames" / f"{number}.png")
    words = ["video", "frames", "-s", "plain", "--segment", "0.3", "--window", "0.2"]
    words += ["-o", "frames/b.mp4"]
    assert call(*words, backend=Failing(100)).code == 1
    assert Path("frames/b.mp4.unfinished").exists()
    (folder / "frames" / ".DS_Store").write_text("what a file manager leaves")
    assert call(*words, "--resume").code == 0
    save_photo(folder / "frames" / "60.png")
    assert call(*words, "--overwrite", backend=Failing(100)).code == 1
    save_photo(folder / "frames" / "61.png")
    ended = call(*words, "--overwrite", "--resume")
    assert (ended.code, "differs in input" in ended.err) == (2, True)


@pytest.mark.parametrize("window", ["0", "0.2"])
def test_flow_goes_on_exactly(long: Path, call: Call, window: str) -> None:
    """Strokes that follow the picture are the same after --resume: the last painting was kept."""
    pytest.importorskip("cv2")
    words = ["video", long, "-s", "plain", "--segment", "0.3", "--window", window, "--flow", "1"]
    assert call(*words, "-o", "whole.mp4").code == 0
    assert call(*words, "-o", "b.mp4", backend=Failing(150)).code == 1
    assert call(*words, "-o", "b.mp4", "--resume").code == 0
    assert Path("b.mp4").read_bytes() == Path("whole.mp4").read_bytes()
