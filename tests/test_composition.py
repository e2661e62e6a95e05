"""Every method is a member of every other: answers, reports, names, streams and threads."""

from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from helpers.graphs import shown, user
from helpers.registry import NAMES, QUESTION, SIMULATED, small
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage
from langchain_core.outputs import LLMResult
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableGenerator
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Member, QuorumError, create_agent_forest, create_moa
from manyminds.members import safe_name
from manyminds.method_graph import MethodGraph
from manyminds.testing import ScriptedChatModel

PLAIN = "simulated:large"
outer_methods = pytest.mark.parametrize("outer", NAMES)
inner_methods = pytest.mark.parametrize("inner", NAMES)
# All pairs would take minutes; in those that are not slow every method is once on either side.
_QUICK = set(zip(NAMES, [*NAMES[5:], *NAMES[:5]], strict=True))
pairs = pytest.mark.parametrize(
    ("outer", "inner"),
    [
        pytest.param(one, two, marks=[] if (one, two) in _QUICK else pytest.mark.slow)
        for one in NAMES
        for two in NAMES
    ],
)


class Log(BaseCallbackHandler):
    """Counts what reaches models, at whatever depth, and keeps the prompts."""

    run_inline = True

    def __init__(self) -> None:
        self.prompts: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Keep the prompt."""
        self.prompts["\n".join(f"{m.type}: {m.text}" for m in messages[0])] += 1

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Add up the tokens."""
        message: Any = getattr(response.generations[0][0], "message", None)
        self.tokens["input"] += message.usage_metadata["input_tokens"]
        self.tokens["output"] += message.usage_metadata["output_tokens"]


async def asked(app: Any, given: Any, **configurable: str) -> tuple[dict[str, Any], Log]:
    log = Log()
    config = {"callbacks": [log], "configurable": configurable}
    return await app.ainvoke(given, config), log


def nested(outer: str, inner: str) -> MethodGraph:
    return small(outer, small(inner), PLAIN)


@pairs
async def test_answer_and_report_of_a_method_in_a_method(outer: str, inner: str) -> None:
    graph = nested(outer, inner)
    result, log = await asked(graph.compile(), user(QUESTION))
    assert [message.type for message in result["messages"]] == ["human", "ai"]
    assert result["messages"][-1].text == result["answer"]
    assert "[simulated]" in result["answer"]
    report = result["report"]
    assert report["calls"] == log.prompts.total() > 0
    assert report["tokens"] == dict(log.tokens)
    assert report["missing"] == [] and report["simulated"]
    for group in ("members", "roles"):
        assert sum(one["calls"] for one in report[group].values()) == report["calls"]
    short = result["messages"][-1].response_metadata["manyminds"]
    assert (short["method"], short["calls"]) == (graph.method, report["calls"])


@outer_methods
async def test_the_synchronous_way_gives_the_same(outer: str) -> None:
    app = nested(outer, "moa").compile()
    result = await app.ainvoke(user(QUESTION))
    again = app.invoke(user(QUESTION))
    assert again["answer"] == result["answer"]
    assert again["report"]["calls"] == result["report"]["calls"]


@pairs
async def test_a_stream_shows_the_answer_once_and_nothing_else(outer: str, inner: str) -> None:
    app = nested(outer, inner).compile()
    seen = await shown(app, user(QUESTION))
    expected = (await app.ainvoke(user(QUESTION)))["answer"]
    assert "".join(seen.texts(whole=False) + seen.texts(whole=True)) == expected
    assert len(seen.ids) == 1
    assert not seen.texts(whole=False) or not seen.texts(whole=True)


async def _turns(graph: MethodGraph) -> None:
    """Ask two turns on a thread; the second must be like a fresh thread's."""
    app = graph.compile(checkpointer=InMemorySaver())
    await asked(app, user(QUESTION), thread_id="two turns")
    more = user("Start with 7. Add 5. Subtract 2. What is the result?")
    result, log = await asked(app, more, thread_id="two turns")
    before = result["messages"][:-1]
    assert [message.type for message in before] == ["human", "ai", "human"]
    fresh, again = await asked(app, {"messages": before}, thread_id="fresh")
    assert log.prompts == again.prompts
    assert (result["answer"], result["report"]["calls"]) == (
        fresh["answer"],
        fresh["report"]["calls"],
    )


