"""When, where and by which commit each method was measured: a run may be extended by later ones."""

from collections.abc import Iterator
from typing import Any

from impasto.bench.facts import commit, date
from impasto.bench.quality.results import Results
from impasto.bench.quality.settings import OURS
from impasto.bench.quality.store import Record

_DAY = len("2026-11-28")


class Stamp:
    """Of results: the time, and the commit of the program when the call began."""

    def __init__(self) -> None:
        found = commit()
        changed = " with changes" if found and found.dirty else ""
        self.commit = f"{found.id[:12]}{changed}" if found else None

    def __call__(self) -> dict[str, Any]:
        """What a record gets."""
        return {"date": date(), "commit": self.commit}


def facts(results: Results) -> Iterator[str]:
    """On what, with what and where it was measured, as lines."""
    setup = results.setup
    yield (
        f"{len(results.photos)} photos ({len(setup['lined'])} with straight lines looked at) in "
        f"{len(results.styles)} styles at long side {setup['size']}; {setup['crops']} crops of "
        f"each set; losses by {setup['features']}."
    )
    for each in results.of("where")[-1:]:
        libraries = ", ".join(f"{name} {text}" for name, text in each["versions"].items())
        yield f"The last call: {each['date']}; {libraries}."
    for each in results.of("machine")[-1:]:
        yield _machine(each)
    for name, each in results.methods.items():
        ours = " (measured here)" if name == OURS else ""
        when = (_when(results, name, *kind) for kind in _KINDS)
        yield "; ".join([f"{name}{ours}: {each['about']}", *filter(None, when)]) + "."


_KINDS = (("painting", "painted"), ("resource", "timed"))


def _when(results: Results, method: str, kind: str, done: str) -> str:
    """The days and commits of a method's results; nothing where none says."""
    found = [each for each in results.of(kind, method=method, error=None) if each.get("date")]
    if not found:
        return ""
    days = sorted({str(each["date"])[:_DAY] for each in found})
    span = " to ".join(dict.fromkeys((days[0], days[-1])))
    commits = dict.fromkeys(each.get("commit") for each in found)
    return f"{done} {span}, {', '.join(map(_commit, commits))}"


def _commit(name: str | None) -> str:
    return f"commit {name}" if name else "not from a checkout"


def _machine(record: Record) -> str:
    engine = record["engine"]
    return (
        f"{record['system']}, {engine['device']}, {record['cores']} cores, "
        f"{record['memory_bytes'] / 2**30:.0f} GiB; {engine['name']} {engine['version']}; other "
        f"work took {record['busy_percent']:.0f} % before time was taken."
    )
