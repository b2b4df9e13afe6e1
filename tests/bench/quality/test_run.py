"""A whole run, small: controls, failures, what is left out, going on, and the report of it."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnx")
pytest.importorskip("torch")
pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

from impasto.bench.baselines.adain import AdaIn
from impasto.bench.contender import StyleImage
from impasto.bench.quality import course
from impasto.bench.quality.ours import Impasto
from impasto.bench.quality.pictures import save
from impasto.bench.quality.report import write_report
from impasto.bench.quality.results import load_results
from impasto.bench.quality.run import Inputs, measure_quality
from impasto.bench.quality.settings import QualitySettings
from impasto.bench.quality.store import RESULTS, Record, read_results
from impasto.bench.quality.tables import left_out
from impasto.bench.vote_set import Question
from impasto.bench.vote_store import VoteStore
from impasto.core.errors import ImpastoWarning, InputError, SettingsError
from impasto.lab.recipe import Recipe

from ..conftest import PAINTING

SMALL = QualitySettings(
    styles=("udnie", "unborn"),
    methods=("photo", "colours", "style", "impasto", "per-style", "wct", "adain"),
    photos=2,
    size=128,
    crops=6,
    sizes=(),
)
WHEN = ("seconds", "date", "commit")
"""What differs from call to call."""
pytestmark = pytest.mark.filterwarnings("ignore::impasto.core.errors.ImpastoWarning")


@pytest.fixture(scope="module")
def done(
    gallery: Path, recipe: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, list[str], int]]:
    """A folder of results, the warnings on the way, and how many paintings failed."""
    folder = tmp_path_factory.mktemp("quality") / "results"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Impasto, "strengths", (0.5, 1.0))
        patch.setattr(AdaIn, "gmac_512", 1.0)  # counting it would fail before anything is painted
        patch.setattr(AdaIn, "strengths", (1.0,))
        with pytest.warns(ImpastoWarning) as warned:
            failed = measure_quality(SMALL, Inputs(recipe, gallery), folder)
        yield folder, [str(each.message) for each in warned], failed


def marks(folder: Path, method: str, style: str = "udnie", strength: float = 1.0) -> list[Record]:
    """The measures of a method's paintings."""
    key = {"method": method, "style": style, "strength": strength}
    return [each["marks"] for each in load_results(folder).of("painting", error=None, **key)]


def test_controls_behave_as_they_must(done: tuple[Path, list[str], int]) -> None:
    """The unchanged photo has no content loss, the style's own picture no style loss."""
    for found in marks(done[0], "photo"):
        assert found["content"] == 0
        assert found["perceptual"] == pytest.approx(0, abs=1e-5)
        assert (found["ssim"], found["edges"]) == (1, pytest.approx(1))
    for found in marks(done[0], "style"):
        assert found["style"] < 1e-3
        assert found["colours"] == 0
        assert found["content"] > 0.5
    (photo, other), (recoloured, _) = marks(done[0], "photo"), marks(done[0], "colours")
    assert recoloured["colours"] < photo["colours"]
    assert (photo["lines"] is None) != (other["lines"] is None)


def test_every_painting_is_kept_and_has_the_photos_size(done: tuple[Path, list[str], int]) -> None:
    """Full strength lies where people vote on it, weaker ones and controls apart."""
    folder = done[0]
    assert [path.name for path in (folder / "pictures").iterdir()] == ["impasto"]
    for path in (folder / "photos").iterdir():
        with Image.open(path) as photo:
            for place in ("pictures/impasto", "curves/impasto/0.5", "controls/colours"):
                with Image.open(folder / place / "udnie" / path.name) as painting:
                    assert painting.size == photo.size
    assert (folder / "styles/udnie.png").is_file()


