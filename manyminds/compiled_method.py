"""CompiledMethod: a compiled method, which takes a text, and serves as a chat model or a tool."""

from asyncio import to_thread
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool, StructuredTool
from langgraph.graph.state import CompiledStateGraph

from manyminds.errors import InputError
from manyminds.interrupts import ended_by_interrupt, interruptible
from manyminds.members import Askable
from manyminds.settings import Context

if TYPE_CHECKING:
    from manyminds.chat_model import MethodChatModel


class CompiledMethod(CompiledStateGraph[Any, Context, Any, Any]):
    """A compiled method: a LangGraph application with three additions.

    Its input may be a text or a list of messages instead of `{"messages": [...]}`. `as_chat()`
    returns a chat model and `as_tool()` a tool.
    """

    def __repr__(self) -> str:
        """Return the method and its shape: `<compiled spp: 1 member, at most 1 call>`."""
        return f"<compiled {repr(self.builder)[1:]}"

    if not TYPE_CHECKING:  # the result has the types of LangGraph's own overloads

        def invoke(self, input: Any, *args: Any, **kwargs: Any) -> Any:
            """Invoke as LangGraph does; the input may be a text or messages."""
            with ended_by_interrupt():
                return super().invoke(input, *args, **kwargs)

    def stream(self, input: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Stream as LangGraph does; the input may be a text or messages."""
        app = self.for_run(kwargs.get("context"))
        parts = super(CompiledMethod, app).stream(as_input(input), *args, **kwargs)
        return interruptible(cast("Generator[Any]", parts))

    def astream(self, input: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        """Stream as LangGraph does; the input may be a text or messages."""
        if _options_of(kwargs.get("context")):
            return self._astream_changed(as_input(input), *args, **kwargs)
        return super().astream(as_input(input), *args, **kwargs)

    async def _astream_changed(self, input: Any, *args: Any, **kwargs: Any) -> AsyncGenerator[Any]:
        # Builders read prompt files, which a server may refuse on its event loop.
        app = await to_thread(self.for_run, kwargs.get("context"))
        parts = super(CompiledMethod, app).astream(input, *args, **kwargs)
        async with aclosing(cast("AsyncGenerator[Any]", parts)):
            async for part in parts:
                yield part

    def for_run(self, context: object) -> "CompiledMethod":
        """Return the method as the options in a run's context want it; itself without any.

        Raises:
            InputError: An option does not exist, or cannot be set for one run.
        """
        options = _options_of(context)
        if not options:
            return self
        rebuild = getattr(self.builder, "rebuild", None)
        if rebuild is None:
            raise InputError("a graph that no builder of a method made takes no options for a run")
        app = rebuild(options).compile(
            checkpointer=self.checkpointer,
            store=self.store,
            cache=self.cache,
            interrupt_before=self.interrupt_before_nodes,
            interrupt_after=self.interrupt_after_nodes,
            debug=self.debug,
            name=self.name,
        )
        own = {key: value for key, value in (self.config or {}).items() if key != "recursion_limit"}
        return cast("CompiledMethod", app.with_config(cast("RunnableConfig", own)))

    def transform(
        self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Yield the result as a step of a chain that is streamed."""
        yield self.invoke(_whole(list(input)), config, **kwargs)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Yield the result as a step of a chain that is streamed."""
        parts = [part async for part in input]
        yield await self.ainvoke(_whole(parts), config, **kwargs)

    def as_chat(self, writer: Askable | None = None) -> "MethodChatModel":
        """Return the method as a LangChain chat model.

        Use it where a program takes a chat model: chains, `StrOutputParser`, `create_agent`. It
        streams, and its usage is that of the whole run. With tools or an output schema bound, the
        method answers first, and then the writer is asked once with that answer and the tools, so
        that a turn costs one call more. A turn that ends with a tool's result asks the writer only.

        Args:
            writer: Chat model that calls the tools. Default: the role that writes the answer, or
                all chat models where the method votes; then they vote on the tool.
        """
        from manyminds.chat_model import MethodChatModel

        return MethodChatModel(app=self, writer=writer)

    def as_tool(
        self,
        args_schema: Any = None,
        *,
        name: str | None = None,
        description: str | None = None,
        arg_types: dict[str, type] | None = None,
    ) -> BaseTool:
        """Return the method as a tool: from a question to the answer.

        The tool's artifact is the report, with the method's further keys, such as `ballot`.

        Args:
            args_schema: Schema of the arguments, where the tool takes keys of the state.
            name: Name of the tool. Default: the method's.
            description: Text that the calling model reads about the tool.
            arg_types: Types of the arguments, as `args_schema`.
        """
        if args_schema is not None or arg_types is not None:
            return super().as_tool(
                args_schema, name=name, description=description, arg_types=arg_types
            )

        def consult(question: str) -> tuple[str, Any]:
            result = self.invoke(question)
            return result["answer"], _artifact(result)

        async def aconsult(question: str) -> tuple[str, Any]:
            result = await self.ainvoke(question)
            return result["answer"], _artifact(result)

        return StructuredTool.from_function(
            consult,
            aconsult,
            name=name or self.get_name().replace("-", "_"),
            description=description or _DESCRIPTION,
            response_format="content_and_artifact",
        )


_TEXTS = frozenset({"messages", "candidates", "answer", "report", "transcript"})
_DESCRIPTION = (
    "Ask a panel of language models a question and get their joint answer. The question must be "
    "complete in itself: the panel does not see this conversation."
)


def _artifact(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report and the method's further keys of a result, without the texts."""
    others = {key: one for key, one in result.items() if key not in _TEXTS}
    return {**others, **result["report"]}


def as_input(given: Any) -> Any:
    """Return a text or messages as a method's input, and anything else as it is."""
    if isinstance(given, str):
        return {"messages": [HumanMessage(given)]}
    if isinstance(given, PromptValue):
        return {"messages": given.to_messages()}
    if isinstance(given, BaseMessage):
        return {"messages": [given]}
    if isinstance(given, dict) and cast("dict[str, Any]", given).get("messages", ...) is None:
        return {**given, "messages": []}  # LangGraph would raise an error of its own
    return {"messages": given} if isinstance(given, list) else given


def _options_of(context: object) -> Mapping[str, Any]:
    """Return the builder's options in a run's context, which a server hands over as plain data."""
    if isinstance(context, Context):
        return context.options or {}
    given = cast("Mapping[str, Any]", context).get("options") if isinstance(context, dict) else None
    return cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}


def _whole(parts: list[Any]) -> Any:
    """Join the output that the step before has streamed: pieces of a text, or one value."""
    if parts and all(isinstance(part, str) for part in parts):
        return "".join(parts)
    return parts[-1] if parts else None
