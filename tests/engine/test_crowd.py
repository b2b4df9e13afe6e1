"""How many pictures are painted together."""

from collections.abc import Callable
from typing import Any

import pytest

from impasto.core.errors import SettingsError
from impasto.core.memory import Memory
from impasto.core.settings import EngineSettings
from impasto.engine.crowd import gathered, pipeline_of, share, together
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.model import Model
from impasto.engine.painter import Painter
from impasto.styles.package import Style

Asked = list[tuple[EngineSettings, Memory]]


@pytest.fixture
def asked() -> Asked:
    """What painters were made with."""
    return []


@pytest.fixture
def make(
    asked: Asked, model: Model, make_style: Callable[..., Style]
) -> Callable[[EngineSettings, Memory], Painter]:
    """Makes painters and remembers what with."""

    def make(engine: EngineSettings, memory: Memory) -> Painter:
        asked.append((engine, memory))
        return Painter(make_style(), model=model, backend=FakeBackend())

    return make


@pytest.mark.parametrize(
    ("jobs", "threads", "memory", "size"),
    [
        (100, 4, "8G", 4),
        (5, 4, "8G", 2),
        (3, 4, "8G", None),
        (100, 1, "8G", None),
        (100, 4, "800M", 3),
        (100, 4, "300M", None),
        (100, 64, "4G", 16),
    ],
)
def test_a_crowd_is_as_large_as_cores_photos_and_memory_allow(
    make: Any, asked: Asked, jobs: int, threads: int, memory: str, size: int | None
) -> None:
    """No more at once than cores, half of the photos, and quarters of a gigabyte; or none."""
    crowd = gathered(jobs, EngineSettings("float32", threads), memory, make)
    assert (crowd.size if crowd else None) == size
    assert len(asked) == (1 if size else 0)
    for engine, each in asked:
        assert (engine.threads, engine.streams, engine.precision) == (threads, size, "float32")
        assert isinstance(each, int)
        assert each * crowd.size <= {"8G": 8, "800M": 800 / 1024, "4G": 4}[memory] * 2**30


def test_a_crowd_without_numbers(make: Any, asked: Asked) -> None:
    """Without threads the cores count."""
    crowd = gathered(1000, EngineSettings(), None, make)
    if crowd:  # not on a machine of one core
        ((engine, _),) = asked
        assert engine.streams == crowd.size


@pytest.mark.parametrize(("spare", "each"), [(2**34, None), (2**33, None), (2**31, 2**29)])
def test_what_is_spare_is_shared(
    monkeypatch: pytest.MonkeyPatch, spare: int, each: int | None
) -> None:
    """Painters find their own where all may take what they do unasked, else they get parts."""
    monkeypatch.setattr("impasto.engine.crowd.spare_memory", lambda: spare)
    assert share(4, None) == each
    assert together(1000, EngineSettings(threads=4), None).memory == each


def test_other_devices_have_no_crowd(make: Any) -> None:
    """A graphics card is not divided into cores."""
    assert gathered(1000, EngineSettings(threads=4, device="gpu"), "8G", make) is None


def test_a_wrong_memory_is_told(make: Any) -> None:
    """What is no amount is an error also here."""
    with pytest.raises(SettingsError, match="much"):
        gathered(10, EngineSettings(threads=4), "much", make)


@pytest.mark.parametrize("crowd", [1, 3])
def test_the_steps_of_a_picture_follow_each_other(crowd: int) -> None:
    """Each step takes what the one before made, and its seconds have its name."""
    pipeline = pipeline_of(
        lambda n: [n], lambda x: [*x, "m"], lambda x: [*x, "p"], lambda x: [*x, "e"], crowd=crowd
    )
    outcomes = [outcome.value for outcome in pipeline.run(range(20))]
    assert outcomes == [[n, "m", "p", "e"] for n in range(20)]
    assert list(pipeline.seconds) == ["decode", "measure", "paint", "encode"]