def test_strength_is_a_curve_and_sets_have_distances(done: tuple[Path, list[str], int]) -> None:
    """More strength is more content loss; the judge measures each set once."""
    weak, full = (marks(done[0], "impasto", strength=each) for each in (0.5, 1.0))
    assert np.mean([m["content"] for m in weak]) < np.mean([m["content"] for m in full])
    sets = load_results(done[0]).of("set", style="udnie")
    assert {(each["method"], each["strength"]) for each in sets} >= {
        ("impasto", 0.5),
        ("impasto", 1.0),
        ("photo", 1.0),
    }
    assert all(each["crops"] == 6 for each in sets if each["pictures"])
    assert [each["rmse"] for each in load_results(done[0]).of("identity", method="photo")] == [0, 0]


def test_what_is_not_run_says_why(done: tuple[Path, list[str], int]) -> None:
    """Without weights, or a style, there is a record with the reason and a warning of it."""
    folder, warned, _ = done
    left_out = {
        (each["method"], each.get("style")): each["why"]
        for each in load_results(folder).of("not run")
    }
    assert left_out.keys() == {("per-style", None), ("wct", None), ("impasto", "unborn")}
    for why in left_out.values():
        assert any(why in line for line in warned)


def test_a_failure_is_recorded_and_the_run_goes_on(done: tuple[Path, list[str], int]) -> None:
    """AdaIN's decoder does not fit the tiny encoder: each painting fails, the rest is there."""
    folder, _, failed = done
    results = load_results(folder)
    broken = [each for each in results.of("painting") if each["error"] is not None]
    assert {each["method"] for each in broken} == {"adain"}
    assert "\n" not in broken[0]["error"]
    selves = [each for each in results.of("identity") if each["error"] is not None]
    assert [(each["method"], each["style"]) for each in selves] == [
        ("adain", "udnie"),
        ("adain", "unborn"),
    ]
    assert failed == len(broken) + len(selves)
    rows = left_out(results).rows
    assert ("adain", "udnie", f"failed on chelsea: {broken[0]['error']}") in rows
    assert ("adain", "unborn", f"failed on the style's own picture: {selves[1]['error']}") in rows


def test_going_on_does_only_what_is_missing(
    done: tuple[Path, list[str], int], gallery: Path, recipe: Recipe, tmp_path: Path
) -> None:
    """A run that was cut off ends with the same results; one that was whole paints nothing."""
    folder = tmp_path / "results"
    shutil.copytree(done[0], folder)
    lines = (folder / RESULTS).read_text().splitlines(keepends=True)
    keep = next(i for i, line in enumerate(lines) if '"colours", "version"' in line) + 4
    (folder / RESULTS).write_text("".join(lines[:keep]) + lines[keep][:20])
    settings = replace(SMALL, methods=("photo", "colours", "style"))
    painted: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            course, "save", lambda pixels, path: (painted.append(path.name), save(pixels, path))
        )
        measure_quality(settings, Inputs(recipe, gallery), folder)
        assert 0 < len(painted) < 12
        painted.clear()
        measure_quality(settings, Inputs(recipe, gallery), folder)
        assert not painted
    for kind in ("painting", "set", "identity"):
        before, after = (
            [
                {key: value for key, value in each.items() if key not in WHEN}
                for each in load_results(place).of(kind, style="udnie")
                if each["method"] in settings.methods
            ]
            for place in (done[0], folder)
        )
        assert before == after


def test_another_set_up_is_another_folder(
    done: tuple[Path, list[str], int], gallery: Path, recipe: Recipe
) -> None:
    """Results of another size are not mixed in."""
    with pytest.raises(InputError, match="other size"):
        measure_quality(replace(SMALL, size=160), Inputs(recipe, gallery), done[0])


