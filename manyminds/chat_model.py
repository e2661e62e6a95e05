"""MethodChatModel: a method as a LangChain chat model."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, cast

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManager,
    CallbackManagerForLLMRun,
)
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.types import StreamMode
from pydantic import ConfigDict, SkipValidation

MODES: list[StreamMode] = ["messages", "values"]
_PARAGRAPH = "\n\n"  # between the parts of an answer that is written in parts
_BROKEN_OFF = "\n\n[The reply above was broken off. It begins again:]\n\n"


class MethodChatModel(BaseChatModel):
    """A method as a chat model; `CompiledMethod.as_chat` makes it.

    Args:
        app: The compiled method.
        writer: Chat model that calls the tools. Default: see `CompiledMethod.as_chat`.
        tools: Tools as `bind_tools` was given them.
        binding: Further arguments of `bind_tools`, such as `tool_choice`.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    app: SkipValidation[Any]
    writer: SkipValidation[Any] = None
    tools: SkipValidation[Sequence[Any]] = ()
    binding: SkipValidation[Mapping[str, Any]] = {}

    @property
    def _llm_type(self) -> str:
        return "manyminds"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"method": self.app.builder.method, "options": self.app.builder.options}

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools, which the writer may call.

        Args:
            tools: Tools, functions, types or schemas, as the writer's model takes them.
            tool_choice: Tool that must be called, or "any".
            **kwargs: Further arguments of the writer's `bind_tools`.

        Raises:
            InputError: The method has no chat model; give `as_chat(writer=...)`.
        """
        binding = {name: value for name, value in kwargs.items() if not name.startswith("ls_")}
        if tool_choice is not None:
            binding["tool_choice"] = tool_choice
        bound = self.model_copy(update={"tools": list(tools), "binding": binding})
        vars(bound).pop("_running", None)
        if tools:
            _ = bound._running  # a method without a chat model is an error now, not in a run
        return bound

    @cached_property
    def _running(self) -> Any:
        """The application that a turn runs: the method, or the method and then its writer."""
        if not self.tools:
            return self.app
        return self.app.builder.with_tools(self.tools, self.binding, self.writer).compile()

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        state = self._running.invoke({"messages": messages}, _config(run_manager))
        return _result(state)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        state = await self._running.ainvoke({"messages": messages}, _config(run_manager))
        return _result(state)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        shown = Shown()
        given = {"messages": messages}
        for mode, part in self._running.stream(given, _config(run_manager), stream_mode=MODES):
            for text in shown.take(mode, part):
                if run_manager is not None:
                    run_manager.on_llm_new_token(text, chunk=_chunk(text))
                yield _chunk(text)
        yield shown.end()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        shown = Shown()
        given = {"messages": messages}
        running = self._running.astream(given, _config(run_manager), stream_mode=MODES)
        async for mode, part in running:
            for text in shown.take(mode, part):
                if run_manager is not None:
                    await run_manager.on_llm_new_token(text, chunk=_chunk(text))
                yield _chunk(text)
        yield shown.end()


class Shown:
    """The part of the answer that a streaming caller has received."""

    def __init__(self) -> None:
        self.text = ""
        self.id: str | None = None
        self.state: dict[str, Any] = {}
        self._layer, self._before = 0, ""  # of the message that is being written; text before it

    def take(self, mode: str, part: Any) -> Iterator[str]:
        """Take in a part of the run's stream; yield the texts to show."""
        if mode == "values":
            self.state = part
        elif mode == "messages" and isinstance(part[0], AIMessageChunk) and part[0].text:
            piece, layer = part[0], int(part[1].get("layer", 0))
            if self.id not in (None, piece.id):
                yield self._between(is_next=layer > self._layer)
            self.id, self._layer = piece.id, layer
            self.text += piece.text
            yield piece.text

    def _between(self, *, is_next: bool) -> str:
        """Return what stands before another message: the next part of the answer, or a new try."""
        if is_next:
            self.text += _PARAGRAPH
            self._before = self.text
            return _PARAGRAPH
        self.text = self._before
        return _BROKEN_OFF + self._before

    def rest(self) -> str:
        """Return the part of the answer that was not streamed, once the run has ended."""
        answer: AIMessage = self.state["messages"][-1]
        text = answer.text
        if text.startswith(self.text):
            return text[len(self.text) :]
        # Reasoning that was streamed is no part of the answer.
        return "" if self.text.rstrip().endswith(text.rstrip()) else _BROKEN_OFF + text

    def end(self) -> ChatGenerationChunk:
        """Return the last chunk: the rest of the answer, the usage and the report."""
        known = _message(self.state)
        message = AIMessageChunk(
            content=self.rest(),
            tool_calls=known.tool_calls,
            usage_metadata=known.usage_metadata,
            response_metadata=known.response_metadata,
        )
        return ChatGenerationChunk(message=message)


def _chunk(text: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text))


def _config(
    manager: CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun | None,
) -> RunnableConfig:
    """Return a config under which a trace shows the run below the chat model's call."""
    if manager is None:
        return RunnableConfig()
    kind = (
        CallbackManager if isinstance(manager, CallbackManagerForLLMRun) else AsyncCallbackManager
    )
    child = kind(handlers=[], parent_run_id=manager.run_id)
    child.set_handlers(manager.inheritable_handlers)
    return RunnableConfig(callbacks=child)


def _result(state: Mapping[str, Any]) -> ChatResult:
    return ChatResult(generations=[ChatGeneration(message=_message(state))])


def _message(state: Mapping[str, Any]) -> AIMessage:
    """Return the answer's message with the usage of the whole run."""
    answer, tokens = cast("AIMessage", state["messages"][-1]), state["report"]["tokens"]
    usage = {
        "input_tokens": tokens["input"],
        "output_tokens": tokens["output"],
        "total_tokens": tokens["input"] + tokens["output"],
    }
    return answer.model_copy(update={"usage_metadata": usage, "name": None})
