"""What is planned is what simulated runs then take."""

import inspect
from statistics import fmean

import pytest
from helpers.registry import NAMES, small

from manyminds.call_formula import most_calls
from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import aevaluate
from manyminds.evals.forecast import Forecast, aforecast, rehearsed
from manyminds.evals.grading import by_answer
from manyminds.members import Member
from manyminds.models.simulated.arithmetic import questions
from manyminds.models.simulated.model import SimulatedChatModel
from manyminds.prices import Price
from manyminds.reading.answers import extractor
from manyminds.registry import method

SKILLS = {"x": 0.5, "y": 0.65, "z": 0.8}
SLOW = {"hierarchical-voting", "stepwise-voting"}
GRADE = by_answer(extractor("number"))


async def forecast(name: str, rows: int = 12, *, short: bool = False) -> Forecast:
    length = 1 if short else 200
    models = {n: rehearsed(n, accuracy=s, answer_tokens=length) for n, s in SKILLS.items()}
    graph = small(name, *[Member(model, name=n) for n, model in models.items()])
    builder = inspect.signature(method(name).create())
    single = next(iter(builder.parameters)) == "member"
    most = most_calls(method(name), builder, 1 if single else 3, graph.options)
    price = Price(input=1.0, output=4.0)
    return await aforecast(
        graph,
        models,
        dict.fromkeys(models, price),
        most=most,
        question_tokens=1 if short else 120,
        rows=rows,
        seed=5,
    )


@pytest.mark.parametrize("name", NAMES)
async def test_planned_calls_are_those_of_simulated_runs(name: str) -> None:
    """Other questions, other members of the same skill: fixed numbers are equal, bounds hold."""
    planned = await forecast(name, 4 if name in SLOW else 8)
    members = [
        Member(SimulatedChatModel(model_name=n, skill=skill), name=n) for n, skill in SKILLS.items()
    ]
    asked = [
        Row(id=q["id"], question=q["question"], answer=q["answer"]) for q in questions(3, 5, 9)
    ]
    calls = list[int]()

    def count(one: Outcome) -> None:
        # A verdict that simulated members cannot give, as of a new method, is asked for again.
        if "was usable" not in (one["degraded"] or ""):
            calls.append(one["calls"])

    app = small(name, *members).compile()
    await aevaluate(
        app,
        asked[: 1 if name in SLOW else 3],
        grade=GRADE,
        on_row=count,
    )
    if not calls:
        pytest.skip("no verdict of this method can be given by simulated members")
    assert max(calls) <= planned.most or not planned.bounded
    assert 1 <= planned.least <= planned.calls <= planned.most
    if planned.bounded and "at most" not in method(name).calls:
        assert set(calls) == {planned.most} and planned.least == planned.most == planned.calls


@pytest.mark.integration  # 60 questions each
@pytest.mark.parametrize("name", ["debate", "cascade", "smoa", "tournament"])
async def test_early_stops_are_planned_as_often_as_they_happen(name: str) -> None:
    planned = await forecast(name, 60)
    members = [
        Member(SimulatedChatModel(model_name=n, skill=skill), name=n) for n, skill in SKILLS.items()
    ]
    asked = [
        Row(id=q["id"], question=q["question"], answer=q["answer"]) for q in questions(60, 5, 21)
    ]
    calls = list[int]()
    found = await aevaluate(
        small(name, *members).compile(),
        asked,
        grade=GRADE,
        on_row=lambda one: calls.append(one["calls"]),
    )
    assert planned.calls == pytest.approx(fmean(calls), rel=0.2)
    assert planned.accuracy == pytest.approx(found.accuracy, abs=0.17)


@pytest.mark.parametrize("name", ["moa", "fusion", "self-refine", "agent-forest"])
async def test_planned_tokens_are_those_that_the_same_runs_take(name: str) -> None:
    """With texts as short as simulated ones are, a rehearsal is the simulated run itself."""
    planned = await forecast(name, 10, short=True)
    members = [
        Member(SimulatedChatModel(model_name=n, skill=skill), name=n) for n, skill in SKILLS.items()
    ]
    asked = [
        Row(id=q["id"], question=q["question"], answer=q["answer"]) for q in questions(10, 5, 5)
    ]
    tokens = list[int]()
    await aevaluate(
        small(name, *members).compile(),
        asked,
        grade=GRADE,
        on_row=lambda one: tokens.append(one["tokens"]),
    )
    assert planned.input_tokens + planned.output_tokens == pytest.approx(fmean(tokens), rel=0.03)


async def test_answers_of_others_make_prompts_longer_and_dollars_follow() -> None:
    short, long = await forecast("moa", 6, short=True), await forecast("moa", 6)
    assert long.output_tokens > 3 * 200 and long.input_tokens > short.input_tokens + 4 * 100
    assert long.dollars == pytest.approx((long.input_tokens + 4 * long.output_tokens) / 1e6)
    assert long.seconds > 2 * 200 / 60, "two layers, one after the other"


def test_what_cannot_be_assumed_is_said() -> None:
    with pytest.raises(InputError, match="a share from 0 to 1"):
        rehearsed("x", accuracy=1.2)
    with pytest.raises(InputError, match="at least 1 token"):
        rehearsed("x", accuracy=0.5, speed=0)
    builder = {name: inspect.signature(method(name).create()) for name in SLOW | {"debate"}}
    assert most_calls(method("stepwise-voting"), builder["stepwise-voting"], 3, {}) is None
    assert most_calls(method("debate"), builder["debate"], 3, {"rounds": 4}) == 12
