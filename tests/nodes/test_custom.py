"""Custom nodes: what counts as one, what it is given, and what it must return."""

from typing import Any

import pytest
from helpers.graphs import user
from langchain_core.messages import AIMessage

from manyminds import InputError, create_agent_forest, create_moa, create_ranker, create_smoa
from manyminds.testing import ScriptedChatModel


class Longest:
    """A callable object is a node, too."""

    def __call__(self, state: Any) -> dict[str, str]:
        return {"answer": max((c["text"] for c in state["candidates"]), key=len)}


def with_config(state: Any, config: Any) -> dict[str, str]:
    return {"answer": f"{len(state['candidates'])} {'configurable' in config}"}


async def with_runtime(state: Any, runtime: Any) -> dict[str, str]:
    return {"answer": str(runtime.stream_writer is not None)}


@pytest.mark.parametrize(
    ("node", "answer"), [(Longest(), "longer"), (with_config, "2 True"), (with_runtime, "True")]
)
async def test_any_callable_is_a_node(node: Any, answer: str) -> None:
    members = [ScriptedChatModel("long"), ScriptedChatModel("longer")]
    result = await create_moa(members, aggregator=node, layers=2).compile().ainvoke(user())
    assert result["answer"] == answer


async def test_a_wrong_shape_is_an_error_that_shows_the_right_one() -> None:
    app = create_ranker([ScriptedChatModel("a")], ranker=lambda _s: {"foo": 1}).compile()
    with pytest.raises(InputError, match=r"`ranker` set 'foo': its role must return \{'final'"):
        await app.ainvoke(user())


@pytest.mark.parametrize("role", ["judge", "moderator"])
async def test_a_judge_or_moderator_that_decides_nothing_is_an_error(role: str) -> None:
    members = [ScriptedChatModel("a"), ScriptedChatModel("b")]

    def wrong(_state: Any) -> dict[str, int]:
        return {"foo": 1}

    given: Any = {role: wrong}
    with pytest.raises(InputError, match=f"`{role}` set 'foo'"):
        await create_smoa(members, **given).compile().ainvoke(user())


@pytest.mark.parametrize(
    ("role", "update"),
    [
        *(("moderator", {"decision": wrong}) for wrong in (True, None, {}, {"stop": "yes"})),
        *(("judge", {"kept": wrong}) for wrong in (1, None, ["0"], [True], {0: 1})),
        *(
            ("aggregator", {"answer": wrong})
            for wrong in (42, None, "", "  ", ["4"], {"text": "4"})
        ),
    ],
)
async def test_a_value_of_the_wrong_shape_is_an_error(role: str, update: dict[str, Any]) -> None:
    def node(_state: object) -> dict[str, Any]:
        return update

    given: Any = {role: node}
    app = create_smoa([ScriptedChatModel("a"), ScriptedChatModel("b")], **given).compile()
    with pytest.raises(InputError, match=rf"`{role}` set \w+ to .*: return \{{"):
        await app.ainvoke(user())


async def test_a_judge_cannot_keep_what_is_not_there() -> None:
    members = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    app = create_smoa(members, judge=lambda _s: {"kept": [0, 7]}).compile()
    with pytest.raises(InputError, match=r"`judge` kept \[7\]: the candidates are 0, 1"):
        await app.ainvoke(user())


@pytest.mark.parametrize("final", [0, "a", None, {"index": 0}])
async def test_a_ranker_returns_a_candidate(final: Any) -> None:
    app = create_ranker([ScriptedChatModel("a")], ranker=lambda _s: {"final": final}).compile()
    with pytest.raises(InputError, match=r"`ranker` set final to .*: return \{'final'"):
        await app.ainvoke(user())


@pytest.mark.parametrize("found", ["2", "It is 2."])
async def test_a_vote_may_return_the_answer_of_the_winner(found: str) -> None:
    models = [ScriptedChatModel(f"It is {n}.") for n in (1, 2, 2)]
    app = create_agent_forest(models, samples=3, extract="number", vote=lambda _c: found).compile()
    result = await app.ainvoke(user("How many?"))
    assert result["answer"] == "It is 2."


@pytest.mark.parametrize("found", ["42", "", None, True, 3, -1, {"answer": "x"}, {"winner": 0}])
async def test_a_vote_of_the_wrong_shape_is_an_error(found: Any) -> None:
    app = create_agent_forest([ScriptedChatModel("a")] * 3, samples=3, vote=lambda _c: found)
    with pytest.raises(InputError, match="return the index of the winning candidate, or a ballot"):
        await app.compile().ainvoke(user())


async def test_a_vote_may_return_the_index_of_the_winner() -> None:
    models = [ScriptedChatModel(text) for text in ("one", "two", "three")]
    app = create_agent_forest(models, samples=3, vote=lambda _candidates: 1)
    result = await app.compile().ainvoke(user())
    assert result["ballot"]["winner"] == 1
    assert result["answer"] == result["candidates"][1]["text"]


async def test_an_answer_may_be_a_message() -> None:
    def answer(_state: Any) -> dict[str, Any]:
        return {"messages": [AIMessage("42")]}

    def wrapped(_state: Any) -> dict[str, Any]:
        return {"answer": AIMessage("42")}

    for node in (answer, wrapped):
        app = create_moa([ScriptedChatModel("a")], aggregator=node, layers=2).compile()
        assert (await app.ainvoke(user()))["answer"] == "42"
