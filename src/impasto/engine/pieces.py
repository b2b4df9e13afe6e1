"""A long video in pieces: each is noted in a journal when it is on the disk, so nothing is lost."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from impasto.core.arrays import RGB
from impasto.core.errors import InputError, OutputError
from impasto.core.files import reason, shown
from impasto.core.folder_lock import FolderLock
from impasto.engine.drift import Drift
from impasto.engine.film import Batch, Restart
from impasto.engine.following import Past
from impasto.engine.journal import differences, note, read_journal, write_journal
from impasto.engine.selection import Mark
from impasto.media.video_join import Piece

_JOURNAL, _LOCK = "journal.jsonl", "work.lock"


class FrameWriter(Protocol):
    """Takes the frames of one piece."""

    @property
    def path(self) -> Path:
        """The file or folder of the piece."""
        ...

    @property
    def depth(self) -> int:
        """How many places a packet may lie behind its turn; 0 where there are no packets."""
        ...

    def write(self, pixels: RGB, pts: int) -> None:
        """Take the next frame."""
        ...

    def close(self) -> None:
        """Bring all to the disk."""
        ...

    def abandon(self) -> None:
        """Let go of it without more ado."""
        ...


Begin = Callable[[Path, int], FrameWriter]
"""Starts a piece: its path without a suffix, and the number of its first frame."""


@dataclass(frozen=True)
class Done:
    """A piece that is on the disk, and how to go on behind it."""

    piece: Piece
    end: int
    """The tick at which its last frame ends."""
    restart: Restart
    is_last: bool
    damage: str | None = None
    """What was wrong with the input, as far as it had been read."""


class WorkFolder:
    """The unfinished video beside the one to be: pieces, and a journal that counts them.

    Folders above it are made. No other call works there until it is released or removed.

    Args:
        folder: where it is.
        call: what must be the same for going on: the input, styles, settings and versions.
        resume: go on with what is there, if anything is.
        overwrite: otherwise, throw away what is there.

    Raises:
        InputError: what is there is damaged, or belongs to another call.
        OutputError: something is there and neither is given, another call works there, or it
            cannot be written.
    """

    def __init__(
        self, folder: Path, call: Mapping[str, Any], *, resume: bool, overwrite: bool = False
    ) -> None:
        self.folder, self._journal = folder, folder / _JOURNAL
        if not (folder / _LOCK).exists():
            self._refuse_strangers()  # before anything is put there
        self._made = [each for each in folder.parents if not each.exists()]
        self.done: list[Done] = []
        self._lock = FolderLock(folder, _LOCK, _held(folder))
        try:
            self._open(call, resume=resume, overwrite=overwrite)
        except BaseException:
            self.release()
            raise

    @property
    def restart(self) -> Restart | None:
        """Where to go on; None at the start."""
        if not self.done:
            return None
        last = self.done[-1].restart
        return replace(last, past=_load_past(_past_of(self.folder, last.painted)))

    @property
    def is_whole(self) -> bool:
        """Whether all frames are there, and only the end was missing."""
        return bool(self.done) and self.done[-1].is_last

    @property
    def frames(self) -> int:
        """How many frames are there."""
        return self.done[-1].restart.painted if self.done else 0

    @property
    def damage(self) -> str | None:
        """What was wrong with the input; None if nothing was."""
        return next((each.damage for each in reversed(self.done) if each.damage), None)

    def commit(self, done: Done) -> None:
        """Note a piece; from now on it outlives the process."""
        try:
            note(self._journal, _entry(done))
        except OSError as error:
            raise OutputError(f"cannot write {shown(self._journal)}: {reason(error)}") from error
        if self.done:
            _past_of(self.folder, self.done[-1].restart.painted).unlink(missing_ok=True)
        self.done.append(done)

    @property
    def is_kept(self) -> bool:
        """Whether there are pieces to go on with; somebody may have taken them away."""
        pieces = [done.piece.path for done in self.done]
        return self._journal.exists() and bool(pieces) and pieces[0].exists()

    def release(self) -> None:
        """Let other calls work there; without anything in it the folder goes."""
        self._lock.remove()
        for folder in (self.folder, *self._made):
            with suppress(OSError):
                folder.rmdir()

    def remove(self) -> None:
        """Remove all of it; the video is whole, or nothing of it is worth keeping.

        Folders above it that were made for it go, too, if nothing is in them.
        """
        self._clear()
        self.release()

    def _open(self, call: Mapping[str, Any], *, resume: bool, overwrite: bool) -> None:
        is_there = self._journal.exists()
        if is_there and resume:
            self._go_on(call)
            return
        if is_there and not overwrite:
            raise OutputError(
                f"{shown(self.folder)} holds an unfinished video: --resume goes on with it, "
                "--overwrite starts again"
            )
        if is_there:
            self._clear()
        self._refuse_strangers()
        write_journal(self._journal, call)

    def _refuse_strangers(self) -> None:
        if self._journal.exists() or not self.folder.is_dir():
            return
        if any(path.name != _LOCK for path in self.folder.iterdir()):
            raise OutputError(f"{shown(self.folder)} is in the way: move it, or name another -o")

    def _clear(self) -> None:
        """Remove all but the lock; the journal last, which tells that the folder is ours."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        for path in sorted(found, key=lambda path: path == self._journal):
            if path.name == _LOCK:
                continue
            with suppress(OSError):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _go_on(self, call: Mapping[str, Any]) -> None:
        before, entries = read_journal(self._journal)
        if other := differences(before, call):
            raise InputError(
                f"{shown(self.folder)} holds the start of another call, which differs in "
                f"{', '.join(other)}: give the same options, or remove it"
            )
        try:
            found = [_done(entry, self.folder) for entry in entries]
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise InputError(f"{shown(self._journal)} is damaged: remove the folder") from error
        self.done = list(takewhile(lambda done: done.piece.path.exists(), found))
        # Without a line that was cut off, and without pieces that somebody took away.
        write_journal(self._journal, before, [_entry(done) for done in self.done])


