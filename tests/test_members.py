"""Everything that can answer becomes a member, and what cannot is refused in one sentence."""

import asyncio
import functools
import json
from collections.abc import Callable
from threading import Barrier
from typing import Any, cast

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.tools import StructuredTool
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel
from typing_extensions import TypedDict

from manyminds import (
    Candidate,
    Member,
    MemberError,
    Price,
    create_agent_forest,
    create_moa,
)
from manyminds.aio import per_loop
from manyminds.members import RESERVED, layers_of_members, members, safe_name
from manyminds.models.openai import EndpointModel
from manyminds.testing import BlockingChatModel, ScriptedChatModel, ScriptedReply

QUESTION = "What is six times seven?"


async def answer_of(member: Any, **options: Any) -> Candidate:
    """Ask a member once through a graph and return its candidate."""
    app = create_agent_forest(member, samples=1, extract="text", **options).compile()
    candidates: list[Candidate] = (await app.ainvoke(user(QUESTION)))["candidates"]
    (candidate,) = candidates
    return candidate


def echo() -> ScriptedChatModel:
    return ScriptedChatModel(lambda messages, _d: f"to {messages[-1].text}")


# ---- every kind of member


async def test_a_chat_model() -> None:
    model = echo()
    candidate = await answer_of(model)
    assert candidate["text"] == f"to {QUESTION}" and candidate["status"] == "ok"
    assert candidate["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert candidate["attempts"] == 1 and candidate["member"] == "scripted"
    assert candidate["message_id"] is not None and candidate["seconds"] > 0


async def test_a_bound_model() -> None:
    model = echo()
    await answer_of(model.bind(top_k=3))
    assert model.calls[0].params == {"top_k": 3, "temperature": 1.0}


async def test_a_model_with_tools_that_calls_one() -> None:
    def add(a: int, b: int) -> int:
        """Add."""
        return a + b

    calls = [{"name": "add", "args": {"a": 1, "b": 2}, "id": "c1", "type": "tool_call"}]
    model = ScriptedChatModel(lambda _m, _d: ScriptedReply("", fields={"tool_calls": calls}))
    bound = model.bind_tools([StructuredTool.from_function(add)])
    app = create_moa(
        [ScriptedChatModel("x")], aggregator=Member(bound, name="caller"), layers=2
    ).compile()
    result = await app.ainvoke(user())
    assert result["messages"][-1].tool_calls == calls
    assert model.calls[0].params == {"tools": ["add"]}


async def test_a_chain_with_one_string_variable_gets_the_question() -> None:
    model = echo()
    chain = PromptTemplate.from_template("Translate: {text}") | model | StrOutputParser()
    candidate = await answer_of(chain)
    assert model.calls[0].texts == [("human", f"Translate: {QUESTION}")]
    assert candidate["text"] == f"to Translate: {QUESTION}"
    assert candidate["usage"] == {"input_tokens": 10, "output_tokens": 5}
    assert candidate.get("calls") == 1


async def test_a_chain_that_begins_with_a_model_gets_messages() -> None:
    model = echo()
    assert (await answer_of(model | StrOutputParser()))["text"] == f"to {QUESTION}"


@pytest.mark.parametrize("wrapper", ["fallbacks", "retry", "config", "lambda after"])
async def test_a_wrapped_model_gets_the_conversation(wrapper: str) -> None:
    model = echo()
    wrapped: Any = {
        "fallbacks": ScriptedChatModel(ValueError("no")).with_fallbacks([model]),
        "retry": model.with_retry(stop_after_attempt=2),
        "config": model.with_config(tags=["mine"]),
        "lambda after": model | RunnableLambda(lambda message: message),
    }[wrapper]
    assert (await answer_of(wrapped))["text"] == f"to {QUESTION}"
    assert Member(wrapped).is_chat is (wrapper in ("retry", "config"))


async def test_a_chain_with_messages_gets_the_conversation() -> None:
    model = echo()
    prompt = ChatPromptTemplate([("system", "Be kind."), ("placeholder", "{messages}")])
    await answer_of(prompt | model)
    assert model.calls[0].texts == [("system", "Be kind."), ("human", QUESTION)]


async def test_structured_output_is_read_as_json() -> None:
    class Point(BaseModel):
        x: int

    chain = echo() | RunnableLambda(lambda _message: Point(x=3))
    assert json.loads((await answer_of(chain))["text"]) == {"x": 3}


async def test_a_compiled_graph_counts_its_calls() -> None:
    model = echo()

    async def twice(state: MessagesState) -> dict[str, Any]:
        await model.ainvoke(state["messages"])
        return {"messages": [await model.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("twice", twice)
    graph.add_edge(START, "twice")
    graph.add_edge("twice", END)
    agent: Any = graph.compile(name="agent")
    candidate = await answer_of(agent)
    assert candidate["text"] == f"to {QUESTION}" and candidate["member"] == "agent"
    assert candidate.get("calls") == 2
    assert candidate["usage"] == {"input_tokens": 20, "output_tokens": 10}
    result = await create_agent_forest(agent, samples=3).compile().ainvoke(user())
    assert result["report"]["calls"] == 6
    assert result["report"]["tokens"] == {"input": 60, "output": 30}


async def test_a_function_through_member() -> None:
    async def later(messages: list[BaseMessage]) -> str:
        return f"later {messages[-1].text}"

    def now(messages: list[BaseMessage]) -> AIMessage:
        return AIMessage(f"now {messages[-1].text}")

    assert (await answer_of(Member(later)))["text"] == f"later {QUESTION}"
    assert (await answer_of(Member(now)))["text"] == f"now {QUESTION}"
    assert Member(now).name == "now"


async def test_input_and_output_say_how() -> None:
    class Ticket(TypedDict):
        subject: str
        body: str

    seen: list[Ticket] = []

    async def desk(ticket: Ticket) -> dict[str, list[str]]:
        seen.append(ticket)
        return {"lines": ["a", "b"]}

    def ticket(messages: list[BaseMessage]) -> Ticket:
        return {"subject": "S", "body": messages[-1].text}

    def joined(result: dict[str, list[str]]) -> str:
        return " ".join(result["lines"])

    member = Member(
        RunnableLambda(desk),
        name="desk",
        input=ticket,
        output=joined,
    )
    assert (await answer_of(member))["text"] == "a b"
    assert seen == [{"subject": "S", "body": QUESTION}]


@pytest.mark.parametrize(
    "string", ["openai:gpt-4o-mini", "ollama:llama3.1", "test@http://127.0.0.1:1/v1"]
)
def test_a_string(string: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    member = Member(string)
    assert member.is_chat and member.retries == 2
    assert member.name in ("gpt-4o-mini", "llama3.1", "test")
    assert Member(ScriptedChatModel()).retries is None


@every_way
@pytest.mark.parametrize("compiled", [False, True])
async def test_a_method_is_a_member_and_the_report_adds_both_levels(
    way: str, compiled: bool
) -> None:
    inner_models = [ScriptedChatModel("inner a"), ScriptedChatModel("inner b")]
    graph = create_agent_forest(inner_models, samples=4, extract="text")
    inner: Any = graph.compile() if compiled else graph
    plain, last = ScriptedChatModel("plain"), ScriptedChatModel("the end")
    proposers: list[Any] = [inner, plain]
    app = create_moa(proposers, aggregator=last, layers=3).compile()
    result = await call(app, way, user())
    asked = [len(m.calls) for m in [*inner_models, plain, last]]
    assert asked == [4, 4, 2, 1]
    report = result["report"]
    assert report["calls"] == report["requests"] == sum(asked) == 11
    assert report["tokens"] == {"input": 110, "output": 55}
    assert report["members"]["agent-forest"]["calls"] == 8
    assert (
        report["roles"]["proposer"]["calls"] == 10 and report["roles"]["aggregator"]["calls"] == 1
    )
    assert [c["text"] for c in result["candidates"]][1] == "plain"
    draws = sorted(c.metadata["draw"] for c in inner_models[0].calls)
    assert len(set(draws)) == 4  # the second run of the nested method repeats none of the first


async def test_three_levels() -> None:
    model = ScriptedChatModel("x")
    level1 = create_agent_forest(model, samples=3, extract="text")
    level2 = create_moa([level1], aggregator=model, layers=2)
    level3 = create_agent_forest(level2, samples=2, extract="text").compile()
    result = await level3.ainvoke(user())
    assert result["report"]["calls"] == len(model.calls) == 2 * (3 + 1)
    draws = [c.metadata["draw"] for c in model.calls if c.metadata["role"] == "sampler"]
    assert len(set(draws)) == len(draws) == 6


async def test_a_failed_nested_method_is_a_failed_candidate_that_says_why() -> None:
    broken = create_agent_forest(ScriptedChatModel(ValueError("no tensor")), samples=2)
    proposers: list[Any] = [broken, ScriptedChatModel("fine")]
    app = create_moa(proposers, aggregator=ScriptedChatModel("end"), layers=2).compile()
    result = await app.ainvoke(user())
    first, second = result["candidates"]
    assert first["status"] == "failed" and first["error"]["kind"] == "quorum"
    assert "no tensor" in first["error"]["message"] and second["status"] == "ok"
    assert result["answer"] == "end" and "quorum 1" in result["report"]["degraded"]


# ---- names


def test_names_are_unique_safe_and_never_those_of_nodes() -> None:
    named = members(
        [
            ScriptedChatModel(model_name="meta/llama 3.1:8b"),
            ScriptedChatModel(model_name="gate"),
            Member(ScriptedChatModel(), name="judge"),
            Member(ScriptedChatModel(), name="x"),
            Member(ScriptedChatModel(), name="x"),
            Member(ScriptedChatModel(), name="x-2"),
        ]
    )
    names = [member.name for member in named]
    assert names == ["llama-3.1-8b", "gate-2", "judge-2", "x", "x-2", "x-2-2"]
    assert not set(names) & RESERVED


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a b/c", "a-b-c"), ("ünï", "n"), ("..x", "x"), ("日本", "member"), ("a|b:c", "a-b-c")],
)
def test_safe_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe
    with pytest.raises(MemberError, match=f"such as `{safe}`"):
        Member(ScriptedChatModel(), name=name)


def test_a_chat_model_is_named_after_its_model() -> None:
    assert Member(ScriptedChatModel(model_name="org/m-1")).name == "m-1"
    assert Member(ScriptedChatModel(model_name="m-1").bind(x=1)).name == "m-1"


async def test_one_model_twice_is_two_members_with_distinct_draws() -> None:
    model = ScriptedChatModel(lambda _m, data: f"draw {data['draw']}")
    one, two, three = members([model, model, ScriptedChatModel()])
    assert [m.name for m in (one, two, three)] == ["scripted", "scripted-2", "scripted-3"]
    assert [one.recorded_draw(k) for k in range(3)] == [0, 2, 4]
    assert [two.recorded_draw(k) for k in range(3)] == [1, 3, 5]
    assert three.recorded_draw(2) == 2
    await create_moa([model] * 3, layers=3).compile().ainvoke(user())
    asked = [c.metadata["draw"] for c in model.calls if c.metadata["role"] == "proposer"]
    assert len(asked) == len(set(asked)) == 6


async def test_recorded_members_never_share_an_answer(tmp_path: Any) -> None:
    path = tmp_path / "r.jsonl"
    samples = [f"answer {n}" for n in range(6)]
    path.write_text(json.dumps({"id": "q", "question": QUESTION, "samples": samples}))
    spec = f"recorded:{path}"
    app = create_agent_forest([spec, spec], samples=6, extract="text").compile()
    result = await app.ainvoke(user(QUESTION))
    assert sorted(c["text"] for c in result["candidates"]) == samples


def test_the_same_member_in_two_layers_is_one_and_the_callers_object_is_untouched() -> None:
    mine = Member(ScriptedChatModel(), name="x")
    (first, again), (other,) = layers_of_members([[mine, mine], [mine]])
    assert first is other and first.name == "x" and again.name == "x-2"
    assert mine.copy_index == (0, 1)
    twin = Member(ScriptedChatModel(), name="x")
    (named,) = layers_of_members([[twin]])
    assert named[0].name == "x"


# ---- what cannot be a member


def sync_tool(a: int) -> int:
    """Do something."""
    return a


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (3, "a int cannot be asked: give a chat model, a Runnable, a compiled graph, or a string"),
        ("gpt-4o-mini", "`gpt-4o-mini` names no provider"),
        (RunnablePassthrough(), r"Member\(runnable, input=lambda messages"),
        (
            RunnableParallel(a=RunnablePassthrough(), b=RunnablePassthrough()),
            r"Member\(runnable, input=lambda messages",
        ),
        (
            PromptTemplate.from_template("{a} and {b}") | ScriptedChatModel(),
            r"\(its input is a, b\): say it with Member\(runnable, input=",
        ),
        (None, "a NoneType cannot be asked"),
    ],
)
def test_what_cannot_be_asked_is_refused(wrong: Any, message: str) -> None:
    for build in (members, create_agent_forest, Member):
        with pytest.raises(MemberError, match=message):
            build([wrong] if build is members else wrong)


def test_a_plain_function_is_a_node_not_a_member() -> None:
    def answer(messages: Any) -> str:
        return "x"

    wrong: Any = answer
    with pytest.raises(MemberError, match=r"Member\(answer\)"):
        create_agent_forest([wrong])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"wieght": 1}, "Member option `wieght`"),
        ({"weight": -1}, "Member option `weight`: .*greater than or equal to 0"),
        ({"timeout": 0}, "Member option `timeout`"),
        ({"retries": -1}, "Member option `retries`"),
        ({"samples_per_request": 0}, "Member option `samples_per_request`"),
        ({"price": {"input": 1}}, "Member option `price.output`: Field required"),
    ],
)
def test_wrong_options(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MemberError, match=message):
        Member(ScriptedChatModel(), **options)


