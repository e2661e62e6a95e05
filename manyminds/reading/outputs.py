"""What a program gives: the questions that ask for it, the errors that replies name."""

import re

from manyminds.reading.cues import DENIES
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import visible

_ASSERTS = re.compile(r"\bassert\b[^\n]{0,500}==\s*\?\?")
_OUTPUT = re.compile(
    r"\bwhat\b(?:[^.?\n]|\.(?=\w)){0,80}\b(?:output|return|returns|returned|print|prints|printed)\b",
    re.IGNORECASE,
)
_EVALUATES = re.compile(  # "What does `2 ** 3` give?", "def f(x): ... What is f(3)?"
    r"\bwhat\b[^\n]{0,80}?\b(?:evaluates?\s+to|gives?|yields?|value\s+of|results?\s+(?:of|in))\b[^\n]{0,120}`|"
    r"\bwhat\b[^\n`]{0,60}`[^`\n]{1,200}`\s*(?:evaluate|give|yield|return|print|output|equal)"
    r"|\bwhat(?:'s|\s+is)\s+`[^`\n]{1,200}`\s+in\s+python"
    r"|\b(?:result|value|output)\s+of\b[^\n]{1,200}\bin\s+python\b|\bwhat\b[^\n]{1,200}\b(?:evaluate\s+to|evaluate|return|print|output|yield|give)\s+in\s+python\b"
    r"|\bvalue\s+of\s+`?\w{1,20}`?\s+(?:after|at\s+the\s+end|once|when)\b.{0,2000}\b\w+\s*=\s*[\[{('\"0-9]"
    r"|\bdef\s+(?P<name>\w{1,40})\(.{1,4000}\bwhat(?:'s|\s+is|\s+does)\s+`?(?P=name)\(",
    re.IGNORECASE | re.DOTALL,
)
_PROGRAM = re.compile(
    r"\bdef |\bprint\(|```|\blambda\b|\bcode\b|\bsnippet\b|\w\(.*\)|^\s*\w+ = ", re.MULTILINE
)
_RAISES = re.compile(
    r"\b(?:raises?|throws?|causes?|fails\s+with|results?\s+in|gives?)\s+(?:an?\s+)?`?([A-Z]\w*(?:Error|Exception|StopIteration))\b"
)


def asks(question: str) -> bool:
    """Say whether a question asks what a program gives: its answer is a Python literal."""
    asks = _OUTPUT.search(question) and _PROGRAM.search(question) or _EVALUATES.search(question)
    return bool(asks or _ASSERTS.search(question))


def error(text: str) -> Found | None:
    """Return the one error that a reply says a program raises."""
    text = visible(text)
    names = {raised[1] for raised in _RAISES.finditer(text)}
    return Found(names.pop(), "error") if len(names) == 1 and not DENIES.search(text) else None
