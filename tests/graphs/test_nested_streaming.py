"""What streams where a method's answer is written by a whole method: its writer's tokens alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from helpers.graphs import Shown, shown, user
from langchain_core.messages import AIMessageChunk
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, Member, create_agent_forest, create_moa
from manyminds.graphs.cascade import create_cascade
from manyminds.graphs.chain_of_thought import create_chain_of_thought
from manyminds.graphs.debate import create_debate
from manyminds.graphs.fusion import KEYS, create_fusion
from manyminds.graphs.self_refine import create_self_refine
from manyminds.method_graph import MethodGraph
from manyminds.testing import ScriptedChatModel, ScriptedReply
from manyminds.views.progress import Progress

WORDS = "what the writer says at last"
QUIET = "a member speaks"
Wrap = Callable[[MethodGraph], Any]


def says(*replies: Any) -> Any:
    return ScriptedChatModel(list(replies))


def torn() -> Any:
    """Return a member that never agrees with itself."""
    numbers = iter(range(1, 100))
    return ScriptedChatModel(lambda _m, _d: f"The answer is {next(numbers)}.")


def moa(writer: Any = None) -> MethodGraph:
    writer = writer or says(WORDS)
    return create_moa([says(QUIET), says(QUIET)], aggregator=writer, layers=3)


def fusion() -> MethodGraph:
    analyst = says(json.dumps({key: ["so it is"] for key in KEYS}))
    return create_fusion([says(QUIET), says(QUIET)], analyst=analyst, writer=says(WORDS))


def debate() -> MethodGraph:
    return create_debate([torn(), torn()], judge=says(WORDS))


def self_refine() -> MethodGraph:
    return create_self_refine(says("a draft", "it is dull", WORDS), refinements=1)


def once(last: MethodGraph) -> MethodGraph:
    return create_cascade([torn(), last])


def twice(last: MethodGraph) -> MethodGraph:
    return once(once(last))


def as_aggregator(last: MethodGraph) -> MethodGraph:
    return create_moa([says(QUIET)], aggregator=last.compile(), layers=2)


def texts(seen: Shown) -> tuple[str, list[str]]:
    return "".join(seen.texts(whole=False)), seen.texts(whole=True)


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("subgraphs", [False, True])
@pytest.mark.parametrize("around", [once, twice, as_aggregator])
@pytest.mark.parametrize("last", [moa, fusion, debate, create_chain_of_thought])
async def test_the_tokens_of_the_writer_inside_and_of_nobody_else(
    way: str, subgraphs: bool, around: Wrap, last: Callable[..., MethodGraph]
) -> None:
    inner = last(says(WORDS)) if last is create_chain_of_thought else last()
    seen = await shown(around(inner).compile(), user(), subgraphs=subgraphs, way=way)
    assert "".join(seen.texts(whole=False)) == WORDS
    assert len(seen.texts(whole=False)) == len(WORDS.split()) and len(seen.ids) == 1 or subgraphs
    if not subgraphs:
        assert seen.texts(whole=True) == []


@pytest.mark.parametrize("around", [once, twice])
async def test_tokens_say_that_they_are_of_the_outermost_node(around: Wrap) -> None:
    seen = set[Any]()
    async for part in around(moa()).compile().astream(user(), stream_mode="messages"):
        message, about = part
        assert isinstance(message, AIMessageChunk)
        seen.add((about["langgraph_node"], about["role"]))
    assert seen == {("stage-2", "aggregator")}


async def test_the_streamed_message_is_the_answer() -> None:
    app = twice(moa()).compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    for turn in (1, 2):
        ids, state = set[str | None](), dict[str, Any]()
        async for part in app.astream(user(), config, stream_mode=["messages", "values"]):
            mode, data = part
            if mode == "messages":
                ids.add(data[0].id)
            else:
                state = data
        assert len(state["messages"]) == 2 * turn and ids == {state["messages"][-1].id}
        assert state["answer"] == WORDS and state["report"]["degraded"] is None


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_an_earlier_stage_that_stands_is_given_whole(way: str) -> None:
    writer = says(WORDS)
    app = create_cascade([says("The answer is 4."), moa(writer)]).compile()
    seen = await shown(app, user(), way=way)
    assert texts(seen) == ("", ["The answer is 4."]) and writer.calls == []


async def test_a_vote_has_no_writer_and_comes_whole() -> None:
    voters = says("The answer is 7.")
    last = create_agent_forest(voters, samples=3, extract="number")
    seen = await shown(once(last).compile(), user())
    assert texts(seen) == ("", ["The answer is 7."])
    assert not any(asked.streamed for asked in voters.calls)


async def test_a_method_that_proposes_is_silent_beside_one_that_writes() -> None:
    inner, writer = says("inner words"), says(WORDS)
    proposer = Member(moa(inner).compile(), name="inner")
    app = create_moa([proposer, says(QUIET)], aggregator=moa(writer).compile(), layers=2)
    seen = await shown(app.compile(), user())
    assert texts(seen) == (WORDS, [])
    assert not any(asked.streamed for asked in inner.calls)


async def test_a_changed_output_is_not_what_the_writer_wrote_and_comes_whole() -> None:
    def upper(state: dict[str, Any]) -> str:
        return str(state["answer"]).upper()

    changed = Member(moa().compile(), output=upper)
    seen = await shown(create_cascade([torn(), changed]).compile(), user())
    assert texts(seen) == ("", [WORDS.upper()])


async def test_drafts_are_not_shown_where_the_last_one_is_written_inside() -> None:
    seen = await shown(once(self_refine()).compile(), user())
    assert texts(seen) == (WORDS, [])


@pytest.mark.parametrize("around", [once, twice])
async def test_a_draft_that_broke_off_inside_is_dropped(around: Wrap) -> None:
    lost = says(ScriptedReply("lost for words", id="lost", breaks_after=2))
    app = around(moa([lost, says(ScriptedReply(WORDS, id="kept"))])).compile()
    seen, progress = await shown(app, user()), Progress()
    assert [e["message_id"] for e in seen.events if e["event"] == "dropped"] == ["lost"]
    assert texts(seen) == (f"lost for {WORDS}", [])
    for event in seen.events:
        if event["event"] != "dropped":
            progress.event(event)
    for _, message in seen.pieces[:2]:
        progress.token(message)
    assert progress.text == "lost for "
    for event in seen.events:
        if event["event"] == "dropped":
            progress.event(event)
    assert progress.text == ""


async def test_the_last_stage_fails_after_its_first_words() -> None:
    lost = says(ScriptedReply("lost for words", id="lost", breaks_after=2))
    stages = [says("The answer is 4.", "The answer is 5.", "The answer is 4.")]
    last = create_chain_of_thought(lost)
    seen = await shown(create_cascade([*stages, last]).compile(), user())
    assert "lost" in [e["message_id"] for e in seen.events if e["event"] == "dropped"]
    assert texts(seen) == ("lost for ", ["The answer is 4."])


async def test_without_a_budget_for_the_last_stage_nothing_streams() -> None:
    writer = says(WORDS)
    app = create_cascade([torn(), moa(writer)], budget=Budget(calls=3)).compile()
    seen = await shown(app, user())
    assert seen.texts(whole=False) == [] and writer.calls == []
    assert seen.texts(whole=True)[0].startswith("The answer is")


async def test_nobody_streams_where_nobody_listens() -> None:
    writer = says(WORDS)
    result = await twice(moa(writer)).compile().ainvoke(user())
    assert result["answer"] == WORDS and not writer.calls[0].streamed


async def test_as_a_chat_model() -> None:
    pieces = [chunk.text async for chunk in twice(moa()).compile().as_chat().astream("Why?")]
    assert "".join(pieces) == WORDS and len(pieces) > len(WORDS.split()) - 1
    pieces = [chunk.text for chunk in once(fusion()).compile().as_chat().stream("Why?")]
    assert "".join(pieces) == WORDS and len(pieces) > len(WORDS.split()) - 1
