import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, BudgetError, InputError, Member, RunError, create_stepwise_voting
from manyminds.journal import Journal
from manyminds.models.simulated.hanoi import SimulatedStepper
from manyminds.models.simulated.model import from_string, questions
from manyminds.tasks import Hanoi, Reasoning, RedFlag
from manyminds.testing import Metadata, ScriptedChatModel

THREE = user("Solve the Towers of Hanoi with 3 disks.")
SIX = user("Solve the Towers of Hanoi with 6 disks.")
fused_or_not = pytest.mark.parametrize("fused", [1, 7, 1000])


def steppers(count: int = 3, **fields: Any) -> list[Member]:
    return [
        Member(SimulatedStepper(model_name=f"s{n}", seed=n, **fields), name=f"s{n}")
        for n in range(count)
    ]


def solved(result: dict[str, Any], disks: int) -> bool:
    return bool(result["task_state"] == {"pegs": "C" * disks, "moves": 2**disks - 1})


class Count:
    """A task that counts upwards to a number: the step is the next number."""

    name = "count"

    def __init__(self, to: int = 5) -> None:
        self.to = to

    def start(self, question: str) -> dict[str, int]:
        return {"at": 0}

    def prompt(self, state: dict[str, int]) -> list[BaseMessage]:
        return [HumanMessage(f"after {state['at']}?")]

    def parse(self, reply: str, state: dict[str, int]) -> str:
        if not reply.isdigit():
            raise RedFlag("no number")
        return reply

    def apply(self, state: dict[str, int], step: str) -> dict[str, int]:
        return {"at": int(step)}

    def done(self, state: dict[str, int]) -> bool:
        return state["at"] >= self.to

    def answer(self, state: dict[str, int]) -> str:
        return f"counted to {state['at']}"


def counter(
    wrong: Callable[[int, Metadata], str | Exception | None] = lambda at, data: None,
) -> ScriptedChatModel:
    """Return a model that counts on, unless `wrong` says something else."""

    def script(messages: list[BaseMessage], data: Metadata) -> str | Exception:
        at = int(messages[-1].text.split()[1].rstrip("?"))
        return wrong(at, data) or str(at + 1)

    return ScriptedChatModel(script)


# ---- solving


@fused_or_not
@every_way
async def test_six_disks_with_members_right_95_percent_of_the_time(way: str, fused: int) -> None:
    app = create_stepwise_voting(
        steppers(accuracy=0.95), task="hanoi", stop="ahead:4,40", steps_per_superstep=fused
    ).compile()
    result = await call(app, way, SIX)
    assert solved(result, 6) and result["step"] == 63
    report = result["report"]
    assert result["answer"].splitlines()[0] == "All 6 disks are on peg C after 63 moves."
    assert result["messages"][-1].text == result["answer"]
    assert report["degraded"] is None and report["gave_up"] == [] and report["flagged"] == 0
    assert report["votes"] == report["drawn"] == report["calls"] >= 63 * 4
    assert report["votes"] < 63 * 5.5
    assert report["decision"]["reason"] == "the task is done"


@pytest.mark.parametrize("seed", range(4))
async def test_fused_and_three_nodes_do_the_same(seed: int) -> None:
    reports: list[Any] = []
    for fused in (1, 5, 64):
        graph = create_stepwise_voting(
            steppers(accuracy=0.8, rambling=0.1),
            task="hanoi",
            stop="ahead:3,12",
            steps_per_superstep=fused,
            seed=seed,
        )
        result = await graph.compile().ainvoke(user(f"Solve {3 + seed % 2} disks"))
        report = result["report"]
        keys = ("step", "votes", "drawn", "flagged", "gave_up", "calls", "resumed", "degraded")
        each = {name: row["calls"] for name, row in report["members"].items()}
        reports.append(
            (result["task_state"], {key: ({**result, **report})[key] for key in keys}, each)
        )
    assert reports[0] == reports[1] == reports[2]
    assert reports[0][1]["flagged"] > 0


async def test_a_vote_a_step_mends_what_one_sample_gets_wrong() -> None:
    rows = questions(12, 8, seed=3)
    right: Counter[str] = Counter()
    for stop in ("fixed:1", "ahead:3"):
        app = create_stepwise_voting(from_string("small"), task="arithmetic", stop=stop).compile()
        for row in rows:
            answer = (await app.ainvoke(user(row["question"])))["answer"]
            right[stop] += f"The answer is {row['answer']}." in answer
    assert right["ahead:3"] >= right["fixed:1"] + 4


