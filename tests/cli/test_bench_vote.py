"""The verbs `bench vote` and `bench votes`: real processes, killed and started again."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ..votes import save_votes_folder
from .conftest import COMMAND, Call

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@contextmanager
def voting(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address; it is killed at the end."""
    call = [*COMMAND, "bench", "vote", str(folder), "--no-open", "--port", "0", *words]
    with subprocess.Popen(
        call,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def ask(url: str, what: str, **fields: object) -> dict[str, Any]:
    """Make one call."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}api/{what}", json.dumps(fields).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
        told: dict[str, Any] = json.load(response)
    return told


@posix
def test_a_killed_vote_goes_on(folder: Path, call: Call) -> None:
    """After kill -9 the answer is there, the next question is the same, and Ctrl-C ends well."""
    save_votes_folder(folder)
    with voting(folder) as (process, url):
        voter = ask(url, "voter", name="Ada")["voter"]
        who: dict[str, Any] = {"voter": voter, "mode": "compare"}
        draw = ask(url, "next", **who)["questions"][0]["draw"]
        waiting = ask(url, "answer", **who, draw=draw, choice="right")
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with voting(folder) as (process, url):
        assert ask(url, "voter", name="ada")["voter"] == voter
        assert ask(url, "next", **who) == waiting
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 0
        assert "Traceback" not in errors
    report = json.loads(call("bench", "votes", folder, "--json", "-o", "votes.json").out)
    assert (report["voters"], report["comparisons"]) == (1, 1)
    assert json.loads(Path("votes.json").read_text()) == report
    assert "Careful: too few voters: 1" in call("bench", "votes", folder).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["vote", "none", "--no-open"], "none"),
        (["vote", ".", "--method", "delta", "--no-open"], "no method 'delta'"),
        (["vote", ".", "--port", "70000"], "65535"),
        (["votes", "none"], "impasto bench vote collects them"),
    ],
)
def test_wrong_usage(folder: Path, call: Call, words: list[str], told: str) -> None:
    """A folder without pictures or votes, an unknown method and an impossible port are one line."""
    save_votes_folder(folder)
    ended = call("bench", *words)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.lines[-1]
