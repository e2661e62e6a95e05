"""Debate: who reads what in which round, when it stops, and how it ends."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import write_rows
from helpers.graphs import call, every_way, shown, user
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import (
    Budget,
    BudgetError,
    Candidate,
    InputError,
    Member,
    QuorumError,
    create_agent_forest,
    create_debate,
    create_moa,
)
from manyminds.fence import parse_numbered
from manyminds.models.simulated.model import questions
from manyminds.nodes.debater import Topology
from manyminds.testing import Answer, LoggedCall, Metadata, ScriptedChatModel, ScriptedReply
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import best_of

Says = str | Exception | Callable[[Metadata], Answer]


def final(answer: object) -> str:
    return f"Final answer: {answer}"


def debaters(*says: Says) -> tuple[list[ScriptedChatModel], list[Member]]:
    """Return models and the members a, b, c, ...; a function gets the call's metadata."""

    def script(one: Says) -> Any:
        def by_round(_messages: object, data: Metadata) -> Answer:
            return one(data) if callable(one) else one

        return by_round

    models = [ScriptedChatModel(script(one)) for one in says]
    names = "abcdefgh"[: len(says)]
    return models, [Member(m, name=n) for n, m in zip(names, models, strict=True)]


def onward(place: int, debaters: int, round: int) -> list[int]:
    """Read the next, in the round after that the next but one, and so on."""
    return [(place + round - 1) % debaters]


def nobody(place: int, debaters: int, round: int) -> list[int]:
    return []


def rounds(*answers: object) -> Callable[[Metadata], Answer]:
    """Return what a debater says round by round; the last one ever after."""

    def says(data: Metadata) -> Answer:
        answer = answers[min(data["layer"], len(answers)) - 1]
        return answer if isinstance(answer, Exception | ScriptedReply) else final(answer)

    return says


def read_by(asked: LoggedCall) -> list[str]:
    """Return the numbered answers in a prompt, whose numbers must go from 1."""
    blocks = parse_numbered(asked.prompt)
    assert [number for number, _ in blocks] == list(range(1, len(blocks) + 1))
    return [text for _, text in blocks]


@every_way
async def test_three_debaters_and_two_rounds_are_six_calls(way: str) -> None:
    models, members = debaters(rounds(1, 7), rounds(2, 7), rounds(3, 5))
    result = await call(create_debate(members).compile(), way, user())
    assert [len(model.calls) for model in models] == [2, 2, 2]
    assert result["answer"] == final(7) == result["messages"][-1].text
    assert [m.type for m in result["messages"]] == ["human", "ai"]
    report = result["report"]
    assert report["calls"] == report["requests"] == 6 and report["degraded"] is None
    assert report["method"] == "debate" and report["answered_by"] == "a"
    assert result["ballot"]["groups"][0]["indices"] == [0, 1]
    assert report["decision"]["reason"] == "that was the last round"
    assert [c["answer"] for c in result["candidates"]] == ["7", "7", "5"]
    assert [c["answer"] for c in result["transcript"]] == ["1", "2", "3", "7", "7", "5"]
    assert [c["layer"] for c in result["transcript"]] == [1, 1, 1, 2, 2, 2]


async def test_a_debater_reads_only_the_others_answers_of_the_round_before() -> None:
    models, members = debaters(rounds(11, 12, 13), rounds(21, 22, 23), rounds(31, 32, 33))
    await create_debate(members, rounds=3).compile().ainvoke(user("Why?"))
    first, second, third = models[1].calls
    assert "Final answer:" in first.texts[0][1] and first.texts[1:] == [("human", "Why?")]
    assert "begins with" not in second.prompt
    assert read_by(second) == [final(11), final(31)]
    assert [kind for kind, _ in third.texts] == ["system", "human", "ai", "human"]
    assert third.texts[1:3] == [("human", "Why?"), ("ai", final(22))]
    assert read_by(third) == [final(12), final(32)]
    assert not any(str(n) in third.prompt for n in (11, 21, 31))
    metadata = [
        [c.metadata[key] for key in ("role", "index", "draw", "layer")] for c in models[2].calls
    ]
    assert metadata == [["debater", 2, draw, draw + 1] for draw in range(3)]


