"""The nodes of a debate on hand-made states."""

from typing import Any

import pytest
from helpers.candidates import asking, candidate, round_of

from manyminds import Budget, Member, QuorumError
from manyminds.fence import parse_numbered
from manyminds.nodes.debater import Debating, cleaner, debater, most_summaries, readings, summarizer
from manyminds.nodes.layer import consensus_gate
from manyminds.nodes.voter import debate_vote
from manyminds.prompts import load
from manyminds.reading.answers import extractor
from manyminds.testing import Answer, ScriptedChatModel

SURE = "\nConfidence: 80"


def debate(
    *replies: Answer, rounds: int = 2, confidence: bool = False, topology: str = "all"
) -> tuple[Debating, list[ScriptedChatModel]]:
    models = [ScriptedChatModel(reply) for reply in replies]
    config = Debating(
        debaters=[Member(model, name=f"m{n}") for n, model in enumerate(models)],
        rounds=rounds,
        reads=readings(topology, len(models), rounds),
        extract=extractor("final"),
        first=load("agent_forest/answer@1"),
        prompt=load("debate/debater@1", variables={"answers"}),
        alone=load("debate/self_check@1"),
        confidence=load("debate/confidence@1") if confidence else None,
        quorum=1,
    )
    return config, models


def state(*texts: str | None, layer: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "run": "r",
        "question": "Why?",
        "messages": [],
        "layer": layer,
        "candidates": round_of(*texts, layer=layer),
        "previous": [],
        "transcript": [],
        "decision": {"stop": True, "reason": "that was the last round"},
        "final": None,
        "answer": "",
        **more,
    }


# ---- debater


async def test_a_first_answer_is_read_with_its_confidence() -> None:
    config, (model,) = debate(f"Final answer: 7{SURE}", confidence=True)
    update = await debater(0, config)(state(layer=1), asking(state(), "debater"))
    (reply,) = (update or {})["candidates"]
    assert reply["answer"] == "7" and reply["confidence"] == 80
    assert "Final answer:" in model.calls[0].prompt and "from 1 (a guess)" in model.calls[0].prompt


async def test_a_later_answer_follows_ones_own_and_reads_the_others() -> None:
    config, models = debate("x", "y", "z", confidence=True)
    given = state("mine", f"theirs{SURE}", None, layer=1)
    seen = {**given, "layer": 2}
    await debater(0, config)(seen, asking(seen, "debater", layer=2))
    (asked,) = models[0].calls
    assert ("ai", "mine") in asked.texts and parse_numbered(asked.prompt) == [(1, "theirs")]


async def test_a_summary_stands_in_for_the_answers() -> None:
    config, models = debate("x", "y", "z")
    seen = state("a", "b", "c", layer=2, summaries={"1": "in short"})
    await debater(1, config)(seen, asking(seen, "debater", layer=2))
    assert parse_numbered(models[1].calls[0].prompt) == [(1, "in short")]


# ---- gate


@pytest.mark.parametrize(
    ("texts", "share", "reason"),
    [
        (["Final answer: 7", "Final answer: 7.0", None], 1.0, "consensus in round 1: 2 of the 2"),
        (["Final answer: 7", "Final answer: 8", "Final answer: 7"], 1.0, "another round follows"),
        (["Final answer: 7", "Final answer: 8", "Final answer: 7"], 0.6, "consensus in round 1"),
        (["Final answer: 7", "Final answer: 7"], None, "another round follows"),
        (["Final answer: 7", None], 1.0, "another round follows"),
        (["It is **42**.", "So she pays $42."], 1.0, "consensus in round 1"),
    ],
)
async def test_the_gate_stops_at_consensus(
    texts: list[str | None], share: float | None, reason: str
) -> None:
    config, _ = debate(*["x"] * len(texts))
    given = state(*texts)
    update = await consensus_gate(config, share, [3, 3])(given, asking(given, "gate")) or {}
    assert update["decision"]["reason"].startswith(reason)
    assert update["transcript"] == given["candidates"]


