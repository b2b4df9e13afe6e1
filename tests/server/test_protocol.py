"""Connections that stall, against the protocol alone: its patience is shorter here."""

import asyncio
import socket
import time
from typing import Any

import pytest

uvicorn = pytest.importorskip("uvicorn")

from uvicorn.server import ServerState  # noqa: E402

from impasto.server.protocol import PatientProtocol  # noqa: E402


class Impatient(PatientProtocol):
    """Gives up soon."""

    stalled_seconds = 1.0


async def many_bytes(scope: Any, receive: Any, send: Any) -> None:
    """An answer of 40 MB."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(40):
        await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def served(client: Any) -> Any:
    """What a client that runs in a thread returns, and the connections that are left then."""

    async def run() -> Any:
        config = uvicorn.Config(many_bytes, log_config=None)
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Impatient(config, state, {}), "127.0.0.1", 0)
        found = await asyncio.to_thread(client, server.sockets[0].getsockname())
        async with asyncio.timeout(60):
            while state.connections:
                await asyncio.sleep(0.05)
        server.close()
        return found

    return asyncio.run(run())


def test_a_client_that_takes_nothing_is_cut_off() -> None:
    """The connection is aborted, so that its answer does not stay in memory."""

    def take_nothing(address: tuple[str, int]) -> int:
        taken = 0
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            time.sleep(4)
            try:
                while part := connection.recv(2**20):
                    taken += len(part)
            except ConnectionResetError:
                pass
        return taken

    assert served(take_nothing) < 40 * 2**20


def test_a_client_that_takes_slowly_gets_everything() -> None:
    """As long as something is taken, the answer goes on."""

    def take_slowly(address: tuple[str, int]) -> int:
        taken = 0
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            while part := connection.recv(2**22):
                taken += len(part)
                time.sleep(0.01)
        return taken

    assert served(take_slowly) > 40 * 2**20
