"""Units of the numbers of one ballot: 5 km is not 5 miles, and 75 % is 0.75 where others say so.

One number alone is its figure, whatever its unit. Next to other replies, units that contradict
each other keep equal figures apart.
"""

import re
from collections import Counter
from collections.abc import Sequence

from manyminds.reading import digits, figures, units
from manyminds.reading.locate import Found

_WORDS = {
    **units.NAMES,
    **{f"{unit}{s}": unit for unit in ("day", "week", "month", "year") for s in ("", "s")},
    **dict.fromkeys(("dollar", "dollars", "usd", "us$"), "$"),
    **dict.fromkeys(("euro", "euros", "eur"), "€"),
    **dict.fromkeys(("percent", "per cent", "prozent", "pour cent"), "%"),
    **dict.fromkeys(("cent", "cents"), "cent"),
}
_AFTER = re.compile(
    r"\s?(?:(?P<sign>[$€£¥%])|(?P<word>(?:per |pour )?[a-z$]{1,12})\b)", re.IGNORECASE
)
_COUNTS = re.compile(
    r"\bhow\s+many\s+(?:\w+\s+)??(?P<unit>\w+)\s+(?:are|is|in|does|do|did|has|have|make)\b",
    re.IGNORECASE,
)
_TIMES = frozenset(("s", "min", "h", "day", "week", "month", "year"))
_TAIL = 3_000  # characters at the end of a reply in which its number is looked for


def unit_of(text: str, answer: str) -> str | None:
    """Return the unit that a reply gives its number, in one spelling; None where it names none.

    Args:
        text: The reply.
        answer: The number that was read in it.
    """
    wanted, unit = figures.value(answer), None
    plain = digits.plain(text[-_TAIL:])
    for token in figures.TOKEN.finditer(plain):
        written = figures.written(token)
        if wanted is None or written is None or figures.value(written) != wanted:
            continue
        if plain.startswith("$", token.end()):
            continue  # a formula in dollar signs
        after = _AFTER.match(plain, token.end())
        sign = next((char for char in token[0] if char in "$€£¥"), None)
        word = None if after is None or after["word"] is None else after["word"].casefold()
        after_sign = None if after is None else after["sign"]
        unit = after_sign or sign or _WORDS.get(word or "") or unit
    return unit


def counted_alike(
    found: Sequence[Found | None], texts: Sequence[str | None], question: str
) -> list[Found | None]:
    """Leave out numbers of another unit of time than the question counts: 31 days for months."""
    asked = _COUNTS.search(question)
    unit = None if asked is None else _WORDS.get(asked["unit"].casefold())
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
    known: dict[str, Counter[str]] = {}
    for answer, unit in zip(answers, named, strict=True):
        if answer is not None:
            known.setdefault(answer, Counter())
            if unit is not None:
                known[answer][unit] += 1
    shares = _percentages(known)
    told: list[str | None] = []
    for answer, unit in zip(answers, named, strict=True):
        if answer is None or len(known[answer]) < 2:
            told.append(answer if answer is None else shares.get(answer, answer))
        else:
            told.append(f"{answer} {unit or known[answer].most_common(1)[0][0]}")
    return _converted(told, known)


def _converted(told: list[str | None], known: dict[str, Counter[str]]) -> list[str | None]:
    """Return the answers with 5000 m as 5 km where other replies state those."""
    first: dict[tuple[str, float], str] = {}
    same: list[str | None] = []
    for answer in told:
        figure, _, unit = (answer or "").partition(" ")
        named = known.get(answer or "")
        unit = unit or (next(iter(named)) if named is not None and len(named) == 1 else "")
        value, size = figures.value(figure), units.SIZES.get(unit)
        if answer is None or value is None or size is None:
            same.append(answer)
        else:
            same.append(first.setdefault((size[0], float(f"{value * size[1]:.10g}")), answer))
    return same


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
        and abs(one - 100 * other) < 1e-9 * max(1.0, abs(one))
        and answer != share
    }
