# ruff: noqa: E501 - patterns are easier to read in one line
"""Values of one unknown that a reply lists: under "Solutions", or in its last lines, one a line."""

import re
from collections.abc import Sequence

from manyminds.reading.locate import Found

_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]*|\*\*|__)?(?:the\s+|die\s+|les\s+|las\s+|le\s+|final\s+)?(?:solutions?|roots?|zeros?|l\u00f6sung(?:en|smenge)?|nullstellen|racines|soluciones|ra\u00edces|soluzioni|radici|solu\u00e7\u00f5es|ra\u00edzes|oplossing(?:en)?|\u0440\u0435\u0448\u0435\u043d\u0438\u044f|\u043a\u043e\u0440\u043d\u0438|rozwi\u0105zania|pierwiastki|\u89e3|\u6839)[:\uff1a]?(?:\*\*|__)?[:\uff1a]?[ \t]*\n",
    re.IGNORECASE | re.MULTILINE,
)
_BLOCK = re.compile(r"\s*(?P<lines>[^\n]+(?:\n(?![ \t]*(?:\n|#|\*\*))[^\n]+)*)")
_MARKS = re.compile(
    r"\$\$?|\\[()\[\]]|\*\*|`|\\(?:quad|qquad|,|;)|\\text\s*\{\s*(?:and|or|und|et|y)\s*\}"
)
_APART = re.compile(
    r"\s*(?:[,;\n]|\b(?:and|or|und|oder|et|ou|y|o|e)\b|\u6216|\u548c)\s*", re.IGNORECASE
)
_BULLET = re.compile(r"[ \t]*(?:[-*\u2022+]|[0-9]{1,2}[.)])\s+")
_ROOT = re.compile(
    r"(?P<name>[A-Za-z])(?:_\{?[0-9]\}?|[\u2080-\u2089])?\s*=\s*(?P<value>[^=<>:]{1,60}?)[.\s]*"
)
_OPERATES = re.compile(
    r"[0-9]\s*[-+*/\u00d7\u00f7\u00b7\u2212]\s*[0-9]|\\(?:frac|times|cdot|pm)|\u00b1"
)
_WORDS = re.compile(r"(?<!\\)\b(?!sqrt\b|frac\b|pi\b)[A-Za-z]{3,}")
_MOST = 20  # values of one unknown


def listed(text: str) -> Found | None:
    """Return the values of one unknown under the last such heading; None where more stands there."""
    headings = list(_HEADING.finditer(text))
    block = _BLOCK.match(text, headings[-1].end()) if headings else None
    if block is None:
        return None
    lines = [_MARKS.sub(" ", _BULLET.sub("", line)) for line in block["lines"].split("\n")]
    parts = [part for part in _APART.split("\n".join(lines)) if part.strip()]
    found = [_ROOT.fullmatch(part.strip()) for part in parts]
    roots = [root for root in found if root is not None and not _WORDS.search(root["value"])]
    steps = len(lines) > 1 and not all(map(_BULLET.match, block["lines"].split("\n")))
    if steps and any(_OPERATES.search(root["value"]) for root in roots):
        return None  # "x = 10 / 2", and then "x = 5"
    return _of_one(roots, "cue, heading") if len(roots) == len(parts) else None


def in_lines(text: str) -> Found | None:
    """Return the values of one unknown in the last lines of a reply: "- $x = 2$", "- $x = 5$"."""
    roots: list[re.Match[str]] = []
    for line in reversed([one for one in text.split("\n") if one.strip()][-_MOST:]):
        bullet = _BULLET.match(line)
        root = bullet and _ROOT.fullmatch(_MARKS.sub(" ", line[bullet.end() :]).strip())
        if root is None or _WORDS.search(root["value"]):
            break
        roots.insert(0, root)
    return _of_one(roots, "last lines") if len(roots) > 1 else None


def _of_one(roots: Sequence[re.Match[str]], where: str) -> Found | None:
    if len({root["name"] for root in roots}) != 1:
        return None
    return Found(", ".join(dict.fromkeys(root["value"].strip() for root in roots)), where)
