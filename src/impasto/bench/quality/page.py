"""A report as one HTML page that needs nothing but itself."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from impasto.bench.quality.tables import Table


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
    title: str, lines: Iterable[str], tables: Sequence[Table], figures: Sequence[Figure]
) -> str:
    """The page, with figures after the first table."""
    parts = [f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"]
    parts += [_table(each) for each in tables[:1]]
    parts += [_figure(each) for each in figures]
    parts += [_table(each) for each in tables[1:]]
    return _PAGE.substitute(title=escape(title), body="\n".join(parts))


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


_PAGE = Template(
    """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 2rem auto; }
body { padding: 0 1rem; }
h2 { margin-top: 2.5rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: 0.25rem 0.6rem; text-align: right; border-bottom: 1px solid #8884; }
th:first-child, .words { text-align: left; }
td { white-space: nowrap; }
.ours { background: #c3143a1a; font-weight: 600; }
figure { margin: 2rem 0; }
figcaption { font-weight: 600; margin-bottom: 0.4rem; }
.zoom { all: unset; cursor: zoom-in; display: block; }
.zoom:focus-visible { outline: 3px solid Highlight; }
.zoom img { max-width: 100%; height: auto; background: white; }
dialog { max-width: 98vw; max-height: 98vh; padding: 0; border: 0; }
dialog { overflow: auto; background: white; }
dialog img { display: block; cursor: zoom-out; width: 160%; }
dialog.fit img { width: 100%; cursor: zoom-in; }
</style>
<body>
<h1>$title</h1>
$body
<dialog aria-label="Enlarged picture"><img alt=""></dialog>
<script>
const box = document.querySelector("dialog"), large = box.querySelector("img");
for (const each of document.querySelectorAll(".zoom")) {
  each.addEventListener("click", () => {
    const image = each.querySelector("img");
    large.src = image.src;
    large.alt = image.alt;
    box.classList.add("fit");
    box.showModal();
  });
}
large.addEventListener("click", () => box.classList.toggle("fit"));
box.addEventListener("click", event => { if (event.target === box) box.close(); });
</script>
</body>
</html>
"""
)