def test_a_member_of_a_member() -> None:
    with pytest.raises(MemberError, match=r"change it with member.model_copy\(update=...\)"):
        Member(Member(ScriptedChatModel()))


def test_cost() -> None:
    usage = {"input_tokens": 2_000_000, "output_tokens": 500_000}
    given: Any = usage
    priced = Member(ScriptedChatModel(), price=Price(input=0.5, output=2.0))
    assert priced.cost_of(given) == pytest.approx(2.0)
    assert Member(ScriptedChatModel()).cost_of(given) is None


# ---- how they are called


@every_way
async def test_sync_only_models_run_sixty_wide(way: str) -> None:
    model = BlockingChatModel(barrier=Barrier(60, timeout=30))
    app = create_agent_forest(model, samples=60, extract="text").compile()
    result = await call(app, way, user())
    assert [c["status"] for c in result["candidates"]] == ["ok"] * 60


@every_way
async def test_sync_only_functions_and_chains_run_sixty_wide(way: str) -> None:
    def function(barrier: Barrier) -> Member:
        def waits(_messages: list[BaseMessage]) -> str:
            barrier.wait()
            return "x"

        return Member(waits)

    builds: list[Callable[[Barrier], Any]] = [
        function,
        lambda barrier: BlockingChatModel(barrier=barrier) | StrOutputParser(),
        lambda barrier: BlockingChatModel(barrier=barrier).bind(stop=["x"]),
        lambda barrier: PromptTemplate.from_template("{q}") | BlockingChatModel(barrier=barrier),
    ]
    for build in builds:
        member = build(Barrier(60, timeout=30))
        app = create_agent_forest(member, samples=60, extract="text").compile()
        result = await call(app, way, user())
        assert [c["status"] for c in result["candidates"]] == ["ok"] * 60


