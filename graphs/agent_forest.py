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

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member, listed
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.asked_votes import Rated, Universal
from manyminds.nodes.channels import MethodOutput, SampledState
from manyminds.nodes.node import Route
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.sampler import Sampling, sampler
from manyminds.nodes.voter import Sampled, Vote, voter
from manyminds.nodes.wave import branches, wave
from manyminds.prompts import load
from manyminds.reading.answers import Extractor, extractor
from manyminds.state import Candidate
from manyminds.votes import stopping
from manyminds.votes.ballots import Ballot
from manyminds.votes.flags import RedFlags
from manyminds.votes.votes import VOTES

PARAMS: Mapping[str, Any] = {"temperature": 1.0}


class ForestState(SampledState, total=False):
    """Channels of sampling and voting."""

    asked: int
    planned: int
    ballot: Ballot | None
    sampled: Sampled | None


class ForestOutput(MethodOutput):
    """The answer, the report, the ballot, and the candidates of all waves."""

    ballot: Ballot
    candidates: list[Candidate]


@method(
    "agent-forest",
    paper="More Agents Is All You Need, arXiv 2402.05120",
    calls="samples",
    use="Answers that can be compared (numbers, choices, code): cheap, robust, the baseline.",
)
def create_agent_forest(
    members: Askable | Sequence[Askable],
    *,
    samples: int = 10,
    vote: Vote | None = None,
    extract: str | Callable[[str], str | None] | Extractor | type[BaseModel] = "final",
    stop: str | stopping.StoppingRule | None = None,
    cut: bool = False,
    flags: RedFlags | None = None,
    judge: RoleArgument = None,
    prompt: str | Path | ChatPromptTemplate | None = None,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build sampling-and-voting over one model or several.

    Use it where answers can be compared: it needs no tuning, is hard to beat at equal cost, and
    every other method should be measured against it.

    Args:
        members: who is sampled, in turn, in an order drawn for each question from the seed. A
            member may be any method, agent or chain: one sample is one run of it. A Path is a file
            that `manyminds select` wrote.
        samples: how many samples at most.
        vote: "majority" over extracted answers; "weighted" by the members' weights; "confidence"
            by what each reply says of itself (CISC, arXiv 2502.06233); "bleu" (the paper's for
            open answers), "rouge", "levenshtein", "tfidf": the one most similar to all others;
            "universal": a judge picks the most consistent; "rated": a rater scores each; or a
            function from candidates to a ballot. Default: majority where answers can be read, else
            "bleu".
        extract: how to read an answer out of a reply: a name ("number", "choice", "math", "code",
            ...), a function, an Extractor or a pydantic class.
        stop: a stopping rule that may end sampling early, such as "beta:0.95"; waves then hold
            only what the rule needs at least. Default: all samples at once.
        cut: ask all samples at once and cut those in flight as soon as the rule (default: the
            leader cannot be caught) would stop: the quickest, but cut calls may be billed.
        flags: replies to throw away and ask for again, as often as there are samples at most.
        judge: who judges or rates in a "universal" or "rated" vote; default: the first member.
        prompt: how to ask, such as "agent_forest/number@1"; None asks the bare question.
        quorum: good answers needed: a count, or a share such as "75%".
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
    everyone, judges = with_roles([listed(members)], judge)
    kind = extractor(extract)
    held = _vote(vote, kind, everyone, judges)
    asked = None if prompt is None else load(prompt, variables=set())
    rule = _rule(stop, samples, cut)
    most = samples if flags is None else 2 * samples
    graph = MethodGraph(
        "agent-forest",
        everyone if isinstance(held, str) or callable(held) else [*everyone, *judges],
        state=ForestState,
        output=ForestOutput,
        **options,
    )
    graph.draws = ceil(most / len(everyone))
    how = Sampling(
        members=everyone,
        method="agent-forest",
        prompt=asked,
        extract=kind,
        flags=flags,
        rule=stopping.fixed(samples) if cut else rule,
        most=most,
        until=rule if cut else None,
        quorum=quorum,
        params=PARAMS,
        context=graph.settings,
    )
    graph.open("wave", asked=0, planned=0, ballot=None, sampled=None)
    graph.add_node("wave", wave(how))
    graph.add_node("sampler", sampler(how))
    graph.add_node("voter", voter(how, vote=held, planned=samples))

    def after_vote(state: ForestState) -> str:
        return "finish" if state["decision"]["stop"] else "wave"

    graph.add_conditional_edges("wave", Route(branches), ["sampler"])
    graph.add_edge("sampler", "voter")
    graph.add_conditional_edges("voter", Route(after_vote), ["wave", "finish"])
    graph.label("sampler", [member.name for member in everyone])
    if not (isinstance(held, str) or callable(held)):
        graph.label("voter", [member.name for member in held.members])
    prompts = [p for p in (asked, getattr(held, "prompt", None)) if p is not None]
    graph.close(prompts=prompts, keys=["ballot", "layer", "decision", "sampled"])
    return graph


def _rule(
    stop: str | stopping.StoppingRule | None, samples: int, cut: bool
) -> stopping.StoppingRule:
    if stop is None:
        return stopping.unbeatable(samples) if cut else stopping.fixed(samples)
    rule = stopping.rule(stop, cap=samples)
    return rule if rule.cap <= samples else stopping.any_of(rule, stopping.fixed(samples))


def default_vote(members: Sequence[Member], kind: Extractor) -> str:
    """Return the vote that is held where none is named."""
    if any(member.weight != 1.0 for member in members):
        return "weighted"
    return {"final": "auto", "code": "bleu", "text": "bleu"}.get(kind.name, "majority")


def _vote(
    vote: Vote | None, kind: Extractor, members: Sequence[Member], judges: Sequence[Member]
) -> Vote:
    if vote is None:
        return default_vote(members, kind)
    if vote == "universal":
        return Universal(judges, load("universal/pick@1"))
    if vote == "rated":
        return Rated(judges, load("rater/score@1"))
    if isinstance(vote, str) and vote not in VOTE_NAMES:
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTE_NAMES)}, or a function")
    return vote


ASKED_VOTES = ("universal", "rated")
VOTE_NAMES = (*VOTES, "weighted", "confidence", *ASKED_VOTES)
