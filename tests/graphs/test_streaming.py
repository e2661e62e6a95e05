"""What a caller sees who streams: the answer's tokens, once, and nothing of the members."""

from typing import Any

import pytest
from helpers.graphs import call, shown, user
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, MessagesState, StateGraph

from manyminds import Member, create_agent_forest, create_moa
from manyminds.method_graph import MethodGraph
from manyminds.testing import ScriptedChatModel, ScriptedReply

FINAL = "the whole final answer"


def tokens_of(text: str) -> list[str]:
    words = text.split(" ")
    return [f"{word} " for word in words[:-1]] + words[-1:]


def moa(final: ScriptedChatModel, member: Any = None) -> MethodGraph:
    quiet = ScriptedChatModel(ScriptedReply("a member speaks", id="member"))
    return create_moa([member or quiet, quiet], aggregator=Member(final, name="last"), layers=3)


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("subgraphs", [False, True])
@pytest.mark.parametrize("own_id", [None, "msg-1"])
async def test_final_tokens_once(way: str, subgraphs: bool, own_id: str | None) -> None:
    final = ScriptedChatModel(lambda _m, _d: ScriptedReply(FINAL, id=own_id))
    seen = await shown(moa(final).compile(), user(), subgraphs=subgraphs, way=way)
    assert seen.texts(whole=False) == tokens_of(FINAL)
    assert seen.texts(whole=True) == []
    assert len(seen.ids) == 1 and (own_id is None or seen.ids == {own_id})
    assert final.calls[0].streamed


@pytest.mark.parametrize("own_id", [None, "msg-1"])
async def test_the_answer_keeps_the_models_id(own_id: str | None) -> None:
    final = ScriptedChatModel(lambda _m, _d: ScriptedReply(FINAL, id=own_id))
    result = await moa(final).compile().ainvoke(user())
    assert not final.calls[0].streamed
    *_, answer = result["messages"]
    assert answer.text == FINAL and answer.id
    if own_id is not None:
        assert answer.id == own_id


async def test_the_streamed_message_and_the_answer_have_one_id() -> None:
    app = moa(ScriptedChatModel(FINAL)).compile()
    streamed: set[str | None] = set()
    last: dict[str, Any] = {}
    part: Any
    async for part in app.astream(user(), stream_mode=["messages", "values"]):
        mode, data = part
        if mode == "messages":
            streamed.add(data[0].id)
        else:
            last = data
    assert streamed == {last["messages"][-1].id}


async def test_members_are_never_asked_to_stream() -> None:
    member = ScriptedChatModel("a member speaks")
    final = ScriptedChatModel(FINAL)
    seen = await shown(moa(final, member).compile(), user())
    assert [c.streamed for c in member.calls] == [False, False]
    assert all("a member" not in text for text in seen.texts(whole=False))


async def test_an_inner_methods_tokens_are_silent() -> None:
    inner_final = ScriptedChatModel("inner words here")
    inner = moa(inner_final).compile()
    outer = moa(ScriptedChatModel(FINAL), member=Member(inner, name="inner")).compile()
    for subgraphs in (False, True):
        seen = await shown(outer, user(), subgraphs=subgraphs)
        assert seen.texts(whole=False) == tokens_of(FINAL)
        inside = seen.texts(whole=True)
        assert inside == (["inner words here"] * 2 if subgraphs else [])
    assert [c.streamed for c in inner_final.calls] == [False] * 4


async def test_as_a_node_of_a_host() -> None:
    host = StateGraph(MessagesState)
    host.add_node("ensemble", moa(ScriptedChatModel(FINAL)).compile())
    host.add_edge(START, "ensemble")
    host.add_edge("ensemble", END)
    app: Any = host.compile()
    without = await shown(app, user())
    assert without.texts(whole=False) == [] and without.texts(whole=True) == [FINAL]
    with_inside = await shown(app, user(), subgraphs=True)
    assert with_inside.texts(whole=False) == tokens_of(FINAL)
    assert len(with_inside.ids) == 1


async def test_a_lost_stream_says_what_to_drop() -> None:
    tries = iter(
        [ScriptedReply(FINAL, id="try-1", breaks_after=2), ScriptedReply(FINAL, id="try-2")]
    )
    final = Member(ScriptedChatModel(lambda _m, _d: next(tries)), name="last", retries=1)
    app = create_moa([ScriptedChatModel("x")], aggregator=final, layers=2).compile()
    seen = await shown(app, user())
    dropped = [e for e in seen.events if e["event"] == "dropped"]
    assert [e["message_id"] for e in dropped] == ["try-1"]
    by_id: dict[str | None, str] = {}
    for _, message in seen.pieces:
        by_id[message.id] = by_id.get(message.id, "") + message.text
    assert by_id == {"try-1": "the whole ", "try-2": FINAL}


async def test_a_fallback_after_a_lost_stream_says_what_to_drop() -> None:
    broken = ScriptedChatModel(ScriptedReply(FINAL, id="lost", breaks_after=1))
    chain = [
        Member(broken, name="one"),
        Member(ScriptedChatModel(ScriptedReply("rescued", id="kept")), name="two"),
    ]
    app = create_moa([ScriptedChatModel("x")], aggregator=chain, layers=2).compile()
    seen = await shown(app, user())
    assert [e["message_id"] for e in seen.events if e["event"] == "dropped"] == ["lost"]
    assert seen.texts(whole=False) == ["the ", "rescued"]


async def test_a_failure_before_the_first_token_drops_nothing() -> None:
    chain = [
        Member(ScriptedChatModel(ValueError("no")), name="one"),
        Member(ScriptedChatModel("ok"), name="two"),
    ]
    seen = await shown(
        create_moa([ScriptedChatModel("x")], aggregator=chain, layers=2).compile(), user()
    )
    assert [e for e in seen.events if e["event"] == "dropped"] == []
    assert seen.texts(whole=False) == ["ok"]


async def test_a_forest_shows_its_answer_once_and_whole() -> None:
    model = ScriptedChatModel(
        lambda _m, data: ScriptedReply("Final answer: 4", id=f"draw-{data['draw']}")
    )
    seen = await shown(create_agent_forest(model, samples=3).compile(), user())
    assert seen.texts(whole=False) == [] and seen.texts(whole=True) == ["Final answer: 4"]
    assert seen.ids == {"draw-0"}
    assert not any(c.streamed for c in model.calls)


async def test_progress_events() -> None:
    app = create_agent_forest(ScriptedChatModel("Final answer: 4"), samples=3).compile()
    seen = await shown(app, user())
    kinds = [event["event"] for event in seen.events]
    assert kinds.count("asked") == kinds.count("answered") == 3
    assert kinds[-2:] == ["voted", "stopped"]
    assert seen.events[-2]["counts"] == [3] and seen.events[-2]["asked"] == 3
    assert {event["method"] for event in seen.events} == {"agent-forest"}


async def test_a_replayed_answer_gets_an_id_of_its_own() -> None:
    app = create_agent_forest(
        ScriptedChatModel(ScriptedReply("Final answer: 4", id="same")), samples=1
    ).compile()
    first = await call(app, "ainvoke", user())
    again = await call(app, "ainvoke", {"messages": [*first["messages"], ("user", "and now?")]})
    answers = [m for m in again["messages"] if isinstance(m, AIMessage)]
    assert len(answers) == 2 and answers[0].id == "same" != answers[1].id
