"""Tournament: comparisons in both orders, noisy and biased judges, and failures."""

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, InputError, QuorumError
from manyminds.fence import parse_numbered
from manyminds.graphs.tournament import create_tournament, read_comparison
from manyminds.testing import Answer, Metadata, ScriptedChatModel

DOWN = ValueError("down")
GRADES = ["c", "f", "a", "e", "d", "h", "b", "g"]


def drawn(*answers: Answer) -> ScriptedChatModel:
    def script(_messages: object, data: Metadata) -> Answer:
        return answers[int(data["draw"]) % len(answers)]

    return ScriptedChatModel(script)


def judge(choose: Callable[[str, str], int]) -> ScriptedChatModel:
    """Return a judge that chooses 1, 2 or 0 by the two texts it is shown."""

    def script(messages: Any, _data: object) -> str:
        (_, one), (_, other) = parse_numbered("\n".join(m.text for m in messages))
        return json.dumps({"reason": "so", "choice": choose(one, other)})

    return ScriptedChatModel(script)


def better(one: str, other: str) -> int:
    return 1 if one < other else 2


async def run(members: Any, **options: Any) -> dict[str, Any]:
    return await create_tournament(members, **options).compile().ainvoke(user())


@every_way
async def test_the_strongest_answer_wins(way: str) -> None:
    referee = judge(better)
    app = create_tournament(drawn(*GRADES), judge=referee).compile()
    result = await call(app, way, user())
    assert result["answer"] == "a"
    found = result["tournament"]
    assert (found["rounds"], found["pairs"], found["disagreed"], found["unread"]) == (3, 12, 0, 0)
    assert found["first"] == 0.5 and found["strengths"][2] == max(found["strengths"])
    assert len(referee.calls) == 24 <= 2 * 8 * math.log(8)
    assert result["report"]["degraded"] is None
    known = {(c.metadata["layer"], c.metadata["index"]) for c in referee.calls}
    assert len(known) == 24


async def test_every_pair_is_shown_in_both_orders() -> None:
    referee = judge(better)
    await run(drawn("a", "b", "c", "d"), samples=4, judge=referee)
    shown = [tuple(text for _, text in parse_numbered(c.prompt)) for c in referee.calls]
    assert len(set(shown)) == len(shown) and {tuple(reversed(pair)) for pair in shown} == set(shown)


async def test_a_judge_that_goes_by_place_decides_nothing_and_is_reported() -> None:
    says = ["It is four.", "It is four, I think.", "So it is four.", "Bananas."]
    result = await run(drawn(*says), samples=4, judge=judge(lambda _one, _other: 1))
    found = result["tournament"]
    assert found["disagreed"] == found["pairs"] == 4 and found["first"] == 1
    assert found["strengths"] == [1, 1, 1, 1]
    assert result["answer"] != "Bananas."
    assert "two orders disagreed on 4 of 4 pairs" in result["report"]["degraded"]


async def test_a_bias_that_only_decides_close_calls_is_survived() -> None:
    def biased(one: str, other: str) -> int:
        return 1 if abs(ord(one) - ord(other)) < 2 else better(one, other)

    result = await run(drawn(*GRADES), judge=judge(biased))
    assert result["answer"] in ("a", "b")
    assert 0.5 < result["tournament"]["first"] < 1


async def test_a_noisy_judge_still_finds_a_good_answer() -> None:
    """A judge that errs in a fifth of its comparisons: far better than chance, for 40 seeds."""
    good = 0
    for seed in range(40):
        luck = random.Random(seed)

        def noisy(one: str, other: str, luck: random.Random = luck) -> int:
            right = better(one, other)
            return right if luck.random() > 0.2 else 3 - right

        result = await run(drawn(*GRADES), judge=judge(noisy), seed=seed)
        good += result["answer"] in ("a", "b")
    assert good >= 26  # by chance 10


