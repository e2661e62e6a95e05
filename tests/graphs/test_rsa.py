"""Recursive self-aggregation: who reads what, diversity by step, failures and budgets."""

from typing import Any

import pytest
from helpers.graphs import call, every_way, user

from manyminds import Budget, InputError, QuorumError
from manyminds.fence import parse_numbered
from manyminds.graphs.rsa import create_rsa
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply

DOWN = ValueError("down")


def by_step(*steps: list[Answer]) -> ScriptedChatModel:
    """Return a model that gives these answers in each step, by the index of the call."""

    def script(_messages: object, data: Metadata) -> Answer:
        answers = steps[int(data["layer"]) - 1]
        return answers[int(data["index"]) % len(answers)]

    return ScriptedChatModel(script)


def states(*numbers: int) -> list[Answer]:
    return [f"The answer is {number}." for number in numbers]


async def run(members: Any, **options: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"population": 4, "group": 2, "steps": 3, **options}
    return await create_rsa(members, **given).compile().ainvoke(user())


@every_way
async def test_answers_are_aggregated_step_by_step_and_voted_on(way: str) -> None:
    model = by_step(states(1, 2, 3, 4), states(4, 4, 2, 1), states(4, 4, 4, 1))
    app = create_rsa(model, population=4, group=2, steps=3).compile()
    result = await call(app, way, user())
    assert result["answer"] == "The answer is 4."
    assert result["report"]["calls"] == 12 and result["report"]["degraded"] is None
    assert [one["distinct"] for one in result["diversity"]] == [4, 3, 2]
    assert [one["diversity"] for one in result["diversity"]] == [1.0, 0.833, 0.5]
    assert result["diversity"][-1]["agreement"] == 0.75
    assert result["ballot"]["groups"][0]["weight"] == 3


async def test_each_place_reads_a_random_group_of_the_step_before() -> None:
    model = by_step(states(1, 2, 3, 4), states(5, 6, 7, 8), states(9))
    await run(model)
    read = [[text for _, text in parse_numbered(c.prompt)] for c in model.calls]
    assert read[:4] == [[]] * 4
    for texts in read[4:8]:
        assert len(set(texts)) == 2 and set(texts) <= {f"The answer is {n}." for n in (1, 2, 3, 4)}
    assert len({frozenset(texts) for texts in read[4:8]}) > 1
    for texts in read[8:]:
        assert set(texts) <= {f"The answer is {n}." for n in (5, 6, 7, 8)}


async def test_the_seed_draws_the_groups() -> None:
    async def prompts(seed: int) -> list[str]:
        model = by_step(states(*range(8)), states(*range(8)))
        await run(model, population=8, steps=2, seed=seed)
        return [c.prompt for c in model.calls[8:]]

    assert await prompts(1) == await prompts(1) != await prompts(2)


async def test_members_for_each_step_cheap_ones_first() -> None:
    cheap, dear = by_step(states(1), states(1), states(1)), by_step([], states(2), states(2))
    result = await run([[cheap], [dear]])
    assert len(cheap.calls) == 4 and len(dear.calls) == 8
    assert result["answer"] == "The answer is 2."


async def test_samples_of_a_member_have_draws_and_indices_of_their_own() -> None:
    model = by_step(states(1), states(1), states(1))
    await run(model)
    assert len({(c.metadata["layer"], c.metadata["index"]) for c in model.calls}) == 12
    assert [c.metadata["draw"] for c in model.calls[:4]] == [0, 1, 2, 3]


async def test_a_place_that_fails_keeps_its_earlier_answer() -> None:
    model = by_step(states(1, 2, 3, 4), [*states(5), DOWN, *states(5, 5)], states(7, 7, 7, 7))
    result = await run(model)
    assert result["diversity"][1]["answers"] == 4 and result["diversity"][1]["distinct"] == 2
    assert result["report"]["notes"] == ["step 2 had 3 of 4 answers, and earlier ones stayed"]
    assert "1 of 12 calls gave no answer" in result["report"]["degraded"]


async def test_a_step_that_fails_leaves_the_population_before() -> None:
    result = await run(by_step(states(4, 4, 4, 1), [DOWN], [DOWN]))
    assert result["answer"] == "The answer is 4."
    assert "8 of 12 calls gave no answer" in result["report"]["degraded"]
    assert result["report"]["notes"][-1] == "step 3 had 0 of 4 answers, and earlier ones stayed"


async def test_nobody_answers_at_first() -> None:
    with pytest.raises(QuorumError, match="down"):
        await run(by_step([DOWN]))
    with pytest.raises(QuorumError, match="quorum is 3"):
        await run(by_step([*states(1), DOWN]), quorum="75%")


async def test_a_budget_that_ends_is_told() -> None:
    model = by_step(states(1, 4, 4, 4), states(6, 4, 4, 4), states(7))
    result = await run(model, budget=Budget(calls=6))
    assert result["report"]["calls"] == 6 and result["answer"] == "The answer is 4."
    assert [one["answers"] for one in result["diversity"]] == [4, 4]
    assert "after step 2 of 3" in result["report"]["degraded"]


async def test_open_answers_end_with_the_most_typical_one() -> None:
    says: list[Answer] = [
        "A monad is a way to chain steps that carry context.",
        "A monad is a way to chain steps which carry some context.",
        "Bananas are yellow, and they are a fruit that many people like.",
        "A monad is a way to chain steps that carry a context along.",
    ]
    result = await run(by_step(says, says, says))
    assert result["answer"].startswith("A monad") and result["diversity"][0]["diversity"] is None


async def test_one_step_is_a_vote() -> None:
    result = await run(by_step(states(1, 2, 2, 3)), steps=1)
    assert result["answer"] == "The answer is 2." and result["report"]["calls"] == 4


@pytest.mark.parametrize("name", ["population", "group", "steps"])
def test_what_cannot_be_used(name: str) -> None:
    options: dict[str, Any] = {name: 0}
    with pytest.raises(InputError, match=f"{name}=0: give at least 1"):
        create_rsa(ScriptedChatModel("x"), **options)


def test_members_that_no_step_would_ask_are_an_error() -> None:
    rows = [[by_step(states(1))] for _ in range(3)]
    with pytest.raises(InputError, match="lists for 3 steps: give steps=3 or more"):
        create_rsa(rows, population=2, steps=2)


async def test_replies_that_the_token_limit_cut_have_no_vote() -> None:
    fields = {"response_metadata": {"finish_reason": "length"}}
    cut = ScriptedChatModel(ScriptedReply("So 7 plus 12", fields=fields))
    result = await run([cut, by_step(states(19))], steps=1)
    assert result["answer"] == "The answer is 19." and result["diversity"][0]["read"] == 2
