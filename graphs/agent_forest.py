"""Agent Forest: ask the same question many times and vote.

Paper: "More Agents Is All You Need", arXiv 2402.05120 (sampling and voting). Votes held by a model:
universal self-consistency, arXiv 2311.17311, and best of n.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from manyminds.answer_form import AUTO, Extract, Task, answer_kind, form_prompt
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    Count,
    InputError,
    Member,
    MethodGraph,
    MethodOutput,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    Run,
    SampledState,
    State,
    Unpack,
    Update,
    check_quorum,
    listed,
    method,
    waves,
    with_roles,
)
from manyminds.nodes.judge import picked, rated
from manyminds.nodes.tally import Vote, most_typical
from manyminds.nodes.voter import Sampled, Sampling, voter
from manyminds.reading.answers import Extractor
from manyminds.votes import stopping
from manyminds.votes.ballots import Ballot
from manyminds.votes.flags import RedFlags
from manyminds.votes.unlabelled import AgreementWeights
from manyminds.votes.votes import VOTES, best_of

PARAMS: Mapping[str, Any] = {"temperature": 1.0}
PICK, RATE = "universal/pick@2", "rater/score@2"
ASKED_VOTES: Mapping[str, str] = {"universal": "judge", "rated": "rater"}
"""Votes that a model holds, and its role."""
_COMPARED = 3  # members; of two, agreement cannot tell which one is better
VOTE_NAMES = (*VOTES, "weighted", "confidence", "self-consistent-member", *ASKED_VOTES)


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
    samples: Count = 10,
    vote: Vote | None = None,
    weights: Literal["agreement"] | AgreementWeights | Mapping[str, float] | None = None,
    extract: Extract = "final",
    stop: str | stopping.StoppingRule | None = None,
    cut: bool = False,
    flags: RedFlags | None = None,
    judge: RoleArgument = None,
    task: Task | None = None,
    prompt: PromptLike | None = AUTO,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build sampling-and-voting over one model or several.

    Use it where answers can be compared: it needs no tuning, is hard to beat at equal cost, and
    every other method should be measured against it.

    Args:
        members: Members to sample, in turn, in an order drawn for each question from the seed. A
            member may be any method, agent or chain: one sample is one run of it. A Path is a file
            that `manyminds select` wrote.
        samples: Number of samples, at most.
        vote: "majority" over extracted answers; "weighted" by the members' weights; "confidence"
            by what each reply says of itself (CISC, arXiv 2502.06233); "self-consistent-member":
            the answer of the member that agrees most with itself (SLM-MUX, arXiv 2510.05077), for
            several samples a member; "bleu" (the paper's for
            open answers), "rouge", "levenshtein", "tfidf": the one most similar to all others;
            "universal": a judge picks the most consistent; "rated": a rater scores each; or a
            function from candidates to a ballot. Default: majority where answers can be read, else
            "bleu".
        weights: Weights of a weighted vote. "agreement": learned without labels from the questions
            that this graph answered before, so the first one is a majority vote; give 20 or more,
            and three members or more. Members that make the same mistakes look right to each other.
            Or an `AgreementWeights`, to go on with what others taught it; or a weight for each
            member by name. Default: the members' own.
        extract: Reader of the answer in a reply: a name ("number", "choice", "math", "code",
            ...), a function, an Extractor or a pydantic class.
        stop: Stopping rule that may end sampling early, such as "beta:0.95"; waves then hold
            only what the rule needs at least. Default: all samples at once.
        cut: Whether all samples are asked at once, and those in flight cut as soon as the rule
            (default: the leader cannot be caught) would stop: the quickest, but cut calls may be
            billed.
        flags: Replies to throw away and ask for again, as often as there are samples at most.
        judge: Model that picks or rates in a "universal" or "rated" vote: a member, a fallback
            chain, or a custom node that sets `final`. Default: the first member.
        task: Benchmark whose prompt and reader of the paper are used: "gsm8k", "math", "mmlu",
            "chess" or "humaneval".
        prompt: Prompt of the samples, such as "agent_forest/number@1"; None asks the bare
            question. Default ("auto"): the task's, else a vote that counts answers asks for a last
            line with the answer, and others ask the bare question.
        quorum: Good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    named, judges = with_roles([listed(members)], judge)
    check_quorum(quorum, samples)
    kind = answer_kind(extract, task)
    everyone, learned = _weighted(weights, vote, named)
    held = "weighted" if weights is not None else _vote(vote, kind, everyone)
    asked_vote = held if isinstance(held, str) and held in ASKED_VOTES else None
    rule = _rule(stop, samples, cut)
    team = everyone if asked_vote is None else [*everyone, *judges]
    graph = MethodGraph("agent-forest", team, state=ForestState, output=ForestOutput, **options)
    config = Sampling(
        members=everyone,
        method="agent-forest",
        prompt=form_prompt(graph, prompt, task, kind=kind, vote=held),
        extract=kind,
        flags=flags,
        rule=stopping.fixed(samples) if cut else rule,
        most=samples if flags is None else 2 * samples,
        until=rule if cut else None,
        quorum=quorum,
        params=PARAMS,
        context=graph.settings,
        learned=learned,
    )
    waves(graph, config, then="voter", ballot=None, sampled=None)
    graph.add_node("voter", voter(config, vote=None if asked_vote else held, planned=samples))
    last = "finish"
    if asked_vote is not None:
        last = _asked(graph, asked_vote, judges, judge)
        graph.add_edge(last, "finish")
    graph.branch("voter", lambda s: last if s["decision"]["stop"] else "wave", ["wave", last])
    return graph.close(keys=["ballot", "layer", "decision", "sampled"])


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


def _vote(vote: Vote | None, kind: Extractor, members: Sequence[Member]) -> Vote:
    if vote is None:
        return default_vote(members, kind)
    if isinstance(vote, str) and vote not in VOTE_NAMES:
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTE_NAMES)}, or a function")
    return vote


def _weighted(
    weights: object, vote: Vote | None, members: Sequence[Member]
) -> tuple[Sequence[Member], AgreementWeights | None]:
    """Return the members with the weights that were given, and the weights that runs learn."""
    if weights is None:
        return members, None
    if vote not in (None, "weighted"):
        raise InputError(f'weights= needs vote="weighted", not {vote!r}')
    if isinstance(weights, Mapping):
        return _with_weights(members, cast("Mapping[str, float]", weights)), None
    learned = AgreementWeights() if weights == "agreement" else weights
    if not isinstance(learned, AgreementWeights):
        raise InputError(
            f'weights={weights!r}: give "agreement", an AgreementWeights, or a number a member'
        )
    if len(members) < _COMPARED:
        raise InputError(
            f"weights from agreement compare members: give {_COMPARED} or more, not {len(members)}"
        )
    return members, learned


def _with_weights(members: Sequence[Member], weights: Mapping[str, float]) -> list[Member]:
    names = [member.name for member in members]
    for name, weight in weights.items():
        if name not in names:
            raise InputError(f"weights: no member is called {name!r}; use {', '.join(names)}")
        if not 0 <= weight < math.inf:
            raise InputError(f"weights: {name} has {weight!r}; give a number of 0 or more")
    return [m.model_copy(update={"weight": weights.get(m.name, m.weight)}) for m in members]


def _asked(graph: MethodGraph, vote: str, chain: Sequence[Member], judge: RoleArgument) -> str:
    """Add the node of a vote that a model holds."""
    role, build = ASKED_VOTES[vote], _universal if vote == "universal" else _rated
    prompt = graph.prompt(PICK if vote == "universal" else RATE, variables={"answers"})
    sets = ["final", "answer", "ballot"]
    return graph.role(role, chain, build(chain, prompt), given=judge, sets=sets)


def _universal(chain: Sequence[Member], prompt: Prompt) -> Run:
    """Return the judge's step: it picks the answer that agrees most with the others.

    It sees the answers in a seeded random order and replies with a number, so the answer is one of
    the candidates, verbatim. Without a readable reply the most similar candidate wins.
    """

    async def run(state: State, ask: Ask) -> Update:
        candidates = state["candidates"]
        shown = [n for n, c in enumerate(candidates) if c["status"] == "ok"]
        random.Random(f"{ask.run.seed}:{ask.run.question_id}:shown").shuffle(shown)
        question = prompt.fill(answers=[candidates[n] for n in shown])
        reply = await picked(ask, chain, question, len(shown))
        notes = reply.notes("judge", "the reply most like the others was chosen")
        if reply.value is None:
            return await _most_similar(candidates, ask, notes)
        scores = [None if c["status"] != "ok" else 0.0 for c in candidates]
        scores[shown[reply.value]] = 1.0
        return _won({**best_of(scores), "vote": "universal"}, candidates, notes)

    return run


def _rated(chain: Sequence[Member], prompt: Prompt) -> Run:
    """Return the rater's step: it scores each answer by itself from 0 to 10; the best one wins.

    One rater scores all answers, for scores of two cannot be compared: no other takes over.
    """

    async def run(state: State, ask: Ask) -> Update:
        candidates = state["candidates"]
        scores = await rated(ask, chain[:1], prompt, candidates)
        if all(score is None for score in scores):
            note = "no rating could be read: the reply most like the others was chosen"
            return await _most_similar(candidates, ask, [note])
        return _won({**best_of(scores), "vote": "rated"}, candidates, [])

    return run


async def _most_similar(candidates: Sequence[Candidate], ask: Ask, notes: list[str]) -> Update:
    ballot, more = await most_typical(ask.run, candidates)
    return _won(ballot, candidates, [*notes, *more])


def _won(ballot: Ballot, candidates: Sequence[Candidate], notes: Sequence[str]) -> Update:
    return {
        "ballot": ballot,
        "final": candidates[ballot["winner"] or 0],
        "notes": list(notes),
    }
