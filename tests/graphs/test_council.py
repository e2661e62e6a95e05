"""Council: who ranks what in which order, who wins, what the chair is told."""

import asyncio
import json
from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langchain_core.messages import BaseMessage
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import (
    Budget,
    InputError,
    Member,
    QuorumError,
    create_agent_forest,
    create_council,
    create_moa,
)
from manyminds.fence import parse_numbered
from manyminds.nodes.reviewer import Review
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply

# What each member answers, and what each thinks of the answers: best first.
TEXTS = {name: f"answer of {name}" for name in "abcde"}


def ranking(texts: list[str], taste: str) -> str:
    """Return the reply of a reviewer who prefers the answers of those named first."""
    numbers = {text[-1]: number for number, text in enumerate(texts, 1)}
    order = [numbers[name] for name in taste if name in numbers]
    if len(order) < len(texts):
        return json.dumps({"order": order})
    rows = [
        {"number": number, "reason": f"on {text[-1]}", "score": 10 - order.index(number)}
        for text, number in zip(texts, range(1, len(texts) + 1), strict=True)
    ]
    return json.dumps({"answers": rows})


def member(
    name: str, taste: str | Exception | Answer, says: Answer | None = None
) -> ScriptedChatModel:
    """Return a model that answers `answer of NAME`, and ranks by its taste."""

    def script(messages: list[BaseMessage], data: Metadata) -> Answer:
        if data["role"] == "proposer":
            return TEXTS[name] if says is None else says
        if isinstance(taste, str) and taste.isalpha():
            return ranking([text for _, text in parse_numbered(messages[-1].text)], taste)
        return taste

    return ScriptedChatModel(script)


def council(*tastes: Any, **says: Answer) -> tuple[list[ScriptedChatModel], list[Member]]:
    names = "abcd"[: len(tastes)]
    models = [member(n, t, says.get(n)) for n, t in zip(names, tastes, strict=True)]
    return models, [Member(m, name=n) for n, m in zip(names, models, strict=True)]


@every_way
async def test_answers_rankings_and_a_chair(way: str) -> None:
    models, members = council("bcad", "cadb", "badc", "bcda")
    chair = ScriptedChatModel("the synthesis")
    app = create_council(members, chair=Member(chair, name="head")).compile()
    result = await call(app, way, user())
    assert [[c.metadata["role"] for c in m.calls] for m in models] == [["proposer", "ranker"]] * 4
    assert result["answer"] == "the synthesis" == result["messages"][-1].text
    report = result["report"]
    assert report["calls"] == 2 * 4 + 1 and report["degraded"] is None
    assert report["answered_by"] == "head" and report["roles_played_by"] == {"chair": ["head"]}
    assert report["decision"]["reason"] == "4 of 4 members ranked the answers"
    # Nobody ranks itself: a has 0.5 from b, 0.5 from c, 0 from d; d is last with everybody.
    assert result["ballot"]["scores"] == pytest.approx([1 / 3, 1, 2 / 3, 0])
    assert result["ballot"]["winner"] == 1 and result["ballot"]["voters"] == 4
    assert report["rankings"] == result["rankings"]


async def test_nobody_sees_its_own_answer_or_a_name_and_orders_differ() -> None:
    seen: set[tuple[str, ...]] = set()
    last: list[str] = []
    for n in range(5):
        models, members = council("abcd", "abcd", "abcd", "abcd")
        await create_council(members, rank_only=True).compile().ainvoke(user(f"question {n}"))
        last = [model.calls[1].prompt for model in models]
        for name, model in zip("abcd", models, strict=True):
            first, second = model.calls
            assert first.texts == [("human", f"question {n}")]
            blocks = parse_numbered(second.prompt)
            assert [number for number, _ in blocks] == [1, 2, 3]
            assert sorted(text[-1] for _, text in blocks) == sorted(set("abcd") - {name})
            assert second.texts[1] == ("human", f"question {n}")
            assert [kind for kind, _ in second.texts] == ["system", "human", "ai", "human"]
            assert second.params["temperature"] == 0
            seen.add(tuple(text[-1] for _, text in blocks))
    assert len(seen) > 8
    again, members = council("abcd", "abcd", "abcd", "abcd")
    await create_council(members, rank_only=True).compile().ainvoke(user("question 4"))
    assert [m.calls[1].prompt for m in again] == last


async def test_a_review_maps_the_numbers_shown_back_to_candidates() -> None:
    _, members = council("dcba", "dcba", "dcba", "dcba")
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    orders = [review["order"] for review in result["rankings"]]
    assert orders == [[3, 2, 1], [3, 2, 0], [3, 1, 0], [2, 1, 0]]
    for review in result["rankings"]:
        assert sorted(review["shown"]) == sorted(review["order"])
        assert review["correlation"] == 1.0 and not review["dissents"]
    assert any(review["shown"] != sorted(review["shown"]) for review in result["rankings"])


