"""A method as a chat model and as a tool, and a text as its input."""

from typing import Any

import pytest
from helpers.graphs import user
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from pydantic import BaseModel

from manyminds import InputError, Member, create_agent_forest, create_moa
from manyminds.chat_model import MethodChatModel
from manyminds.compiled_method import CompiledMethod
from manyminds.testing import ScriptedChatModel, ScriptedReply

CALL: Any = {"name": "add", "args": {"a": 2, "b": 3}, "id": "1"}


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def moa(writer: Any = "the end of it", **options: Any) -> CompiledMethod:
    proposers = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    aggregator = ScriptedChatModel(writer)
    return create_moa(proposers, aggregator=aggregator, layers=2, **options).compile()


@pytest.mark.parametrize(
    "given",
    ["Why?", HumanMessage("Why?"), [("user", "Why?")], [SystemMessage("x"), ("user", "Why?")]],
)
async def test_the_input_may_be_a_text_or_messages(given: Any) -> None:
    app = moa()
    for result in (app.invoke(given), await app.ainvoke(given)):
        assert result["answer"] == "the end of it"
        assert result["messages"][-2].text == "Why?"
    assert [s async for s in app.astream(given, stream_mode="values")][-1]["answer"]
    assert list(app.stream(given, stream_mode="values"))[-1]["answer"]
    assert (await app.abatch([given, user()]))[1]["answer"] == "the end of it"


async def test_the_answer_carries_the_methods_name_which_no_member_is_sent() -> None:
    member = ScriptedChatModel("Paris")
    app = create_agent_forest(member, samples=2).compile()
    first = await app.ainvoke("Where?")
    assert first["messages"][-1].name == "agent-forest"
    await app.ainvoke([*first["messages"], HumanMessage("Sure?")])
    assert {message.name for message in member.calls[-1].messages} == {None}


async def test_a_name_of_the_callers_own_stays() -> None:
    member = ScriptedChatModel("Paris")
    app = create_agent_forest(member, samples=1).compile()
    await app.ainvoke([AIMessage("Hello", name="greeter"), HumanMessage("Where?", name="Ann")])
    assert [message.name for message in member.calls[-1].messages][-2:] == ["greeter", "Ann"]


async def test_it_answers_as_a_chat_model_with_the_usage_of_the_whole_run() -> None:
    chat = moa().as_chat()
    for message in (chat.invoke("Why?"), await chat.ainvoke("Why?")):
        assert message.text == "the end of it"
        assert message.usage_metadata is not None
        assert message.usage_metadata["total_tokens"] == 3 * 15
        assert message.response_metadata["manyminds"]["calls"] == 3
    chain = ChatPromptTemplate.from_template("Say {x}") | chat | StrOutputParser()
    assert await chain.ainvoke({"x": "it"}) == "the end of it"


async def test_it_streams_the_writers_tokens_and_then_the_usage() -> None:
    chat = moa().as_chat()
    for chunks in (list(chat.stream("Why?")), [c async for c in chat.astream("Why?")]):
        assert [c.text for c in chunks if c.text] == ["the ", "end ", "of ", "it"]
        usage = [c.usage_metadata for c in chunks if c.usage_metadata]
        assert [u["input_tokens"] for u in usage] == [30]


async def test_an_answer_that_nobody_streams_comes_in_one_piece() -> None:
    chat = create_agent_forest(ScriptedChatModel("It is 42."), samples=3).compile().as_chat()
    assert [c.text for c in chat.stream("Why?") if c.text] == ["It is 42."]


async def test_a_writer_that_breaks_off_is_told_apart_from_the_one_that_takes_over() -> None:
    broken = ScriptedChatModel(ScriptedReply("never to be finished", breaks_after=2))
    app = create_moa(
        [ScriptedChatModel("a")], aggregator=[broken, ScriptedChatModel("whole answer")], layers=2
    ).compile()
    text = "".join([c.text async for c in app.as_chat().astream("Why?")])
    assert text.startswith("never to ") and text.endswith("begins again:]\n\nwhole answer")


async def test_inside_a_host_its_tokens_are_streamed_once() -> None:
    chat = moa().as_chat()

    async def node(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await chat.ainvoke(state["messages"])]}

    host = StateGraph(MessagesState)
    host.add_node("node", node)
    host.add_edge(START, "node")
    app: Any = host.compile()
    seen = [
        part[0].text async for part in app.astream(user(), stream_mode="messages") if part[0].text
    ]
    assert seen == ["the ", "end ", "of ", "it"]


