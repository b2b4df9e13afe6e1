"""Times `impasto paint` of one photo as a new process, by two checkouts in turns.

    git worktree add /tmp/before REVISION
    python scripts/compare_starts.py /tmp/before . photo.jpg benchmarks/starts.json

Three cases: an empty cache, a cache that has seen photos of another size, and one that has seen
this photo. Each checkout has a cache of its own.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image

from impasto.bench.facts import commit, date, machine, versions
from impasto.bench.process import run_process
from impasto.bench.timing import summarise

CASES = ("empty cache", "new size", "known size")
STEP = 16
"""Pixels from one new size to the next: less than that may share a graph."""


def seconds(checkout: Path, photo: Path, cache: Path) -> float:
    """How long one process takes."""
    os.environ |= {"PYTHONPATH": str(checkout / "src"), "IMPASTO_CACHE": str(cache)}
    words = ["paint", str(photo), "-s", "scream", "-o", f"{cache}.painted.jpg", "--overwrite"]
    return run_process([sys.executable, "-m", "impasto.cli.app", *words]).seconds


def case(name: str, checkouts: list[Path], photos: list[Path], folder: Path) -> dict[str, object]:
    """Seconds of both checkouts in a case, in turns, and what one is of the other."""
    taken: dict[Path, list[float]] = {checkout: [] for checkout in checkouts}
    known, *new = photos
    for photo in new:
        for index, checkout in enumerate(checkouts):
            cache = folder / str(index)
            if name == "empty cache":
                shutil.rmtree(cache, ignore_errors=True)
            shown = known if name == "known size" else photo
            taken[checkout].append(seconds(checkout, shown, cache))
            if name == "empty cache":  # what the next case begins with
                shutil.rmtree(cache)
                seconds(checkout, known, cache)
    before, after = taken.values()
    ratio = float(np.median(np.divide(after, before)))
    both = {"before": asdict(summarise(before)), "after": asdict(summarise(after))}
    return {**both, "ratio_of_pairs": round(ratio, 3)}


def main() -> None:
    """Reads the arguments, times all cases, and writes the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    checkouts = [given.before.resolve(), given.after.resolve()]
    commits = [commit(checkout / "src" / "impasto") for checkout in checkouts]
    facts: dict[str, object] = {"benchmark": "starts", "date": date(), "versions": versions()}
    facts |= {"machine": asdict(machine())}
    facts |= zip(("before", "after"), (one and asdict(one) for one in commits), strict=True)
    with tempfile.TemporaryDirectory() as name, Image.open(given.photo) as photo:
        folder, photos = Path(name), []
        for number in range(given.rounds + 1):
            photos.append(folder / f"{number}.jpg")
            width = photo.width - STEP * number
            photo.convert("RGB").resize((width, photo.height)).save(photos[-1], quality=95)
        for each in CASES:
            facts[each] = case(each, checkouts, photos, folder)
            print(each, json.dumps(facts[each]), flush=True)
    given.output.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
