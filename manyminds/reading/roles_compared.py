# ruff: noqa: E501 - patterns are easier to read in one line
"""The order that comparisons of numbered answers imply: "3 is the worst, 1 is better than 2"."""

import re
from graphlib import CycleError, TopologicalSorter
from itertools import product

from manyminds.reading.roles_ranking_words import NOUN, REF

_DEGREE = r"(?:(?:clearly|much|far|slightly|a\s+bit|somewhat|significantly|definitely|also|still|even|the)\s+){0,3}"
QUALITY = (
    r"(?:accurate|complete|correct|helpful|convincing|detailed|precise|thorough|reliable|useful)"
)
_IS = r"(?:is|are|was|were|seems?|looks?)"
_ONE = rf"(?:{NOUN}\s*)?#?\d{{1,2}}(?![\d%]|\.\d)"
_LIST = rf"{_ONE}(?:\s*(?:,|and|or|&)\s*{_ONE}){{0,9}}"
_OTHERS = r"(?:(?:all|both)\s+)?(?:of\s+)?(?:(?:the|any)\s+)?(?:others?\b(?:\s+(?:two|three|four|ones?|answers?|responses?))?|rest\b)"
_ENDS = r"(?=\s*(?:$|[.!;,\n]|overall\b|(?:because|since|as|and|which|while)\b))"
_PAIRS = re.compile(
    rf"(?:{REF}|(?<![\d.,/])(\d{{1,2}})|(?P<which>\bwhich(?:\s+in\s+turn)?))\s+"
    rf"(?:(?P<better>{_IS}\s+{_DEGREE}(?:(?:better|stronger)\s+than|(?:superior|preferable)\s+to|ahead\s+of|more\s+{QUALITY}\s+than)|{_DEGREE}(?:beats?|outperforms?|surpass(?:es)?|edges\s+out)|wins\s+(?:over|against))"
    rf"|{_IS}\s+{_DEGREE}(?:(?:worse|weaker)\s+than|inferior\s+to|less\s+{QUALITY}\s+than|not\s+(?:quite\s+)?(?:as|so)\s+\w+\s+as))"
    rf"\s+(?P<list>{_LIST}|{_OTHERS}){_ENDS}",
    re.IGNORECASE,
)
_PREFERS = re.compile(
    rf"\b(?:I|we)\s+(?:would\s+|clearly\s+)?prefer\s+{REF}\s+(?:over|to)\s+(?P<list>{_LIST}){_ENDS}",
    re.IGNORECASE,
)
_END = re.compile(
    rf"{REF}\s+is\s+(?:clearly\s+)?(?:the\s+)?(?:(?P<best>best|strongest|better(?!\s+than))|worst|weakest|worse(?!\s+than))\b(?!\s+of\b)",
    re.IGNORECASE,
)
_JUDGED = re.compile(
    rf"(?P<list>{NOUN}\s*{_LIST})\s+{_IS}\s+{_DEGREE}(?:both\s+)?(?:(?P<right>correct|right)|wrong|incorrect)\b",
    re.IGNORECASE,
)
_OTHERS_ARE_BAD = re.compile(
    rf"\b{_OTHERS}\s+{_IS}\s+(?:not\b|wrong\b|incorrect\b|n't\b)", re.IGNORECASE
)
_UNSURE = re.compile(
    r"\b(?:if|unless|whether|maybe|perhaps|might|could|equal\w*|tie\w*|but|however|although|though)\b|\bn(?:ot|ever|or|either)\b|n't\b|\?",
    re.IGNORECASE,
)
Pair = tuple[int, int]


def compared(said: str, n: int) -> list[int] | None:
    """Return the only order of all `n` answers that the comparisons of a reply allow, else None."""
    pairs = _compared(said, n)
    return None if pairs is None else _only_order(set(range(1, n + 1)), pairs)


def preferred(said: str, n: int) -> int | None:
    """Return the only answer, of `n`, that is worse than no other by the comparisons of a reply."""
    pairs = _compared(said, n)
    left = set(range(1, n + 1)) - {worse for _, worse in pairs or []}
    return left.pop() if pairs and len(left) == 1 and _sorter(n, pairs) else None


