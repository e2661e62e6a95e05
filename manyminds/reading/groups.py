r"""Sets, intervals, points and matrices as a reply writes them: the last one in its conclusion."""

import re
from collections.abc import Iterator

from manyminds.reading.markup import bare

_MATRIX = re.compile(r"\\begin\{([pbv]?matrix)\}.{1,600}?\\end\{\1\}", re.DOTALL)
_BRACKET = re.compile(r"\\[{}]|[\[\](){}]")
_OPENING = frozenset(("\\{", "{", "[", "("))
_CUP = re.compile(r"\s*(?:\u222a|\\cup(?![a-z])|\bU\b)\s*")
_BEHIND = re.compile(  # what may follow a value: punctuation, a reason, a remark
    r"\s*(?:[.!,;:*`$]*\s*$|[,;.]\s|(?:\\\]|\\\))|\s(?:because|since|as|which|where|for|in\s+interval)\b|\s\u2014)",
    re.IGNORECASE,
)
_BEFORE = re.compile(  # what a value that is stated follows
    r"(?:^|[=:\u2192\u2208~]|\b(?:is|are|be|gives?|get|gets|equals?|becomes?|at|set|interval|point|pair|matrix|vector|tuple|list|solution"
    r"|ist|sind|lautet|est|sont|es|son|\u00e8|sono|\u00e9|s\u00e3o|\\in|\u044d\u0442\u043e|\u0440\u0430\u0432\u043d\u043e)|[\u662f\u4e3a\u306f])[\s*`$\\(]*$",
    re.IGNORECASE,
)
_ITEMS = re.compile(r"[^\s,][^,]*,\s*[^\s,]")
_CALL = re.compile(r"[A-Za-z_]$")
_LONGEST = 1_000


def last(place: str) -> str | None:
    r"""Return the last set, interval, point, list or matrix that a short text states, else None.

    Args:
        place: The end of a reply, or what follows its cue.
    """
    text = bare(place[-_LONGEST:]).strip()
    found = None
    for start, end in _joined(text, list(_groups(text))):
        group = text[start:end]
        lists = _ITEMS.search(group) or group.startswith(("{", "\\{", "\\begin"))
        called = _CALL.search(text[:start]) is not None
        if lists and not called and _BEHIND.match(text, end):
            found = group if _BEFORE.search(text[:start]) else None
    return found


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each outer group of brackets begins and ends; brackets of ends may differ."""
    matrices = [matrix.span() for matrix in _MATRIX.finditer(text)]
    pairs, opened = list(matrices), list[int]()
    for token in _BRACKET.finditer(text):
        if token[0] in _OPENING:
            opened.append(token.start())
        elif opened:
            pairs.append((opened.pop(), token.end()))
    end = 0
    for start, stop in sorted(pairs):
        if start >= end:
            yield start, stop
            end = stop


def _joined(text: str, groups: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return groups with those in one that the sign of a union joins."""
    joined: list[tuple[int, int]] = []
    for start, end in groups:
        if joined and _CUP.fullmatch(text, joined[-1][1], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
