"""Numbers that answer a question for a probability: "one in six" is 1/6."""

import re

from manyminds.reading import digits, numbers
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:probabilit\w+|chances?|likelihood|odds|fraction|proportion)\b|\u6982\u7387",
    re.IGNORECASE,
)
_OUT_OF = re.compile(
    r"\b([0-9]{1,9})\s+(?:chances?\s+)?(?:in|out\s+of|of)\s+(?:a\s+)?([1-9][0-9]{0,8})\b"
)
_LONGEST = 2_000  # characters of a reply in which words are read


def asks(question: str) -> bool:
    """Say whether a question asks for a share of one."""
    return _ASKS.search(question) is not None


def find(text: str) -> Found | None:
    """Return the number that a reply gives as its answer; "1 out of 6" is one."""
    text = readable(text)
    if len(text) <= _LONGEST and _OUT_OF.search(digits.spelled(text)):
        text = _OUT_OF.sub(r"\1/\2", digits.spelled(text))
    return numbers.find(text)


SHARE = finding("number", find, numbers.key)
