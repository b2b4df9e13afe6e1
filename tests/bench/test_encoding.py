"""What a style of many pictures costs, small: counted, not timed."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("psutil")

import torch
from PIL import Image
from safetensors.torch import save_file
from tests.lab.conftest import tiny_vgg

import impasto.bench.encoding as encoding
from impasto.bench.encoding import Cell, EncodingReport, growth_of, measure_encoding
from impasto.bench.settings import EncodingSettings
from impasto.bench.timing import summarise
from impasto.cli.demo import demo_photo
from impasto.core.errors import InputError, SettingsError
from impasto.lab.features import load_features
from impasto.lab.looks import Network

pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")
SMALL = EncodingSettings((1, 2), (1, 3), size=32, style_size=64, repeats=2, style="udnie")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures and the weights of a tiny feature network."""
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(3):
        pixels = np.random.default_rng(seed).integers(0, 256, (70, 90, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{seed}.png")
    save_file(tiny_vgg(), folder / "vgg.safetensors")
    return folder


@pytest.fixture(scope="module")
def encoded() -> list[torch.Size]:
    """The shapes of all pictures that were encoded."""
    return []


@pytest.fixture(scope="module")
def report(folder: Path, encoded: list[torch.Size]) -> EncodingReport:
    """A measurement with a network that keeps count."""

    def counting(path: Path) -> Network:
        network = load_features(path)

        def counted(image: torch.Tensor, layers: Iterable[str]) -> Mapping[str, torch.Tensor]:
            encoded.append(image.shape)
            return network(image, layers)

        return counted

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "load_features", counting)
        return measure_encoding(SMALL, folder, demo_photo(), folder / "vgg.safetensors")


def test_only_the_competitor_encodes(report: EncodingReport, encoded: list[torch.Size]) -> None:
    """Encoding each time looks at contents times pictures, painting with a code at none."""
    looks = sum(n * m for n in SMALL.contents for m in SMALL.pictures) * SMALL.repeats
    assert len(encoded) == looks + 1  # and one to be warm
    assert set(encoded) == {(1, 3, 50, 64)}


def test_steps_add_up(report: EncodingReport) -> None:
    """There is a cell for each number of contents and pictures, and total is encode and paint."""
    assert [(cell.pictures, cell.contents) for cell in report.cells] == [
        (1, 1), (1, 2), (3, 1), (3, 2),
    ]  # fmt: skip
    for cell in report.cells:
        assert cell.fixed.count == 2
        steps = cell.encoded
        assert steps["total"].max <= steps["encode"].max + steps["paint"].max + 1e-6
        assert min(cell.fixed.min, *(step.min for step in steps.values())) > 0


def test_the_report_is_json(report: EncodingReport) -> None:
    """The report survives JSON and says what, when and with which network."""
    record = json.loads(json.dumps(report.as_dict()))
    assert (record["benchmark"], record["network"]["file"]) == ("encoding", "vgg.safetensors")
    assert {"date", "commit", "versions", "machine", "engine", "model"} <= record.keys()
    assert record["settings"]["pictures"] == [1, 3]


def test_growth_is_from_the_fewest_pictures_to_the_most() -> None:
    """Ratios are of medians at the most contents, whatever the order of the cells."""
    cells = [
        Cell(n, m, summarise([n * 1.0]), {"total": summarise([n * m * 2.0])})
        for n in (4, 1)
        for m in (50, 1, 140)
    ]
    assert growth_of(cells) == encoding.Growth(fixed=1.0, encoded=140.0)


@pytest.mark.parametrize(
    "wrong", [{"contents": (1, 0)}, {"pictures": (0,)}, {"size": 8}, {"repeats": 0}]
)
def test_settings_out_of_range(wrong: dict[str, object]) -> None:
    """A value that cannot be measured is refused with its name and value."""
    with pytest.raises(SettingsError, match=f"{next(iter(wrong))} is .: it must be at least"):
        EncodingSettings(**wrong)  # type: ignore[arg-type]


def test_too_few_pictures_are_told_before_anything_is_measured(folder: Path) -> None:
    """A folder that is too small, or not there, ends at once and is named."""
    four = EncodingSettings(pictures=(4,), size=32)
    with pytest.raises(SettingsError, match=r"pictures is 4: .* has 3"):
        measure_encoding(four, folder, demo_photo(), folder / "vgg.safetensors")
    with pytest.raises(InputError, match="missing"):
        measure_encoding(four, folder / "missing", demo_photo(), folder / "vgg.safetensors")
