"""A small folder to vote on, for tests of the library and of the command line."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.bench.vote_ballot import Ballot
from impasto.bench.vote_server import VoteServer
from impasto.bench.vote_set import Mode, read_set
from impasto.bench.vote_store import Answer, Draw, VoteStore

METHODS = ("alpha", "beta", "gamma")
STYLES = ("scream", "waves")
PHOTOS = ("coffee", "rocket")


@contextmanager
def serving(folder: Path) -> Iterator[VoteServer]:
    """A server of a folder that answers on a free port."""
    with (
        closing(VoteStore(folder / "votes.sqlite")) as store,
        VoteServer(Ballot(read_set(folder), store)) as server,
    ):
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def save_picture(path: Path, seed: int, size: tuple[int, int] = (48, 32)) -> Path:
    """A flat picture whose colour is told by a number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = np.random.default_rng(seed).integers(0, 256, 3)
    Image.new("RGB", size, tuple(map(int, colour))).save(path)
    return path


def save_votes_folder(
    folder: Path,
    methods: tuple[str, ...] = METHODS,
    styles: tuple[str, ...] = STYLES,
    photos: tuple[str, ...] = PHOTOS,
) -> Path:
    """Photos, styles, and a painting of each by each method."""
    for seed, photo in enumerate(photos):
        save_picture(folder / f"photos/{photo}.jpg", seed)
    for seed, style in enumerate(styles):
        save_picture(folder / f"styles/{style}.webp", 10 + seed, (30, 40))
    paintings = [f"{m}/{s}/{p}.png" for m in methods for s in styles for p in photos]
    for seed, name in enumerate(paintings):
        save_picture(folder / "pictures" / name, 100 + seed)
    return folder


def said(
    choice: str, left: str, right: str | None = None, voter: int = 1, mode: Mode | None = None
) -> Answer:
    """An answer about methods, whatever the style and photo."""
    draw = Draw(1, "scream", "coffee", left, right)
    return Answer(voter, mode or ("rate" if right is None else "compare"), draw, choice)
