"""A method in somebody else's app: node, runnable, tool; checkpointer, interrupts, own context."""

import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompt_values import PromptValue
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Overwrite
from pydantic import BaseModel
from typing_extensions import TypedDict

from manyminds import (
    Budget,
    Context,
    InputError,
    Member,
    QuorumError,
    create_agent_forest,
    create_moa,
    using,
)
from manyminds.fence import parse_numbered
from manyminds.method_graph import MethodGraph
from manyminds.testing import ScriptedChatModel

THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
OTHER: RunnableConfig = {"configurable": {"thread_id": "2"}}


def parts(layers: int = 3) -> tuple[list[ScriptedChatModel], ScriptedChatModel, MethodGraph]:
    """Return two proposers, an aggregator, and the MoA made of them."""
    a = ScriptedChatModel(lambda _m, data: f"a{data['layer']}")
    b = ScriptedChatModel(lambda _m, data: f"b{data['layer']}")
    last = ScriptedChatModel(lambda messages, _d: f"answer to {messages[-1].text}")
    members = [Member(a, name="a"), Member(b, name="b")]
    return [a, b], last, create_moa(members, aggregator=Member(last, name="c"), layers=layers)


# ---- as a node


class Ticket(TypedDict):
    ticket: str


class HostState(Ticket, total=False):
    reply: str
    audit: list[str]


@every_way
async def test_called_inside_a_node_of_a_host_with_another_state(way: str) -> None:
    _, _, graph = parts()
    method = graph.compile()

    async def consult(state: HostState) -> dict[str, Any]:
        result = await method.ainvoke({"messages": [HumanMessage(state["ticket"])]})
        return {"reply": result["answer"], "audit": [result["report"]["method"]]}

    def consult_now(state: HostState) -> dict[str, Any]:
        result = method.invoke({"messages": [HumanMessage(state["ticket"])]})
        return {"reply": result["answer"], "audit": [result["report"]["method"]]}

    host = StateGraph(HostState)
    host.add_node("consult", RunnableLambda(consult_now, afunc=consult))
    host.add_edge(START, "consult")
    app: Any = host.compile()
    result = await call(app, way, {"ticket": "Why?"})
    assert result == {"ticket": "Why?", "reply": "answer to Why?", "audit": ["moa"]}


@dataclasses.dataclass
class UserContext:
    user: str


class PydanticContext(BaseModel):
    user: str


class DictContext(TypedDict):
    user: str


class SharedState(MessagesState):
    seen: str


@every_way
@pytest.mark.parametrize(
    ("schema", "context"),
    [
        (UserContext, UserContext("ann")),
        (PydanticContext, PydanticContext(user="ann")),
        (DictContext, {"user": "ann"}),
    ],
    ids=["dataclass", "pydantic", "dict"],
)
async def test_as_a_node_of_a_host_with_its_own_context(
    schema: type[Any], context: Any, way: str
) -> None:
    models, _, graph = parts()

    def greet(state: SharedState, runtime: Runtime[Any]) -> dict[str, Any]:
        given = runtime.context
        return {"seen": given["user"] if isinstance(given, dict) else given.user}

    host = StateGraph(SharedState, context_schema=schema)
    host.add_node("greet", greet)
    host.add_node("ensemble", graph.compile())
    host.add_edge(START, "greet")
    host.add_edge("greet", "ensemble")
    app: Any = host.compile()
    result = await call(app, way, user("Why?"), context=context)
    assert [m.text for m in result["messages"]] == ["Why?", "answer to Why?"]
    assert result["seen"] == "ann" and set(result) == {"messages", "seen"}
    assert [len(m.calls) for m in models] == [2, 2]


async def test_our_context_object_is_heard_and_a_foreign_one_leaves_the_rest_in_force() -> None:
    models, _, graph = parts()
    app = graph.compile()
    await app.ainvoke(user(), context=Context(params={"temperature": 0.1}))
    assert models[0].calls[-1].params == {"temperature": 0.1}
    foreign: Any = UserContext("ann")
    with using(params={"temperature": 0.2}):
        await app.ainvoke(user(), context=foreign)
    assert models[0].calls[-1].params == {"temperature": 0.2}


# ---- in a chain, as a tool


