"""Means, intervals and comparisons at equal content loss, of numbers that are known."""

import json
from collections.abc import Mapping, Sequence
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


def painting(
    method: str, strength: float, photo: str, style: str, content: float, loss: float
) -> dict:
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


def facts_of(method: str, version: str = "1") -> dict:
    """A record of a method."""
    facts = {"about": "a method", "parameters": 0, "gmac_512": None}
    return {"kind": "method", "method": method, "version": version, **facts}


def judged(
    method: str, strength: float, style: str, distance: float, photos: Sequence[str] = PHOTOS
) -> dict:
    """A record of what the judge finds of all paintings, or those of some photos."""
    key = {"method": method, "version": "1", "style": style, "strength": strength}
    found = {"photos": "/".join(photos), "kernel": distance, "frechet": distance}
    return {"kind": "set", **key, **found}


def write(
    folder: Path,
    curves: dict[str, dict[float, tuple[float, float]]],
    judge: Mapping[str, float] | None = None,
) -> Results:
    """Results in which a method has, at each strength, a content loss and a share of the base.

    The judge finds the same share, unless it is told.
    """
    setup = {"kind": "setup", "format_version": 2, "photos": PHOTOS, "lined": [], "size": 128}
    records: list[dict] = [{**setup, "crops": 6, "features": "known numbers"}]
    for method, curve in {"photo": {1.0: (0.0, 1.0)}, **curves}.items():
        records.append(facts_of(method))
        for strength, (content, share) in curve.items():
            for style in STYLES:
                for photo in PHOTOS:
                    loss = share * BASE[photo]
                    records.append(painting(method, strength, photo, style, content, loss))
                records.append(judged(method, strength, style, (judge or {}).get(method, share)))
    add(folder, *records)
    return load_results(folder)


def add(folder: Path, *records: dict) -> None:
    """Append records."""
    with (folder / RESULTS).open("a") as file:
        file.writelines(json.dumps(each) + "\n" for each in records)


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


def test_the_judge_compares_the_same_photos(tmp_path: Path) -> None:
    """Of a method with one photo of three its distance is put beside ours of that photo alone."""
    curves = {"impasto": {1.0: (0.4, 0.5)}, "wct": {1.0: (0.4, 1.0)}}
    write(tmp_path, curves)
    path = tmp_path / RESULTS
    lines = path.read_text().splitlines(keepends=True)
    kept = [each for each in lines if '"wct"' not in each or '"photo": "a"' in each]
    path.write_text("".join(kept))
    add(tmp_path, facts_of("wct"))
    for style in STYLES:
        for method, distance in (("photo", 4.0), ("impasto", 1.0), ("wct", 2.0)):
            add(tmp_path, judged(method, 1.0, style, distance, ["a"]))
    bootstrap = Bootstrap(load_results(tmp_path), times=50)
    assert bootstrap.judge("wct", "kernel") == 0.5
    assert bootstrap.judge("impasto", "kernel") == 0.5  # of all three: 0.5 of 1
    versus = bootstrap.versus("wct")
    assert versus is not None
    assert versus.places[0].judge == pytest.approx(0.5)  # 1 of 4 beside 2 of 4


def test_only_what_both_have_painted_is_compared(tmp_path: Path) -> None:
    """A photo that one method lacks is in neither's curve; without any there is no comparison."""
    curves = {"impasto": {1.0: (0.4, 0.5)}, "wct": {1.0: (0.4, 1.0)}}
    write(tmp_path, curves)
    path = tmp_path / RESULTS
    kept = [each for each in path.read_text().splitlines() if '"wct"' not in each or '"a"' in each]
    path.write_text("\n".join(kept) + "\n")
    add(tmp_path, facts_of("wct"))
    bootstrap = Bootstrap(load_results(tmp_path), times=50)
    versus = bootstrap.versus("wct")
    assert versus is not None
    assert versus.photos == 1
    assert bootstrap.versus("lst") is None


def test_an_older_version_does_not_count(tmp_path: Path) -> None:
    """Once a method has other weights, only their paintings are in the report."""
    write(tmp_path, {"impasto": {1.0: (0.5, 0.5)}})
    newer = painting("impasto", 1.0, "a", "scream", 0.1, 1.0) | {"version": "2"}
    add(tmp_path, facts_of("impasto", "2"), newer)
    grid = load_results(tmp_path).grid("impasto", 1.0, "content")
    assert grid[0, 0] == 0.1
    assert np.isnan(grid).sum() == 5


def test_an_older_code_of_a_style_does_not_count(tmp_path: Path) -> None:
    """Once a style is another one, paintings in its old code are not in the report."""
    write(tmp_path, {})
    add(tmp_path, facts_of("impasto"))
    for style in STYLES:
        add(tmp_path, painting("impasto", 1.0, "a", style, 0.5, 1.0) | {"code": "old"})
        key = {"kind": "code", "method": "impasto", "style": style}
        add(tmp_path, {**key, "code": "new" if style == "udnie" else "old"})
    grid = load_results(tmp_path).grid("impasto", 1.0, "content")
    assert (grid[0, 0], np.isnan(grid).sum()) == (0.5, 5)


def test_a_painting_of_an_unknown_photo(tmp_path: Path) -> None:
    """A photo that is not among those of the set-up is named."""
    write(tmp_path, {})
    add(tmp_path, painting("photo", 1.0, "z", "udnie", 0.5, 1.0))
    with pytest.raises(InputError, match="a painting of 'z'"):
        load_results(tmp_path)


def test_without_results(tmp_path: Path) -> None:
    """A folder without results is an error that names it."""
    with pytest.raises(InputError, match="has no results"):
        load_results(tmp_path)
