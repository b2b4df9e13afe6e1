"""What a later call of a run does again, because what it was made from has changed."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("torchmetrics")

from impasto.bench.contender import FULL, StyleImage
from impasto.bench.quality import course, public_run
from impasto.bench.quality.controls import ColourTransfer
from impasto.bench.quality.ours import Impasto
from impasto.bench.quality.pictures import open_painting, painting_path
from impasto.bench.quality.results import load_results
from impasto.bench.quality.run import Inputs, measure_quality
from impasto.bench.quality.settings import QualitySettings
from impasto.bench.quality.store import RESULTS, Record
from impasto.core.arrays import RGB
from impasto.core.errors import ImageError, InputError
from impasto.engine.fake_backend import FakeBackend
from impasto.engine.model import load_model
from impasto.lab.public import PublicMeasures
from impasto.lab.recipe import Recipe
from impasto.styles.library import Library
from impasto.styles.package import write_style

pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[Path, Path]:
    """Two pictures that a style may be of."""
    random = np.random.default_rng(0)
    paths = tmp_path / "dark.png", tmp_path / "bright.png"
    for path, low in zip(paths, (0, 156), strict=True):
        pixels = random.integers(low, low + 100, (96, 96, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    return paths


def settings(*methods: str, styles: Sequence[str] = ("udnie",), slow: int = 2) -> QualitySettings:
    """A small run of some methods."""
    return QualitySettings(
        tuple(styles), methods, photos=2, slow_photos=slow, size=128, crops=6, sizes=()
    )


def only(folder: Path, kind: str, **key: object) -> Record:
    """The one record of a kind that counts."""
    (found,) = load_results(folder).of(kind, **key)
    return found


def losses(folder: Path, method: str) -> list[float]:
    """The style losses of a method's paintings that count."""
    found = load_results(folder).of("painting", method=method, error=None)
    return [each["marks"]["style"] for each in found]


def fail_on_the_first(patch: pytest.MonkeyPatch) -> None:
    """Let recolouring fail once."""
    paint, failed = ColourTransfer.paint, []

    def failing(self: ColourTransfer, photo: RGB, style: StyleImage, strength: float = 1) -> RGB:
        if not failed:
            failed.append(photo)
            raise ImageError("it failed")
        return paint(self, photo, style, strength)

    patch.setattr(ColourTransfer, "paint", failing)


