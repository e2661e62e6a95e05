"""Sparse Mixture-of-Agents in need: budgets, threads, and methods in methods."""

from typing import Any

import pytest
from helpers.graphs import user
from helpers.panel import STOP, Panel, judge_by, last_letter, proposers
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Budget, BudgetError, Member, create_agent_forest, create_moa, create_smoa
from manyminds.testing import Answer, Metadata, ScriptedChatModel

ALL = [f"layer 1 {letter}" for letter in "bdac"]


@pytest.mark.parametrize(
    ("calls", "made", "layer", "degraded"),
    [
        (12, 12, 2, None),
        (11, 6, 1, "has no room for the 8 that come next after layer 1 of 2"),
        (6, 6, 1, "has no room for the 8 that come next after layer 1 of 2"),
        (5, 5, 1, "no judge was usable (budget)"),
        (4, 4, 1, "no aggregator answered (budget)"),
        (2, 2, 1, "2 calls is spent"),
    ],
)
async def test_a_budget_ends_it_before_what_it_cannot_pay(
    calls: int, made: int, layer: int, degraded: str | None
) -> None:
    result = await Panel(budget=Budget(calls=calls)).run()
    report = result["report"]
    assert report["calls"] == made and report["layer"] == layer
    assert result["answer"] == "the end" if calls > 4 else result["answer"] in ALL
    if degraded is None:
        assert report["degraded"] is None
    else:
        assert degraded in report["degraded"]


async def test_a_judges_second_try_does_not_take_the_answers_call() -> None:
    panel = Panel(None, judge=ScriptedChatModel("Hm."), layers=2, budget=Budget(calls=6))
    result = await panel.run()
    assert result["answer"] == "the end" and result["report"]["calls"] == 6


async def test_tokens_that_end_within_a_layer_leave_what_was_kept_before() -> None:
    # One at a time, 15 tokens each: seven calls, and the first of layer 2 uses up what is left.
    def second(data: Metadata) -> Answer:
        return ValueError("x") if data["layer"] == 1 else "layer 2 z"

    model = ScriptedChatModel(lambda _m, data: "layer 1 " + "abcd"[data["index"]])
    members = [model, ScriptedChatModel(lambda _m, data: second(data)), model, model]
    writer = ScriptedChatModel("the end")
    app = create_smoa(
        members,
        judge=judge_by(last_letter),
        stop="never",
        aggregator=writer,
        concurrency=1,
        quorum=3,
        budget=Budget(tokens=61),
    ).compile()
    result = await app.ainvoke(user())
    report = result["report"]
    assert "in layer 2: the answer rests on layer 1" in report["degraded"]
    kept = [result["candidates"][index]["text"] for index in result["kept"]]
    assert kept == ["layer 1 d", "layer 1 c"] and result["answer"] == "layer 1 d"
    assert result["verdict"]["scores"] == [0.0, None, pytest.approx(0.4), pytest.approx(0.6)]


async def test_a_budget_that_raises() -> None:
    with pytest.raises(BudgetError, match="no room for the 8 that come next"):
        await Panel(budget=Budget(calls=7, exhausted="raise")).run()


async def test_two_turns_on_a_thread_start_clean() -> None:
    roles = ["You are first.", "You are second.", "You are third.", "You are fourth."]

    def build() -> tuple[Panel, Any]:
        panel = Panel(roles=roles)
        return panel, panel.graph.compile(checkpointer=InMemorySaver())

    panel, app = build()
    everyone = [*panel.models, panel.judge, panel.moderator, panel.aggregator]
    thread: Any = {"configurable": {"thread_id": "1"}}
    first = await app.ainvoke(user("first"), thread)
    done = [len(model.calls) for model in everyone]
    second = await app.ainvoke(user("second"), thread)
    fresh, other = build()
    told = {"messages": [*first["messages"], ("user", "second")]}
    again = await other.ainvoke(told, {"configurable": {"thread_id": "2"}})
    anew = [*fresh.models, fresh.judge, fresh.moderator, fresh.aggregator]
    for model, n, one in zip(everyone, done, anew, strict=True):
        assert [c.texts for c in model.calls[n:]] == [c.texts for c in one.calls]
    assert second["report"]["calls"] == again["report"]["calls"] == 12
    assert second["kept"] == again["kept"] and second["verdict"] == again["verdict"]


async def test_a_second_turn_forgets_the_verdict_of_the_first() -> None:
    panel = Panel(STOP)
    app = panel.graph.compile(checkpointer=InMemorySaver(), interrupt_after=["begin"])
    thread: Any = {"configurable": {"thread_id": "1"}}
    await app.ainvoke(user("first"), thread)
    await app.ainvoke(None, thread)
    assert app.get_state(thread).values["verdict"] is not None
    await app.ainvoke(user("second"), thread)
    values = app.get_state(thread).values
    assert values["verdict"] is None and values["proposer_roles"] == []


async def test_as_a_member_and_with_methods_as_members() -> None:
    panel = Panel(STOP)
    inner = Member(panel.graph, name="inner")
    result = await create_agent_forest(inner, samples=2, vote="majority").compile().ainvoke(user())
    assert result["report"]["calls"] == 14 and result["answer"] == "the end"
    draws = [c.metadata["draw"] for c in panel.models[0].calls]
    assert len(set(draws)) == 2 and max(draws) >= panel.graph.draws
    lite = create_moa(proposers("x", "y")[1], aggregator=ScriptedChatModel("w a"), layers=2)
    app = create_smoa([lite, lite], judge=judge_by(last_letter), layers=2).compile()
    assert (await app.ainvoke(user()))["report"]["calls"] == 3 + 3 + 1 + 3
