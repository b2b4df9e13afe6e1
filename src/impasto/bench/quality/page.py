"""A report as one HTML page that needs nothing but itself."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from impasto.bench.quality.tables import Table

_PAGE = Path(__file__).with_name("page.html")


@dataclass(frozen=True)
class Figure:
    """A picture in the page, which a click enlarges."""

    title: str
    data: bytes
    """PNG or JPEG."""

    @property
    def source(self) -> str:
        """A URL that holds the picture."""
        kind = "png" if self.data.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{b64encode(self.data).decode()}"


def html_page(
    title: str,
    lines: Iterable[str],
    tables: Sequence[Table],
    figures: Sequence[Figure],
    notes: Iterable[str] = (),
) -> str:
    """The page, with figures after the first table, and notes after these."""
    parts = [f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"]
    parts += [_table(each) for each in tables[:1]]
    parts += [_figure(each) for each in figures]
    parts += [f"<p>{escape(note)}</p>" for note in notes]
    parts += [_table(each) for each in tables[1:]]
    page = Template(_PAGE.read_text(encoding="utf-8"))
    return page.substitute(title=escape(title), body="\n".join(parts))


def _table(table: Table) -> str:
    notes = "".join(f"<p>{escape(note)}</p>" for note in table.notes)
    title = f"<h2>{escape(table.title)}</h2>"
    if not table.rows:
        return title + notes
    sides = [' class="words"' if words else "" for words in table.words]
    heads = zip(table.headings, sides, strict=True)
    head = "".join(f'<th scope="col"{side}>{escape(each)}</th>' for each, side in heads)
    body = "".join(_row(row, sides) for row in table.rows)
    rows = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'{title}<div class="wide"><table>{rows}</table></div>{notes}'


def _row(row: Sequence[str], sides: Sequence[str]) -> str:
    first, *rest = row
    marked = zip(rest, sides[1:], strict=True)
    cells = "".join(f"<td{side}>{escape(each)}</td>" for each, side in marked)
    mark = ' class="ours"' if first == "impasto" else ""
    return f'<tr{mark}><th scope="row">{escape(first)}</th>{cells}</tr>'


def _figure(figure: Figure) -> str:
    title = escape(figure.title)
    image = f'<img src="{figure.source}" alt="{title}" loading="lazy">'
    button = f'<button type="button" class="zoom" aria-label="Enlarge: {title}">{image}</button>'
    return f"<figure><figcaption>{title}</figcaption>{button}</figure>"
