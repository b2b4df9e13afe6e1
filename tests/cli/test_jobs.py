"""The plan of a call of `impasto paint`."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.cli.jobs import Job, Naming, Plan, identities, is_one_of, make_plan
from impasto.cli.names import same_file_key
from impasto.core.errors import SettingsError
from impasto.media.formats import PNG, WEBP, Format


def touch(top: Path, *names: str) -> None:
    """Make empty files; planning looks at names only."""
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()


def plan_in(top: Path, *inputs: str, **naming: Any) -> Plan:
    """Plan with the style scream from inside `top`."""
    before = Path.cwd()
    os.chdir(top)
    try:
        return make_plan(inputs, Naming(".scream", **naming))
    finally:
        os.chdir(before)


def targets(plan: Plan) -> dict[str, str]:
    """The plan as {source: target}, with forward slashes."""
    return {
        job.source.as_posix() if job.source else "-": job.target.as_posix() if job.target else "-"
        for job in plan.jobs
    }


def test_without_out_a_photo_lies_beside_its_input(tmp_path: Path) -> None:
    """a.jpg becomes a.scream.jpg in its own folder."""
    touch(tmp_path, "x/a.jpg")
    assert targets(plan_in(tmp_path, "x/a.jpg")) == {"x/a.jpg": "x/a.scream.jpg"}


def test_without_out_a_folder_lies_beside_its_input(tmp_path: Path) -> None:
    """The folder trip becomes trip.scream with the same tree and the same names."""
    touch(tmp_path, "trip/a.jpg", "trip/day/b.png")
    expected = {"trip/a.jpg": "trip.scream/a.jpg", "trip/day/b.png": "trip.scream/day/b.png"}
    assert targets(plan_in(tmp_path, "trip")) == expected
    assert targets(plan_in(tmp_path, "trip/")) == expected


def test_here_has_a_name(tmp_path: Path) -> None:
    """The folder '.' is named by what it is called, so its result does not land inside it."""
    touch(tmp_path, "trip/a.jpg")
    plan = plan_in(tmp_path / "trip", ".")
    assert [job.target for job in plan.jobs] == [tmp_path / "trip.scream" / "a.jpg"]


def test_one_folder_is_mirrored_into_out(tmp_path: Path) -> None:
    """The tree of a single folder starts in OUT itself."""
    touch(tmp_path, "trip/a.jpg", "trip/day/b.png")
    assert targets(plan_in(tmp_path, "trip", out="new")) == {
        "trip/a.jpg": "new/a.jpg",
        "trip/day/b.png": "new/day/b.png",
    }


def test_several_folders_keep_their_names(tmp_path: Path) -> None:
    """Trees of several inputs are never merged."""
    touch(tmp_path, "one/a.jpg", "two/a.jpg", "a.jpg")
    assert targets(plan_in(tmp_path, "one", "two", "a.jpg", out="new")) == {
        "one/a.jpg": "new/one/a.jpg",
        "two/a.jpg": "new/two/a.jpg",
        "a.jpg": "new/a.jpg",
    }


def test_suffix_marks_every_result(tmp_path: Path) -> None:
    """--suffix replaces the style's name beside the input, and is added to names in OUT."""
    touch(tmp_path, "trip/a.jpg", "b.jpg")
    assert targets(plan_in(tmp_path, "b.jpg", suffix="-p")) == {"b.jpg": "b-p.jpg"}
    assert targets(plan_in(tmp_path, "trip", suffix="-p")) == {"trip/a.jpg": "trip-p/a.jpg"}
    assert targets(plan_in(tmp_path, "trip", out="new", suffix="-p")) == {
        "trip/a.jpg": "new/a-p.jpg"
    }


def test_a_format_applies_to_every_result(tmp_path: Path) -> None:
    """With a format asked for, photos of one stem are told apart."""
    touch(tmp_path, "trip/a.jpg", "trip/a.png", "trip/b.png")
    assert targets(plan_in(tmp_path, "trip", out="new", format=WEBP)) == {
        "trip/a.jpg": "new/a-jpg.webp",
        "trip/a.png": "new/a-png.webp",
        "trip/b.png": "new/b.webp",
    }


def test_a_photo_without_a_writable_suffix_becomes_png(tmp_path: Path) -> None:
    """A name that tells no format that can be written gets one without loss."""
    touch(tmp_path, "photo")
    assert targets(plan_in(tmp_path, "photo")) == {"photo": "photo.scream.png"}


@pytest.mark.parametrize(
    ("out", "expected"),
    [("new.png", "new.png"), ("new", "new/a.jpg"), ("old", "old/a.jpg"), ("n.v/", "n.v/a.jpg")],
)
def test_out_is_a_file_when_it_ends_like_one(tmp_path: Path, out: str, expected: str) -> None:
    """With one photo, OUT is a file if it has a suffix and is no folder yet."""
    touch(tmp_path, "a.jpg", "old/x")
    assert targets(plan_in(tmp_path, "a.jpg", out=out)) == {"a.jpg": expected}


def test_standard_streams(tmp_path: Path) -> None:
    """'-' is standard input and output; standard input goes to standard output by itself."""
    touch(tmp_path, "a.jpg")
    assert plan_in(tmp_path, "-").jobs == [Job(None, None)]
    assert plan_in(tmp_path, "-", out="-").jobs == [Job(None, None)]
    assert plan_in(tmp_path, "-", out="b.png").jobs == [Job(None, Path("b.png"))]
    assert plan_in(tmp_path, "a.jpg", out="-").jobs == [Job(Path("a.jpg"), None)]


