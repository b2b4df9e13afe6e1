"""The program as a whole: its verbs, their help, and what the documentation says about them."""

import re
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer

from impasto.cli.ends import EXIT_CODES
from impasto.cli.verbs import make_app

from .conftest import Call

DOCUMENT = Path(__file__).parents[2] / "docs" / "cli.md"


def verbs(command: Any, name: str = "impasto") -> Iterator[tuple[str, Any]]:
    """All commands below one, by their full names, itself first."""
    yield name, command
    for below, group in getattr(command, "commands", {}).items():
        yield from verbs(group, f"{name} {below}")


ALL = dict(verbs(typer.main.get_command(make_app())))


def options(name: str) -> set[str]:
    """Every option that a verb takes, in all spellings."""
    return {
        text for one in ALL[name].params for text in one.opts + one.secondary_opts if "-" in text
    }


@pytest.mark.parametrize("name", ALL)
def test_every_option_is_documented(name: str) -> None:
    """docs/cli.md names each verb, and each of its options as code."""
    text = DOCUMENT.read_text(encoding="utf-8")
    code = set(re.findall(r"`(-[-a-z0-9]+)`", text))
    assert name in text
    assert options(name) <= code, options(name) - code


def test_no_option_is_documented_that_is_not_there() -> None:
    """Each option that docs/cli.md names as code belongs to some verb."""
    code = set(re.findall(r"`(--?[a-z][-a-z0-9]*)`", DOCUMENT.read_text(encoding="utf-8")))
    known = {option for name in ALL for option in options(name)} | {"-h", "--help"}
    assert code <= known, code - known


def test_every_example_parses() -> None:
    """Each `impasto` call among the examples of docs/cli.md is one that the program takes."""
    examples = DOCUMENT.read_text(encoding="utf-8").split("```")[1].splitlines()[1:]
    for example in examples:
        call = re.search(r"impasto ([^|>#]*)", example)
        assert call is not None
        verb, *words = call.group(1).split()
        command = ALL["impasto"].commands[verb]
        command.make_context(verb, words, resilient_parsing=False).close()


@pytest.mark.parametrize("name", ALL)
def test_every_verb_has_help(call: Call, name: str) -> None:
    """--help of each verb says what it does and ends with 0."""
    ended = call(*name.split()[1:], "--help") if name != "impasto paint" else call("paint", "-h")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage: " + name in ended.out


@pytest.mark.parametrize("words", [["--help"], ["paint", "--help"]])
def test_help_tells_the_exit_codes(call: Call, words: list[str]) -> None:
    """The meaning of exit codes is in the help of the program and of `paint`."""
    shown = " ".join(call(*words).out.split())
    assert EXIT_CODES in shown


def test_version(call: Call) -> None:
    """--version prints the name and the installed version."""
    assert call("--version").out == f"impasto {version('impasto')}\n"
