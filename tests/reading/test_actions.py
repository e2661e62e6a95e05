"""Actions in replies, in the ways models write them; where one is in doubt, none is read."""

import pytest
from helpers.growth import LINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st

from manyminds.reading.actions import read_action

TOOLS = ["calculate", "finish", "sql", "go to", "look"]


@pytest.mark.parametrize(
    ("reply", "action"),
    [
        ("Thought: add\nAction: calculate[2 + 3]", "calculate[2 + 3]"),
        ("Thought 2: add\nAction 2: Calculate(2 + 3)", "calculate[2 + 3]"),
        ("**Thought:** a\n**Action:** `calculate[(1 + [2])]`", "calculate[(1 + [2])]"),
        ("Action: calculate\nAction Input: 2 + 3\nObservation: 6", "calculate[2 + 3]"),
        ('Action: calculate\nAction Input: {"expression": "2 + 3"}', "calculate[2 + 3]"),
        ('Action: {"action": "calculate", "action_input": "2"}', "calculate[2]"),
        ('Action:\n```json\n{"name": "sql", "arguments": {"query": "x"}}\n```', "sql[x]"),
        ("Action: sql\n```sql\nSELECT 1\nFROM t\n```", "sql[SELECT 1\nFROM t]"),
        ("Action: sql[SELECT 'a]b' FROM t]\nmore", "sql[SELECT 'a]b' FROM t]"),
        ("Action: finish[it's done]", "finish[it's done]"),
        ("Action: go to fridge 1\nObservation: It is closed.", "go to[fridge 1]"),
        ("Action: look", "look[]"),
        ("I should look.\nlook[]", "look[]"),
        ("Thought: I know it.\nFinal Answer: 42 apples", "finish[42 apples]"),
        ("5 + 7 = 12\nThe answer is 12.", "finish[12]"),
        ("Action: calculate[1]\nObservation: 1\nThought: so\nAction: finish[1]", "calculate[1]"),
        ("<think>Action: finish[9]</think>\nAction: calculate[1]", "calculate[1]"),
        ('Action: Finish["Paris"]', "finish[Paris]"),
        ("Action: calculate[2 + 3", "calculate[2 + 3]"),
        ('Action\uff1a calculate {"expression": "2"}', "calculate[2]"),
        ("Action: **calculate**[2 + 3].", "calculate[2 + 3]"),
        ("Action: I will use calculate[2 + 3] now.", "calculate[2 + 3]"),
        ('Action: calculate(expression="2 + 3")', "calculate[2 + 3]"),
        ("Action: finish(answer=112)", "finish[112]"),
        ("Action: finish(answer=112 apples)", "finish[112 apples]"),
        ('Action: sql(a=1, b="x")', 'sql[{"a": 1, "b": "x"}]'),
        ("Action: sql(a == 1)", "sql[a == 1]"),
        ('<tool_call>\n{"name": "sql", "arguments": {"query": "x"}}\n</tool_call>', "sql[x]"),
        (
            "\u601d\u8003\uff1a\u52a0\n\u884c\u52a8\uff1acalculate[2 + 3]\n\u89c2\u5bdf\uff1a",
            "calculate[2 + 3]",
        ),
        ("Thought: done\nAction: None\nFinal Answer: 42", "finish[42]"),
        ("Action: finish\nFinal Answer: 42", "finish[42]"),
        ("Action: calculate[1]\nFinal Answer: 42", "calculate[1]"),
        ('Action: sql\nAction Input: {"a": 1, "b": 2}', 'sql[{"a": 1, "b": 2}]'),
    ],
)
def test_it_is_read(reply: str, action: str) -> None:
    assert str(read_action(reply, TOOLS).action) == action


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        ("Let me think about it.", "has no action"),
        ("Action: fly[home]", "there is no action `fly\\[home\\]`: use one of calculate"),
        ("Action: calculate[1]\nAction: calculate[2]", "several actions"),
        ("calculate[1]\ncalculate[2]", "several actions"),
        ("Action:", "has no action"),
        ("Action: sql\nAction Input: a\nAction Input: b", "several actions"),
        ("", "has no action"),
        ("Action: calculate[1] or sql[x]?", "there is no action"),
        ('{"name": "sql", "arguments": "x"} {"name": "sql", "arguments": "y"}', "several actions"),
        ("Action: use calculate[1] and then calculate[2]", "there is no action"),
    ],
)
def test_it_abstains_and_says_why(reply: str, wrong: str) -> None:
    move = read_action(reply, TOOLS)
    assert move.action is None
    with pytest.raises(ValueError, match=wrong):
        raise ValueError(move.wrong)


def _call(name: str, **args: object) -> dict[str, object]:
    return {"name": name, "args": args, "id": "1", "type": "tool_call"}


def test_a_tool_call_of_the_endpoint_is_the_action() -> None:
    move = read_action("I add.", TOOLS, calls=[_call("calculate", expression="2 + 3")])
    assert move == ("I add.", ("calculate", "2 + 3"), "")
    assert str(read_action("", TOOLS, calls=[_call("look")]).action) == "look[]"
    both = [_call("calculate", expression="1"), _call("look")]
    assert read_action("", TOOLS, calls=both[:1] * 2).action == ("calculate", "1")
    assert "several tools" in read_action("", TOOLS, calls=both).wrong
    assert "no tool `fly`" in read_action("", TOOLS, calls=[_call("fly")]).wrong


@pytest.mark.parametrize(
    "reply",
    [
        'Action: sql[{"query": "x"}]',
        'Action: sql(query="x")',
        'Action: sql\nAction Input: {"query": "x"}',
        '{"name": "sql", "arguments": {"query": "x"}}',
    ],
)
def test_a_tool_of_several_parameters_keeps_their_names(reply: str) -> None:
    assert str(read_action(reply, TOOLS, objects=["sql"]).action) == 'sql[{"query": "x"}]'
    assert str(read_action(reply, TOOLS).action) == "sql[x]"


def test_the_thought() -> None:
    assert read_action("Thought: first\nthen\nAction: look", TOOLS).thought == "first\nthen"
    assert read_action("I go.\nAction: look", TOOLS).thought == "I go."
    assert read_action("<think>hidden</think>Action: look", TOOLS).thought == "hidden"


def test_an_answer_ends_nothing_where_there_is_no_finish() -> None:
    assert read_action("The answer is 12.", ["look"]).action is None


@given(st.text(max_size=300) | st.lists(st.sampled_from(TOOLS + list("[](){}\"'`:\n ") + [
    "Action:", "Thought:", "Action Input:", "Observation:", "Final Answer:", "```"]), max_size=40)
    .map("".join))  # fmt: skip
@settings(deadline=1_000, max_examples=200)
def test_any_text_is_read_or_refused(reply: str) -> None:
    move = read_action(reply, TOOLS)
    assert (move.action is None) == bool(move.wrong)
    assert move.action is None or move.action.tool in TOOLS


@pytest.mark.timed
@pytest.mark.parametrize(
    "part", ["Action: sql['", "calculate[", "Thought:", "Action: {", "```", "'"]
)
def test_a_long_reply_is_read_in_linear_time(part: str) -> None:
    assert growth(lambda text: read_action(f"Action: sql[{text}", TOOLS), part, 200_000) < LINEAR
