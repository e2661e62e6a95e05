"""Rows of others come in without loss: the same row can be written again."""

import json
from typing import Any

import pytest
from helpers.trajectories import arguments, names, texts, trajectories
from hypothesis import given, settings
from hypothesis import strategies as st

from manyminds.errors import DataError
from manyminds.export.importers import import_row
from manyminds.export.messages import NotHeldError
from manyminds.export.registry import EXPORTERS
from manyminds.trajectory import MessageAction, Trajectory


def written(name: str, trajectory: Trajectory) -> Any:
    (row,) = EXPORTERS[name].rows(trajectory)
    return json.loads(json.dumps(row))


@given(trajectories)
@settings(deadline=None)
def test_the_agent_data_protocol_loses_nothing(trajectory: Trajectory) -> None:
    assert import_row(written("adp", trajectory), "f") == trajectory


@given(trajectories)
@settings(deadline=None)
def test_a_trajectory_is_its_own_form(trajectory: Trajectory) -> None:
    trajectory = trajectory.model_copy(update={"model": "m"})
    assert import_row(json.loads(json.dumps(trajectory.row())), "f") == trajectory


def _call(name: str, of: dict[str, Any], id: str) -> dict[str, Any]:
    function = {"name": name, "arguments": json.dumps(of, ensure_ascii=False)}
    return {"id": id, "type": "function", "function": function}


