import asyncio

import pytest
from helpers.graphs import a_run, user
from helpers.server import Body, Reply, Server
from langchain_core.messages import BaseMessage, HumanMessage

from manyminds import Budget, Context, Member, create_agent_forest, create_moa
from manyminds.calls.ask import ask, ask_all, blank
from manyminds.runs.usage import spent_on, totals

PROMPT: list[BaseMessage] = [HumanMessage("Why?")]


def late(body: Body, k: int) -> Reply:
    """The member called slow hangs; all others answer."""
    name = str(body["model"])
    return Reply(f"by {name}", hang=name == "slow")


def first_is_late(_body: Body, k: int) -> Reply:
    return Reply(f"answer {k}", hang=k == 0)


async def test_a_spare_answers_in_the_place_of_who_is_late() -> None:
    with Server(late) as server:
        member = Member(f"slow@{server.url}", hedge_with=f"spare@{server.url}", timeout=30)
        got = await ask(member, PROMPT, a_run(hedge=0.05), role="r")
        assert len(server.requests) == 2
    assert got["status"] == "ok" and got["text"] == "by spare"
    assert got["member"] == "slow" and got.get("hedged_by") == "spare"
    rows = spent_on([got])
    assert set(rows) == {"r/spare", "r/slow"} and totals(rows)["requests"] == 2
    assert rows["r/slow"]["failed"] == {"cancelled": 1} and not rows["r/spare"]["failed"]


async def test_without_a_spare_the_same_member_is_asked_once_more() -> None:
    with Server(first_is_late) as server:
        member = Member(f"m@{server.url}", timeout=30)
        got = await ask(member, PROMPT, a_run(hedge=0.05), role="r")
    assert got["text"] == "answer 1" and "hedged_by" not in got and got["draw"] == 0


async def test_nobody_is_asked_twice_who_is_quick() -> None:
    with Server() as server:
        got = await ask(Member(f"m@{server.url}"), PROMPT, a_run(hedge=5.0), role="r")
        assert len(server.requests) == 1 and "hedges" not in got


async def test_both_failing_is_one_failure_that_says_so() -> None:
    with Server(lambda body, k: Reply("no", status=400, latency=0.1)) as server:
        member = Member(f"m@{server.url}", hedge_with=f"s@{server.url}", retries=0)
        got = await ask(member, PROMPT, a_run(hedge=0.02), role="r")
        assert len(server.requests) == 2
    assert got["status"] == "failed" and totals(spent_on([got]))["requests"] == 2


async def test_the_budget_of_calls_holds_for_spares_too() -> None:
    with Server(lambda body, k: Reply("Final answer: 1", latency=0.1)) as server:
        app = create_agent_forest(f"m@{server.url}", samples=10).compile()
        context = Context(budget=Budget(calls=6), hedge=0.02)
        result = await app.ainvoke(user(), context=context)
        assert len(server.requests) == 6 == result["report"]["calls"]


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelled_calls_are_counted_on_both_sides(times: int) -> None:
    with Server(lambda body, k: Reply(hang=True)) as server:
        member = Member(f"m@{server.url}", timeout=30)
        run = a_run(hedge=0.02)
        asked = [blank(member, run, role="r", index=n, draw=n, layer=1) for n in range(2)]
        task = asyncio.create_task(ask_all([(member, [c], PROMPT) for c in asked], run))
        while len(server.requests) < 4:
            await asyncio.sleep(0.01)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
    assert totals(spent_on(asked))["requests"] == 4


async def test_a_layer_does_not_wait_for_the_late_one() -> None:
    with Server(late) as server:
        slow = Member(f"slow@{server.url}", hedge_with=f"spare@{server.url}", timeout=30)
        app = create_moa(
            [slow, Member(f"b@{server.url}")], aggregator=f"end@{server.url}", layers=2
        ).compile()
        result = await app.ainvoke(user(), context=Context(hedge=0.05))
    assert [c["text"] for c in result["candidates"]] == ["by spare", "by b"]
    assert result["report"]["degraded"] is None
