import pytest
import torch

from impasto.core.errors import SettingsError
from impasto.lab.student import StudentSettings, level, new_student

TRUE_WIDTHS = {"relu1_1": 64, "relu2_1": 128, "relu3_1": 256, "relu4_1": 512, "relu5_1": 512}
SLIM_VGG_MULTIPLY_ADDS = 22_896 * 512 * 512
"""The slim VGG-19 to relu5_1, for a picture of 512 x 512."""


def test_it_is_small_and_fast() -> None:
    """With heads it is at most 2 MB in float16, and costs at most 0.6 times the slim VGG."""
    network = new_student(StudentSettings(), TRUE_WIDTHS)
    assert 2 * sum(each.numel() for each in network.parameters()) <= 2_000_000
    assert network.multiply_adds(512, 512) <= 0.6 * SLIM_VGG_MULTIPLY_ADDS


def test_layers_are_halved_block_by_block() -> None:
    """Blocks are at 1, 1/2, ... 1/16 of the size, narrow without heads and wide with them."""
    network = new_student(StudentSettings((4, 4, 6, 6, 8), (0, 1, 0, 1, 1)), {"relu5_1": 32})
    assert network.layers == (
        *("relu1_1", "relu2_0", "relu2_1", "relu3_1"),
        *("relu4_0", "relu4_1", "relu5_0", "relu5_1"),
    )
    image = torch.rand(1, 3, 64, 96)
    narrow = network(image, ["relu3_1", "relu5_1"])
    assert [tuple(x.shape) for x in narrow.values()] == [(1, 6, 16, 24), (1, 8, 4, 6)]
    assert network(image, ["relu5_1"], heads=True)["relu5_1"].shape == (1, 32, 4, 6)


def test_random_weights_keep_the_energy() -> None:
    """On noise around grey no layer of a new student is dead, and none has run away."""
    torch.manual_seed(0)
    network = new_student(StudentSettings(), {})
    image = 0.45 + 0.25 * torch.randn(1, 3, 64, 64)
    found = network(image, network.layers)
    assert all(0.01 < each.square().mean() < 10 for each in found.values())


def test_levelling_changes_only_the_scale() -> None:
    """Each layer's mean square becomes 1 on the picture, and what the heads give stays."""
    torch.manual_seed(0)
    network = new_student(StudentSettings((4, 4, 4, 4, 4)), {"relu1_1": 6, "relu4_1": 6})
    image = torch.rand(1, 3, 32, 32)
    network.convolutions["relu3_1"].weight.data.mul_(100)
    before = network(image, ["relu1_1", "relu4_1"], heads=True)
    level(network, image)
    after = network(image, ["relu1_1", "relu4_1"], heads=True)
    for name, wanted in before.items():
        torch.testing.assert_close(after[name], wanted, rtol=1e-3, atol=1e-3)
    for each in network(image, network.layers).values():
        assert each.square().mean().item() == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize(
    ("widths", "before"),
    [
        ((16, 32), (0, 1, 1, 1, 1)),
        ((16, 32, 64, 128, 0), (0, 1, 1, 1, 1)),
        ((16, 32, 64, 128, 128), (0, 1, 1, 1, 2)),
        ((16, 32, 64, 128, 128), (0, 1)),
    ],
)
def test_impossible_shapes(widths: tuple[int, ...], before: tuple[int, ...]) -> None:
    """Lists of another length and values out of range are refused."""
    with pytest.raises(SettingsError, match="student"):
        StudentSettings(widths, before)
