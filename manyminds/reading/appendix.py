# ruff: noqa: E501 - patterns are easier to read in one line
"""Sections behind the answer of a long reply: a check, advice, background, a further question.

"**So the longest river is the Loire.**" answers the question; what stands under "**Good to know**"
behind it does not.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import json_of_question, lists, locate, roots
from manyminds.reading.asked import asked_in, content, shared
from manyminds.reading.conclusion import HEADING
from manyminds.reading.cut_off import is_cut_off
from manyminds.reading.discourse import is_aside, is_marked, so, supposes, unmarked
from manyminds.reading.reasoning import readable
from manyminds.reading.revised import turns, undecided
from manyminds.reading.steps import leads
from manyminds.reading.values_asked import figures_asked

_BLOCK = re.compile(r"[^\n]+(?:\n(?![ \t]*\n)[^\n]+)*")
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]|-{3,}[ \t]*(?:\n|\Z)|\*{3,}[ \t]*(?:\n|\Z)|(?:\*\*|__)[^*_\n]{2,80}(?:\*\*|__)|[^\n]{2,200}:[ \t]*(?:\n|\Z))"
)
_STEP = re.compile(
    r"[\s#*_>]*(?:step|schritt|\u00e9tape|etape|paso|passo|passaggio|\u0448\u0430\u0433|krok|stap|part|case)\s+[0-9a-d]\b"
    r"|[\s>]*(?:#{1,6}[ \t]*|\*\*|__)[0-9]{1,2}[.)]\s|\u6b65\u9aa4|\u7b2c[0-9\u4e00-\u5341]+\u6b65",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\s*[0-9]{1,2}[.)]\s")
_CHECKS = re.compile(
    r"check|verif|v\u00e9rif|prob[ea]|proof|comprob|\u043f\u0440\u043e\u0432\u0435\u0440|\u9a8c\u7b97|\u9a8c\u8bc1|\u691c\u7b97|contr\u00f4le|sprawdz",
    re.IGNORECASE,
)
_BOLD = re.compile(r"[^\w*\n]{0,6}(?:\*\*|__)(?P<said>[^*\n]{4,300})(?:\*\*|__)[.!\u3002]?\s*")
_BOLD_INSIDE = re.compile(r"(?:\*\*|__)[^*_\n]+(?:\*\*|__)")
_LABEL = re.compile(r"(?:\*\*|__)(?P<name>[^*_\n:\uff1a]{3,40})[:\uff1a](?:\*\*|__)")
_LABELLED = re.compile(r"[^:=\uff1a]{3,100}[:=\uff1a]\s*\S")
_RESULTS = re.compile(  # "That lands on May 3", "you're looking at 42 km", "it comes to $5"
    r"\b(?:comes?|adds?\s+up|works?\s+out|amounts?)\s+to\b|\byou(?:'re|\s+are)\s+looking\s+at\b|\bthat(?:'s|\s+is)\s+your\s+answer\b"
    r"|^\W*(?:that|this|which|it)\s+(?:lands|puts|makes|gives|brings|leaves|takes|means|works)\b|\bthe\s+(?:winner|result|answer|total|solution)s?\s+(?:is|are|was)\b"
    r"|\b(?:ainsi|schlie\u00dflich|letztlich|ergibt|macht|fanno|font|hacen|d\u00e1|fazem)\b",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"\W*(?:yes|no|ja|nein|oui|non|s\u00ed|s\u00ec|sim|n\u00e3o|\u0434\u0430|\u043d\u0435\u0442|true|false)\b(?!\s+\w)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:year|date|when|what\s+time|jahr|datum|wann|uhrzeit|ann\u00e9e|quand|fecha|a\u00f1o|cu\u00e1ndo|anno|quando|ano|data)\b|\u54ea\u4e00\u5e74|\u54ea\u5e74|\u4f55\u5e74|\u044f\u043a\u043e\u0433\u043e|\u0433\u043e\u0434\u0443|\u043a\u043e\u0433\u0434\u0430",
    re.IGNORECASE,
)
_ENDED = re.compile(r"[.!\u3002\uff01][*_\s]*$")
_FIGURES = re.compile(r"[0-9]+")
_RELATIVE = re.compile(r"\s(?:that|which|than|as)\s+(?:you|we|one|they|it|he|she)\b", re.I)
_NO_PROSE = re.compile(r"[ \t]*(?:[-*+\u2022|]\s|\||[0-9]{1,2}[.)]\s|```|\$\$|\\\[|#)")
_SECTIONED = 5  # paragraphs of a reply that goes on in sections
_HEADINGS = 2  # of one
_FEWEST = 3  # paragraphs of a reply with an appendix
_MOST_BLOCKS = 200
LOOSE = frozenset(
    (
        "last sentence",
        "bold text",
        "equation",
        "result",
        "only number",
        "first sentence",
        "last words",
        "last line",
        "whole reply",
    )
)
"""Places of an answer that say nothing in a reply of several sections."""
_FEW = 8  # words of a first paragraph that can be the answer alone
_LONG = 25  # words of paragraphs that are more than a last step
_SURE = 1.0
_ENOUGH = 0.5
"""Of the share of the question's words, and what each of these adds to it."""
_IN_BOLD, _WITH_BOLD, _MARKED, _FIGURE, _HEAD, _FIRST = 0.5, 0.2, 0.5, 0.3, 0.2, 0.8


