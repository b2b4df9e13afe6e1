"""The OpenAPI description as a plain page: no script, nothing from elsewhere."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title></head><body><main>
<h1>{title} {version}</h1>
<p>{summary} For programs: <a href="/openapi.json">openapi.json</a>.</p>
"""


def page_of(description: Mapping[str, Any]) -> str:
    """HTML of an OpenAPI description."""
    info = {key: escape(str(text)) for key, text in description["info"].items()}
    parts = [_HEAD.format(title=info["title"], version=info["version"], summary=info["summary"])]
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    return "".join([*parts, "</main></body></html>\n"])


def _operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    about = escape(operation.get("description", ""))
    yield f"<h2><code>{escape(title)}</code></h2>\n<p>{about}</p>\n"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<ul>\n"
        yield from (f"<li>{_parameter(each)}</li>\n" for each in parameters)
        yield "</ul>\n"
    bodies = operation.get("requestBody", {}).get("content", {})
    if bodies:
        yield f"<p>Body: {escape(', '.join(bodies))}</p>\n"
    answers = ", ".join(operation.get("responses", {}))
    yield f"<p>Answers: {escape(answers)}</p>\n"


def _parameter(parameter: Mapping[str, Any]) -> str:
    needed = "needed" if parameter.get("required") else "optional"
    about = parameter.get("description") or ""
    return f"<code>{escape(parameter['name'])}</code> ({needed}) {escape(about)}"
