"""Options that name a folder."""

from pathlib import Path

import pytest

from .conftest import Call

WRITERS = [
    ["web", "export"],
    ["styles", "export", "plain", "-o"],
    ["bake", "plain", "-o"],
    ["demo", "-o"],
]


@pytest.mark.parametrize("words", WRITERS)
@pytest.mark.parametrize(("value", "told"), [("-", "standard output"), ("", "is empty")])
def test_a_folder_that_nobody_means_is_refused(
    call: Call, folder: Path, words: list[str], value: str, told: str
) -> None:
    """Neither a dash nor nothing at all is the name of a folder, and nothing is written."""
    ended = call(*words, value)
    assert (ended.code, ended.out) == (2, "")
    (line,) = ended.lines
    assert told in line
    assert list(folder.iterdir()) == []


def test_a_folder_may_be_called_a_dash(call: Call, folder: Path) -> None:
    """Who writes ./- means a folder of this name."""
    assert call("styles", "export", "plain", "-o", "./-").code == 0
    assert (folder / "-" / "plain.safetensors").is_file()
