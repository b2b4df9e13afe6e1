"""`impasto bench vote` and `votes`: people say which painting is better, and what came of it."""

import json
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.bench import ReportFile, keep
from impasto.cli.options import AsJson
from impasto.cli.streams import answer, say

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Holds pictures/METHOD/STYLE/PHOTO.png, photos/PHOTO.png and styles/STYLE.png.",
        show_default=False,
    ),
]


def vote(
    folder: Folder,
    method: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A method to vote on; may be given repeatedly.  \\[default: all]"
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Where the page is; 0 takes any free port.")
    ] = 8642,
    browse: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in the browser.")
    ] = True,
) -> None:
    """Serve a page to this machine alone on which people compare and rate paintings.

    The page names no method. Each answer is in DIR/votes.sqlite at once; another call goes on.
    Ctrl-C ends it.
    """
    from impasto.bench.vote_ballot import Ballot
    from impasto.bench.vote_server import VoteServer
    from impasto.bench.vote_set import VOTES, read_set
    from impasto.bench.vote_store import VoteStore

    pictures = read_set(folder, method or ())
    with (
        closing(VoteStore(folder / VOTES)) as store,
        VoteServer(Ballot(pictures, store), port) as server,
    ):
        answer(server.url)
        say(f"{len(pictures.methods)} methods; answers go to {folder / VOTES}; Ctrl-C ends")
        if browse:
            _open(server.url)
        with suppress(KeyboardInterrupt):  # the usual end: nothing is left undone
            server.serve_forever()


def _open(url: str) -> None:
    import webbrowser

    if not webbrowser.open(url):
        say(f"no browser could be opened: open {url}")


def votes(folder: Folder, as_json: AsJson = False, out: ReportFile = None) -> None:
    """Report what people's votes say: Bradley-Terry scores, mean ratings, and their intervals.

    Prints a Markdown table. Says when there are too few votes.
    """
    from impasto.bench.vote_report import report_votes
    from impasto.bench.vote_set import VOTES
    from impasto.bench.vote_store import read_answers
    from impasto.bench.vote_table import markdown

    report = report_votes(read_answers(folder / VOTES))
    answer(json.dumps(report.as_dict()) if as_json else markdown(report))
    keep(report.as_dict(), out)
