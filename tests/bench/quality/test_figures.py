"""Which plots a report has, and that they show every method."""

import json
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("matplotlib")

from impasto.bench.quality.figures import FRONT, MEMORY, TIME, write_figures
from impasto.bench.quality.results import load_results
from impasto.bench.quality.store import RESULTS
from impasto.bench.quality.summary import Bootstrap

from .test_summary import write


@pytest.mark.parametrize(
    ("sizes", "names"),
    [((), [FRONT]), ((256,), [FRONT, TIME]), ((256, 1024), [FRONT, TIME, MEMORY])],
)
def test_plots_need_something_to_show(
    tmp_path: Path, sizes: tuple[int, ...], names: list[str]
) -> None:
    """Time needs a size and memory two of them; a style loss of 0 is on no logarithmic axis."""
    write(
        tmp_path, {"style": {1.0: (1.9, 0.0)}, "impasto": {1.0: (0.4, 0.6)}, "lst": {1.0: (1, 1)}}
    )
    with (tmp_path / RESULTS).open("a") as file:
        for size in sizes:
            for method, seconds in (("impasto", 0.01), ("lst", 0.1)):
                record = {"kind": "resource", "method": method, "version": "1", "size": size}
                record |= {"seconds": seconds, "peak_bytes": size * 2**20, "error": None}
                file.write(json.dumps(record) + "\n")
    results = load_results(tmp_path)
    written = write_figures(results, Bootstrap(results, times=20), tmp_path)
    assert [path.name for path in written] == names
    for path in written:
        with Image.open(path) as figure:
            assert len(figure.convert("RGB").getcolors(maxcolors=2**20) or ()) > 50
