"""A reply that is a known answer as it is written: alone, between marks, or called the answer."""

import re
import unicodedata
from functools import lru_cache

from manyminds.reading import locate
from manyminds.reading.answers import final, text_key
from manyminds.reading.figures import is_number
from manyminds.reading.reasoning import WIDE, readable, visible

_MARKS = (
    ("**", "**"), ("*", "*"), ("```", "```"), ("`", "`"), ("$$", "$$"), ("$", "$"), ("\\(", "\\)"),
    ("\\[", "\\]"), ("\\boxed{", "}"), ("\\text{", "}"), ("\\mathrm{", "}"), ("\\textbf{", "}"),
)  # fmt: skip
_QUOTES = (('"', '"'), ("'", "'"), ("\u201c", "\u201d"), ("\u2018", "\u2019"), ("\u00ab", "\u00bb"))
_SIGNS = {0x2212: "-", 0x2010: "-", 0x2011: "-", 0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'}
_FURTHER = 60  # characters that marks and white space may add to an answer
_LEFT_OVER = " .!*`"  # of marks that begin before "The answer is"
_LONGEST = 200  # characters of an answer that a cue comes before
_COUNTED = re.compile(r"[-+]?[0-9][0-9.,]*\s+(?P<of>[^\W\d_]+(?:\s[^\W\d_]+){0,2})")


def peeled(text: str, *, quotes: bool = True) -> str:
    r"""Return a text without the marks around the whole of it: `**`, ticks, `$`, `\boxed{}`.

    Args:
        text: An answer.
        quotes: Whether quotation marks are such marks.
    """
    text = text.strip()
    for _ in range(len(_MARKS)):
        inner = _inside(text, quotes) or _inside(text.rstrip(".!,;: "), quotes)
        if inner is None:
            break
        text = inner
    return text


def is_written(text: str, answer: str, *, quotes: bool = True) -> bool:
    """Return whether a reply is an answer and nothing else, but for reasoning and marks.

    Args:
        text: The reply.
        answer: The answer.
        quotes: Whether quotation marks around it mean nothing.
    """
    if not answer.strip():
        return False
    shown = visible(text).strip()
    return len(shown) <= len(answer) + _FURTHER and _key(shown, quotes) == _key(answer, quotes)


def is_stated(text: str, answer: str) -> bool:
    """Return whether a reply calls this its answer, in these words: "The answer is 12 apples."."""
    place = next(iter(locate.places(readable(text))), None) if len(answer) <= _LONGEST else None
    if place is None or not answer.strip():
        return False
    forms = (place.answer, locate.plain(place.answer), place.answer.rstrip(_LEFT_OVER))
    said = {_key(form, True) for form in forms}
    return _key(answer, True) in said or _is_its_count(said, final(text), answer)


def _is_its_count(said: set[str], found: str | None, answer: str) -> bool:
    """Return whether a reply states only the number of an answer such as "12 apples"."""
    counted = _COUNTED.fullmatch(peeled(answer))
    if counted is None or found is None or not is_number(found) or found not in said:
        return False
    return found == final(f"The answer is {peeled(answer)}.")


@lru_cache(maxsize=1_024)
def _key(text: str, quotes: bool) -> str:
    plain = unicodedata.normalize("NFC", text.translate(WIDE)).translate(_SIGNS)
    return text_key(peeled(plain, quotes=quotes))


def _inside(text: str, quotes: bool) -> str | None:
    """Return what stands between two marks; None where a text has none around it."""
    for begin, end in (*_MARKS, *_QUOTES) if quotes else _MARKS:
        if len(text) > len(begin) + len(end) and text.startswith(begin) and text.endswith(end):
            inner = text[len(begin) : -len(end)]
            if _is_balanced(inner) if end == "}" else end not in inner and begin not in inner:
                return inner.strip() or None
    return None


def _is_balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += {"{": 1, "}": -1}.get(char, 0)
        if depth < 0:
            return False
    return not depth
