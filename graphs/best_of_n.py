"""Best of n: members are sampled, a scorer rates each answer, and the best one is the answer.

The vote "majority-of-bests" is of "Majority of the Bests", arXiv 2511.18630.
"""

import inspect
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, TypeAlias, cast

from manyminds.aio import in_thread
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    SampledState,
    State,
    Unpack,
    Update,
    check_quorum,
    is_node,
    listed,
    method,
    ok,
    with_roles,
)
from manyminds.nodes.gate import require
from manyminds.nodes.reply_schema import object_schema
from manyminds.nodes.samples import ask_all, at_once, in_turn, room
from manyminds.nodes.tally import hold, in_worker, similar
from manyminds.reading.roles import read_rating
from manyminds.reading.together import read_all
from manyminds.settings import DEFAULT_CONCURRENCY
from manyminds.votes.ballots import Ballot
from manyminds.votes.bests import majority_of_bests
from manyminds.votes.votes import best_of

Score: TypeAlias = float | bool | tuple[bool, str] | None
Scorer: TypeAlias = Callable[[str], Score] | Callable[[str], Awaitable[Score]]
"""A scorer: from an answer's text to a score, or to whether it passes; None: it cannot say."""
_FIELDS = {"reason": {"type": "string"}, "score": {"type": "integer", "enum": [*range(11)]}}


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
    samples: int = 8,
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
    if samples < 1:
        raise InputError(f"samples={samples}: give at least 1")
    if vote not in ("best", "majority-of-bests"):
        raise InputError(f'vote={vote!r}: give "best" or "majority-of-bests"')
    check_quorum(quorum, samples)
    function = scorer if is_node(scorer) else None
    everyone, raters = with_roles([listed(members)], cast("RoleArgument", scorer))
    graph = MethodGraph(
        "best-of-n", [*everyone, *raters], state=BestState, output=BestOutput, **options
    )
    graph.draws = math.ceil(samples / len(everyone))
    rating = None if function else graph.prompt(prompt, variables={"answers"})

    async def sample(_state: State, ask: Ask) -> Update:
        count = max(1, room(ask, samples, each=1 if function else 2))
        turns = in_turn(everyone, count)
        replies = await ask_all(ask, [(member, None) for member in turns], quorum=quorum)
        require(replies, quorum)
        notes = (
            [] if count == samples else [f"the budget had room for {count} of {samples} answers"]
        )
        return {"candidates": replies, "notes": notes}

    async def score(state: State, ask: Ask) -> Update:
        replies = state["candidates"]
        if rating is None:
            scores, wrong = await _called(function, replies)
        else:
            scores, wrong = await _rated(raters, rating, replies, ask), ""
        good = sum(map(ok, replies))
        unrated = good - sum(one is not None for one in scores)
        notes = [f"{unrated} of {good} answers have no score{wrong}"] if unrated else []
        if unrated == good:
            ballot, more = await hold(
                ask.run, replies, lambda _effort: similar(replies, "bleu", whole=True)
            )
            notes += [*more, "no answer has a score: the answer most like the others was chosen"]
        else:
            ballot = await _ballot(vote, scores, replies, ask)
        return {"ballot": ballot, "final": replies[ballot["winner"] or 0], "notes": notes}

    graph.step("sampler", sample, opens=True, asks=everyone)
    if raters:
        graph.role("scorer", raters, score)
    else:
        graph.step("scorer", score)
    graph.open("sampler", ballot=None)
    graph.add_edge("sampler", "scorer")
    return graph.close(after="scorer", keys=["ballot"])


async def _ballot(
    vote: str, scores: Sequence[float | None], replies: Sequence[Candidate], ask: Ask
) -> Ballot:
    if vote == "best":
        return best_of(scores)
    texts = [reply["text"] if ok(reply) else None for reply in replies]
    reading = await in_worker(ask.run, lambda: read_all(texts, question=ask.run.question).answers)
    return majority_of_bests(scores, reading or [None] * len(texts))


async def _rated(
    raters: Sequence[Member], prompt: Prompt, replies: Sequence[Candidate], ask: Ask
) -> list[float | None]:
    """Return the rating of each answer: all by the first rater, for scores of two differ in scale.

    The next in the chain rates all of them only where the first can rate none.
    """
    scores: list[float | None] = [None] * len(replies)
    good = [place for place, reply in enumerate(replies) if ok(reply)]
    for nth, rater in enumerate(raters):
        found = await at_once(
            *(
                ask.verdict(
                    [rater],
                    prompt.fill(answers=[replies[place]]),
                    parse=read_rating,
                    schema=object_schema("rating", _FIELDS),
                    index=4 * (nth * len(replies) + place),
                    reserve=0,
                )
                for place in good
            )
        )
        for place, rated in zip(good, found, strict=True):
            scores[place] = rated.value
        if any(score is not None for score in scores):
            break
    return scores


async def _called(scorer: Any, replies: Sequence[Candidate]) -> tuple[list[float | None], str]:
    """Return the score of each good answer by a function, and what went wrong with it."""
    wrong: list[str] = []

    async def one(reply: Candidate) -> float | None:
        if not ok(reply):
            return None
        try:
            if inspect.iscoroutinefunction(scorer):
                found: object = await scorer(reply["text"])
            else:
                found = await in_thread(DEFAULT_CONCURRENCY, scorer, reply["text"])
                found = await found if inspect.isawaitable(found) else found
        except Exception as error:  # a test that raises is an answer without score
            wrong.append(type(error).__name__)
            return None
        return _number(found)

    scores = await at_once(*map(one, replies))
    return scores, f": the scorer raised {wrong[0]}" if wrong else ""


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
