"""Where a report goes, what it says of a comparison, and pictures that are damaged or missing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("matplotlib")

from impasto.bench.quality.pictures import painting_path, save
from impasto.bench.quality.report import check_report, write_report
from impasto.bench.quality.results import load_results
from impasto.bench.quality.sheets import overview, style_sheet
from impasto.bench.quality.store import RESULTS
from impasto.bench.quality.summary import Bootstrap
from impasto.bench.quality.tables import left_out, quality, targets
from impasto.core.errors import ImpastoWarning, OutputError

from .test_summary import BASE, PHOTOS, STYLES, add, facts_of, painting, write


def paint(folder: Path, *methods: str) -> None:
    """Paintings of each method: of flat colours, another one for each photo."""
    for method in methods:
        for style in STYLES:
            for number, photo in enumerate(PHOTOS):
                pixels = np.full((96, 128, 3), 40 + 80 * number, np.uint8)
                save(pixels, painting_path(folder, method, 1.0, style, photo))


def verdict(folder: Path, method: str) -> str:
    """What is said of one comparison."""
    notes = targets(load_results(folder), Bootstrap(load_results(folder), times=50)).notes
    return next(note for note in notes if note.startswith(method))


@pytest.mark.parametrize(
    ("ours", "judge", "told"),
    [
        (0.5, 0.5, "is lower there, the judge agrees (target met)."),
        (0.5, 1.5, "is lower there, the judge does NOT agree there (target missed)."),
        (1.5, 0.5, "is NOT lower there, the judge agrees (target missed)."),
        (1.5, 1.5, "is NOT lower there, the judge does NOT agree there (target missed)."),
    ],
)
def test_a_target_is_met_by_both_measures(
    tmp_path: Path, ours: float, judge: float, told: str
) -> None:
    """Style loss and the judge decide, and either alone misses it."""
    curves = {"impasto": {1.0: (0.4, 0.6 * ours)}, "microast": {1.0: (0.4, 0.6)}}
    write(tmp_path, curves, judge={"impasto": judge, "microast": 1.0})
    assert verdict(tmp_path, "microast") == f"microast: impasto's style loss {told}"


def test_an_interval_that_holds_one_is_no_win(tmp_path: Path) -> None:
    """Lower in the mean, and not for every draw of photos: the target is missed."""
    write(tmp_path, {"impasto": {1.0: (0.4, 0.5)}, "wct": {1.0: (0.4, 0.5)}})
    for style in STYLES:
        for photo, share in zip(PHOTOS, (0.6, 0.6, 0.35), strict=True):
            add(tmp_path, painting("impasto", 1.0, photo, style, 0.4, share * BASE[photo]))
    versus = Bootstrap(load_results(tmp_path), times=500).versus("wct")
    assert versus is not None
    assert versus.places[0].ratio.low < versus.places[0].ratio.value < 1
    assert versus.places[0].ratio.high > 1
    assert not versus.wins
    assert "NOT lower" in verdict(tmp_path, "wct")


def test_everywhere_means_at_every_shared_content_loss(tmp_path: Path) -> None:
    """A curve that crosses ours is not beaten; no judge is no agreement, and is said."""
    curves = {"impasto": {0.5: (0.2, 0.8), 1.0: (0.6, 0.2)}, "lst": {0.5: (0.3, 0.9)}}
    curves["lst"][1.0] = (0.5, 0.1)
    write(tmp_path, curves)
    assert "is NOT lower everywhere" in verdict(tmp_path, "lst")
    path = tmp_path / RESULTS
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(each for each in lines if '"kind": "set"' not in each))
    assert verdict(tmp_path, "lst").endswith("no judge was asked (target missed).")


def test_the_gap_to_optimisation_is_told(tmp_path: Path) -> None:
    """As the span over shared content losses, or at full strength where none is shared."""
    ours = {0.5: (0.2, 0.9), 1.0: (0.6, 0.6)}
    write(tmp_path, {"impasto": ours, "optimisation": {0.5: (0.2, 0.3), 1.0: (0.6, 0.1)}})
    told = "at equal content loss impasto's style loss is 3.0 to 6.0 times its"
    assert told in verdict(tmp_path, "Gap to optimisation")
    (tmp_path / "far").mkdir()
    write(tmp_path / "far", {"impasto": ours, "optimisation": {1.0: (0.8, 0.12)}})
    told = "at full strength, nearer to the photo, impasto's style loss is 5.0 times its"
    assert told in verdict(tmp_path / "far", "Gap to optimisation")


def test_without_impasto_nothing_is_compared(tmp_path: Path) -> None:
    """It is said which of the two has no paintings, and of a method that ran nothing else."""
    write(tmp_path, {"wct": {1.0: (0.5, 0.8)}})
    told = "not compared, there are no paintings by impasto"
    assert verdict(tmp_path, "wct") == f"wct: {told}."
    assert verdict(tmp_path, "lst") == f"lst: {told} and lst."


def test_an_identity_that_failed_is_no_number(tmp_path: Path) -> None:
    """The cell is the mean of those that were painted; the reason of the other is a row."""
    write(tmp_path, {"wct": {1.0: (0.5, 0.8)}})
    key = {"kind": "identity", "method": "wct", "version": "1", "strength": 1.0}
    add(tmp_path, {**key, "style": "scream", "rmse": 4.0, "perceptual": None, "error": None})
    add(tmp_path, {**key, "style": "udnie", "rmse": None, "perceptual": None, "error": "it blew"})
    results = load_results(tmp_path)
    rows = quality(results, Bootstrap(results, times=20)).rows
    assert {row[0]: row[10] for row in rows} == {"photo": "", "wct": "4.0"}
    assert left_out(results).rows == [
        ("wct", "udnie", "failed on the style's own picture: it blew")
    ]


@pytest.mark.parametrize(("name", "folder"), [("bench.md", "bench"), ("noext", "noext.pictures")])
def test_a_report_with_or_without_an_ending(tmp_path: Path, name: str, folder: str) -> None:
    """The pictures have a folder of their own in any case, and the links lead into it."""
    write(tmp_path, {"impasto": {1.0: (0.4, 0.6)}})
    paint(tmp_path, "photo", "impasto")
    write_report(tmp_path, tmp_path / name)
    assert f"]({folder}/front.png)" in (tmp_path / name).read_text()
    assert (tmp_path / folder / "front.png").is_file()


def test_a_report_that_cannot_be_written_is_told_before(tmp_path: Path) -> None:
    """For either file and for the folder of pictures; nothing is made."""
    good = tmp_path / "bench.md"
    check_report(good, tmp_path / "bench.html")
    with pytest.raises(OutputError, match="there is no folder"):
        check_report(tmp_path / "none" / "bench.md")
    with pytest.raises(OutputError, match="there is no folder"):
        check_report(good, tmp_path / "none" / "bench.html")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "bench").write_text("a file")
    with pytest.raises(OutputError, match="cannot write to the folder"):
        check_report(good)


def test_a_damaged_painting_is_left_out_of_the_sheets(tmp_path: Path) -> None:
    """The report is written, its cell says that there is no painting, and a warning why."""
    write(tmp_path, {"impasto": {1.0: (0.4, 0.6)}})
    paint(tmp_path, "photo", "impasto")
    whole = overview(load_results(tmp_path))
    path = painting_path(tmp_path, "impasto", 1.0, "scream", "a")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.warns(ImpastoWarning, match="left out of the sheets"):
        write_report(tmp_path, tmp_path / "bench.md", tmp_path / "bench.html")
    with pytest.warns(ImpastoWarning, match=r"a\.png"):
        assert (overview(load_results(tmp_path)) != whole).any()


def test_each_row_of_the_overview_shows_another_photo(tmp_path: Path) -> None:
    """Also where a slow method has painted one photo alone: the other rows do without it."""
    write(tmp_path, {"impasto": {1.0: (0.4, 0.6)}})
    add(tmp_path, facts_of("optimisation"))
    for style in STYLES:
        add(tmp_path, painting("optimisation", 1.0, "b", style, 0.4, 1.0))
    paint(tmp_path, "photo", "impasto")
    for style in STYLES:
        save(
            np.zeros((96, 128, 3), np.uint8),
            painting_path(tmp_path, "optimisation", 1.0, style, "b"),
        )
    sheet = overview(load_results(tmp_path), width=128)
    rows = [sheet[20 + 48 + 100 * row] for row in range(2)]
    levels = [[int(row[64 + 132 * column, 0]) for column in range(3)] for row in rows]
    assert levels[0] == [120, 120, 0]
    assert levels[1][0] == levels[1][1]
    assert levels[1][0] in (40, 200)
    assert levels[1][2] == 255


def test_a_sheet_has_the_style_and_every_photo(tmp_path: Path) -> None:
    """A column for each method behind the style's picture, a row for each photo."""
    write(tmp_path, {"impasto": {1.0: (0.4, 0.6)}})
    paint(tmp_path, "photo", "impasto")
    save(np.full((96, 128, 3), 7, np.uint8), tmp_path / "styles" / "udnie.png")
    sheet = style_sheet(load_results(tmp_path), "udnie", photos=3, width=128)
    assert Image.fromarray(sheet).size == (3 * 132 - 4, 20 + 3 * 100)
    assert [int(sheet[68 + 100 * row, 64 + 132, 0]) for row in range(3)] == [40, 120, 200]
    assert int(sheet[68, 64, 0]) == 7