async def test_systems_and_roles_stay_in_one_message() -> None:
    models, members = debaters(rounds(1), rounds(2))
    members[0] = members[0].model_copy(update={"role": "You are a chemist."})
    given = {"messages": [SystemMessage("Be brief."), ("user", "Why?")]}
    await create_debate(members).compile().ainvoke(given)
    for asked in [*models[0].calls, *models[1].calls]:
        kinds = [kind for kind, _ in asked.texts]
        assert kinds[0] == "system" and kinds.count("system") == 1
        assert asked.texts[0][1].startswith("Be brief.")
    assert all("You are a chemist." in c.texts[0][1] for c in models[0].calls)
    assert not any("chemist" in c.prompt for c in models[1].calls)


@pytest.mark.parametrize(
    ("topology", "reads"),
    [
        ("all", [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]),
        ("ring", [[1, 3], [0, 2], [1, 3], [0, 2]]),
        ("star", [[1, 2, 3], [0], [0], [0]]),
        (onward, [[1], [2], [3], [0]]),
    ],
)
async def test_topologies(topology: str | Topology, reads: list[list[int]]) -> None:
    models, members = debaters(*(rounds(n) for n in range(4)))
    await create_debate(members, topology=topology).compile().ainvoke(user())
    assert [read_by(m.calls[1]) for m in models] == [[final(n) for n in row] for row in reads]


async def test_a_topology_may_change_with_the_round() -> None:
    models, members = debaters(*(rounds(n) for n in range(4)))
    app = create_debate(members, rounds=3, topology=onward).compile()
    await app.ainvoke(user())
    assert [read_by(c) for c in models[0].calls] == [[], [final(1)], [final(2)]]


@pytest.mark.parametrize("alone", [True, False])
async def test_who_has_nobody_to_read_checks_itself(alone: bool) -> None:
    models, members = debaters(rounds(1), rounds(2))
    app = create_debate(members[:1] if alone else members, topology=nobody).compile()
    await app.ainvoke(user())
    again = models[0].calls[1]
    assert again.texts[-2] == ("ai", final(1))
    assert "every claim, calculation" in again.texts[-1][1] and read_by(again) == []


@pytest.mark.parametrize(
    ("consensus", "says", "calls"),
    [
        (True, [rounds(4), rounds("4.0"), rounds(4)], 3),
        (True, [rounds(4), rounds(5, 4), rounds(4)], 6),
        (True, [rounds(4), rounds(5), rounds(4)], 9),
        (0.6, [rounds(4), rounds(5), rounds(4)], 3),
        (False, [rounds(4), rounds(4), rounds(4)], 9),
        (True, [rounds(4), rounds(ValueError("no")), rounds(4)], 3),
        (True, [rounds(4), rounds(ValueError("no")), rounds(ValueError("no"))], 9),
        (True, ["I cannot say.", "I cannot say.", "I cannot say."], 9),
        (0.1, [rounds(1), rounds(2), rounds(3)], 9),
        (True, [rounds(4)], 3),
    ],
)
async def test_stops_at_consensus(
    consensus: bool | float, says: Sequence[Says], calls: int
) -> None:
    models, members = debaters(*says)
    app = create_debate(members, rounds=3, consensus=consensus).compile()
    result = await app.ainvoke(user())
    assert sum(len(model.calls) for model in models) == result["report"]["calls"] == calls
    early = calls < 3 * len(says)
    decision = result["report"]["decision"]
    assert decision["stop"] and decision["reason"].startswith("consensus") == early
    assert result["report"]["layer"] == calls / len(says)


async def test_a_tie_goes_to_the_first_debater() -> None:
    _, members = debaters(rounds(3), rounds(5), rounds(3), rounds(5))
    result = await create_debate(members).compile().ainvoke(user())
    assert result["answer"] == final(3) and result["ballot"]["tie"] is True


async def test_a_failed_debater_is_neither_read_nor_counted_and_is_asked_afresh() -> None:
    models, members = debaters(rounds(1), rounds(ValueError("no such tensor"), 2), rounds(3))
    result = await create_debate(members, rounds=3).compile().ainvoke(user("Why?"))
    assert read_by(models[0].calls[1]) == [final(3)]
    assert models[1].calls[1].texts == models[1].calls[0].texts
    assert read_by(models[0].calls[2]) == [final(2), final(3)]
    assert not any("tensor" in c.prompt for m in models for c in m.calls)
    report = result["report"]
    assert "1 of 9 calls gave no answer (error 1)" in report["degraded"]
    assert (
        result["transcript"][1]["status"] == "failed" and result["transcript"][1]["answer"] is None
    )