async def test_reasoning_goes_on_until_a_final_answer() -> None:
    steps = ["A cat has 4 legs.", "Two cats have 4 + 4 = 8 legs.", "Final answer: 8"]
    odd = "Bananas are yellow."

    def script(messages: list[BaseMessage], data: Metadata) -> str:
        done = sum(step in messages[-1].text for step in steps)
        return odd if data["index"] == 0 else steps[done]

    model = ScriptedChatModel(script)
    result = await create_stepwise_voting(model).compile().ainvoke(user("How many legs?"))
    assert result["answer"] == "\n".join(steps) and result["step"] == 3
    assert len(model.calls) == 15  # five proposals a step, by similarity
    assert odd not in result["answer"] and result["report"]["degraded"] is None


async def test_a_limit_of_reasoning_steps_ends_it() -> None:
    model = ScriptedChatModel("I wonder.")
    task = Reasoning(most=3)
    result = (
        await create_stepwise_voting(model, task=task, stop="fixed:2").compile().ainvoke(user())
    )
    assert result["answer"] == "I wonder.\nI wonder.\nI wonder." and len(model.calls) == 6


# ---- asking


async def test_a_step_asks_no_more_than_the_rule_needs_and_members_take_turns() -> None:
    models = [counter(), counter(), counter()]
    members = [Member(model, name=f"m{n}") for n, model in enumerate(models)]
    graph = create_stepwise_voting(members, task=Count(4), stop="ahead:3")
    result = await graph.compile().ainvoke(user())
    assert [len(model.calls) for model in models] == [4, 4, 4]
    draws = [c.metadata["draw"] for model in models for c in model.calls]
    assert sorted(draws) == list(range(12))
    assert {c.params["temperature"] for model in models for c in model.calls} == {0.7}
    assert result["answer"] == "counted to 4"


async def test_disagreement_asks_on_one_wave_after_the_other() -> None:
    model = counter(lambda at, data: "9" if at == 1 and data["index"] in (0, 3) else None)
    result = await create_stepwise_voting(model, task=Count(3)).compile().ainvoke(user())
    # Step 2 goes 9, 2, 2 | 9, 2, 2 ... and needs 7 votes for a lead of 3.
    assert [c.prompt for c in model.calls].count("after 1?") == 7
    assert result["answer"] == "counted to 3" and result["report"]["votes"] == 3 + 7 + 3


@fused_or_not
async def test_a_member_is_addressed_in_its_role(fused: int) -> None:
    model = counter()
    member = Member(model, role="You count sheep.")
    graph = create_stepwise_voting(member, task=Count(1), steps_per_superstep=fused)
    await graph.compile().ainvoke(user())
    assert all("You count sheep." in c.messages[0].text for c in model.calls)
    assert all(c.messages[-1].text == "after 0?" for c in model.calls)


# ---- red flags and caps


@fused_or_not
async def test_flagged_proposals_are_drawn_again_and_counted_apart(fused: int) -> None:
    model = counter(lambda at, data: "hmm" if data["index"] % 2 else None)
    graph = create_stepwise_voting(model, task=Count(3), steps_per_superstep=fused)
    result = await graph.compile().ainvoke(user())
    report = result["report"]
    assert (report["votes"], report["flagged"]) == (9, 6)
    assert report["calls"] == len(model.calls) == report["drawn"] == 15
    assert report["degraded"] is None and result["answer"] == "counted to 3"


@fused_or_not
async def test_failed_proposals_are_replaced_too(fused: int) -> None:
    model = counter(lambda at, data: ValueError("boom") if data["index"] == 0 else None)
    graph = create_stepwise_voting(model, task=Count(2), steps_per_superstep=fused)
    result = await graph.compile().ainvoke(user())
    assert result["answer"] == "counted to 2"
    assert result["report"]["votes"] == 6 and result["report"]["calls"] == 8
    assert "2 of 8 calls gave no answer (error 2)" in result["report"]["degraded"]


@fused_or_not
async def test_a_step_gives_up_at_its_cap_and_says_so(fused: int) -> None:
    def split(at: int, data: Metadata) -> str | None:
        return str(at + 1 + data["index"] % 2) if at == 1 else None

    model = counter(split)
    graph = create_stepwise_voting(
        model, task=Count(4), stop="ahead:3,6", steps_per_superstep=fused
    )
    result = await graph.compile().ainvoke(user())
    assert result["report"]["gave_up"] == [2] and result["report"]["votes"] == 3 + 6 + 3 + 3
    assert result["task_state"] == {"at": 4}  # of a tie, the one asked first


