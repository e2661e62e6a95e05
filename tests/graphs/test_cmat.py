"""CMAT: nothing runs that the checker has not let pass, and failures leave notes."""

from typing import Any

import pytest
from helpers.graphs import call, every_way, user
from langgraph.store.memory import InMemoryStore

from manyminds import InputError, Member, QuorumError
from manyminds.environments import Action, ArithmeticEnvironment, Step
from manyminds.fence import parse_numbered
from manyminds.graphs.cmat import create_cmat
from manyminds.testing import Answer, ScriptedChatModel

QUESTION = "Start with 60. Add 52. What is the result?"
YES, NO = '{"score": 9, "reason": ""}', '{"score": 2, "reason": "Wrong number."}'
STEPS: list[Answer] = ["Thought: add\nAction: calculate[60 + 52]", "Action: finish[112]"]


class Watched(ArithmeticEnvironment):
    """Notes the actions that were run."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[str] = []

    def step(self, state: Any, action: Action) -> Step:
        self.ran.append(str(action))
        return super().step(state, action)


def built(assistant: Any, checker: Any, **options: Any) -> tuple[Any, Watched]:
    place = Watched()
    return create_cmat(assistant, checker, place, **options).compile(), place


@every_way
async def test_each_action_is_checked_before_it_runs(way: str) -> None:
    assistant, checker = ScriptedChatModel(STEPS), ScriptedChatModel(YES)
    app, place = built(assistant, checker)
    result = await call(app, way, user(QUESTION))
    assert result["answer"] == "112" and result["reward"] == 1.0
    assert place.ran == ["calculate[60 + 52]", "finish[112]"]
    assert result["report"]["calls"] == 4 and result["lessons"] == []
    second = checker.calls[1].prompt
    assert parse_numbered(second) == [(1, "Action: finish[112]")]
    assert "Thought: add\nAction: calculate[60 + 52]\nObservation: 112" in second


async def test_what_the_checker_refuses_is_proposed_again_and_never_runs() -> None:
    assistant = ScriptedChatModel(["Action: calculate[6 + 52]", *STEPS])
    app, place = built(assistant, ScriptedChatModel([NO, YES]))
    result = await app.ainvoke(user(QUESTION))
    assert place.ran == ["calculate[60 + 52]", "finish[112]"]
    assert result["refusals"] == 1
    again = assistant.calls[1].texts[-2:]
    assert again[0] == ("ai", "Action: calculate[6 + 52]")
    assert again[1][1] == (
        "The checker did not let this action run: Wrong number. Propose another one."
    )
    assert "6 + 52" not in assistant.calls[2].prompt.replace("60 + 52", "")
    (row,) = result["trajectories"]
    assert [s["content"] for s in row["content"] if s["class_"] == "message_action"] == STEPS
    assert row["details"]["refusals"] == 1


async def test_a_step_whose_proposals_are_all_refused_runs_nothing() -> None:
    app, place = built(ScriptedChatModel(STEPS), ScriptedChatModel(NO), steps=2, tries=3)
    result = await app.ainvoke(user(QUESTION))
    assert place.ran == [] and result["refusals"] == 6
    assert result["report"]["calls"] == 13  # the note on what failed is the last one
    assert "the task was not ended (steps)" in result["report"]["degraded"]
    seen = [s["content"] for s in result["trajectories"][0]["content"]]
    refused = "Not run: the checker refused 3 actions in a row. Wrong number."
    assert seen[2] == f"Observation: {refused}"


async def test_without_a_verdict_nothing_runs() -> None:
    app, place = built(ScriptedChatModel(STEPS), ScriptedChatModel("well"))
    result = await app.ainvoke(user(QUESTION))
    assert place.ran == [] and "no verdict of the checker" in result["report"]["degraded"]


async def test_a_reply_without_an_action_needs_no_check() -> None:
    checker = ScriptedChatModel(YES)
    app, _ = built(ScriptedChatModel(["hm", *STEPS]), checker)
    result = await app.ainvoke(user(QUESTION))
    assert result["answer"] == "112" and len(checker.calls) == 2


async def test_a_failed_task_leaves_a_note_for_the_next() -> None:
    store = InMemoryStore()
    wrong: list[Answer] = ["Action: finish[1]", "Calculate before you finish."]
    app = create_cmat(ScriptedChatModel(wrong), ScriptedChatModel(YES)).compile(store=store)
    result = await app.ainvoke(user(QUESTION))
    assert result["reward"] == 0.0 and result["lessons"] == ["Calculate before you finish."]
    second = ScriptedChatModel(STEPS)
    app = create_cmat(second, ScriptedChatModel(YES)).compile(store=store)
    other = await app.ainvoke(user("Start with 1. Add 111. What is the result?"))
    assert "- Calculate before you finish." in second.calls[0].prompt
    assert other["lessons"] == ["Calculate before you finish."] and other["reward"] == 1.0
    apart = ScriptedChatModel(STEPS)
    app = create_cmat(apart, ScriptedChatModel(YES), task="other").compile(store=store)
    await app.ainvoke(user(QUESTION))
    assert "Calculate before" not in apart.calls[0].prompt
    (system,) = {s["system"] for s in other["trajectories"]}
    assert "Calculate before" not in system


async def test_only_the_latest_notes_are_kept() -> None:
    store, lessons = InMemoryStore(), list[str]()
    for n in range(4):
        script: list[Answer] = ["Action: finish[1]", f"Note {n}."]
        graph = create_cmat(ScriptedChatModel(script), ScriptedChatModel(YES), memory=2)
        lessons = (await graph.compile(store=store).ainvoke(user(QUESTION)))["lessons"]
    assert lessons == ["Note 2.", "Note 3."]
    none = create_cmat(ScriptedChatModel("Action: finish[1]"), ScriptedChatModel(YES), memory=0)
    assert (await none.compile(store=store).ainvoke(user(QUESTION)))["report"]["calls"] == 2


async def test_members_that_fail() -> None:
    down = Member(ScriptedChatModel(ValueError("down")), name="down")
    app, place = built([down, ScriptedChatModel(STEPS)], [down, ScriptedChatModel(YES)])
    result = await app.ainvoke(user(QUESTION))
    assert result["answer"] == "112" and len(place.ran) == 2
    app, _ = built(ScriptedChatModel([STEPS[0], ValueError("down")]), ScriptedChatModel(YES))
    late = await app.ainvoke(user(QUESTION))
    assert "failed (error)" in late["report"]["degraded"]
    with pytest.raises(QuorumError, match="down"):
        await built(down, ScriptedChatModel(YES))[0].ainvoke(user(QUESTION))


@pytest.mark.parametrize("options", [{"steps": 0}, {"tries": 0}, {"memory": -1}])
def test_wrong_arguments(options: Any) -> None:
    with pytest.raises(InputError, match="give at least [01]"):
        create_cmat(ScriptedChatModel(), **options)