async def test_quorum() -> None:
    _, members = debaters(rounds(1), rounds(ValueError("one")), rounds(ValueError("two")))
    result = await create_debate(members).compile().ainvoke(user())
    assert result["answer"] == final(1) and result["ballot"]["abstentions"] == 2
    with pytest.raises(QuorumError, match="1 of 3 members answered and the quorum is 2") as raised:
        await create_debate(members, quorum="50%").compile().ainvoke(user())
    assert raised.value.failures == ("b: error: one", "c: error: two")


@pytest.mark.parametrize(
    "options", [{"first_prompt": None}, {"vote": "bleu", "extract": "text"}, {"extract": "code"}]
)
async def test_the_bare_question_is_asked_where_no_form_helps(options: dict[str, Any]) -> None:
    models, members = debaters(rounds(1), rounds(2))
    await create_debate(members, rounds=1, **options).compile().ainvoke(user("Why?"))
    assert models[0].calls[0].texts == [("human", "Why?")]


async def test_a_task_has_its_own_first_prompt() -> None:
    _, members = debaters("Final answer: (B)", "Final answer: (B)")
    result = await create_debate(members, task="mmlu").compile().ainvoke(user("Why?"))
    assert [c["answer"] for c in result["candidates"]] == ["B", "B"]
    assert any(p.startswith("agent_forest/choice@1#") for p in result["report"]["prompts"])


async def test_answers_are_read_together_however_they_are_worded() -> None:
    _, members = debaters("It is **42**.", "So she pays $42.", "I think 7")
    result = await create_debate(members, rounds=1).compile().ainvoke(user())
    assert [c["answer"] for c in result["candidates"]] == ["42", "42", "7"]
    assert result["report"]["decision"]["agreement"] == pytest.approx(2 / 3)


async def test_a_tie_is_marked_as_undecided_unless_a_judge_follows() -> None:
    _, members = debaters(rounds(1), rounds(2))
    alone = await create_debate(members).compile().ainvoke(user())
    assert "undecided" in alone["report"]["degraded"]
    judged = create_debate(members, judge=ScriptedChatModel("the verdict"))
    assert (await judged.compile().ainvoke(user()))["report"]["degraded"] is None


async def test_prose_is_voted_on_by_similarity() -> None:
    sky = "the sky is blue today because the light of the sun is scattered by the air"
    replies = "pears and plums do grow on trees in a garden of the south", sky, f"{sky} again"
    _, members = debaters(*replies)
    result = await create_debate(members).compile().ainvoke(user())
    assert result["answer"] in replies[1:] and result["ballot"]["vote"] == "bleu"
    marked = await create_debate(members, extract="number").compile().ainvoke(user())
    assert marked["answer"] in replies[1:]
    assert marked["report"]["degraded"].startswith("no answer could be read")


def sure(answer: object, confidence: object) -> ScriptedReply:
    return ScriptedReply(f"{final(answer)}\n\n**Confidence:** {confidence}")


@pytest.mark.parametrize(
    ("vote", "winner"),
    [
        (None, "5"),  # 95 against 45 + 40
        ("majority", "4"),
        ("reconcile", "5"),
        ("confidence", "5"),
    ],
)
async def test_confidence_weighs_the_vote(vote: str | None, winner: str) -> None:
    models, members = debaters(rounds(sure(5, 95)), rounds(sure(4, 45)), rounds(sure(4, "40 %")))
    app = create_debate(members, confidence=True, vote=vote, consensus=False).compile()
    result = await app.ainvoke(user())
    assert result["ballot"]["answer"] == winner and result["answer"] == final(winner)
    assert [c["confidence"] for c in result["candidates"]] == [95, 45, 40]
    for asked in models[0].calls:
        assert "from 1 (a guess) to 100 (certain)" in asked.texts[0][1]
    said = read_by(models[0].calls[1]) if models[0].calls[1:] else []
    assert not any("onfidence" in text for text in said)


