"""The verb `serve`, as far as it needs no running server: see tests/server for the rest."""

import json
from pathlib import Path

import pytest

from impasto.cli.app import main


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--host", "0.0.0.0"], "needs a token"),  # noqa: S104
        (["--token", "short"], "at least 16 characters"),
        (["--port", "99999"], "port is 99999"),
        (["--queue", "-1"], "queue is -1"),
        (["--model", "nowhere"], "no model 'nowhere'"),
        (["--data", ""], "'--data': it is empty"),
        (["--library", ""], "'--library': it is empty"),
    ],
)
def test_wrong_options_are_one_line(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A setting that cannot be is named in one line, with the exit code of wrong usage."""
    assert main(["serve", *options]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert words in said[0]


def test_wrong_variables_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that no setting has is an error, and not passed over."""
    monkeypatch.setenv("IMPASTO_SERVE_QUEU", "3")
    assert main(["serve"]) == 2
    assert "IMPASTO_SERVE_QUEU is no setting" in capsys.readouterr().err


def test_progress_is_told_in_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], home: Path, model: Path
) -> None:
    """`impasto video --progress-json` says how many frames are done, of how many."""
    pytest.importorskip("av")
    from impasto.engine.fake_backend import FakeBackend

    video = tmp_path / "clip.mp4"
    _write_clip(video, frames=5)
    out = tmp_path / "out.mp4"
    options = ["--style", "plain", "-o", str(out), "--model", str(model), "--progress-json", "-q"]
    assert main(["video", str(video), *options], backend=FakeBackend()) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == {"frames": 0, "total": 5}
    assert out.exists()
    assert main(["video", str(video), "--style", "plain", "-o", "-", "--progress-json"]) == 2


def _write_clip(path: Path, frames: int) -> None:
    from fractions import Fraction

    import av
    import numpy as np

    with av.open(str(path), "w") as container:
        track = container.add_stream("libx264", rate=Fraction(10))
        track.width = track.height = 32
        track.pix_fmt = "yuv420p"
        for _ in range(frames):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(track.encode(frame))
        container.mux(track.encode())
