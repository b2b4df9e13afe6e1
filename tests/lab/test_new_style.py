import dataclasses
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import ImageError, InputError, OutputError, StyleError
from impasto.core.files import sha256_file
from impasto.engine.model import load_model
from impasto.engine.painter import Painter
from impasto.lab.fit import FitSettings
from impasto.lab.library import About
from impasto.lab.new_style import (
    Commission,
    Ground,
    Subject,
    begin,
    check_model_folder,
    measure_subject,
)
from impasto.lab.style_file import write_measured
from impasto.styles.package import pack_style, parse_style

from .conftest import Easel

pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")
FEW = FitSettings(None, 2, batch=2, crop=64)


def ground(easel: Easel) -> Ground:
    """The tiny model, its styles and network."""
    return Ground(easel.model, easel.styles, easel.photo(), easel.network)


def subject(easel: Easel, *sources: Path, **about: str) -> Subject:
    """A measured style, by default of one picture."""
    named = About(**{"name": "rocket", **about})  # type: ignore[arg-type]
    return measure_subject(sources or (easel.picture(),), named, 1969, easel.network)


def started(easel: Easel, settings: FitSettings = FEW) -> Commission:
    """A fit to one picture that can run."""
    return begin(subject(easel, title="A rocket", artist="NASA"), ground(easel), settings)


def test_a_package_says_what_it_is_made_of(easel: Easel) -> None:
    """Name, sources with hashes, losses and the way it was made come back from the package."""
    commission = started(easel)
    list(commission.fit.run())
    style = parse_style(pack_style(commission.package()), "package")
    assert (style.name, style.title, style.artist, style.year) == (
        "rocket", "A rocket", "NASA", 1969
    )  # fmt: skip
    (source,) = style.sources
    assert (source.file, source.sha256) == ("rocket.jpg", sha256_file(easel.picture()))
    assert style.trunk_id == easel.model.trunk_id
    assert {"style", "content", "total"} <= style.losses.keys()
    assert f"from {commission.start}" in style.recipe
    assert "made scenes" in style.recipe
    assert style.preview is not None
    assert Painter(style, model=easel.model).paint(easel.photo()).shape == easel.photo().shape


def test_the_start_is_the_nearest_style_that_fits(easel: Easel) -> None:
    """Styles of other models are no start; without any, the identity code is."""
    others = [dataclasses.replace(style, trunk_id="0" * 64) for style in easel.styles]
    known = subject(easel)
    commission = begin(known, ground(easel), FEW)
    assert commission.start in ("one", "two")
    alone = begin(known, dataclasses.replace(ground(easel), styles=others), FEW)
    assert alone.start == "identity"
    assert np.array_equal(alone.fit.best.code, easel.model.identity_code)


def test_a_full_fit_becomes_a_model_and_its_style(easel: Easel) -> None:
    """The tuned trunk is written as a model of its own, which the style fits and paints with."""
    commission = started(easel, dataclasses.replace(FEW, full=True))
    list(commission.fit.run())
    style = commission.package_with_model(easel.folder / "tuned")
    model = load_model(easel.folder / "tuned")
    assert model.name == "tuned"
    assert style.trunk_id == model.trunk_id != easel.model.trunk_id
    assert Painter(style, model=model).paint(easel.photo()).shape == easel.photo().shape


def test_pictures_and_folders_become_one_style(easel: Easel) -> None:
    """A picture and a folder count together; what shows the same counts once."""
    picture, folder = easel.picture("coffee.png"), easel.folder / "more"
    folder.mkdir()
    for name in ("chelsea.png", "astronaut.png"):
        easel.picture(name).rename(folder / name)
    known = subject(easel, picture, folder, picture)
    names = [each.file for each in known.measured.pictures]
    assert names == ["coffee.png", "more/astronaut.png", "more/chelsea.png"]
    assert len(known.pictures) == 3


def test_a_measured_style_needs_no_pictures(easel: Easel) -> None:
    """A file of style features gives the same targets, and what is said again counts."""
    measured = subject(easel, title="Old", artist="NASA").measured
    path = easel.folder / "rocket.features.safetensors"
    write_measured(measured, path)
    known = subject(easel, path, name="new", title="New")
    assert (known.measured.name, known.measured.title) == ("new", "New")
    assert (known.measured.artist, known.pictures) == ("NASA", [])
    assert begin(known, ground(easel), FEW).fit.best.losses["style"] == pytest.approx(
        started(easel).fit.best.losses["style"], rel=1e-4
    )


def test_features_of_another_network_are_refused(easel: Easel) -> None:
    """A style that was measured with another network cannot be the aim."""
    known = subject(easel)
    other = dataclasses.replace(known.measured, network="0" * 64)
    with pytest.raises(StyleError, match="network"):
        begin(dataclasses.replace(known, measured=other), ground(easel), FEW)


def test_a_style_of_very_many_pictures_fits_its_package(easel: Easel) -> None:
    """More sources than a package takes are told by their number and one hash."""
    known = subject(easel)
    many = [
        dataclasses.replace(known.measured.pictures[0], file=f"{index:0100}.jpg")
        for index in range(120)
    ]
    measured = dataclasses.replace(known.measured, pictures=tuple(many))
    commission = begin(dataclasses.replace(known, measured=measured), ground(easel), FEW)
    (source,) = commission.style().sources
    assert source.file == "120 pictures"
    assert len(source.sha256) == 64


def test_what_no_package_takes_is_found_before_the_work(easel: Easel) -> None:
    """A title that is too long is an error when the fit is set up."""
    with pytest.raises(StyleError, match="32 KB"):
        begin(subject(easel, title="long " * 8000), ground(easel), FEW)


def test_bad_pictures_are_named(easel: Easel) -> None:
    """What is missing, empty, damaged or tiny is an error that names it."""
    (easel.folder / "empty").mkdir()
    (easel.folder / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    for source, error in (
        ("missing.jpg", InputError),
        ("empty", InputError),
        ("broken.jpg", ImageError),
    ):
        with pytest.raises(error, match=source):
            subject(easel, easel.folder / source)
    with pytest.raises(ImageError, match="too small"):
        subject(easel, easel.picture(side=100))


def test_only_a_model_is_overwritten(easel: Easel) -> None:
    """A model goes if overwriting was asked for; a folder of anything else stays even then."""
    (easel.folder / "mine").mkdir()
    check_model_folder(easel.folder / "new", overwrite=False)
    check_model_folder(easel.folder / "model", overwrite=True)
    for name, overwrite in (("model", False), ("mine", True)):
        with pytest.raises(OutputError, match=name):
            check_model_folder(easel.folder / name, overwrite=overwrite)
