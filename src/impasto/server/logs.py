"""Structured logs: one line an event, with the id of the request. The only module of structlog."""

import logging
import re
import secrets
import sys
from collections.abc import Mapping
from typing import Any

import structlog

log: Any = structlog.stdlib.get_logger("impasto.server")

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def set_up(*, as_json: bool) -> None:
    """Send everything to standard error, as lines of JSON or for people to read.

    What uvicorn has to say takes the same way; its access log is ours, which leaves out queries
    (a query can hold a token).
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [_for_people()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("watchfiles").setLevel(logging.WARNING)


def _for_people() -> structlog.dev.ConsoleRenderer:
    """With plain tracebacks: others show local variables, and so the headers of requests."""
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


def request_id(headers: Mapping[str, str]) -> str:
    """The caller's own id, if it is a plain one; else a new one."""
    given = headers.get("x-request-id", "")
    return given if _ID.fullmatch(given) else secrets.token_hex(8)


def bind(**facts: str) -> None:
    """Let all further lines of this request tell something."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**facts)