@fused_or_not
async def test_a_step_without_one_good_proposal_raises_and_the_journal_keeps_the_rest(
    fused: int, tmp_path: Path
) -> None:
    path = tmp_path / "steps.jsonl"
    model = counter(lambda at, data: "hmm" if at == 2 else None)
    graph = create_stepwise_voting(
        model,
        task=Count(4),
        stop="ahead:2,4",
        redraws=3,
        steps_per_superstep=fused,
        journal=path,
    )
    with pytest.raises(RunError, match=r"step 3: all 7 proposals failed or were flagged \(no num"):
        await graph.compile().ainvoke(user())
    assert [c.prompt for c in model.calls].count("after 2?") == 7
    book = Journal(path, task="count", question=user()["messages"][0][1])
    assert list(book.steps()) == ["1", "2"]
    healed = counter()
    graph = create_stepwise_voting(healed, task=Count(4), journal=path)
    result = await graph.compile().ainvoke(user())
    assert result["answer"] == "counted to 4" and result["report"]["resumed"] == 2
    assert {c.messages[0].text for c in healed.calls} == {"after 2?", "after 3?"}


# ---- budgets


@fused_or_not
@pytest.mark.parametrize("calls", [3, 4, 5, 7, 9, 11, 12, 14])
async def test_a_budget_ends_it_degraded_with_the_steps_that_were_voted(
    fused: int, calls: int
) -> None:
    model = counter(lambda at, data: "hmm" if at == 2 and data["index"] == 0 else None)
    graph = create_stepwise_voting(
        model, task=Count(5), budget=Budget(calls=calls), steps_per_superstep=fused
    )
    result = await graph.compile().ainvoke(user())
    assert len(model.calls) == result["report"]["calls"] <= calls
    steps = sum(calls >= needed for needed in (3, 6, 10, 13))
    assert result["step"] == steps and result["answer"] == f"counted to {steps}"
    assert f"not finished: the budget of {calls} calls" in result["report"]["degraded"]
    assert result["report"]["gave_up"] == []


@fused_or_not
async def test_a_budget_may_raise_instead(fused: int) -> None:
    graph = create_stepwise_voting(
        counter(),
        task=Count(5),
        budget=Budget(calls=7, exhausted="raise"),
        steps_per_superstep=fused,
    )
    with pytest.raises(BudgetError, match="budget of 7 calls"):
        await graph.compile().ainvoke(user())


# ---- threads and journals


