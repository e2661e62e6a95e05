"""Calls per question, as the papers' formulas have them, counted on the wire."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.forms import ROLES, role_form
from helpers.graphs import user
from helpers.server import Body, Reply, Server

from manyminds import (
    Level,
    Member,
    create_agent_forest,
    create_best_of_n,
    create_cascade,
    create_chain_of_thought,
    create_cmat,
    create_council,
    create_debate,
    create_debategpt,
    create_fusion,
    create_hierarchical_voting,
    create_interaction,
    create_lumos,
    create_moa,
    create_moa_lite,
    create_ranker,
    create_rater,
    create_reflexion,
    create_rsa,
    create_self_instruct,
    create_self_moa,
    create_self_moa_seq,
    create_self_refine,
    create_smoa,
    create_spp,
    create_ste,
    create_stepwise_voting,
    create_tournament,
)
from manyminds.method_graph import MethodGraph
from manyminds.registry import ours

SETTLED = "settled"  # a judge or moderator of this name stops the panel


def _reply(body: Body, k: int) -> Reply:
    """Answer in every form at once that a role could ask for; proposals differ from each other."""
    asked = "\n".join(str(message["content"]) for message in body["messages"])
    asks = "Reply with one JSON object" in asked
    form = role_form(asked, stop=body["model"] == SETTLED)
    text = json.dumps(form) if asks else f"My answer {k} differs. Final answer: {k}"
    return Reply(choices=[text] * (body.get("n") or 1))


Build = Callable[[list[str], str], MethodGraph]
TABLE: dict[str, tuple[int, Build]] = {
    "smoa, split": (12, lambda four, _: create_smoa(four)),
    "smoa, split, stops": (7, lambda four, done: create_smoa(four, moderator=done)),
    "smoa, split, roles": (13, lambda four, _: create_smoa(four, description="Sums.")),
    "smoa, split, roles, stops": (
        8,
        lambda four, done: create_smoa(four, moderator=done, role_writer=four[1]),
    ),
    "smoa, split, given roles": (12, lambda four, _: create_smoa(four, roles=ROLES)),
    "smoa, combined": (11, lambda four, _: create_smoa(four, stop="judge")),
    "smoa, combined, stops": (6, lambda four, done: create_smoa(four, judge=done, stop="judge")),
    "smoa, agreement": (11, lambda four, _: create_smoa(four, stop=0.9)),
    "smoa, agreement, stops": (6, lambda four, _: create_smoa(four, stop=0.25)),
    "smoa, no moderator": (11, lambda four, _: create_smoa(four, stop="never")),
    "moa": (9, lambda four, _: create_moa(four, layers=3)),
    "moa, 6 x 2": (7, lambda four, _: create_moa([*four, *four[:2]], layers=2)),
    "moa, 6 x 3": (13, lambda four, _: create_moa([*four, *four[:2]], layers=3)),
    "moa, chunks of 2": (10, lambda four, _: create_moa(four, layers=3, chunk=2)),
    "moa-lite": (5, lambda four, _: create_moa_lite(four)),
    "self-moa": (7, lambda four, _: create_self_moa(four[0], samples=6)),
    "self-moa-seq": (39, lambda four, _: create_self_moa_seq(four[0], samples=30)),
    "ranker": (5, lambda four, _: create_ranker(four)),
    "agent forest": (25, lambda four, _: create_agent_forest(four[0], samples=25)),
    "debate, 3 x 2": (6, lambda four, _: create_debate(four[:3], consensus=False)),
    "debate, 3 x 3": (9, lambda four, _: create_debate(four[:3], rounds=3, consensus=False)),
    "council": (9, lambda four, _: create_council(four)),
    "reflexion, 3 tries": (
        5,
        lambda four, _: create_reflexion(four[0], check=lambda _text: False),
    ),
    "reflexion, 3 tries, checked by a member": (7, lambda four, _: create_reflexion(four[0])),
    "reflexion, right at once": (
        1,
        lambda four, _: create_reflexion(four[0], check=lambda _text: True),
    ),
    "spp": (1, lambda four, _: create_spp(four[0])),
    "self-refine": (7, lambda four, _: create_self_refine(four[0], refinements=3)),
    "best of n": (8, lambda four, _: create_best_of_n(four, samples=4)),
    "best of n, a function": (
        4,
        lambda four, _: create_best_of_n(four, samples=4, scorer=len),
    ),
    "tournament": (
        16,
        lambda four, _: create_tournament(four[:2], judge=four[2], samples=8, rounds=1),
    ),
    "tournament, 3 rounds": (32, lambda four, _: create_tournament(four, samples=8)),
    "rsa": (48, lambda four, _: create_rsa(four)),
    "rsa, cheap ones first": (12, lambda four, _: create_rsa([four[:3], four[3:]], population=4)),
    "fusion": (6, lambda four, _: create_fusion(four)),
    "cascade, agrees at once": (3, lambda four, _: create_cascade(four, agree=0.3)),
    "cascade, never agrees": (10, lambda four, _: create_cascade(four)),
    "interaction": (4, lambda four, _: create_interaction(four)),
    "interaction, two temperatures": (
        8,
        lambda four, _: create_interaction(four, temperatures=[0.2, 0.7]),
    ),
    "lumos": (3, lambda four, _: create_lumos(four)),
    "debategpt": (13, lambda four, _: create_debategpt(four)),
    "cmat": (13, lambda four, _: create_cmat(four, steps=2)),
    "ste": (6, lambda four, _: create_ste(four, episodes=1, slots=2)),
    "rater": (4, lambda four, _: create_rater(four)),
    "self-instruct": (8, lambda four, _: create_self_instruct(four, tasks=4)),
    "hierarchical voting": (
        6,
        lambda four, _: create_hierarchical_voting(
            four, levels=[Level("Which range?", samples=2), Level("Which number?", samples=4)]
        ),
    ),
    "hierarchical voting, planned": (
        15,
        lambda four, _: create_hierarchical_voting(four, last=Level("", samples=4)),
    ),
    "step-wise voting": (100, lambda four, _: create_stepwise_voting(four)),
    "chain of thought": (1, lambda four, _: create_chain_of_thought(four[0])),
}


def test_every_method_is_in_the_table_or_counts_calls_in_its_own_test() -> None:
    """The contribution guide asks for the latter, and for nothing in this file."""
    four = [f"{name}@http://localhost:1" for name in "abcd"]
    built = {build(four, four[0]).method for _, build in TABLE.values()}
    known = {method.name for method in ours()}
    own = {name: Path(__file__).with_name(f"test_{safe(name)}.py") for name in known - built}
    assert built <= known
    assert [name for name, path in own.items() if '["calls"] ==' not in path.read_text()] == []


def safe(name: str) -> str:
    return name.replace("-", "_")


@pytest.mark.parametrize(("calls", "build"), TABLE.values(), ids=TABLE)
async def test_calls_on_the_wire(calls: int, build: Build) -> None:
    with Server(_reply) as server:
        four = [f"{name}@{server.url}" for name in "abcd"]
        graph = build(four, f"{SETTLED}@{server.url}")
        result: dict[str, Any] = await graph.compile().ainvoke(user())
        assert len(server.requests) == calls
    report = result["report"]
    assert report["calls"] == report["requests"] == calls and report["missing"] == []


@pytest.mark.parametrize(("at_once", "requests"), [(1, 25), (10, 3)])
async def test_samples_share_a_request_where_the_endpoint_allows_it(
    at_once: int, requests: int
) -> None:
    with Server(_reply) as server:
        member = Member(f"a@{server.url}", samples_per_request=at_once)
        result = await create_agent_forest(member, samples=25).compile().ainvoke(user())
        assert len(server.requests) == requests
    assert result["report"]["calls"] == 25
