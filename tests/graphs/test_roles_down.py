"""A role whose member is down: its documented fallback, said so, and never a verdict read from it.

Over real HTTP. What the server sends with every failure would be a verdict if anybody read it.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from helpers.graphs import user
from helpers.server import Body, Reply, Server

from manyminds import (
    Member,
    create_agent_forest,
    create_council,
    create_debate,
    create_hierarchical_voting,
    create_moa,
    create_ranker,
    create_reflexion,
    create_smoa,
)
from manyminds.method_graph import MethodGraph

_FIELDS = {
    "order": [3, 2, 1],
    "scores": [1, 2, 9],
    "score": 9,
    "passed": True,
    "stop": True,
    "reason": "E7-exploded",
    "roles": ["E7-exploded"] * 3,
    "questions": ["E7-exploded", "E7-exploded too"],
    "answer": 3,
}
_VERDICT = f"{json.dumps(_FIELDS)}\nFinal answer: 1"
DOWN = {
    "500": (Reply(_VERDICT, status=500), "server_error"),
    "hang": (Reply(hang=True), "timeout"),
    "malformed": (Reply(malformed=True), "malformed"),
    "filtered": (Reply(_VERDICT, finish_reason="content_filter"), "refused"),
    "half": (Reply(_VERDICT, half_stream=True), "connection"),
}
Result = dict[str, Any]
Holds = Callable[[Result], bool]


@dataclass(frozen=True)
class Case:
    """A method with one role down.

    Attributes:
        build: from its members and the role's to the method.
        note: what `degraded` says.
        fallback: whether a result is what the documentation says for such a case.
    """

    build: Callable[[list[Member], Member], MethodGraph]
    note: str
    fallback: Holds


def first(result: Result) -> bool:
    """Say whether the answer is the one that two of three gave, verbatim."""
    return bool(result["answer"] == "Final answer: 1")


def vote_of(vote: str) -> Holds:
    return lambda result: first(result) and result["ballot"]["vote"] == vote


def smoa(role: str, **options: Any) -> Callable[[list[Member], Member], MethodGraph]:
    def build(members: list[Member], down: Member) -> MethodGraph:
        given: dict[str, Any] = {"layers": 2, **options, role: down}
        return create_smoa(members, **given)

    return build


def debate(role: str, **options: Any) -> Callable[[list[Member], Member], MethodGraph]:
    def build(members: list[Member], down: Member) -> MethodGraph:
        given: dict[str, Any] = {"consensus": False, **options, role: down}
        return create_debate(members, **given)

    return build


def forest(vote: str) -> Callable[[list[Member], Member], MethodGraph]:
    return lambda members, down: create_agent_forest(members, samples=3, vote=vote, judge=down)


CASES = {
    "aggregator": Case(
        lambda members, down: create_moa(members, aggregator=down, layers=2),
        "no aggregator answered",
        first,
    ),
    "judge": Case(
        smoa("judge"),
        "no judge was usable",
        lambda result: (
            result["verdict"]["source"] == "fallback"
            and result["verdict"]["scores"] == [None] * 3
            and result["verdict"]["reasons"] == [""] * 3
        ),
    ),
    "moderator": Case(
        smoa("moderator", layers=3),
        "no moderator was usable",
        lambda result: (
            result["report"]["layer"] == 2 and result["report"]["roles"]["proposer"]["calls"] == 6
        ),
    ),
    "judge and moderator in one": Case(
        smoa("judge", stop="judge", layers=3),
        "no judge was usable",
        lambda result: result["verdict"]["source"] == "fallback" and result["report"]["layer"] == 2,
    ),
    "role writer": Case(
        smoa("role_writer"),
        "no role writer was usable",
        lambda result: result["proposer_roles"] == [],
    ),
    "ranker": Case(
        lambda members, down: create_ranker(members, ranker=down), "no ranker was usable", first
    ),
    "chair": Case(
        lambda members, down: create_council(members, chair=down), "no chair answered", first
    ),
    "debate's judge writes": Case(debate("judge"), "no judge was usable", first),
    "debate's judge picks": Case(debate("judge", verdict="pick"), "no judge was usable", first),
    "cleaner": Case(debate("clean"), "the answer could not be cleaned", first),
    "summarizer": Case(debate("summarize"), "not everything was summed up", first),
    "universal judge": Case(forest("universal"), "no judge was usable", vote_of("bleu")),
    "rater": Case(forest("rated"), "no rating could be read", vote_of("bleu")),
    "checker": Case(
        lambda members, down: create_reflexion(members[0], check=down),
        "no checker was usable",
        lambda result: result["passed"] is None and first(result),
    ),
    "planner": Case(
        lambda members, down: create_hierarchical_voting(members, planner=down),
        "no planner was usable",
        lambda result: len(result["levels"]) == 1,
    ),
}


@pytest.fixture(scope="module", params=DOWN)
def down(request: pytest.FixtureRequest) -> Iterator[tuple[Server, str]]:
    """Return a server whose member `down` fails in one way, and the kind of that failure."""
    reply, kind = DOWN[request.param]

    def behave(body: Body, _k: int) -> Reply:
        if body["model"] == "down":
            return reply
        return Reply("Final answer: 2" if body["model"] == "c" else "Final answer: 1")

    with Server(behave) as server:
        yield server, kind


@pytest.mark.parametrize("role", CASES)
async def test_a_role_that_is_down_falls_back_and_says_so(
    role: str, down: tuple[Server, str]
) -> None:
    (server, kind), case = down, CASES[role]
    members = [Member(f"{name}@{server.url}", name=name) for name in "abc"]
    failing = Member(f"down@{server.url}", name="down", timeout=0.2, retries=0)
    result = await case.build(members, failing).compile().ainvoke(user())
    report = result["report"]
    assert case.note in report["degraded"] and kind in report["degraded"]
    assert case.fallback(result), result
    lost = {one["kind"]: one["count"] for one in report["missing"] if one["member"] == "down"}
    assert list(lost) == [kind] and report["members"]["down"]["calls"] == lost[kind]
    assert "E7" not in json.dumps(
        [result.get(key) for key in ("answer", "proposer_roles", "levels")]
    )


@pytest.mark.parametrize("lost", [1, 3])
@pytest.mark.parametrize("how", DOWN)
async def test_a_council_whose_reviewers_are_down_says_who_and_goes_on(how: str, lost: int) -> None:
    reply, kind = DOWN[how]

    def behave(body: Body, _k: int) -> Reply:
        if "review" in str(body["messages"][0]["content"]).lower():
            return reply if body["model"] in "abc"[:lost] else Reply('{"order": [2, 1]}')
        return Reply(f"Final answer: {ord(body['model'])}")

    with Server(behave) as server:
        members = [
            Member(f"{name}@{server.url}", name=name, timeout=3.0, retries=0) for name in "abc"
        ]
        result = await create_council(members, rank_only=True).compile().ainvoke(user())
    gone = [one for one in result["report"]["missing"] if one["role"] == "ranker"]
    assert {one["kind"] for one in gone} == {kind} and sum(one["count"] for one in gone) == lost
    assert kind in result["report"]["degraded"]
    read = [review["order"] for review in result.get("rankings") or []]
    assert (
        read.count([]) == lost if lost < 3 else "nothing was ranked" in result["report"]["degraded"]
    )
    assert result["answer"].startswith("Final answer") and "E7" not in result["answer"]
