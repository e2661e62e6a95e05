import asyncio
from threading import Barrier

import pytest
from langchain_core.messages import HumanMessage

from manyminds import create_agent_forest
from manyminds.testing import BlockingChatModel, ScriptedChatModel, ScriptedReply

QUESTION = [HumanMessage("Why?")]


async def test_a_text_is_the_reply_to_every_call() -> None:
    model = ScriptedChatModel("always")
    assert [(await model.ainvoke(QUESTION)).text for _ in range(2)] == ["always"] * 2
    assert model.calls[1].texts == [("human", "Why?")] and model.calls[1].prompt == "Why?"


async def test_a_list_is_gone_through_and_its_last_reply_repeats() -> None:
    model = ScriptedChatModel(["one", ValueError("no"), "three"])
    assert (await model.ainvoke(QUESTION)).text == "one"
    with pytest.raises(ValueError, match="no"):
        await model.ainvoke(QUESTION)
    assert [(await model.ainvoke(QUESTION)).text for _ in range(2)] == ["three"] * 2


async def test_a_function_sees_prompt_and_metadata() -> None:
    async def script(messages: object, metadata: dict[str, object]) -> str:
        return f"sample {metadata['draw']}"

    result = (
        await create_agent_forest(ScriptedChatModel(script), samples=3, extract="text")
        .compile()
        .ainvoke({"messages": QUESTION})
    )
    assert {c["text"] for c in result["candidates"]} == {"sample 0", "sample 1", "sample 2"}


async def test_a_stream_comes_in_words_with_usage_at_its_end_and_may_break() -> None:
    whole = [chunk async for chunk in ScriptedChatModel(ScriptedReply("a b c")).astream(QUESTION)]
    assert [chunk.text for chunk in whole if chunk.text] == ["a ", "b ", "c"]
    assert [c.usage_metadata is not None for c in whole if c.text] == [False, False, True]
    broken = ScriptedChatModel(ScriptedReply("a b c", breaks_after=2))
    with pytest.raises(ConnectionError):
        _ = [chunk async for chunk in broken.astream(QUESTION)]


def test_the_synchronous_call_is_scripted_too() -> None:
    model = ScriptedChatModel(["one", "two"])
    assert [model.invoke(QUESTION).text for _ in range(2)] == ["one", "two"]


async def test_tool_calls_usage_and_fields_are_in_the_message() -> None:
    call = {"name": "add", "args": {"a": 1}, "id": "1", "type": "tool_call"}
    reply = ScriptedReply(
        "", usage=(7, 2), tool_calls=[call], fields={"response_metadata": {"finish_reason": "stop"}}
    )
    message = await ScriptedChatModel(reply).ainvoke(QUESTION)
    assert message.tool_calls == [call] and message.response_metadata["finish_reason"] == "stop"
    assert message.usage_metadata is not None and message.usage_metadata["total_tokens"] == 9


async def test_the_log_tells_how_many_were_in_flight_and_which_tools_were_bound() -> None:
    model = ScriptedChatModel(ScriptedReply(delay=0.01))

    def add(a: int) -> int:
        return a

    await asyncio.gather(*(model.bind_tools([add]).ainvoke(QUESTION) for _ in range(4)))
    assert model.peak == 4 and model.calls[0].params == {"tools": ["add"]}


async def test_a_blocking_model_waits_until_all_are_in_flight() -> None:
    model = BlockingChatModel(barrier=Barrier(3))
    replies = await asyncio.gather(*(model.ainvoke(QUESTION) for _ in range(3)))
    assert [reply.text for reply in replies] == ["blocked"] * 3
