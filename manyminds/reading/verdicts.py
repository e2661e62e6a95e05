"""verdicts: what judges, moderators and role writers reply, read tolerantly.

Pure functions from a reply to what it says, None where it says nothing of use. They never raise,
whatever the text, and take time linear in its length.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar, cast

from manyminds.fence import escaped, in_one_line

BEST = 10.0
T = TypeVar("T")


class Ranking(NamedTuple):
    """How a judge sees the answers it was shown; they are known by their number less one.

    Attributes:
        order: best first, without repeats; may leave some out.
        scores: from 0 to 10; may leave some out.
        reasons: a line each; may leave some out.
    """

    order: list[int]
    scores: dict[int, float]
    reasons: dict[int, str]


class StopVote(NamedTuple):
    """Whether to stop, and why."""

    stop: bool
    reason: str


def read_ranking(reply: str, n: int) -> Ranking | None:
    """Return the ranking in a reply about `n` answers, which are numbered from 1 in it.

    Read are "order", "scores" and "reasons" of a JSON object, whole or broken; else an order such
    as 2 > 1 > 3. Numbers that there are not are dropped, of a repeated one the first counts, scores
    out of range are clipped. Where only scores were given, the order follows from them.
    """
    found = _object(reply, "order", "scores")
    scores = _each(found.get("scores", _broken_scores(reply)), n, _score)
    order = _order(found.get("order"), n) or read_order(reply, n)
    if not order:
        order = sorted(scores, key=lambda number: (-scores[number], number))
    return Ranking(order, scores, _each(found.get("reasons"), n, _line)) if order else None


def read_stop(reply: str) -> StopVote | None:
    """Return the decision in a reply: "stop" of a JSON object, whole or broken, or the bare word.

    Yes, no, 0, 1 and Python's True and False will do; of several the last counts.
    """
    found = _object(reply, "stop")
    stop = _truth(found.get("stop"))
    if stop is None:
        tail = reply[-_LONGEST:]
        said = _STOP.findall(tail) or _WORD.findall(tail)
        stop = _truth(said[-1]) if said else None
    return None if stop is None else StopVote(stop, _line(found.get("reason")) or "")


def read_roles(reply: str, n: int) -> list[str] | None:
    """Return the first `n` roles in a reply, None where it has fewer.

    Read is "roles" of a JSON object: a list of texts, or of objects whose texts belong together;
    else numbered lines. Each is cut after 2,000 characters and made safe to stand in a prompt.
    """
    listed = _object(reply, "roles").get("roles")
    given = cast("list[object]", listed) if isinstance(listed, list) else _LISTED.findall(reply)
    roles = [text for text in map(_role, given) if text]
    return roles[:n] if len(roles) >= n else None


def _object(reply: str, *names: str) -> Mapping[str, object]:
    """Return the last JSON object in a reply that has one of these keys; empty where none has."""
    text, found = reply[-_LONGEST:], dict[str, object]()
    failures, opening = 0, _OPENING.search(text)
    while opening is not None and failures < _MOST_FAILURES:
        end = opening.start() + 1
        try:
            value, end = _DECODER.raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            failures += 1
        else:
            if any(name in value for name in names):
                found = value
        opening = _OPENING.search(text, end)
    return found


_LONGEST = 100_000
_MOST_FAILURES = 100  # each costs at most one pass over the text
_DECODER = json.JSONDecoder(strict=False)
_OPENING = re.compile(r'\{(?=\s{0,99}")')
_SCORES = re.compile(r'"scores"\s{0,9}:\s{0,9}\[([^][]*)')
_STOP = re.compile(r"""["']?\bstop["']?\s{0,9}[:=]\s{0,9}["']?(true|false|yes|no)\b""", re.I)
_WORD = re.compile(r"^[\s\"'*.]{0,9}(stop|continue|go on)[\s\"'*.!]{0,9}$", re.I)
_LISTED = re.compile(r"^[ \t]{0,9}(?:\d{1,3}[.)]|[-*])[ \t]{1,9}(\S.*)$", re.MULTILINE)
_FIRST_NUMBER = re.compile(r"-?\d{1,9}(?:\.\d{1,9})?")
_TRUTHS = {"true": True, "yes": True, "stop": True, "1": True,
           "false": False, "no": False, "continue": False, "go on": False, "0": False}  # fmt: skip


def _broken_scores(reply: str) -> list[object]:
    """Return the scores of an object that was cut off or is no JSON."""
    found = _SCORES.findall(reply[-_LONGEST:])
    return [part.strip() for part in found[-1].split(",")] if found else []


def _order(listed: object, n: int) -> list[int]:
    """Return a list of numbers from 1, some of them in words such as "answer 2", from 0."""
    places = map(_place, cast("list[object]", listed) if isinstance(listed, list) else [])
    return [place for place in dict.fromkeys(places) if place is not None and 0 <= place < n]


def _each(given: object, n: int, read: Callable[[object], T | None]) -> dict[int, T]:
    """Read a list in the order of the numbers, or an object whose keys are numbers from 1."""
    pairs: list[tuple[int | None, object]] = []
    if isinstance(given, list):
        pairs = list(enumerate(cast("list[object]", given)))
    elif isinstance(given, dict):
        pairs = [(_place(key), value) for key, value in cast("dict[str, object]", given).items()]
    values = (
        (place, read(value)) for place, value in pairs if place is not None and 0 <= place < n
    )
    return {place: value for place, value in values if value is not None}


def _place(value: object) -> int | None:
    number = _number(value)
    return None if number is None or number != int(number) else int(number) - 1


def _score(value: object) -> float | None:
    number = _number(value)
    return None if number is None else min(max(number, 0.0), BEST)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        found = _FIRST_NUMBER.search(value[:99])
        return float(found[0]) if found else None
    if not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _truth(value: object) -> bool | None:
    return _TRUTHS.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None


def _line(value: object) -> str | None:
    return in_one_line(value[:500]) if isinstance(value, str) else None


def _role(value: object) -> str:
    if isinstance(value, dict):
        texts = cast("dict[str, object]", value).values()
        value = " ".join(text for text in texts if isinstance(text, str))
    return escaped(value[:2_000]).strip() if isinstance(value, str) else ""


def read_order(reply: str, n: int) -> list[int]:
    """Return the ranking in a reply, best first, of `n` answers (0 to n-1) numbered from 1 in it.

    Read are the last "order" of a JSON object, whole or broken; else the last chain such as
    2 > 1 > 3; else numbers alone, one after the other. Numbers that there are not are passed over,
    of a repeated one the first counts. Empty where there is no ranking; never raises.
    """
    tail = reply[-_LONGEST:]
    listed = _ORDER.findall(tail) or _CHAIN.findall(tail) or _ALONE.findall(tail)
    numbers = (int(number) - 1 for number in _NUMBER.findall(listed[-1] if listed else ""))
    return [number for number in dict.fromkeys(numbers) if 0 <= number < n]


_ORDER = re.compile(r'"order"\s{0,9}:\s{0,9}\[([^][]*)', re.IGNORECASE)
_CHAIN = re.compile(r"\d{1,9}(?:\s{0,9}>\s{0,9}(?:[a-z]{1,9} ?)?#?\d{1,9})+", re.IGNORECASE)
_ALONE = re.compile(r"^\s*\[?((?:\d{1,9}\s{0,9},\s{0,9})+\d{1,9})\]?\s*$")
_NUMBER = re.compile(r"(?<![\w.-])\d{1,9}")
