import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from impasto.core.errors import OutputError, StyleError
from impasto.lab.feature_cache import FeatureCache, View
from impasto.lab.looks import Look, measure, to_tensors
from impasto.lab.pictures import StylePicture, Twin
from impasto.lab.style_file import MeasuredStyle, read_measured, write_measured

LAYERS = ("relu1_1", "relu2_1")
VIEW = View("ab" * 32, LAYERS, 64)


def look(seed: int) -> Look:
    """What a random picture looks like."""
    image = torch.rand((1, 3, 40, 48), generator=torch.Generator().manual_seed(seed))
    return measure(image, lambda image, layers: dict.fromkeys(LAYERS, image), LAYERS)


@pytest.fixture
def style() -> MeasuredStyle:
    """A style of one picture at two scales."""
    return MeasuredStyle(
        name="scream",
        title="The Scream",
        artist="Edvard Munch",
        licence="public domain",
        network=VIEW.network,
        augmentation="none",
        pictures=(StylePicture("a/b.png", "0" * 64, 640, 480, "Munch", "oil", "people", "CC0"),),
        left_out=(Twin("c.png", "a/b.png"),),
        looks={64: look(1), 32: look(2)},
    )


def test_a_style_survives_its_file(style: MeasuredStyle, tmp_path: Path) -> None:
    """Manifest and looks come back as they were written."""
    write_measured(style, tmp_path / "scream.features.safetensors")
    back = read_measured(tmp_path / "scream.features.safetensors")
    assert back.manifest() == style.manifest()
    assert back.pictures == style.pictures
    assert list(back.looks) == [64, 32]
    for scale, before in style.looks.items():
        after = to_tensors(back.looks[scale])
        assert all(torch.equal(after[name], one) for name, one in to_tensors(before).items())


def test_nothing_is_overwritten_unasked(style: MeasuredStyle, tmp_path: Path) -> None:
    """A file that is there stays, and no other is left behind."""
    path = tmp_path / "scream.features.safetensors"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists already"):
        write_measured(style, path)
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]
    write_measured(style, path, overwrite=True)
    assert read_measured(path).name == "scream"


def test_the_look_that_training_needs(style: MeasuredStyle) -> None:
    """The scale's look is given with the layers that are asked for, in their order."""
    found = style.look(dataclasses.replace(VIEW, layers=("relu2_1", "relu1_1"), scale=32))
    assert list(found.features) == ["relu2_1", "relu1_1"]
    assert torch.equal(found.palette, style.looks[32].palette)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"scale": 48}, "scales"),
        ({"layers": ("relu5_1",)}, "layers"),
        ({"network": "cd" * 32}, "network"),
        ({"augmentation": "flips, seed 1"}, "augmentation"),
    ],
)
def test_features_of_another_kind_are_refused(style: MeasuredStyle, wrong: dict, what: str) -> None:
    """Training cannot be given features that another network or scale has measured."""
    with pytest.raises(StyleError, match=f"'scream' have the {what}"):
        style.look(dataclasses.replace(VIEW, **wrong))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("kind", "something else"),
        ("name", "../scream"),
        ("title", "\x1b[31m"),
        ("scales", []),
        ("scales", ["64"]),
        ("scales", [16]),
        ("layers", ["relu1_1"]),
        ("layers", [1]),
        ("pictures", [{"file": "a.png"}]),
        ("pictures", ["a.png"]),
        ("format_version", 2),
    ],
)
def test_a_wrong_manifest_is_refused(
    style: MeasuredStyle, tmp_path: Path, key: str, value: object
) -> None:
    """What a stranger wrote into the manifest is an error that names the file."""
    path = tmp_path / "odd.safetensors"
    write_measured(style, path)
    record = {**style.manifest(), key: value}
    save_file(load_file(path), path, {"impasto": json.dumps(record)})
    with pytest.raises(StyleError, match=r"odd\.safetensors"):
        read_measured(path)


def test_damaged_files_are_refused(style: MeasuredStyle, tmp_path: Path) -> None:
    """A missing, cut, foreign or plain tensor file is an error that names the file."""
    path = tmp_path / "odd.safetensors"
    with pytest.raises(StyleError, match=r"odd\.safetensors: no such file|odd\.safetensors"):
        read_measured(path)
    write_measured(style, path)
    whole = path.read_bytes()
    for data in (b"", b"nothing", whole[:100], whole[:-1]):
        path.write_bytes(data)
        with pytest.raises(StyleError, match=r"odd\.safetensors"):
            read_measured(path)
    save_file({"code": torch.zeros(2, 4)}, path)
    with pytest.raises(StyleError, match="no 'impasto' record"):
        read_measured(path)


def test_each_part_of_a_view_counts() -> None:
    """Measurements of other pictures, networks, layers, scales or augmentation have other keys."""
    views = [
        VIEW,
        dataclasses.replace(VIEW, network="cd" * 32),
        dataclasses.replace(VIEW, layers=("relu1_1",)),
        dataclasses.replace(VIEW, scale=32),
        dataclasses.replace(VIEW, augmentation="flips"),
    ]
    keys = {view.key("0" * 64) for view in views} | {VIEW.key("1" * 64)}
    assert len(keys) == len(views) + 1
    assert VIEW.key("0" * 64) == View("ab" * 32, LAYERS, 64).key("0" * 64)


def test_the_cache_keeps_looks(tmp_path: Path) -> None:
    """What was put is got back to the bit, and nothing else is."""
    cache, before = FeatureCache(tmp_path / "kept"), look(3)
    assert cache.get("ab" * 32) is None
    cache.put("ab" * 32, before)
    after = cache.get("ab" * 32)
    assert after is not None
    assert all(torch.equal(to_tensors(after)[key], one) for key, one in to_tensors(before).items())
    assert cache.get("ac" * 32) is None
