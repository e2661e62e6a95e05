"""Tournament: answers meet in pairs, a judge compares each pair in both orders.

Paper: V1-Infer, arXiv 2603.04304 (pairwise verification, Swiss pairing). Strengths: Bradley-Terry
with ties.
"""

import math
import random
from collections.abc import Sequence

from typing_extensions import TypedDict

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    RoleArgument,
    RoleReply,
    Run,
    SampledState,
    State,
    Unpack,
    Update,
    check_quorum,
    listed,
    method,
    ok,
    score_schema,
    together,
    with_roles,
)
from manyminds.nodes.sampler import in_turn, room, sample
from manyminds.nodes.tally import most_alike
from manyminds.reading.role_text import fields, reply_of
from manyminds.reading.roles import read_pick
from manyminds.votes.bradley_terry import Game, strengths, swiss_pairs

_EQUAL = 1e-6
_TIES = ("0", "tie", "draw", "equal", "both", "neither", "none")


class Pairing(TypedDict):
    """A pair of answers, by index, and the winner in each order: an index, None for a tie.

    `read` says whether both orders could be read; else the pair does not count.
    """

    one: int
    other: int
    winners: list[int | None]
    read: bool


class Standing(TypedDict):
    """How a tournament went.

    `pairs` were compared, `unread` of them could not be read in both orders, and in `disagreed` of
    the others the two orders had different winners, which counts as a tie. `first` is the share of
    comparisons won by the answer shown first: 0.5 where place does not matter. `strengths` has one
    entry an answer, the same for answers in the same words, None for one that failed.
    """

    rounds: int
    pairs: int
    unread: int
    disagreed: int
    first: float | None
    strengths: list[float | None]


class TournamentState(SampledState, total=False):
    """Channels of a tournament."""

    pairings: list[Pairing]
    tournament: Standing | None


class TournamentOutput(CandidatesOutput):
    """The answer, the report, all answers, and how the tournament went."""

    tournament: Standing


