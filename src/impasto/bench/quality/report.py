"""Writes what was measured: Markdown with pictures beside it, and one HTML page."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from impasto.bench import markdown
from impasto.bench.quality.figures import ABSENT, FRONT, MEMORY, TIME, write_figures
from impasto.bench.quality.page import Figure, html_page
from impasto.bench.quality.provenance import facts
from impasto.bench.quality.results import Results, load_results
from impasto.bench.quality.sheets import overview, style_sheet
from impasto.bench.quality.summary import Bootstrap
from impasto.bench.quality.tables import Table, all_tables, people
from impasto.bench.vote_report import report_votes
from impasto.bench.vote_set import VOTES
from impasto.bench.vote_store import read_answers
from impasto.core.arrays import RGB
from impasto.core.files import atomic_write, check_takes_files, check_writable, make_folder

TITLE = "Quality: impasto beside other methods"
HOW = Path(__file__).with_name("how.md")
"""What a report says of itself, whatever was measured."""
_OVERVIEW = "overview.jpg"
_ALT = {
    FRONT: "Style loss against content loss",
    TIME: "Time against quality",
    MEMORY: "Memory against pixels",
    _OVERVIEW: "Photos in every style by every method",
}


def write_report(
    results: Path, out: Path, html: Path | None = None, votes: Path | None = None
) -> None:
    """Write a report of a folder of results.

    Args:
        results: what `impasto bench quality` wrote.
        out: the Markdown file; its pictures go into a folder beside it that has its name.
        html: a page with everything in it, and a sheet for each style.
        votes: what `impasto bench vote` wrote; by default that of the folder, if there is one.

    Raises:
        InputError: there are no results, or the votes cannot be read.
        OutputError: a file cannot be written.
    """
    found = load_results(results)
    bootstrap = Bootstrap(found)
    tables = all_tables(found, bootstrap)
    tables.insert(1, _people(results, votes))
    folder = pictures_folder(out)
    make_folder(folder)
    pictures = write_figures(found, bootstrap, folder)
    if found.styles:
        _write(folder / _OVERVIEW, _jpeg(overview(found)))
        pictures.append(folder / _OVERVIEW)
    _write(out, _markdown(found, tables, pictures).encode())
    if html is not None:
        figures = [Figure(_ALT[path.name], path.read_bytes()) for path in pictures]
        figures += [
            Figure(f"Style {name}", _jpeg(style_sheet(found, name))) for name in found.styles
        ]
        page = html_page(TITLE, facts(found), tables, figures, _absent(pictures))
        _write(html, page.encode())


def pictures_folder(out: Path) -> Path:
    """Where the pictures of a report go: a folder beside it that has its name."""
    return out.with_suffix("") if out.suffix else out.with_name(f"{out.name}.pictures")


def check_report(out: Path, html: Path | None = None, results: Path | None = None) -> None:
    """Find out before long work whether a report can be written; makes nothing.

    Args:
        out: the Markdown file.
        html: the page.
        results: the folder of the results, which may not be there yet; both may be in it.

    Raises:
        OutputError: a file, or the folder for the pictures, cannot be written.
    """
    for path in (out, html):
        if path is not None and results is not None and path.parent == results:
            check_takes_files(results)
        elif path is not None:
            check_writable(path, overwrite=True)
    check_takes_files(pictures_folder(out))


def _people(results: Path, votes: Path | None) -> Table:
    """What people say; that nobody was asked where there is no file of votes."""
    votes = votes or next(iter(results.glob(VOTES)), None)
    return people(None if votes is None else report_votes(read_answers(votes)))


def _write(path: Path, data: bytes) -> None:
    with atomic_write(path) as file:
        file.write(data)


def _jpeg(pixels: RGB) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85, optimize=True)
    return buffer.getvalue()


def _markdown(results: Results, tables: Sequence[Table], pictures: Sequence[Path]) -> str:
    return "\n".join(_lines(results, tables, pictures)) + "\n"


def _absent(pictures: Sequence[Path]) -> list[str]:
    """What is said of the plots that are not among some pictures."""
    there = {path.name for path in pictures}
    return [note for name, note in ABSENT.items() if name not in there]


def _rows(table: Table) -> str:
    words = [column for column, holds in enumerate(table.words) if holds]
    return markdown.table(table.headings, table.rows, words=words)


def _lines(results: Results, tables: Sequence[Table], pictures: Sequence[Path]) -> Iterator[str]:
    how = HOW.read_text(encoding="utf-8").rstrip()
    yield from (f"# {TITLE}", "", how, "", "## What was measured", "")
    yield from (f"- {line}" for line in facts(results))
    for number, table in enumerate(tables):
        yield from ("", f"## {table.title}")
        if table.rows:
            yield from ("", _rows(table))
        yield from (line for note in table.notes for line in ("", note))
        if number == 0:
            for path in pictures:
                yield from ("", f"![{_ALT[path.name]}]({path.parent.name}/{path.name})")
            yield from (line for note in _absent(pictures) for line in ("", note))
