import json
from typing import Any

import pytest
from helpers.graphs import user
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from manyminds import InputError, Member, Price, create_agent_forest, create_moa
from manyminds.questions import question_hash
from manyminds.testing import ScriptedChatModel, ScriptedReply


async def test_the_question_is_the_last_human_message() -> None:
    model = ScriptedChatModel()
    app = create_moa([model], layers=2).compile()
    conversation = [HumanMessage("first"), AIMessage("reply"), HumanMessage("second")]
    await app.ainvoke({"messages": conversation})
    ids = {call.metadata["question_id"] for call in model.calls}
    assert ids == {question_hash("second")}
    blocks: Any = [{"type": "text", "text": "look: "}, {"type": "text", "text": "here"}]
    model.calls.clear()
    await app.ainvoke({"messages": [HumanMessage(blocks)]})
    assert model.calls[0].metadata["question_id"] == question_hash("look: here")
    assert model.calls[0].messages[0].content == blocks


async def test_a_question_id_of_the_callers_is_kept() -> None:
    model = ScriptedChatModel()
    members: list[Any] = [create_moa([model], layers=2), model]
    app = create_moa(members, layers=2).compile()
    await app.ainvoke(user(), {"metadata": {"question_id": "gsm8k/7"}})
    assert {call.metadata["question_id"] for call in model.calls} == {"gsm8k/7"}


def test_the_hash_of_a_question() -> None:
    assert question_hash(" a ") == question_hash("a") != question_hash("b")
    assert question_hash("\ud800").startswith("q-")


BLANKS = ("", " \n\t", "\u00a0", "\u200b\u2060\ufeff", "\x00", "\ud83d")


@pytest.mark.parametrize(
    "messages",
    [
        *([], None, [AIMessage("hello")], [SystemMessage("Be good.")]),
        *([HumanMessage("Why?"), AIMessage("So."), HumanMessage(blank)] for blank in BLANKS),
        *([HumanMessage(blank)] for blank in BLANKS),
        *([HumanMessage([{"type": "text", "text": blank}])] for blank in BLANKS),
    ],
)
async def test_without_a_question(messages: list[Any] | None) -> None:
    for build in (create_moa, create_agent_forest):
        with pytest.raises(InputError, match="there is no question: give"):
            await build([ScriptedChatModel()]).compile().ainvoke({"messages": messages})


async def test_the_report_is_plain_data_and_complete() -> None:
    priced = Member(ScriptedChatModel("a"), name="a", price=Price(input=1e5, output=1e5))
    unpriced = Member(ScriptedChatModel("b"), name="b")
    app = create_moa([priced, unpriced], aggregator=priced, layers=2).compile()
    result = await app.ainvoke(user())
    report = json.loads(json.dumps(result["report"]))
    assert report == result["report"]
    assert set(report) >= {
        *("degraded", "method", "run", "missing", "calls", "retries", "requests", "tokens"),
        *("cost", "unpriced_calls", "seconds", "members", "roles", "answered_by"),
        *("roles_played_by", "prompts", "ignored_params", "prices"),
    }
    assert next(iter(report)) == "degraded"
    assert report["cost"] == pytest.approx(2 * 1.5) and report["unpriced_calls"] == 1
    assert report["members"]["b"]["cost"] is None
    assert report["members"]["a"]["calls"] == 2 and report["roles"]["proposer"]["calls"] == 2
    assert report["prompts"][0].startswith("moa/synthesis@1#")
    assert 0 <= report["seconds"] < 60
    short = result["messages"][-1].response_metadata["manyminds"]
    assert short == {key: report[key] for key in short}
    assert {"method", "degraded", "calls", "tokens", "cost", "seconds"} <= set(short)


async def test_no_price_at_all_is_no_cost_rather_than_nothing() -> None:
    report = (await create_moa([ScriptedChatModel()], layers=2).compile().ainvoke(user()))["report"]
    assert report["cost"] is None and report["unpriced_calls"] == 2


async def test_members_whose_parameters_are_not_heard_are_named() -> None:
    inner = create_agent_forest(ScriptedChatModel(), samples=2, extract="text")
    members: list[Any] = [inner, ScriptedChatModel()]
    result = await create_moa(members, layers=2).compile().ainvoke(user())
    assert result["report"]["ignored_params"] == ["agent-forest"]


async def test_the_answer_is_the_models_own_message() -> None:
    calls: Any = [{"name": "f", "args": {"x": 1}, "id": "c", "type": "tool_call"}]
    blocks: Any = [{"type": "text", "text": "so: "}, {"type": "text", "text": "42"}]
    last = ScriptedChatModel(ScriptedReply("x", id="m-7", fields={"tool_calls": calls}))
    message = (await create_moa([last], layers=2).compile().ainvoke(user()))["messages"][-1]
    assert message.id == "m-7" and message.tool_calls == calls
    assert message.usage_metadata == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}

    async def say_blocks(_messages: Any) -> AIMessage:
        return AIMessage(blocks, id="m-8")

    app = create_moa([Member(say_blocks)], layers=2).compile()
    result = await app.ainvoke(user())
    assert result["messages"][-1].content == blocks and result["answer"] == "so: 42"


async def test_a_custom_last_node_must_leave_an_answer() -> None:
    def forgets(_state: Any) -> dict[str, Any]:
        return {}

    app = create_moa([ScriptedChatModel()], aggregator=forgets, layers=2).compile()
    with pytest.raises(InputError, match="must return {'answer': 'text'}"):
        await app.ainvoke(user())
