import asyncio
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from manyminds import (
    InputError,
    Member,
    MemberError,
    QuorumError,
    create_moa,
    create_moa_lite,
    create_self_moa,
)
from manyminds.fence import parse_numbered
from manyminds.limits.quorum import Quorum
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply

CALLER = "Answer like a pirate."


def proposers(n: int, **scripts: Any) -> tuple[list[ScriptedChatModel], list[Member]]:
    """Return n models and the members a, b, c, ... made of them; each says its name and layer."""
    names = "abcdefgh"[:n]

    def says(name: str) -> Any:
        def script(_messages: object, data: Metadata) -> str:
            return f"{name}{data['layer']}"

        return scripts.get(name, script)

    models = [ScriptedChatModel(says(name)) for name in names]
    return models, [Member(model, name=name) for name, model in zip(names, models, strict=True)]


def references(prompt: str) -> list[tuple[int, str]]:
    return parse_numbered(prompt)


@every_way
@pytest.mark.parametrize(("n", "layers"), [(3, 3), (2, 4), (1, 2)])
async def test_calls_and_answer(n: int, layers: int, way: str) -> None:
    models, members = proposers(n)
    final = ScriptedChatModel("the end")
    app = create_moa(members, aggregator=Member(final, name="last"), layers=layers).compile()
    result = await call(app, way, user())
    assert sum(len(m.calls) for m in models) == n * (layers - 1) and len(final.calls) == 1
    assert result["messages"][-1].text == result["answer"] == "the end"
    assert [m.type for m in result["messages"]] == ["human", "ai"]
    report = result["report"]
    assert report["calls"] == report["requests"] == n * (layers - 1) + 1
    assert report["degraded"] is None and report["missing"] == []
    assert report["method"] == "moa" and report["answered_by"] == "last"
    assert report["tokens"] == {"input": 10 * report["calls"], "output": 5 * report["calls"]}
    assert [c["text"] for c in result["candidates"]] == [
        f"{name}{layers - 1}" for name in "abcdefgh"[:n]
    ]
    short = result["messages"][-1].response_metadata["manyminds"]
    assert short["calls"] == report["calls"] and short["degraded"] is None


async def test_each_layer_reads_only_the_layer_before() -> None:
    models, members = proposers(3)
    final = ScriptedChatModel("the end")
    await create_moa(members, aggregator=final, layers=4).compile().ainvoke(user("Why?"))
    for model in models:
        first, second, third = model.calls
        assert first.texts == [("human", "Why?")]
        assert references(second.prompt) == [(1, "a1"), (2, "b1"), (3, "c1")]
        assert references(third.prompt) == [(1, "a2"), (2, "b2"), (3, "c2")]
    assert references(final.calls[0].prompt) == [(1, "a3"), (2, "b3"), (3, "c3")]
    assert final.calls[0].texts[-1] == ("human", "Why?")


async def test_numbers_follow_the_order_of_asking_whoever_answers_first() -> None:
    answered: list[str] = []
    done = {name: asyncio.Event() for name in "abc"}

    def says(name: str, waits_for: str | None) -> Any:
        async def script(messages: list[BaseMessage], data: Metadata) -> Answer:
            if waits_for is not None:
                await done[waits_for].wait()
            answered.append(name)
            done[name].set()
            return name

        return script

    _, members = proposers(3, a=says("a", "b"), b=says("b", "c"), c=says("c", None))
    final = ScriptedChatModel("the end")
    await create_moa(members, aggregator=final, layers=2).compile().ainvoke(user())
    assert answered == ["c", "b", "a"]
    assert references(final.calls[0].prompt) == [(1, "a"), (2, "b"), (3, "c")]


