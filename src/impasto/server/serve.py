"""Runs the server until it is told to end, and lets it end well."""

import logging
import signal
import socket
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from impasto.core.errors import ImpastoWarning, OutputError
from impasto.core.files import reason
from impasto.engine.backend import Backend
from impasto.engine.model import Model
from impasto.server.app import make_app
from impasto.server.logs import log
from impasto.server.protocol import PatientProtocol
from impasto.server.settings import ServeSettings
from impasto.server.studio import Studio, make_studio

_CONNECTIONS = 1024


def serve(
    settings: ServeSettings,
    model: Model,
    backend: Backend | None = None,
    *,
    tell: Callable[[str], None],
) -> None:
    """Serve until SIGTERM, SIGHUP or Ctrl-C; what was accepted is finished first.

    Args:
        settings: what the operator has set.
        model: what paints.
        backend: runs the graphs; None opens the default one.
        tell: gets the address, when it can be called.

    Raises:
        OutputError: the address cannot be taken, or another server works in the folder of jobs.
        KeyboardInterrupt: a second Ctrl-C, which drops what was accepted.
    """
    studio = make_studio(settings, model, backend)
    config = uvicorn.Config(
        make_app(studio),
        http=PatientProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=round(settings.shutdown_seconds),
    )
    with _listening(settings) as listener:
        port = listener.getsockname()[1]
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        tell(f"http://{host}:{port}/")
        with _warnings_as_lines():
            server = _Server(config, studio)
            server.run(sockets=[listener])
    if server.force_exit:
        raise KeyboardInterrupt


@contextmanager
def _warnings_as_lines() -> Iterator[None]:
    def show(message: Warning | str, *_: object, **__: object) -> None:
        log.warning("warning", detail=str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", ImpastoWarning)
        warnings.showwarning = show
        yield


class _Server(uvicorn.Server):
    """Tells the studio at once that the end has come, so that streams without end end."""

    def __init__(self, config: uvicorn.Config, studio: Studio) -> None:
        super().__init__(config)
        self._studio = studio

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Uvicorn's own signals, and that of a closed terminal, unless it is ignored (`nohup`)."""
        hangup = getattr(signal, "SIGHUP", None)
        with super().capture_signals():
            if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
                yield
                return
            before = signal.signal(hangup, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hangup, before)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by a signal."""
        self._studio.end()
        # Not uvicorn's own way, which raises the signal again at the end: a server that was told to
        # end, and finished what it had, has done all that was asked.
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
            # It would tell only where each request that is dropped was, as if that were a fault.
            logging.getLogger("uvicorn.error").disabled = True
        self.should_exit = True


def _listening(settings: ServeSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        where = f"{settings.host} port {settings.port}"
        raise OutputError(f"cannot listen on {where}: {reason(error)}") from error
    return listener
