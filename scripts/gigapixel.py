"""Makes a huge picture cheaply, paints it from file to file, and tells what that took.

    python scripts/gigapixel.py --megapixels 1000 --folder big
    python scripts/gigapixel.py --megapixels 100 --format jpeg --memory 512M --folder big

The picture repeats a photo of scikit-image. It is painted in a process of its own, by the command
line, so that the peak of the resident memory is that of painting alone. One line of JSON at the end.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pyvips
import skimage.data

SAVERS = {
    "tiff": ("tif", {"bigtiff": True}),
    "deflate": ("tif", {"bigtiff": True, "compression": "deflate", "level": 1}),
    "jpeg": ("jpg", {"Q": 90}),
    "png": ("png", {"compression": 1}),
    "webp": ("webp", {"Q": 80}),
    "avif": ("avif", {"Q": 60, "effort": 0, "compression": "av1"}),
}


def make(folder: Path, megapixels: float, format: str, orientation: int) -> Path:
    """The picture's file; one that is there already is taken."""
    suffix, options = SAVERS[format]
    path = folder / f"{megapixels:g}-{format}-{orientation}.{suffix}"
    if not path.exists():
        side = math.isqrt(round(megapixels * 1e6))
        photo = pyvips.Image.new_from_array(skimage.data.astronaut())
        big = photo.replicate(-(-side // photo.width), -(-side // photo.height))
        big = big.crop(0, 0, side, round(megapixels * 1e6) // side).copy(interpretation="srgb")
        big.set_type(pyvips.GValue.gint_type, "orientation", orientation)
        partly = path.with_name(f"partly-{path.name}")
        getattr(big, f"{'heif' if format == 'avif' else options_name(suffix)}save")(
            str(partly), **options
        )
        partly.replace(path)
    return path


def options_name(suffix: str) -> str:
    """What libvips calls a format."""
    return {"tif": "tiff", "jpg": "jpeg"}.get(suffix, suffix)


def paint(photo: Path, target: Path, options: list[str]) -> dict[str, object]:
    """Paint it, and what that took."""
    words = [sys.executable, "-m", "impasto.cli.app", "paint", str(photo), "-o", str(target)]
    started = time.perf_counter()
    process = subprocess.Popen([*words, "--overwrite", *options])
    _, status, usage = os.wait4(process.pid, 0)
    return {
        "exit_code": os.waitstatus_to_exitcode(status),
        "seconds": round(time.perf_counter() - started, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_resident_mib": round(usage.ru_maxrss / 1024),
    }


def main() -> int:
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
    size = target.stat().st_size if target.exists() else None
    print(
        json.dumps(
            {
                "photo": photo.name,
                **took,
                "photo_bytes": photo.stat().st_size,
                "painting_bytes": size,
                "options": options,
            }
        )
    )
    if not known.keep:
        target.unlink(missing_ok=True)
    return int(took["exit_code"] != 0)


if __name__ == "__main__":
    sys.exit(main())