@pytest.mark.parametrize("verdict", ["write", "pick"])
async def test_a_judge_reads_no_confidence(verdict: Any) -> None:
    _, members = debaters(rounds(sure(5, 95)), rounds(sure(4, 45)))
    judge = ScriptedChatModel('{"reason": "it is so", "choice": 1}')
    app = create_debate(members, confidence=True, judge=judge, verdict=verdict).compile()
    await app.ainvoke(user())
    assert sorted(read_by(judge.calls[0])) == [final(4), final(5)]


async def test_a_confidence_is_never_read_as_the_answer() -> None:
    _, members = debaters(
        *(ScriptedReply(f"So it is {n}.\nConfidence: 90").text for n in (7, 8, 7))
    )
    app = create_debate(members, confidence=True, extract="number").compile()
    result = await app.ainvoke(user())
    assert [c["answer"] for c in result["candidates"]] == ["7", "8", "7"]
    assert result["answer"] == "So it is 7."


async def test_a_missing_confidence_weighs_as_the_mean_of_the_others() -> None:
    _, members = debaters(final(1), rounds(sure(2, 60)), rounds(sure(3, 20)))
    result = await create_debate(members, confidence=True).compile().ainvoke(user())
    weights = {g["answer"]: g["weight"] for g in result["ballot"]["groups"]}
    assert weights == pytest.approx({"2": 0.6, "1": 0.4, "3": 0.2})


async def test_a_function_may_hold_the_vote() -> None:
    def shortest(candidates: Sequence[Candidate]) -> Ballot:
        return best_of([-len(c["text"]) if c["status"] == "ok" else None for c in candidates])

    _, members = debaters("a long reply", "tiny", "another long one")
    result = await create_debate(members, vote=shortest).compile().ainvoke(user())
    assert result["answer"] == "tiny"


async def test_a_judge_writes_and_reads_the_last_round_in_a_shuffled_order() -> None:
    orders: set[tuple[str, ...]] = set()
    for n in range(6):
        _, members = debaters(rounds(1, 11), rounds(2, 12), rounds(3, 13))
        judge = ScriptedChatModel("the verdict")
        app = create_debate(members, judge=Member(judge, name="solomon")).compile()
        result = await app.ainvoke(user(f"question {n}"))
        assert sorted(read_by(judge.calls[0])) == [final(11), final(12), final(13)]
        orders.add(tuple(read_by(judge.calls[0])))
        report = result["report"]
        assert result["answer"] == "the verdict" and report["answered_by"] == "solomon"
        assert report["calls"] == 7 and report["roles"]["judge"]["calls"] == 1
        assert result["ballot"] is None and report["degraded"] is None
    assert len(orders) > 1


@pytest.mark.parametrize("reply", ['{"choice": 2, "reason": "Answer 1 is off."}', "2"])
async def test_a_judge_picks_word_for_word(reply: str) -> None:
    _, members = debaters(rounds(1), rounds(2), rounds(3))
    judge = ScriptedChatModel(ScriptedReply(reply, id="never shown"))
    app = create_debate(members, judge=judge, verdict="pick").compile()
    result = await app.ainvoke(user())
    assert result["answer"] == read_by(judge.calls[0])[1]
    assert result["report"]["degraded"] is None
    assert "moa/synthesis" not in str(result["report"]["prompts"])


@pytest.mark.parametrize("verdict", ["write", "pick"])
async def test_a_judge_reads_equal_answers_once_with_their_number(verdict: Any) -> None:
    _, members = debaters(rounds(1), rounds(2), rounds("2.0"))
    judge = ScriptedChatModel('{"reason": "it is so", "choice": 1}')
    app = create_debate(members, judge=judge, verdict=verdict).compile()
    result = await app.ainvoke(user())
    assert "2 of 3" in judge.calls[0].prompt and "1 of 3" in judge.calls[0].prompt
    if verdict == "pick":
        assert result["answer"] in (final(1), final(2))


