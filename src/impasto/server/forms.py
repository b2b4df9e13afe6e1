"""Forms with files: read by hand, within limits, and so described by hand, too."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, QueryParams, UploadFile

from impasto.core.records import short_repr
from impasto.server.problems import ProblemError

M = TypeVar("M", bound=BaseModel)

_BYTES: Final = {"type": "string", "format": "binary"}
FILE: Final[dict[str, Any]] = {
    "content": {"application/octet-stream": {"schema": _BYTES}},
    "description": "The file.",
}
PICTURE: Final[dict[str, Any]] = {
    "content": {"image/*": {"schema": _BYTES}},
    "description": "The picture.",
}


def parsed(model: type[M], fields: FormData | QueryParams) -> M:
    """The settings among the fields of a form or a query.

    Raises:
        RequestValidationError: a setting is missing, unknown, or out of its range.
        ProblemError: a setting is given more than once; who wrote it meant one of them.
    """
    counts = Counter(name for name, text in fields.multi_items() if isinstance(text, str))
    for name, count in counts.items():
        if count > 1:
            raise ProblemError(422, f"{short_repr(name)} is given {count} times: give it once")
    texts = {name: text for name, text in fields.items() if isinstance(text, str)}
    try:
        return model.model_validate(texts)
    except ValidationError as error:
        found = [{**each, "loc": ("form", *each["loc"])} for each in error.errors()]
        raise RequestValidationError(found) from error


def check_files(form: FormData, known: Callable[[str], bool]) -> None:
    """Raise `ProblemError` for a file whose name says nothing: perhaps it is misspelt."""
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and not known(name):
            raise ProblemError(422, f"{short_repr(name)} is no file of this form")


def check_no_query(request: Request) -> None:
    """Raise `ProblemError` for settings in the query of a form, which nobody would heed."""
    if request.query_params:
        raise ProblemError(422, "send the settings as fields of the form, not in the query")


def raw_body(*media_types: str) -> dict[str, Any]:
    """The description of a body that is a file."""
    content = {each: {"schema": _BYTES} for each in media_types}
    return {"requestBody": {"required": True, "content": content}}


def paint_body(model: type[BaseModel]) -> dict[str, Any]:
    """The description of a photo with settings: a body with a query, or a form."""
    schema = model.model_json_schema()
    needed = schema.get("required", [])
    query = [
        {"name": name, "in": "query", "required": False, "schema": about}
        | {key: about[key] for key in ("description",) if key in about}
        for name, about in schema["properties"].items()
    ]
    form = {
        **schema,
        "properties": {"photo": _BYTES, **schema["properties"]},
        "required": ["photo", *needed],
        "additionalProperties": {**_BYTES, "description": "mask.SPEC: where SPEC is painted."},
    }
    content = {"multipart/form-data": {"schema": form}}
    for kind in ("image/jpeg", "image/png", "image/webp", "application/octet-stream"):
        content[kind] = {"schema": _BYTES}
    return {"parameters": query, "requestBody": {"required": True, "content": content}}


def body_of(model: type[BaseModel], file: str, *, many: bool = False) -> dict[str, Any]:
    """The description of a form of these settings and one kind of file."""
    schema = model.model_json_schema()
    files = {"type": "array", "items": _BYTES, "minItems": 1} if many else _BYTES
    schema["properties"] = {file: files, **schema["properties"]}
    schema["required"] = [file, *schema.get("required", [])]
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }
