# ruff: noqa: E501 - patterns are easier to read in one line
"""Replies that break off within a sentence, as one does that ran out of tokens."""

import re
from functools import lru_cache

from manyminds.reading import locate

_OPEN_END = re.compile(  # words that no sentence ends with, in several languages
    r"(?:(?<![-+*/=^\u2212\u00b7\u00d7] )\b(?:we(?:\s+\w+)?|you|the|to|of|is|are|and|or|but|(?<!or )so|then|by|with|for|that|from|will|because|if|let|which|whose(?:\s+\w+)?|an|these|those|their|its|our|your|get|gives?|obtain|yields?|therefore|y\s+despu\u00e9s"
    r"|ist|sind|und|oder|der|das|den|dem|ein|eine|f\u00fcr|mit|weil|dass|est|sont|et|ou|le|les|des|du|pour|avec|parce|que"
    r"|es|el|los|y|o|del|por|para|con|porque|il|di|che|per|os|um|uma|do|da|em|\u0438|\u0438\u043b\u0438|\u0447\u0442\u043e|\u043d\u0430|\u044d\u0442\u043e"
    r"|\u0440\u0430\u0432\u043d\u043e|i|a)|(?:we|i|you|it|this|that|which|he|she|they|there)\s+(?:(?:therefore|thus|then|now|also|so|hence)\s+)(?:have|has|get|gets|obtain|find|gives|makes)|(?:is|are|was|were)\s+(?:worth|equal)"
    r"|(?:damit|somit|also|so|dann)\s+(?:haben|erhalten|bekommen)\s+wir|on\s+(?:a|obtient|trouve)\s+donc|[,=(+*/\u00d7\u00f7\uff0c\u3001]|[0-9A-Za-z)}]\s+[-\u2212]"
    r"|\\(?:pm|times|cdot|div|frac|sqrt|approx|left|leq?|geq?)|\u89e3\u5f97|\u5f97\u5230?|\u5219|\u6240\u4ee5|\u56e0\u6b64|\u5373|\u4e3a|\u662f|\u6709|\u548c|\u5728|\u628a|\u88ab|\u4e0e|\u4ece|\u5c06|\u306f|\u304c|\u3092|\u306b)\s*$",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"(?<=[\w.!?)%])(?:\*{1,3}|_{1,3})$")
_OPEN_BOX = re.compile(r"\\boxed\s*\{(?P<inside>[^\n]*)\Z")
_ALONE = re.compile(r"\W*\w+\W*")  # "I", "A", "Die"
_ENDED = re.compile(r"[.!?:;\u3002\uff01\uff1f\u2026)\]}\"'\u201d\u00bb*`_%$0-9]\s*$")
_FEWEST = 4  # words of a last sentence that has broken off
_BEGUN = re.compile(  # and no more: "We set this", "Then we"
    r"(?:so\s+|now\s+|then\s+|next,?\s+)?(?:we|let|this|these|it|that)(?:\s+[a-z]+){0,2}",
    re.IGNORECASE,
)
_TAIL = 300  # characters at the end of a reply


@lru_cache(maxsize=1_024)  # each kind of answer that is tried asks it of the same replies
def is_cut_off(text: str) -> bool:
    """Say whether a reply ends with a word or sign that something has to follow."""
    tail = _EMPHASIS.sub("", text[-_TAIL:].rstrip())
    box = _OPEN_BOX.search(tail)
    if box is not None and box["inside"].count("}") <= box["inside"].count("{"):
        return True
    if (
        text.count("\\begin{") > text.count("\\end{")
        or tail.count("$$") % 2
        and text.count("$$") % 2
    ):
        return True
    return _OPEN_END.search(tail) is not None and _ALONE.fullmatch(tail) is None


def stops_short(text: str) -> bool:
    """Say whether a reply has broken off in a sentence that gives no number."""
    found = locate.sentences(text)
    last = found[-1] if found else ""
    if len(found) > 1 and _BEGUN.fullmatch(last):
        return True
    return len(whole_sentences(text)) < len(found) and not any(map(str.isdigit, last))


def whole_sentences(text: str) -> list[str]:
    """Return the sentences of a reply, without a last one that has no end where the others do.

    It stands in one line with a sentence that has its full stop, which the writer would have set.
    """
    found = locate.sentences(text)
    if len(found) < 2 or _ENDED.search(found[-1]) or len(found[-1].split()) < _FEWEST:
        return found
    between = text.rstrip()[: -len(found[-1])]
    goes_on = between == between.rstrip("\n") and between.rstrip().endswith((".", "!"))
    return found[:-1] if goes_on else found
