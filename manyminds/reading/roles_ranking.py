# ruff: noqa: E501 - patterns are easier to read in one line
"""Which of the answers that a prompt numbered from 1 a reply prefers: one of them, or their order."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from manyminds.reading.loose_json import Json, as_objects, values
from manyminds.reading.role_text import number_of, plain, reply_of

BEST = 10.0


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


NOUN = (
    r"(?:answers?|responses?|replies|reply|options?|candidates?|solutions?|antwort|r\u00e9ponse|respuesta"
    r"|\u7b54\u6848|\u56de\u7b54|\u56de\u590d|\u56de\u7b54\u6848|\u9009\u9879|\u041e\u0442\u0432\u0435\u0442)"
)
REF = rf"(?:{NOUN}\s*(?:number|no\.?|nr\.?|num\u00e9ro)?\s*[#(\[]?|#|number\s+|no\.\s*)(\d{{1,3}})(?![\d%]|\.\d)[)\]]?"
ANY = rf"(?:(?:the\s+)?{NOUN}?\s*(?:number|no\.?)?\s*[#(\[\"]?)(\d{{1,3}})(?![\d%]|\.\d|\s*(?:points|/))[)\]\"]?"
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "5th": 5,
}
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
    order = _said_order(said, n)
    if order is not None:
        stated = _said_list(said, _SCORES_LABEL, n)
        scores = dict(enumerate(stated, 1)) if stated else {}
        return _checked(order, {k: float(v) for k, v in scores.items()}, {}, n)
    scores = _said_scores(said, n)
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
        places = _chain_in(listed, n) if isinstance(listed, str) else _places(listed, n)
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


_RANKS = (
    r"(?:rank(?:ing|ed|s)?|order(?:ing)?|best\s+to\s+worst|best\s+first|worst\s+to\s+best|worst\s+first|reihenfolge|rangfolge|classement"
    r"|orden|clasificaci\u00f3n|\u6392\u5e8f|\u6392\u540d|\u9806\u4f4d|\u987a\u5e8f|\u4ece\u597d\u5230\u5dee|\u4ece\u6700\u597d\u5230\u6700\u5dee|\u0420\u0435\u0439\u0442\u0438\u043d\u0433"
    r"|\u041f\u043e\u0440\u044f\u0434\u043e\u043a)"
)
_ORDER_LABEL = re.compile(
    rf"{_RANKS}[^\n\d:=>]{{0,40}}?(?:\s*[:=]\s*|\s+(?:is|them|as)\s*:?\s*|\s+)\[?(?P<list>[^\n\]]{{1,200}})",
    re.IGNORECASE,
)
_LABEL_ABOVE = re.compile(
    rf"({_RANKS}[^\n]{{0,40}}:)[ \t]*\n\s{{0,9}}(?=\[?\d{{1,3}}\s?[,>])", re.IGNORECASE
)
_SCORES_LABEL = re.compile(r"scores?\s*[:=]\s*\[(?P<list>[^\n\]]{1,200})\]", re.IGNORECASE)
_WORST_FIRST = re.compile(r"worst\s+(?:to\s+best|first)|ascending|from\s+worst", re.IGNORECASE)
_ITEM = rf"(?:{NOUN}\s*#?|#|(?:the\s+)?)?\s*\(?(\d{{1,3}})\)?"
_CHAIN = re.compile(
    rf"\s*{_ITEM}(?:\s*(?:>=?|\u227b|,|\u3001|;|->|\u2192|=>|,?\s+then|,?\s+and|,?\s+followed\s+by)\s*(?:then\s+|and\s+)?{_ITEM})+\s*[.!\u3002]?\s*",
    re.IGNORECASE,
)


def _chain_in(text: str, n: int, *, worst_first: bool = False) -> list[int] | None:
    """Read a text that is a list such as "2 > 1 > 3" or "answer 2, answer 1, answer 3"."""
    if len(text) > 400 or not _CHAIN.fullmatch(text):
        return None
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if sorted(numbers) != [*range(1, n + 1)]:
        return None
    return numbers[::-1] if worst_first else numbers


def _said_list(said: str, label: re.Pattern[str], n: int) -> list[float]:
    found = label.findall(said)
    parts = found[-1].split(",") if found else []
    numbers = [number_of(part.strip().split("/")[0]) for part in parts]
    return [x for x in numbers if x is not None] if len(parts) == n and None not in numbers else []


def _said_order(said: str, n: int) -> list[int] | None:
    said = _LABEL_ABOVE.sub(r"\1 ", said)
    found: list[list[int]] = []
    for line in said.splitlines():
        label = _ORDER_LABEL.search(line)
        listed = label["list"] if label else line
        if re.search(r"\b(?:not|never)\b|n't\b", line):
            continue
        if not label and "," in line and not re.search(NOUN, line, re.IGNORECASE) and line != said:
            continue
        order = _chain_in(listed, n, worst_first=bool(_WORST_FIRST.search(line)))
        if order is not None:
            found.append(order)
    orders = {tuple(order) for order in found}
    if orders:
        return list(orders.pop()) if len(orders) == 1 else None
    for read in (_by_lines, _by_sequence, _by_rank_words):
        order = read(said, n)
        if order is not None:
            return order
    return None


_LINE = re.compile(
    rf"^[ \t]*(?:rank\s*|#)?(\d{{1,3}})(?:st|nd|rd|th)?(?:\s+place)?[.):\s-]\s*{REF}(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)


_RANK_LABEL = re.compile(
    r"^[ \t]*(first|second|third|fourth|fifth)(?:\s+place)?\s*:", re.IGNORECASE | re.MULTILINE
)


def _by_lines(said: str, n: int) -> list[int] | None:
    """Read numbered lines, each of which names an answer."""
    said = _RANK_LABEL.sub(lambda m: f"{ORDINALS[m[1].lower()]}.", said)
    lines = list(_LINE.finditer(said))
    ranks, numbers = [int(m[1]) for m in lines], [int(m[2]) for m in lines]
    if ranks != [*range(1, n + 1)] or sorted(numbers) != ranks or _WORST_FIRST.search(said):
        return None
    bare = all(not m["rest"].strip(" .:") for m in lines)
    if numbers == ranks and not bare and not re.search(_RANKS, said, re.IGNORECASE):
        return None  # remarks on each answer in turn
    return numbers


_SEQUENCE = re.compile(
    rf"(?:\bthe\s+)?best\s+(?:one\s+|answer\s+)?is\s+{ANY}(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next)\s+(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(
    rf"{REF}\s+is\s+(?:the\s+)?best(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next)\s+(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)


def _by_sequence(said: str, n: int) -> list[int] | None:
    for pattern in (_SEQUENCE, _FOLLOWED):
        for m in pattern.finditer(said):
            numbers = [int(number) for number in re.findall(r"\d+", m[0])]
            if sorted(numbers) == [*range(1, n + 1)]:
                return numbers
    return None


_RANK_WORD = re.compile(
    rf"{REF}\s+(?:is\s+|comes\s+|as\s+|in\s+)?(?:the\s+)?(best|first|second|third|fourth|last|worst)(?:\s+best)?\b",
    re.IGNORECASE,
)


def _by_rank_words(said: str, n: int) -> list[int] | None:
    if re.search(r"\b(?:not|never)\b|n't\b", said):
        return None
    at: dict[int, int] = {}
    for number, word in _RANK_WORD.findall(said):
        word = word.lower()
        rank = 1 if word == "best" else n if word in ("last", "worst") else ORDINALS[word]
        if at.get(rank, int(number)) != int(number):
            return None
        at[rank] = int(number)
    if sorted(at) != [*range(1, n + 1)] or sorted(at.values()) != sorted(at):
        return None
    return [at[rank] for rank in sorted(at)]


_SCORED = re.compile(
    rf"{REF}\s*(?:[:=\u2014-]|\(|gets|scores|is\s+worth)\s*(?:score\s*:?\s*)?(\d{{1,2}}(?:\.\d)?)\s*(/\s*10\b|points|out\s+of\s+10)?\)?(?=[\s.,;)]|$)",
    re.IGNORECASE,
)


def _said_scores(said: str, n: int) -> dict[int, float]:
    rows = _SCORED.findall(said)
    scores = {int(number): float(score) for number, score, _ in rows}
    marked = all(unit for _, _, unit in rows) or re.search(
        r"\bscores?\b|\bpoints\b", said, re.IGNORECASE
    )
    bare = not _SCORED.sub("", said).strip(" \t\n.,;-*")
    if len(rows) != n or sorted(scores) != [*range(1, n + 1)] or not (marked or bare):
        return {}
    return scores if all(0 <= score <= BEST for score in scores.values()) else {}
