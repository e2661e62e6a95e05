from typing import Any

import pytest
from helpers.graphs import a_run, user

from manyminds import (
    BudgetError,
    Candidate,
    Member,
    QuorumError,
    create_agent_forest,
    create_moa,
)
from manyminds.calls.ask import blank
from manyminds.limits.quorum import Quorum, require
from manyminds.state import Failure
from manyminds.testing import ScriptedChatModel


def layer(*states: str) -> list[Candidate]:
    candidates: list[Candidate] = []
    for index, state in enumerate(states):
        member = Member(ScriptedChatModel(), name=f"m{index}")
        one = blank(member, a_run(), role="x", index=index, draw=0, layer=1)
        status: Any = state
        one["status"] = status
        kinds: Any = {"failed": "server_error", "skipped": "budget", "timeout": "timeout"}
        if state != "ok":
            one["error"] = Failure(
                kind=kinds[state], message="why", retriable=False, maybe_billed=False
            )
        candidates.append(one)
    return candidates


@pytest.mark.parametrize(
    ("good", "asked", "quorum", "enough"),
    [
        (1, 3, 1, True),
        (0, 3, 1, False),
        (2, 3, 2, True),
        (2, 3, 3, False),
        (2, 4, "50%", True),
        (1, 4, "50%", False),
        (2, 5, "50%", False),  # half of five is more than two
        (3, 5, "50%", True),
        (3, 30, "10%", True),
        (2, 30, "10%", False),
        (1, 100, "0.1%", True),
        (0, 100, "0.1%", False),
    ],
)
def test_quorum_is_a_count_or_a_share(good: int, asked: int, quorum: Quorum, enough: bool) -> None:
    candidates = layer(*["ok"] * good, *["failed"] * (asked - good))
    if enough:
        require(candidates, quorum)
    else:
        with pytest.raises(QuorumError, match=f"{good} of {asked} members answered"):
            require(candidates, quorum)


def test_each_failure_is_named() -> None:
    with pytest.raises(QuorumError) as raised:
        require(layer("failed", "ok", "timeout"), 2)
    assert raised.value.failures == ("m0: server_error: why", "m2: timeout: why")
    assert str(raised.value) == (
        "1 of 3 members answered and the quorum is 2; m0: server_error: why; m2: timeout: why"
    )


def test_nobody_asked_for_want_of_budget_is_another_error() -> None:
    with pytest.raises(BudgetError, match="before there was an answer"):
        require(layer("skipped", "skipped"), 1)
    with pytest.raises(QuorumError):
        require(layer("skipped", "failed"), 1)


async def test_samples_of_one_member_are_no_members() -> None:
    failing = Member(ScriptedChatModel(ConnectionError("E7 ssl:default gone")), name="one")
    with pytest.raises(QuorumError, match="0 of 4 calls were answered") as error:
        await create_agent_forest(failing, samples=4).compile().ainvoke(user())
    assert "ssl:default" not in str(error.value)
    with pytest.raises(QuorumError, match="0 of 2 members answered"):
        await create_moa([failing, failing]).compile().ainvoke(user())
