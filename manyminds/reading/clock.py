"""Times of day: `7:30 pm`, `7.30 p.m.`, `19:30`, `7 PM`."""

import re

_HALF = r"(?:\s?(?P<half{n}>[ap])\.?\s?m\b\.?)"
TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})(?:"
    + r":(?P<minute1>[0-9]{2})(?![0-9:])"
    + _HALF.replace("{n}", "1")
    + r"?|\.(?P<minute2>[0-9]{2})"
    + _HALF.replace("{n}", "2")
    + "|"
    + _HALF.replace("{n}", "3")
    + ")",
    re.IGNORECASE,
)
"""A time as it is written."""


def key(written: str) -> str | None:
    """Return a time on the clock of 24 hours, as it stands where morning or evening is not said.

    Returns:
        Hour and minute such as "19:30"; None for what is no time.
    """
    found = TIME.fullmatch(written.strip().rstrip("."))
    if found is None:
        return None
    hour, minute = int(found["hour"]), int(found["minute1"] or found["minute2"] or 0)
    half = (found["half1"] or found["half2"] or found["half3"] or "").casefold()
    if minute > 59 or hour > 24 or (half and not 1 <= hour <= 12):
        return None
    if not half:
        return f"{hour}:{minute:02}"
    return f"{hour % 12 + (12 if half == 'p' else 0)}:{minute:02}{'' if half == 'p' else ' am'}"
