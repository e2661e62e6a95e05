# ruff: noqa: E501 - patterns are easier to read in one line
"""Sections behind the answer of a long reply: a check, advice, background, a further question.

"**So the longest river is the Loire.**" answers the question; what stands under "**Good to know**"
behind it does not.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import locate
from manyminds.reading.asked import asked_in, content, shared
from manyminds.reading.conclusion import HEADING
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
_ENDED = re.compile(r"[.!\u3002\uff01][*_\s]*$")
_FIGURES = re.compile(r"[0-9]+")
_NO_PROSE = re.compile(r"[ \t]*(?:[-*+\u2022|]\s|\||[0-9]{1,2}[.)]\s|```|\$\$|\\\[|#)")
_FEWEST = 3  # paragraphs of a reply with an appendix
_MOST_BLOCKS = 200
_ENOUGH = 0.55
"""Of the share of the question's words, and what each of these adds to it."""
_IN_BOLD, _WITH_BOLD, _MARKED, _FIGURE = 0.5, 0.2, 0.5, 0.3


class _Block(NamedTuple):
    said: str
    end: int


@lru_cache(maxsize=4_096)
def answering(text: str, question: str) -> str:
    """Return a reply up to the paragraph that answers the question, if sections follow it.

    The paragraph repeats the question, in bold or as a conclusion. A reply that marks its answer
    otherwise, or that goes on to calculate, stays as it is.

    Args:
        text: The reply.
        question: The question.
    """
    shown = readable(text)
    blocks = [_Block(one[0], one.end()) for one in _BLOCK.finditer(shown)][-_MOST_BLOCKS:]
    if len(blocks) < _FEWEST or locate.places(shown) or undecided(shown):
        return text
    at = _answering(blocks, question)
    behind = [one.said for one in blocks[at + 1 :]] if at is not None else []
    if at is None or not any(map(_HEADING.match, behind)) or _NUMBERED.match(behind[0]):
        return text
    steps = any(_STEP.match(said) and not _CHECKS.search(said) for said in behind)
    if steps or any(map(turns, behind)):
        return text
    bold = _BOLD.fullmatch(blocks[at].said)
    return blocks[at].said if bold is None else bold["said"]


def _answering(blocks: list[_Block], question: str) -> int | None:
    """Return the number of the paragraph that answers the question; of two alike the later one."""
    best, most = None, _ENOUGH
    for at, block in enumerate(blocks):
        score = max((_score(said, question) for said in _said_in(block)), default=0.0)
        if score >= most:
            best, most = at, score
    return best


def _said_in(block: _Block) -> list[str]:
    """Return the sentences of a paragraph that can state an answer; a heading has none."""
    bold = _BOLD.fullmatch(block.said)
    if bold is not None:
        states = _ENDED.search(block.said) or _LABELLED.match(bold["said"]) or so(block.said)
        return [block.said] if states else []
    quoted = block.said.lstrip("> ") if block.said.startswith(">") else block.said
    return [] if _NO_PROSE.match(block.said) else locate.sentences(quoted)


def _score(said: str, question: str) -> float:
    """Return how far a sentence answers: the question's words, bold print, "so", a new figure."""
    ended = said.rstrip(" *_")
    if ended.endswith((":", "?", "\uff1a", "\uff1f")) or supposes(said) or is_aside(said):
        return 0.0
    asked, figures = asked_in(question), figures_asked(question)
    marked = so(said) is not None or is_marked(said)
    fresh = bool(set(_FIGURES.findall(said)) - set(_FIGURES.findall(question)))
    bold, inside = _BOLD.fullmatch(said) is not None, _BOLD_INSIDE.search(said) is not None
    states = marked or fresh or inside or "=" in said
    if not states or figures and not any(map(str.isdigit, said)):
        return 0.0
    if leads(unmarked(said), equation=False):
        return 0.0
    label = _LABEL.match(said)
    if label is not None and HEADING.fullmatch(label["name"]):  # "**Conclusion:** No, 391 is not."
        return _IN_BOLD + _MARKED + _ENOUGH
    share = shared(content(said), asked.words) / max(1, len(asked.words))
    printed = _IN_BOLD if bold else _WITH_BOLD * inside
    return share + printed + _MARKED * marked + _FIGURE * (figures and fresh)
