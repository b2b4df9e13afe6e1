"""Many photos in one call: several at a time, told in their order."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from time import sleep

import numpy as np
import pytest
from PIL import Image

from impasto.cli.how import Work
from impasto.cli.jobs import Job
from impasto.core.settings import EngineSettings
from impasto.engine.backend import Array, Part, Session, Shapes
from impasto.engine.backends import open_backend
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.painter import Painter

from .conftest import Call, real, save_photo

LONG = 60.0
"""Seconds after which a wait has failed; nothing here takes so long."""


class Slow(FakeBackend):
    """A backend that takes its time, another on every run."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.random = random.Random(seed)  # noqa: S311  # delays

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Load and dawdle."""
        sleep(self.random.choice([0, 0, 0.001, 0.004]))
        return super().load(graph, shapes, exact=exact)


def statuses(told: str) -> list[tuple[str, str]]:
    """Input and status of each result of a call with --json."""
    return [(Path(one["input"]).name, one["status"]) for one in json.loads(told)["results"]]


@pytest.mark.parametrize("seed", range(4))
def test_results_are_told_in_the_order_of_the_inputs(call: Call, folder: Path, seed: int) -> None:
    """Whatever takes how long, results stand in order, each with its own error or none."""
    chance = random.Random(seed)  # noqa: S311  # sizes
    expected = []
    for number in range(16):
        name = f"{number:02}.png"
        save_photo(folder / "trip" / name, chance.randint(1, 300), chance.randint(1, 300))
        status = chance.choice(["painted", "painted", "failed", "skipped"])
        if status == "failed":
            (folder / "trip" / name).write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
        if status == "skipped":
            save_photo(folder / "out" / name)
        expected.append((name, status))
    words = [
        "trip",
        "-s",
        "plain",
        "-o",
        "out",
        "--skip",
        "--json",
        "--threads",
        chance.choice("14"),
    ]
    ended = call("paint", *words, backend=Slow(seed))
    assert statuses(ended.out) == expected
    failed = [name for name, status in expected if status == "failed"]
    assert len(ended.lines) == len(failed) + 1
    assert all(name in line for name, line in zip(failed, ended.lines, strict=False))
    there = sorted(path.name for path in (folder / "out").iterdir())
    assert there == sorted(name for name, status in expected if status != "failed")


class Meeting(FakeBackend):
    """A backend that paints only while two pictures are painted at once."""

    def __init__(self) -> None:
        super().__init__()
        self.together = threading.Barrier(2)

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Wait for another thread before painting; that which loads ahead does not paint."""
        ahead = threading.current_thread().name == "impasto-load"
        if graph.name == "paint.onnx" and not ahead:
            self.together.wait(LONG)
        return super().load(graph, shapes, exact=exact)


def test_several_photos_are_painted_at_once(call: Call, folder: Path) -> None:
    """With two cores, two pictures of a folder are painted at the same time."""
    for number in range(6):
        save_photo(folder / "trip" / f"{number}.png", 20 + number)
    ended = call("paint", "trip", "-s", "plain", "--threads", "2", backend=Meeting())
    assert (ended.code, "6 painted" in ended.lines[-1]) == (0, True), ended.err


class Ahead(FakeBackend):
    """A backend that paints its first picture only when two have been measured."""

    def __init__(self) -> None:
        super().__init__()
        self.second = threading.Event()

    def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
        """Let the second measuring release the first painting."""
        if graph.name == "measure.onnx":
            if self.runs.count("measure.onnx") == 1:
                self.second.set()
        elif "paint.onnx" not in self.runs:
            assert self.second.wait(LONG)
        return super().load(graph, shapes, exact=exact)


def test_the_next_photo_is_measured_while_one_is_painted(call: Call, folder: Path) -> None:
    """Even where one picture is painted at a time, the next one is measured meanwhile."""
    for number in range(2):
        save_photo(folder / f"{number}.png", 20 + number)
    ended = call("paint", "0.png", "1.png", "-s", "plain", "--threads", "1", backend=Ahead())
    assert ended.code == 0, ended.err


class Watched:
    """A session that notes the threads in which it runs."""

    def __init__(self, session: Session, seen: set[str]) -> None:
        self.session, self.seen = session, seen

    def run(self, inputs: Mapping[str, Array], part: Part = ()) -> Array:
        """Note and run."""
        self.seen.add(threading.current_thread().name)
        return self.session.run(inputs, part)


