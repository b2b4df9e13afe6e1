"""Makes a huge picture cheaply, paints it from file to file, and tells what that took.

    python scripts/gigapixel.py --megapixels 1000 --folder big
    python scripts/gigapixel.py --megapixels 100 --format jpeg --memory 512M --folder big

The picture repeats a photo of scikit-image. It is painted in a process of its own, by the command
line, so that the peak of the resident memory is that of painting alone. Prints a line of JSON.
"""

import argparse
import json
import math
import sys
from pathlib import Path
from typing import Any

import pyvips
import skimage.data

from impasto.bench.process import run_process

SAVERS: dict[str, tuple[str, dict[str, Any]]] = {
    "tiff": ("tif", {"bigtiff": True}),
    "deflate": ("tif", {"bigtiff": True, "compression": "deflate", "level": 1}),
    "jpeg": ("jpg", {"Q": 90}),
    "png": ("png", {"compression": 1}),
    "webp": ("webp", {"Q": 80}),
    "avif": ("avif", {"Q": 60, "effort": 0, "compression": "av1"}),
}

SAVE = {
    "tif": "tiffsave",
    "jpg": "jpegsave",
    "png": "pngsave",
    "webp": "webpsave",
    "avif": "heifsave",
}


def make(folder: Path, megapixels: float, format: str, orientation: int) -> Path:
    """The picture's file; one that is there already is taken."""
    suffix, options = SAVERS[format]
    path = folder / f"{megapixels:g}-{format}-{orientation}.{suffix}"
    if not path.exists():
        side = math.isqrt(round(megapixels * 1e6))
        photo = pyvips.Image.new_from_array(skimage.data.astronaut())  # type: ignore[no-untyped-call]
        big = photo.replicate(-(-side // photo.width), -(-side // photo.height))
        big = big.crop(0, 0, side, round(megapixels * 1e6) // side).copy(interpretation="srgb")
        big.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        partly = path.with_name(f"partly-{path.name}")
        getattr(big, SAVE[suffix])(str(partly), **options)
        partly.replace(path)
    return path


def paint(photo: Path, target: Path, options: list[str]) -> dict[str, float | None]:
    """Paint it in a new process, and what that took."""
    words = [sys.executable, "-m", "impasto.cli.app", "paint", str(photo), "-o", str(target)]
    run = run_process([*words, "--overwrite", "--quiet", *options])
    peak = None if run.peak_bytes is None else round(run.peak_bytes / 2**20)
    return {"seconds": round(run.seconds, 1), "peak_resident_mib": peak}


def main() -> None:
    """Make, paint, tell."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megapixels", type=float, default=100.0)
    parser.add_argument("--format", choices=SAVERS, default="tiff")
    parser.add_argument("--orientation", type=int, default=1, help="EXIF's, 1 to 8")
    parser.add_argument("--out", default="tif", help="the suffix of the painting")
    parser.add_argument("--folder", type=Path, default=Path("gigapixel"))
    parser.add_argument("--keep", action="store_true", help="keep the painting")
    parser.add_argument("--style", default="scream")
    known, options = parser.parse_known_args()
    known.folder.mkdir(parents=True, exist_ok=True)
    photo = make(known.folder, known.megapixels, known.format, known.orientation)
    target = known.folder / f"painting.{known.out}"
    took = paint(photo, target, ["--style", known.style, *options])
    sizes = {"photo_bytes": photo.stat().st_size, "painting_bytes": target.stat().st_size}
    print(json.dumps({"photo": photo.name, **took, **sizes, "options": options}))
    if not known.keep:
        target.unlink()


if __name__ == "__main__":
    main()
