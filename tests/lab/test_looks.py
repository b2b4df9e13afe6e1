import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from impasto.lab.looks import Look, MeanLook, from_tensors, measure, to_tensors


def network(image: torch.Tensor, layers: object) -> dict[str, torch.Tensor]:
    """Two layers of fixed features."""
    return {"relu1_1": image * 200, "relu2_1": torch.cat([image, image.flip(2)], 1)}


def look(seed: int) -> Look:
    """What a random picture looks like."""
    image = torch.rand((1, 3, 40, 48), generator=torch.Generator().manual_seed(seed))
    return measure(image, network, ("relu1_1", "relu2_1"))


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6))
def test_running_sums_are_the_mean(seeds: list[int]) -> None:
    """Looks added one by one have the mean of all of them at once."""
    looks, total = [look(seed) for seed in seeds], MeanLook()
    for one in looks:
        total.add(one)
    mean = total.mean()
    all_rows = Look.cat(looks)
    for layer, features in mean.features.items():
        for field in ("gram", "mean", "std"):
            wanted = getattr(all_rows.features[layer], field).mean(0, keepdim=True)
            assert torch.allclose(getattr(features, field), wanted, rtol=1e-5)
    assert torch.allclose(mean.palette, all_rows.palette.mean(0, keepdim=True))


def test_a_mix_of_one_row_is_that_row() -> None:
    """Rows of several looks are taken in the order asked for, each as it was."""
    first, second = look(1), look(2)
    mixed = Look.cat([first, second]).mix(torch.eye(2).flip(0))
    assert torch.equal(mixed.bands, torch.cat([second.bands, first.bands]))
    assert torch.equal(mixed.palette, torch.cat([second.palette, first.palette]))
    for layer, features in mixed.features.items():
        assert torch.equal(features.gram[0], second.features[layer].gram[0])
        assert torch.allclose(features.std[1], first.features[layer].std[0])


def test_tensors_and_back() -> None:
    """A look survives being taken apart."""
    before = to_tensors(look(1))
    after = to_tensors(from_tensors(before))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("relu1_1.gram", torch.zeros(3, 4)),
        ("relu1_1.mean", torch.zeros(4)),
        ("relu1_1.std", torch.full((3,), torch.nan)),
        ("relu1_1.mean", torch.zeros(3, dtype=torch.float16)),
        ("bands", torch.zeros(5)),
        ("palette", torch.zeros(2, 2)),
        ("more", torch.zeros(1)),
        ("relu1_1.gram", None),
    ],
)
def test_wrong_tensors_are_refused(name: str, tensor: torch.Tensor | None) -> None:
    """A missing, foreign, misshapen or infinite tensor is an error."""
    tensors = to_tensors(look(1))
    if tensor is None:
        del tensors[name]
    else:
        tensors[name] = tensor
    with pytest.raises(ValueError, match="its"):
        from_tensors(tensors)
