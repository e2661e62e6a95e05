"""Turns a model, string, graph or function into a Runnable or an endpoint that can be asked."""

from functools import partial
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from langgraph.graph import StateGraph

from manyminds.errors import MemberError
from manyminds.models.openai import EndpointModel
from manyminds.models.quiet_logs import hide_urls
from manyminds.models.strings import from_string


def askable_of(model: object) -> Runnable[Any, Any] | EndpointModel:
    """Return the Runnable or endpoint that is called to ask a model.

    Args:
        model: Chat model, Runnable, graph, string `provider:model`, or a function from messages.

    Raises:
        MemberError: It cannot be asked; the message says what to give.
    """
    hide_urls()
    if isinstance(model, str):
        return from_string(model)
    if isinstance(model, EndpointModel):
        return model
    if isinstance(model, StateGraph):
        return model.compile()
    if isinstance(model, Runnable):
        return model
    if callable(model):
        return RunnableLambda(model).with_types(input_type=list[BaseMessage])
    raise MemberError(
        f"a {type(model).__name__} cannot be asked: give a chat model, a Runnable, a compiled "
        "graph, or a string such as 'openai:gpt-4o-mini'"
    )


def retries_help(model: object) -> bool:
    """Return whether asking again may help; a model that was handed over has its own retries."""
    if isinstance(model, str):
        return not model.startswith("recorded:")
    return isinstance(model, EndpointModel)


def type_name(model: object) -> str:
    """Return the name of a model's type, or of the method that it is."""
    method = getattr(getattr(model, "builder", None), "method", None)
    return method if isinstance(method, str) else type(model).__name__


def default_name(model: object) -> str:
    """Return the name of a model for which none was given."""
    for attribute in ("model_name", "model", "model_id", "name"):
        name = getattr(model, attribute, None)
        if isinstance(name, str) and name and name != "LangGraph":
            return name.rsplit("/", 1)[-1]
    bound = getattr(model, "bound", None)
    if isinstance(model, RunnableLambda):
        return _of_function(model) or model.get_name()
    return type(model).__name__ if bound is None else default_name(bound)


def _of_function(model: RunnableLambda[Any, Any]) -> str | None:
    """Return the name of the function that a Runnable calls, or of its class; None: it has none."""
    function: object = getattr(model, "func", None) or getattr(model, "afunc", None)
    while isinstance(function, partial):
        function = function.func
    name = str(getattr(function, "__name__", type(function).__name__))
    return None if name.startswith("<") else name
