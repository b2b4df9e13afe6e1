"""The tables of a report, as plain text cells: Markdown and HTML are made from the same ones."""

from dataclasses import dataclass

import numpy as np

from impasto.bench.contender import FULL
from impasto.bench.quality.results import PHOTO, Results
from impasto.bench.quality.settings import CONTROLS, OURS
from impasto.bench.quality.summary import Bootstrap, Place, Versus
from impasto.bench.vote_report import Estimate, VoteReport
from impasto.bench.vote_table import HEADINGS, cells, lines

RIVALS = ("microast", "wct", "adain", "lst")
"""Methods of any style, which impasto is to beat at equal content loss."""
BESIDE = (*RIVALS, "per-style", "optimisation")

_PUBLIC = ("fid", "art_fid", "lpips", "cfsd")


@dataclass(frozen=True)
class Table:
    """A table, and what is to be said of it."""

    title: str
    headings: tuple[str, ...]
    rows: list[tuple[str, ...]]
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> list[bool]:
        """By column whether it has words, which begin on the left as numbers end on the right."""
        columns = zip(*self.rows, strict=True)
        return [all(cell[:1].isalpha() or not cell for cell in column) for column in columns]


def all_tables(results: Results, bootstrap: Bootstrap) -> list[Table]:
    """Every table that has rows."""
    tables = [
        targets(results, bootstrap),
        quality(results, bootstrap),
        by_style(results, bootstrap),
        curves(results, bootstrap),
        resources(results),
        public(results),
        left_out(results),
    ]
    return [each for each in tables if each.rows or each.notes]


def targets(results: Results, bootstrap: Bootstrap) -> Table:
    """Impasto beside each other method at equal content loss, and whether the target is met."""
    rows: list[tuple[str, ...]] = []
    notes = []
    for method in BESIDE:
        versus = bootstrap.versus(method)
        if versus is not None:
            rows += [_beside(versus, place) for place in versus.places]
            notes.append(_verdict(versus))
        elif method in RIVALS:
            notes.append(f"{method}: not compared, {_why_not(results, method)}.")
    heads = (
        "beside",
        "content loss",
        "impasto is at",
        "style loss, ratio",
        "judge",
        "styles x photos",
    )
    return Table(
        "Impasto beside others at equal content loss",
        heads,
        rows,
        (
            "Ratios of impasto's to the other's: below 1 is more of the style. In brackets the "
            "interval of 95 % over photos. The judge's ratio is of kernel distances. What is said "
            "below is of content losses that both reach, or else of the nearest to ours.",
            *notes,
        ),
    )


def _why_not(results: Results, method: str) -> str:
    lacking = [name for name in (OURS, method) if name not in results.full_methods]
    if lacking:
        return f"there are no paintings by {' and '.join(lacking)}"
    return "no photo was painted by both in a style whose picture is known"


def _beside(versus: Versus, place: Place) -> tuple[str, ...]:
    return (
        versus.method,
        f"{place.content:.3f}",
        "full strength, nearer to the photo" if place.nearer else "equal content loss",
        _interval(place.ratio),
        _number(place.judge, 2),
        f"{versus.styles} x {versus.photos}",
    )


def _verdict(versus: Versus) -> str:
    if versus.method == "optimisation":
        return _gap(versus)
    where = "everywhere" if len(versus.shared) > 1 else "there"
    met = f"lower {where}" if versus.wins else f"NOT lower {where}"
    judge = "the judge agrees" if versus.agrees else f"the judge does NOT agree {where}"
    mark = "target met" if versus.wins and versus.agrees else "target missed"
    if not versus.judged:
        judge = "no judge was asked"
        mark = "target not shown" if versus.wins else "target missed"
    target = f" ({mark})" if versus.method in RIVALS else ""
    return f"{versus.method}: impasto's style loss is {met}, {judge}{target}."


def _gap(versus: Versus) -> str:
    """What optimisation reaches where we do, or at the nearest to it."""
    ratios = [each.ratio.value for each in versus.shared]
    span = " to ".join(dict.fromkeys(f"{each:.1f}" for each in (min(ratios), max(ratios))))
    equal = not versus.shared[0].nearer
    where = "at equal content loss" if equal else "at full strength, nearer to the photo,"
    return (
        f"Gap to optimisation: {where} impasto's style loss is {span} times its. It minimises the "
        "measured losses themselves."
    )


def quality(results: Results, bootstrap: Bootstrap) -> Table:
    """All measures at full strength."""
    rows = []
    for method in results.full_methods:
        known = ~np.isnan(results.grid(method, FULL, "content"))
        cells = [
            method,
            _interval(bootstrap.style_loss(method)),
            *(_plain(bootstrap.mean(method, mark), 3) for mark in ("content", "ssim", "edges")),
            *(_plain(bootstrap.mean(method, mark), 3) for mark in ("lines", "perceptual")),
            _plain(bootstrap.mean(method, "colours"), 1),
            *(_number(bootstrap.judge(method, mark), 2) for mark in ("kernel", "frechet")),
            _number(_identity(results, method), 1),
            f"{known.any(axis=1).sum()} x {known.any(axis=0).sum()}",
        ]
        rows.append(tuple(cells))
    heads = ("method", "style loss", "content loss", "SSIM", "edges", "lines", "perceptual")
    more = ("colours", "kernel", "Fréchet", "identity", "styles x photos")
    notes = (
        "Style loss, kernel and Fréchet distance are divided by those of the unchanged photos. "
        "Kernel, Fréchet and perceptual distance are by SqueezeNet 1.1; they are neither KID, FID "
        "nor LPIPS.",
    )
    return Table("Quality at full strength", heads + more, rows, notes)