async def test_a_judges_chain_ends_with_the_vote() -> None:
    _, members = debaters(rounds(1), rounds(2), rounds(2))
    chain = [
        Member(ScriptedChatModel(ValueError("x")), name="one"),
        Member(ScriptedChatModel("mine"), name="two"),
    ]
    app = create_debate(members, judge=chain).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "mine"
    assert result["report"]["degraded"].startswith("two took over as judge after another failed")
    lost_judges: list[tuple[str, Answer]] = [("write", ValueError("no")), ("pick", "Who knows")]
    for verdict, broken in lost_judges:
        options: dict[str, Any] = {"verdict": verdict}
        lost = create_debate(members, judge=ScriptedChatModel(broken), **options).compile()
        result = await lost.ainvoke(user())
        assert result["answer"] == final(2) and result["ballot"]["answer"] == "2"
        assert "no judge was usable" in result["report"]["degraded"]


async def test_roles_may_be_nodes_of_the_hosts() -> None:
    def judge(state: Any) -> dict[str, Any]:
        return {"answer": "judged " + " ".join(c["answer"] for c in state["candidates"])}

    async def clean(state: Any) -> dict[str, Any]:
        return {"answer": state["answer"] + ", cleaned"}

    def summarize(state: Any) -> dict[str, Any]:
        return {"summaries": {"0": f"{len(state['candidates'])} spoke"}}

    models, members = debaters(rounds(1), rounds(2))
    app = create_debate(members, judge=judge, clean=clean, summarize=summarize).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "judged 1 2, cleaned" == result["messages"][-1].text
    assert result["report"]["calls"] == 4 and result["report"]["answered_by"] == "custom node"
    assert read_by(models[0].calls[1]) == ["2 spoke"]
    assert read_by(models[1].calls[1]) == [final(1)]


@pytest.mark.parametrize(("topology", "sums"), [("all", 3), ("ring", 3), ("star", 1)])
async def test_each_set_that_is_read_is_summed_up_once_a_round(topology: str, sums: int) -> None:
    models, members = debaters(rounds(1, 4), rounds(2, 5), rounds(3, 6))
    helper = ScriptedChatModel(
        lambda messages, _d: "sum of " + messages[-1].text.split("Final answer: ")[1][0]
    )
    app = create_debate(members, rounds=3, topology=topology, summarize=helper).compile()
    result = await app.ainvoke(user())
    assert len(helper.calls) == 2 * sums and result["report"]["calls"] == 9 + 2 * sums
    assert read_by(models[0].calls[1]) == ["sum of 2"]
    assert read_by(models[0].calls[2]) == ["sum of 5"]
    assert read_by(models[1].calls[1]) == ([final(1)] if topology == "star" else ["sum of 1"])
    assert sorted(read_by(helper.calls[0])) == [final(2), final(3)]
    assert "summed up" not in result["report"]["degraded"]


async def test_without_a_summary_the_answers_are_read() -> None:
    models, members = debaters(rounds(1), rounds(2), rounds(3))
    chain = [
        Member(ScriptedChatModel(ValueError("x")), name="s"),
        Member(ScriptedChatModel(ValueError("y")), name="t"),
    ]
    result = await create_debate(members, summarize=chain).compile().ainvoke(user())
    assert read_by(models[0].calls[1]) == [final(2), final(3)]
    assert "not everything was summed up (error)" in result["report"]["degraded"]
    assert result["report"]["calls"] == 6 + 6


async def test_a_cleaner_rewrites_the_answer() -> None:
    _, members = debaters("As you all say: Final answer: 4", final(4), final(5))
    tidy = ScriptedChatModel(final(4))
    result = await create_debate(members, clean=tidy).compile().ainvoke(user())
    assert result["answer"] == final(4) and result["report"]["calls"] == 7
    assert parse_numbered(tidy.calls[0].prompt)[-1] == (1, "As you all say: Final answer: 4")
    assert result["ballot"]["answer"] == "4" and result["report"]["degraded"] is None


@pytest.mark.parametrize(
    ("broken", "why"), [(ValueError("no"), "error"), (final(9), "malformed"), ("Hm.", "malformed")]
)
async def test_an_answer_that_cannot_be_cleaned_stays_and_is_marked(
    broken: Answer, why: str
) -> None:
    _, members = debaters(final(4), final(4))
    app = create_debate(members, clean=Member(ScriptedChatModel(broken), name="tidy")).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == final(4) and result["report"]["answered_by"] == "a"
    assert f"the answer could not be cleaned ({why})" in result["report"]["degraded"]


