"""Writes the losses that `impasto bench losses --out` measured into style packages.

Usage: python scripts/record_losses.py benchmarks/losses.json src/impasto/data/styles
"""

import argparse
from pathlib import Path

from impasto.bench.losses_record import read_report, record_losses


def main() -> None:
    """Reads the arguments and writes the packages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("styles", type=Path, help="the folder of style packages")
    given = parser.parse_args()
    for path in record_losses(read_report(given.report), given.styles):
        print(path)


if __name__ == "__main__":
    main()