async def test_the_winner_comes_word_for_word_without_a_chair() -> None:
    models, members = council("cab", "cab", "cab", c=ScriptedReply("answer of c", id="c-message"))
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    assert result["answer"] == "answer of c" and result["messages"][-1].id == "c-message"
    assert result["report"]["calls"] == 6 and sum(len(m.calls) for m in models) == 6
    assert result["report"]["roles_played_by"] == {}


async def test_a_tie_goes_to_the_member_asked_first() -> None:
    _, members = council("bc", "ca", "ab")
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    assert result["ballot"]["tie"] is True and result["answer"] == "answer of a"


async def test_the_chair_reads_the_answers_in_the_councils_order() -> None:
    _, members = council("bcda", "acdb", "badc", "bcad")
    chair = ScriptedChatModel("done")
    result = await create_council(members, chair=chair).compile().ainvoke(user("Why?"))
    prompt = chair.calls[0]
    assert parse_numbered(prompt.prompt)[0] == (1, "answer of b")
    assert "Answer 1: 1.00 points" in prompt.prompt and prompt.texts[-1] == ("human", "Why?")
    assert prompt.metadata["role"] == "chair"
    assert not any(name in result["report"]["prompts"][0] for name in ("answer of",))


async def test_dissent_is_noted_in_the_report_and_told_to_the_chair() -> None:
    _, members = council("bcd", "acd", "abd", "cba")
    chair = ScriptedChatModel("done")
    result = await create_council(members, chair=chair).compile().ainvoke(user())
    rankings: list[Review] = result["rankings"]
    dissenters = {
        review["member"]: review["correlation"] for review in rankings if review["dissents"]
    }
    assert dissenters == {"d": -1.0}
    assert "One member dissents and ranks: 3 > 2 > 1" in chair.calls[0].prompt


@pytest.mark.parametrize(
    "reply", ["I would rather not.", "", '{"order": []}', '{"order": [17, 0]}', ValueError("no")]
)
async def test_a_ranking_that_cannot_be_read_abstains(reply: Answer) -> None:
    _, members = council(
        "bcad", ScriptedReply(reply) if isinstance(reply, str) else reply, "badc", "bcad"
    )
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    assert result["answer"] == "answer of b"
    assert result["ballot"]["voters"] == 3 and result["ballot"]["abstentions"] == 1
    assert result["rankings"][1]["order"] == [] and result["rankings"][1]["correlation"] is None


async def test_a_partial_ranking_counts() -> None:
    _, members = council("d", "d", "d", "a")
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    assert result["answer"] == "answer of d"
    assert result["ballot"]["scores"] == pytest.approx([(0.25 * 2 + 1) / 3, 0.25, 0.25, 1])


async def test_without_any_ranking_the_most_typical_answer_comes_first_and_is_marked() -> None:
    says = {
        "a": "pears and plums",
        "b": "the sky is blue today",
        "c": "the sky is blue again today",
    }
    _, members = council(*[ScriptedReply("no idea")] * 3, **says)
    result = await create_council(members, rank_only=True).compile().ainvoke(user())
    assert result["answer"] in (says["b"], says["c"]) and result["ballot"] is None
    assert "nothing was ranked: no ranking could be read" in result["report"]["degraded"]
    assert result["report"]["calls"] == 9  # each was asked for its ranking once more


async def test_a_member_that_gave_no_answer_is_left_out() -> None:
    models, members = council("dcb", "acd", "dba", "cba", a=ValueError("no such tensor"))
    chair = ScriptedChatModel("done")
    result = await create_council(members, chair=chair).compile().ainvoke(user())
    assert len(models[0].calls) == 1 and result["report"]["calls"] == 4 + 3 + 1
    assert [c["status"] for c in result["candidates"]] == ["failed", "ok", "ok", "ok"]
    assert result["ballot"]["scores"][0] is None and result["ballot"]["winner"] in (1, 2, 3)
    winner = result["candidates"][result["ballot"]["winner"]]["text"]
    assert parse_numbered(chair.calls[0].prompt)[0] == (1, winner)
    assert not any("tensor" in c.prompt for m in models for c in m.calls)
    assert "1 of 8 calls gave no answer (error 1)" in result["report"]["degraded"]