async def test_the_callers_system_message_comes_first_and_is_the_only_one() -> None:
    models, members = proposers(2)
    members[0] = members[0].model_copy(update={"role": "You are a chemist."})
    final = ScriptedChatModel("the end")
    app = create_moa(members, aggregator=final, layers=3).compile()
    conversation = [
        SystemMessage(CALLER),
        HumanMessage("first"),
        AIMessage("reply"),
        HumanMessage("second"),
    ]
    result = await app.ainvoke({"messages": conversation})
    for asked in [*models[0].calls, *models[1].calls, *final.calls]:
        kinds = [message.type for message in asked.messages]
        assert kinds == ["system", "human", "ai", "human"]
        assert asked.messages[0].text.startswith(CALLER)
    assert models[0].calls[0].messages[0].text == f"{CALLER}\n\nYou are a chemist."
    assert models[1].calls[0].messages[0].text == CALLER
    assert "You are a chemist." in models[0].calls[1].messages[0].text
    assert result["messages"][:4] == conversation


async def test_one_proposer_failing_leaves_the_others_numbered() -> None:
    _, members = proposers(3, b=ValueError("no such tensor"))
    final = ScriptedChatModel("the end")
    result = await create_moa(members, aggregator=final, layers=3).compile().ainvoke(user())
    prompt = final.calls[0].prompt
    assert references(prompt) == [(1, "a2"), (2, "c2")]
    assert "tensor" not in prompt
    report = result["report"]
    assert "2 of 7 calls gave no answer" in report["degraded"]
    assert report["missing"] == [
        {
            "member": "b",
            "role": "proposer",
            "kind": "error",
            "count": 2,
            "message": "no such tensor",
        }
    ]
    failed = result["candidates"][1]
    assert failed["status"] == "failed" and failed["error"]["message"] == "no such tensor"
    assert failed["text"] == "" and failed["answer"] is None


@every_way
async def test_all_failing_raises_and_names_each(way: str) -> None:
    _, members = proposers(2, a=ValueError("one"), b=TimeoutError("two"))
    final = ScriptedChatModel("the end")
    app = create_moa(members, aggregator=final).compile()
    with pytest.raises(QuorumError, match="0 of 2 members answered") as raised:
        await call(app, way, user())
    assert raised.value.failures == ("a: error: one", "b: timeout: two")
    assert final.calls == []


@pytest.mark.parametrize(
    ("quorum", "enough"), [(2, True), (3, False), ("50%", True), ("90%", False)]
)
async def test_quorum(quorum: Quorum, enough: bool) -> None:
    _, members = proposers(3, c=ValueError("three"))
    app = create_moa(members, aggregator=ScriptedChatModel("the end"), quorum=quorum).compile()
    if enough:
        assert (await app.ainvoke(user()))["answer"] == "the end"
    else:
        with pytest.raises(QuorumError, match="2 of 3 members answered and the quorum is 3"):
            await app.ainvoke(user())


async def test_a_fallback_takes_over_from_a_failed_aggregator() -> None:
    _, members = proposers(2)
    chain = [
        Member(ScriptedChatModel(ValueError("broken")), name="first"),
        Member(ScriptedChatModel("rescued"), name="second"),
        Member(ScriptedChatModel("never asked"), name="third"),
    ]
    result = await create_moa(members, aggregator=chain, layers=2).compile().ainvoke(user())
    assert result["answer"] == "rescued"
    report = result["report"]
    assert report["answered_by"] == "second"
    assert report["degraded"].startswith("second took over as aggregator after another failed")
    assert report["roles_played_by"] == {"aggregator": ["first", "second", "third"]}
    assert report["members"]["first"]["failed"] == {"error": 1} and report["calls"] == 4
    assert "third" not in report["members"]


async def test_without_an_aggregator_the_most_typical_candidate_is_the_answer() -> None:
    says = {
        "a": "bananas are yellow",
        "b": "the sky is blue on a clear day",
        "c": "the sky is blue on any clear day",
    }
    _, members = proposers(3, **says)
    broken = ScriptedChatModel(ValueError("broken"))
    result = await create_moa(members, aggregator=broken, layers=2).compile().ainvoke(user())
    assert result["answer"] in (says["b"], says["c"])
    assert "no aggregator answered (error)" in result["report"]["degraded"]
    assert result["report"]["answered_by"] in "bc"
    assert result["messages"][-1].text == result["answer"]


