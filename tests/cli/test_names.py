"""Names of outputs."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.cli.names import (
    checked_suffix,
    result_name,
    same_file_key,
    separate,
    style_suffix,
)
from impasto.core.errors import SettingsError

stems = st.sampled_from(["a", "A", "b", "a-jpg", "a-png", "a-2", "é", "é"])
suffixes = st.sampled_from([".jpg", ".JPG", ".png", ".webp", ""])
folders = st.sampled_from(["", "x", "X", "x/y"])


@st.composite
def wishes(draw: st.DrawFn) -> list[tuple[Path, Path]]:
    """Sources with targets in few folders under few names, so that many of them clash."""
    sources = draw(st.lists(st.tuples(folders, stems, suffixes), unique=True, max_size=12))
    extension = draw(st.sampled_from([None, ".webp"]))
    return [
        (Path(folder, stem + suffix), Path("out", folder, stem + (extension or suffix or ".png")))
        for folder, stem, suffix in sources
    ]


@given(wishes())
def test_no_two_results_are_one_file(wanted: list[tuple[Path, Path]]) -> None:
    """Whatever the names, every source has a result of its own, on any file system."""
    targets = separate(wanted)
    assert len({same_file_key(target) for target in targets}) == len(wanted)


@given(wishes())
def test_separating_keeps_folder_and_extension(wanted: list[tuple[Path, Path]]) -> None:
    """A result moves neither to another folder nor to another format to avoid a clash."""
    for (_, want), target in zip(wanted, separate(wanted), strict=True):
        assert (target.parent, target.suffix) == (want.parent, want.suffix)


@given(wishes())
def test_what_does_not_clash_keeps_its_name(wanted: list[tuple[Path, Path]]) -> None:
    """Only results that several sources want are renamed."""
    keys = [same_file_key(target) for _, target in wanted]
    for (_, want), key, target in zip(wanted, keys, separate(wanted), strict=True):
        if keys.count(key) == 1:
            assert target == want


def test_sources_of_two_formats_show_their_extension() -> None:
    """a.jpg and a.png that become WebP are a-jpg.webp and a-png.webp, in any order."""
    pairs = [(Path("a.jpg"), Path("a.webp")), (Path("a.png"), Path("a.webp"))]
    assert separate(pairs) == [Path("a-jpg.webp"), Path("a-png.webp")]
    assert separate(pairs[::-1]) == [Path("a-png.webp"), Path("a-jpg.webp")]


def test_sources_of_one_format_are_numbered() -> None:
    """Two a.jpg from different places become a.jpg and a-2.jpg."""
    pairs = [(Path("x/a.jpg"), Path("out/a.jpg")), (Path("y/a.jpg"), Path("out/a.jpg"))]
    assert separate(pairs) == [Path("out/a.jpg"), Path("out/a-2.jpg")]


def test_a_renamed_result_gives_way_to_a_plain_one() -> None:
    """A new name never lands on a name that another source already has."""
    pairs = [
        (Path("a.jpg"), Path("a.webp")),
        (Path("a.png"), Path("a.webp")),
        (Path("a-jpg.jpg"), Path("a-jpg.webp")),
    ]
    assert separate(pairs) == [Path("a-jpg-2.webp"), Path("a-png.webp"), Path("a-jpg.webp")]


@pytest.mark.parametrize(
    ("spec", "suffix"),
    [("scream", ".scream"), ("scream:0.6,great-wave:0.4", ".scream-0.6+great-wave-0.4")],
)
def test_style_suffix_is_a_legal_name(spec: str, suffix: str) -> None:
    """The spec's colons and commas, which file names may not hold, are replaced."""
    assert style_suffix(spec) == suffix


def test_result_name_keeps_dots_of_the_stem() -> None:
    """Only the last extension of a photo is replaced."""
    assert result_name(Path("trip/a.b.jpg"), ".scream", ".png") == "a.b.scream.png"


@pytest.mark.parametrize("text", ["", "/x", "a\\b", "x:y", "a\nb", "a\0b", "*"])
def test_suffix_that_is_no_part_of_a_name_is_refused(text: str) -> None:
    """A suffix that could leave the folder or break the name is named in the error."""
    with pytest.raises(SettingsError, match="--suffix"):
        checked_suffix(text)
