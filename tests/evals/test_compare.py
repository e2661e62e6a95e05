import asyncio
import inspect
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.evals.compare import Watched, acompare
from manyminds.evals.comparison import Comparison
from manyminds.evals.data import Row
from manyminds.evals.equal_cost import Plan, plan
from manyminds.evals.grading import by_answer
from manyminds.evals.statistics.paired import difference
from manyminds.members import Member, members
from manyminds.models.simulated.arithmetic import questions
from manyminds.reading.answers import extractor
from manyminds.registry import Method, method, methods
from manyminds.testing import Answer, Metadata, ScriptedChatModel, ScriptedReply

GRADE = by_answer(extractor("number"))
THREE = ["simulated:small", "simulated:medium", "simulated:large"]


def rows(n: int) -> list[Row]:
    return [
        Row(id=row["id"], question=row["question"], answer=row["answer"])
        for row in questions(n, 5, 2)
    ]


async def compared(plans: Sequence[Plan], n: int = 4, **options: Any) -> Comparison:
    return await acompare(plans, rows(n), grade=GRADE, **options)


@pytest.mark.parametrize(
    ("name", "calls", "options", "runs", "planned"),
    [
        ("agent-forest", 10, {"samples": 10}, 1, 10),
        ("moa", 10, {"layers": 4}, 1, 10),
        ("moa", 9, {"layers": 3}, 1, 7),
        ("moa-lite", 4, {}, 1, 4),
        ("moa-lite", 9, {}, 2, 8),
        ("self-moa", 10, {"samples": 9}, 1, 10),
        ("self-moa-seq", 10, {"samples": 8}, 1, 10),
        ("self-moa-seq", 39, {"samples": 30}, 1, 39),
        ("ranker", 10, {}, 2, 8),
        ("reflexion", 10, {"tries": 4}, 1, 10),
        ("self-refine", 10, {"refinements": 4}, 1, 9),
        ("spp", 10, {}, 10, 10),
        ("chain-of-thought", 1, {}, 1, 1),
    ],
)
def test_options_are_set_to_make_as_many_calls_as_allowed(
    name: str, calls: int, options: dict[str, int], runs: int, planned: int
) -> None:
    made = plan(method(name), members(THREE), calls)
    assert (made.options, made.runs, made.calls) == (options, runs, planned)


@pytest.mark.parametrize("name", methods())
async def test_what_is_planned_is_what_is_called(name: str) -> None:
    """A formula of the registry that is wrong would make every comparison unfair."""
    entry, calls = method(name), 13
    try:
        made = plan(entry, members(THREE), calls, extract="number")
    except InputError as error:
        refused = ("cannot be compared", "makes at least")
        assert any(reason in str(error) for reason in refused)
        return
    base = plan(method("agent-forest"), members(THREE), calls, extract="number")
    plans = [base] if name == base.method else [base, made]
    found = (await compared(plans))[-1]
    assert found.planned <= calls and found.unanswered == 0
    if "at most" in entry.calls:
        assert 1 <= found.calls <= found.planned
    else:
        assert found.calls == found.planned


async def test_figures_are_paired_with_those_of_agent_forest() -> None:
    def script(messages: Any, data: Metadata) -> Answer:
        worse = data["role"] != "sampler" and int(data["question_id"][-1], 36) % 2
        return ScriptedReply("The answer is 0." if worse else "The answer is 1.", usage=(7, 3))

    model = members([ScriptedChatModel(script)])
    asked = [Row(id=f"q{n}", question=f"What is {n} / {n}?", answer="1") for n in range(1, 9)]
    plans = [plan(method(name), model, 3, extract="number") for name in ("agent-forest", "moa")]
    forest, moa = await acompare(plans, asked, grade=GRADE)
    assert (forest.accuracy, forest.gain, forest.better, forest.worse, forest.p) == (1, 0, 0, 0, 1)
    assert (moa.accuracy, moa.gain, moa.better, moa.worse) == (0.5, -0.5, 0, 4)
    assert moa.p == 0.125 and moa.gain_interval[0] < -0.5 < moa.gain_interval[1] < 0
    assert (forest.calls, forest.tokens, moa.calls, moa.tokens) == (3, 30, 3, 30)
    assert moa.cost is None
    again = (await acompare(plans, asked, grade=GRADE, repeats=2))[1]
    assert again.p is None and (again.calls, again.worse) == (3, 4)