@pytest.mark.parametrize(
    ("inputs", "naming"),
    [
        (["-", "a.jpg"], {}),
        (["-"], {"out": "trip"}),
        (["-"], {"suffix": "-p"}),
        ([""], {}),
        (["a.jpg"], {"out": ""}),
        (["a.jpg"], {"out": os.devnull}),
        (["a.jpg"], {"out": "notes"}),
        (["a.jpg", "b.jpg"], {"out": "notes"}),
        (["a.jpg", "b.jpg"], {"out": "-"}),
        (["a.jpg", "b.jpg"], {"out": "c.jpg"}),
        (["trip"], {"out": "c.jpg"}),
        (["trip"], {"out": "-"}),
        (["a.jpg"], {"out": "c.jpg", "suffix": "-p"}),
        (["a.jpg"], {"out": "c.gif"}),
        (["a.jpg"], {"out": "c.jpg", "format": PNG}),
    ],
)
def test_contradictions_are_refused(
    tmp_path: Path, inputs: list[str], naming: dict[str, Any]
) -> None:
    """What -o, the inputs and the suffix cannot mean together is wrong usage."""
    touch(tmp_path, "a.jpg", "b.jpg", "trip/c.jpg", "notes")
    with pytest.raises(SettingsError):
        plan_in(tmp_path, *inputs, **naming)


def test_missing_and_empty_inputs_are_problems(tmp_path: Path) -> None:
    """An input that cannot be painted is named, and the others are planned."""
    touch(tmp_path, "a.jpg", "empty/notes.txt")
    plan = plan_in(tmp_path, "gone.jpg", "empty", "a.jpg", "x\0y")
    assert [problem.source for problem in plan.problems] == ["gone.jpg", "empty", "x\0y"]
    assert targets(plan) == {"a.jpg": "a.scream.jpg"}


def test_a_folder_that_cannot_be_listed_is_one_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may not be looked into is told once, with the system's reason."""
    (tmp_path / "closed").mkdir()

    def refuse(path: str) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)  # permissions do not keep root out
    (problem,) = plan_in(tmp_path, "closed").problems
    assert (problem.source, problem.reason) == ("closed", "Permission denied")


def test_a_photo_named_twice_is_painted_once(tmp_path: Path) -> None:
    """Naming a photo again, alone or by its folder, adds nothing."""
    touch(tmp_path, "trip/a.jpg")
    plan = plan_in(tmp_path, "trip/a.jpg", "./trip/a.jpg", "trip", out="new")
    assert targets(plan) == {"trip/a.jpg": "new/a.jpg"}


def test_results_of_an_earlier_call_are_not_inputs(tmp_path: Path) -> None:
    """An output folder inside the input, and marked results in the tree itself, are left out."""
    touch(tmp_path, "trip/a.jpg", "trip/new/a.jpg")
    assert list(targets(plan_in(tmp_path, "trip", out="trip/new"))) == ["trip/a.jpg"]
    touch(tmp_path, "day/a.jpg", "day/a-p.jpg")
    assert targets(plan_in(tmp_path, "day", out="day", suffix="-p")) == {"day/a.jpg": "day/a-p.jpg"}


def test_results_that_a_pattern_finds_are_not_inputs(tmp_path: Path) -> None:
    """What another input of the call becomes is not painted once more; any other file is."""
    touch(tmp_path, "a.jpg", "a.scream.jpg", "b.scream.jpg")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert targets(plan_in(tmp_path, *names)) == {
        "a.jpg": "a.scream.jpg",
        "b.scream.jpg": "b.scream.scream.jpg",
    }


def test_an_input_is_known_by_any_name(tmp_path: Path) -> None:
    """A target that is a link to an input counts as that input."""
    touch(tmp_path, "a.jpg")
    (tmp_path / "b.jpg").symlink_to("a.jpg")
    sources = identities(Plan([Job(tmp_path / "a.jpg", None)]))
    assert is_one_of(tmp_path / "b.jpg", sources)
    assert not is_one_of(tmp_path / "c.jpg", sources)


tree_names = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "x/", "x/y/", "z/"]),
    st.sampled_from(["a", "b", "a.scream"]),
    st.sampled_from([".jpg", ".png", ".webp", ".txt"]),
)


@given(st.sets(tree_names, min_size=1), st.sampled_from([None, WEBP]), st.booleans())
def test_a_tree_is_mirrored(
    tmp_path_factory: pytest.TempPathFactory, names: set[str], format: Format | None, named: bool
) -> None:
    """Each picture of a tree, and nothing else, gets its own result in the same place."""
    top = tmp_path_factory.mktemp("tree")
    touch(top / "in", *names)
    out = top / "out" if named else top / "in.scream"
    naming = Naming(".scream", out=str(out) if named else None, format=format)
    plan = make_plan([str(top / "in")], naming)
    pictures = {top / "in" / name for name in names if not name.endswith(".txt")}
    assert {job.source for job in plan.jobs} == pictures
    assert len({same_file_key(job.target) for job in plan.jobs if job.target}) == len(pictures)
    for job in plan.jobs:
        assert job.source is not None
        assert job.target is not None
        assert job.target.parent == out / job.source.relative_to(top / "in").parent
