"""Units of the numbers of one ballot: 5 km is not 5 miles, and 75 % is 0.75 where others say so.

One number alone is its figure, whatever its unit. Next to other replies, units that contradict
each other keep equal figures apart.
"""

import re
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from manyminds.reading import digits, figures, units
from manyminds.reading.locate import Found
from manyminds.reading.markup import without_formula_signs
from manyminds.reading.reasoning import readable

UNITS = {
    **units.NAMES,
    **{f"{unit}{s}": unit for unit in ("day", "week", "month", "year") for s in ("", "s")},
    **dict.fromkeys(("dollar", "dollars", "usd", "us$"), "$"),
    **dict.fromkeys(("euro", "euros", "eur"), "€"),
    **dict.fromkeys(("percent", "per cent", "prozent", "pour cent"), "%"),
    **dict.fromkeys(("gbp", "quid"), "\u00a3"),
    **dict.fromkeys(("cent", "cents", "¢"), "cent"),
}
"""From a unit or a sign of money as it is written, in lower case, to one spelling."""
_AFTER = re.compile(
    r"\s?(?:(?P<sign>[$€£¥%¢])|(?:degrees?\s+)?"
    r"(?P<word>(?:per |pour )?[a-z$]{1,12}\b|\u00b0\s?[CF]\b|[\u2103\u2109]))",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"\bhow\s+many\s+(?:\w+\s+)??(?P<unit>\w+)\s+(?:are|is|in|does|do|did|has|have|make)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:in|into|to|how\s+many)\s+(?:degrees\s+)?([a-z]+|\u00b0[cf])\b")
_ENDLESS = re.compile(r"-?[0-9]{1,9}/[1-9][0-9]{0,8}")
_PLACES = re.compile(r"-?[0-9]{1,9}\.(?P<places>[0-9]{2,12})")
_HALF = Fraction(1, 2)
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
_TIMES = frozenset(("s", "min", "h", "day", "week", "month", "year"))
_TAIL = 3_000  # characters at the end of a reply in which its number is looked for


@lru_cache(maxsize=1_024)
def unit_of(text: str, answer: str) -> str | None:
    """Return the unit that a reply gives its number, in one spelling; None where it names none.

    Args:
        text: The reply.
        answer: The number that was read in it.
    """
    wanted, unit = figures.value(answer), None
    plain = digits.plain(without_formula_signs(readable(text)[-_TAIL:]))
    for token in figures.TOKEN.finditer(plain):
        written = figures.written(token)
        if wanted is None or written is None or figures.value(written) != wanted:
            continue
        after = _AFTER.match(plain, token.end())
        sign = next((char for char in token[0] if char in "$€£¥"), None)
        word = None if after is None or after["word"] is None else after["word"].casefold()
        word = word.replace("\u00b0 ", "\u00b0") if word else word
        after_sign = None if after is None else after["sign"]
        unit = UNITS.get(after_sign or "", after_sign) or sign or UNITS.get(word or "") or unit
    return unit


def counted_alike(
    found: Sequence[Found | None], texts: Sequence[str | None], question: str
) -> list[Found | None]:
    """Leave out numbers of another unit of time than the question counts: 31 days for months."""
    asked = _COUNTS.search(question)
    unit = None if asked is None else UNITS.get(asked["unit"].casefold())
    if unit not in _TIMES:
        return list(found)
    named = [
        None if one is None or text is None else unit_of(text, one.answer)
        for one, text in zip(found, texts, strict=True)
    ]
    return [
        None if other in _TIMES and other != unit else one
        for one, other in zip(found, named, strict=True)
    ]


def in_small_unit(question: str) -> bool:
    """Say whether a question asks for a time in minutes or in seconds."""
    asked = {UNITS[unit] for unit in _ASKED.findall(question.casefold()) if unit in UNITS}
    return len(asked) == 1 and asked <= {"min", "s"}


def in_unit_asked(
    found: Sequence[Found | None], texts: Sequence[str | None], question: str
) -> list[Found | None]:
    """Take 32 of "0 \u00b0C, which is 32 \u00b0F" where the question asks for Fahrenheit."""
    asked = [UNITS[unit] for unit in _ASKED.findall(question.casefold()) if unit in UNITS]
    if len(asked) != 1:
        return list(found)
    read: list[Found | None] = []
    for one, text in zip(found, texts, strict=True):
        if one is None or text is None or unit_of(text, one.answer) in (None, *asked):
            read.append(one)
            continue
        plain = digits.plain(text[-_TAIL:])
        written = (figures.written(token) for token in figures.TOKEN.finditer(plain))
        named = {number for number in written if number and unit_of(text, number) == asked[0]}
        read.append(Found(named.pop(), one.where) if len(named) == 1 else one)
    return read