async def test_the_first_proposer_aggregates_by_default() -> None:
    models, members = proposers(2)
    result = await create_moa(members, layers=2).compile().ainvoke(user())
    assert result["report"]["roles_played_by"] == {"aggregator": ["a"]}
    assert [len(m.calls) for m in models] == [2, 1]
    assert [c.metadata["role"] for c in models[0].calls] == ["proposer", "aggregator"]
    assert [c.metadata["draw"] for c in models[0].calls] == [0, 0]


async def test_different_proposers_in_each_layer() -> None:
    models, (a, b, c, d) = proposers(4)
    app = create_moa([[a, b], [c], [d, a]], aggregator=b).compile()
    result = await app.ainvoke(user())
    assert [len(m.calls) for m in models] == [2, 2, 1, 1]
    assert references(models[2].calls[0].prompt) == [(1, "a1"), (2, "b1")]
    assert references(models[3].calls[0].prompt) == [(1, "c2")]
    assert references(models[1].calls[1].prompt) == [(1, "d3"), (2, "a3")]
    assert result["report"]["calls"] == 6
    assert [call.metadata["layer"] for call in models[0].calls] == [1, 3]
    assert [call.metadata["draw"] for call in models[0].calls] == [0, 2]


async def test_an_aggregator_that_proposes_nothing_is_asked_for_its_first_draw() -> None:
    _, members = proposers(2)
    final = ScriptedChatModel("the end")
    await create_moa(members, aggregator=final, layers=4).compile().ainvoke(user())
    assert [call.metadata["draw"] for call in final.calls] == [0]


async def test_presets() -> None:
    models, members = proposers(3)
    await create_moa_lite(members).compile().ainvoke(user())
    assert sum(len(m.calls) for m in models) == 4
    one = ScriptedChatModel(lambda _m, data: ScriptedReply(f"draw {data['draw']}"))
    result = await create_self_moa(one, samples=4).compile().ainvoke(user())
    assert len(one.calls) == 5
    assert sorted(c.metadata["draw"] for c in one.calls[:4]) == [0, 1, 2, 3]
    assert len({c["text"] for c in result["candidates"]}) == 4


async def test_a_node_of_the_hosts_may_aggregate() -> None:
    _, members = proposers(2)

    def longest(state: Any) -> dict[str, Any]:
        return {"answer": max((c["text"] for c in state["candidates"]), key=len) + "!"}

    result = await create_moa(members, aggregator=longest, layers=2).compile().ainvoke(user())
    assert result["messages"][-1].text == result["answer"] == "a1!"
    assert result["report"]["calls"] == 2 and result["report"]["answered_by"] == "custom node"


def test_wrong_arguments() -> None:
    _, members = proposers(1)
    with pytest.raises(InputError, match="layers=1: give at least 2"):
        create_moa(members, layers=1)
    with pytest.raises(InputError, match="give a list such as"):
        create_moa("openai:gpt-4o-mini")
    with pytest.raises(MemberError, match="give at least one"):
        create_moa([])
    with pytest.raises(MemberError, match="give at least one"):
        create_moa([members, []])
    with pytest.raises(InputError, match="'context'"):
        create_moa(members, prompt="Say what {{{context}}} means")
    with pytest.raises(InputError, match="quorum"):
        create_moa(members, quorum=0)
    unknown: Any = {"layerz": 3}
    with pytest.raises(InputError, match="moa has no option 'layerz'"):
        create_moa(members, **unknown)


def test_every_edge_is_drawn() -> None:
    _, members = proposers(2)
    drawn = create_moa(members).compile().get_graph()
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert {("layer", "a"), ("layer", "b"), ("a", "gate"), ("gate", "layer")} <= edges
    assert {("gate", "aggregator"), ("aggregator", "finish"), ("finish", "__end__")} <= edges