async def test_the_llm_cache_is_off_for_samples() -> None:
    from langchain_core.caches import InMemoryCache

    model = ScriptedChatModel(lambda _m, data: f"draw {data['draw']}", cache=InMemoryCache())
    result = await create_agent_forest(model, samples=4, extract="text").compile().ainvoke(user())
    assert len({c["text"] for c in result["candidates"]}) == 4 == len(model.calls)


async def test_a_quiet_copy_is_made_once_a_loop() -> None:
    member = Member("m@http://127.0.0.1:1/v1")
    first = member.runnable(stream=False)
    assert member.runnable(stream=False) is first is not member.runnable(stream=True)
    other = await asyncio.to_thread(lambda: asyncio.run(_quiet(member)))
    assert other is not first


async def _quiet(member: Member) -> object:
    per_loop("something", object)
    return member.runnable(stream=False)


async def test_content_blocks_and_reasoning_are_kept_apart() -> None:
    blocks: list[str | dict[str, Any]] = [
        {"type": "text", "text": "seen: "},
        {"type": "text", "text": "42"},
    ]

    def script(_m: object, _d: object) -> ScriptedReply:
        return ScriptedReply(fields={"additional_kwargs": {"reasoning_content": "hidden thoughts"}})

    thinking = ScriptedChatModel(script)

    def blocky(_messages: list[BaseMessage]) -> AIMessage:
        return AIMessage(content=list(blocks))

    last = ScriptedChatModel("end")
    app = create_moa([Member(thinking), Member(blocky)], aggregator=last, layers=2).compile()
    one, two = (await app.ainvoke(user()))["candidates"]
    assert one["reasoning"] == "hidden thoughts" and two["content"] == blocks
    assert two["text"] == "seen: 42"
    assert "hidden" not in last.calls[0].prompt and "seen: 42" in last.calls[0].prompt


