"""Means, intervals and comparisons at equal content loss, of numbers that are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from impasto.bench.quality.results import Results, load_results
from impasto.bench.quality.store import RESULTS
from impasto.bench.quality.summary import Bootstrap
from impasto.core.errors import InputError

PHOTOS = ("a", "b", "c")
STYLES = ("scream", "udnie")
BASE = {"a": 2.0, "b": 4.0, "c": 6.0}


def line(method: str, strength: float, photo: str, style: str, content: float, loss: float) -> dict:
    """A record of one painting."""
    return {
        "kind": "painting",
        "method": method,
        "version": "1",
        "style": style,
        "strength": strength,
        "photo": photo,
        "error": None,
        "marks": {"style": loss, "content": content},
    }


def write(folder: Path, curves: dict[str, dict[float, tuple[float, float]]]) -> Results:
    """Results in which a method has, at each strength, a content loss and a share of the base."""
    records: list[dict] = [
        {"kind": "setup", "format_version": 1, "photos": PHOTOS, "lined": [], "size": 128}
    ]
    for method, curve in {"photo": {1.0: (0.0, 1.0)}, **curves}.items():
        records.append({"kind": "method", "method": method, "version": "1"})
        for strength, (content, share) in curve.items():
            for style in STYLES:
                for photo in PHOTOS:
                    loss = share * BASE[photo]
                    records.append(line(method, strength, photo, style, content, loss))
                key = {"method": method, "version": "1", "style": style, "strength": strength}
                records.append({"kind": "set", **key, "kernel": share, "frechet": share})
    (folder / RESULTS).write_text("\n".join(map(json.dumps, records)) + "\n")
    return load_results(folder)


def test_the_mean_is_divided_by_the_unchanged_photos(tmp_path: Path) -> None:
    """A method with half the loss on every photo has one half, whatever photos are drawn."""
    bootstrap = Bootstrap(write(tmp_path, {"impasto": {1.0: (0.5, 0.5)}}), times=50)
    found = bootstrap.style_loss("impasto")
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    content = bootstrap.mean("impasto", "content")
    assert content is not None
    assert content.value == 0.5
    assert bootstrap.judge("impasto", "kernel") == 0.5
    assert bootstrap.mean("impasto", "ssim") is None


def test_the_interval_holds_what_photos_differ_by(tmp_path: Path) -> None:
    """Of three photos with 2, 4 and 6 the interval of the mean goes from 2 to 6."""
    found = Bootstrap(write(tmp_path, {})).mean("photo", "style")
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx((4, 2, 6))


def test_equal_content_is_between_strengths(tmp_path: Path) -> None:
    """At 0.5 between (0.4, 0.6) and (0.6, 0.2) impasto has 0.4: half of the other's 0.8."""
    curves = {"impasto": {0.5: (0.4, 0.6), 1.0: (0.6, 0.2)}, "wct": {1.0: (0.5, 0.8)}}
    versus = Bootstrap(write(tmp_path, curves), times=50).versus("wct")
    assert versus is not None
    (place,) = versus.places
    assert (place.content, place.nearer) == (0.5, False)
    assert place.ratio.value == pytest.approx(0.5)
    assert place.judge == pytest.approx(0.5)
    assert versus.wins
    assert versus.agrees
    assert (versus.styles, versus.photos) == (2, 3)


def test_beyond_full_strength_ours_counts_as_it_is(tmp_path: Path) -> None:
    """Where the other is further from the photo, impasto's full strength is compared."""
    curves = {"impasto": {1.0: (0.4, 0.6)}, "wct": {0.5: (0.2, 0.9), 1.0: (1.0, 0.3)}}
    versus = Bootstrap(write(tmp_path, curves), times=50).versus("wct")
    assert versus is not None
    assert [place.nearer for place in versus.places] == [False] * 5 + [True]
    # At 0.2, half way from the photo (0, 1) to (0.4, 0.6).
    assert versus.places[0].ratio.value == pytest.approx(0.8 / 0.9)
    # At 0.4 full strength, beside 0.75 between the other's two.
    assert versus.places[4].ratio.value == pytest.approx(0.8)
    assert versus.places[-1].ratio.value == pytest.approx(2)
    assert versus.wins  # wherever both are


def test_without_a_shared_content_loss_the_nearest_counts(tmp_path: Path) -> None:
    """Nearer to photo and style than the other at its weakest wins, whatever it does farther on."""
    curves = {"impasto": {1.0: (0.4, 0.6)}, "wct": {0.5: (0.5, 0.9), 1.0: (1.0, 0.3)}}
    versus = Bootstrap(write(tmp_path, curves), times=50).versus("wct")
    assert versus is not None
    assert [(place.content, place.nearer) for place in versus.places] == [(0.5, True), (1.0, True)]
    assert versus.wins


def test_less_of_the_style_is_no_win_however_near_the_photo(tmp_path: Path) -> None:
    """A method that is always further from the photo is beaten only by less style loss."""
    curves = {"impasto": {1.0: (0.4, 0.6)}, "wct": {1.0: (1.0, 0.3)}}
    versus = Bootstrap(write(tmp_path, curves), times=50).versus("wct")
    assert versus is not None
    (place,) = versus.places
    assert (place.content, place.nearer) == (1.0, True)
    assert not versus.wins


def test_only_what_both_have_painted_is_compared(tmp_path: Path) -> None:
    """A photo that one method lacks is in neither's curve; without any there is no comparison."""
    curves = {"impasto": {1.0: (0.4, 0.5)}, "wct": {1.0: (0.4, 1.0)}}
    write(tmp_path, curves)
    path = tmp_path / RESULTS
    kept = [each for each in path.read_text().splitlines() if '"wct"' not in each or '"a"' in each]
    path.write_text(
        "\n".join([*kept, json.dumps({"kind": "method", "method": "wct", "version": "1"})])
    )
    bootstrap = Bootstrap(load_results(tmp_path), times=50)
    versus = bootstrap.versus("wct")
    assert versus is not None
    assert versus.photos == 1
    assert bootstrap.versus("lst") is None


def test_an_older_version_does_not_count(tmp_path: Path) -> None:
    """Once a method has other weights, only their paintings are in the report."""
    write(tmp_path, {"impasto": {1.0: (0.5, 0.5)}})
    newer = line("impasto", 1.0, "a", "scream", 0.1, 1.0) | {"version": "2"}
    with (tmp_path / RESULTS).open("a") as file:
        for record in ({"kind": "method", "method": "impasto", "version": "2"}, newer):
            file.write(json.dumps(record) + "\n")
    grid = load_results(tmp_path).grid("impasto", 1.0, "content")
    assert grid[0, 0] == 0.1
    assert np.isnan(grid).sum() == 5


def test_without_results(tmp_path: Path) -> None:
    """A folder without results is an error that names it."""
    with pytest.raises(InputError, match="has no results"):
        load_results(tmp_path)
