"""The report of speed as Markdown, for docs, and the points of its plot."""

from collections.abc import Iterator, Mapping, Sequence

from impasto.bench.facts import Commit
from impasto.bench.markdown import table
from impasto.bench.speed import SpeedReport
from impasto.bench.speed_wide import WideReport

Points = Mapping[str, Sequence[tuple[float, float]]]
"""By what was timed: millions of pixels and seconds, ascending."""


def markdown(report: WideReport) -> str:
    """All tables that there are numbers for, and where they are from."""
    parts = [_first(report.speed), _rivals(report), _ceilings(report), _cells(report)]
    parts += [_linear(report), _memory(report), _source(report.speed)]
    return "\n\n".join(part for part in parts if part)


def points(report: WideReport) -> Points:
    """What the plot shows: the default engine, the rivals, and the engines of the whole grid."""
    found: dict[str, set[tuple[float, float]]] = {}
    speed = report.speed
    for size in speed.sizes:
        pixels, peer = size.size**2 / 1e6, f"{speed.peer.name}, {speed.engine.name}"
        found.setdefault("impasto", set()).add((pixels, size.impasto["engine"].median))
        found.setdefault(peer, set()).add((pixels, size.peer["engine"].median))
    for one in report.linear:
        found.setdefault("impasto", set()).add((one.megapixels, one.seconds.median))
    for rival in report.rivals:
        if rival.seconds:
            place = rival.width * rival.height / 1e6, rival.seconds.median
            found.setdefault(f"{rival.name}, {rival.runtime}", set()).add(place)
    for cell in report.cells:
        name = f"impasto, {cell.engine}, {cell.precision}, {_threads(cell.threads)}"
        found.setdefault(name, set()).add((cell.width * cell.height / 1e6, cell.seconds.median))
    return {name: sorted(places) for name, places in found.items()}


def _threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"


def _first(speed: SpeedReport) -> str:
    headings = ("side", "impasto", "measure", "paint", "frames a second", speed.peer.name, "ratio")
    return table(
        headings,
        (
            [
                str(size.size),
                *(_ms(size.impasto[step].median) for step in ("engine", "measure", "paint")),
                f"{1 / size.impasto['engine'].median:.1f}",
                _ms(size.peer["engine"].median),
                f"{size.ratio:.1f}",
            ]
            for size in speed.sizes
        ),
    )


def _rivals(report: WideReport) -> str:
    model = report.speed.model
    headings = ("network", "runtime", "parameters", "GMAC at 512", "size", "time", "ratio")
    ours = ["impasto", report.speed.engine.name, f"{model.parameters:,}", f"{model.gmac_512:.1f}"]
    rows = [
        [
            rival.name,
            rival.runtime,
            f"{rival.parameters:,}",
            f"{rival.gmac_512:.1f}",
            f"{rival.width} x {rival.height}",
            _ms(rival.seconds.median) if rival.seconds else rival.note,
            f"{rival.ratio:.1f}" if rival.ratio else "",
        ]
        for rival in report.rivals
    ]
    return table(headings, [[*ours, "", "", "1.0"], *rows] if rows else [])


def _ceilings(report: WideReport) -> str:
    headings = ("ceiling", "threads", "matrix product, GFLOPS", "copy, GB/s")
    return table(
        headings,
        (
            [one.precision, str(one.threads), f"{one.gflops:.0f}", f"{one.copy_gbytes:.1f}"]
            for one in report.ceilings
        ),
    )


def _cells(report: WideReport) -> str:
    headings = ("engine", "threads", "size", "time", "frames a second", "GFLOPS", "of the ceiling")
    return table(
        headings,
        (
            [
                f"{cell.engine}, {cell.precision}",
                str(cell.threads),
                f"{cell.width} x {cell.height}",
                _ms(cell.seconds.median),
                f"{cell.frames_a_second:.2f}",
                f"{cell.gflops:.0f}",
                "" if cell.share is None else f"{cell.share:.0%}",
            ]
            for cell in report.cells
        ),
    )


def _linear(report: WideReport) -> str:
    headings = ("megapixels", "time", "ns a pixel", "beside the smallest")
    return table(
        headings,
        (
            [
                f"{one.megapixels:g}",
                _ms(one.seconds.median),
                f"{one.nanoseconds_a_pixel:.1f}",
                f"{one.beside_first:.2f}",
            ]
            for one in report.linear
        ),
    )


def _memory(report: WideReport) -> str:
    headings = ("new process", "peak resident memory, MiB")
    return table(
        headings,
        (
            [f"{one.width} x {one.height}", f"{one.peak_bytes / 2**20:.0f}"]
            for one in report.memory
            if one.peak_bytes
        ),
    )


def _ms(seconds: float) -> str:
    """Seconds as milliseconds, with three digits that count; nothing for a step that is none."""
    value = 1000 * seconds
    if value == 0:
        return ""
    return (
        f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"
    )


def _source(speed: SpeedReport) -> str:
    return " ".join([*_where(speed), f"{_version(speed.commit)}, {speed.date}."])


def _where(speed: SpeedReport) -> Iterator[str]:
    engine, threads = speed.engine, speed.threads or "default"
    yield f"{engine.name} {engine.version} on {engine.device}, {engine.precision},"
    yield f"threads: {threads}; medians of engine time, uint8 in and out."
    yield f"Other work took {speed.machine.busy_percent:.0f} % of the machine."
    yield f"impasto {speed.versions['impasto']},"


def _version(commit: Commit | None) -> str:
    if commit is None:
        return "not from a checkout"
    return f"commit {commit.id[:12]}" + (" with changes" if commit.dirty else "")