def by_style(results: Results, bootstrap: Bootstrap) -> Table:
    """Style loss and content loss of each method in each style."""
    base = results.grid(PHOTO, FULL, "style")
    rows = []
    for method in results.full_methods:
        style, content = (results.grid(method, FULL, mark) for mark in ("style", "content"))
        cells = []
        for index in range(len(results.styles)):
            known = ~(np.isnan(style[index]) | np.isnan(base[index]))
            if known.any():
                loss = style[index][known].mean() / base[index][known].mean()
                cells.append(f"{loss:.2f} / {content[index][known].mean():.2f}")
            else:
                cells.append("")
        rows.append((method, *cells))
    note = "Style loss (divided by the unchanged photos') / content loss, at full strength."
    return Table("Style by style", ("method", *results.styles), rows, (note,))


def curves(results: Results, bootstrap: Bootstrap) -> Table:
    """The measures that change with the strength."""
    rows: list[tuple[str, ...]] = []
    for method in results.methods:
        strengths = results.strengths(method)
        for strength in strengths if len(strengths) > 1 else ():
            rows.append(
                (
                    method,
                    f"{strength:g}",
                    _interval(bootstrap.style_loss(method, strength)),
                    _plain(bootstrap.mean(method, "content", strength), 3),
                    _plain(bootstrap.mean(method, "ssim", strength), 3),
                    _number(bootstrap.judge(method, "kernel", strength), 2),
                )
            )
    heads = ("method", "strength", "style loss", "content loss", "SSIM", "kernel")
    return Table("By strength", heads, rows)


def resources(results: Results) -> Table:
    """Parameters, work, time and memory."""
    sizes = sorted({each["size"] for each in results.of("resource")})
    rows = []
    for method in (name for name in results.methods if name not in CONTROLS):
        facts = results.methods[method]
        cells = [method, _count(facts["parameters"]), _number(facts["gmac_512"], 2)]
        runtime = ""
        for size in sizes:
            found = results.of("resource", method=method, size=size)
            seconds = found[0]["seconds"] if found else None
            peak = found[0]["peak_bytes"] if found else None
            runtime = found[0].get("runtime", runtime) if found else runtime
            rate = "" if seconds is None else f"{1000 * seconds:.0f} ms, {1 / seconds:.2g}/s"
            memory = "" if peak is None else f", {peak / 2**20:.0f} MiB"
            cells.append(rate + memory)
        rows.append((*cells, runtime))
    heads = ("method", "parameters", "GMAC at 512", *(f"{s} x {s}" for s in sizes), "runs in")
    note = (
        "Time of a painting (uint8 in and out, the style known), paintings a second, and the peak "
        "memory of a new process. Float32, all cores; `engine` is OpenVINO as impasto uses it."
    )
    return Table("Time and memory", heads, rows if sizes else [], (note,) if sizes else ())


def public(results: Results) -> Table:
    """FID, ArtFID, LPIPS and CFSD, and what is missing for them."""
    rows = []
    for each in results.of("public", error=None):
        values = (each["values"].get(name) for name in _PUBLIC)
        rows.append((each["method"], *(_number(value, 3) for value in values)))
    missing = [each["missing"] for each in results.of("public missing")]
    notes = [f"{name} was not measured: {why}." for name, why in (missing or [{}])[-1].items()]
    heads = ("method", "FID of crops", "ArtFID of crops", "LPIPS", "CFSD")
    return Table("Public measures", heads, rows, tuple(notes))


def people(report: VoteReport | None) -> Table:
    """What people's votes say, or that there are none."""
    if report is None or not report.voters:
        none = "Nobody has voted yet: all of this is measured. `impasto bench vote` asks people."
        return Table("People's votes", HEADINGS, [], (none,))
    rows = [tuple(cells(each)) for each in report.methods]
    return Table("People's votes", HEADINGS, rows, tuple(lines(report)))


def left_out(results: Results) -> Table:
    """What was not run, and what failed."""
    rows: list[tuple[str, ...]] = [
        (each["method"], each.get("style") or "all", f"not run: {each['why']}".replace("|", "/"))
        for each in results.of("not run")
    ]
    for kind, what in _FAILURES.items():
        for each in results.of(kind):
            if each.get("error") is not None:
                why = f"{what.format(**each)}: {each['error']}".replace("|", "/")
                rows.append((each["method"], each.get("style") or "all", why))
    return Table("Not run, or failed", ("method", "style", "why"), rows)


_FAILURES = {
    "painting": "failed on {photo}",
    "identity": "failed on the style's own picture",
    "set": "the judge cannot look at strength {strength:g}",
    "resource": "time and memory at {size} x {size} failed",
    "public": "public measures failed",
}
"""By the kind of record, what could not be done."""


def _identity(results: Results, method: str) -> float | None:
    found = [each["rmse"] for each in results.of("identity", method=method, error=None)]
    return sum(found) / len(found) if found else None


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return ""
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _plain(estimate: Estimate | None, digits: int) -> str:
    return "" if estimate is None else f"{estimate.value:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # never -0.00


def _count(value: int) -> str:
    return f"{value / 1e6:.2f} M" if value else ""
