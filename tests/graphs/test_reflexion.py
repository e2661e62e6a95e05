import asyncio
from typing import Any

import pytest
from helpers.graphs import call, every_way, shown, user
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from manyminds import Budget, InputError, QuorumError, create_agent_forest, create_reflexion
from manyminds.fence import parse_numbered
from manyminds.testing import Answer, Metadata, ScriptedChatModel


def learner(**says: Answer) -> ScriptedChatModel:
    """Say the role and the number of the try, or what is given for it."""

    def script(_messages: object, data: Metadata) -> Answer:
        name = f"{data['role']}{data['layer']}"
        return says.get(name, name)

    return ScriptedChatModel(script)


def third(text: str) -> tuple[bool, str]:
    return text == "solver3", f"{text} is not the third"


async def third_async(text: str) -> tuple[bool, str]:
    await asyncio.sleep(0)
    return third(text)


def called(text: str) -> Any:
    """A function that is not async and returns an awaitable."""
    return third_async(text)


class Third:
    """A check that is an object."""

    def __call__(self, text: str) -> bool:
        return text == "solver3"


def roles(model: ScriptedChatModel) -> list[str]:
    return [f"{call.metadata['role']}{call.metadata['layer']}" for call in model.calls]


@every_way
@pytest.mark.parametrize("check", [third, third_async, Third(), called])
async def test_it_tries_until_the_check_passes(way: str, check: Any) -> None:
    model = learner()
    app = create_reflexion(model, check=check, tries=5).compile()
    result = await call(app, way, user("Why?"))
    assert roles(model) == ["solver1", "reflector1", "solver2", "reflector2", "solver3"]
    assert result["answer"] == "solver3" and result["passed"] is True
    assert result["lessons"] == ["reflector1", "reflector2"]
    assert [c["text"] for c in result["candidates"]] == ["solver1", "solver2", "solver3"]
    report = result["report"]
    assert report["calls"] == 5 and report["degraded"] is None and result["passed"] is True
    known = {(c.metadata["role"], c.metadata["layer"], c.metadata["index"]) for c in model.calls}
    assert len(known) == 5


async def test_prompts_hold_the_last_answer_what_was_wrong_and_the_lessons() -> None:
    model = learner()
    await create_reflexion(model, check=third).compile().ainvoke(user("Why?"))
    first, lesson, second, _, last = model.calls
    assert first.texts == [("human", "Why?")]
    assert parse_numbered(lesson.prompt) == [(1, "solver1")]
    assert "solver1 is not the third" in lesson.prompt
    assert parse_numbered(second.prompt) == [(1, "solver1")]
    assert "- reflector1" in second.prompt and "solver1 is not the third" in second.prompt
    assert parse_numbered(last.prompt) == [(1, "solver2")]
    assert last.prompt.index("- reflector1") < last.prompt.index("- reflector2")


async def test_a_pass_at_the_first_try_is_one_call() -> None:
    model = learner()
    result = await create_reflexion(model, check=lambda _text: True).compile().ainvoke(user())
    assert roles(model) == ["solver1"] and result["lessons"] == []


async def test_without_a_pass_the_last_answer_is_marked() -> None:
    model = learner()
    result = await create_reflexion(model, check=lambda _text: False).compile().ainvoke(user())
    assert roles(model) == ["solver1", "reflector1", "solver2", "reflector2", "solver3"]
    assert result["answer"] == "solver3" and result["passed"] is False
    assert (
        result["report"]["degraded"] == "none of 3 answers passed the check: this is the last one"
    )


async def test_only_the_latest_lessons_are_shown() -> None:
    model = learner()
    app = create_reflexion(model, check=lambda _text: False, tries=4, memory=2).compile()
    result = await app.ainvoke(user())
    assert result["lessons"] == ["reflector2", "reflector3"]
    assert "reflector1" not in model.calls[-1].prompt


@every_way
async def test_a_member_checks_and_is_not_asked_about_the_last_try(way: str) -> None:
    model = learner()
    low = '{"score": 6.5, "reason": "too short"}'
    judge = ScriptedChatModel(lambda _m, data: low if data["layer"] < 2 else "Score: 3")
    app = create_reflexion(model, check=judge).compile()
    result = await call(app, way, user())
    assert roles(judge) == ["checker1", "checker2"]
    assert parse_numbered(judge.calls[1].prompt) == [(1, "solver2")]
    assert result["report"]["calls"] == 3 * 3 - 2
    assert result["answer"] == "solver3" and result["report"]["degraded"] is None
    assert result["passed"] is None  # nobody checked the last try
    assert "too short" in model.calls[2].prompt and "Score: 3" not in model.calls[4].prompt
    assert "too short" in model.calls[1].prompt
    assert result["report"]["roles_played_by"] == {"checker": ["scripted-2"]}


async def test_a_member_lets_pass_from_seven_on() -> None:
    model = learner(checker1='{"score": 7, "reason": ""}')
    result = await create_reflexion(model).compile().ainvoke(user())
    assert roles(model) == ["solver1", "checker1"] and result["passed"] is True


