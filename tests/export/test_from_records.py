"""Records of every method become trajectories, with what the vote and the environment said."""

from pathlib import Path
from typing import Any

import pytest
from helpers.registry import NAMES, QUESTION, small
from helpers.runs import recorded
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.graph import END, START, MessagesState, StateGraph

from manyminds import (
    Member,
    create_agent_forest,
    create_debate,
    create_interaction,
    create_moa,
    load_run,
    record,
)
from manyminds.export.from_records import from_run
from manyminds.export.messages import messages_of, steps_of
from manyminds.testing import ScriptedChatModel, ScriptedReply
from manyminds.trajectory import MessageAction, TextObservation, Trajectory


def said(trajectory: Trajectory) -> list[tuple[str, str | None, bool | None]]:
    return [(m["role"], m["content"], m.get("train")) for m in messages_of(trajectory)]


@pytest.mark.parametrize("name", NAMES)
def test_every_method_gives_its_answer_and_all_its_conversations(name: str, tmp_path: Path) -> None:
    run = recorded(small(name), tmp_path)
    given, answer = next(from_run(run)).content
    assert isinstance(given, TextObservation) and given.content == QUESTION
    assert isinstance(answer, MessageAction) and answer.content == run.answer and answer.train
    calls = list(from_run(run, "calls"))
    good = [c for c in run.everything() if c.status in ("ok", "flagged") and c.nested is None]
    own = [s for t in calls for s in t.content if isinstance(s, MessageAction) and s.train]
    assert sorted(step.content for step in own) == sorted(call.text for call in good)
    assert len({one.id for one in calls}) == len(calls)


def forest(*replies: str) -> Any:
    model = ScriptedChatModel(list(replies))
    member = Member(model, name="m")
    return create_agent_forest(member, samples=len(replies), stop="fixed", extract="number")


def test_candidates_know_the_share_of_the_vote_behind_them(tmp_path: Path) -> None:
    run = recorded(forest("It is 4.", "It is 5.", "It is 4.", "No idea."), tmp_path)
    found: dict[str, tuple[Any, bool | None]] = {}
    for one in from_run(run, "candidates"):
        last = one.content[-1]
        assert isinstance(last, MessageAction)
        found.setdefault(last.content, (one.agreement, one.won))
    # Of all four replies: one in which nothing is read is not behind the answer either.
    assert found["It is 4."] == (pytest.approx(2 / 4), True)
    assert found["It is 5."] == (pytest.approx(1 / 4), False)
    assert found["No idea."] == (None, None)
    assert [one.won for one in from_run(run, "winners")] == [True, True]
    assert next(from_run(run)).agreement == pytest.approx(2 / 4)


def test_a_tie_has_no_winners(tmp_path: Path) -> None:
    run = recorded(forest("It is 4.", "It is 5."), tmp_path)
    assert list(from_run(run, "winners")) == []


def test_an_answer_that_is_shown_again_under_another_prompt_is_trained_once(
    tmp_path: Path,
) -> None:
    members = [Member(ScriptedChatModel([f"{n} red", f"{n} blue"]), name=n) for n in "ab"]
    run = recorded(create_debate(members, rounds=2), tmp_path)
    replies = [
        [(text, train) for role, text, train in said(one) if role == "assistant"]
        for one in from_run(run, "calls")
        if one.role == "debater"
    ]
    assert sorted(replies) == [
        [("a red", False), ("a blue", True)],
        [("a red", True)],
        [("b red", False), ("b blue", True)],
        [("b red", True)],
    ]


def test_nested_runs_give_their_own(tmp_path: Path) -> None:
    inner = create_moa(["simulated:small", "simulated:medium"])
    run = recorded(create_agent_forest([inner], samples=2), tmp_path)
    assert [one.method for one in from_run(run)] == ["agent-forest", "moa", "moa"]
    assert not [one for one in from_run(run, "candidates") if one.method == "agent-forest"]


def agents(*answers: int) -> Any:
    """Return a forest over whole agents, which give these answers to 2 + 2."""
    acts = [
        create_interaction(Member(ScriptedChatModel(f"Action: finish[{answer}]"), name=f"m{n}"))
        for n, answer in enumerate(answers)
    ]
    return create_agent_forest(acts, samples=len(acts), extract="number", prompt=None)


