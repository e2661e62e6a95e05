"""Sentences with a number that state no answer: a step, an assumption, a title, a cut-off end."""

import re

from manyminds.reading.cues import CONCLUDES

_LABELLED = re.compile(  # iPhone 15, Route 66: the number of a thing, at the start
    r"\W*(?:(?:route|room|version|chapter|page|section|figure|table|version|gate|flight|bus|highway|apollo|boeing"
    r"|article|psalm|model|channel|platform|level|unit|lesson|volume|question|problem|exercise|windows"
    r"|galaxy|line|building|floor|studio|team|group|day|week|grade|class|part|phase|stage)|(?-i:[a-z]+[A-Z])\w*)"
    r"\s+[0-9]+(?:\s*[.!]?$|\s+(?!=)[a-z]+\b(?!\D*[0-9]))",
    re.IGNORECASE,
)
_STEP = re.compile(  # says what is to be done, or what is assumed, not what comes out
    r"\W*(?:let\s+\w+\s+(?:be|denote|represent)\b|suppose\b|assum(?:e|ing)\b|imagine\b"
    r"|for\s+(?:example|instance)\b"
    r"|(?:to\s+[^,]{1,120},\s+)?(?:(?:first|next|now|then|after\s+that|finally|lastly),?\s+)?(?:we|you|i)(?:['\u2019]ll\b(?!\s+(?:need|have|get|be|end)\b)|\s+(?:(?:first|then|also|now)\s+)?"
    r"(?:(?:have|need)\s+to|must|should|will|can|could|may"
    r"|are\s+going\s+to)\b)"
    r"|(?:(?:first|next|now),?\s+)?let(?:'s|\s+us|\s+me)\b|to\s+(?:find|get|solve|answer)\b[^,]*$)",
    re.IGNORECASE,
)
_PLANS = re.compile(  # what is going to be done; "we will need 5" is a result
    r"\W*(?:(?:first|next|now|then|finally),?\s+)?(?:(?:we|i)(?:['\u2019]ll|\s+(?:will|shall|are\s+going\s+to|need\s+to|have\s+to))"
    r"\s+(?!(?:need|have|get|be|end|see|find|obtain)\b)|let(?:['\u2019]s|\s+us|\s+me)\s)",
    re.IGNORECASE,
)
_ASSUMES = re.compile(
    r"\W*(?:let\s+\w+\s+be|(?:let(?:'s|\s+us)\s+)?(?:suppose|assume|say)|for\s+(?:example|instance))\b",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\W*(?:here\s+(?:are|is)|see|refer\s+to|note|consider|look\s+at|please|check)\b", re.IGNORECASE
)
_HEDGED_TWICE = re.compile(
    r"\b(?:could|might|may)\s+be\b.*\b(?:could|might|may)\s+(?:also\s+)?be\b", re.I
)
_TAIL = 300  # characters at the end of a reply


def leads(sentence: str, *, equation: bool) -> bool:
    """Say whether a sentence with a number leads to an answer, or names a thing by its number."""
    if _ASSUMES.match(sentence) or _PLANS.match(sentence) or _HEDGED_TWICE.search(sentence[:_TAIL]):
        return True
    if not equation and (_STEP.match(sentence) or _REFERS.match(sentence)):
        return True
    if not equation and sentence.rstrip().endswith(":"):
        return True
    return _LABELLED.match(sentence) is not None and CONCLUDES.match(sentence) is None