async def test_a_role_stands_in_the_system_message() -> None:
    model = echo()
    await answer_of(Member(model, role="You are {{a chemist}}."))
    assert model.calls[0].texts == [("system", "You are {{a chemist}}."), ("human", QUESTION)]


async def test_a_state_with_messages_and_structured_response() -> None:
    class Out(BaseModel):
        n: int

    class State(MessagesState):
        structured_response: Any

    graph = StateGraph(State)

    def respond(state: State) -> dict[str, Any]:
        return {"messages": [AIMessage("text")], "structured_response": Out(n=1)}

    graph.add_node("n", respond)
    graph.add_edge(START, "n")
    agent: Any = graph.compile()
    assert json.loads((await answer_of(agent))["text"]) == {"n": 1}


async def test_unreadable_output_is_a_failure_that_says_what_to_do() -> None:
    async def number(_messages: list[BaseMessage]) -> Any:
        return 42

    app = create_moa(
        [Member(number), Member(ScriptedChatModel("fine"))],
        aggregator=ScriptedChatModel("end"),
        layers=2,
    ).compile()
    one, _ = (await app.ainvoke({"messages": [HumanMessage("?")]}))["candidates"]
    assert one["error"]["kind"] == "malformed" and "output=function" in one["error"]["message"]


def a_function(_messages: list[BaseMessage]) -> str:
    return "x"