async def test_the_gate_needs_an_answer_and_room_for_the_next_round() -> None:
    config, _ = debate("x", "y")
    gate = consensus_gate(config, 1.0, [2, 2])
    nobody = state(None, None)
    with pytest.raises(QuorumError, match="0 of 2"):
        await gate(nobody, asking(nobody, "gate"))
    given = state("Final answer: 7", "Final answer: 8")
    update = await gate(given, asking(given, "gate", budget=Budget(calls=1))) or {}
    assert update["decision"]["stop"] and "after round 1 of 2" in update["notes"][0]


# ---- vote


async def test_the_vote_drops_the_line_on_confidence() -> None:
    config, _ = debate("x", "y", "z", confidence=True)
    given = state(f"Final answer: 5{SURE}", "Final answer: 4", "Final answer: 4")
    for one, sure in zip(given["candidates"], (95.0, 40.0, 40.0), strict=True):
        one["confidence"] = sure
    for vote, winner in (("proportional", "5"), ("majority", "4")):
        ask = asking(given, "voter")
        update = await debate_vote(config, vote, judged=False)(given, ask) or {}
        assert update["final"]["text"] == f"Final answer: {winner}"
        assert update["ballot"]["answer"] == winner


@pytest.mark.parametrize(("judged", "notes"), [(False, 1), (True, 0)])
async def test_an_undecided_vote_says_so_unless_a_judge_follows(judged: bool, notes: int) -> None:
    config, _ = debate("x", "y")
    given = state("Final answer: 5", "Final answer: 4")
    update = await debate_vote(config, "auto", judged=judged)(given, asking(given, "voter")) or {}
    assert len(update["notes"]) == notes and update["ballot"]["tie"]


# ---- summarizer and cleaner


@pytest.mark.parametrize(("topology", "calls"), [("all", 3), ("star", 1)])
async def test_each_set_of_two_or_more_is_summed_up_once(topology: str, calls: int) -> None:
    config, _ = debate("x", "y", "z", topology=topology, confidence=True)
    helper = ScriptedChatModel("in short")
    given = state(f"a{SURE}", "b", "c")
    node = summarizer([Member(helper)], config, prompt=load("debate/summary@2"))
    update = await node(given, asking(given, "summarizer")) or {}
    assert len(helper.calls) == calls == most_summaries(config, 2)
    assert len({call.metadata["index"] for call in helper.calls}) == calls
    assert update["notes"] == [] and set(update["summaries"].values()) == {"in short"}
    assert not any("Confidence" in call.prompt for call in helper.calls)


async def test_without_a_summary_the_readers_get_the_answers() -> None:
    config, _ = debate("x", "y", "z")
    down = Member(ScriptedChatModel(ValueError("down")))
    given = state("a", "b", None)
    node = summarizer([down], config, prompt=load("debate/summary@2"))
    lonely = await node(given, asking(given, "summarizer")) or {}
    assert lonely["summaries"] == {} and lonely["notes"] == []  # one answer is read as it is
    given = state("a", "b", "c")
    update = await node(given, asking(given, "summarizer")) or {}
    assert update["summaries"] == {} and "not everything was summed up" in update["notes"][0]


@pytest.mark.parametrize(
    ("replies", "answer", "note"),
    [
        (["Final answer: 4"], "Final answer: 4", None),
        (["Final answer: 9"], None, "could not be cleaned (malformed)"),
        ([ValueError("down")], None, "could not be cleaned (error)"),
        (["Final answer: 9", "Final answer: 4.0"], "Final answer: 4.0", "cleaned after another"),
    ],
)
async def test_a_cleaned_answer_must_be_the_same_answer(
    replies: list[Answer], answer: str | None, note: str | None
) -> None:
    config, _ = debate("x", "y")
    given = state("a", "b", final=candidate("As you all say: Final answer: 4"))
    chain = [Member(ScriptedChatModel(reply), name=f"c{n}") for n, reply in enumerate(replies)]
    node = cleaner(chain, config, prompt=load("debate/clean@1"))
    update = await node(given, asking(given, "cleaner")) or {}
    assert (update["final"]["text"] if "final" in update else None) == answer
    assert [note in one for one in update["notes"] if note] == ([True] if note else [])