class _Asked(NamedTuple):
    """What sentences are held against: the question's words, whether it asks for figures, its own."""

    words: frozenset[str]
    head: frozenset[str]
    figures: bool
    known: frozenset[str]


@lru_cache(maxsize=4_096)
def answering(text: str, question: str) -> str:
    """Return the part of a reply that answers the question: a field, a paragraph, or all of it.

    The field is the one of a JSON reply that the question asks for. The paragraph repeats the
    question, in bold or as a conclusion, where sections follow it. A reply that marks its answer
    otherwise, or that goes on to calculate, stays as it is.

    Args:
        text: The reply.
        question: The question.
    """
    text = json_of_question.cut(text, question)
    shown = readable(text)
    blocks = _blocks(shown)
    if len(blocks) < _FEWEST or locate.places(shown) or undecided(shown) or _breaks_off(shown):
        return text
    if roots.listed(shown) is not None:
        return text
    at, score = _answering(blocks, question)
    behind = [] if at is None else blocks[at + 1 :]
    if at is None or not _are_appendix(behind, sure=score >= _SURE):
        return text
    steps = any(_STEP.match(said) and not _CHECKS.search(said) for said in behind)
    if steps or any(map(turns, behind)):
        return text
    bold = _BOLD.fullmatch(blocks[at])
    return blocks[at] if bold is None else bold["said"]


@lru_cache(maxsize=4_096)
def is_sectioned(text: str, question: str) -> bool:
    """Say whether a reply goes on in sections, so that its last sentence or number says nothing.

    Args:
        text: The reply.
        question: The question; a last paragraph that answers it says something.
    """
    shown = readable(text)
    blocks = _blocks(shown)
    if len(blocks) < _SECTIONED or locate.places(shown):
        return False
    own = [one for one in blocks if _HEADING.match(one) and not _STEP.match(one)]
    if len(own) < _HEADINGS or any(map(_concludes, own)):
        return False
    return _answering(blocks, question)[0] != len(blocks) - 1


def _concludes(heading: str) -> bool:
    """Say whether a heading announces the answer: "## Conclusion", "**Answer:** 5"."""
    label = _LABEL.match(heading)
    name = heading.strip(" *_#:") if label is None else label["name"]
    return HEADING.fullmatch(name) is not None


def _blocks(text: str) -> tuple[str, ...]:
    """Return the paragraphs of a reply; one in bold or a formula belongs to "The date is:"."""
    blocks: list[str] = []
    for one in _BLOCK.findall(text):
        before = blocks[-1] if blocks else ""
        shown = _BOLD.fullmatch(one) or one.lstrip().startswith(("$$", "\\["))
        if shown and before.endswith((":", "\uff1a")) and _HEADING.match(before) is not None:
            blocks[-1] = one if "\n" in before else f"{before} {' '.join(one.split())}"
        else:
            blocks.append(one)
    return tuple(blocks[-_MOST_BLOCKS:])


