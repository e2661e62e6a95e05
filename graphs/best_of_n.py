"""Best of n: members are sampled, a scorer rates each answer, and the best one is the answer.

The vote "majority-of-bests" is of "Majority of the Bests", arXiv 2511.18630.
"""

import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias, cast

from manyminds.aio import called
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    InputError,
    Member,
    MethodGraph,
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
    ok,
    together,
    with_roles,
)
from manyminds.nodes.judge import rated
from manyminds.nodes.sampler import in_turn, sample
from manyminds.nodes.tally import most_typical, read_answers
from manyminds.reading.answers import EXTRACTORS
from manyminds.votes.ballots import Ballot
from manyminds.votes.bests import majority_of_bests
from manyminds.votes.votes import best_of

Score: TypeAlias = float | bool | tuple[bool, str] | None
Scorer: TypeAlias = Callable[[str], Score] | Callable[[str], Awaitable[Score]]
"""A scorer: from an answer's text to a score, or to whether it passes; None: it cannot say."""


class Rated(NamedTuple):
    """The score of each answer, None where it has none, and the failures, for the note."""

    scores: list[float | None]
    wrong: str


Rate: TypeAlias = Callable[[Sequence[Candidate], Ask], Awaitable[Rated]]


class BestState(SampledState, total=False):
    """Channels of best-of-n."""

    ballot: Ballot | None


class BestOutput(CandidatesOutput):
    """The answer, the report, all candidates, and the ballot with the score of each."""

    ballot: Ballot


@method(
    "best-of-n",
    paper="best-of-n sampling; Majority of the Bests, arXiv 2511.18630",
    calls="samples * 2",
    use="Answers that a test or a rater can score: give the tests, or a good rater.",
)
def create_best_of_n(
    members: Askable | Sequence[Askable],
    *,
    scorer: Scorer | Askable | Sequence[Askable] | None = None,
    samples: Count = 8,
    vote: Literal["best", "majority-of-bests"] = "best",
    prompt: PromptLike = "rater/score@2",
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build best-of-n: sample, score, and return the answer with the best score.

    Use it where answers can be scored from outside: programs by their tests, plans by rules. A
    model as the scorer errs where the members err; then compare with an Agent Forest.

    Args:
        members: Members to sample, in turn.
        scorer: Function, sync or async, from the text of an answer to a score (more is better), to
            whether it passes, or to None if it cannot say; or a member that rates from 0 to 10, and
            those that take over. Default: the first member rates.
        samples: Number of answers. A function as the scorer makes no calls.
        vote: "best": the best score wins, and of equal ones the first. "majority-of-bests": the
            answer that is most often the best of a random part of the answers, which an outlier of
            the scorer does not win.
        prompt: Prompt of the rater, with the variable `answers`.
        quorum: Good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "ballot",
        "candidates"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if vote not in ("best", "majority-of-bests"):
        raise InputError(f'vote={vote!r}: give "best" or "majority-of-bests"')
    check_quorum(quorum, samples)
    everyone, raters = with_roles([listed(members)], cast("RoleArgument", scorer))
    graph = MethodGraph(
        "best-of-n", [*everyone, *raters], state=BestState, output=BestOutput, **options
    )
    drawing = sample(everyone, samples, each=2 if raters else 1, quorum=quorum)
    graph.step("sampler", drawing, opens=True, asks=in_turn(everyone, samples))
    if raters:
        rating = graph.prompt(prompt, variables={"answers"})
        graph.role("scorer", raters, _scoring(_by_rater(raters, rating), vote))
    else:
        graph.step("scorer", _scoring(_by_function(scorer), vote))
    return graph.chain("sampler", "scorer", keys=["ballot"], ballot=None)


def _scoring(score: Rate, vote: str) -> Run:
    """Return the step that scores all answers and chooses one of them."""

    async def run(state: State, ask: Ask) -> Update:
        replies = state["candidates"]
        scores, wrong = await score(replies, ask)
        good = sum(map(ok, replies))
        unrated = good - sum(one is not None for one in scores)
        notes = [f"{unrated} of {good} answers have no score{wrong}"] if unrated else []
        if unrated == good:
            ballot, more = await most_typical(ask.run, replies)
            notes += [*more, "no answer has a score: the answer most like the others was chosen"]
        else:
            ballot = await _ballot(vote, scores, replies, ask)
        return {"ballot": ballot, "final": replies[ballot["winner"] or 0], "notes": notes}

    return run


async def _ballot(
    vote: str, scores: Sequence[float | None], replies: Sequence[Candidate], ask: Ask
) -> Ballot:
    if vote == "best":
        return best_of(scores)
    answers = await read_answers(ask.run, replies, EXTRACTORS["final"])
    return majority_of_bests(scores, answers)


def _by_rater(raters: Sequence[Member], prompt: Prompt) -> Rate:
    async def score(replies: Sequence[Candidate], ask: Ask) -> Rated:
        return Rated(await rated(ask, raters, prompt, replies), "")

    return score


def _by_function(scorer: Any) -> Rate:
    """Return how a function scores the good answers; one that raises gives no score."""

    async def score(replies: Sequence[Candidate], _ask: Ask) -> Rated:
        wrong: list[str] = []

        async def one(reply: Candidate) -> float | None:
            if not ok(reply):
                return None
            try:
                found = await called(scorer, reply["text"])
            except Exception as error:  # a test that raises is an answer without score
                wrong.append(type(error).__name__)
                return None
            return _number(found)

        scores = await together(*map(one, replies))
        return Rated(scores, f": the scorer raised {wrong[0]}" if wrong else "")

    return score


def _number(found: object) -> float | None:
    """Return a score as a number; whether an answer passes is 1 or 0.

    Raises:
        InputError: It is none.
    """
    value = found[0] if isinstance(found, tuple) and found else found
    if value is None:
        return None
    if isinstance(value, int | float):  # bool, too
        return float(value) if math.isfinite(value) else None
    raise InputError(f"the scorer returned {found!r:.200}: return a number, True or False, or None")
