# ruff: noqa: E501 - patterns are easier to read in one line
r"""Orders of growth: `O(n log n)`, `$\mathcal{O}(\log_2 n)$`, "linear time"."""

import re

from manyminds.reading import locate
from manyminds.reading.answers import finding
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:time|space|runtime|running[- ]time|worst[- ]case|average[- ]case|computational|algorithmic)\s+complexity\b|\bcomplexity\s+of\b|\bbig[- ]?O\b|\bLaufzeit(?:komplexit\u00e4t)?\b|\bcomplejidad\b|\bcomplexit\u00e9\b|\u590d\u6742\u5ea6",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:\\?(?:mathcal|text|mathrm)?\s?\{?\bO\}?|\\?Theta|\u0398|\u03b8|\u039f)\s?\((?P<of>(?:[^()\n]|\([^()\n]{1,20}\)){1,40})\)"
)
_NAMES = {
    "constant": "1", "logarithmic": "logn", "linear": "n", "linearithmic": "nlogn",
    "quadratic": "n^2", "cubic": "n^3", "exponential": "2^n", "factorial": "n!",
}  # fmt: skip
_NAMED = re.compile(rf"\b({'|'.join(_NAMES)})(?:\s+(?:time|in\b)|\W*$)", re.IGNORECASE)
_MARKS = re.compile(r"\\(?=log|ln|lg)|\\[,;! ]|\\(?:cdot|times)|[\s{}$\u00b7*\u00d7()]")
_LOG = re.compile(r"(?:log|ln|lg)(?:_?2|\u2082|_10)?")
_RAISED = str.maketrans({"\u00b2": "^2", "\u00b3": "^3"})


def asks(question: str) -> bool:
    """Say whether a question asks how a cost grows."""
    return _ASKS.search(question) is not None


def find(text: str) -> Found | None:
    """Return the order of growth that a reply states; None for two different ones."""
    text = readable(text)
    for place in locate.stated(text):
        return _only(place.answer, place.where)
    bold, sentences = locate.bold(text), locate.sentences(text)
    found = None if bold is None else _only(bold, "bold text")
    for said, where in ((sentences[-1:], "last sentence"), (sentences[:1], "first sentence")):
        found = found or (_only(said[0], where) if said else None)
    return found


def key(answer: str) -> str:
    """Return what stands in the brackets, without marks; a base of the logarithm is none."""
    order = _ORDER.search(answer)
    of = answer if order is None else order["of"]
    return _LOG.sub("log", _MARKS.sub("", of.translate(_RAISED)).casefold())


def _only(said: str, where: str) -> Found | None:
    orders = {key(m[0]): f"O({m['of'].strip()})" for m in _ORDER.finditer(said)}
    if not orders:
        orders = {
            _NAMES[m[1].casefold()]: f"O({_NAMES[m[1].casefold()]})"
            for m in _NAMED.finditer(plain_formula(said))
        }
    return Found(orders.popitem()[1], where) if len(orders) == 1 else None


COMPLEXITY = finding("complexity", find, key)