def test_the_report(done: tuple[Path, list[str], int], tmp_path: Path) -> None:
    """Markdown with its pictures, and one page that asks for nothing else."""
    out, html = tmp_path / "bench.md", tmp_path / "bench.html"
    write_report(done[0], out, html)
    text, page = out.read_text(), html.read_text()
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert len(pictures) == 2
    for target in pictures:
        assert (tmp_path / target).stat().st_size > 1000
    assert "impasto bench quality --out" in text
    for line in ("## Quality at full strength", "| photo | 1.000 [1.000, 1.000] | 0.000 |"):
        assert line in text
    assert "| wct | all | not run: " in text
    assert "adain: not compared, there are no paintings by adain." in text
    for each in (text, page):
        assert "There is no plot of time against quality" in each
    tables = [line for line in text.splitlines() if line.startswith("| impasto |")]
    assert len(tables) >= 3
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page)
    assert page.count("data:image/") == 4  # the front, the overview, two styles
    assert "<dialog" in page


def test_peoples_votes_are_in_the_report(done: tuple[Path, list[str], int], tmp_path: Path) -> None:
    """A file of votes gives a table of its own; without one it is said that nobody voted."""
    out, votes = tmp_path / "bench.md", tmp_path / "votes.sqlite"
    write_report(done[0], out)
    assert "## People's votes\n\nNobody has voted yet" in out.read_text()
    with closing(VoteStore(votes)) as store:
        voter, methods = store.voter("someone"), ("impasto", "wct")
        write_report(done[0], out, votes=votes)
        assert "## People's votes\n\nNobody has voted yet" in out.read_text()
        draw = store.add_draw(voter, "compare", Question("udnie", "chelsea", methods), methods)
        store.add_answer(voter, draw.id, "left", 1.0)
    write_report(done[0], out, votes=votes)
    assert "Nobody has voted" not in out.read_text()
    assert "Comparisons: 1" in out.read_text()


def test_without_assets_there_are_free_photos(recipe: Recipe, tmp_path: Path) -> None:
    """Photos of scikit-image, our own features, no judge; a style's picture may be given."""
    painting = tmp_path / "rocket.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)).save(painting)
    settings = replace(SMALL, styles=("udnie",), methods=("photo", "style", "wct"), photos=1)
    inputs = Inputs(recipe, None, None, {"udnie": painting})
    with pytest.warns(ImpastoWarning, match="bundled features"):
        measure_quality(settings, inputs, tmp_path / "out")
    setup = read_results(tmp_path / "out")[0]
    assert setup["photos"] == ["astronaut"]
    assert "bundled" in setup["features"]
    (found,) = marks(tmp_path / "out", "style")
    assert found["style"] < 1e-3
    assert found["perceptual"] is None
    (left_out,) = load_results(tmp_path / "out").of("not run")
    assert "IMPASTO_ASSETS" in left_out["why"]


def test_a_style_without_a_picture_has_no_style_loss(recipe: Recipe, tmp_path: Path) -> None:
    """Methods that need the picture are not run in it, the photo is measured."""
    settings = replace(SMALL, styles=("udnie",), methods=("photo", "colours"), photos=1)
    measure_quality(settings, Inputs(recipe, None), tmp_path / "out")
    (found,) = marks(tmp_path / "out", "photo")
    assert found["style"] is None
    (left_out,) = load_results(tmp_path / "out").of("not run")
    assert (left_out["method"], left_out["style"]) == ("colours", "udnie")
    with pytest.raises(InputError, match="no picture"):
        StyleImage("udnie", None).picture  # noqa: B018


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"photos": 0}, "photos is 0"),
        ({"size": 64}, "size is 64"),
        ({"sizes": (8,)}, "size is 8"),
        ({"methods": ("gan",)}, "there is no method 'gan'"),
    ],
)
def test_settings_out_of_range(change: dict[str, object], told: str) -> None:
    """What cannot be measured is refused with its value."""
    with pytest.raises(SettingsError, match=told):
        QualitySettings(**change)  # type: ignore[arg-type]


def test_records_are_strict_json(done: tuple[Path, list[str], int]) -> None:
    """No line holds NaN or infinity, and the style's picture is named nowhere by its path."""
    text = (done[0] / RESULTS).read_text()
    for line in text.splitlines():
        json.loads(line, parse_constant=pytest.fail)
    assert PAINTING not in text