async def test_two_answers_cannot_be_ranked_by_their_authors() -> None:
    models, members = council("ba", "ab")
    chair = ScriptedChatModel("done")
    result = await create_council(members, chair=chair).compile().ainvoke(user())
    assert result["answer"] == "done" and result["report"]["calls"] == 3
    assert "nothing was ranked: 2 answers" in result["report"]["degraded"]
    assert "There is no ranking" in chair.calls[0].prompt
    with pytest.raises(InputError, match="rank_only=True: give at least 3 members, not 2"):
        create_council(members, rank_only=True)
    assert [len(m.calls) for m in models] == [1, 1]


async def test_quorum() -> None:
    _, members = council("bc", "ac", "ab", b=ValueError("one"), c=ValueError("two"))
    with pytest.raises(QuorumError, match="1 of 3 members answered and the quorum is 2") as raised:
        await create_council(members, quorum=2).compile().ainvoke(user())
    assert raised.value.failures == ("b: error: one", "c: error: two")
    result = await create_council(members, chair=ScriptedChatModel("x")).compile().ainvoke(user())
    assert result["answer"] == "x"


async def test_a_chairs_chain_ends_with_the_winner_word_for_word() -> None:
    _, members = council("bc", "ac", "ba")
    chain = [
        Member(ScriptedChatModel(ValueError("x")), name="one"),
        Member(ScriptedChatModel("mine"), name="two"),
    ]
    result = await create_council(members, chair=chain).compile().ainvoke(user())
    assert result["answer"] == "mine"
    assert result["report"]["degraded"].startswith("two took over as chair after another failed")
    result = await create_council(members, chair=chain[:1]).compile().ainvoke(user())
    assert result["answer"] == TEXTS[result["candidates"][result["ballot"]["winner"]]["member"]]
    assert (
        "no chair answered (error): the answer is one member's own" in result["report"]["degraded"]
    )


async def test_the_first_member_chairs_by_default_and_a_node_may() -> None:
    models, members = council("bc", "ac", "ab")
    result = await create_council(members).compile().ainvoke(user())
    assert result["report"]["roles_played_by"] == {"chair": ["a"]}
    assert [c.metadata["role"] for c in models[0].calls] == ["proposer", "ranker", "chair"]

    def longest(state: Any) -> dict[str, Any]:
        return {"answer": f"{len(state['rankings'])} ranked"}

    result = await create_council(members, chair=longest).compile().ainvoke(user())
    assert result["answer"] == "3 ranked" and result["report"]["calls"] == 6


@pytest.mark.parametrize(
    ("calls", "made", "degraded"),
    [
        (7, 7, None),
        (6, 4, "nothing was ranked: the budget of 6 calls has no room for the 4 that come next"),
        (3, 3, "no chair answered (budget)"),
    ],
)
async def test_a_budget_leaves_room_for_the_chair(
    calls: int, made: int, degraded: str | None
) -> None:
    _, members = council("bc", "ac", "ab")
    app = create_council(members, budget=Budget(calls=calls)).compile()
    result = await app.ainvoke(user())
    assert result["report"]["calls"] == made
    assert degraded is None or degraded in result["report"]["degraded"]


async def test_rank_only_needs_no_room_for_a_chair() -> None:
    _, members = council("bc", "ac", "ab")
    app = create_council(members, rank_only=True, budget=Budget(calls=6)).compile()
    result = await app.ainvoke(user())
    assert result["report"]["calls"] == 6 and result["report"]["degraded"] is None


@pytest.mark.parametrize(("taste", "certain"), [("eadc", True), ("cade", False)])
async def test_reviewers_are_cut_once_the_winner_is_certain(taste: str, certain: bool) -> None:
    late = asyncio.Event()

    async def waits(messages: list[BaseMessage], data: Metadata) -> Answer:
        if data["role"] == "ranker":
            await late.wait()
        return TEXTS["e"]

    # b has 1 point each from a, c and d, so 3/4 at least; with "cade" c may still have as much.
    tastes = {"a": "bcde", "b": taste, "c": "baed", "d": "beca" if certain else "bcea"}
    members = [Member(member(name, like), name=name) for name, like in tastes.items()]
    members.append(Member(ScriptedChatModel(waits), name="e"))
    app = create_council(members, rank_only=True, cut=True).compile()
    running = asyncio.create_task(app.ainvoke(user()))
    done, _ = await asyncio.wait([running], timeout=1.0 if certain else 0.2)
    assert bool(done) == certain
    late.set()
    result = await running
    assert result["answer"] == "answer of b"
    assert result["ballot"]["abstentions"] == 1  # cut, or an answer that is no ranking
    assert (result["report"]["members"]["e"]["failed"] == {"cancelled": 1}) == certain
    assert result["report"]["degraded"] is None