def _breaks_off(text: str) -> bool:
    """Say whether the last sentence of a reply has no end."""
    last = text.rstrip().rpartition("\n")[2]
    prose = _NO_PROSE.match(last) is None and len(last.split()) > 2 and last[-1].isalnum()
    return is_cut_off(text) or prose and any(map(_ENDED.search, locate.sentences(last)))


def _are_appendix(behind: Sequence[str], *, sure: bool) -> bool:
    """Say whether paragraphs behind an answer are sections of their own, or much text."""
    if not behind or _NUMBERED.match(behind[0]):
        return False
    much = sum(len(one.split()) for one in behind) >= _LONG
    return much and (sure or "=" not in "".join(behind)) or any(map(_HEADING.match, behind))


def _first(said: str) -> float:
    """Return what it adds to be the first paragraph: "1969.", "**Yes**, by definition."."""
    if _VERDICT.match(said):
        return 2.0
    label = not _BOLD.fullmatch(said) and re.search("[:=\uff1a]", said)
    return 0.0 if label or len(said.split()) > _FEW else _FIRST


@lru_cache(maxsize=1_024)  # the same paragraphs are asked for once more where they have sections
def _answering(blocks: tuple[str, ...], question: str) -> tuple[int | None, float]:
    """Return which paragraph answers the question, and how far; of two alike the later one."""
    asked = _asked(question)
    best, most = None, _ENOUGH
    for at, block in enumerate(blocks):
        said = _said_in(block)
        score = max((_score(one, asked) for one in said), default=0.0)
        score += _first(block) if at == 0 and (score or _VERDICT.match(block)) else 0.0
        score += _under(blocks[at - 1], asked) if at and said else 0.0
        if score >= most:
            best, most = at, score
    return best, most


def _asked(question: str) -> _Asked:
    asked = asked_in(question)
    return _Asked(
        asked.words,
        frozenset([asked.head] if asked.head else ()),
        (_DATE.search(question) is not None or figures_asked(question))
        and lists.asked_for(question) is None,
        frozenset(_FIGURES.findall(question)),
    )


def _under(heading: str, asked: _Asked) -> float:
    """Return what the heading above a paragraph adds: "## Answer", "## Final price"."""
    if _HEADING.match(heading) is None or _said_in(heading):
        return 0.0
    same = shared(content(heading), asked.words)
    return _SURE if _concludes(heading) else _MARKED * (same > 1 and same == len(asked.words))


def _said_in(block: str) -> list[str]:
    """Return the sentences of a paragraph that can state an answer; a heading has none."""
    bold = _BOLD.fullmatch(block)
    if bold is not None:
        states = _ENDED.search(block) or _LABELLED.match(bold["said"]) or so(block)
        return [block] if states else []
    quoted = block.lstrip("> ") if block.startswith(">") else block
    return [] if _NO_PROSE.match(block) else locate.sentences(quoted)


def _score(said: str, asked: _Asked) -> float:
    """Return how far a sentence answers: the question's words, bold print, "so", a new figure."""
    ended = said.rstrip(" *_")
    if ended.endswith((":", "?", "\uff1a", "\uff1f")) or is_aside(said):
        return 0.0
    if supposes(_RELATIVE.split(said)[0]):
        return 0.0
    marked = so(said) or is_marked(said) or _RESULTS.search(said)
    fresh = bool(set(_FIGURES.findall(said)) - asked.known)
    bold, inside = _BOLD.fullmatch(said) is not None, _BOLD_INSIDE.search(said) is not None
    states = marked or fresh or inside or "=" in said
    if not states or asked.figures and not any(map(str.isdigit, said)):
        return 0.0
    if leads(unmarked(said), equation=False):
        return 0.0
    printed = _IN_BOLD if bold else _WITH_BOLD * inside
    if _LABEL.match(said) and _concludes(said):  # "**Conclusion:** No, 391 is not prime."
        return _IN_BOLD + _MARKED + _ENOUGH
    words = content(said)
    share = shared(words, asked.words) / max(1, len(asked.words))
    if not asked.words and asked.known:  # "What is 15% of 80?"
        share = len(asked.known.intersection(_FIGURES.findall(said))) / len(asked.known)
    head = shared(words, asked.head) > 0
    figure = asked.figures and fresh
    return share + printed + _MARKED * bool(marked) + _FIGURE * figure + _HEAD * head
