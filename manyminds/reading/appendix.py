# ruff: noqa: E501 - patterns are easier to read in one line
"""Sections behind the answer of a long reply: a check, advice, background, a further question.

"**So the longest river is the Loire.**" answers the question; what stands under "**Good to know**"
behind it does not.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import locate
from manyminds.reading.asked import Asked, asked_in, content, shared
from manyminds.reading.discourse import is_aside, is_marked, so, supposes, unmarked
from manyminds.reading.revised import turns
from manyminds.reading.steps import leads
from manyminds.reading.values_asked import figures_asked

_BLOCK = re.compile(r"[^\n]+(?:\n(?![ \t]*\n)[^\n]+)*")
_HEADING = re.compile(
    r"[ \t]*(?:#{1,6}[ \t]|-{3,}[ \t]*(?:\n|\Z)|\*{3,}[ \t]*(?:\n|\Z)|(?:\*\*|__)[^*_\n]{2,80}(?:\*\*|__)|[^\n]{2,60}:[ \t]*(?:\n|\Z))"
)
_STEP = re.compile(
    r"[\s#*_>]*(?:(?:step|schritt|\u00e9tape|etape|paso|passo|passaggio|\u0448\u0430\u0433|krok|stap|part|case)\s+[0-9a-d]|\u6b65\u9aa4|\u7b2c[0-9\u4e00-\u5341]+\u6b65|[0-9]{1,2}[.)]\s)",
    re.IGNORECASE,
)
_CHECKS = re.compile(
    r"check|verif|v\u00e9rif|prob[ea]|proof|comprob|\u043f\u0440\u043e\u0432\u0435\u0440|\u9a8c\u7b97|\u9a8c\u8bc1|\u691c\u7b97|contr\u00f4le|sprawdz",
    re.IGNORECASE,
)
_BOLD = re.compile(r"[^\w*\n]{0,6}(?:\*\*|__)(?P<said>[^*\n]{4,300})(?:\*\*|__)[.!\u3002]?\s*")
_ENDED = re.compile(r"[.!\u3002\uff01]\s*$")
_STATES = re.compile(r"[=\u2248]|\*\*|__")
_NO_PROSE = re.compile(r"[ \t]*(?:[-*+\u2022|>]\s|\||[0-9]{1,2}[.)]\s|```|\$\$|\\\[|#)")
_FEWEST = 3  # paragraphs of a reply with an appendix
_ENOUGH = 0.6
_MOST_BLOCKS = 200
_IN_BOLD, _MARKED, _FIGURE = 0.5, 0.3, 0.3  # what each adds to the share of the question's words


class _Block(NamedTuple):
    said: str
    end: int


@lru_cache(maxsize=4_096)
def without_appendix(text: str, question: str) -> str:
    """Return a reply up to the paragraph that answers the question, if sections follow it.

    The paragraph repeats the question, in bold or as a conclusion. A reply that marks its answer
    otherwise, or that goes on to calculate, stays as it is.

    Args:
        text: The reply, as `readable` returns it.
        question: The question.
    """
    blocks = [_Block(one[0], one.end()) for one in _BLOCK.finditer(text)][-_MOST_BLOCKS:]
    if len(blocks) < _FEWEST or locate.places(text):
        return text
    at = _answering(blocks, question)
    behind = blocks[at + 1 :] if at is not None else []
    if at is None or not any(_HEADING.match(one.said) for one in behind):
        return text
    steps = any(_STEP.match(one.said) and not _CHECKS.search(one.said) for one in behind)
    return text if steps or any(turns(one.said) for one in behind) else text[: blocks[at].end]


def _answering(blocks: list[_Block], question: str) -> int | None:
    """Return the number of the paragraph that answers the question; of two alike the later one."""
    asked, figures = asked_in(question), figures_asked(question)
    known = set(re.findall(r"[0-9]+", question))
    best, most = None, _ENOUGH
    for at, block in enumerate(blocks):
        score = max(
            (_score(one, asked, known, figures=figures) for one in _said_in(block)), default=0.0
        )
        if score >= most:
            best, most = at, score
    return best


def _said_in(block: _Block) -> list[str]:
    """Return the sentences of a paragraph that can state an answer; a heading has none."""
    bold = _BOLD.fullmatch(block.said)
    if bold is not None:
        states = (
            _ENDED.search(block.said.rstrip(" *_"))
            or "=" in bold["said"]
            or _ENDED.search(block.said)
        )
        return [block.said] if states or so(block.said) else []
    return [] if _NO_PROSE.match(block.said) else locate.sentences(block.said)


def _score(said: str, asked: Asked, known: set[str], *, figures: bool) -> float:
    """Return how far a sentence answers a question: its words, bold print, a conclusion, a figure."""
    if (
        said.rstrip(" *_").endswith((":", "?", "\uff1a", "\uff1f"))
        or supposes(said)
        or is_aside(said)
    ):
        return 0.0
    marked = so(said) is not None or is_marked(said)
    fresh = bool(set(re.findall(r"[0-9]+", said)) - known)
    if leads(unmarked(said), equation=False) or not (marked or fresh or _STATES.search(said)):
        return 0.0
    if figures and not any(map(str.isdigit, said)):
        return 0.0
    share = shared(content(said), asked.words) / max(1, len(asked.words))
    bold = _BOLD.fullmatch(said) is not None
    return share + _IN_BOLD * bold + _MARKED * marked + _FIGURE * (figures and fresh)