async def test_steadfast_wording() -> None:
    models, members = debaters(rounds(1), rounds(2))
    result = await create_debate(members, prompt="debate/steadfast@2").compile().ainvoke(user())
    assert "Keep your answer unless you find a definite error" in models[0].calls[1].prompt
    assert any(p.startswith("debate/steadfast@2#") for p in result["report"]["prompts"])


@pytest.mark.parametrize(
    ("calls", "made", "degraded"),
    [
        (6, 6, None),
        (5, 3, "the budget of 5 calls has no room for the 3 that come next after round 1 of 2"),
        (3, 3, "the budget of 3 calls is spent after round 1 of 2"),
        (2, 2, "the budget of 2 calls is spent after round 1 of 2"),
    ],
)
async def test_a_budget_ends_it_before_a_round_that_it_cannot_pay(
    calls: int, made: int, degraded: str | None
) -> None:
    _, members = debaters(rounds(1), rounds(2), rounds(3))
    app = create_debate(members, budget=Budget(calls=calls)).compile()
    result = await app.ainvoke(user())
    assert result["report"]["calls"] == made and result["answer"] == final(1)
    if degraded is None:
        assert "budget" not in result["report"]["degraded"]
    else:
        assert degraded in result["report"]["degraded"]


async def test_a_budget_keeps_room_for_the_roles_that_follow() -> None:
    _, members = debaters(rounds(1), rounds(2), rounds(3))
    judge = ScriptedChatModel("judged")
    app = create_debate(members, judge=judge, budget=Budget(calls=6)).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "judged" and result["report"]["calls"] == 4


async def test_tokens_that_end_within_a_round_leave_the_round_before() -> None:
    # One at a time: the first call of round 2 uses up what is left.
    model = ScriptedChatModel(lambda _m, data: final(data["layer"] * 10 + data["index"]))
    app = create_debate([model] * 3, concurrency=1, budget=Budget(tokens=46)).compile()
    result = await app.ainvoke(user())
    assert result["report"]["calls"] == 4 and result["answer"] == final(10)
    assert [c["answer"] for c in result["candidates"]] == ["10", "11", "12"]
    reason = "the budget of 46 tokens is spent in round 2: the answer rests on round 1"
    assert reason in result["report"]["degraded"]
    assert result["report"]["decision"]["reason"] == reason


async def test_a_budget_that_raises() -> None:
    _, members = debaters(rounds(1), rounds(2))
    app = create_debate(members, budget=Budget(calls=3, exhausted="raise")).compile()
    with pytest.raises(BudgetError, match="no room for the 2 that come next"):
        await app.ainvoke(user())


async def test_two_turns_on_a_thread_start_clean() -> None:
    def build() -> tuple[list[ScriptedChatModel], Any]:
        models, members = debaters(rounds(1), rounds(2), rounds(3))
        graph = create_debate(members, summarize=ScriptedChatModel("in short"))
        return models, graph.compile(checkpointer=InMemorySaver())

    models, app = build()
    thread: Any = {"configurable": {"thread_id": "1"}}
    first = await app.ainvoke(user("first"), thread)
    done = [len(m.calls) for m in models]
    second = await app.ainvoke(user("second"), thread)
    fresh_models, fresh = build()
    told = {"messages": [*first["messages"], ("user", "second")]}
    again = await fresh.ainvoke(told, {"configurable": {"thread_id": "2"}})
    for model, other, n in zip(models, fresh_models, done, strict=True):
        assert [c.texts for c in model.calls[n:]] == [c.texts for c in other.calls]
    assert len(second["transcript"]) == len(again["transcript"]) == 6
    assert second["report"]["calls"] == again["report"]["calls"] == 9


