"""MoA that begins its answer before all proposers have answered, and proposers from a file."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langchain_core.messages import AIMessageChunk

from manyminds import Budget, InputError, Member, QuorumError, create_agent_forest, create_moa
from manyminds.fence import parse_numbered
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def proposer(name: str, **options: Any) -> Member:
    return Member(
        ScriptedChatModel(lambda _m, data: f"{name}{data['layer']}"), name=name, **options
    )


def writer() -> ScriptedChatModel:
    """Write part 1, part 2, ...; a second run goes on counting."""
    parts = iter(range(1, 100))
    return ScriptedChatModel(lambda _m, _d: f"part {next(parts)}")


@every_way
@pytest.mark.parametrize(("n", "layers", "chunk"), [(4, 2, 2), (5, 3, 2), (3, 2, 1), (3, 3, 3)])
async def test_calls_and_answer(way: str, n: int, layers: int, chunk: int) -> None:
    last = writer()
    members = [proposer(name) for name in "abcde"[:n]]
    app = create_moa(members, aggregator=last, layers=layers, chunk=chunk).compile()
    result = await call(app, way, user())
    parts = -(-n // chunk)
    assert result["answer"] == "\n\n".join(f"part {nth}" for nth in range(1, parts + 1))
    assert result["report"]["calls"] == n * (layers - 1) + parts
    assert result["report"]["degraded"] is None
    usage = result["messages"][-1].usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"]) == (10 * parts, 5 * parts)
    assert [c["text"] for c in result["candidates"]] == [f"{m}{layers - 1}" for m in "abcde"[:n]]


async def test_later_parts_read_what_is_written_and_all_answers_so_far() -> None:
    last = writer()
    members = [proposer(name) for name in "abcde"]
    await create_moa(members, aggregator=last, layers=3, chunk=2).compile().ainvoke(user("Why?"))
    texts = [[text for _, text in parse_numbered(asked.prompt)] for asked in last.calls]
    assert texts == [["a2", "b2"], ["a2", "b2", "c2", "d2"], ["a2", "b2", "c2", "d2", "e2"]]
    assert "part 1\n\npart 2" in last.calls[2].prompt
    for member in members:
        second = member.model.calls[1]
        assert [t for _, t in parse_numbered(second.prompt)] == ["a1", "b1", "c1", "d1", "e1"]


async def test_the_first_token_comes_before_the_slow_proposer_answers() -> None:
    streamed = asyncio.Event()

    async def slow(_messages: object, _data: Metadata) -> Answer:
        await asyncio.wait_for(streamed.wait(), 5)
        return "slow but sure"

    last = writer()
    members = [proposer("a"), Member(ScriptedChatModel(slow), name="b")]
    app = create_moa(members, aggregator=last, layers=2, chunk=1).compile()
    tokens = ""
    ids: list[str | None] = []
    final: dict[str, Any] = {}
    part: Any
    async for part in app.astream(user(), stream_mode=["messages", "values", "custom"]):
        mode, data = part
        if mode == "messages":
            assert isinstance(data[0], AIMessageChunk)  # nothing whole comes after the tokens
            tokens += data[0].text
            ids.append(data[0].id)
            streamed.set()
        elif mode == "values":
            final = data
        elif data["event"] == "continued":
            assert data["message_id"] == ids[0] and data["by"] == ids[-1]
    assert tokens == "part 1part 2"
    assert final["answer"] == final["messages"][-1].text == "part 1\n\npart 2"
    assert final["messages"][-1].id == ids[0]


async def test_numbers_follow_the_order_of_asking_whoever_is_quick() -> None:
    done = asyncio.Event()

    async def second(_messages: object, _data: Metadata) -> Answer:
        done.set()
        return "b"

    async def first(_messages: object, _data: Metadata) -> Answer:
        await done.wait()
        return "a"

    last = writer()
    members = [
        Member(ScriptedChatModel(first), name="a"),
        Member(ScriptedChatModel(second), name="b"),
    ]
    await create_moa(members, aggregator=last, layers=2, chunk=2).compile().ainvoke(user())
    assert parse_numbered(last.calls[0].prompt) == [(1, "a"), (2, "b")]


async def test_a_failed_chunk_brings_no_part() -> None:
    last = writer()
    broken = Member(ScriptedChatModel(ValueError("broken")), name="b")
    members = [broken, proposer("a"), proposer("c")]
    result = await create_moa(members, aggregator=last, layers=2, chunk=1).compile().ainvoke(user())
    assert result["answer"] == "part 1\n\npart 2"
    assert "1 of 5 calls gave no answer" in result["report"]["degraded"]


async def test_a_part_that_fails_leaves_the_others_marked() -> None:
    said: list[Answer] = ["part 1", ValueError("broken"), "part 2"]
    says = iter(said)
    last = ScriptedChatModel(lambda _m, _d: next(says))
    members = [proposer(name) for name in "abc"]
    result = await create_moa(members, aggregator=last, layers=2, chunk=1).compile().ainvoke(user())
    assert result["answer"] == "part 1\n\npart 2"
    assert result["report"]["degraded"].startswith("the aggregator failed 1 times")


async def test_without_an_aggregator_a_members_answer_stands() -> None:
    last = ScriptedChatModel(ValueError("broken"))
    app = create_moa([proposer("a"), proposer("b")], aggregator=last, layers=2, chunk=1).compile()
    result = await app.ainvoke(user())
    assert result["answer"] in ("a1", "b1")
    assert "no aggregator answered" in result["report"]["degraded"]


async def test_quorum() -> None:
    members = [proposer("a"), Member(ScriptedChatModel(ValueError("broken")), name="b")]
    app = create_moa(members, aggregator=writer(), layers=2, chunk=1, quorum=2).compile()
    with pytest.raises(QuorumError, match="1 of 2 members answered and the quorum is 2"):
        await app.ainvoke(user())


async def test_a_budget_without_room_for_the_last_layer_answers_from_the_one_before() -> None:
    last = writer()
    members = [proposer(name) for name in "abc"]
    app = create_moa(members, aggregator=last, chunk=1, budget=Budget(calls=5)).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "part 1" and result["report"]["calls"] == 4
    assert [text for _, text in parse_numbered(last.calls[0].prompt)] == ["a1", "b1", "c1"]
    assert "the answer rests on layer 1" in result["report"]["degraded"]


async def test_inside_a_forest_it_is_silent_and_adds_up() -> None:
    inner = create_moa([proposer("a"), proposer("b")], aggregator=writer(), layers=2, chunk=1)
    app = create_agent_forest([inner], samples=2, extract="text").compile()
    result = await app.ainvoke(user())
    assert result["report"]["calls"] == 8 and result["report"]["tokens"]["input"] == 80
    seen = await shown(app, user())
    assert seen.texts(whole=False) == [] and len(seen.texts(whole=True)) == 1


def nothing(_state: Any) -> dict[str, Any]:
    return {}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk": 0}, "chunk=0: give at least 1"),
        ({"chunk": 1, "aggregator": nothing}, "chunk: give a member as the aggregator"),
    ],
)
def test_wrong_arguments(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_moa([proposer("a")], **options)


async def test_proposers_come_from_a_file_that_select_wrote(tmp_path: Path) -> None:
    path = tmp_path / "members.json"
    listed = [{"model": "simulated:small", "name": "one"}, {"model": "simulated:large"}]
    path.write_text(json.dumps({"members": listed}))
    question = user("Start with 60. Add 52. What is the result?")
    several: list[tuple[Any, int]] = [([path], 4), ([[path], [path, "simulated:medium"]], 5)]
    for proposers, asked in several:
        graph = create_moa(proposers, aggregator="simulated:large", layers=3)
        result = await graph.compile().ainvoke(question)
        assert result["report"]["calls"] == asked + 1
        assert {"one", "large"} <= result["report"]["members"].keys()
