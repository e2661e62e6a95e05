"""judge: scores the answers of a layer, so that only the best are passed on."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from typing_extensions import TypedDict

from manyminds.calls.ask import together
from manyminds.members import Member
from manyminds.nodes.channels import Decision
from manyminds.nodes.moderator import GO_ON, STOP_FIELDS, Standing, decided
from manyminds.nodes.node import State, Update
from manyminds.nodes.role_call import RoleReply, Unreadable
from manyminds.nodes.shown import Shown, good, grouped, shuffle_for
from manyminds.nodes.step import Ask, Run
from manyminds.nodes.tally import in_worker
from manyminds.prompts import FilledPrompt, Prompt
from manyminds.reading.answers import Extractor
from manyminds.reading.roles import read_rating
from manyminds.reading.schemas import object_schema, pick_schema, score_schema, scored_answers
from manyminds.reading.verdicts import Ranking, StopVote, read_choice, read_ranking, read_stop
from manyminds.state import Candidate
from manyminds.votes.votes import consensus

ROLE = "judge"
_CALLS = 4  # indices kept for the calls of one rating
INSTEAD = "the answers were ordered by likeness to the others"
Read: TypeAlias = tuple[Ranking, StopVote | None]


class Verdict(TypedDict):
    """The verdict of a judge on a layer.

    `order` has the indices of the good candidates, best first, repeats of an answer last. `scores`
    (0 to 10, None: not scored) and `reasons` go along with the candidates. `source` is model (held
    to the form), parser (read from text) or fallback (likeness to the others; nobody scored).
    """

    order: list[int]
    scores: list[float | None]
    reasons: list[str]
    source: str


def judge(
    chain: Sequence[Member],
    prompt: Prompt,
    *,
    keep: int,
    kind: Extractor | None = None,
    combined: Prompt | None = None,
    layers: int = 1,
) -> Run:
    """Return the judge's step (Sparse Mixture-of-Agents, arXiv 2411.03284).

    It sets `verdict` and `kept`. Equal answers are shown once, with the number of members that gave
    them, in an order that follows from the seed, the question and the layer. A repeat is kept only
    if no other answer is left. If no reply can be read, answers that more members gave come first,
    then those most like the others, and the run is marked as degraded.

    Args:
        chain: Judge, then the members that take over.
        prompt: Prompt with the variable `answers`.
        keep: Answers that are passed on.
        kind: How to read an answer. Default: by the kind that suits most replies.
        combined: Prompt with the variables `agreement`, `layer` and `layers` too. After a layer
            that another may follow, it is asked instead, and the reply sets `decision` as well.
        layers: Layers of proposers at most.
    """

    async def run(state: State, ask: Ask) -> Update:
        answers, layer = good(state), ask.layer
        groups = await grouped(answers, state["question"], ask.run, kind)
        shown = Shown(shuffle_for(groups, ask.run, f"{ROLE}:{layer}"), len(answers))
        deciding = None if state["decision"]["stop"] else combined
        values, figure = {"answers": shown.text}, None
        if deciding is not None:
            going = await Standing.of(state, layers, ask.run, kind)
            values, figure = values | going.values, going.agreement
        fields = {"answers": scored_answers(len(groups))}
        reply = await ask.verdict(
            chain,
            (deciding or prompt).fill(**values),
            parse=reader(len(groups), keep),
            schema=object_schema("verdict", fields | (STOP_FIELDS if deciding else {})),
        )
        ranked = None if reply.value is None else reply.value[0]
        places = await in_worker(ask.run, lambda: best_first(shown.groups, ranked))
        update = _update(state, shown, reply, places or list(range(len(groups))), keep)
        if deciding is not None:
            update |= _decided(reply, figure, update["notes"])
        return update

    return run


async def picked(
    ask: Ask,
    chain: Sequence[Member],
    question: FilledPrompt,
    count: int,
    *,
    layer: int | None = None,
) -> RoleReply[int]:
    """Ask which of the answers shown is the best one; the value is its place, from 0.

    Args:
        ask: The step's `ask`.
        chain: Member that picks, then those that take over.
        question: Prompt that shows the answers by number.
        count: Number of answers shown.
        layer: Layer of the calls. Default: the step's.
    """
    return await ask.verdict(
        chain,
        question,
        parse=lambda text: read_choice(text, count),
        schema=pick_schema(count),
        layer=layer,
        reserve=0,
    )


async def rated(
    ask: Ask, raters: Sequence[Member], prompt: Prompt, replies: Sequence[Candidate]
) -> list[float | None]:
    """Return the rating of each good reply, from 0 to 10; None: it could not be read.

    One rater rates all of them, since the scores of two differ in scale. The next one rates all
    again where the one before could rate none.

    Args:
        ask: The step's `ask`.
        raters: Member that rates, then those that take over.
        prompt: Prompt with the variable `answers`, which shows one reply.
        replies: Replies, good and failed.
    """
    scores: list[float | None] = [None] * len(replies)
    good = [place for place, reply in enumerate(replies) if reply["status"] == "ok"]
    for nth, rater in enumerate(raters):
        found = await together(
            *(
                ask.verdict(
                    [rater],
                    prompt.fill(answers=[replies[place]]),
                    parse=read_rating,
                    schema=score_schema("rating"),
                    index=_CALLS * (nth * len(replies) + place),
                    reserve=0,
                )
                for place in good
            )
        )
        for place, rating in zip(good, found, strict=True):
            scores[place] = rating.value
        if any(score is not None for score in scores):
            break
    ask.replies.sort(key=lambda reply: reply["index"])
    return scores


def reader(shown: int, keep: int) -> Callable[[str], Read | None]:
    """Return a parser of a judge's reply: the ranking, and the decision if it states one.

    A list of scores must have all answers that were shown: one that was left out would pass for
    the worst. An order may stop after the answers that are passed on.

    Args:
        shown: Number of answers shown.
        keep: Answers that are passed on.
    """

    def read(text: str) -> Read | None:
        ranking = read_ranking(text, shown)
        if ranking is None:
            return None
        absent = [str(place + 1) for place in range(shown) if place not in ranking.order]
        if absent and (ranking.scores or len(ranking.order) < min(keep, shown)):
            raise Unreadable(f"it says nothing on answer {' and '.join(absent)}")
        return ranking, read_stop(text)

    return read


def best_first(groups: Sequence[Sequence[Candidate]], ranked: Ranking | None) -> list[int]:
    """Return the places of the answers shown, best first.

    Of answers with the same score, and of those that the judge did not name, the one that more
    members gave comes first, then the one most like the others.

    Args:
        groups: Equal answers together, in the order shown.
        ranked: What was read of the judge, by place. None: nothing.
    """
    order = [] if ranked is None else ranked.order
    scores = {} if ranked is None or len(ranked.scores) < len(groups) else ranked.scores

    def rank(place: int) -> tuple[float, int]:
        named = order.index(place) if place in order else len(order)
        return (-scores[place] if scores else named, -len(groups[place]))

    ranks = [rank(place) for place in range(len(groups))]
    if len(set(ranks)) == len(ranks):
        return sorted(range(len(groups)), key=ranks.__getitem__)
    likeness = {place: at for at, place in enumerate(by_likeness([g[0] for g in groups]))}
    return sorted(range(len(groups)), key=lambda place: (ranks[place], likeness[place]))


def by_likeness(candidates: Sequence[Candidate]) -> list[int]:
    """Return the places of candidates, the one most like all the others first."""
    scores = consensus([candidate["text"] for candidate in candidates])["scores"]
    return sorted(range(len(candidates)), key=lambda place: (-(scores[place] or 0.0), place))


def _update(
    state: State, shown: Shown, reply: RoleReply[Read], places: Sequence[int], keep: int
) -> Update:
    """Map a ranking of the answers shown back to all candidates of the layer."""
    ranked = None if reply.value is None else reply.value[0]
    firsts = [shown.groups[place][0]["index"] for place in places]
    repeats = [one["index"] for place in places for one in shown.groups[place][1:]]
    of = {one["index"]: place for place, group in enumerate(shown.groups) for one in group}
    own = [of.get(candidate["index"], -1) for candidate in state["candidates"]]
    verdict = Verdict(
        order=[*firsts, *repeats],
        scores=[None if ranked is None else ranked.scores.get(place) for place in own],
        reasons=["" if ranked is None else ranked.reasons.get(place, "") for place in own],
        source=reply.source,
    )
    notes = reply.notes(ROLE, INSTEAD)
    return {"verdict": verdict, "kept": verdict["order"][:keep], "notes": notes}


def _decided(reply: RoleReply[Read], agreement: float | None, notes: list[str]) -> Update:
    vote = None if reply.value is None else reply.value[1]
    decision: Decision = decided(vote, reply.source, agreement)
    lost = [GO_ON] if reply.value is not None and vote is None else []
    return {"decision": decision, "notes": [*notes, *lost]}
