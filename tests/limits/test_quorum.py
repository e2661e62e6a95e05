import asyncio
import time
from typing import Any

import pytest
from helpers.graphs import a_run, user
from helpers.server import Body, Reply, Server

from manyminds import Candidate, Context, Member, create_moa
from manyminds.calls.ask import blank
from manyminds.errors import InputError
from manyminds.limits.quorum import Quorum, check_quorum, count_of, layer_deadline
from manyminds.runs.scope import forget
from manyminds.testing import ScriptedChatModel

MEMBER = Member(ScriptedChatModel(), name="m")
SLOWEST = {"a": 0.02, "b": 0.05, "c": 0.1, "d": 0.3, "e": 0.35}


def got(status: str, count: int = 1) -> list[Candidate]:
    run = a_run("patience")
    found = [blank(MEMBER, run, role="r", index=n, draw=n, layer=1) for n in range(count)]
    return [{**one, "status": status} for one in found]  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("quorum", "asked", "count"),
    [
        (1, 6, 1),
        (4, 6, 4),
        ("50%", 6, 3),
        ("50 %", 7, 4),
        ("10%", 30, 3),
        ("0.1%", 6, 1),
        ("99%", 2, 2),
    ],
)
def test_a_quorum_is_a_count_or_a_share(quorum: Quorum, asked: int, count: int) -> None:
    check_quorum(quorum, asked)
    assert count_of(quorum, asked) == count


@pytest.mark.parametrize("quorum", [0, 7, -1, True, 0.5, 1.0, "75", "0%", "101%", "half", "", "%"])
def test_another_quorum_is_refused_with_what_to_give(quorum: Any) -> None:
    with pytest.raises(InputError, match="give a count from 1 to 6, or a share such as"):
        check_quorum(quorum, 6)


async def test_without_any_option_all_are_waited_for() -> None:
    assert layer_deadline(a_run(), 1, asked=6, quorum=1) is None


async def test_only_good_answers_start_the_grace() -> None:
    run = a_run("patience-1", grace=0.02)
    deadline = layer_deadline(run, 1, asked=3, quorum=2)
    assert deadline is not None
    deadline.add(got("failed", 5) + got("ok"))
    await asyncio.sleep(0.05)
    assert not deadline.reached.is_set()
    deadline.add(got("ok"))
    await asyncio.wait_for(deadline.reached.wait(), 5)
    assert deadline.reason is not None
    assert deadline.reason["message"].startswith("cut 0.02 s after 2 answers were in")
    assert deadline.reason["maybe_billed"]
    forget(run.id)


async def test_a_rule_rings_at_once_and_is_no_loss() -> None:
    run = a_run("patience-2")
    deadline = layer_deadline(run, 1, asked=3, quorum=1, rule=lambda seen: len(seen) >= 2)
    assert deadline is not None
    deadline.add(got("ok", 2))
    assert deadline.reached.is_set() and deadline.reason is not None
    assert deadline.reason["kind"] == "cancelled"
    forget(run.id)


def six(body: Body, _k: int) -> Reply:
    """Answer late, each at its own time; f and g hang."""
    name = str(body["model"])
    return Reply(f"by {name}", hang=name in ("f", "g"), latency=SLOWEST.get(name, 0.0))


async def warm(server: Server) -> None:
    await create_moa([f"warm@{server.url}"], layers=2).compile().ainvoke(user())
    server.clear()


@pytest.mark.parametrize(
    ("names", "grace", "good"), [("abcdgf", 0.02, 4), ("abcdgf", 0.3, 4), ("abcdef", 1.0, 5)]
)
async def test_a_layer_takes_as_long_as_its_fourth_answer_and_the_grace(
    names: str, grace: float, good: int
) -> None:
    with Server(six) as server:
        await warm(server)
        members = [Member(f"{name}@{server.url}", timeout=60) for name in names]
        app = create_moa(
            members, aggregator=f"end@{server.url}", layers=2, quorum=4, grace=grace
        ).compile()
        result = await app.ainvoke(user())
        first, last = server.requests[0], server.requests[-1]
        assert last.body["model"] == "end"
        fourth = sorted(r.answered for r in server.requests[:6] if r.answered is not None)[3]
        waited, most = last.arrived - first.arrived, fourth - first.arrived + grace
    assert most - 0.1 <= waited < most + 20
    status = {c["member"]: c["status"] for c in result["candidates"]}
    assert status["f"] == "cut" and sum(s == "ok" for s in status.values()) == good
    assert result["answer"] == "by end" and "timeout" in result["report"]["degraded"]
    assert "f" in [m["member"] for m in result["report"]["missing"]]


async def test_without_options_a_hanging_member_ends_at_its_timeout_and_is_marked() -> None:
    with Server(six) as server:
        await warm(server)
        members = [Member(f"{name}@{server.url}") for name in "abcde"]
        hangs = Member(f"f@{server.url}", timeout=0.6)
        app = create_moa([*members, hangs], aggregator=f"end@{server.url}", layers=2).compile()
        began = time.monotonic()
        result = await app.ainvoke(user())
        took = time.monotonic() - began
    assert 0.6 <= took < 20 and result["answer"] == "by end"
    assert [c["status"] for c in result["candidates"]].count("ok") == 5
    assert result["report"]["degraded"] == "1 of 7 calls gave no answer (timeout 1)"
    assert result["report"]["missing"][0]["member"] == "f"


async def test_the_deadline_holds_for_each_layer() -> None:
    with Server(six) as server:
        await warm(server)
        members = [Member(f"{name}@{server.url}", timeout=30) for name in "abf"]
        app = create_moa(members, aggregator=f"end@{server.url}", layers=3).compile()
        began = time.monotonic()
        result = await app.ainvoke(user(), context=Context(deadline=0.3))
        assert 0.6 <= time.monotonic() - began < 20
    assert "timeout 2" in result["report"]["degraded"]
