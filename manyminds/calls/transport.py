"""One request to a member's model: the argument in its form, the config, threads where needed."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs

from manyminds.aio import on_background_loop
from manyminds.errors import AnswerError
from manyminds.limits.slots import in_thread
from manyminds.members import Member
from manyminds.runs.context import ParentCall, RunContext, parent_call
from manyminds.runs.usage import Usage
from manyminds.state import TokenUsage

_NESTED = 4_096  # threads at most: each waits for a graph, which may wait for others inside it


class FirstToken(BaseCallbackHandler):
    """Remembers the id of the message whose first token went out to the caller."""

    run_inline = True

    def __init__(self) -> None:
        self.message_id: str | None = None

    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep the first message's id."""
        if self.message_id is None:
            own = chunk.message.id if isinstance(chunk, ChatGenerationChunk) else None
            self.message_id = own or f"lc_run--{run_id}"


class Meter(BaseCallbackHandler):
    """Adds up the model calls inside a chain or graph that is not ours."""

    run_inline = True

    def __init__(self) -> None:
        self.calls = 0
        self.usage = TokenUsage(input_tokens=0, output_tokens=0)

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Count the call and the usage that its message carries."""
        self.calls += 1
        for generations in response.generations:
            usage = getattr(getattr(generations[0], "message", None), "usage_metadata", None)
            if usage is not None:
                self.usage["input_tokens"] += usage["input_tokens"]
                self.usage["output_tokens"] += usage["output_tokens"]


async def request(
    member: Member,
    prompt: list[BaseMessage],
    run: RunContext,
    config: RunnableConfig,
    params: Mapping[str, Any],
    stream: bool,
    watch: BaseCallbackHandler | None,
    inside: Usage,
) -> object:
    """Send one request and return what the model returned, untouched.

    Runs nested in it write what they spend into the ledger `inside`.
    """
    model = member.asked_as(stream=stream)
    kind = member.form.kind
    if watch is not None:
        config = merge_configs(ensure_config(), config, {"callbacks": [watch]})
        config.pop("recursion_limit", None)  # it counts the steps of the graph around, not inside
    if kind == "chat":
        if member.blocks:
            return await in_thread(run.concurrency, model.invoke, prompt, config, **params)
        params = member.request_params(params)
        return await model.ainvoke(prompt, config, **params)
    metadata = config.get("metadata", {})
    draws = getattr(getattr(model, "builder", None), "draws", 1)
    call = "/".join(
        str(metadata[key]) for key in ("run", "role", "member", "layer", "index", "draw")
    )
    path = f"{run.path}{call.removeprefix(run.id)} > "
    token = parent_call.set(
        ParentCall(run.counters, (run.base + metadata["draw"]) * draws, call, path, inside)
    )
    try:
        argument = _argument(member, prompt, run.question)
        if member.blocks:
            output = await in_thread(run.concurrency, model.invoke, argument, config)
        elif _synchronous():
            output = await in_thread(_NESTED, model.invoke, argument, config)
        else:
            output = await model.ainvoke(argument, config)
    finally:
        parent_call.reset(token)
    return output if member.output is None else member.output(output)


async def request_samples(
    model: Runnable[Any, Any],
    prompt: list[BaseMessage],
    samples: int,
    config: RunnableConfig,
    params: Mapping[str, Any],
) -> list[BaseMessage]:
    """Ask an endpoint that honours `n` for several samples in one request.

    Raises:
        AnswerError: the model cannot be asked so.
    """
    if not isinstance(model, BaseChatModel):
        raise AnswerError(
            "samples_per_request needs a plain chat model: use samples_per_request=1",
            kind="invalid_request",
        )
    full = ensure_config(config)
    result = await model.agenerate(
        [prompt],
        callbacks=full.get("callbacks"),
        tags=full.get("tags"),
        metadata=full.get("metadata"),
        n=samples,
        **params,
    )
    return [cast("Any", generation).message for generation in result.generations[0]]


def _synchronous() -> bool:
    """Tell whether a graph inside would be given a checkpointer that may have no async code."""
    saved = ensure_config().get("configurable", {}).get("__pregel_checkpointer")
    return saved is not None and on_background_loop()


def _argument(member: Member, prompt: list[BaseMessage], question: str) -> object:
    form = member.form
    if form.kind == "custom":
        assert member.input is not None
        return member.input(prompt)
    if form.kind in ("state", "method"):
        return {"messages": prompt}
    if form.kind == "messages":
        return prompt
    return question if form.variable is None else {form.variable: question}