def test_a_single_photo_is_painted_in_the_main_thread(call: Call, folder: Path) -> None:
    """There Ctrl-C reaches it at once."""
    seen: set[str] = set()

    class Watching(FakeBackend):
        def load(self, graph: Path, shapes: Shapes, *, exact: bool = False) -> Session:
            return Watched(super().load(graph, shapes, exact=exact), seen)

    save_photo(folder / "a.png")
    assert call("paint", "a.png", "-s", "plain", backend=Watching()).code == 0
    assert seen == {threading.main_thread().name}


def test_a_crowd_paints_what_one_painter_paints(folder: Path) -> None:
    """The real engine gives a folder's photos, two at once, the pixels that each gets alone."""
    photos = [folder / "trip" / f"{n}.png" for n in range(4)]
    (folder / "trip").mkdir()
    for seed, path in enumerate(photos):
        pixels = np.random.default_rng(seed).integers(0, 256, (50, 60, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    words = ["trip", "-s", "scream", "-o", "out", "--threads", "2", "--precision", "float32"]
    ended = real("paint", *words)
    assert ended.returncode == 0, ended.stderr
    engine = EngineSettings("float32", threads=1)
    painter = Painter("scream", backend=open_backend(settings=engine))
    for path in photos:
        with Image.open(path) as photo, Image.open(folder / "out" / path.name) as painted:
            alone = np.asarray(painter.paint(photo), int)
            assert np.abs(np.asarray(painted, int) - alone).max() <= 1


PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
from impasto.cli.app import main
sys.exit(main())
"""
INTERRUPTED = [sys.executable, "-c", PROGRAM]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_in_the_middle_of_a_folder(
    folder: Path, number: signal.Signals, code: int
) -> None:
    """Ctrl-C and SIGTERM between many photos leave whole results only, and no traceback."""
    for n in range(100):
        save_photo(folder / "trip" / f"{n:03}.png", 90, 60)
    os.mkfifo(folder / "endless.png")  # nobody writes into it, so that the call never ends
    words = [*INTERRUPTED, "paint", "trip", "endless.png", "-s", "scream", "-o", "out"]
    with subprocess.Popen([*words, "--threads", "2"], stderr=subprocess.PIPE) as process:
        while process.poll() is None and not list(folder.glob("out/*/*.png")):
            sleep(0.01)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=LONG)
    assert process.returncode == code, stderr
    assert b"Traceback" not in stderr
    results = list((folder / "out" / "trip").iterdir())
    assert results
    for path in results:
        assert path.suffix == ".png"
        with Image.open(path) as painted:
            painted.load()


def test_what_does_not_fit_is_painted_in_strips(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With little memory a large photo is painted in strips, in its turn, as it is elsewhere."""
    pytest.importorskip("pyvips")
    from impasto.cli import streamed

    # As if a picture of a size for tests were large.
    monkeypatch.setattr(streamed, "needs_stream", lambda path, *_: path.name == "b.png")
    for name, side in (("a.png", 30), ("b.png", 700), ("c.png", 40)):
        save_photo(folder / "trip" / name, side, side)
    save_photo(folder / "tight" / "a.png", 9, 9)
    words = ["trip", "-s", "plain", "--threads", "1", "--json"]
    whole = call("paint", *words, "-o", "whole")
    tight = call("paint", *words, "-o", "tight", "--skip", "--memory", "400M")
    assert (whole.code, tight.code) == (0, 0), tight.err
    assert [status for _, status in statuses(tight.out)] == ["skipped", "painted", "painted"]
    assert json.loads(tight.out)["results"][1]["width"] == 700
    for name in ("b.png", "c.png"):
        pair = [np.asarray(Image.open(folder / out / name), int) for out in ("whole", "tight")]
        assert np.abs(pair[0] - pair[1]).max() <= 1


def test_strips_are_how_large_photos_are_painted(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a photo follows from its size and the memory; errors of strips are its own."""
    pytest.importorskip("pyvips")
    from impasto.cli import streamed
    from impasto.core.errors import ImageError

    seen: list[str] = []

    def refuse(job: Job, work: Work, progress: object) -> tuple[int, int]:
        seen.append(str(job.source))
        raise ImageError(f"cannot read {job.source}: no strips today")

    monkeypatch.setattr(streamed, "paint_streamed", refuse)
    save_photo(folder / "small.png", 30, 30)
    save_photo(folder / "large.png", 1300, 1300)
    words = ["large.png", "small.png", "-s", "plain"]
    tight = call("paint", *words, "--memory", "40M")
    assert (tight.code, seen) == (1, ["large.png"])
    assert tight.lines[0] == "impasto: cannot read large.png: no strips today"
    assert [path.name for path in folder.glob("*.plain.png")] == ["small.plain.png"]
    assert call("paint", *words, "--overwrite").code == 0
    assert seen == ["large.png"]
