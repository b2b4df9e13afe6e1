"""How many photos are painted in a second."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto.bench.settings import ThroughputSettings
from impasto.bench.throughput import measure_throughput
from impasto.core.errors import ImageError, SettingsError
from impasto.core.settings import EngineSettings

pytest.importorskip("psutil")

ENGINE = EngineSettings("float32", threads=2)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Five small photos, two of one name."""
    paths = [tmp_path / name for name in ("a.png", "b.jpg", "c.png", "d.png", "below/a.png")]
    (tmp_path / "below").mkdir()
    for seed, path in enumerate(paths):
        pixels = np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


@pytest.mark.filterwarnings("ignore:other work takes")
def test_a_report_adds_up(photos: list[Path]) -> None:
    """The rates follow from what was timed, and everything is plain JSON."""
    told: list[str] = []
    report = measure_throughput(ThroughputSettings(1, engine=ENGINE), photos, told.append)
    record = json.loads(json.dumps(report.as_dict()))
    assert record["benchmark"] == "throughput"
    assert (report.photos, report.megapixels, report.cores, report.crowd) == (5, 0.01, 2, 2)
    assert list(report.alone) == ["decode", "measure", "paint", "encode"]
    assert all(seconds > 0 for seconds in report.alone.values())
    assert report.rate == pytest.approx(5 / report.seconds.median, rel=1e-2)
    assert report.best_rate == pytest.approx(2 / sum(report.alone.values()), rel=1e-2)
    assert report.share == pytest.approx(report.rate / report.best_rate, rel=1e-2)
    assert report.together > 0
    assert len(told) == 2
    assert sorted(path.name for path in photos[0].parent.iterdir()) == sorted(
        [path.name for path in photos[:4]] + ["below"]
    )


@pytest.mark.filterwarnings("ignore:other work takes")
def test_what_cannot_be_measured_is_told(photos: list[Path]) -> None:
    """No photos, no repeats and a damaged photo are errors."""
    with pytest.raises(SettingsError, match="no photos"):
        measure_throughput(ThroughputSettings(engine=ENGINE), [])
    with pytest.raises(SettingsError, match="repeats is 0"):
        ThroughputSettings(0)
    photos[2].write_bytes(b"nothing")
    with pytest.raises(ImageError, match=r"c\.png"):
        measure_throughput(ThroughputSettings(1, engine=ENGINE), photos)