async def test_two_turns_on_a_thread_start_clean() -> None:
    def build() -> tuple[list[ScriptedChatModel], Any]:
        models, members = council("bc", "ac", "ab")
        return models, create_council(members, rank_only=True).compile(checkpointer=InMemorySaver())

    models, app = build()
    thread: Any = {"configurable": {"thread_id": "1"}}
    first = await app.ainvoke(user("first"), thread)
    second = await app.ainvoke(user("second"), thread)
    fresh_models, fresh = build()
    told = {"messages": [*first["messages"], ("user", "second")]}
    again = await fresh.ainvoke(told, {"configurable": {"thread_id": "2"}})
    for model, other in zip(models, fresh_models, strict=True):
        assert [c.texts for c in model.calls[2:]] == [c.texts for c in other.calls]
    assert second["report"]["calls"] == again["report"]["calls"] == 6
    assert second["ballot"] == again["ballot"]


async def test_as_a_member_of_other_methods() -> None:
    _, members = council("bc", "ac", "ba")
    inner = Member(create_council(members, rank_only=True), name="inner")
    forest = create_agent_forest(inner, samples=2, extract="text").compile()
    result = await forest.ainvoke(user())
    assert result["report"]["calls"] == 12 and result["answer"].startswith("answer of")
    moa = create_moa([inner, members[0]], aggregator=ScriptedChatModel("end"), layers=2).compile()
    assert (await moa.ainvoke(user()))["report"]["calls"] == 8


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_only_the_chairs_tokens_are_shown(way: str) -> None:
    models, members = council("bc", "ac", "ab")
    app = create_council(members, chair=ScriptedChatModel("well then")).compile()
    seen = await shown(app, user(), way=way)
    assert seen.texts(whole=False) == ["well ", "then"] and seen.texts(whole=True) == []
    assert not any(c.streamed for m in models for c in m.calls)
    assert [e["calls"] for e in seen.events if e["event"] == "planned"] == [7]


async def test_a_winner_is_shown_once_and_whole() -> None:
    _, members = council("bc", "ac", "ba")
    seen = await shown(create_council(members, rank_only=True).compile(), user())
    assert seen.texts(whole=False) == [] and len(seen.texts(whole=True)) == 1


def test_wrong_arguments() -> None:
    _, members = council("bc", "ac", "ab")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"rank_only": True, "chair": members[0]}, "give a chair or rank_only=True"),
        ({"quorum": 4}, "quorum=4"),
        ({"rank_prompt": "Rank {{{replies}}} now"}, "'replies'"),
        ({"cuts": True}, "council has no option 'cuts'"),
    ]
    for options, message in wrong:
        with pytest.raises(InputError, match=message):
            create_council(members, **options)


@pytest.mark.parametrize("rank_only", [True, False])
def test_every_edge_is_drawn(rank_only: bool) -> None:
    _, members = council("bc", "ac", "ab")
    app = create_council(members, rank_only=rank_only).compile()
    edges = {(edge.source, edge.target) for edge in app.get_graph().edges}
    last = [("ranker", "finish")] if rank_only else [("ranker", "chair"), ("chair", "finish")]
    assert edges == {
        *(("__start__", "begin"), ("begin", "layer"), ("gate", "ranker"), ("finish", "__end__")),
        *((a, b) for name in "abc" for a, b in (("layer", name), (name, "gate"))),
        *last,
    }


@pytest.mark.parametrize("stays", ["abx", "bcx", "cxy", "xyz"])
async def test_resumed_with_other_members_the_answers_stay_and_their_authors_rank_nobody(
    stays: str,
) -> None:
    saver = InMemorySaver()
    thread: Any = {"configurable": {"thread_id": "t"}}
    _, members = council("bca", "cab", "bac")
    before = create_council(members, rank_only=True)
    await before.compile(checkpointer=saver, interrupt_before=["ranker"]).ainvoke(user(), thread)
    others = [Member(member(name, "abc"), name=name) for name in stays]
    after = create_council(others, rank_only=True)
    result = await after.compile(checkpointer=saver).ainvoke(None, thread)
    assert [one["member"] for one in result["candidates"]] == ["a", "b", "c"]
    ranked = [one["member"] for one in result["rankings"] if one["order"]]
    assert ranked == [name for name in "abc" if name in stays]
    assert any("resumed with other options: members" in n for n in result["report"]["notes"])


async def test_resumed_with_the_same_members_nothing_is_noted() -> None:
    saver = InMemorySaver()
    thread: Any = {"configurable": {"thread_id": "t"}}
    _, members = council("bca", "cab", "bac")
    graph = create_council(members, rank_only=True)
    await graph.compile(checkpointer=saver, interrupt_before=["ranker"]).ainvoke(user(), thread)
    result = await graph.compile(checkpointer=saver).ainvoke(None, thread)
    assert result["report"]["notes"] == []
