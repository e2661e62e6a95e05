import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import BaseModel

from manyminds.calls.response import parse
from manyminds.errors import AnswerError


class Point(BaseModel):
    x: int


def test_text_message_object_and_state() -> None:
    assert parse("plain").text == "plain"
    assert parse(AIMessage("said", id="m1")).message_id == "m1"
    assert json.loads(parse(Point(x=1)).text) == {"x": 1}
    assert json.loads(parse({"lines": ["ä"]}).text) == {"lines": ["ä"]}
    state = {"messages": [HumanMessage("q"), AIMessage("a")], "other": 1}
    assert parse(state).text == "a" and parse(state).report is None
    ours = {**state, "report": {"method": "moa", "spent": {}}}
    assert parse(ours).report == {"method": "moa", "spent": {}}
    assert parse({**state, "structured_response": Point(x=2)}).text == '{"x":2}'


def test_tool_calls_reasoning_and_blocks() -> None:
    call: Any = {"name": "f", "args": {}, "id": "1", "type": "tool_call"}
    reply = parse(
        AIMessage(
            content=[{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            tool_calls=[call],
            additional_kwargs={"reasoning_content": "because"},
        )
    )
    assert reply.text == "ab"
    assert reply.tool_calls == [call] and reply.reasoning == "because"
    assert reply.content == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert parse(AIMessage("", tool_calls=[call])).tool_calls == [call]


def test_think_tags_are_no_part_of_the_answer() -> None:
    """DeepSeek-like servers put the reasoning into the content."""
    reply = parse(AIMessage("<think>hidden 17</think>\n\nIt is 42."))
    assert reply.text == "It is 42." and reply.reasoning == "hidden 17"


@pytest.mark.parametrize("empty", ["", " \n", AIMessage(""), {"messages": [AIMessage("  ")]}])
def test_empty_is_a_failure_that_may_pass(empty: object) -> None:
    with pytest.raises(AnswerError, match="empty") as raised:
        parse(empty)
    assert raised.value.kind == "empty" and raised.value.retriable


@pytest.mark.parametrize(
    "message",
    [
        AIMessage("part of", response_metadata={"finish_reason": "content_filter"}),
        AIMessage("", additional_kwargs={"refusal": "I will not"}),
        AIMessage("", response_metadata={"finish_reason": "refusal"}),
        AIMessage("", response_metadata={"stop_reason": "refusal"}),
    ],
)
def test_a_refusal_is_a_failure_that_stays(message: AIMessage) -> None:
    with pytest.raises(AnswerError) as raised:
        parse(message)
    assert raised.value.kind == "refused" and not raised.value.retriable


@pytest.mark.parametrize("odd", [None, 42, ["a"], object()])
def test_what_holds_no_answer(odd: object) -> None:
    with pytest.raises(AnswerError, match="give Member") as raised:
        parse(odd)
    assert raised.value.kind == "malformed"
