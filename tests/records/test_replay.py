"""Replay: the same run again for nothing, and a changed one for what has changed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from helpers.registry import NAMES, QUESTION, SIMULATED, small
from langchain_core.outputs import ChatResult

from manyminds import (
    Context,
    DataError,
    InputError,
    Member,
    RunRecord,
    areplay,
    create_agent_forest,
    create_moa,
    create_smoa,
    record,
    replay,
)
from manyminds.members import Askable
from manyminds.method_graph import MethodGraph
from manyminds.models.simulated.model import SimulatedChatModel

GIVEN = {"messages": [("user", QUESTION)]}


def run_of(graph: MethodGraph, folder: Path, **context: Any) -> RunRecord:
    with record(folder) as recording:
        graph.compile().invoke(GIVEN, context=Context(**context))
    return recording.run


def asked(result: dict[str, Any]) -> int:
    return int(result["report"]["requests"])


@pytest.mark.parametrize("name", NAMES)
def test_a_method_replays_for_nothing(name: str, tmp_path: Path) -> None:
    run = run_of(small(name), tmp_path)
    again = run.replay(strict=True)
    assert again["answer"] == run.answer
    assert asked(again) == 0 and again["report"]["cost"] == 0
    assert again["report"]["tokens"] == {"input": 0, "output": 0}


@pytest.mark.parametrize("name", NAMES)
def test_a_method_replays_on_a_graph_whose_members_are_gone(name: str, tmp_path: Path) -> None:
    run = run_of(small(name), tmp_path, seed=7)
    ignores_params = [Member(f"{model}?fail=1", name=model.split(":")[1]) for model in SIMULATED]
    assert replay(run, small(name, *ignores_params), strict=True)["answer"] == run.answer


def test_what_comes_from_the_record_says_so(tmp_path: Path) -> None:
    run = run_of(create_agent_forest(SIMULATED, samples=4), tmp_path)
    again = run.replay()
    assert {c["reused"] for c in again["candidates"]} == {"record"}
    assert {c["cost"] for c in again["candidates"]} == {0.0}


def test_another_vote_costs_nothing(tmp_path: Path) -> None:
    run = run_of(create_agent_forest(SIMULATED, samples=6), tmp_path)
    again = run.replay(vote="bleu", strict=True)
    assert again["ballot"]["vote"] == "bleu" and asked(again) == 0


def test_more_samples_cost_the_further_ones(tmp_path: Path) -> None:
    run = run_of(create_agent_forest(SIMULATED, samples=4), tmp_path)
    assert asked(run.replay(samples=7)) == 3


def test_another_keep_asks_from_the_next_layer_on(tmp_path: Path) -> None:
    run = run_of(create_smoa(["simulated:small"] * 4, layers=3, keep=1, stop="never"), tmp_path)
    with record(tmp_path / "again") as recording:
        run.replay(keep=3)
    again = recording.run
    reused = [(call.layer, call.role) for call in again.calls if call.reused == "record"]
    assert reused[:5] == [(1, "proposer")] * 4 + [(1, "judge")]
    assert (2, "proposer") not in reused
    assert [call.text for call in again.at(1).candidates] == [
        call.text for call in run.at(1).candidates
    ]
    assert len(again.at(1).kept) == 3


def test_another_judge_asks_the_judge(tmp_path: Path) -> None:
    run = run_of(create_smoa(SIMULATED, layers=2, keep=2), tmp_path)
    again = run.replay(judge="simulated:large")
    assert again["report"]["roles"]["judge"]["tokens"]["input"] > 0
    assert again["report"]["roles"]["proposer"]["tokens"]["input"] == 0


def test_strict_names_what_is_missing(tmp_path: Path) -> None:
    run = run_of(create_agent_forest("simulated:small", samples=2), tmp_path)
    with pytest.raises(DataError, match="not in the record: sampler small in layer 1; replay with"):
        run.replay(samples=3, strict=True)


def test_a_method_that_is_a_member_is_one_answer(tmp_path: Path) -> None:
    panel = Member(create_moa(SIMULATED, layers=2), name="panel")
    row: list[Askable] = [panel, "simulated:large"]
    graph = create_moa(row, aggregator="simulated:large", layers=2)
    run = run_of(graph, tmp_path / "first")
    with record(tmp_path / "again") as recording:
        again = run.replay(graph, strict=True)
    assert again["answer"] == run.answer and asked(again) == 0 and again["report"]["simulated"]
    assert [one.method for one in run.nested] == ["moa"] and recording.run.nested == []


def test_failures_come_again_as_they_were(tmp_path: Path) -> None:
    graph = create_agent_forest("simulated:small?fail=0.5", samples=8, quorum=1)
    run = run_of(graph, tmp_path)
    failed = [call.index for call in run.calls if call.status == "failed"]
    again = run.replay(graph, strict=True)
    assert [c["index"] for c in again["candidates"] if c["status"] == "failed"] == sorted(failed)
    assert failed


def test_a_graph_of_objects_must_be_given(tmp_path: Path) -> None:
    graph = create_agent_forest(SimulatedChatModel(skill=0.9), samples=2)
    run = run_of(graph, tmp_path)
    with pytest.raises(InputError, match=r"does not hold members of agent-forest: .*replay\(run, "):
        run.replay()
    with pytest.raises(InputError, match="build it with samples instead"):
        run.replay(graph, samples=3)
    assert run.replay(graph)["answer"] == run.answer


async def test_it_runs_inside_a_running_loop(tmp_path: Path) -> None:
    with record(tmp_path) as recording:
        await small("moa").compile().ainvoke(GIVEN)
    again = await areplay(recording.path, strict=True)
    assert again["answer"] == recording.run.answer == recording.run.replay()["answer"]


class Slow(SimulatedChatModel):
    """Answers after a second and a half."""

    latency: float = 1.5


class Lost(Slow):
    """Fails after half a second."""

    async def _agenerate(self, *args: Any, **kwargs: Any) -> ChatResult:
        await asyncio.sleep(0.5)
        raise ConnectionError("the connection is gone")


def late(*, model: type[Slow] = Slow, **options: Any) -> MethodGraph:
    """Return a MoA of which one member is late."""
    slow = Member(
        model(skill=0.5), name="slow", hedge_with=options.pop("hedge_with", None), retries=0
    )
    members: list[Askable] = [slow, *SIMULATED]
    return create_moa(members, aggregator=SIMULATED[0], layers=3, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"hedge": 0.2, "hedge_with": Member("simulated:large", name="quick")},
        {"grace": 0.1, "quorum": 2},
        {"deadline": 0.5, "quorum": 2},
    ],
    ids=["hedged", "cut by grace", "cut at the deadline"],
)
def test_a_run_that_waited_for_nobody_replays_as_it_was(
    options: dict[str, Any], tmp_path: Path
) -> None:
    graph = late(**options)
    with record(tmp_path) as recording:
        result = graph.compile().invoke(GIVEN)
    run = recording.run
    again = replay(run, graph, strict=True)
    assert asked(again) == 0 and again["answer"] == result["answer"]
    assert [c["text"] for c in again["candidates"]] == [c["text"] for c in result["candidates"]]
    assert again["report"]["degraded"] == result["report"]["degraded"]
    told = {(call.layer, call.index): call.text for call in run.calls if call.member == "slow"}
    last = result["candidates"][0]
    assert told[last["layer"], last["index"]] == last["text"]


def test_the_answer_of_a_spare_for_one_that_failed_is_what_a_replay_takes(tmp_path: Path) -> None:
    graph = late(
        model=Lost, hedge=0.2, hedge_with=Member("simulated:large?latency=1", name="quick")
    )
    with record(tmp_path) as recording:
        result = graph.compile().invoke(GIVEN)
    again = replay(recording.run, graph, strict=True)
    assert asked(again) == 0 and again["answer"] == result["answer"]
    assert [c["text"] for c in again["candidates"]] == [c["text"] for c in result["candidates"]]
    assert {call.status for call in recording.run.calls} == {"ok"}