async def test_equal_answers_enter_once() -> None:
    referee = judge(better)
    result = await run(drawn("b", "b", " b", "a"), samples=4, judge=referee)
    assert result["answer"] == "a" and len(referee.calls) == 2
    assert len(set(result["tournament"]["strengths"][:3])) == 1


async def test_one_answer_needs_no_judge() -> None:
    referee = judge(better)
    result = await run(drawn("b"), samples=3, judge=referee)
    assert result["answer"] == "b" and not referee.calls
    assert result["tournament"]["rounds"] == 0 and result["tournament"]["strengths"] == [1, 1, 1]
    assert result["report"]["degraded"] is None


async def test_ties_are_no_victory() -> None:
    result = await run(drawn("a", "b", "c"), samples=3, judge=judge(lambda _a, _b: 0))
    found = result["tournament"]
    assert found["first"] is None and found["disagreed"] == 0 and found["strengths"] == [1, 1, 1]
    assert "the judge preferred no answer" in result["report"]["degraded"]


async def test_of_equally_strong_answers_the_one_given_most_often_wins() -> None:
    result = await run(drawn("x y", "k", "k", "k"), samples=4, judge=judge(lambda _a, _b: 0))
    assert result["answer"] == "k"


async def test_rounds_are_those_that_were_played() -> None:
    result = await run(drawn("a", "b"), samples=2, rounds=9, judge=judge(better))
    assert (result["tournament"]["rounds"], result["tournament"]["pairs"]) == (1, 1)
    result = await run(drawn("a", "b"), samples=2, judge=judge(better), budget=Budget(calls=2))
    assert result["tournament"]["rounds"] == 0
    assert "no comparison was made" in result["report"]["degraded"]


async def test_nonsense_of_the_judge_is_no_comparison() -> None:
    referee = ScriptedChatModel("Both have their merits, and who am I to say.")
    result = await run(drawn("x y z", "x y w", "k"), samples=3, judge=referee)
    assert result["tournament"]["unread"] == result["tournament"]["pairs"] > 0
    assert "no comparison could be read" in result["report"]["degraded"]
    assert result["answer"] in ("x y z", "x y w")


async def test_the_next_judge_takes_over() -> None:
    result = await run(drawn("b", "a"), samples=2, judge=[ScriptedChatModel(DOWN), judge(better)])
    assert result["answer"] == "a"
    assert "2 of 6 calls gave no answer" in result["report"]["degraded"]


async def test_answers_that_failed_do_not_enter() -> None:
    result = await run(drawn("b", DOWN, "a", DOWN), samples=4, judge=judge(better))
    assert result["answer"] == "a"
    assert result["tournament"]["strengths"][1] is None
    with pytest.raises(QuorumError, match="down"):
        await run(drawn(DOWN), judge=judge(better))


async def test_a_budget_that_ends_leaves_the_standing() -> None:
    result = await run(drawn(*GRADES), judge=judge(better), budget=Budget(calls=8 + 8 + 3))
    found = result["tournament"]
    assert found["pairs"] == 5 and result["report"]["calls"] == 18
    assert "in round 2" in result["report"]["degraded"]


async def test_a_custom_judge() -> None:
    graph = create_tournament(
        drawn("a", "b"), samples=2, judge=lambda state: {"final": state["candidates"][1]}
    )
    assert (await graph.compile().ainvoke(user()))["answer"] == "b"


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ('{"reason": "r", "choice": 2}', 2),
        ('{"reason": "They tie.", "choice": 0}', 0),
        ('```json\n{"choice": "tie"}\n```', 0),
        ("<think>1 is wrong</think> I choose answer 1.", 1),
        ('{"choice": 3}', None),
        ("", None),
        ("1 or 2, hard to say", None),
    ],
)
def test_choices_are_read(reply: str, choice: int | None) -> None:
    assert read_comparison(reply) == choice


@pytest.mark.parametrize(
    ("options", "says"), [({"samples": 0}, "samples=0"), ({"rounds": 0}, "rounds=0")]
)
def test_what_cannot_be_used(options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        create_tournament(drawn("a"), **options)
