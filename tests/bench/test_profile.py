"""The profile of the paint graph, and INT8 against float32."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.bench.int8 import markdown as int8_markdown
from impasto.bench.int8 import measure_int8
from impasto.bench.profile import Ceiling, ProfileReport, markdown, measure_profile
from impasto.core.errors import EngineError
from impasto.core.settings import EngineSettings
from impasto.engine.backends import open_backend
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.layers import LayerTime
from impasto.engine.painter import Painter

from ..lab.test_bake import PHOTOS, photo

pytest.importorskip("psutil")
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")  # busy


@pytest.fixture(scope="module")
def painter() -> Painter:
    """A painter on one thread."""
    return Painter("scream", backend=open_backend("openvino", EngineSettings("float32", 1)))


@pytest.fixture(scope="module")
def report(painter: Painter) -> ProfileReport:
    """A profile of a small photo, against a ceiling that is not this machine's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "impasto.bench.profile.measure_ceiling", lambda *_: Ceiling(100.0, None, 10.0)
        )
        return measure_profile(painter, photo("coffee.png", 64, 64), threads=1, runs=2)


def test_the_work_of_layers_is_that_of_the_graph(report: ProfileReport, painter: Painter) -> None:
    """Multiply-adds sum to what the manifest says for its size, and each layer moves bytes."""
    total = sum(layer.multiply_adds for layer in report.layers)
    per_pixel = painter.model.gmac_512 * 1e9 / 512**2
    assert total == pytest.approx(per_pixel * 64**2, rel=0.25)  # borders weigh more here
    convs = [layer for layer in report.layers if layer.multiply_adds]
    assert {layer.kind for layer in convs} == {"Convolution"}
    assert len(convs) == 20
    assert all(layer.bytes > 0 and layer.seconds > 0 for layer in convs)


def test_the_table_has_every_large_layer(report: ProfileReport) -> None:
    """Convolutions stand in the table, shares sum to all, and JSON holds the ratio."""
    table = markdown(report)
    rows = [line for line in table.splitlines() if line.startswith("| ")][2:]
    shares = [float(row.split("|")[4].strip().rstrip("%")) for row in rows]
    assert sum(shares) == pytest.approx(100, abs=0.1 * len(rows))
    assert "| Convolution " in table
    assert report.as_dict()["affine_cost"] == pytest.approx(report.affine_cost, abs=1e-3)


def test_a_layer_in_bfloat16_is_held_to_that_ceiling(report: ProfileReport) -> None:
    """The ceiling is that of the precision; without one of its own it is float32's."""
    layer = LayerTime("a", "Convolution", "", 1.0, 10**9, 0)
    ceiling = Ceiling(100.0, 400.0, 10.0)
    assert ceiling.least_seconds(layer, "float32") == pytest.approx(0.02)
    assert ceiling.least_seconds(layer, "bfloat16") == pytest.approx(0.005)
    assert replace(ceiling, bfloat16_gflops=None).least_seconds(layer, "bfloat16") == 0.02


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_layer_is_bound_by_its_slower_half(multiply_adds: int, moved: int) -> None:
    """The least time is that of arithmetic or of memory, whichever is longer."""
    ceiling = Ceiling(100.0, None, 10.0)
    halves = [LayerTime("a", "", "", 1.0, m, b) for m, b in ((multiply_adds, 0), (0, moved))]
    both = ceiling.least_seconds(LayerTime("a", "", "", 1.0, multiply_adds, moved), "float32")
    assert both == max(ceiling.least_seconds(each, "float32") for each in halves)


def test_only_openvino_can_be_profiled() -> None:
    """Another engine is refused in words."""
    with pytest.raises(EngineError, match="only OpenVINO"):
        measure_profile(Painter("scream", backend=FakeBackend()), photo())


def test_int8_is_measured_beside_float32(painter: Painter) -> None:
    """The report has both times, their ratio, and the two differences apart from one another."""
    pytest.importorskip("nncf")
    found = measure_int8(painter, PHOTOS[:2], repeats=1)
    assert found.ratio == pytest.approx(
        found.float32.median / found.int8.median, rel=1e-3, abs=1e-3
    )
    assert 30 < found.int8_psnr < 99
    assert 5 < found.adaptive_psnr < 99
    assert f"{found.int8_psnr:.1f} dB" in int8_markdown(found)
    assert found.as_dict()["benchmark"] == "int8"