def test_a_forest_over_agents_knows_of_which_trajectories_it_is_sure(tmp_path: Path) -> None:
    run = recorded(agents(4, 5, 4, 4), tmp_path)
    found = [(str(one.answer), one.agreement, one.won) for one in from_run(run, "episodes")]
    assert sorted(found) == [("4", 0.75, True)] * 3 + [("5", 0.25, False)]
    outer, *inner = from_run(run)
    assert outer.agreement == pytest.approx(3 / 4) and outer.won
    assert sorted(bool(one.won) for one in inner) == [False, True, True, True]


def test_a_vote_inside_an_agent_is_kept(tmp_path: Path) -> None:
    answers = [Member(ScriptedChatModel(f"Action: finish[{n}]"), name=f"m{n}") for n in (4, 5)]
    inner = create_interaction([*answers, answers[0].model_copy(update={"name": "again"})])
    forest = create_agent_forest([inner], samples=2, extract="number", prompt=None)
    found = list(from_run(recorded(forest, tmp_path), "episodes"))
    assert [one.won for one in found] == [True, False, True] * 2
    assert [one.agreement for one in found[:2]] == [pytest.approx(2 / 3), pytest.approx(1 / 3)]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def agent() -> Any:
    """Return a foreign agent: it calls a tool, sees the result, and answers."""
    call = {"name": "add", "args": {"a": 2, "b": 2}, "id": "c1", "type": "tool_call"}
    model = ScriptedChatModel(
        [ScriptedReply("I must add.", fields={"tool_calls": [call]}), "It is 4."]
    )

    bound = model.bind(tools=[convert_to_openai_tool(add)])

    async def think(state: MessagesState) -> dict[str, Any]:
        prompt = [SystemMessage("Use tools."), *state["messages"]]
        return {"messages": [await bound.ainvoke(prompt)]}

    def act(state: MessagesState) -> dict[str, Any]:
        return {"messages": [ToolMessage("4", tool_call_id="c1", name="add")]}

    def following(state: MessagesState) -> str:
        return "act" if getattr(state["messages"][-1], "tool_calls", None) else END

    graph = StateGraph(MessagesState)
    graph.add_node("think", think)
    graph.add_node("act", act)
    graph.add_edge(START, "think")
    graph.add_conditional_edges("think", following)
    graph.add_edge("act", "think")
    return graph.compile()


def agent_forest_of_one() -> Any:
    return create_agent_forest([Member(agent(), name="agent")], samples=1, prompt=None)


def test_a_foreign_agent_gives_its_steps_with_tool_calls(tmp_path: Path) -> None:
    run = recorded(agent_forest_of_one(), tmp_path)
    (found,) = from_run(run, "calls")
    assert found.system == "Use tools."
    assert said(found) == [
        ("system", "Use tools.", None),
        ("user", QUESTION, None),
        ("assistant", "I must add.", True),
        ("tool", "4", None),
        ("assistant", "It is 4.", True),
    ]
    (call,) = messages_of(found)[2].get("tool_calls", [])
    assert call["function"] == {"name": "add", "arguments": {"a": 2, "b": 2}}
    assert messages_of(found)[3].get("tool_call_id") == call.get("id") == "c1"
    (tool,) = found.tools
    assert tool["function"]["name"] == "add"
    assert sorted(tool["function"]["parameters"]["properties"]) == ["a", "b"]


def test_a_reply_that_ends_with_a_tool_call_keeps_it(tmp_path: Path) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 2}, "id": "c1", "type": "tool_call"}
    model = ScriptedChatModel(ScriptedReply("", tool_calls=[call]))
    graph = create_agent_forest([model], samples=1, prompt=None)
    (found,) = from_run(recorded(graph, tmp_path), "calls")
    (made,) = messages_of(found)[-1].get("tool_calls", [])
    assert made["function"] == {"name": "add", "arguments": {"a": 2, "b": 2}}


def test_what_the_user_had_already_is_not_trained(tmp_path: Path) -> None:
    graph = forest("It is 4.")
    with record(tmp_path) as recording:
        graph.compile().invoke(
            {"messages": [HumanMessage("Hi"), AIMessage("Hello"), HumanMessage("2 + 2?")]}
        )
    (found,) = from_run(load_run(recording.path), "calls")
    assert [train for role, _, train in said(found) if role == "assistant"] == [False, True]


def test_messages_lose_nothing_of_a_chat(tmp_path: Path) -> None:
    run = recorded(agent_forest_of_one(), tmp_path)
    (found,) = from_run(run, "calls")
    assert steps_of(messages_of(found)) == (found.system, found.content)
