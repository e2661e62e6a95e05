"""Options with a name before their letters: "Response A: ... Response B: ... Which is right?"."""

import re
from collections.abc import Mapping
from functools import lru_cache

from manyminds.reading import compared, locate, option_texts

_LABEL = re.compile(r"(?<![\w-])(?P<noun>[^\W\d_]{3,15})\s+\(?(?P<mark>[A-J])[).:]")
_KNOWN = frozenset(("option", "choice", "answer", "letter", "antwort", "opción", "respuesta"))
"""Names that the readers of letters know."""
_ASKS = re.compile(
    r"[\"'\u201d\u201c.!?\s]*\b(?:Which|What|Who|Whose|Is|Are|Does|Do|Choose|Pick|Decide|Welche[rs]?|Quel(?:le)?|Cuál)\b.*$",
    re.DOTALL,
)
_FASTER_ONE = re.compile(r"\bthe\s+(?P<how>\w+)\s+one\b", re.IGNORECASE)
_LONGEST = 20_000  # characters at the end of a question


@lru_cache(maxsize=64)
def label_in(question: str, options: int) -> str:
    """Return the name that stands before the letter of each option of a question, in lower case."""
    found = [(m["noun"].casefold(), m["mark"]) for m in _LABEL.finditer(question[-_LONGEST:])]
    nouns = {noun for noun, _ in found}
    marks = {mark for _, mark in found}
    return nouns.pop() if len(nouns) == 1 and len(marks) == options > 1 else ""


def texts(options: dict[str, str], label: str) -> dict[str, str]:
    """Return the texts of options without the next one's name, and without what asks behind."""
    if not label:
        return options
    ends = re.compile(rf"\s+{re.escape(label)}$", re.IGNORECASE)
    bare = {mark: ends.sub("", text.strip()) for mark, text in options.items()}
    last = max(bare)
    bare[last] = _ASKS.sub("", bare[last])
    return {mark: text.strip(" .\"'\u201c\u201d") for mark, text in bare.items()}


def as_option(text: str, label: str) -> str:
    """Return a reply that calls its options "option A" instead of "response A" or "plan A"."""
    if not label or label in _KNOWN:
        return text
    text = re.sub(rf"(?<!\w){re.escape(label)}(?!\w)", "option", text, flags=re.IGNORECASE)
    return _FASTER_ONE.sub(r"\g<how>", text)


def compared_in(text: str, marks: Mapping[str, str], asked: str) -> str | None:
    """Return the letter that a comparison answers with: "Plan A is slower than plan B"."""
    patterns = {mark: re.compile(rf"\b{name}\b", re.IGNORECASE) for mark, name in marks.items()}
    sentences = locate.sentences(text)
    named = {compared.winner(said, patterns, asked) for said in sentences} - {None}
    alone = len(named) == 1 and all(
        compared.winner(said, patterns, asked) or not option_texts.every(said, marks)
        for said in sentences
    )
    return named.pop() if alone else None
