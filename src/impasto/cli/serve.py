"""The verb `serve`: the page and the HTTP API."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from impasto.cli.extras import need
from impasto.cli.folders import folder_named
from impasto.cli.options import ModelName
from impasto.cli.streams import say
from impasto.engine.model import DEFAULT_MODEL, load_model

_WHO, _HOW_MUCH, _WHERE = "Who may call", "How much", "Where things lie"

Host = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where to listen; any but this machine's own asks for a token.  "
        "\\[default: 127.0.0.1]",
        rich_help_panel=_WHO,
    ),
]
Port = Annotated[
    int | None,
    typer.Option(metavar="N", help="0 takes a free one.  \\[default: 8000]", rich_help_panel=_WHO),
]
Token = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="What callers must bring; needed for a host that others can reach. Better set it by "
        "IMPASTO_SERVE_TOKEN, which other users of this machine cannot see.",
        rich_help_panel=_WHO,
    ),
]
Queue = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Requests that may wait; more are turned away.  \\[default: 16]",
        rich_help_panel=_HOW_MUCH,
    ),
]
Deadline = Annotated[
    float | None,
    typer.Option(
        metavar="SECONDS",
        help="What one painting may take, with waiting.  \\[default: 30]",
        rich_help_panel=_HOW_MUCH,
    ),
]
LibraryOf = Annotated[
    Path | None,
    typer.Option(
        "--library",
        parser=folder_named,
        metavar="FOLDER",
        help="Your styles, instead of those of the other verbs.",
        rich_help_panel=_WHERE,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        parser=folder_named,
        metavar="FOLDER",
        help="Where jobs are kept.",
        rich_help_panel=_WHERE,
    ),
]


def serve(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    token: Token = None,
    queue: Queue = None,
    deadline: Deadline = None,
    library: LibraryOf = None,
    data: Data = None,
    model: ModelName = DEFAULT_MODEL,
) -> None:
    """Serve the page and the HTTP API, on this machine unless told otherwise.

    What strangers send is decoded in processes of its own. Ctrl-C finishes what was accepted.
    Everything else is set by variables IMPASTO_SERVE_...: see docs/server.md. Needs the extra
    `server`.
    """
    need("serving", "server", "fastapi", "uvicorn", "multipart", "structlog", "watchfiles")
    from impasto.server.logs import set_up
    from impasto.server.serve import serve as run
    from impasto.server.settings import settings_from

    settings = settings_from(
        host=host,
        port=port,
        token=token,
        queue=queue,
        deadline=deadline,
        library=library,
        data=data,
    )
    set_up(as_json=not (sys.stderr and sys.stderr.isatty()))
    hint = " (in a browser: add ?token= and the token)" if settings.token else ""
    run(
        settings,
        load_model(model),
        context.obj,
        tell=lambda address: say(f"serving on {address}{hint}"),
    )
