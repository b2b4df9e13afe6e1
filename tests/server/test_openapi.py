"""Requests made from the description: the server does what its description says."""

import pytest

from .conftest import TOKEN, StartServer

schemathesis = pytest.importorskip("schemathesis")
from schemathesis.checks import not_a_server_error  # noqa: E402
from schemathesis.specs.openapi.checks import (  # noqa: E402
    allow_header_conformance,
    content_type_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
    ignored_auth,
    missing_required_header,
    negative_data_rejection,
    unsupported_method,
]
"""All but `positive_data_acceptance`: no description tells which bytes are a picture."""


def test_the_server_is_as_it_is_described(start: StartServer) -> None:
    """A few generated requests for each operation: no 5xx, and only described answers."""
    assert _conforming(start, examples=3) >= 15


@pytest.mark.slow
def test_the_server_is_as_it_is_described_in_depth(start: StartServer) -> None:
    """Many generated requests for each operation."""
    assert _conforming(start, examples=100) >= 15


def _conforming(start: StartServer, examples: int) -> int:
    """How many operations there are; schemathesis raises at the first that does not conform."""
    from hypothesis import HealthCheck, Phase, given, settings

    server = start(token=TOKEN)
    schema = schemathesis.openapi.from_url(f"{server.url}openapi.json")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    checked = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def conforms(case: "schemathesis.Case") -> None:
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        conforms()
        checked += 1
    return checked