@method(
    "tournament",
    paper="V1-Infer, arXiv 2603.04304",
    calls="samples + samples * ceil(log2(samples)) at most",
    use="Code and maths without tests: a judge that compares two answers errs less than a rater.",
)
def create_tournament(
    members: Askable | Sequence[Askable],
    *,
    judge: RoleArgument = None,
    samples: Count = 8,
    rounds: Count | None = None,
    prompt: PromptLike = "tournament/compare@1",
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build a tournament: n answers, Swiss rounds of pairs, and the strongest answer wins.

    Each pair is compared in both orders; where the orders disagree, the pair is a tie. Answers with
    like results meet, so log2(n) rounds of n comparisons are enough. Use it where two answers can
    be compared better than rated; on questions of taste a rater does better (arXiv 2605.15177).

    Args:
        members: Members to sample, in turn.
        judge: Model that compares: a member, a fallback chain of members, or a custom node that
            sets `final` to one of `candidates`. Default: the first member.
        samples: Number of answers n.
        rounds: Rounds of pairs. Default: log2(n), rounded up.
        prompt: Prompt of a comparison, with the variable `answers`.
        quorum: Good answers needed: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "tournament"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    check_quorum(quorum, samples)
    everyone, chain = with_roles([listed(members)], judge)
    graph = MethodGraph(
        "tournament",
        [*everyone, *chain],
        state=TournamentState,
        output=TournamentOutput,
        **options,
    )
    compare = graph.prompt(prompt, variables={"answers"})
    drawing = sample(everyone, samples, quorum=quorum)
    graph.step("sampler", drawing, opens=True, asks=in_turn(everyone, samples))
    playing, sets = _playing(chain, compare, rounds), ["final", "answer"]
    graph.role("judge", chain, playing, given=judge, sets=sets, opens=True)
    graph.open("sampler", pairings=[], tournament=None)
    graph.add_edge("sampler", "judge")
    if not chain:
        return graph.close(after="judge")
    graph.unless_done("judge", "judge")
    return graph.close(keys=["tournament"])


def _playing(chain: Sequence[Member], compare: Prompt, rounds: int | None) -> Run:
    """Return the judge's step, which plays one round, and ends after the last one.

    Args:
        chain: Judge, then the members that take over.
        compare: Prompt of a comparison, with the variable `answers`.
        rounds: Rounds of pairs. None: as many as order all answers.
    """

    async def run(state: State, ask: Ask) -> Update:
        players = entrants(state["candidates"], f"{ask.run.seed}:{ask.run.question_id}")
        done = state["pairings"]
        pairs = [
            (players[a], players[b])
            for a, b in swiss_pairs(_points(players, done), _met(players, done))
        ]
        most = rounds or max(1, math.ceil(math.log2(max(2, len(players)))))
        over = ask.layer - 1 > most or not pairs
        asked = [] if over else pairs[: room(ask, len(pairs), each=2)]
        played = await _compared(chain, compare, asked, state["candidates"], ask)
        spent = not over and len(asked) < len(pairs)
        last = over or spent or ask.layer > most
        update: Update = {"pairings": [*done, *played]}
        if spent:
            update["notes"] = [f"{ask.run.exhausted(2)} in round {ask.layer - 1}"]
        return {**update, **await _ended(players, update, state, ask)} if last else update

    return run


def entrants(candidates: Sequence[Candidate], seed: str) -> list[int]:
    """Return the indices of the good answers, in a seeded random order; equal texts enter once."""
    first: dict[str, int] = {}
    for place, reply in enumerate(candidates):
        if ok(reply):
            first.setdefault(_words(reply), place)
    players = list(first.values())
    random.Random(f"{seed}:entrants").shuffle(players)
    return players


def _words(reply: Candidate) -> str:
    return reply["text"].strip()


def _games(players: Sequence[int], pairings: Sequence[Pairing]) -> list[Game]:
    """Return the pairs that were read as games between places in `players`."""
    place = {player: at for at, player in enumerate(players)}
    return [
        Game(place[pair["one"]], place[pair["other"]], _share(pair))
        for pair in pairings
        if pair["read"]
    ]


def _share(pair: Pairing) -> float:
    """Return the share of the first answer: orders that disagree make a tie."""
    first, second = pair["winners"]
    if first is None or first != second:
        return 0.5
    return 1.0 if first == pair["one"] else 0.0


def _points(players: Sequence[int], pairings: Sequence[Pairing]) -> list[float]:
    points = [0.0] * len(players)
    for one, other, share in _games(players, pairings):
        points[one] += share
        points[other] += 1 - share
    return points


def _met(players: Sequence[int], pairings: Sequence[Pairing]) -> set[frozenset[int]]:
    place = {player: at for at, player in enumerate(players)}
    return {frozenset((place[pair["one"]], place[pair["other"]])) for pair in pairings}


async def _compared(
    chain: Sequence[Member],
    prompt: Prompt,
    pairs: Sequence[tuple[int, int]],
    candidates: Sequence[Candidate],
    ask: Ask,
) -> list[Pairing]:
    """Return the pairs with the judge's choices, each asked in both orders at once."""
    shown = [order for one, other in pairs for order in ((one, other), (other, one))]
    stride = 4 * len(chain)
    replies = await together(
        *(
            ask.verdict(
                chain,
                prompt.fill(answers=[candidates[first], candidates[second]]),
                parse=read_comparison,
                schema=score_schema("comparison", most=2, key="choice"),
                index=stride * nth,
                reserve=0,
            )
            for nth, (first, second) in enumerate(shown)
        )
    )
    winners = [_winner(reply, order) for reply, order in zip(replies, shown, strict=True)]
    return [
        Pairing(
            one=one,
            other=other,
            winners=winners[2 * nth : 2 * nth + 2],
            read=all(reply.value is not None for reply in replies[2 * nth : 2 * nth + 2]),
        )
        for nth, (one, other) in enumerate(pairs)
    ]


def _winner(reply: RoleReply[int], order: tuple[int, int]) -> int | None:
    return order[reply.value - 1] if reply.value else None


def read_comparison(text: str) -> int | None:
    """Return the choice in a judge's reply: 1, 2, or 0 for a tie; None where there is none."""
    for found in reversed(fields(reply_of(text))):
        if "choice" in found and str(found["choice"]).strip().lower() in _TIES:
            return 0
    return read_pick(text, 2)


async def _ended(players: Sequence[int], update: Update, state: State, ask: Ask) -> Update:
    """Return the strongest answer and how the tournament went."""
    pairings: list[Pairing] = update["pairings"]
    candidates, games = state["candidates"], _games(players, pairings)
    found = strengths(games, len(players))
    by_words = {_words(candidates[at]): one for at, one in zip(players, found, strict=True)}
    each = [by_words[_words(reply)] if ok(reply) else None for reply in candidates]
    best = max(found)
    tied = [
        reply
        for reply, one in zip(candidates, each, strict=True)
        if one is not None and best - one < _EQUAL
    ]
    rounds = ask.layer - 1 - (len(pairings) == len(state["pairings"]))
    standing = _standing(pairings, each, rounds)
    doubts = _doubts(standing, games, best - min(found)) if len(players) > 1 else []
    notes = [*update.get("notes", []), *doubts]
    # Of equally strong answers the one most like the others.
    final, more = await most_alike(ask.run, tied) if len(tied) > 1 else (tied[0], [])
    return {"final": final, "tournament": standing, "notes": [*notes, *more]}


def _doubts(standing: Standing, games: Sequence[Game], span: float) -> list[str]:
    """Return why the winner is in doubt, as a list of at most one note."""
    if not games:
        none = "could be read" if standing["pairs"] else "was made"
        return [f"no comparison {none}: the answer most like the others was chosen"]
    if 2 * standing["disagreed"] > len(games):
        told = f"{standing['disagreed']} of {len(games)} pairs"
        return [f"the judge's two orders disagreed on {told}"]
    if span < _EQUAL:
        return ["the judge preferred no answer: the one most like the others was chosen"]
    return []


def _standing(
    pairings: Sequence[Pairing], strengths: Sequence[float | None], rounds: int
) -> Standing:
    read = [pair for pair in pairings if pair["read"]]
    decided = [
        winner == first
        for pair in read
        for winner, first in zip(pair["winners"], (pair["one"], pair["other"]), strict=True)
        if winner is not None
    ]
    return Standing(
        rounds=rounds,
        pairs=len(pairings),
        unread=len(pairings) - len(read),
        disagreed=sum(len(set(pair["winners"])) > 1 for pair in read),
        first=round(sum(decided) / len(decided), 3) if decided else None,
        strengths=[None if one is None else round(one, 4) for one in strengths],
    )
