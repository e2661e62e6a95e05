from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, InputError, QuorumError, create_agent_forest, create_self_refine
from manyminds.fence import parse_numbered
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def writer(**fails: Exception) -> ScriptedChatModel:
    """Say the role and the number of the version; fail where told, such as solver2=error."""

    def script(_messages: object, data: Metadata) -> Answer:
        name = f"{data['role']}{data['layer']}"
        return fails.get(name, name)

    return ScriptedChatModel(script)


@every_way
@pytest.mark.parametrize("refinements", [1, 3])
async def test_calls_and_answer(way: str, refinements: int) -> None:
    model = writer()
    app = create_self_refine(model, refinements=refinements).compile()
    result = await call(app, way, user())
    assert result["report"]["calls"] == 1 + 2 * refinements
    assert result["answer"] == f"solver{refinements + 1}"
    versions = [candidate["text"] for candidate in result["candidates"]]
    assert versions == [f"solver{n}" for n in range(1, refinements + 2)]
    assert result["report"]["roles"].keys() == {"solver", "critic"}
    assert len(model.calls) == 1 + 2 * refinements


async def test_each_call_reads_what_went_before() -> None:
    model = writer()
    await create_self_refine(model, refinements=2).compile().ainvoke(user("Why?"))
    draft, feedback, second, feedback2, third = model.calls
    assert draft.texts == [("human", "Why?")]
    assert parse_numbered(feedback.prompt) == [(1, "solver1")]
    assert parse_numbered(second.prompt) == [(1, "solver1")] and "critic1" in second.prompt
    assert parse_numbered(feedback2.prompt) == [(1, "solver2")]
    assert parse_numbered(third.prompt) == [(1, "solver1"), (2, "solver2")]
    assert "critic2" in third.prompt
    assert "critic1" not in third.prompt
    known = {(c.metadata["role"], c.metadata["layer"], c.metadata["index"]) for c in model.calls}
    assert len(known) == 5


async def test_only_the_last_version_streams() -> None:
    model = ScriptedChatModel(lambda _m, data: data.get("role", "the last version"))
    seen = await shown(create_self_refine(model, refinements=2).compile(), user())
    assert "".join(seen.texts(whole=False)) == "the last version"
    assert seen.texts(whole=True) == [] and len(seen.ids) == 1
    assert [call.streamed for call in model.calls] == [False] * 4 + [True]


async def test_a_failed_first_version_is_an_error() -> None:
    app = create_self_refine(writer(solver1=ValueError("broken"))).compile()
    with pytest.raises(QuorumError, match="error: broken"):
        await app.ainvoke(user())


@pytest.mark.parametrize(
    ("fails", "note"),
    [
        ("critic2", "the critic of try 2 failed (error): the answer is that of try 2"),
        ("solver3", "try 3 failed (error): the answer is that of try 2"),
    ],
)
async def test_a_later_failure_leaves_the_last_good_version(fails: str, note: str) -> None:
    model = writer(**{fails: ValueError("broken")})
    result = await create_self_refine(model, refinements=4).compile().ainvoke(user())
    assert result["answer"] == "solver2"
    assert result["report"]["degraded"].startswith(note)
    assert "broken" not in "".join(call.prompt for call in model.calls)


async def test_a_budget_ends_it_with_what_there_is() -> None:
    model = writer()
    app = create_self_refine(model, refinements=3, budget=Budget(calls=3)).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "solver2" and len(model.calls) == 3
    assert "budget" in result["report"]["degraded"]


async def test_two_turns_on_a_thread_start_clean() -> None:
    model = writer()
    app = create_self_refine(model).compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "t"}}
    await app.ainvoke(user("one"), thread)
    result = await app.ainvoke(user("two"), thread)
    assert model.calls[3].texts == [("human", "one"), ("ai", "solver2"), ("human", "two")]
    assert result["report"]["calls"] == 3 and len(result["candidates"]) == 2
    assert [message.text for message in result["messages"]] == ["one", "solver2", "two", "solver2"]


async def test_an_agent_forest_samples_it() -> None:
    model = ScriptedChatModel("Final answer: 42")
    app = create_agent_forest([create_self_refine(model)], samples=4).compile()
    result = await app.ainvoke(user())
    assert result["ballot"]["answer"] == "42"
    assert result["report"]["calls"] == len(model.calls) == 12
    assert result["report"]["tokens"] == {"input": 120, "output": 60}
    drawn = [(call.metadata["draw"], call.metadata["role"]) for call in model.calls]
    assert {role for _, role in drawn} == {"solver", "critic"}


def test_wrong_arguments() -> None:
    with pytest.raises(InputError, match="refinements=0: give at least 1"):
        create_self_refine(ScriptedChatModel(), refinements=0)


@pytest.mark.parametrize(
    "nothing",
    ["No changes needed.", "**No changes are needed**", "Nothing to change.", "无需修改。"],
)
async def test_feedback_that_finds_nothing_ends_it(nothing: str) -> None:
    def script(_messages: object, data: Metadata) -> str:
        name = f"{data['role']}{data['layer']}"
        return nothing if name == "critic2" else name

    model = ScriptedChatModel(script)
    result = await create_self_refine(model, refinements=4).compile().ainvoke(user())
    assert result["answer"] == "solver2" and len(model.calls) == 4
    assert result["report"]["degraded"] is None


async def test_feedback_that_says_more_does_not_end_it() -> None:
    model = ScriptedChatModel(
        lambda _m, data: (
            "The first line: no changes needed. The second is wrong."
            if data["role"] == "critic"
            else "text"
        )
    )
    result = await create_self_refine(model, refinements=2).compile().ainvoke(user())
    assert result["report"]["calls"] == 5