async def test_as_a_member_of_other_methods_and_of_itself() -> None:
    models, members = debaters(rounds(4), rounds(5), rounds(4))
    inner = Member(create_debate(members), name="inner")
    forest = create_agent_forest(inner, samples=2).compile()
    result = await forest.ainvoke(user())
    assert result["answer"] == final(4) and result["report"]["calls"] == 12
    assert sorted(c.metadata["draw"] for c in models[0].calls)[:2] == [0, 1]
    assert len({c.metadata["draw"] for c in models[0].calls}) == 4
    outer = create_debate([inner, Member(ScriptedChatModel(final(4)), name="z")]).compile()
    result = await outer.ainvoke(user())
    assert result["answer"] == final(4) and result["report"]["calls"] == 7
    moa = create_moa([inner, inner], aggregator=ScriptedChatModel("end"), layers=2).compile()
    assert (await moa.ainvoke(user()))["report"]["calls"] == 13


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_votes_winner_is_shown_once_and_whole(way: str) -> None:
    models, members = debaters(
        lambda d: ScriptedReply(final(4), id=f"a-{d['draw']}"),
        lambda d: ScriptedReply(final(5), id=f"b-{d['draw']}"),
    )
    seen = await shown(create_debate(members).compile(), user(), way=way)
    assert seen.texts(whole=True) == [final(4)] and seen.texts(whole=False) == []
    assert seen.ids == {"a-1"}
    assert not any(c.streamed for m in models for c in m.calls)
    votes = [e["counts"] for e in seen.events if e["event"] == "voted"]
    assert votes == [[1, 1], [1, 1], [1, 1]]
    assert [e["calls"] for e in seen.events if e["event"] == "planned"] == [4]


@pytest.mark.parametrize("last", ["judge", "clean"])
async def test_only_the_last_roles_tokens_are_shown(last: str) -> None:
    _, members = debaters(final(4), final(4))
    given: Any = {
        "judge": ScriptedChatModel(final(4)),
        last: ScriptedChatModel("Well: Final answer: 4"),
    }
    seen = await shown(create_debate(members, **given).compile(), user())
    assert "".join(seen.texts(whole=False)) == "Well: Final answer: 4"
    assert seen.texts(whole=True) == []
    assert len(seen.ids) == 1


async def test_a_refused_cleaning_says_what_to_drop() -> None:
    _, members = debaters(final(4), final(4))
    app = create_debate(
        members, clean=ScriptedChatModel(ScriptedReply(final(9), id="bad"))
    ).compile()
    seen = await shown(app, user())
    assert [e["message_id"] for e in seen.events if e["event"] == "dropped"] == ["bad"]
    assert seen.texts(whole=True) == [final(4)]


async def test_a_template_of_langchains_may_show_the_answers() -> None:
    models, members = debaters(rounds(1), rounds(2))
    template = ChatPromptTemplate(
        [MessagesPlaceholder("messages"), ("user", "Others: {{{answers}}} And you?")],
        template_format="mustache",
    )
    await create_debate(members, prompt=template).compile().ainvoke(user("Why?"))
    kinds = [kind for kind, _ in models[0].calls[1].texts]
    assert kinds == ["human", "ai", "human"] and read_by(models[0].calls[1]) == [final(2)]


def test_wrong_arguments() -> None:
    _, members = debaters(final(1), final(2))
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"rounds": 0}, "rounds=0: give at least 1"),
        ({"topology": "mesh"}, "topology='mesh': use one of all, ring, star"),
        ({"topology": onward, "rounds": 3}, "debater 0 cannot read 0"),
        ({"vote": "mostly"}, "vote='mostly': use one of"),
        ({"vote": "reconcile"}, "give confidence=True as well"),
        ({"consensus": 0}, "consensus=0"),
        ({"consensus": 1.5}, "consensus=1.5"),
        ({"verdict": "guess"}, "verdict='guess'"),
        ({"quorum": 3}, "quorum=3"),
        ({"prompt": "Look at {{{answers}}} again"}, "ends with a debater's own answer"),
        ({"prompt": "moa/synthesis@1"}, "ends with a debater's own answer"),
        ({"extract": "numbr"}, "there is no extractor"),
        ({"judgement": 1}, "debate has no option 'judgement'"),
    ]
    for options, message in wrong:
        with pytest.raises(InputError, match=message):
            create_debate(members, **options)


def test_every_edge_is_drawn() -> None:
    _, members = debaters(final(1), final(2))
    helper = Member(ScriptedChatModel("x"), name="helper")
    graph = create_debate(members, judge=helper, summarize=helper, clean=helper)
    edges = {(edge.source, edge.target) for edge in graph.compile().get_graph().edges}
    assert edges == {
        *(("__start__", "begin"), ("begin", "layer"), ("layer", "a"), ("layer", "b")),
        *(("a", "gate"), ("b", "gate"), ("gate", "summarizer"), ("summarizer", "layer")),
        *(("gate", "voter"), ("voter", "judge"), ("judge", "cleaner"), ("cleaner", "finish")),
        ("finish", "__end__"),
    }
    plain = create_debate(members).compile().get_graph().edges
    assert {("gate", "layer"), ("gate", "voter"), ("voter", "finish")} <= {
        (edge.source, edge.target) for edge in plain
    }