def agent(chat: MethodChatModel) -> Any:
    """Return the agent loop of LangGraph: a model with tools, and the node that runs them."""
    bound = chat.bind_tools([add])

    async def model(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", model)
    graph.add_node("tools", ToolNode([add]))
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


async def test_an_agent_consults_the_panel_once_and_the_writer_calls_the_tool() -> None:
    writer = ScriptedChatModel([ScriptedReply("", tool_calls=[CALL]), "It is 5."])
    app = moa()
    result = await agent(app.as_chat(writer=writer)).ainvoke(user("2 + 3?"))
    kinds = [type(message).__name__ for message in result["messages"]]
    assert kinds == ["HumanMessage", "AIMessage", "ToolMessage", "AIMessage"]
    assert result["messages"][-1].text == "It is 5."
    first, second = writer.calls
    assert "the end of it" in first.prompt  # the panel's answer
    assert [kind for kind, _ in second.texts] == ["human", "ai", "tool"]  # no second fan-out
    usage = [m.usage_metadata for m in result["messages"] if isinstance(m, AIMessage)]
    used = [one["input_tokens"] for one in usage if one is not None]
    assert used == [40, 10]


async def test_a_stream_of_a_bound_model_carries_the_tool_call() -> None:
    writer = ScriptedChatModel(ScriptedReply("", tool_calls=[CALL]))
    bound = moa().as_chat(writer=writer).bind_tools([add])
    chunks = [chunk async for chunk in bound.astream("2 + 3?")]
    whole = sum(chunks[1:], chunks[0])
    assert whole.text == ""
    assert [call["args"] for call in whole.tool_calls] == [{"a": 2, "b": 3}]


async def test_a_later_turn_shows_the_panel_no_tool_calls() -> None:
    proposer = ScriptedChatModel("a")
    app = create_moa([proposer], aggregator=ScriptedChatModel("b"), layers=2).compile()
    bound = app.as_chat(writer=ScriptedChatModel("c")).bind_tools([add])
    history = [
        HumanMessage("2 + 3?"),
        AIMessage("", tool_calls=[CALL]),
        ToolMessage("5", tool_call_id="1", name="add"),
        AIMessage("It is 5."),
        HumanMessage("Sure?"),
    ]
    assert (await bound.ainvoke(history)).text == "c"
    assert [kind for kind, _ in proposer.calls[0].texts] == ["human", "ai", "human", "ai", "human"]
    assert "add" in proposer.calls[0].texts[1][1] and "5" in proposer.calls[0].texts[2][1]


async def test_structured_output_comes_from_the_writer() -> None:
    class Sum(BaseModel):
        """A sum."""

        value: int

    call: Any = {"name": "Sum", "args": {"value": 5}, "id": "1"}
    writer = ScriptedChatModel(ScriptedReply("", tool_calls=[call]))
    chat = moa().as_chat(writer=writer).with_structured_output(Sum)
    assert await chat.ainvoke("2 + 3?") == Sum(value=5)


async def test_a_writer_that_fails_leaves_the_panels_answer_with_a_note() -> None:
    writer = Member(ScriptedChatModel(ValueError("down")), name="w")
    message = await moa().as_chat(writer=writer).bind_tools([add]).ainvoke("2 + 3?")
    assert message.text == "the end of it"
    assert "the panel's answer stands" in message.response_metadata["manyminds"]["degraded"]


async def test_a_panel_that_fails_leaves_the_writer_with_a_note() -> None:
    app = create_moa([ScriptedChatModel(ValueError("down"))], layers=2).compile()
    bound = app.as_chat(writer=ScriptedChatModel("alone")).bind_tools([add])
    message = await bound.ainvoke("2 + 3?")
    assert message.text == "alone"
    assert "no panel" in message.response_metadata["manyminds"]["degraded"]


def a_function(_messages: list[BaseMessage]) -> str:
    return "x"


def test_a_method_without_a_chat_model_says_what_to_give() -> None:
    app = create_agent_forest(Member(a_function, name="f"), samples=2).compile()
    assert app.as_chat().invoke("Why?").text == "x"
    with pytest.raises(InputError, match="give a writer"):
        app.as_chat().bind_tools([add])


async def test_as_a_tool_it_takes_a_question_and_returns_the_answer_with_its_report() -> None:
    app = moa()
    asking = app.as_tool()
    assert asking.name == "moa" and list(asking.args) == ["question"]
    assert asking.invoke({"question": "Why?"}) == "the end of it"
    call: Any = {"name": "moa", "args": {"question": "Why?"}, "id": "1", "type": "tool_call"}
    message = await asking.ainvoke(call)
    assert message.content == "the end of it" and message.artifact["calls"] == 3
    assert app.as_tool(name="ask", description="Asks.").description == "Asks."