@every_way
async def test_in_a_chain(way: str) -> None:
    _, last, graph = parts()
    app = graph.compile()

    # Streamed, any compiled graph hands updates of its nodes to the next link; a function does not.
    def ask(given: dict[str, Any]) -> dict[str, Any]:
        return app.invoke(given)

    def messages(value: PromptValue) -> dict[str, Any]:
        return {"messages": value.to_messages()}

    def last_message(state: dict[str, Any]) -> BaseMessage:
        last: BaseMessage = state["messages"][-1]
        return last

    prompt = ChatPromptTemplate([("system", "Be brief."), ("user", "Explain {topic}.")])
    chain: Any = (
        prompt
        | messages
        | (RunnableLambda(ask, afunc=app.ainvoke) if "stream" in way else app)
        | last_message
        | StrOutputParser()
    )
    given = {"topic": "tides"}
    if way == "invoke":
        text = chain.invoke(given)
    elif way == "ainvoke":
        text = await chain.ainvoke(given)
    elif way == "stream":
        text = "".join(chain.stream(given))
    else:
        text = "".join([piece async for piece in chain.astream(given)])
    assert text == "answer to Explain tides."
    assert last.calls[0].texts[0][1].startswith("Be brief.")


async def test_batches() -> None:
    models, _, graph = parts()
    inputs = [user(f"question {n}") for n in range(5)]
    app = graph.compile()
    for results in (await app.abatch(inputs), app.batch(inputs)):
        assert [r["answer"] for r in results] == [f"answer to question {n}" for n in range(5)]
    assert len(models[0].calls) == 2 * 2 * 5


@pytest.mark.filterwarnings("ignore:This API is in beta")
async def test_as_a_tool() -> None:
    _, _, graph = parts()
    app = graph.compile()
    asking = app.as_tool(name="council", description="asks several models")
    assert await asking.ainvoke({"question": "Why?"}) == "answer to Why?"
    plain = app.as_tool(arg_types={"messages": list}, name="plain", description="takes the state")
    assert (await plain.ainvoke(user("Why?")))["answer"] == "answer to Why?"

    async def council(question: str) -> str:
        """Ask several models."""
        answer: str = (await app.ainvoke(user(question)))["answer"]
        return answer

    tool = StructuredTool.from_function(coroutine=council)
    assert await tool.ainvoke({"question": "How?"}) == "answer to How?"


# ---- on a thread


@pytest.fixture
def savers(tmp_path: Path) -> Iterator[dict[str, BaseCheckpointSaver[Any]]]:
    connection = sqlite3.connect(tmp_path / "c.db", check_same_thread=False)
    yield {"memory": InMemorySaver(), "sqlite": SqliteSaver(connection)}
    connection.close()


def forest(model: ScriptedChatModel) -> MethodGraph:
    return create_agent_forest(model, samples=8, stop="ahead:2", extract="text")


@pytest.mark.parametrize("way", ["invoke", "stream"])
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("method", ["moa", "agent-forest"])
def test_two_turns_on_one_thread_start_clean(
    savers: dict[str, BaseCheckpointSaver[Any]], kind: str, method: str, way: str
) -> None:
    def build() -> tuple[list[ScriptedChatModel], MethodGraph]:
        if method == "moa":
            models, last, graph = parts()
            return [*models, last], graph
        model = ScriptedChatModel(
            lambda _m, data: "abab"[data["draw"] % 2 :][:1] if data["draw"] < 2 else "a"
        )
        return [model], forest(model)

    def asked(models: list[ScriptedChatModel]) -> list[Any]:
        """What was asked since the last time, apart from the run's id."""
        log = [
            (call.texts, {**call.metadata, "run": None, "thread_id": None}["draw"], call.params)
            for model in models
            for call in model.calls
        ]
        for model in models:
            model.calls.clear()
        return sorted(log, key=repr)

    def ask(app: Any, given: Any, config: RunnableConfig) -> dict[str, Any]:
        if way == "invoke":
            return dict(app.invoke(given, config))
        return dict(list(app.stream(given, config, stream_mode="values"))[-1])

    models, graph = build()
    app = graph.compile(checkpointer=savers[kind])
    first = ask(app, user("first?"), THREAD)
    asked(models)
    second = ask(app, user("second?"), THREAD)
    on_thread = asked(models)
    fresh = ask(app, {"messages": [*first["messages"], HumanMessage("second?")]}, OTHER)
    assert on_thread == asked(models)
    assert len(on_thread) == second["report"]["calls"] == first["report"]["calls"]
    assert first["report"]["run"] != second["report"]["run"]
    assert [m.text for m in second["messages"]] == [m.text for m in fresh["messages"]]
    assert len(second["messages"]) == 4
    assert second["report"]["degraded"] is None
    assert [c["run"] for c in second["candidates"]] == [second["report"]["run"]] * len(
        second["candidates"]
    )


