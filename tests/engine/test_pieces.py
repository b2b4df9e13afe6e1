"""Pieces of a long video and their journal."""

import json
from pathlib import Path

import numpy as np
import pytest

from impasto.core.errors import InputError, OutputError
from impasto.engine.drift import Drift
from impasto.engine.film import Batch, Painting, Restart
from impasto.engine.following import Past
from impasto.engine.journal import differences, read_journal, write_journal
from impasto.engine.pieces import Done, Recorder, WorkFolder
from impasto.engine.selection import Mark

PIXELS = np.zeros((4, 4, 3), np.uint8)


class Writer:
    """Notes the frames of a piece in a file."""

    depth = 0

    def __init__(self, path: Path, number: int) -> None:
        self.path, self.times = path, [number]

    def write(self, pixels: np.ndarray, pts: int) -> None:
        """Note a time."""
        self.times.append(pts)

    def close(self) -> None:
        """Bring it to the disk."""
        self.path.write_text(json.dumps(self.times))

    def abandon(self) -> None:
        """Nothing is on the disk."""


def batch(count: int, painted: int, is_last: bool = False, past: Past | None = None) -> Batch:
    """The next frames, ten ticks long each."""
    paintings = [Painting(10 * n, 10, PIXELS) for n in range(painted - count, painted)]
    return Batch(paintings, Restart(Mark(painted // 2, 5), painted, past), is_last)


def record(folder: WorkFolder, batches: list[Batch], full: int = 3) -> list[Done]:
    """Commit the pieces that batches make."""
    recorder = Recorder(folder.folder, Writer, full, folder.restart)
    done = [made for each in batches if (made := recorder.take(each))]
    for each in done:
        folder.commit(each)
    return done


def test_a_piece_ends_with_the_batch_that_fills_it(tmp_path: Path) -> None:
    """Batches are never divided, and the last piece is as long as it is."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    done = record(folder, [batch(2, 2), batch(0, 2), batch(4, 6), batch(1, 7, is_last=True)])
    assert [(each.piece.first, each.piece.frames, each.end) for each in done] == [
        (0, 6, 60),
        (60, 1, 70),
    ]
    assert [each.is_last for each in done] == [False, True]
    assert folder.is_whole
    assert (folder.frames, folder.damage) == (7, None)


def test_what_was_noted_is_read_back(tmp_path: Path) -> None:
    """After a restart all pieces are there, with the place to go on and the last painting."""
    past = Past(np.full((2, 4, 4, 3), 1.5, np.float32), Drift(np.ones((1, 1, 2), np.float32)))
    folder = WorkFolder(tmp_path / "work", {"style": ("a", 1)}, resume=False)
    record(folder, [batch(3, 3), batch(3, 6, past=past)])
    folder.release()
    again = WorkFolder(tmp_path / "work", {"style": ("a", 1)}, resume=True)
    assert [each.piece for each in again.done] == [each.piece for each in folder.done]
    restart = again.restart
    assert restart is not None
    assert (restart.feed, restart.painted) == (Mark(3, 5), 6)
    assert restart.past is not None
    assert np.array_equal(restart.past.painted, past.painted)
    assert restart.past.drift is not None
    assert past.drift is not None
    assert np.array_equal(restart.past.drift.offsets, past.drift.offsets)
    assert not again.is_whole


def test_only_the_newest_painting_is_kept(tmp_path: Path) -> None:
    """The work folder does not fill with paintings without loss."""
    past = Past(PIXELS.astype(np.float32)[None])
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    record(folder, [batch(3, painted, past=past) for painted in range(3, 30, 3)])
    assert len(list((tmp_path / "work").glob("past-*"))) == 1


@pytest.mark.parametrize("torn", ['{"piece": {"path": "pie', "\0\0\0", "[" * 5000, "7"])
def test_a_line_that_was_cut_off_is_none(tmp_path: Path, torn: str) -> None:
    """Rubbish at the end of a journal is passed over, and what is noted next is read again."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    record(folder, [batch(3, 3)])
    folder.release()
    with (tmp_path / "work" / "journal.jsonl").open("a") as file:
        file.write(torn)
    again = WorkFolder(tmp_path / "work", {}, resume=True)
    record(again, [batch(3, 6)])
    again.release()
    assert WorkFolder(tmp_path / "work", {}, resume=True).frames == 6


def test_pieces_that_somebody_took_away_are_made_again(tmp_path: Path) -> None:
    """A missing piece and those after it do not count, now and later."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    done = record(folder, [batch(3, n) for n in (3, 6, 9)])
    done[1].piece.path.unlink()
    folder.release()
    again = WorkFolder(tmp_path / "work", {}, resume=True)
    assert again.frames == 3
    record(again, [batch(3, 6)])
    again.release()
    assert WorkFolder(tmp_path / "work", {}, resume=True).frames == 6


def test_another_call_does_not_go_on(tmp_path: Path) -> None:
    """What differs is named; without --resume an unfinished video is never thrown away unasked."""
    where = tmp_path / "work"
    folder = WorkFolder(where, {"style": "a", "flow": 0.5}, resume=False)
    record(folder, [batch(3, 3)])
    folder.release()
    with pytest.raises(InputError, match="differs in flow, style"):
        WorkFolder(where, {"style": "b", "flow": 1}, resume=True)
    with pytest.raises(OutputError, match="--resume"):
        WorkFolder(where, {}, resume=False)
    assert WorkFolder(where, {"style": "b"}, resume=False, overwrite=True).frames == 0


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A folder of that name without a journal is not ours, whatever was asked."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("mine")
    for resume, overwrite in ((False, False), (True, True)):
        with pytest.raises(OutputError, match="in the way"):
            WorkFolder(tmp_path / "work", {}, resume=resume, overwrite=overwrite)
    assert (tmp_path / "work" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(("resume", "overwrite"), [(False, False), (True, False), (False, True)])
def test_one_call_a_folder(tmp_path: Path, resume: bool, overwrite: bool) -> None:
    """While a call works in a folder no other one does, and what it has stays as it is."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    record(folder, [batch(3, 3)])
    before = {path: path.read_bytes() for path in folder.folder.iterdir()}
    with pytest.raises(OutputError, match="another call works in"):
        WorkFolder(tmp_path / "work", {}, resume=resume, overwrite=overwrite)
    assert {path: path.read_bytes() for path in folder.folder.iterdir()} == before
    record(folder, [batch(3, 6)])
    folder.release()
    assert WorkFolder(tmp_path / "work", {}, resume=True).frames == 6


def test_nothing_is_left_of_what_was_removed(tmp_path: Path) -> None:
    """The lock, the folder and those that were made above it go with the pieces."""
    folder = WorkFolder(tmp_path / "new" / "work", {}, resume=False)
    record(folder, [batch(3, 3)])
    (folder.folder / "frames").mkdir()
    (folder.folder / "frames" / "1.png").touch()
    assert folder.is_kept
    folder.remove()
    assert not folder.is_kept
    assert list(tmp_path.iterdir()) == []


def test_a_refused_call_leaves_no_lock(tmp_path: Path) -> None:
    """A call that may not begin keeps no other from going on."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    record(folder, [batch(3, 3)])
    folder.release()
    before = sorted(folder.folder.iterdir())
    with pytest.raises(OutputError, match="--resume"):
        WorkFolder(tmp_path / "work", {}, resume=False)
    assert sorted(folder.folder.iterdir()) == before
    assert WorkFolder(tmp_path / "work", {}, resume=True).frames == 3


def test_a_lock_that_was_left_behind_is_none(tmp_path: Path) -> None:
    """A call that was killed before its journal was there is not in the way."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "work.lock").touch()
    assert WorkFolder(tmp_path / "work", {}, resume=False).frames == 0


@pytest.mark.parametrize("text", ["", "hello\n", '{"format_version": 1}\n', "[]\n"])
def test_what_is_no_journal(tmp_path: Path, text: str) -> None:
    """It is one error that names the file."""
    (tmp_path / "journal.jsonl").write_text(text)
    with pytest.raises(InputError, match=r"journal\.jsonl"):
        read_journal(tmp_path / "journal.jsonl")


def test_entries_that_cannot_be(tmp_path: Path) -> None:
    """A whole line with the wrong fields is damage."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    write_journal(folder.folder / "journal.jsonl", {}, [{"piece": {"path": "a", "first": 0}}])
    folder.release()
    with pytest.raises(InputError, match="damaged"):
        WorkFolder(tmp_path / "work", {}, resume=True)


def test_nothing_follows_a_damaged_line(tmp_path: Path) -> None:
    """Pieces after an entry that cannot be read would close up to those before it."""
    path = tmp_path / "journal.jsonl"
    write_journal(path, {}, [{"piece": number} for number in range(3)])
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "\0" * len(lines[2]) + "\n", lines[3]]))
    assert read_journal(path) == ({}, [{"piece": 0}])


def test_no_piece_is_taken_from_another_folder(tmp_path: Path) -> None:
    """A path in a journal leads to a file of its own folder or to nothing."""
    folder = WorkFolder(tmp_path / "work", {}, resume=False)
    record(folder, [batch(3, 3)])
    folder.release()
    path = folder.folder / "journal.jsonl"
    call, (entry,) = read_journal(path)
    (tmp_path / "outside").touch()
    write_journal(path, call, [{**entry, "piece": {**entry["piece"], "path": "../outside"}}])
    assert WorkFolder(tmp_path / "work", {}, resume=True).frames == 0


def test_differences_look_through_json() -> None:
    """Tuples and lists are the same; missing values are differences."""
    assert differences({"a": [1, 2], "b": 1}, {"a": (1, 2), "c": 1}) == ["b", "c"]
