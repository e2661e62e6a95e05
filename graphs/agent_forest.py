"""Agent Forest: ask the same question many times and vote.

Paper: "More Agents Is All You Need", arXiv 2402.05120 (sampling and voting).
"""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any

from langchain_core.prompts import ChatPromptTemplate
from pydantic import BaseModel
from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.graphs.method_graph import MethodGraph, Options, check_quorum
from manyminds.members import Askable
from manyminds.members import members as as_members
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.node import Route
from manyminds.nodes.sampler import sampler
from manyminds.nodes.voter import Vote, voter
from manyminds.nodes.wave import branches, wave
from manyminds.prompts import load
from manyminds.state import Candidate
from manyminds.votes import stopping
from manyminds.votes.answers import Extractor, extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import VOTES

PARAMS: Mapping[str, Any] = {"temperature": 1.0}


class ForestState(SampledState, total=False):
    """Channels of sampling and voting; `labels` has the answer group of each candidate."""

    asked: int
    planned: int
    labels: list[int | None]
    ballot: Ballot


class ForestOutput(MethodOutput):
    """The answer, the report, the ballot, and the candidates of all waves."""

    ballot: Ballot
    candidates: list[Candidate]


def create_agent_forest(
    members: Askable | Sequence[Askable],
    *,
    samples: int = 10,
    vote: Vote | None = None,
    extract: str | Callable[[str], str | None] | Extractor | type[BaseModel] = "final",
    stop: str | stopping.StoppingRule | None = None,
    prompt: str | Path | ChatPromptTemplate | None = None,
    quorum: float = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build sampling-and-voting over one model or several.

    Use it where answers can be compared: it needs no tuning, is hard to beat at equal cost, and
    every other method should be measured against it.

    Args:
        members: who is sampled, in turn, in an order drawn for each question from the seed. A
            member may be any method, agent or chain: one sample is one run of it.
        samples: how many samples at most.
        vote: "majority" over extracted answers; "bleu" (the paper's for open answers), "rouge",
            "levenshtein", "tfidf": the one most similar to all others; or a function from
            candidates to a ballot. Default: majority where answers can be read, else "bleu".
        extract: how to read an answer out of a reply: a name ("number", "choice", "math", "code",
            ...), a function, an Extractor or a pydantic class.
        stop: a stopping rule that may end sampling early, such as "beta:0.95"; waves then hold
            only what the rule needs at least. Default: all samples at once.
        prompt: how to ask, such as "agent_forest/number@1"; None asks the bare question.
        quorum: good answers needed: a count, or a share of those asked if below 1.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates"}.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if samples < 1:
        raise InputError(f"samples={samples}: give at least 1")
    check_quorum(quorum, samples)
    everyone = as_members(members)
    kind = extractor(extract)
    ballot = _vote(vote, kind)
    asked = None if prompt is None else load(prompt, variables=set())
    rule = _rule(stop, samples)
    graph = MethodGraph(
        ForestState,
        method="agent-forest",
        members=everyone,
        draws=ceil(samples / len(everyone)),
        supersteps=3 * samples + 4,
        output=ForestOutput,
        **options,
    )
    context = graph.settings
    graph.open("wave", asked=0, planned=0, labels=[], ballot=None)
    graph.add_node("wave", wave(method="agent-forest", rule=rule, context=context))
    graph.add_node(
        "sampler",
        sampler(
            everyone,
            method="agent-forest",
            prompt=asked,
            extract=kind,
            params=PARAMS,
            context=context,
        ),
    )
    graph.add_node(
        "voter",
        voter(
            method="agent-forest",
            vote=ballot,
            extract=kind,
            rule=rule,
            quorum=quorum,
            context=context,
        ),
    )

    def after_vote(state: ForestState) -> str:
        return "finish" if state["decision"]["stop"] else "wave"

    graph.add_conditional_edges("wave", Route(branches), ["sampler"])
    graph.add_edge("sampler", "voter")
    graph.add_conditional_edges("voter", Route(after_vote), ["wave", "finish"])
    graph.close(prompts=[] if asked is None else [asked], keys=["ballot", "layer", "decision"])
    return graph


def _rule(stop: str | stopping.StoppingRule | None, samples: int) -> stopping.StoppingRule:
    if stop is None:
        return stopping.fixed(samples)
    rule = stopping.rule(stop, cap=samples)
    return rule if rule.cap <= samples else stopping.any_of(rule, stopping.fixed(samples))


def _vote(vote: Vote | None, kind: Extractor) -> Vote:
    if vote is None:
        return {"final": "auto", "code": "bleu", "text": "bleu"}.get(kind.name, "majority")
    if isinstance(vote, str) and vote not in VOTES:
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTES)}, or a function")
    return vote
