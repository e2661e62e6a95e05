# ruff: noqa: E501 - patterns are easier to read in one line
"""Which of the answers that a prompt numbered from 1 a reply prefers: one of them, or their order."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from manyminds.reading.loose_json import Json, as_objects, values
from manyminds.reading.role_text import number_of, plain, reply_of
from manyminds.reading.roles_ranking_words import (
    BEST,
    REF,
    SCORES_LABEL,
    chain_in,
    said_list,
    said_order,
    said_scores,
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


CHINESE = {"\u4e00": "1", "\u4e8c": "2", "\u4e09": "3", "\u56db": "4", "\u4e94": "5"}
_SCORE_KEYS = ("score", "rating", "points", "grade")
_NUMBER_KEYS = ("number", "answer", "index", "id", "answernumber", "response", "candidate", "no")
_ORDER_KEYS = ("order", "ranking", "ranked", "rank", "bestfirst", "besttoworst", "finalranking")


def read_ranking(text: str, n: int) -> Ranking | None:
    """Return the ranking in a reply about `n` answers, numbered from 1.

    The order of a list of objects with numbers and scores follows from the scores. Scores that
    contradict a stated order, repeated numbers, numbers from 0 and unknown numbers: not read.
    """
    reply = reply_of(text)
    found = [one.value for one in values(reply)]
    for value in reversed(found):
        outcome = _json_ranking(value, n)
        if outcome is not None:
            return outcome[0]
    said = plain(reply)
    order = said_order(said, n)
    if order is not None:
        stated = said_list(said, SCORES_LABEL, n)
        scores = dict(enumerate(stated, 1)) if stated else {}
        return _checked(order, {k: float(v) for k, v in scores.items()}, {}, n)
    scores = said_scores(said, n)
    return _checked(None, scores, {}, n) if scores else None


def _json_ranking(value: Json, n: int) -> tuple[Ranking | None] | None:
    """Return a one-tuple with what a JSON value says; None where it is no ranking at all."""
    if isinstance(value, list):
        rows = as_objects(value)
        if rows:
            return _rows(rows, n)
        order = _places(value, n)
        return (Ranking(order, {}, {}),) if order is not None and len(order) == n else None
    if not isinstance(value, dict):
        return None
    keys = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in value.items()}
    for key in ("answers", "verdict", "verdicts", *_ORDER_KEYS, "results", "scores", "evaluations"):
        inner = keys.get(key)
        rows = as_objects(inner) if isinstance(inner, list) else []
        if rows:
            return _rows(rows, n)
        if key in ("verdict", "answers") and isinstance(inner, dict):
            return _json_ranking(inner, n)
    order_key = next((key for key in _ORDER_KEYS if key in keys), None)
    scores = _scores(keys.get("scores", keys.get("score") if n > 1 else None), n)
    if order_key is not None:
        listed = keys[order_key]
        places = chain_in(listed, n) if isinstance(listed, str) else _places(listed, n)
        if scores is None or not places:
            return (None,)
        return (_checked(places, scores, _reasons(keys.get("reasons"), n), n),)
    if scores:
        return (_checked(None, scores, _reasons(keys.get("reasons"), n), n),)
    own = _scores(value, n)
    return (_checked(None, own, {}, n),) if own and len(own) == len(value) == n else None


def _rows(rows: Sequence[Mapping[str, Json]], n: int) -> tuple[Ranking | None] | None:
    scores: dict[int, float] = {}
    reasons: dict[int, str] = {}
    ranks: dict[int, float] = {}
    for row in rows:
        keys = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in row.items()}
        named = next((key for key in _NUMBER_KEYS if key in keys), None)
        place = None if named is None else place_of(keys[named])
        if place is None:
            return None
        score = next((_score(keys[key]) for key in _SCORE_KEYS if key in keys), None)
        rank = number_of(keys.get("rank"))
        if not 1 <= place <= n or place in scores or place in ranks or (score is rank is None):
            return (None,)
        if score is not None:
            scores[place] = score
        if rank is not None:
            ranks[place] = rank
        reason = keys.get("reason")
        if isinstance(reason, str):
            reasons[place] = " ".join(reason.split())[:500]
    if ranks and (sorted(ranks.values()) != [*range(1, len(rows) + 1)] or len(ranks) < len(rows)):
        return (None,)
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
