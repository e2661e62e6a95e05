"""Every exporter writes its exact form, and says why where it cannot."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from helpers.trajectories import example, trajectories
from hypothesis import HealthCheck, given, note, settings

from manyminds.export.exporter import Exporter, Row
from manyminds.export.importers import import_row
from manyminds.export.messages import NotHeldError
from manyminds.export.registry import EXPORTERS
from manyminds.trajectory import APIAction, MessageAction, TextObservation, Trajectory

FORMS = pytest.mark.parametrize("form", EXPORTERS.values(), ids=[*EXPORTERS])


def rows(name: str, *given: Trajectory) -> list[Row]:
    form = EXPORTERS[name]
    made = list(form.rows(list(given) if form.grouped else given[0]))
    for row in made:
        accept(form, row)
    return made


def accept(form: Exporter, row: Row) -> None:
    written = json.loads(json.dumps(row))
    jsonschema.validate(written, form.schema())


def texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)


@given(trajectory=trajectories)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_whatever_the_trajectory_the_schema_accepts_or_there_is_a_reason(
    trajectory: Trajectory,
) -> None:
    other = trajectory.model_copy(update={"reward": 0.0, "won": False})
    pair = [trajectory.model_copy(update={"reward": 1.0}), other]
    for name, form in EXPORTERS.items():
        note(name)
        try:
            made = list(form.rows(pair if form.grouped else trajectory))
        except NotHeldError as error:
            assert error.reason
            continue
        assert made
        for row in made:
            accept(form, row)


@FORMS
def test_a_schema_refuses_a_row_with_a_further_key(form: Exporter) -> None:
    schema = form.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False and schema["required"]


AGENT = example(
    "What is 2 + 2?", "I add.", "4", "I check.", "4 again", "It is 4.", tool="add",
    reward=1.0, system="Use tools.", task="t", answer="4", gold="4",
)  # fmt: skip


SINGLE = ("dpo", "kto", "debategpt")


@pytest.mark.parametrize("form", [one for name, one in EXPORTERS.items() if name not in SINGLE])
def test_an_agent_with_tools_can_be_written_in_every_form_made_for_agents(form: Exporter) -> None:
    worse = example(
        "What is 2 + 2?", "I guess.", "5", "It is 5.", tool="add",
        reward=0.0, system="Use tools.", task="t",
    )  # fmt: skip
    for row in rows(form.name, *([AGENT, worse] if form.grouped else [AGENT])):
        assert any("2 + 2" in text for text in texts(row))


def test_trl_has_one_row_for_each_turn_to_train() -> None:
    partly = AGENT.model_copy(deep=True)
    assert isinstance(partly.content[3], APIAction)
    partly.content[3].train = False
    first, last = rows("trl", partly)
    assert [m["role"] for m in first["prompt"]] == ["system", "user"]
    assert [m["role"] for m in last["prompt"]] == [
        *("system", "user", "assistant", "tool", "assistant", "tool")
    ]
    assert last["completion"] == [{"role": "assistant", "content": "It is 4."}]
    (call,) = first["completion"][0]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"of": 1}
    assert json.loads(first["tools"])[0]["function"]["name"] == "add"
    assert last["prompt"][3]["tool_call_id"] == last["prompt"][2]["tool_calls"][0]["id"]


def test_weights_and_flags_say_what_is_trained() -> None:
    partly = AGENT.model_copy(deep=True)
    assert isinstance(partly.content[3], APIAction)
    partly.content[3].train = False
    (openai,) = rows("openai", partly)
    assert [m.get("weight") for m in openai["messages"]] == [None, None, 1, None, 0, None, 1]
    (axolotl,) = rows("axolotl", partly)
    assert [m["training"] for m in axolotl["messages"]] == [
        *(False, False, True, False, False, False, True)
    ]
    (agenttuning,) = rows("agenttuning", partly)
    assert [t["loss"] for t in agenttuning["conversations"]] == [
        *(None, False, None, True, None, False, None, True)
    ]
    ends = [len(row["conversations"]) for row in rows("llamafactory", partly)]
    assert ends == [2, 6]


def test_openai_refuses_a_tool_call_without_its_result() -> None:
    asked = TextObservation(content="Go.", source="user")
    calls = [APIAction(function="a"), APIAction(function="b", continues=True)]
    seen = TextObservation(content="1", source="environment")
    last = MessageAction(content="Done.")
    with pytest.raises(NotHeldError, match="without its result"):
        rows("openai", Trajectory(id="t", content=[asked, *calls, seen, last]))
    assert rows("openai", Trajectory(id="t", content=[asked, *calls]))


def test_an_empty_last_turn_is_not_trained() -> None:
    asked = example("Go.", "I call.", "1", "", tool="f")
    (row,) = rows("trl", asked)
    assert row["completion"][0]["content"] == "I call."
    with pytest.raises(NotHeldError, match="no turn to train"):
        rows("trl", example("Go.", ""))


@pytest.mark.parametrize("name", ["verl", "xlam", "fireact", "eto"])
def test_a_form_without_flags_refuses_a_turn_that_must_not_be_trained(name: str) -> None:
    partly = AGENT.model_copy(deep=True)
    assert isinstance(partly.content[3], APIAction)
    partly.content[3].train = False
    with pytest.raises(NotHeldError, match="must not be trained"):
        rows(name, partly)


def test_llamafactory_gets_the_thought_inside_the_function_call() -> None:
    first = rows("llamafactory", AGENT)[0]["conversations"][-1]
    thought, _, rest = first["value"].partition("<tool_call>")
    assert (first["from"], thought) == ("function_call", "I add.\n")
    called = json.loads(rest.removesuffix("</tool_call>"))
    assert called == [{"name": "add", "arguments": {"of": 1}}]


def test_llamafactory_rows_have_every_column() -> None:
    (row,) = rows("llamafactory", example("2 + 2?", "4"))
    assert (row["system"], row["tools"]) == ("", "")
    again = import_row(row, "f")
    assert again.system is None and again.tools == []


def test_llamafactory_alternates_whatever_comes_in_a_row() -> None:
    calls = [APIAction(function="a"), APIAction(function="b", continues=True)]
    seen = [TextObservation(content=text, source="environment") for text in "12"]
    more = TextObservation(content="And?", source="user")
    asked = TextObservation(content="Go.", source="user")
    last = MessageAction(content="Done.")
    trajectory = Trajectory(id="t", content=[asked, *calls, *seen, more, last])
    turns = rows("llamafactory", trajectory)[-1]["conversations"]
    assert [t["from"] for t in turns] == ["human", "function_call", "observation", "gpt"]
    assert turns[2]["value"] == "1\n2\nAnd?"
    with pytest.raises(NotHeldError, match="in a row"):
        rows("llamafactory", Trajectory(id="t", content=[asked, last, last]))


def test_marks_in_a_text_do_not_break_a_function_call() -> None:
    call = APIAction(function="a", kwargs={"x": "<tool_call>"}, description="Hm")
    asked = TextObservation(content="Go.", source="user")
    with pytest.raises(NotHeldError, match="marks of tool calls"):
        rows("llamafactory", Trajectory(id="t", content=[asked, call]))


def candidate(text: str, **known: Any) -> Trajectory:
    return example("Why?", text, task="t", **known)


def test_pairs_are_right_against_wrong_before_winner_against_minority() -> None:
    graded = [candidate("a", reward=1.0, won=False), candidate("b", reward=0.0, won=True)]
    (pair,) = rows("dpo", *graded)
    assert pair["chosen"][0]["content"] == "a" and pair["rejected"][0]["content"] == "b"
    assert pair["basis"] == "reward"
    voted = [candidate("a", won=True), candidate("b", won=False), candidate("c", won=False)]
    pairs = rows("dpo", *voted)
    assert [p["rejected"][0]["content"] for p in pairs] == ["b", "c"]
    assert {p["basis"] for p in pairs} == {"vote"}


def test_a_text_is_never_chosen_and_rejected() -> None:
    both = [candidate("a", won=True), candidate("a", won=False)]
    with pytest.raises(NotHeldError, match="better or worse"):
        rows("dpo", *both)


def test_replies_to_different_prompts_make_no_pair() -> None:
    other = example("Why not?", "b", task="t", won=False)
    with pytest.raises(NotHeldError, match="same prompt"):
        rows("dpo", candidate("a", won=True), other)


def test_kto_labels_a_graded_reply() -> None:
    assert rows("kto", candidate("a", won=True))[0]["label"] is True
    assert rows("kto", candidate("a", reward=0.4, won=True))[0]["label"] is False
    with pytest.raises(NotHeldError, match="no grade"):
        rows("kto", candidate("a"))


def test_fireact_has_one_text_and_does_not_give_the_reward_away() -> None:
    (row,) = rows("fireact", AGENT)
    assert row["instruction"] == "What is 2 + 2?"
    assert row["output"].splitlines() == [
        "Thought: I add.",
        'Action: add[{"of": 1}]',
        "Observation: 4",
        "Thought: I check.",
        'Action: add[{"of": 3}]',
        "Observation: 4 again",
        "Thought: It is 4.",
        "Action: finish[4]",
    ]


def test_nat_asks_for_what_follows() -> None:
    wrong = AGENT.model_copy(update={"reward": 0.0})
    questions = [rows("nat", one)[0]["conversations"][2]["content"] for one in (AGENT, wrong)]
    assert questions[0] != questions[1]
    (row,) = rows("nat", wrong)
    assert row["info"] == {"reward": False, "gt": "4", "pred": "4"}
    assert [t["loss"] for t in row["conversations"]] == [
        *(False, False, False, True, False, True, False, True)
    ]


def test_agent_flan_asks_for_thought_tool_and_arguments_apart() -> None:
    made = [
        rows("agent-flan", AGENT.model_copy(update={"id": f"t{n}"}))[0]["conversation"]
        for n in range(60)
    ]
    strict = [one for one in made if len(one) == 7]
    assert 0 < len(strict) < 20
    chat = next(one for one in made if len(one) > 7)
    assert [t["content"] for t in chat if t["loss"]][:3] == ["I add.", "add", '{"of": 1}']
    first, *roles = [t["role"] for t in chat]
    assert first == "system" and roles == ["user", "assistant"] * (len(roles) // 2)
    assert chat[0]["content"].startswith("Use tools.") and chat[1]["content"] == "What is 2 + 2?"


def test_agent_flan_has_rows_in_which_no_tool_is_called() -> None:
    made = [rows("agent-flan", AGENT.model_copy(update={"id": f"t{n}"})) for n in range(100)]
    extra = [one for several in made for one in several[1:]]
    assert {one["id"].partition("/")[2] for one in extra} == {"no-tools", "known"}
    assert 4 < len(extra) < 50
    for one in extra:
        *told, asked, reply = one["conversation"]
        assert bool(told) == one["id"].endswith("known")
        assert "2 + 2" in asked["content"] and reply["loss"] and not asked["loss"]
        without = one["id"].endswith("no-tools")
        assert without != ("4 again" in asked["content"])
        assert without != (reply["content"] == "It is 4.")
    plain = [example("Hello?", "Hello.", id=f"t{n}") for n in range(100)]
    assert all(len(rows("agent-flan", one)) == 1 for one in plain)


def test_nat_tells_what_is_partly_correct() -> None:
    asked = {
        reward: rows("nat", AGENT.model_copy(update={"reward": reward}))[0]["conversations"][2]
        for reward in (0.0, 0.4, 1.0)
    }
    assert len({turn["content"] for turn in asked.values()}) == 3
    assert "partly correct" in asked[0.4]["content"]


def test_lumos_plans_and_grounds() -> None:
    plan, ground, plan_at_once, ground_at_once = rows("lumos", AGENT)
    assert plan_at_once["dataset"] == "manyminds_plan_onetime"
    assert plan_at_once["messages"][-1]["content"] == "Subgoal 1: I add.; Subgoal 2: I check."
    assert ground_at_once["messages"][-1]["content"] == "R1 = add(1); R2 = add(3)"
    assert len({row["id"] for row in (plan, ground, plan_at_once, ground_at_once)}) == 4
    said = [m["content"] for m in plan["messages"] if m["role"] == "assistant"]
    assert said == [
        "Subgoal 1: I add.",
        "No, I will keep planning. Subgoal 2: I check.",
        "Yes, I will stop planning.",
    ]
    grounded = [m["content"] for m in ground["messages"] if m["role"] == "assistant"]
    assert grounded == ["R1 = add(1)", "R2 = add(3)"]


def test_lumos_has_the_layout_of_its_authors() -> None:
    asked = example(
        "Who is older?", "Find Ann's age.", "Ann is 40.", "Find Bo's age.", "Bo is 38.", "Ann.",
        tool="age", reward=1.0,
    )  # fmt: skip
    for step in asked.content:
        if isinstance(step, APIAction):
            step.kwargs = {"of": "Ann" if "Ann" in (step.description or "") else "Bo"}
    plan, ground, _, at_once = [row["messages"] for row in rows("lumos", asked)]
    assert plan[0]["content"].endswith(
        "\nTask: Who is older?; Initial Environment Description: None."
    )
    assert plan[2]["content"] == (
        "The executed result for Subgoal 1 is Ann is 40. Should we stop planning?"
    )
    head = ground[0]["content"]
    assert "\n\nThe tools are 'age'.\nage(of)" in head
    assert head.endswith(
        ".\n\nTask: Who is older? \nSubgoal to be grounded: Subgoal 1: Find Ann's age.\n"
    )
    assert ground[2]["content"] == (
        "Subgoal to be grounded: Subgoal 2: Find Bo's age. The grounding could be based on the "
        "following results: The execution result for Subgoal 1 is Ann is 40.\n"
    )
    assert [ground[1]["content"], ground[3]["content"]] == ["R1 = age(Ann)", "R2 = age(Bo)"]
    assert at_once[0]["content"].endswith(
        "Task: Who is older? \nSubgoals to be grounded: Subgoal 1: Find Ann's age.; "
        "Subgoal 2: Find Bo's age.\n"
    )
    assert at_once[1]["content"] == "R1 = age(Ann); R2 = age(Bo)"


def test_agenttuning_acknowledges_the_instructions_before_the_task() -> None:
    (row,) = rows("agenttuning", AGENT)
    assert [*row] == ["conversations", "id"]
    told, agreed, asked, *_ = row["conversations"]
    assert told["value"].startswith("Use tools.") and asked["value"] == "What is 2 + 2?"
    assert agreed == {"from": "gpt", "loss": False, "value": "OK."}
    (plain,) = rows("agenttuning", example("Hello?", "Hello.", reward=1.0))
    assert [turn["loss"] for turn in plain["conversations"]] == [None, True]


@pytest.mark.parametrize(("role", "part"), [("planner", "plan"), ("grounder", "ground")])
def test_lumos_writes_what_its_own_roles_were_asked(role: str, part: str) -> None:
    asked = example("Plan: 2 + 2?", "Subgoal 1: add", method="lumos", role=role)
    (row,) = rows("lumos", asked)
    assert row["dataset"] == f"manyminds_{part}_iterative"
    assert [m["content"] for m in row["messages"]] == ["Plan: 2 + 2?", "Subgoal 1: add"]
    elsewhere = asked.model_copy(update={"method": "hierarchical-voting"})
    with pytest.raises(NotHeldError, match="no tool call"):
        rows("lumos", elsewhere)


def test_ste_has_the_last_call_and_the_answer() -> None:
    call, answer = rows("ste", AGENT)
    assert call["response"] == 'Action: <tool_add>\nAction Input: {"of": 3}'
    assert answer["response"] == "Final Answer: It is 4."
    assert answer["dialog_history"][-1]["content"] == "Observation: 4 again"


def test_ste_leaves_out_the_thought_before_the_answer() -> None:
    said = ["Thought: add\nAction: add[2]", "Observation: 4", "Thought: done\nAction: finish[4]"]
    call, answer = rows("ste", example("2 + 2?", *said))
    assert call["response"].startswith("Action: <tool_add>")
    assert answer["response"] == "Final Answer: 4"


def test_eto_pairs_success_and_failure_and_cuts_a_long_failure() -> None:
    asked = "What is 2 + 2?"
    best = example(asked, "It is 4.", reward=1.0, task="t")
    long = example(asked, *(["Hm.", "Go on."] * 30), "No.", reward=0.2, task="t")
    (pair,) = rows("eto", long, best)
    assert [t["value"] for t in pair["chosen"]] == ["It is 4."]
    assert len(pair["rejected"]) == 11 and pair["rejected"][-1]["from"] == "gpt"
    with pytest.raises(NotHeldError, match="same reward"):
        rows("eto", best, best)


def test_adp_follows_the_rules_of_the_protocol() -> None:
    (row,) = rows("adp", AGENT)
    actions = [s for s in row["content"] if s["class_"] == "api_action"]
    seen = {s.get("tool_call_id") for s in row["content"] if s["class_"] == "text_observation"}
    assert len({s["tool_call_id"] for s in actions}) == len(actions)
    assert {s["tool_call_id"] for s in actions} <= seen
    assert not {"train", "continues"} & {key for step in row["content"] for key in step}


def test_written_actions_are_grounded_too() -> None:
    react = example(
        "What is 2 + 2?", "Thought: I add.\nAction: add[2 + 2]", "4",
        "Thought: Done.\nAction: finish[4]",
    )  # fmt: skip
    response = rows("ste", react)[0]["response"]
    assert response == 'Action: <tool_add>\nAction Input: {"input": "2 + 2"}'
    assert rows("fireact", react)[0]["output"].endswith("Action: finish[4]")
    assert rows("lumos", react)[1]["messages"][-1]["content"] == "R1 = add(2 + 2)"


def test_an_episode_with_tools_of_several_words_and_parameters_is_grounded_whole() -> None:
    acted = example(
        "Household 1: put a mug on the shelf 1.",
        "Thought: I go.\nAction: go to[shelf 1]", "Observation: You are at the shelf 1.",
        'Thought: I take.\nAction: take[{"thing": "mug", "count": 1}]', "Observation: You hold it.",
        "Thought: Done.\nAction: finish[]",
    )  # fmt: skip
    plan, ground = rows("lumos", acted)[:2]
    said = [m["content"] for m in ground["messages"] if m["role"] == "assistant"]
    assert said == ["R1 = go to(shelf 1)", 'R2 = take("mug", 1)']
    assert "for Subgoal 1 is You are at the shelf 1. Sho" in plan["messages"][2]["content"]
    assert rows("ste", acted)[1]["dialog_history"][-1]["content"] == "Observation: You hold it."
