"""How sure a reply says it is."""

import re

_SAID = re.compile(
    r"confidence\s*(?:score|level)?\s*(?:is|:|=)?\s*\**\s*(\d{1,3}(?:\.\d+)?)\s*(%|/)?",
    re.IGNORECASE,
)


def stated(reply: str) -> float | None:
    """Return the confidence that a reply states last, from 0 to 100; None where it states none.

    A number up to 1 without a percent sign is taken as a share: "Confidence: 0.9" is 90.
    """
    found = _SAID.findall(reply[-2_000:])
    if not found:
        return None
    number, unit = float(found[-1][0]), found[-1][1]
    if number <= 1 and "." in found[-1][0] and not unit:
        number *= 100
    return number if number <= 100 else None


def rated(reply: str, most: float = 10.0) -> float | None:
    """Return the rating a reply gives, from 0 to `most`; None where there is none in that range.

    Read are, in this order, {"score": 7}, "Score: 7" or "7/10", and a reply that is a number only.
    """
    for pattern in (_FIELD, _SCORE, _ALONE):
        found = pattern.findall(reply[:20_000])
        if found:
            number = float(found[-1])
            return number if 0 <= number <= most else None
    return None


_FIELD = re.compile(r'"(?:score|rating)"\s*:\s*"?(\d{1,3}(?:\.\d{1,6})?)', re.IGNORECASE)
_SCORE = re.compile(r"(?:score|rating)\s*(?:is|:|=)\s*\**\s*(\d{1,3}(?:\.\d{1,6})?)", re.IGNORECASE)
_ALONE = re.compile(r"^\s*(\d{1,3}(?:\.\d{1,6})?)(?:\s*/\s*10)?\s*\.?\s*$")