class Draws(BaseCallbackHandler):
    """Keeps what tells the calls of nested runs apart."""

    run_inline = True

    def __init__(self) -> None:
        self.seen: dict[tuple[str, ...], dict[int, set[str]]] = {}

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Note the run that asks for a draw."""
        assert metadata is not None
        prompt = "\n".join(message.text for message in messages[0])
        call = (metadata["member"], metadata["role"], prompt)
        self.seen.setdefault(call, {}).setdefault(metadata["draw"], set()).add(metadata["run"])


@inner_methods
async def test_nested_runs_share_no_sample(inner: str) -> None:
    """Otherwise a cache would give the samples of a forest one and the same answer."""
    draws = Draws()
    forest = create_agent_forest(Member(small(inner), name="inner"), samples=3)
    await forest.compile().ainvoke(user(QUESTION), {"callbacks": [draws]})
    assert draws.seen
    shared = [(call, runs) for call, by_draw in draws.seen.items() for runs in by_draw.values()]
    assert not [call for call, runs in shared if len(runs) > 1]


@outer_methods
async def test_two_turns_on_a_thread_start_clean(outer: str) -> None:
    await _turns(small(outer))


@pytest.mark.slow
@inner_methods
@outer_methods
async def test_two_turns_of_a_method_in_a_method_start_clean(outer: str, inner: str) -> None:
    await _turns(nested(outer, inner))


@outer_methods
def test_names_are_unique_and_safe(outer: str) -> None:
    inner = small(outer)
    graph = small(outer, inner, inner, small(outer), *SIMULATED, *SIMULATED, Member(PLAIN))
    names = list(graph.members)
    assert len(set(names)) == len(names) and all(name == safe_name(name) for name in names)
    drawn = graph.compile().get_graph()
    assert len(drawn.nodes) == len(graph.nodes) + 2
    assert not set(names) & {"begin", "finish", "gate", "layer", "messages", "answer"}


@pytest.mark.slow
@outer_methods
async def test_three_levels_deep(outer: str) -> None:
    app = small(outer, nested("moa", outer), PLAIN).compile()
    result, log = await asked(app, user(QUESTION))
    assert result["report"]["calls"] == log.prompts.total()
    assert result["report"]["missing"] == []


async def test_what_degraded_a_nested_answer_is_told_outside() -> None:
    down = ScriptedChatModel(RuntimeError("down"))
    pair = [Member(ScriptedChatModel("a"), name="a"), Member(ScriptedChatModel("b"), name="b")]
    inner = create_moa(pair, layers=2, aggregator=Member(down, name="writer"))
    middle = create_agent_forest(Member(inner, name="inner"), samples=2)
    outer = create_agent_forest(Member(middle, name="middle"), samples=1).compile()
    degraded = (await outer.ainvoke(user()))["report"]["degraded"]
    assert degraded.count("no aggregator answered") == 1
    assert "in middle: in inner:" in degraded and "(2 times)" in degraded


async def test_a_nested_run_that_gives_up_was_paid_for() -> None:
    down = Member(ScriptedChatModel(RuntimeError("down")), name="down")
    inner = create_moa([Member(ScriptedChatModel("a"), name="a"), down], layers=2, quorum=2)
    other = Member(ScriptedChatModel("b"), name="other")
    app = create_agent_forest([Member(inner, name="inner"), other], samples=2).compile()
    report = (await app.ainvoke(user()))["report"]
    assert report["calls"] == 3 and report["tokens"] == {"input": 20, "output": 10}
    assert "quorum" in report["degraded"]


async def test_an_error_says_what_was_spent() -> None:
    down = Member(ScriptedChatModel(RuntimeError("down")), name="down")
    app = create_moa([Member(ScriptedChatModel("a"), name="a"), down], layers=2, quorum=2).compile()
    with pytest.raises(QuorumError) as caught:
        await app.ainvoke(user())
    assert caught.value.spent is not None
    assert set(caught.value.spent) == {"proposer/a", "proposer/down"}


async def test_two_methods_in_one_call_are_two_runs() -> None:
    """A host's graph that is a member asks two methods the same; their runs have names apart."""
    seen: list[str] = []

    def reply(_messages: object, about: dict[str, Any]) -> str:
        seen.append(about["run"])
        return "x"

    inner = create_agent_forest(Member(ScriptedChatModel(reply), name="m"), samples=1).compile()

    async def twice(messages: list[BaseMessage]) -> str:
        first, second = [await inner.ainvoke({"messages": messages}) for _ in range(2)]
        return str(first["answer"] or second["answer"])

    outer = create_agent_forest(Member(twice, name="host"), samples=1).compile()
    assert (await outer.ainvoke(user()))["answer"] == "x"
    assert len(seen) == len(set(seen)) == 2


def answer_of(result: dict[str, Any]) -> str:
    return str(result["answer"])


def pipeline() -> Any:
    prompt = ChatPromptTemplate([("user", "{question}")])
    forest = create_agent_forest(ScriptedChatModel("42"), samples=3, extract="text").compile()
    return prompt | forest | answer_of


async def test_a_chain_around_a_method_can_be_streamed() -> None:
    chain, given = pipeline(), {"question": "Why?"}
    assert chain.invoke(given) == "42" == await chain.ainvoke(given)
    assert list(chain.stream(given)) == ["42"]
    assert [part async for part in chain.astream(given)] == ["42"]
    assert chain.batch([given, given]) == ["42", "42"]
    events = [event["event"] async for event in chain.astream_events(given, version="v2")]
    assert events[-1] == "on_chain_end"


def test_a_text_that_is_streamed_into_a_method_is_one_question() -> None:
    model = ScriptedChatModel("42")
    forest = create_agent_forest(model, samples=1, extract="text").compile()

    def pieces(parts: Iterator[str]) -> Iterator[str]:
        yield from ("Why", " not", "?")

    assert [r["answer"] for r in (RunnableGenerator(pieces) | forest).stream("x")] == ["42"]
    assert model.calls[0].messages[-1].text == "Why not?"
