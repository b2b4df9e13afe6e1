"""The process of a job, and what it says."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from typing import Final

from impasto.server.job_commands import Command, Line

_LONGEST: Final = 64 * 1024
"""Bytes of a line."""
_PATIENCE: Final = 30.0
"""Seconds to end in order; then it is killed."""


class JobProcess:
    """Runs a command in a folder.

    Args:
        command: what runs.
        folder: where.
        environment: its variables.
    """

    def __init__(self, command: Command, folder: Path, environment: Mapping[str, str]) -> None:
        self._command, self._folder, self._environment = command, folder, dict(environment)
        self._process: asyncio.subprocess.Process | None = None
        self._ending = False
        self.last_words = "the process ended without a word"
        """The last line that it said."""

    def end(self) -> None:
        """Let it end in order, and by force if it takes too long."""
        self._ending = True
        if self._process is not None:
            self._signal(self._command.end_with)
            asyncio.get_running_loop().call_later(_PATIENCE, self._signal, SIGKILL)

    async def lines(self) -> AsyncIterator[Line]:
        """What it says about its progress, until it has ended.

        Raises:
            TooMuchError: it is more than is allowed; it was ended.
        """
        if self._ending:
            return
        process = self._process = await self._started()
        if self._ending:  # meanwhile
            self.end()
        try:
            while process.stdout and (line := await process.stdout.readline()):
                told = self._read(line.decode("utf-8", "replace").strip())
                if told is not None:
                    yield told
        finally:
            if self._ending:
                await process.wait()
            self._signal(SIGKILL)
            await process.wait()

    async def _started(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "impasto.server.child"),
            *(str(os.getpid()), str(self._command.memory)),
            *self._command.args,
            cwd=self._folder,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=_LONGEST,
        )

    def _read(self, text: str) -> Line | None:
        """Its progress, if the line tells it; else it may be its last word."""
        if text and not text.startswith(("{", "impasto: warning:")):
            words = text.removeprefix("impasto: ").replace(f"{self._folder}{os.sep}", "")
            self.last_words = words[:500]
        try:
            return self._command.read(text)
        except (ValueError, KeyError, TypeError):
            return None

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
