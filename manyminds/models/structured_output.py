"""Structured output: the request parameters that ask a model for a reply of a JSON schema."""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase

from manyminds.models.openai import OPENAI_URL, EndpointModel
from manyminds.reading.schemas import Schema

# OpenAI's models before structured output.
_TOO_OLD = ("gpt-3", "gpt-4-", "chatgpt")


def request_params(schema: Schema, model: object) -> Mapping[str, Any]:
    """Return the request parameters that ask a model for a reply of this schema.

    Empty for a model without structured output. An endpoint gets the schema as
    `response_format`. A chat model has structured output if its class overrides
    `with_structured_output` and its profile, if any, does not deny it.
    """
    if isinstance(model, EndpointModel):
        old = model.base_url == OPENAI_URL and (
            model.model == "gpt-4" or model.model.startswith(_TOO_OLD)
        )
        return {} if old else _response_format(schema)
    if not isinstance(model, BaseChatModel):
        return {}
    if type(model).with_structured_output is BaseChatModel.with_structured_output:
        return {}
    profile: Mapping[str, Any] = model.profile or {}
    if profile and not (profile.get("structured_output") or profile.get("tool_calling")):
        return {}
    try:
        structured: Runnable[Any, Any] = model.with_structured_output(dict(schema))
    except (NotImplementedError, ValueError):  # the class offers it, this model does not
        return {}
    # The bound model comes first, LangChain's parser after it. Ours reads more forms, and a call
    # needs the model itself for its limits and usage.
    bound = structured.first if isinstance(structured, RunnableSequence) else structured
    return dict(bound.kwargs) if isinstance(bound, RunnableBindingBase) else {}


def _response_format(schema: Schema) -> Mapping[str, Any]:
    form = {"name": schema["title"], "schema": dict(schema), "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": form}}