@fused_or_not
async def test_two_turns_on_one_thread_start_clean(fused: int) -> None:
    model = counter()
    graph = create_stepwise_voting(model, task=Count(2), steps_per_superstep=fused)
    app = graph.compile(checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    first = await app.ainvoke(user(), config)
    second = await app.ainvoke(user("And again?"), config)
    texts = [c.messages[0].text for c in model.calls]
    assert texts[:6] == texts[6:]
    keys = ("step", "votes", "drawn", "flagged", "gave_up", "resumed", "calls")
    told = [[{**turn, **turn["report"]}[key] for key in keys] for turn in (first, second)]
    assert told[0] == told[1]
    assert [type(m) for m in second["messages"]] == [HumanMessage, AIMessage] * 2


async def test_a_run_stopped_before_a_commit_goes_on_from_its_checkpoint() -> None:
    model = counter()
    app = create_stepwise_voting(model, task=Count(3)).compile(
        checkpointer=InMemorySaver(), interrupt_before=["commit"]
    )
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    result = await app.ainvoke(user(), config)
    for _ in range(3):
        result = await app.ainvoke(None, config)
    assert result["answer"] == "counted to 3" and len(model.calls) == 9


@fused_or_not
async def test_a_journal_is_gone_on_with_and_no_step_asked_again(
    fused: int, tmp_path: Path
) -> None:
    path = tmp_path / "steps.jsonl"

    def build(model: ScriptedChatModel, **options: Any) -> Any:
        task = Count(6)
        return create_stepwise_voting(
            model, task=task, journal=path, steps_per_superstep=fused, **options
        ).compile()

    first = counter()
    await build(first, budget=Budget(calls=9)).ainvoke(user())
    assert len(first.calls) == 9
    second = counter()
    result = await build(second).ainvoke(user())
    assert {c.messages[0].text for c in second.calls} == {"after 3?", "after 4?", "after 5?"}
    assert len(second.calls) == 9 and result["answer"] == "counted to 6"
    assert result["step"] == 6 and result["report"]["resumed"] == 3
    third = counter()
    again = await build(third).ainvoke(user())
    assert third.calls == [] and again["answer"] == "counted to 6"
    with pytest.raises(InputError, match="belongs to another task or question"):
        await build(third).ainvoke(user("Something else?"))


@fused_or_not
async def test_a_checkpoint_older_than_the_journal_repeats_no_step(
    fused: int, tmp_path: Path
) -> None:
    """A process may die after a step was journaled and before its checkpoint was written."""
    path = tmp_path / "steps.jsonl"
    model = counter()
    app = create_stepwise_voting(
        model, task=Count(4), journal=path, steps_per_superstep=fused
    ).compile(checkpointer=InMemorySaver())
    config: RunnableConfig = {"configurable": {"thread_id": "1"}}
    await app.ainvoke(user(), config)
    history = [snapshot async for snapshot in app.aget_state_history(config)]
    node = "commit" if fused == 1 else "steps"
    before_last = next(snapshot for snapshot in history if snapshot.next == (node,))
    result = await app.ainvoke(None, before_last.config)
    assert result["answer"] == "counted to 4" and result["step"] == 4
    book = Journal(path, task="count", question=user()["messages"][0][1])
    assert list(book.steps()) == ["1", "2", "3", "4"]


# ---- the drawing and the arguments


def test_one_step_a_superstep_is_drawn_as_three_nodes() -> None:
    drawn = create_stepwise_voting(counter(), task="hanoi").compile().get_graph()
    edges = {(edge.source, edge.target) for edge in drawn.edges}
    assert {
        ("sampler", "voter"),
        ("voter", "sampler"),
        ("voter", "commit"),
        ("commit", "sampler"),
        ("commit", "finish"),
    } <= edges
    fused = create_stepwise_voting(counter(), task="hanoi", steps_per_superstep=2).compile()
    assert set(fused.get_graph().nodes) >= {"steps"}
    assert not set(fused.get_graph().nodes) & {"sampler", "voter", "commit"}


async def test_a_host_can_watch_every_step() -> None:
    seen: list[int] = []

    def look(state: Any) -> dict[str, Any]:
        seen.append(state["step"])
        return {}

    graph = create_stepwise_voting(steppers(), task="hanoi")
    await graph.insert("look", look, after="commit").compile().ainvoke(THREE)
    assert seen == list(range(1, 8))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"steps_per_superstep": 0}, "steps_per_superstep=0: give at least 1"),
        ({"redraws": -1}, "redraws=-1: give at least 0"),
        ({"task": "hanoy"}, "there is no task 'hanoy': use hanoi"),
        ({"vote": "plurality"}, "vote='plurality': use one of"),
        ({"stop": "aheat:3"}, "ahead"),
        ({"samples": 3}, "has no option 'samples'"),
    ],
)
def test_wrong_arguments(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_stepwise_voting(counter(), **given)


async def test_a_question_without_what_the_task_needs_is_refused() -> None:
    with pytest.raises(InputError, match="'10 disks'"):
        await create_stepwise_voting(steppers(), task="hanoi").compile().ainvoke(user())


# ---- long runs


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_16383_steps_without_an_error() -> None:
    app = create_stepwise_voting(
        steppers(accuracy=0.998), task=Hanoi(14), stop="ahead:3,40", steps_per_superstep=100
    ).compile()
    result = await app.ainvoke(user("Solve it."))
    assert solved(result, 14) and result["step"] == 16_383
    assert result["report"]["votes"] < 3.1 * 16_383 and result["report"]["gave_up"] == []


KILLED = """
import asyncio, sys
from manyminds import create_stepwise_voting
from manyminds.models.simulated.hanoi import SimulatedStepper
from manyminds.tasks import Hanoi

model = SimulatedStepper(accuracy=0.99)
graph = create_stepwise_voting(
    model, task=Hanoi(13), steps_per_superstep=50, journal=sys.argv[1]
)
asyncio.run(graph.compile().ainvoke({"messages": [("user", "Solve it.")]}))
"""


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_killed_and_resumed_no_step_is_asked_again(tmp_path: Path) -> None:
    path, resumed = tmp_path / "steps.jsonl", 0
    for lines in (500, 2_000):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)])
        while process.poll() is None and (
            not path.exists() or path.read_bytes().count(b"\n") < lines
        ):
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        kept = list(Journal(path, task="hanoi", question="Solve it.").steps())
        assert len(kept) >= lines - 1 > resumed
        resumed = len(kept)
    asked: set[int] = set()

    class Watched(Hanoi):
        def prompt(self, state: Any) -> list[BaseMessage]:
            asked.add(int(state["moves"]))
            return super().prompt(state)

    app = create_stepwise_voting(
        SimulatedStepper(accuracy=0.99), task=Watched(13), steps_per_superstep=50, journal=path
    ).compile()
    result = await app.ainvoke(user("Solve it."))
    assert solved(result, 13) and result["report"]["resumed"] == resumed
    assert asked == set(range(resumed, 2**13 - 1))
    assert len(list(Journal(path, task="hanoi", question="Solve it.").steps())) == 2**13 - 1