def _compared(said: str, n: int) -> list[Pair] | None:
    """Return pairs of a better and a worse answer; None where not all `n` are compared."""
    numbers = set(range(1, n + 1))
    pairs, left = _stated(said, numbers)
    good: set[int] = set()
    bad: set[int] = set()
    for match in _JUDGED.finditer(left):
        (good if match["right"] else bad).update(_numbers(match["list"]))
    if good and _OTHERS_ARE_BAD.search(left):
        bad |= numbers - good
        left = _OTHERS_ARE_BAD.sub(" ", left)
    pairs += product(good, bad)
    named = {number for pair in pairs for number in pair}
    for match in _END.finditer(left):
        end = int(match[1])
        if len(numbers) > 2 and re.search(r"better$|worse$", match[0], re.IGNORECASE):
            continue
        named |= numbers if len(numbers) == 2 and match["best"] else {end}
        pairs += [(end, one) if match["best"] else (one, end) for one in numbers - {end}]
    return None if named != numbers or _UNSURE.search(left) else pairs


def _stated(said: str, numbers: set[int]) -> tuple[list[Pair], str]:
    """Return the pairs that comparisons state, and the text without the comparisons."""
    pairs: list[Pair] = []
    subject, end = 0, -1
    for match in _PAIRS.finditer(said):
        if match["which"] is None:
            subject = int(match[1] or match[2])
        elif end < 0 or said[end : match.start()].strip(" ,"):
            continue  # what it refers to is not the last answer compared
        others = _numbers(match["list"]) or sorted(numbers - {subject})
        pairs += [(subject, one) if match["better"] else (one, subject) for one in others]
        subject, end = others[-1] if others else subject, match.end()
    for match in _PREFERS.finditer(said):
        pairs += [(int(match[1]), one) for one in _numbers(match["list"])]
    return pairs, _PREFERS.sub(" ", _PAIRS.sub(" ", said))


def _numbers(listed: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", listed)]


def _sorter(n: int, pairs: list[Pair]) -> "TopologicalSorter[int] | None":
    sorter = TopologicalSorter({number: set[int]() for number in range(1, n + 1)})
    for better, worse in pairs:
        sorter.add(worse, better)
    try:
        sorter.prepare()
    except CycleError:
        return None
    return sorter


def _only_order(numbers: set[int], pairs: list[Pair]) -> list[int] | None:
    """Return the numbers, the better of each pair first; None where more than one order does so."""
    sorter = _sorter(len(numbers), pairs)
    order: list[int] = []
    while sorter is not None and sorter.is_active():
        ready = sorter.get_ready()
        if len(ready) != 1:
            return None
        order += ready
        sorter.done(*ready)
    return order or None


_CLAUSE = re.compile(r"\s*(?:[,;\u3001]|\band\b|\u548c)\s*(?=[^,;]*[0-9])")
_FIRST = re.compile(r"\b(?:best|first|top|winner|strongest)\b|rank\s*1\b", re.IGNORECASE)
_NEXT = re.compile(
    r"\b(?:then|next|second|third|fourth|fifth|followed|after|finally|last(?:ly)?|worst|weakest)\b",
    re.IGNORECASE,
)
_WORST = re.compile(r"\b(?:worst|last|weakest)\b", re.IGNORECASE)
_LONGEST_SENTENCE = 2_000
_NUMBER = re.compile(r"(?<![A-Za-z0-9.])\d{1,3}(?![\d.]*\d|%|/)")


def in_turn(said: str, n: int) -> list[int] | None:
    """Return the order of a sentence that names the answers in turn: "2 is best, then 3, then 1".

    Its first clause says best or first, each other one then, second or last.
    """
    for sentence in reversed(re.split(r"(?<=[.!?\u3002])\s+|\n+", said.strip())):
        if len(sentence) > _LONGEST_SENTENCE:
            continue
        clauses = [clause for clause in _CLAUSE.split(sentence) if clause.strip()]
        named = [_NUMBER.findall(clause) for clause in clauses]
        order = [int(found[0]) for found in named if len(found) == 1]
        if len(order) != len(clauses) or sorted(order) != [*range(1, n + 1)] or n < 2:
            continue
        orderly = _FIRST.search(clauses[0]) and all(map(_NEXT.search, clauses[1:]))
        if orderly and not _UNSURE.search(sentence) and not any(map(_WORST.search, clauses[:-1])):
            return order
    return None