async def test_the_interval_is_drawn_from_one_order_whoever_is_answered_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn = list[list[float]]()

    def seen(
        one: list[float], other: list[float], seed: int, groups: None = None
    ) -> tuple[float, tuple[float, float]]:
        drawn.append(one)
        return difference(one, other, seed, groups)

    monkeypatch.setattr("manyminds.evals.comparison.difference", seen)

    def replies(backwards: bool) -> ScriptedChatModel:
        def script(messages: Any, data: Metadata) -> Answer:
            number = int(str(data["question_id"])[1:])
            late = 0.05 * (8 - number if backwards else number)
            right = number * number % 7 > 2
            return ScriptedReply(f"The answer is {1 if right else 0}.", delay=late)

        return ScriptedChatModel(script)

    asked = [Row(id=f"q{n}", question=f"What is {n} / {n}?", answer="1") for n in range(1, 8)]
    for backwards in (False, True):
        model = members([replies(backwards)])
        plans = [plan(method(name), model, 3, extract="number") for name in ("agent-forest", "moa")]
        await acompare(plans, asked, grade=GRADE)
    assert drawn[:2] == drawn[2:] and len(set(drawn[1])) == 2


class Answering:
    """A stand-in for a compiled graph: its calls take the seconds they are given."""

    name, builder = "stand-in", None

    def __init__(self, calls: Sequence[tuple[str, str, int, float]]) -> None:
        self._calls = calls

    async def astream(self, given: Any, *_: Any, **__: Any) -> AsyncIterator[tuple[str, Any]]:
        yield "values", given
        for event, role, layer, seconds in self._calls:
            yield "custom", {"event": event, "role": role, "layer": layer, "seconds": seconds}
        yield "custom", {"event": "voted", "winner": 0}
        yield "values", {"answer": "1"}


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [
        ([], 0.0),
        ([("answered", "sampler", 1, 2.0), ("answered", "sampler", 1, 8.0)], 8.0),
        ([("answered", "proposer", 1, 8.0), ("answered", "proposer", 2, 2.0)], 10.0),
        ([("failed", "proposer", 1, 8.0), ("answered", "proposer", 1, 2.0)], 8.0),
        ([("answered", "proposer", 1, 8.0), ("answered", "aggregator", 1, 4.0)], 12.0),
    ],
)
async def test_seconds_are_those_of_the_slowest_call_in_each_layer(
    calls: list[tuple[str, str, int, float]], seconds: float
) -> None:
    output = await Watched(cast(CompiledMethod, Answering(calls))).ainvoke({})
    assert output == {"answer": "1", "critical_path": seconds}


async def test_seconds_of_a_comparison_are_those_of_its_calls() -> None:
    def waits(seconds: float) -> ScriptedChatModel:
        return ScriptedChatModel(ScriptedReply("The answer is 1.", delay=seconds))

    quick, slow = Member(waits(0.01), name="quick"), Member(waits(0.1), name="slow")
    plans = [
        plan(method(name), members([quick, slow]), 5, extract="number")
        for name in ("agent-forest", "moa")
    ]
    forest, moa = await compared(plans, n=3)
    assert forest.seconds >= 0.1 and moa.seconds >= 0.2  # a layer, and two with a slow member


async def test_a_run_never_exceeds_the_calls_it_was_given() -> None:
    model = members([ScriptedChatModel(ValueError("broken"))])
    plans = [plan(method("agent-forest"), model, 2), plan(method("reflexion"), model, 2)]
    found = await compared(plans, n=2)
    assert [one.unanswered for one in found] == [2, 2]
    assert all(one.calls <= 2 and one.accuracy == 0 for one in found)


def test_too_few_calls_say_how_many_are_needed() -> None:
    with pytest.raises(InputError, match="moa makes at least 4 calls a question with 3 members"):
        plan(method("moa"), members(THREE), 3)


@pytest.mark.parametrize(
    "formula", ["steps * votes a step", "rounds ** 9", "levels + 1", "open('x')", "1 if 1 else 2"]
)
def test_a_formula_that_is_none_is_not_guessed_at(formula: str) -> None:
    entry = Method("odd", "manyminds.graphs.moa:create_moa", "none", formula, "Never.")
    with pytest.raises(InputError, match="odd makes as many calls as its question wants"):
        plan(entry, members(THREE), 9)


def test_words_for_people_do_not_spoil_a_formula() -> None:
    for text in ("members + 1 at most", "at most members + 1", "members + 1, fewer with a stop"):
        entry = Method("odd", "manyminds.graphs.ranker:create_ranker", "none", text, "Never.")
        assert plan(entry, members(THREE), 5).calls == 4


def test_without_agent_forest_there_is_nothing_to_compare_with() -> None:
    made = plan(method("moa"), members(THREE), 9)
    with pytest.raises(InputError, match="agent-forest is what the others are compared with"):
        asyncio.run(compared([made]))


def test_the_guard_is_a_budget_of_the_run() -> None:
    made = plan(method("spp"), members(THREE), 6)
    budget = made.graph.settings.budget
    assert budget is not None and budget.calls == 6
    assert len(made.graph.members) == 3 and inspect.isfunction(plan)