def grouped_alike(answers: Sequence[str | None]) -> list[str | None]:
    """Return the numbers of a ballot with 380.000 as 380000 where others state that, not 380."""
    values = Counter(figures.value(one) for one in answers if one is not None)
    alike: list[str | None] = []
    for answer in answers:
        plain = answer.replace(".", "") if answer is not None else None
        thousands = plain is not None and _GROUPS.fullmatch(answer or "") is not None
        value = figures.value(plain) if thousands and plain is not None else None
        more = value is not None and values[value] >= values[figures.value(answer or "")]
        alike.append(plain if more else answer)
    return alike


def rounded_alike(answers: Sequence[str | None]) -> list[str | None]:
    """Return the numbers of a ballot with 0.33 and 0.333 as 1/3 where another reply states that."""
    exact = {one: Fraction(one) for one in answers if one and _ENDLESS.fullmatch(one)}
    endless = {one: size for one, size in exact.items() if _goes_on(size.denominator)}
    alike: list[str | None] = []
    for answer in answers:
        places = _PLACES.fullmatch(answer) if answer and endless else None
        near = [
            one
            for one, size in endless.items()
            if places and abs(size - Fraction(places[0])) * 10 ** len(places["places"]) <= _HALF
        ]
        alike.append(near[0] if len(set(map(exact.get, near))) == 1 else answer)
    return alike


def _goes_on(below: int) -> bool:
    """Return whether a fraction with this denominator has endless decimals."""
    for prime in (2, 5):
        while below % prime == 0:
            below //= prime
    return below > 1


def apart(texts: Sequence[str | None], answers: Sequence[str | None]) -> list[str | None]:
    """Return the numbers of a ballot, with units where equal figures have different ones.

    Args:
        texts: The replies.
        answers: The number that each states, equal ones in the same words. None: abstains.
    """
    named = [
        None if text is None or answer is None else unit_of(text, answer)
        for text, answer in zip(texts, answers, strict=True)
    ]
    if not any(named):
        return list(answers)
    if "\u00a3" in named:  # pounds of money
        named = ["\u00a3" if unit == "lb" else unit for unit in named]
    known: dict[str, Counter[str]] = {}
    for answer, unit in zip(answers, named, strict=True):
        if answer is not None:
            known.setdefault(answer, Counter())
            if unit is not None:
                known[answer][unit] += 1
    shares = _percentages(known)
    written: list[str | None] = []
    for answer, unit in zip(answers, named, strict=True):
        if answer is None or len(known[answer]) < 2:
            written.append(answer if answer is None else shares.get(answer, answer))
        else:
            written.append(f"{answer} {unit or known[answer].most_common(1)[0][0]}")
    return _converted(written, known)


def _converted(written: list[str | None], known: dict[str, Counter[str]]) -> list[str | None]:
    """Return the answers with 5000 m as 5 km where other replies state those."""
    first: dict[tuple[str, float], str] = {}
    same: list[str | None] = []
    for answer in written:
        figure, _, unit = (answer or "").partition(" ")
        named = known.get(answer or "")
        unit = unit or (next(iter(named)) if named is not None and len(named) == 1 else "")
        value, size = figures.value(figure), units.SIZES.get(unit)
        if answer is None or value is None or size is None:
            same.append(answer)
        else:
            same.append(first.setdefault((size[0], float(f"{value * size[1]:.10g}")), answer))
    return same


def _rounding(percentage: str, share: str) -> float:
    """Return by how much a percentage differs at most from a share written as a fraction."""
    _, point, places = percentage.partition(".")
    exact = 1e-9 * max(1.0, abs(figures.value(percentage) or 0.0))
    return 0.5 * 10 ** -len(places) if point and "/" in share else exact


def _percentages(known: dict[str, Counter[str]]) -> dict[str, str]:
    """Return, for percentages that other replies state as a share of one, those replies' words."""
    values = {answer: figures.value(answer) for answer in known}
    return {
        answer: share
        for answer, named in known.items()
        if set(named) == {"%"}
        for share in known
        if (one := values[answer]) is not None
        and (other := values[share]) is not None
        and "%" not in known[share]
        and abs(one - 100 * other) <= _rounding(answer, share)
        and answer != share
    }