def _said(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


calls = st.builds(_call, names, arguments, names)


def _spoken(text: str | None, made: list[Any], weight: int, reasoning: str | None) -> Any:
    row: dict[str, Any] = {"role": "assistant", "content": text if made else text or ""}
    if reasoning is not None:
        row["reasoning_content"] = reasoning
    return {**row, **({"tool_calls": made} if made else {}), "weight": weight}


spoken = st.builds(
    _spoken,
    st.none() | texts,
    st.lists(calls, max_size=2, unique_by=lambda call: str(call["id"])),
    st.integers(0, 1),
    st.none() | texts,
)
heard = st.builds(_said, st.just("user"), texts)


@st.composite
def chats(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return a conversation as OpenAI takes it: calls have results, the agent speaks last."""
    head = draw(st.lists(st.builds(_said, st.just("system"), texts), max_size=1))
    messages = [*head, draw(heard)]
    for turn in draw(st.lists(spoken, min_size=1, max_size=3)):
        messages.append(turn)
        results = [
            {"role": "tool", "content": draw(texts), "tool_call_id": call["id"]}
            for call in turn.get("tool_calls", [])
        ]
        messages += [*results, draw(heard)] if draw(st.booleans()) or results else []
    while messages[-1]["role"] != "assistant":
        messages.pop()
    messages[-1]["weight"] = 1
    if "tool_calls" not in messages[-1]:
        messages[-1]["content"] = messages[-1]["content"] or "."
    return messages


@given(chats(), st.sampled_from([[], [{"type": "function", "function": {"name": "f"}}]]))
@settings(deadline=None)
def test_openai_messages_come_back(messages: list[dict[str, Any]], tools: list[Any]) -> None:
    row = {"messages": messages, **({"tools": tools} if tools else {})}
    assert written("openai", import_row(row, "f")) == row


def _parsed(call: dict[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {**call, "function": {**function, "arguments": json.loads(function["arguments"])}}


@given(chats(), names)
@settings(deadline=None)
def test_xlam_trajectories_come_back(messages: list[dict[str, Any]], name: str) -> None:
    row: dict[str, Any] = {
        "unique_trajectory_id": name,
        "task_instruction": "",
        "tools": [],
        "conversation": [],
    }
    for message in messages:
        if message["role"] == "system":
            row["task_instruction"] = message["content"]
            continue
        kept = {k: v for k, v in message.items() if k not in ("weight", "reasoning_content")}
        kept["content"] = kept["content"] or ""
        if "tool_calls" in kept:
            kept["tool_calls"] = [_parsed(call) for call in kept["tool_calls"]]
        row["conversation"].append(kept)
    try:
        again = written("xlam", import_row(row, "f"))
    except NotHeldError as error:
        assert "empty turn" in error.reason
        return
    assert again == row


@given(
    st.lists(st.tuples(texts, texts, st.booleans()), min_size=1, max_size=3),
    names,
)
@settings(deadline=None)
def test_agentinstruct_conversations_come_back(
    turns: list[tuple[str, str, bool]], name: str
) -> None:
    conversations: list[dict[str, Any]] = []
    for said, reply, loss in turns:
        conversations.append({"from": "human", "loss": None, "value": said})
        conversations.append({"from": "gpt", "loss": loss, "value": reply})
    conversations[-1] |= {"loss": True, "value": conversations[-1]["value"] or "."}
    row = {"id": name, "conversations": conversations}
    assert written("agenttuning", import_row(row, "f")) == row


def test_llamafactory_rows_come_back_with_thought_calls_tools_and_system() -> None:
    called = json.dumps([{"name": "add", "arguments": {"a": 1}}])
    row = {
        "conversations": [
            {"from": "human", "value": "1 + 1?"},
            {"from": "function_call", "value": f"I add.\n<tool_call>{called}</tool_call>"},
            {"from": "observation", "value": "2"},
            {"from": "gpt", "value": "2."},
        ],
        "system": "Be brief.",
        "tools": json.dumps([{"name": "add"}]),
    }
    trajectory = import_row(row, "f")
    first, last = EXPORTERS["llamafactory"].rows(trajectory)
    assert last == row
    assert first["conversations"] == row["conversations"][:2]


def test_few_shot_turns_of_sharegpt_are_not_trained() -> None:
    row = {"conversations": [{"from": "gpt", "loss": False, "value": "a"}]}
    (step,) = import_row(row, "f").content
    assert isinstance(step, MessageAction) and not step.train


@pytest.mark.parametrize("name", ["loss", "weight", "training", "train"])
@pytest.mark.parametrize("key", ["messages", "conversations"])
def test_a_turn_that_is_not_trained_says_so_under_any_name(name: str, key: str) -> None:
    turns = [_said("user", "a"), {**_said("assistant", "b"), name: 0}, _said("assistant", "c")]
    steps = import_row({key: turns}, "f").content
    assert [getattr(step, "train", None) for step in steps] == [None, False, True]


def test_older_and_newer_roles_of_openai() -> None:
    row = {
        "messages": [
            _said("developer", "Be brief."),
            _said("user", "1 + 1?"),
            {"role": "assistant", "content": None,
             "function_call": {"name": "add", "arguments": '{"a": 1}'}},
            {"role": "function", "name": "add", "content": "2"},
            _said("assistant", "2."),
        ]
    }  # fmt: skip
    found = import_row(row, "f")
    assert found.system == "Be brief."
    system, _, called, result, _ = written("openai", found)["messages"]
    assert system == _said("system", "Be brief.")
    assert called["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a": 1}'}
    assert result["role"] == "tool" and result["tool_call_id"] == called["tool_calls"][0]["id"]


@pytest.mark.parametrize(
    ("called", "seen"), [("function_call", "function_response"), ("tool_call", "tool_response")]
)
def test_names_of_calls_and_results_in_sharegpt(called: str, seen: str) -> None:
    said = [("human", "1 + 1?"), (called, '{"name": "add", "arguments": {"a": 1}}'), (seen, "2")]
    turns = [{"from": side, "value": text} for side, text in [*said, ("gpt", "2.")]]
    messages = written("openai", import_row({"conversations": turns}, "f"))["messages"]
    assert [one["role"] for one in messages] == ["user", "assistant", "tool", "assistant"]


def test_what_a_turn_says_besides_is_kept() -> None:
    turns = [_said("user", "a"), {**_said("assistant", "b"), "refusal": None, "score": 4}]
    found = import_row({"messages": turns, "topic": "x"}, "f")
    assert found.details == {"topic": "x", "turn_fields": {"1": {"score": 4}}}


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"text": "a"}, "no known form"),
        ({"conversations": [{"from": "robot", "value": "a"}]}, "robot"),
        ({"conversations": [{"from": "function_call", "value": "{"}]}, "malformed"),
        ({"messages": [{"role": "critic", "content": "a"}]}, "critic"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "other than text"),
        ({"messages": ["a"]}, "malformed"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f",
             "arguments": "[1]"}}]}]},
            "no JSON object",
        ),
        ({"conversation": [{"role": "assistant", "tool_calls": [{}]}]}, "malformed"),
        ({"content": [{"class_": "dance"}], "id": "t"}, "dance"),
        ({"schema_version": "1.2.0", "content": [1], "id": "t"}, "f line 3"),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_sentence_with_its_place(row: dict[str, Any], named: str) -> None:
    with pytest.raises(DataError, match="f line 3") as caught:
        import_row(row, "f line 3")
    assert named in str(caught.value) and "\n" not in str(caught.value)
