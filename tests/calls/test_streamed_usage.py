"""A host's own client whose stream reports usage with every chunk: counted once, or not at all."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableLambda

from manyminds import Member, create_agent_forest, create_moa, load_run, record
from manyminds.calls.streamed_usage import StreamedUsage
from manyminds.compiled_method import CompiledMethod

WORDS = ["The ", "answer ", "is ", "4."]
Report = tuple[int, int] | None
UNREAD = "an endpoint sent token counts that cannot be read: they count as not reported"


class HostClient(BaseChatModel):
    """A client that streams whatever it is asked, with these reports of tokens in and out."""

    reports: list[Report]

    @property
    def _llm_type(self) -> str:
        return "host"

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        def told() -> Iterator[ChatGenerationChunk]:
            for chunk in self._stream(messages, stop, run_manager, **kwargs):
                if run_manager is not None:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk

        return generate_from_stream(told())

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        for word, report in zip(WORDS, self.reports, strict=True):
            yield chunk_of(word, report)


def chunk_of(word: str, report: Report) -> ChatGenerationChunk:
    usage = None
    if report is not None:
        read, written = report
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    return ChatGenerationChunk(message=AIMessageChunk(content=word, usage_metadata=usage))


COUNTED: dict[str, list[Report]] = {
    "so far": [(10, 1), (10, 3), (10, 5), (10, 5)],
    "so far, of a growing prompt": [(8, 1), (9, 2), (10, 4), (10, 5)],
    "twice at the end": [None, None, (10, 5), (10, 5)],
    "parts": [(10, 0), (0, 2), (0, 1), (0, 2)],
    "prompt first": [(10, 0), None, None, (0, 5)],
    "prompt first, with one token": [(10, 1), None, None, (0, 4)],
    "at the end": [None, None, None, (10, 5)],
    "empty ones before": [(0, 0), (0, 0), (0, 0), (10, 5)],
}
UNCLEAR: dict[str, list[Report]] = {
    "falls": [(10, 3), (10, 2), (10, 4), (10, 1)],
    "always the same": [(10, 1)] * 4,
    "only the answer so far": [(10, 1), (0, 2), (0, 4), (0, 5)],
}


def apps(model: BaseChatModel) -> dict[str, tuple[CompiledMethod, int]]:
    """Return methods that call the model, with the number of calls."""
    chain = Member(model | RunnableLambda(lambda message: message), name="chain")
    inner = create_agent_forest(model, samples=1)
    return {
        "forest": (create_agent_forest(model, samples=2).compile(), 2),
        "writer": (create_moa([model], layers=2).compile(), 2),
        "nested": (create_moa([inner], aggregator=model, layers=2).compile(), 2),
        "chain": (create_agent_forest(chain, samples=1).compile(), 1),
    }


async def report_of(app: CompiledMethod, streamed: bool) -> dict[str, Any]:
    if not streamed:
        return dict((await app.ainvoke("What is 2 + 2?"))["report"])
    parts: AsyncIterator[Any] = app.astream("What is 2 + 2?", stream_mode=["messages", "values"])
    found: dict[str, Any] = {}
    async for mode, data in parts:
        found = data if mode == "values" else found
    return dict(found["report"])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", ["forest", "writer", "nested", "chain"])
@pytest.mark.parametrize("case", COUNTED)
async def test_the_usage_of_a_stream_is_counted_once(
    case: str, method: str, streamed: bool
) -> None:
    app, calls = apps(HostClient(reports=COUNTED[case]))[method]
    report = await report_of(app, streamed)
    assert report["calls"] == calls
    assert report["tokens"] == {"input": 10 * calls, "output": 5 * calls}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("method", ["forest", "writer", "nested", "chain"])
@pytest.mark.parametrize("case", UNCLEAR)
async def test_usage_that_may_be_read_in_two_ways_is_not_reported(
    case: str, method: str, streamed: bool
) -> None:
    app, _ = apps(HostClient(reports=UNCLEAR[case]))[method]
    report = await report_of(app, streamed)
    assert report["tokens"] == {"input": 0, "output": 0}
    assert any(UNREAD in note for note in report["notes"])


def test_a_record_has_the_usage_of_a_call_inside_a_chain_once(tmp_path: Path) -> None:
    app, _ = apps(HostClient(reports=COUNTED["so far"]))["chain"]
    with record(tmp_path / "run.jsonl"):
        app.invoke("What is 2 + 2?")
    (call,) = load_run(tmp_path / "run.jsonl").calls
    assert [dict(one["usage"]) for one in call.inner] == [{"input_tokens": 10, "output_tokens": 5}]


def test_a_sum_that_the_client_has_corrected_itself_stands() -> None:
    stream = StreamedUsage()
    for report in COUNTED["so far"]:
        stream.add(chunk_of("x", report))
    assert stream.of({"input_tokens": 12, "output_tokens": 6}) == {
        "input_tokens": 12,
        "output_tokens": 6,
    }