class Recorder:
    """Writes batches into pieces; the last stage of painting.

    A piece ends with the first batch that fills it, so that pieces are the same on every run.

    Args:
        folder: where pieces go.
        begin: starts a piece.
        frames: how many fill a piece.
        restart: where the first piece begins.
    """

    def __init__(self, folder: Path, begin: Begin, frames: int, restart: Restart | None) -> None:
        self._folder, self._begin, self._full = folder, begin, max(1, frames)
        self._number = restart.painted if restart else 0
        self._writer: FrameWriter | None = None
        self._first = self._end = self._count = 0
        self._path = folder

    def take(self, batch: Batch) -> Done | None:
        """Write a batch; the piece that it fills, or that is the last."""
        for painting in batch.paintings:
            self._open(painting.pts).write(painting.pixels, painting.pts)
            self._count += 1
            self._end = painting.pts + painting.duration
        if self._writer is None or not (self._count >= self._full or batch.is_last):
            return None
        return self._close(self._writer, batch)

    def abandon(self) -> None:
        """Stop; the piece that is not full is of no use."""
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def _open(self, pts: int) -> FrameWriter:
        if self._writer is None:
            self._path = self._folder / f"piece-{self._number:09d}"
            self._first, self._count = pts, 0
            self._writer = self._begin(self._path, self._number)
        return self._writer

    def _close(self, writer: FrameWriter, batch: Batch) -> Done:
        writer.close()
        self._writer = None
        self._number += self._count
        restart = batch.restart
        if restart.past is not None:
            _save_past(_past_of(self._folder, restart.painted), restart.past)
        piece = Piece(writer.path, self._first, self._count, writer.depth)
        return Done(piece, self._end, restart, batch.is_last)


def _held(folder: Path) -> str:
    return f"another call works in {shown(folder)}: wait for its end, or name another -o"


def _past_of(folder: Path, painted: int) -> Path:
    """Where that is kept which the next painting goes on from, without loss."""
    return folder / f"past-{painted:09d}.npz"


def _save_past(path: Path, past: Past) -> None:
    drift = past.drift or Drift(np.empty((0, 0, 2), np.float32))
    try:
        with path.open("wb") as file:
            np.savez(file, painted=past.painted, offsets=drift.offsets, whole=drift.whole)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(f"cannot write {shown(path)}: {reason(error)}") from error


def _load_past(path: Path) -> Past | None:
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as arrays:
        drift = Drift(arrays["offsets"], arrays["whole"])
        return Past(arrays["painted"], drift if drift.offsets.size else None)


def _entry(done: Done) -> dict[str, Any]:
    return {
        "piece": {**asdict(done.piece), "path": done.piece.path.name},
        "end": done.end,
        "feed": asdict(done.restart.feed),
        "painted": done.restart.painted,
        "is_last": done.is_last,
        "damage": done.damage,
    }


def _done(entry: dict[str, Any], folder: Path) -> Done:
    piece = Piece(**{**entry["piece"], "path": folder / Path(entry["piece"]["path"]).name})
    restart = Restart(Mark(**entry["feed"]), int(entry["painted"]))
    return Done(piece, int(entry["end"]), restart, bool(entry["is_last"]), entry["damage"])