async def test_two_turns_with_the_asynchronous_saver(tmp_path: Path) -> None:
    models, _, graph = parts()
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "c.db")) as saver:
        app = graph.compile(checkpointer=saver)
        await app.ainvoke(user("first?"), THREAD)
        result = await app.ainvoke(user("second?"), THREAD)
    assert result["report"]["calls"] == 5 and len(result["messages"]) == 4
    assert models[0].calls[2].texts == [
        ("human", "first?"),
        ("ai", "answer to first?"),
        ("human", "second?"),
    ]


def edited(text: str, candidate: dict[str, Any]) -> dict[str, Any]:
    return {**candidate, "text": text}


@every_way
@pytest.mark.parametrize("replace", [False, True], ids=["merge", "Overwrite"])
async def test_interrupted_before_the_aggregator_and_edited(way: str, replace: bool) -> None:
    _, last, graph = parts()
    app = graph.compile(checkpointer=InMemorySaver(), interrupt_before=["aggregator"])
    await call(app, way, user("Why?"), THREAD)
    state = await app.aget_state(THREAD)
    assert state.next == ("aggregator",) and last.calls == []
    one, two = state.values["candidates"]
    assert (one["text"], two["text"]) == ("a2", "b2")
    update: Any = Overwrite([edited("HOST", one)]) if replace else [edited("HOST", two)]
    await app.aupdate_state(THREAD, {"candidates": update})
    result = await call(app, way, None, THREAD)
    expected = [(1, "HOST")] if replace else [(1, "a2"), (2, "HOST")]
    assert parse_numbered(last.calls[0].prompt) == expected
    assert result["answer"] == "answer to Why?"
    assert result["report"]["run"] == one["run"] and result["report"]["calls"] == 5


async def test_candidates_edited_away() -> None:
    broken = ScriptedChatModel(ValueError("no"))
    graph = create_moa([ScriptedChatModel("a")], aggregator=broken, layers=2)
    app = graph.compile(checkpointer=InMemorySaver(), interrupt_before=["aggregator"])
    await app.ainvoke(user(), THREAD)
    await app.aupdate_state(THREAD, {"candidates": Overwrite([])})
    with pytest.raises(QuorumError, match="keep at least one candidate"):
        await app.ainvoke(None, THREAD)


async def test_interrupted_inside_a_host_and_resumed() -> None:
    models, last, graph = parts()
    host = StateGraph(MessagesState)
    host.add_node("ensemble", graph.compile(interrupt_before=["aggregator"]))
    host.add_edge(START, "ensemble")
    host.add_edge("ensemble", END)
    app: Any = host.compile(checkpointer=InMemorySaver())
    await app.ainvoke(user("Why?"), THREAD)
    inner = (await app.aget_state(THREAD, subgraphs=True)).tasks[0].state
    assert inner.next == ("aggregator",)
    result = await app.ainvoke(None, THREAD)
    assert result["messages"][-1].text == "answer to Why?"
    assert [len(m.calls) for m in [*models, last]] == [2, 2, 1]


# ---- a node of the host's between two of ours


@every_way
@pytest.mark.parametrize("asynchronous", [False, True])
async def test_insert_a_node_that_reads_and_changes_the_state(way: str, asynchronous: bool) -> None:
    _, last, graph = parts(layers=2)
    seen: list[Any] = []

    def redact(state: Any) -> dict[str, Any]:
        seen.append([c["text"] for c in state["candidates"]])
        return {"candidates": [edited("redacted", state["candidates"][0])]}

    async def redact_later(state: Any) -> dict[str, Any]:
        return redact(state)

    graph.insert("redact", redact_later if asynchronous else redact, after="gate")
    result = await call(graph.compile(), way, user("Why?"))
    assert seen == [["a1", "b1"]]
    assert parse_numbered(last.calls[0].prompt) == [(1, "redacted"), (2, "b1")]
    assert result["answer"] == "answer to Why?"


async def test_an_inserted_node_runs_in_every_layer_and_does_not_meet_the_recursion_limit() -> None:
    _, _, graph = parts(layers=9)
    layers: list[int] = []

    def watch(state: Any) -> dict[str, Any]:
        layers.append(state["layer"])
        return {}

    for name in ("w1", "w2", "w3"):
        graph.insert(name, watch, after="gate")
    await graph.compile().ainvoke(user())
    assert layers == [layer for layer in range(1, 9) for _ in range(3)]


