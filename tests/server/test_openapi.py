"""Requests that schemathesis makes up from the OpenAPI document: none is answered with a 500."""

from typing import Any

import pytest
from helpers.serving import config, moa
from hypothesis import HealthCheck, settings

from manyminds.server.application import create_app

schemathesis: Any = pytest.importorskip("schemathesis", reason="needs `pip install schemathesis`")
pytestmark = pytest.mark.filterwarnings("ignore")
APP = create_app(config(first_byte=5.0))
APP.state.server.apps["panel"] = moa()
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP)
QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def no_request_is_answered_with_a_500(case: Any) -> None:
    if isinstance(case.body, dict) and case.body.get("messages"):
        case.body["model"] = "panel"  # else every request ends where the model is looked up
    response = case.call()
    assert response.status_code < 500, f"{response.status_code}: {response.text}"


limited = settings(max_examples=15, deadline=None, suppress_health_check=QUIET, derandomize=True)
test_no_request_is_answered_with_a_500 = SCHEMA.parametrize()(
    limited(no_request_is_answered_with_a_500)
)
