"""Full stops that end no sentence: of abbreviations, initials, dates and times."""

import re

_ORDINAL = re.compile(r"(?:^|(?<![=+*/\u00d7-]) )[0-9]{1,2}\.$")  # "am 9." before "November"
_MONTH = re.compile("(?:Jan|Feb|M\u00e4r|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez)[a-z]*\\b")
_ABBREVIATED = re.compile(r"\b(?:approx|ca|vs|e\.g|i\.e|mr|mrs|ms|dr|prof|st)\.$", re.IGNORECASE)
_NUMBERED = re.compile(r"\bno\.$", re.IGNORECASE)  # "no. 5"; not "The answer is no."
_INITIAL = re.compile(r"[A-Z][a-z]+\s[A-Z]\.$")  # "John F." before "Kennedy"
_CYRILLIC = re.compile(r"(?<![^\W\d_])[\u0410-\u042f\u0401]\.$")
_HALF_DAY = re.compile(r"\b[ap]\.m\.$", re.IGNORECASE)  # "3 p.m." before "EST"
_ZONE = re.compile(r"(?:[A-Z]{2,4}\b|(?:Eastern|Pacific|Central|Mountain|Greenwich|UTC)\b)")
_SHORT_MONTH = re.compile(r"\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$")
_OPENS = re.compile(r"(?:The|It|This|That|He|She|They|In|So|If|We|You|But|And|As|Its|His|Her)\b")
_SHORT = 12  # characters of a word with a full stop
_TWO_NAMES = 40  # characters of a first name and an initial


def goes_on(before: str, after: str) -> bool:
    """Say whether a sentence goes on behind a full stop.

    Args:
        before: The text up to the full stop.
        after: The text behind it, without the space between them.
    """
    end = before[-_SHORT:]
    if _ABBREVIATED.search(end) or _CYRILLIC.search(end):
        return True
    if after[:1].isdigit() and (_NUMBERED.search(end) or _SHORT_MONTH.search(end)):
        return True
    if _INITIAL.search(before[-_TWO_NAMES:]) and not _OPENS.match(after):
        return True
    month = _ORDINAL.search(end) and _MONTH.match(after)
    return bool(month or _HALF_DAY.search(end) and _ZONE.match(after))