def test_another_picture_of_a_style(
    gallery: Path, recipe: Recipe, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    """All is measured again, and painted again, also when the first picture comes back."""
    folder, seen = tmp_path / "out", []
    for path in (*pictures, pictures[0]):
        inputs = Inputs(recipe, gallery, None, {"udnie": path})
        measure_quality(settings("photo", "style"), inputs, folder)
        seen.append((losses(folder, "photo"), only(folder, "set", method="photo")["kernel"]))
        assert max(losses(folder, "style")) < 1e-3
        for photo in load_results(folder).photos:
            painting = open_painting(painting_path(folder, "style", FULL, "udnie", photo))
            assert (painting == np.asarray(Image.open(path))).all()
        assert only(folder, "identity", method="style")["rmse"] == 0
    assert seen[0] == seen[2]
    assert seen[0] != seen[1]


def test_what_another_picture_has_made_stale_does_not_count(
    gallery: Path, recipe: Recipe, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    """Until a method is run again, results of its old picture are in no report."""
    folder = tmp_path / "out"
    for path, methods in zip(pictures, (("photo", "style"), ("photo",)), strict=True):
        inputs = Inputs(recipe, gallery, None, {"udnie": path})
        measure_quality(settings(*methods), inputs, folder)
    assert len(losses(folder, "photo")) == 2
    assert losses(folder, "style") == []
    assert load_results(folder).of("set", method="style") == []


def test_a_painting_that_fails_leaves_none_of_before(
    gallery: Path, recipe: Recipe, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    """People do not vote on a painting of another picture, which nothing has measured."""
    folder = tmp_path / "out"
    for number, path in enumerate(pictures):
        with pytest.MonkeyPatch.context() as patch:
            if number:
                fail_on_the_first(patch)
            inputs = Inputs(recipe, gallery, None, {"udnie": path})
            measure_quality(settings("colours"), inputs, folder)
    assert len(list((folder / "controls/colours/udnie").iterdir())) == 1


def test_other_photos_of_the_same_names(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """They are another set-up, which is refused before anything is written."""
    photos, folder = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    Image.new("RGB", (96, 80), "navy").save(photos / "a.png")
    inputs = Inputs(recipe, gallery, photos)
    measure_quality(settings("photo"), inputs, folder)
    before = (folder / RESULTS).read_text()
    Image.new("RGB", (96, 80), "teal").save(photos / "a.png")
    with pytest.raises(InputError, match="results with other contents"):
        measure_quality(settings("photo"), inputs, folder)
    assert (folder / RESULTS).read_text() == before
    assert (open_painting(folder / "photos/a.png")[0, 0] == (0, 0, 128)).all()


def test_a_set_is_that_of_all_paintings(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Once a painting that had failed is there, distances are those of an unbroken run."""
    inputs, folder = Inputs(recipe, gallery), tmp_path / "out"
    measure_quality(settings("colours"), inputs, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        fail_on_the_first(patch)
        assert measure_quality(settings("colours"), inputs, folder) == 1
    assert only(folder, "set")["pictures"] == 1
    assert measure_quality(settings("colours"), inputs, folder) == 0
    assert only(folder, "set", pictures=2) == only(tmp_path / "whole", "set")


def test_more_photos_of_a_slow_method(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Distances are of the further paintings, too, and stay when fewer are asked for."""
    inputs, folder, pictures = Inputs(recipe, gallery), tmp_path / "out", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "SLOW", ("colours",))
        for slow in (1, 2, 1):
            measure_quality(settings("colours", slow=slow), inputs, folder)
            results = load_results(folder)
            photos = results.painted("colours", FULL, "udnie")
            pictures.append(only(folder, "set", photos="/".join(photos))["pictures"])
    assert pictures == [1, 2, 2]


def test_a_slow_method_is_judged_beside_the_same_photos(
    gallery: Path, recipe: Recipe, tmp_path: Path
) -> None:
    """With half of the photos it has as many crops, and others have a set of that half, too."""
    folder = tmp_path / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "SLOW", ("colours",))
        patch.setattr(Impasto, "strengths", (FULL,))
        chosen = settings("photo", "impasto", "style", "colours", slow=1)
        measure_quality(chosen, Inputs(recipe, gallery), folder)
    first, both = load_results(folder).photos[0], "/".join(load_results(folder).photos)
    found = load_results(folder).of("set")
    assert {each["crops"] for each in found} == {6}
    sets = {(each["method"], each["photos"]) for each in found}
    assert sets == {
        *(("photo", name) for name in (first, both)),
        *(("impasto", name) for name in (first, both)),
        ("style", both),
        ("colours", first),
    }


def test_another_code_of_a_style(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """Only the style that was fitted again is painted again; other styles do not count."""
    model, shelf = load_model(), tmp_path / "shelf"
    old = Library().get("udnie", model.trunk_id)
    painted = []
    for name, code in (("udnie", old.code), ("other", old.code), ("udnie", 0.9 * old.code)):
        shelf.mkdir(exist_ok=True)
        write_style(replace(old, name=name, code=code), shelf / f"{name}.safetensors")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Impasto, "strengths", (FULL,))
            inputs, library = Inputs(recipe, gallery), Library([shelf])
            measure_quality(settings("impasto"), inputs, tmp_path / "out", library=library)
        painted.append(losses(tmp_path / "out", "impasto"))
        lines = (tmp_path / "out" / RESULTS).read_text().splitlines()
        painted.append(sum('"kind": "painting"' in line for line in lines))
    assert [painted[1], painted[3], painted[5]] == [2, 2, 4]
    assert painted[0] == painted[2] != painted[4]


def test_another_graph_is_another_version(tmp_path: Path) -> None:
    """Graphs of the same weights may paint otherwise: results of the old ones do not count."""
    folder = tmp_path / "model"
    shutil.copytree(load_model().folder, folder)
    versions = []
    for end in (b"", b"\x00"):
        with (folder / "paint.onnx").open("ab") as file:
            file.write(end)
        model = load_model(folder)
        versions.append(Impasto(model, Library([]), FakeBackend()).version)
    assert versions[0] != versions[1]


def test_a_painting_that_was_deleted(gallery: Path, recipe: Recipe, tmp_path: Path) -> None:
    """It is painted again, and only that one."""
    folder = tmp_path / "out"
    measure_quality(settings("colours"), Inputs(recipe, gallery), folder)
    paths = sorted((folder / "controls/colours/udnie").iterdir())
    before = [path.read_bytes() for path in paths]
    paths[0].unlink()
    paths[1].write_bytes(before[1] + b"left")
    measure_quality(settings("colours"), Inputs(recipe, gallery), folder)
    assert [path.read_bytes() for path in paths] == [before[0], before[1] + b"left"]


def test_public_measures_are_of_all_styles(
    gallery: Path, recipe: Recipe, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    """A further style, or another picture, is in the means; without news nothing is measured."""
    compared: list[float] = []

    def difference(painting: RGB, photo: RGB) -> float:
        compared.append(float(np.abs(painting.astype(float) - photo).mean()))
        return compared[-1]

    one, two, folder = ("udnie",), ("udnie", "unborn"), tmp_path / "out"
    measures = PublicMeasures({}, {"lpips": difference}, {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(public_run, "public_measures", lambda: measures)
        for styles, picture, count in ((one, 0, 2), (two, 0, 4), (two, 1, 4), (one, 1, 0)):
            compared.clear()
            inputs = Inputs(recipe, gallery, None, {"unborn": pictures[picture]})
            measure_quality(settings("colours", styles=styles), inputs, folder)
            assert len(compared) == count
            if compared:
                found = only(folder, "public")["values"]["lpips"]
                assert found == pytest.approx(np.mean(compared), abs=1e-5)
        more = PublicMeasures({}, {**measures.pairs, "cfsd": difference}, {})
        patch.setattr(public_run, "public_measures", lambda: more)
        measure_quality(settings("colours", styles=one), inputs, folder)
        assert {"lpips", "cfsd"} == only(folder, "public")["values"].keys()


def test_a_style_that_was_not_run_at_first(
    recipe: Recipe, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    """Once it is painted, a report does not say any more that it was not; and back."""
    folder = tmp_path / "out"
    measure_quality(settings("colours"), Inputs(recipe, None), folder)
    assert only(folder, "not run")["style"] == "udnie"
    inputs = Inputs(recipe, None, None, {"udnie": pictures[0]})
    measure_quality(settings("colours"), inputs, folder)
    assert len(losses(folder, "colours")) == 2
    assert load_results(folder).of("not run") == []
    measure_quality(settings("colours"), Inputs(recipe, None), folder)
    assert only(folder, "not run")["style"] == "udnie"
