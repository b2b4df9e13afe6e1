import numpy as np
import pytest
import torch

from impasto.core.errors import NumericalError, SettingsError
from impasto.lab.data import open_rgb, to_tensor
from impasto.lab.exported import read_trunk, read_weights
from impasto.lab.features import load_features
from impasto.lab.fit import CODE_FIRST, RATES, TUNING, Fit, FitSettings
from impasto.lab.looks import Look, measure
from impasto.lab.nets import Trunk
from impasto.lab.objective import Objective
from impasto.lab.optimiser import rate_factor
from impasto.lab.targets import STYLE_LAYERS

from .conftest import Easel


def start(easel: Easel, trunk: Trunk | None = None, **options: object) -> Fit:
    """A fit to a photo of a rocket, from the style `one`, on crops of 64 pixels."""
    settings = FitSettings(**{"minutes": None, "steps": 4, "batch": 2, "crop": 64, **options})  # type: ignore[arg-type]
    features, picture = load_features(easel.network), open_rgb(easel.picture(side=256))
    looks = [measure(to_tensor(picture[::s, ::s]), features, STYLE_LAYERS) for s in (2, 4)]
    full, coarse = (Look.cat([each, each]) for each in looks)
    weights = read_weights(easel.model.folder)
    objective = Objective(features, weights, full, coarse, settings.sampling().identities)
    photo = easel.photo()
    network = trunk or read_trunk(easel.model.folder)
    code = easel.styles[0].code
    return Fit(network, easel.model.identity_code, code, objective, [photo], [photo], settings)


def test_a_fit_comes_nearer_and_leaves_the_trunk(easel: Easel) -> None:
    """The best is better than the start, its code is another, and no weight has moved."""
    trunk = read_trunk(easel.model.folder)
    fit = start(easel, trunk, steps=30)
    first = fit.best
    reports = list(fit.run())
    assert fit.best.losses["total"] < 0.9 * first.losses["total"]
    assert not np.array_equal(fit.best.code, first.code)
    assert np.array_equal(first.code, easel.styles[0].code)
    for name, value in fit.best.fitted.trunk.state_dict().items():
        assert torch.equal(value, trunk.state_dict()[name]), name
    assert (reports[-1].step, reports[-1].share) == (30, 1.0)
    assert reports[-1].judged


def test_a_full_fit_moves_the_trunk_of_its_own(easel: Easel) -> None:
    """With `full` the weights and the identity code move too, and the given trunk stays."""
    trunk = read_trunk(easel.model.folder)
    before = {name: value.clone() for name, value in trunk.state_dict().items()}
    fit = start(easel, trunk, steps=3, full=True)
    list(fit.run())
    moved = fit.live.trunk.state_dict()
    assert not torch.equal(moved["stem.weight"], before["stem.weight"])
    assert not torch.equal(moved["body.down.weight"], before["body.down.weight"])
    assert (fit.live.book.codes[0].detach().numpy() != easel.model.identity_code).any()
    assert all(torch.equal(value, before[name]) for name, value in trunk.state_dict().items())
    assert "identity" in fit.best.losses


def test_the_same_steps_give_the_same_style(easel: Easel) -> None:
    """Steps and seed decide a fit to the bit; another seed gives another code."""
    codes = []
    for seed in (1, 1, 2):
        fit = start(easel, seed=seed)
        list(fit.run())
        codes.append(fit.live.book.codes[1].detach().numpy())
    assert np.array_equal(codes[0], codes[1])
    assert not np.array_equal(codes[0], codes[2])


def test_a_fit_that_is_left_keeps_its_best(easel: Easel) -> None:
    """Whoever stops early has the best judged so far, and at the very first the start."""
    fit = start(easel, steps=50)
    for report in fit.run():
        if report.improved:
            break
    assert 0 < fit.best.step == fit.step < 50


def test_a_worse_code_is_not_the_best(easel: Easel) -> None:
    """When the running mean gets worse, the best stays what it was."""
    fit = start(easel)
    with torch.no_grad():
        fit.live.book.codes[1] += 20
    list(fit.run())
    assert fit.best.step == 0


def test_a_loss_that_is_no_number_stops_the_fit(easel: Easel) -> None:
    """NaN is an error that names the term, and the best is still there."""
    fit = start(easel)
    with torch.no_grad():
        fit.live.book.codes[1, 0, 0] = float("nan")
    with pytest.raises(NumericalError, match="loss is nan; nothing is written"):
        list(fit.run())
    assert np.isfinite(fit.best.code).all()


def test_a_painting_is_of_the_photos_size(easel: Easel) -> None:
    """The best so far paints photos of any size, and not as they are."""
    photo = easel.photo()[:70, :90]
    painted = start(easel).best.paint(photo)
    assert (painted.shape, painted.dtype) == (photo.shape, np.uint8)
    assert (painted != photo).any()


def test_time_and_steps_end_a_fit_whichever_comes_first() -> None:
    """The share that is used up is that of the scarcer of the two."""
    both = FitSettings(minutes=1.0, steps=100)
    assert both.share(10, 30.0) == 0.5
    assert both.share(90, 30.0) == 0.9
    assert FitSettings(None, 4).share(1, 1e9) == 0.25
    assert FitSettings(10.0).judgements() == 25
    assert FitSettings(120.0).judgements() == 300


def test_rates_fall_to_nothing_with_the_budget() -> None:
    """Whatever the budget, the rate is whole after the warm-up and nothing at the end."""
    shares = (0, 0.1, 0.4, 0.7, 1)
    factors = [rate_factor(*FitSettings(10.0).rates(share)) for share in shares]
    assert factors == pytest.approx([1 / RATES.warmup, 1, 1, 0.5, 0])


def test_a_full_fit_trains_its_code_first() -> None:
    """The code's rates fall to nothing before the trunk moves, and the trunk's with the budget."""
    settings = FitSettings(60.0, full=True)
    code, tuning = settings.rates(CODE_FIRST * 0.7), settings.rates((1 + CODE_FIRST) / 2)
    assert (code[0], tuning[0]) == (RATES, TUNING)
    assert code[0].body_rate == code[0].rate == 0 < tuning[0].body_rate
    assert [rate_factor(*each) for each in (code, tuning)] == pytest.approx([0.5, 0.5], abs=0.01)
    assert rate_factor(*settings.rates(1.0)) == 0


def test_a_trunk_stays_while_its_code_comes_first(easel: Easel) -> None:
    """In the first share of a full fit no weight of the trunk has moved, but the code has."""
    fit = start(easel, steps=40, full=True)
    before = {name: value.clone() for name, value in fit.live.trunk.state_dict().items()}
    for report in fit.run():
        if report.step == 3:
            break
    assert (fit.live.book.codes[1].detach().numpy() != easel.styles[0].code).any()
    for name, value in fit.live.trunk.state_dict().items():
        assert torch.equal(value, before[name]), name


@pytest.mark.parametrize(
    "wrong", [{"minutes": None}, {"minutes": 0.0}, {"minutes": -1.0}, {"steps": 0}]
)
def test_impossible_budgets_are_refused(wrong: dict[str, float]) -> None:
    """No end, or one before the start, is an error that shows the values."""
    with pytest.raises(SettingsError, match="minutes"):
        FitSettings(**wrong)  # type: ignore[arg-type]
