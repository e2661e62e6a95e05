"""How a model, chain or graph takes a question: messages, a state with messages, or one text."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableLambda, RunnableSequence
from langchain_core.runnables.base import RunnableBindingBase

from manyminds.errors import MemberError

Kind = Literal["chat", "method", "state", "messages", "text", "custom"]


class InputKind(NamedTuple):
    """The kind of a member's input; `variable` names the one string variable of a text input."""

    kind: Kind
    variable: str | None = None


def input_kind_of(model: Runnable[Any, Any], *, custom: bool = False) -> InputKind:
    """Return the kind of input that `model` takes.

    Raises:
        MemberError: the input is neither messages nor one text, and no `input=` was given.
    """
    if is_chat_model(model):
        return InputKind("chat")
    if custom:
        return InputKind("custom")
    if is_method(model):
        return InputKind("method")
    schema = model.get_input_jsonschema()
    properties = cast("dict[str, dict[str, Any]]", schema.get("properties", {}))
    if "messages" in properties:
        return InputKind("state")
    if schema.get("type") == "string":
        return InputKind("text")
    # What takes a list takes messages; what a chat model takes is described as one of several.
    if any(option.get("type") == "array" for option in schema.get("anyOf", [schema])):
        return InputKind("messages")
    if isinstance(model, RunnableLambda) and not schema.keys() - {"title"}:
        return InputKind("messages")  # a function without annotations
    required = schema.get("required", list(properties))
    if len(required) == 1 and properties[required[0]].get("type") == "string":
        return InputKind("text", required[0])
    raise MemberError(
        f"cannot tell how to ask this {type(model).__name__} (its input is "
        f"{', '.join(properties) or 'not described'}): say it with "
        "Member(runnable, input=lambda messages: {...}, output=lambda result: '...')"
    )


def is_chat_model(model: object) -> bool:
    """Return whether `model` is a chat model, bound tools, options and retries included."""
    if isinstance(model, RunnableBindingBase):
        return is_chat_model(cast("Any", model).bound)
    return isinstance(model, BaseChatModel)


def is_method(model: object) -> bool:
    """Return whether `model` is one of our own compiled graphs, whose report adds up its calls."""
    return isinstance(getattr(getattr(model, "builder", None), "method", None), str)


def silent(model: Runnable[Any, Any]) -> Runnable[Any, Any]:
    """Return a chat model that neither streams nor answers from the LLM cache.

    Samples of one question must stay distinct, and only a method's last role streams: under
    `stream_mode="messages"` LangChain would otherwise stream every call.
    """
    if isinstance(model, BaseChatModel):
        update: dict[str, Any] = {"disable_streaming": True, "cache": False}
        if "streaming" in type(model).model_fields:  # which clients would still ask for
            update["streaming"] = False
        return model.model_copy(update=update)
    if isinstance(model, RunnableBindingBase):
        bound = cast("Any", model).bound
        return cast("Runnable[Any, Any]", model.model_copy(update={"bound": silent(bound)}))
    return model


def offers_tools(model: object, params: Mapping[str, Any]) -> bool:
    """Return whether a chat model may call tools: the request's, or those bound to it already."""
    if "tools" in params:
        return True
    while isinstance(model, RunnableBindingBase):
        bound = cast("Any", model)
        if bound.kwargs.get("tools") or bound.kwargs.get("functions"):
            return True
        model = bound.bound
    return bool((getattr(model, "model_kwargs", None) or {}).get("tools"))


def may_stream(model: object) -> bool:
    """Return whether a model may stream: only a chat model without code for it surely does not."""
    if not isinstance(model, BaseChatModel):
        return True
    hooks = ("_stream", "_astream")
    return any(getattr(type(model), name) is not getattr(BaseChatModel, name) for name in hooks)


def is_sync_only(model: Runnable[Any, Any]) -> bool:
    """Return whether `model` has no async code, and would run in the loop's small thread pool."""
    if isinstance(model, RunnableBindingBase):
        return is_sync_only(cast("Any", model).bound)
    if isinstance(model, RunnableSequence):
        steps = model.steps
        return any(map(is_sync_only, steps)) and all(map(_may_block, steps))
    if isinstance(model, BaseChatModel):
        hooks = ("_agenerate", "_astream")  # one of them is overridden by a model with async code
        return all(getattr(type(model), name) is getattr(BaseChatModel, name) for name in hooks)
    return isinstance(model, RunnableLambda) and not hasattr(cast("Any", model), "afunc")


def _may_block(step: Runnable[Any, Any]) -> bool:
    """Return whether a step of a chain can be called without a loop; models with one cannot."""
    if isinstance(step, RunnableBindingBase):
        return _may_block(cast("Any", step).bound)
    if isinstance(step, RunnableLambda):
        return hasattr(cast("Any", step), "func")
    return is_sync_only(step) or type(step).__module__.startswith("langchain_core.")
