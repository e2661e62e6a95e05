"""Schemas of every method, as LangGraph Studio asks for them."""

import pytest
from helpers.registry import NAMES, small


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_are_valid(name: str) -> None:
    app = small(name).compile()
    assert "messages" in app.get_input_jsonschema()["properties"]
    assert {"answer", "report"} <= app.get_output_jsonschema()["properties"].keys()
    context = app.get_context_jsonschema()
    assert context is not None and "budget" in context["properties"]
