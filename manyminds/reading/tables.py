"""Values of a table alone: the cell in the row that the question names."""

import re
from functools import lru_cache

from manyminds.reading import locate
from manyminds.reading.asked import content
from manyminds.reading.locate import Found
from manyminds.reading.number_places import stated_number
from manyminds.reading.stems import WORD
from manyminds.reading.subjects import sentence_asked

_ROW = re.compile(r"^[ \t]*\|(?P<cells>[^\n]+)\|[ \t]*$", re.MULTILINE)
_RULE = re.compile(r"[\s|:-]+")
_FIGURE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_MOST_WORDS = 15  # of what stands before a table
_FEWEST_ROWS = 2
_MOST_ROWS = 60


@lru_cache(maxsize=1_024)
def value(text: str, question: str, *, comma: bool = False) -> Found | None:
    """Return the number in the row of a table that the question names; None where two do.

    Args:
        text: The reply: a table, with a few words before it at most.
        question: The question.
        comma: Whether the decimal mark is the comma.
    """
    rows = [one for one in _ROW.finditer(text) if not _RULE.fullmatch(one["cells"])]
    if not _FEWEST_ROWS <= len(rows) <= _MOST_ROWS or text[rows[-1].end() :].strip():
        return None
    if len(text[: rows[0].start()].split()) > _MOST_WORDS or locate.places(text):
        return None
    header, *lines = [[cell.strip(" *`") for cell in one["cells"].split("|")] for one in rows]
    asked = sentence_asked(question)
    named = [cells for cells in lines if _names(cells[0], asked)]
    at = _column(header, asked)
    if len(named) != 1 or at is None or at >= len(named[0]):
        return None
    number, _ = stated_number(named[0][at], comma=comma)
    return None if number is None else Found(number, "table")


def _names(cell: str, asked: str) -> bool:
    """Say whether a question has the figure of a cell, or else all of its words."""
    figures = _FIGURE.findall(cell)
    if figures:
        return set(figures) <= set(_FIGURE.findall(asked))
    words = content(cell)
    if not words:  # "A", which is no article here
        return bool(cell) and re.search(rf"\b{re.escape(cell)}\b", asked) is not None
    return words <= content(asked) and len(WORD.findall(cell)) <= 3


def _column(header: list[str], asked: str) -> int | None:
    """Return the place of the column that a question asks for: the only other one, or its name."""
    if len(header) == _FEWEST_ROWS:
        return 1
    own = [at for at, cell in enumerate(header) if at and content(cell) & content(asked)]
    return own[0] if len(own) == 1 else None
