# ruff: noqa: E501 - patterns are easier to read in one line
"""Which of the answers that a prompt numbered from 1 a reply prefers: one of them, or their order."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from manyminds.reading.loose_json import Json, as_objects, values
from manyminds.reading.revised import last_word
from manyminds.reading.role_text import number_of, reply_of, unwrapped, wording
from manyminds.reading.role_words import eastern
from manyminds.reading.roles_compared import compared, in_turn
from manyminds.reading.roles_placed import placed, rank_of, scored, without_tables
from manyminds.reading.roles_ranking_words import (
    BEST,
    REF,
    SCORES_LABEL,
    chain_in,
    said_list,
    said_order,
)


class Ranking(NamedTuple):
    """A ranking of numbered answers.

    Attributes:
        order: Numbers from 1, best first; some may be absent, none comes twice.
        scores: From 0 to 10, by number; some may be absent.
        reasons: One line each, by number; some may be absent.
    """

    order: list[int]
    scores: dict[int, float]
    reasons: dict[int, str]


_SCORE_KEYS = ("score", "rating", "points", "grade")
_NUMBER_KEYS = ("number", "answer", "index", "id", "answernumber", "response", "candidate", "no")
_ORDER_KEYS = (
    "order",
    "ranking",
    "ranked",
    "rank",
    "bestfirst",
    "besttoworst",
    "finalranking",
    "rankings",
    "finalorder",
)

_UNRANKED = re.compile(
    r"\b(?:can(?:not|['\u2019]t)|(?:am|are|is)\s+unable\s+to|impossible\s+to|refuse\s+to|(?:do|will|would)\s+not|won['\u2019]t)\s+(?:\w+\s+)?rank\b"
    r"|\bno\s+ranking\b",
    re.IGNORECASE,
)
_WORST_FIRST_KEYS = ("worsttobest", "worstfirst")


def read_ranking(text: str, n: int) -> Ranking | None:
    """Return the ranking in a reply about `n` answers, numbered from 1.

    The order of a list of objects with numbers and scores follows from the scores. Scores that
    contradict a stated order, repeated numbers, numbers from 0 and unknown numbers: not read.
    """
    reply = reply_of(text)
    found = [unwrapped(one.value) for one in values(reply)]
    for value in reversed(found):
        outcome = _json_ranking(value, n)
        if outcome is not None:
            return outcome[0]
    return last_word(without_tables(eastern(wording(reply))), partial(_in_words, n=n), "Ranking")


def _in_words(said: str, n: int) -> Ranking | None:
    if _UNRANKED.search(said):
        return None
    order = said_order(said, n) or placed(said, n) or in_turn(said, n) or compared(said, n)
    if order is not None:
        stated = said_list(said, SCORES_LABEL, n)
        scores = dict(enumerate(stated, 1)) if stated else scored(said, n)
        return _checked(order, {k: float(v) for k, v in scores.items()}, {}, n)
    scores = scored(said, n)
    return _checked(None, scores, {}, n) if scores else None


def _json_ranking(value: Json, n: int) -> tuple[Ranking | None] | None:
    """Return a one-tuple with what a JSON value says; None where it is no ranking at all."""
    if isinstance(value, list):
        rows = as_objects(value)
        order = None if rows else _places(value, n)
        if rows:
            return _rows(rows, n)
        return (Ranking(order, {}, {}),) if order is not None and len(order) == n else None
    return _object(value, n) if isinstance(value, dict) else None


def _object(value: Mapping[str, Json], n: int) -> tuple[Ranking | None] | None:
    keys = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in value.items()}
    for key in ("answers", "verdict", "verdicts", *_ORDER_KEYS, "results", "scores", "evaluations"):
        inner = keys.get(key)
        rows = as_objects(inner) if isinstance(inner, list) else []
        if rows:
            return _rows(rows, n, listed=key in _ORDER_KEYS)
        if key in ("verdict", "answers") and isinstance(inner, dict):
            return _json_ranking(inner, n)
    ranks = keys.get("ranks")
    named = isinstance(ranks, dict)
    ranked = _by_key(ranks if isinstance(ranks, dict) else value, n, figures=named)
    if ranked is not None:
        return ranked
    order_key = next((key for key in (*_ORDER_KEYS, *_WORST_FIRST_KEYS) if key in keys), None)
    scores = _scores(keys.get("scores", keys.get("score") if n > 1 else None), n)
    if order_key is not None:
        listed = keys[order_key]
        places = chain_in(listed, n) if isinstance(listed, str) else _places(listed, n)
        if places and order_key in _WORST_FIRST_KEYS:
            places.reverse()
        if scores is None or not places:
            return (None,)
        return (_checked(places, scores, _reasons(keys.get("reasons"), n), n),)
    if scores:
        return (_checked(None, scores, _reasons(keys.get("reasons"), n), n),)
    own = _scores(dict(value), n) if len(value) == n else None
    if own is None or len(own) < n or sorted(own.values()) == [*range(1, n + 1)]:
        return None  # scores, or places: nothing says which
    return (_checked(None, own, {}, n),)


def _by_key(value: Mapping[str, Json], n: int, *, figures: bool) -> tuple[Ranking | None] | None:
    """Read an answer by each rank ("1st": 2), or a rank by each answer ("answer 2": "1st").

    Args:
        value: A JSON object.
        n: How many answers there are.
        figures: Whether a number is a rank; else it may be a score.
    """
    by_rank = [(rank_of(key, n), place_of(one)) for key, one in value.items()]
    by_answer = [
        (_rank(one, n) if figures or isinstance(one, str) else None, place_of(key))
        for key, one in value.items()
    ]
    return _ranked(by_rank, n) or _ranked(by_answer, n)


def _ranked(pairs: Sequence[tuple[int | None, int | None]], n: int) -> tuple[Ranking | None] | None:
    """Read pairs of a rank and an answer; None where one of them is something else."""
    known = sorted((rank, place) for rank, place in pairs if rank and place)
    if len(known) < max(len(pairs), 1):
        return None
    whole = [rank for rank, _ in known] == [*range(1, n + 1)]
    order = _places([place for _, place in known], n) if whole else None
    return (_checked(order, {}, {}, n) if order else None,)


def _rows(
    rows: Sequence[Mapping[str, Json]], n: int, *, listed: bool = False
) -> tuple[Ranking | None] | None:
    """Read rows about one answer each; `listed` says that they are in order, best first."""
    scores: dict[int, float] = {}
    reasons: dict[int, str] = {}
    ranks: dict[int, int] = {}
    places: list[int] = []
    for row in rows:
        keys = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in row.items()}
        named = next((key for key in _NUMBER_KEYS if key in keys), None)
        place = None if named is None else place_of(keys[named])
        if place is None:
            return None
        score = next((_score(keys[key]) for key in _SCORE_KEYS if key in keys), None)
        rank = _rank(keys.get("rank"), n)
        if not 1 <= place <= n or place in places:
            return (None,)
        places.append(place)
        if score is not None:
            scores[place] = score
        if rank is not None:
            ranks[place] = rank
        reason = keys.get("reason")
        if isinstance(reason, str):
            reasons[place] = " ".join(reason.split())[:500]
    if ranks and sorted(ranks.values()) != [*range(1, len(rows) + 1)]:
        return (None,)
    if not ranks and len(scores) < len(places):
        return (_checked(places, {}, reasons, n) if listed and not scores else None,)
    order = sorted(ranks, key=lambda place: ranks[place]) if ranks else None
    return (_checked(order, scores, reasons, n),)


def _checked(
    order: list[int] | None, scores: dict[int, float], reasons: dict[int, str], n: int
) -> Ranking | None:
    """Return the ranking, with the order that follows from the scores; None if they contradict."""
    if any(not 1 <= number <= n for number in scores):
        return None
    if order is None:
        order = sorted(scores, key=lambda number: (-scores[number], number))
    known = [scores[number] for number in order if number in scores]
    if not order or any(one < other for one, other in pairwise(known)):
        return None
    on_scale = all(0 <= score <= BEST for score in scores.values())
    return Ranking(order, scores if on_scale else {}, reasons)


def place_of(value: Json) -> int | None:
    if isinstance(value, str):
        named = re.fullmatch(rf"\s*(?:{REF}|(\d{{1,3}}))\s*\.?\s*", value, re.IGNORECASE)
        return int(next(group for group in named.groups() if group)) if named else None
    number = number_of(value)
    return int(number) if number is not None and number == int(number) else None


def _places(value: Json, n: int) -> list[int] | None:
    """Return a list of different numbers from 1 to n; None for anything else."""
    if not isinstance(value, list) or not value:
        return None
    places = [place_of(one) for one in value]
    numbers = [place for place in places if place is not None and 1 <= place <= n]
    return numbers if len(numbers) == len(places) == len(set(numbers)) else None


def _rank(value: Json, n: int) -> int | None:
    number = number_of(value)
    if number is not None:
        return int(number) if number == int(number) else None
    return rank_of(value, n) if isinstance(value, str) else None


def _score(value: Json) -> float | None:
    if isinstance(value, str):
        share = re.fullmatch(r"\s*(\d{1,3}(?:\.\d{1,3})?)\s*(?:/|out of)\s*(\d{1,3})\s*", value)
        if share and float(share[2]) > 0:
            return float(share[1]) / float(share[2]) * BEST
    return number_of(value)


def _scores(value: Json, n: int) -> dict[int, float] | None:
    """Return scores by number; empty where there are none, None where they cannot be theirs."""
    pairs: list[tuple[int | None, Json]] = []
    if isinstance(value, list):
        pairs = list(enumerate(value, 1))
    elif isinstance(value, dict):
        pairs = [(place_of(key), one) for key, one in value.items()]
    found = {place: score for place, one in pairs if place and (score := _score(one)) is not None}
    return None if any(place > n for place in found) else found


def _reasons(value: Json, n: int) -> dict[int, str]:
    listed = value if isinstance(value, list) else []
    return {
        place: " ".join(one.split())[:500]
        for place, one in enumerate(listed[:n], 1)
        if isinstance(one, str)
    }