async def test_a_long_debate_stays_below_the_recursion_limit() -> None:
    _, members = debaters(rounds(1), rounds(2))
    helper = ScriptedChatModel("Final answer: 1")
    graph = create_debate(members, rounds=30, summarize=helper, judge=helper, clean=helper)
    result = await graph.compile().ainvoke(user())
    assert result["report"]["layer"] == 30


async def test_a_host_may_edit_answers_between_rounds() -> None:
    models, members = debaters(rounds(1), rounds(2))
    app = create_debate(members).compile(checkpointer=InMemorySaver(), interrupt_after=["gate"])
    thread: Any = {"configurable": {"thread_id": "1"}}
    await app.ainvoke(user(), thread)
    edited = [{**c, "text": "Final answer: 77"} for c in app.get_state(thread).values["candidates"]]
    app.update_state(thread, {"candidates": edited})
    await app.ainvoke(None, thread)
    result = await app.ainvoke(None, thread)
    assert read_by(models[0].calls[1]) == ["Final answer: 77"]
    assert result["answer"] == final(1)


def test_messages_of_the_conversation_are_left_alone() -> None:
    messages: list[BaseMessage] = [AIMessage("hello")]
    _, members = debaters(final(1), final(2))
    app = create_debate(members).compile()
    result = app.invoke({"messages": [*messages, ("user", "Why?")]})
    assert [m.text for m in result["messages"]] == ["hello", "Why?", final(1)]


async def test_recorded_debaters_go_by_the_question_id_in_every_round(tmp_path: Path) -> None:
    samples = [{"model": name, "text": final(f"{name}{n}")} for n in (0, 1) for name in "pq"]
    row = {"id": "q-7", "question": "another wording", "model": "many", "samples": samples}
    path = write_rows(tmp_path / "two.jsonl", [row])
    members = [f"recorded:{path}#model={name}" for name in "pq"]
    app = create_debate(members).compile()
    result = await app.ainvoke(user("Why?"), {"metadata": {"question_id": "q-7"}})
    said = [{c["answer"] for c in result["transcript"] if c["layer"] == n} for n in (1, 2)]
    assert (
        all({answer[0] for answer in one} == {"p", "q"} for one in said) and not said[0] & said[1]
    )
    assert result["report"]["missing"] == []


async def test_simulated_debaters_mend_each_others_errors() -> None:
    rows = questions(60, 5, seed=3)
    members = ["simulated:medium", "simulated:medium?seed=1", "simulated:large"]

    async def right(n: int) -> int:
        app = create_debate(members, rounds=n, extract="number", consensus=False).compile()
        results = await asyncio.gather(*(app.ainvoke(user(row["question"])) for row in rows))
        pairs = zip(results, rows, strict=True)
        return sum(
            c["answer"] == row["answer"] for result, row in pairs for c in result["candidates"]
        )

    assert await right(2) > await right(1)


async def test_an_echoed_fence_is_cut_from_answers() -> None:
    echo = '<answer number="1">\nFinal answer: 2\n</answer>\nI agree.\n</answer>\nFinal answer: 2'
    models, members = debaters(rounds(1, ScriptedReply(echo)), rounds(2), rounds(2, 3))
    result = await create_debate(members, rounds=3).compile().ainvoke(user())
    assert result["transcript"][3]["text"] == "Final answer: 2\n\nI agree.\n\nFinal answer: 2"
    assert all("answer number" not in c["text"] for c in result["transcript"])
    assert read_by(models[1].calls[2])[0] == result["transcript"][3]["text"]


async def test_a_debate_inside_a_forest_asks_for_the_form_once() -> None:
    models, members = debaters(rounds(1), rounds(1))
    await create_agent_forest(create_debate(members), samples=1).compile().ainvoke(user())
    assert models[0].calls[0].prompt.count("Final answer:") == 1