@pytest.mark.parametrize(
    ("member", "shown"),
    [
        (Member("simulated:small"), "Member('simulated:small', name='small')"),
        (Member("m@http://h/v1", weight=2), "Member('m@http://h/v1', name='m', weight=2.0)"),
        (Member(a_function, name="f"), "Member(<RunnableBinding>, name='f')"),
        (
            Member(create_moa(["simulated:small"]), role="You add."),
            "Member(<moa>, name='moa', role='You add.')",
        ),
    ],
)
def test_a_member_is_shown_by_what_was_given(member: Member, shown: str) -> None:
    assert repr(member) == str(member) == shown


def test_a_secret_in_a_base_url_is_not_shown() -> None:
    model = EndpointModel("m", "http://ann:pass@host/v1?api-key=KEY", provider="")
    assert repr(Member(model)) == "Member('m@http://***@host/v1?***', name='m')"


def shouts(messages: list[Any]) -> str:
    return f"{messages[-1].text}!"


async def softly(messages: list[Any]) -> str:
    return "hush"


class Shouter:
    """A callable object, which a Runnable may call."""

    def __call__(self, messages: Any) -> str:
        return "hi!"


def wrapped(function: Any) -> Member:
    return Member(RunnableLambda(function))


@pytest.mark.parametrize("wrap", [Member, wrapped])
def test_a_member_has_the_name_of_the_function_inside(wrap: Any) -> None:
    assert wrap(functools.partial(functools.partial(softly))).name == "softly"
    assert wrap(Shouter()).name == "Shouter"
    with pytest.raises(MemberError, match=r"write Member\(softly\)"):
        create_agent_forest([cast("Any", functools.partial(softly))])


@pytest.mark.parametrize("function", [shouts, softly])
async def test_a_function_as_a_runnable_takes_messages_and_has_its_name(function: Any) -> None:
    member = Member(RunnableLambda(function))
    assert member.name == function.__name__
    app = create_agent_forest([RunnableLambda(function)], samples=1, extract="text").compile()
    result = await app.ainvoke({"messages": [("user", "hi")]})
    assert result["answer"] == ("hi!" if function is shouts else "hush")
