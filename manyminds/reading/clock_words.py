"""Times of day in words: "half past three", "25 minutes past noon", "ten in the evening"."""

import re

from manyminds.reading import digits

_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen"
    r"|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[- ](?:one|two|three|four"
    r"|five|six|seven|eight|nine))?|eins?|zwei|drei|vier|f\u00fcnf|sechs|sieben|acht|neun|zehn"
    r"|elf|zw\u00f6lf)"
)
_NUMBER = rf"(?:[0-9]{{1,2}}|{_WORD})"
_PAST = re.compile(
    r"(?<!from )\b(?:(?P<half>half)|(?:a\s+)?(?P<quarter>quarter)"
    rf"|(?P<minutes>{_WORD}|[0-9]{{1,2}}(?=\s+min|\s+past))(?:\s+minutes?)?)"
    rf"\s+(?P<way>past|after|to|before|till)\s+(?P<hour>{_NUMBER}|noon|midnight)\b(?!\s*(?:minutes?|hours?|[:.][0-9]))",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    rf"\b(?:(?P<half>halb)|(?P<quarter>Viertel)\s+(?P<way>nach|vor))\s+(?P<hour>{_NUMBER})\b",
    re.IGNORECASE,
)
_HOUR = re.compile(
    rf"\b(?P<hour>{_WORD})(?=(?:\s+o['\u2019]clock|\s+Uhr)\b|\s+(?:in\s+the\s+(?:morning|afternoon|evening)|at\s+night)\b|\s+[ap]\.?m\b)",
    re.IGNORECASE,
)
_AFTER = ("past", "after", "nach")
_NAMED = {"noon": (12, " pm"), "midnight": (0, "")}
_GERMAN_HOURS = {
    "ein": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "f\u00fcnf": 5, "sechs": 6, "sieben": 7,
    "acht": 8, "neun": 9, "zehn": 10, "elf": 11, "zw\u00f6lf": 12,
}  # fmt: skip
_DAY = 24


def in_figures(text: str) -> str:
    """Return a short text with its times in words as figures: "half past three" is 3:30."""
    text = _GERMAN.sub(_relative, _PAST.sub(_relative, text))
    return _HOUR.sub(lambda m: str(_value(m["hour"])), text)


def _value(word: str) -> int:
    known = _GERMAN_HOURS.get(word.casefold())
    return int(digits.spelled(word)) if known is None else known


def _relative(found: re.Match[str]) -> str:
    """Return the time that is some minutes before or after an hour; others stay."""
    named = _NAMED.get(found["hour"].casefold())
    hour, half_day = named or (_value(found["hour"]), "")
    parts = found.groupdict()
    minutes = 30 if parts["half"] else 15 if parts["quarter"] else _value(parts["minutes"])
    german_half = (parts["half"] or "").casefold() == "halb"
    before = german_half or (parts["way"] or "").casefold() not in _AFTER
    if hour > _DAY or not 0 < minutes < 60 or parts["half"] and before and not german_half:
        return found[0]
    if before:
        hour, minutes = (hour - 1) % (_DAY if named else 12), 60 - minutes
        hour = hour or (0 if named else 12)
        half_day = " am" if named and hour < 12 else ""
    if named and not before:
        half_day = " pm" if hour == 12 else " am"
        hour = hour or 12
    return f"{hour}:{minutes:02}{half_day}"
