"""A whole measurement, small: its numbers must fit together."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("psutil")

from impasto.bench.settings import SpeedSettings
from impasto.bench.speed import SpeedReport, measure_speed, square, time_painter
from impasto.cli.demo import demo_photo
from impasto.core.errors import ImageError, MissingExtraError, SettingsError, StyleError
from impasto.core.settings import EngineSettings
from impasto.engine.painter import Painter

EXACT = EngineSettings(precision="float32", threads=1)
SMALL = SpeedSettings(sizes=(32, 50), repeats=3, style="udnie", engine=EXACT)
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the measurement said while it ran."""
    return []


@pytest.fixture(scope="module")
def report(told: list[str]) -> SpeedReport:
    """A measurement of two small sizes; without released weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("IMPASTO_ASSETS", raising=False)
        return measure_speed(SMALL, demo_photo(), tell=told.append)


def test_ratios_are_of_the_reported_medians(report: SpeedReport) -> None:
    """Each ratio is the peer's median over ours, and medians lie between min and max."""
    assert [size.size for size in report.sizes] == [32, 50]
    for size in report.sizes:
        ours, theirs = size.impasto["engine"], size.peer["engine"]
        assert size.ratio == pytest.approx(theirs.median / ours.median, rel=1e-3, abs=1e-3)
        for one in (*size.impasto.values(), *size.peer.values()):
            assert 0 < one.min <= one.median <= one.max
            assert one.count == 3


def test_steps_are_reported_apart(report: SpeedReport) -> None:
    """Measure, compose and paint are there, none longer than the whole."""
    for size in report.sizes:
        assert set(size.impasto) == {"engine", "measure", "compose", "paint"}
        assert max(one.min for one in size.impasto.values()) == size.impasto["engine"].min


def test_where_and_what(report: SpeedReport) -> None:
    """The report says what painted, in which precision, with how many threads, and the peer."""
    assert (report.engine.name, report.engine.precision) == ("openvino", "float32")
    assert (report.threads, report.style) == (1, "udnie")
    assert report.model.parameters > 0
    assert report.model.gmac_512 > 0
    assert (report.peer.weights, report.peer.parameters) == ("random", 1_679_235)
    assert report.paint_process.megapixels == 1.0
    assert report.paint_process.seconds.count == report.import_process.with_import.count == 1


def test_it_tells_what_it_does(report: SpeedReport, told: list[str]) -> None:
    """One line for new processes and one for each size."""
    assert [line.split()[1] for line in told] == ["1", "32", "50"]


def test_the_report_is_json(report: SpeedReport) -> None:
    """The report survives JSON, and tells no path of a file that is gone."""
    record = json.loads(json.dumps(report.as_dict()))
    assert record["benchmark"] == "speed"
    assert record["sizes"][0]["impasto"]["engine"]["median"] > 0
    assert set(record["peer"]) == {"name", "weights", "parameters", "gmac_512"}


def test_engine_time_is_the_sum_of_its_steps() -> None:
    """One timed run of the painter is its measure, compose and paint, and nothing else."""
    seconds = time_painter(Painter("scream", engine=EXACT), np.zeros((20, 24, 3), np.uint8))
    steps = sum(seconds[step] for step in ("measure", "compose", "paint"))
    assert seconds["engine"] == pytest.approx(steps)


@pytest.mark.parametrize("size", [1, 16, 61, 100])
def test_a_square_is_the_middle(size: int) -> None:
    """The square has the asked side, smaller or larger than the photo, and is its middle."""
    pixels = np.zeros((61, 101, 3), np.uint8)
    pixels[:, 20:81] = 200
    found = square(pixels, size)
    assert found.shape == (size, size, 3)
    assert (found == 200).all()


@pytest.mark.parametrize("settings", [{"sizes": (512, 15)}, {"repeats": 0}])
def test_settings_out_of_range(settings: dict[str, object]) -> None:
    """A value that cannot be measured is refused with the value."""
    with pytest.raises(SettingsError, match=r"is (15|0): it must be at least"):
        SpeedSettings(**settings)  # type: ignore[arg-type]


def test_a_quarter_as_many_processes() -> None:
    """There is at least one new process."""
    assert SpeedSettings(repeats=1).processes == 1
    assert SpeedSettings(repeats=20).processes == 5


def test_bad_input_is_told_before_anything_is_measured(tmp_path: Path) -> None:
    """An unknown style and a missing photo end at once."""
    with pytest.raises(StyleError):
        measure_speed(SpeedSettings(style="nobody"), demo_photo())
    with pytest.raises(ImageError):
        measure_speed(SMALL, tmp_path / "missing.jpg")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without onnx the error tells what to install."""
    for name in ("impasto.bench.peers", "impasto.lab.onnx_graph"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'impasto\[bench\]'"):
        measure_speed(SMALL, demo_photo())