@pytest.mark.parametrize("after", ["begin", "layer", "gate", "aggregator", "finish"])
async def test_a_node_may_follow_any_other(after: str) -> None:
    _, last, graph = parts()
    visits: list[str] = []

    def visit(state: Any) -> dict[str, Any]:
        visits.append(state["run"])
        return {}

    result = await graph.insert("visit", visit, after=after).compile().ainvoke(user("Why?"))
    assert set(visits) == {result["report"]["run"]} and len(last.calls) == 1
    assert len(visits) == (2 if after in ("layer", "gate") else 1)
    assert parse_numbered(last.calls[0].prompt) == [(1, "a2"), (2, "b2")]


async def test_a_node_after_the_last_may_change_the_answer() -> None:
    _, _, graph = parts()

    def sign(state: Any) -> dict[str, Any]:
        last = state["messages"][-1]
        return {"messages": [AIMessage(f"{last.text} -- signed", id=last.id)]}

    result = await graph.insert("sign", sign, after="finish").compile().ainvoke(user("Why?"))
    assert [m.text for m in result["messages"]] == ["Why?", "answer to Why? -- signed"]


def test_insert_says_what_is_wrong() -> None:
    _, _, graph = parts()

    def nothing(state: Any) -> dict[str, Any]:
        return {}

    with pytest.raises(InputError, match=r"no node `judge` to insert after; there are: .*gate"):
        graph.insert("mine", nothing, after="judge")
    with pytest.raises(InputError, match="a node `gate` already"):
        graph.insert("gate", nothing, after="layer")
    with pytest.raises(InputError, match="insert after `gate`"):
        graph.insert("mine", nothing, after="a")


async def test_a_node_may_follow_the_only_member() -> None:
    graph = create_moa([Member(ScriptedChatModel("x"), name="only")], layers=2)
    seen: list[str] = []

    def look(state: Any) -> dict[str, Any]:
        seen.extend(c["text"] for c in state["candidates"])
        return {}

    await graph.insert("look", look, after="only").compile().ainvoke(user())
    assert seen == ["x"]


@every_way
async def test_a_synchronous_node_may_invoke_another_method(way: str) -> None:
    inner = parts()[2].compile()
    _, last, graph = parts()

    def consult(state: Any) -> dict[str, Any]:
        answer = inner.invoke({"messages": state["messages"]})["answer"]
        return {"candidates": [edited(answer, state["candidates"][0])]}

    graph.insert("consult", consult, after="gate")
    await call(graph.compile(), way, user("Why?"))
    assert parse_numbered(last.calls[0].prompt) == [(1, "answer to Why?"), (2, "b2")]


async def test_synchronous_nodes_of_two_questions_run_side_by_side() -> None:
    both = Barrier(2, timeout=20)

    def meet(state: Any) -> dict[str, Any]:
        both.wait()
        return {}

    app = parts(layers=2)[2].insert("meet", meet, after="gate").compile()
    results = await app.abatch([user("one"), user("two")])
    assert [r["answer"] for r in results] == ["answer to one", "answer to two"]


async def test_a_node_that_returns_nothing_is_told() -> None:
    _, _, graph = parts()

    def wrong(_state: Any) -> Any:
        return "text"

    graph.insert("mine", wrong, after="gate")
    with pytest.raises(InputError, match="node `mine` returned str: return a dict"):
        await graph.compile().ainvoke(user())


def test_compile_sets_concurrency_and_name() -> None:
    _, _, graph = parts(layers=3)
    config: Any = graph.compile().config
    assert config["max_concurrency"] == 256
    assert graph.compile(name="mine").name == "mine" and graph.compile().name == "moa"


async def test_many_layers_stay_below_the_limit() -> None:
    _, _, graph = parts(layers=60)
    assert (await graph.compile().ainvoke(user()))["report"]["calls"] == 2 * 59 + 1


async def test_no_question() -> None:
    app = parts()[2].compile()
    for messages in ([], [AIMessage("hello")]):
        with pytest.raises(InputError, match="there is no question"):
            await app.ainvoke({"messages": messages})


async def test_a_budget_of_the_hosts_reaches_a_method_in_its_node() -> None:
    models, _, graph = parts()
    host = StateGraph(MessagesState)
    host.add_node("ensemble", graph.compile())
    host.add_edge(START, "ensemble")
    app: Any = host.compile()
    with using(budget=Budget(calls=3)):
        await app.ainvoke(user())
    assert [len(m.calls) for m in models] == [1, 1]