async def test_a_verdict_is_asked_for_again_then_the_answer_stands_marked() -> None:
    model = learner(checker1="who knows")
    result = await create_reflexion(model).compile().ainvoke(user())
    assert roles(model) == ["solver1", "checker1", "checker1"]
    assert result["answer"] == "solver1" and result["passed"] is None
    assert "the answer was taken as it is" in result["report"]["degraded"]
    known = {(c.metadata["role"], c.metadata["index"]) for c in model.calls}
    assert len(known) == 3


async def test_the_next_in_the_chain_checks_where_the_first_fails() -> None:
    broken, judge = (
        ScriptedChatModel(ValueError("broken")),
        ScriptedChatModel('{"score": 9, "reason": ""}'),
    )
    app = create_reflexion(learner(), check=[broken, judge]).compile()
    result = await app.ainvoke(user())
    assert (len(broken.calls), len(judge.calls)) == (1, 1) and result["passed"] is True


@pytest.mark.parametrize("fails", ["reflector1", "solver2"])
async def test_a_failure_leaves_the_last_good_answer(fails: str) -> None:
    model = learner(**{fails: ValueError("broken")})
    result = await create_reflexion(model, check=third).compile().ainvoke(user())
    assert result["answer"] == "solver1"
    assert "failed (error): the answer is that of try 1" in result["report"]["degraded"]


async def test_a_failed_first_try_is_an_error() -> None:
    app = create_reflexion(learner(solver1=ValueError("broken")), check=third).compile()
    with pytest.raises(QuorumError, match="broken"):
        await app.ainvoke(user())


async def test_a_budget_ends_it_with_what_there_is() -> None:
    model = learner()
    app = create_reflexion(model, check=third, budget=Budget(calls=2)).compile()
    result = await app.ainvoke(user())
    assert result["answer"] == "solver1" and len(model.calls) == 2
    assert "budget" in result["report"]["degraded"]


@pytest.mark.parametrize("outcome", ["yes", None, (True,), (True, 3)])
async def test_a_check_that_says_neither_is_an_error(outcome: Any) -> None:
    app = create_reflexion(learner(), check=lambda _text: outcome).compile()
    with pytest.raises(InputError, match="the check returned .*: return True, or False and what"):
        await app.ainvoke(user())


@every_way
async def test_lessons_are_kept_in_the_hosts_store(way: str) -> None:
    model, store = learner(), InMemoryStore()
    app = create_reflexion(model, check=lambda _text: False, tries=2).compile(store=store)
    await call(app, way, user("Why?"))
    model.calls.clear()
    result = await call(app, way, user("Why?"))
    assert "- reflector1" in model.calls[0].prompt and parse_numbered(model.calls[0].prompt) == []
    assert result["lessons"] == ["reflector1", "reflector1"]
    model.calls.clear()
    await call(app, way, user("Something else?"))
    assert model.calls[0].texts == [("human", "Something else?")]


async def test_lessons_of_a_task_serve_all_its_questions() -> None:
    model, store = learner(), InMemoryStore()
    graph = create_reflexion(model, check=lambda _text: False, tries=2, task="riddles")
    app = graph.compile(store=store)
    await app.ainvoke(user("One?"))
    model.calls.clear()
    await app.ainvoke(user("Two?"))
    assert "- reflector1" in model.calls[0].prompt


async def test_samples_of_a_forest_keep_their_lessons_apart() -> None:
    model, store = learner(), InMemoryStore()
    inner = create_reflexion(model, check=lambda _text: False, tries=2)
    app = create_agent_forest([inner], samples=3, extract="text").compile(store=store)
    result = await app.ainvoke(user("Why?"))
    assert result["report"]["calls"] == len(model.calls) == 9
    assert result["report"]["tokens"] == {"input": 90, "output": 45}
    first = [call for call in model.calls if call.metadata["layer"] == 1]
    assert all("reflector" not in c.prompt for c in first if c.metadata["role"] == "solver")
    assert len(store.search(("manyminds", "reflexion"))) == 3


async def test_two_turns_on_a_thread_start_clean() -> None:
    model = learner()
    app = create_reflexion(model, check=third).compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "t"}}
    await app.ainvoke(user("one"), thread)
    result = await app.ainvoke(user("two"), thread)
    assert model.calls[5].texts == [("human", "one"), ("ai", "solver3"), ("human", "two")]
    assert result["report"]["calls"] == 5 and len(result["lessons"]) == 2


async def test_what_is_thrown_away_is_not_streamed() -> None:
    model = ScriptedChatModel(
        lambda _m, data: f"{data.get('role', 'final')}{data.get('layer', '')}"
    )
    seen = await shown(create_reflexion(model, check=third).compile(), user())
    assert seen.texts(whole=False) == [] and seen.texts(whole=True) == ["solver3"]
    judge = ScriptedChatModel("Score: 0")
    seen = await shown(create_reflexion(model, check=judge).compile(), user())
    assert seen.texts(whole=False) == ["final"] and seen.texts(whole=True) == []


@pytest.mark.parametrize("options", [{"tries": 0}, {"memory": 0}])
def test_wrong_arguments(options: Any) -> None:
    with pytest.raises(InputError, match="=0: give at least 1"):
        create_reflexion(ScriptedChatModel(), **options)
