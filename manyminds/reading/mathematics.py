r"""Mathematical answers in replies: in a box, in LaTeX, or in plain text (`x > 3`, `(2, -1)`)."""

import re
from collections.abc import Hashable

from manyminds.reading import clock, figures, numbers
from manyminds.reading import locate as phrases
from manyminds.reading.equivalence import understand
from manyminds.reading.locate import Found, found
from manyminds.reading.math_equality import cleaned, is_prose, key

_DELIMITER = re.compile(
    r"\\\$|\$\$?|\\[\[\]()]|\\(?:begin|end)\{(?:align|equation|gather|eqnarray)\*?\}"
)
_CLOSES = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)", "\\begin": "\\end"}
_LEFT_OF_ANSWER = re.compile(r"(?:=|\\approx|\\equiv|\\Rightarrow|\\implies)(?![^{]*\})")
_NAMED_VALUE = re.compile(r"\b[A-Za-z]\s*=\s*([-+]?[0-9]+(?:[./][0-9]+)?)(?![\w^*/+]|\s*[-+*/^=])")
_WRITTEN = re.compile(  # a formula without dollar signs: 2π, √2, (2, 3)
    r"(?=.*[±√π^])[-+±√πa-zA-Z0-9.,/^*()]{1,40}|[(\[] ?-?[0-9./]+(?:, ?-?[0-9./]+){1,9} ?[)\]]"
)
_EACH = re.compile(r"-?[0-9]+(?:[./][0-9]+)?")
_SEVERAL = re.compile(
    r"-?[0-9]+(?:[./][0-9]+)?(?:(?:,?\s+(?:and|or|und|et|y|oder|ou|o)\s+|,\s+)-?[0-9]+(?:[./][0-9]+)?)+"
    r"(?=\s*[.!]?\s*$)"
)
_JOINS = re.compile(r"\s*,?\s*(?:and|or|,|und|oder|et|ou|y|o|\u6216|\u548c)\s*", re.IGNORECASE)
_MOST_LISTED = 20
_TUPLE_AT_END = re.compile(r"([(\[] ?-?[0-9./]+(?:, ?-?[0-9./]+){1,9} ?[)\]])\s*[.!]?\s*$")
_OPERATOR = re.compile(r"[-+*/^<>\u2212\u00b2\u00b3]|\)\(")
_NAME = re.compile(r"[A-Za-z\u03c0\u221a\\]")
_LETTERS = re.compile(r"(?<![A-Za-z\\])(?!(?:sin|cos|tan|ln|log|exp|sqrt|pi)\b)[A-Za-z]{2,}")
_COPULA = re.compile(r"\b(?:is|are|equals|be|approximately|exactly|has|have|get)\b:?\s+")
_DIGIT = re.compile(r"[0-9]")
_LONGEST_WORD = 60
_MIXED = re.compile(r"\s*(-?\d{1,9} \d{1,9}/\d{1,9})\b")
_SET = re.compile(r"\\?\{[-0-9a-z+*/^.,; \\]{1,200}\\?\}")


def find_boxed(text: str) -> Found | None:
    r"""Return what the last balanced `\boxed{}` holds, else what follows "the answer is"."""
    for place, where in phrases.places(text):
        if where != "JSON field":
            return found(place if where == "box" else _stated(place), where)
    return None


def extract(text: str) -> str | None:
    """Return the answer of a mathematical reply."""
    return phrases.answer_of(find(text))


def find(text: str) -> Found | None:
    r"""Return the answer of a mathematical reply, and where it stands.

    The last balanced `\boxed{}` (nested braces, several lines); else an "answer" field of JSON,
    what follows "the answer is", the last formula of the last sentence, the last number.
    """
    standing = {where: place for place, where in phrases.places(text)}
    for where in ("box", "JSON field"):
        if where in standing:
            return Found(standing[where], where)
    cued = next(iter(standing.items()), None)
    where, place = cued or ("last sentence", _last_sentence(text))
    return found(_stated(place), where) or numbers.find(text)


def _stated(text: str) -> str | None:
    """Return what a short text that states the answer names: its formula, number or last word."""
    if not text.strip():
        return None
    if _SET.fullmatch(text.strip(" $.")):
        return text.strip(" $.")
    mixed = _MIXED.match(text)
    return mixed[1] if mixed else _formula(text) or _phrase(text) or numbers.extract(text)


def _last_sentence(text: str) -> str:
    lines = [line for line in text.rstrip().split("\n") if line.strip(' \t}]`"')]
    last = "\n".join(lines[-6:])[-1500:]
    cut = max(last.rfind(". "), last.rfind(".\n"))
    return last[cut + 1 :] if cut >= 0 else last


def _formula(text: str) -> str | None:
    """Return the right-hand side of the last LaTeX formula in a short text.

    Formulas that "and", "or" or a comma joins are a list.
    """
    listed: list[str] = []
    closer, start, end = "", 0, 0
    for token in _DELIMITER.finditer(text):
        kind = token[0].partition("{")[0]
        if closer and kind == closer:
            formula = text[start : token.start()].strip()
            right = _LEFT_OF_ANSWER.split(formula)[-1].strip(" \n&").rstrip(".,;\\ ")
            listed, closer, end = [*listed, right] if right else listed, "", token.end()
        elif not closer and kind in _CLOSES:
            if not _JOINS.fullmatch(text, end, token.start()):
                listed = []
            closer, start = _CLOSES[kind], token.end()
    return _listed(listed[-_MOST_LISTED:]) or None


def _listed(items: list[str]) -> str:
    """Return answers as a list; equal ones, such as "1/2 or 0.5", are one."""
    first: dict[Hashable, str] = {}
    for item in items:
        first.setdefault(key(item), item)
    return ", ".join(first.values())


def _phrase(text: str) -> str | None:
    """Return what follows the last "=" or "is" in plain text: a number, or a single word."""
    named = _NAMED_VALUE.findall(text)
    if len(named) > 1 and len(named) == text.count("=") and "\n" not in text.strip():
        return _listed(named)
    parts = _COPULA.split(text.rpartition("=")[2])
    last = parts[-1].strip().rstrip(".!").strip(" *`")
    point = _TUPLE_AT_END.search(text)
    if point is not None or _is_formula(last):
        return point[1] if point else last
    for part in reversed(parts):
        several = _SEVERAL.match(part)
        if several is not None:
            return _listed(_EACH.findall(several[0]))
        hour = clock.TIME.match(part)
        if hour is not None:
            return hour[0]
        first = part.split(maxsplit=1)[0] if part.strip() else ""
        if figures.is_number(first):
            return numbers.extract(part)
        if _DIGIT.search(part) and len(parts) > 1 and not _WRITTEN.fullmatch(part.strip(" .!")):
            return numbers.extract(part)  # not what stands before the verb
    is_word = len(last.split()) == 1 and not _DIGIT.search(text)
    return last if len(last) <= _LONGEST_WORD and (is_word or _WRITTEN.fullmatch(last)) else None


def _is_formula(text: str) -> bool:
    """Say whether a short text without LaTeX is a formula: `x > 3`, `(x + 2)(x - 3)`."""
    return (
        len(text) <= _LONGEST_WORD
        and _OPERATOR.search(text) is not None
        and _NAME.search(text) is not None
        and _LETTERS.search(text) is None
        and not is_prose(text)
        and understand(cleaned(text)) is not None
    )
