r"""Mathematical answers in LaTeX or plain text: find, normalise, compare.

A normaliser for strings settles most pairs at no cost (`\dfrac12` = 0.5, `10\text{ cm}` = 10,
`x = 3` = 3). Formulas that still differ as text are compared by their values, and the rest by
math-verify where it is installed (the extra `math`).
"""

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import cast

from manyminds.reading import algebra, clock, numbers, units
from manyminds.reading import locate as phrases
from manyminds.reading.equivalence import equal, understand
from manyminds.reading.locate import Found, found

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
_COPULA = re.compile(r"\b(?:is|are|equals|be|approximately|exactly|has|have|get)\b:?\s+")
_SET = re.compile(r"\\?\{[-0-9a-z+*/^.,; \\]{1,200}\\?\}")
_DIGIT = re.compile(r"[0-9]")
_LONGEST_WORD = 60
_LONGEST_ANSWER = 4000  # beyond it, no rewriting

_NAMED = re.compile(
    r"^(?:[A-Za-z](?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?|\\?[a-z]{1,8}|[a-z]\^\{?-1\}?\([a-z]\))"
    r"(?:=|\\in(?![a-z]))(?=[^=<>]+$)"
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mbox|mathbf|operatorname)\s*\{([^{}]*)\}")
_UNITS = re.compile(
    r"^([-+]?[0-9.,/]+|[-+]?\\frac\{[^{}]*\}\{[^{}]*\})\s"
    r"\s*(?P<unit>(?!or\b|and\b|(?:hundred|thousand|million|billion|trillion|dozen)\b)(?:[A-Za-z]{3}[A-Za-z]*|cm|mm|km|kg|ft|in|lb|oz|mi|m|g|s)\b"
    r"[A-Za-z. ]{0,40}(?:\^\{?[23]\}?)?)$"
)
_SHORT_FRAC = re.compile(
    r"\\frac(?:\{([^{}]+)\}([0-9A-Za-z])|([0-9])\{([^{}]+)\}|([0-9])([0-9A-Za-z]))"
)
_ROOT = re.compile(r"√\(?([0-9]+|[a-z])\)?")
_SHORT_ROOT = re.compile(r"\\sqrt([0-9A-Za-z])")
_SINGLE = re.compile(r"([_^])\{(\w)\}")
_SLASH = re.compile(
    r"^(-?)\(?([0-9A-Za-z]+|[0-9]*\\(?:pi|sqrt\{[0-9]+\}))\)?/\(?([0-9A-Za-z]+)\)?$"
)
_LETTER_AFTER = re.compile(r"[-+]?[0-9.,]+[kKMB]")
_SLASHED = re.compile(r"^(-?)\\frac\{([0-9.]+)\}\{([0-9.]+)\}$")
_MINUS_ABOVE = re.compile(r"^\\frac\{-([^{}+-]+)\}")
_THOUSANDS = re.compile(r"^[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$")
_DROPPED = re.compile(
    r"\\left(?![a-z])|\\right(?![a-z])|(?<!\\)\\[,!;: ]|\\q?quad(?![a-z])|~"
    r"|\^\{?\\circ\}?|\\degrees?(?![a-z])|\u00b0|\\?%|\\\$|\$|\\displaystyle"
)
_SYNONYMS = (
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\cfrac", "\\frac"),
    ("\\cdot", "*"),
    ("\\times", "*"),
    ("\\leq", "\\le"),
    ("\\geq", "\\ge"),
    ("\\neq", "\\ne"),
    ("\\lbrace", "\\{"),
    ("\\rbrace", "\\}"),
    ("{,}", ","),
    ("\u2212", "-"),
    ("\u03c0", "\\pi"),
    ("\u221e", "\\infty"),
)

_ROW_END = re.compile(r"\\\\\s*")
_SPACES = re.compile(r"(?<!\\)\\[,;: ]|\\q?quad(?![a-z])|~|\s+")
_GROUPS = re.compile(r"(?<![0-9.])[0-9]{1,3}(?: [0-9]{3})+(?![0-9])")
_DIGITS_APART = re.compile(r"[0-9] +[0-9]")
_PLAIN_MIXED = re.compile(r"(-?)([0-9]{1,9}) +(?:\\frac\{)?([0-9]{1,9})(?:/|\}\{)([0-9]{1,9})\}?")
_TEX_MIXED = re.compile(r"(-?)([0-9]{1,9}) *\\frac\{([0-9]{1,9})\}\{([0-9]{1,9})\}")
_OR = re.compile(r"(?<![a-z])(?:or|and)(?![a-z])|\\l(?:or|and)(?![a-z])|;", re.IGNORECASE)
_DEGREE = re.compile(r"\^\{?\\circ\}?|\\degrees?(?![a-z])|\u00b0")
_TIME = re.compile(r"[0-9]{1,2}(?::[0-9]{2})? ?[ap]\.? ?m\.?", re.IGNORECASE)
_COMMAND = re.compile(r"\\(?:begin|end)\{[a-z*]+\}|\\[A-Za-z]+")
_WORD = re.compile(r"[A-Za-z]{3,}")
_FUNCTION = re.compile(r"(?:arc)?(?:sin|cos|tan)|sqrt|log|exp|mod|and|gcd|lcm|max|min")
_SMALL_WORD = re.compile(
    r"(?:^|\s)(?:is|so|the|of|are|if|to|we|no|not|for|with|by|at|as|then|be|has|an)(?:\s|$)", re.I
)
_NEVER_SYMBOLIC = re.compile(r":|\.\.\.|\\[lc]?dots|\?|[0-9]{40}|!")
_SYMBOLIC = re.compile(r"\\(?:i{0,3}int|oint|sum|prod|lim|mathbb)(?![a-z])")
_LONGEST_SYMBOLIC = 300


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


def key(answer: str) -> Hashable:
    """Return the normal form: the value of a number, else the rewritten string.

    A number with a unit is both: 3 m and 3 cm differ.
    """
    if len(answer) > _LONGEST_ANSWER:
        return " ".join(answer.split())
    if (time := clock.key(answer)) is not None:
        return time
    if _SET.fullmatch(answer.strip(" $.")):
        items = answer.strip(" $.\\{}").split(",")
        return "{" + ",".join(sorted({normalise(item) for item in items})) + "}"
    value, unit = _quantity(answer)
    return value if unit is None else (value, unit)


def normalise(answer: str) -> str:
    """Rewrite an answer so that spelling does not matter: spaces, units, text, fractions, roots."""
    return _normal(answer)[0]


@lru_cache(maxsize=8192)
def _normal(answer: str) -> tuple[str, str | None]:
    """Return the rewritten answer, and the unit that a number had."""
    text = answer.strip().strip("$").removeprefix("\\(").removesuffix("\\)").strip()
    text = _ROOT.sub(r"\\sqrt{\1}", text)
    for written, plain in _SYNONYMS:
        text = text.replace(written, plain)
    text = _ROW_END.sub(r"\\", text)
    text = _SPACES.sub(" ", text)
    text = _DROPPED.sub("", text)
    text = _TEXT.sub(lambda m: " " + m[1] if m[1].strip() else "", text)
    text = text.strip().rstrip(".,;:").strip()
    found = _UNITS.match(text)
    unit = None
    if found is not None:
        text, unit = found[1], units.spelled(found["unit"])
    text = _SHORT_FRAC.sub(_braced, text)
    text = _mixed(text)
    text = _GROUPS.sub(lambda m: m[0].replace(" ", ""), text)
    if _DIGITS_APART.search(text):
        return " ".join(text.split()), None  # several numbers: joined, they would be another one
    text = "".join(text.split())
    text = _NAMED.sub("", text)
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    text = _SHORT_ROOT.sub(r"\\sqrt{\1}", text)
    text = _SHORT_FRAC.sub(_braced, text)
    text = _SINGLE.sub(r"\1\2", text)
    text = _SLASH.sub(r"\1\\frac{\2}{\3}", text)
    text = _MINUS_ABOVE.sub(r"-\\frac{\1}", text)
    return text.casefold() if text.isalpha() else text, unit


def _mixed(text: str) -> str:
    """Return a mixed number such as `2 1/3` as one fraction."""
    match = _PLAIN_MIXED.fullmatch(text) or _TEX_MIXED.fullmatch(text)
    if match is None or int(match[4]) == 0:
        return text
    above = int(match[2]) * int(match[4]) + int(match[3])
    return f"{match[1]}{above}/{match[4]}"


def same(one: str, other: str) -> bool:
    """Say whether two answers that differ as text are equal as mathematics.

    Never looser than a reader, symmetric, and quick whatever the texts: values at random points
    settle nearly all pairs; for the rest math-verify, if it is installed, has a second. What is
    not settled in time is not the same. Prose is no formula.
    """
    if max(len(one), len(other)) > _LONGEST_ANSWER:
        return False
    left, right = key(one), key(other)
    if left == right:
        return True
    if isinstance(left, tuple) != isinstance(right, tuple):  # one of them names its unit
        left, right = (_bare(item) for item in (left, right))
        if left == right:
            return True
    if not isinstance(left, str) and not isinstance(right, str):
        return False  # two numbers of different value, or two units
    return not is_prose(one) and not is_prose(other) and _equal(_clean(one), _clean(other))


def is_prose(text: str) -> bool:
    """Say whether a text has words that belong to no formula, or is a word itself."""
    plain = _COMMAND.sub(" ", _TEXT.sub(lambda m: f" {m[1]} ", text))
    words = [w for w in _WORD.findall(plain) if not _FUNCTION.fullmatch(w)]
    words = [w for w in words if w.casefold() not in units.NAMES]
    letters = "".join(plain.split())
    if letters.isalpha() and len(letters) > 1 and "\\" not in _TEXT.sub("", text):
        return True
    return len(words) > 1 or bool(_SMALL_WORD.search(plain)) or bool(_TIME.search(plain))


def _equal(one: str, other: str) -> bool:
    known = [
        None if _NEVER_SYMBOLIC.search(t.replace("!", "")) else understand(t) for t in (one, other)
    ]
    if known[0] is not None and known[1] is not None:
        # What has no value at any point is too large to compare, or made to be.
        return bool(equal(known[0], known[1]))
    # Evaluating settles all formulas but these; an algebra system takes a second for one pair.
    symbolic = _SYMBOLIC.search(one) or _SYMBOLIC.search(other)
    usable = all(
        len(t) <= _LONGEST_SYMBOLIC and not _NEVER_SYMBOLIC.search(t) for t in (one, other)
    )
    return symbolic is not None and usable and bool(algebra.same(one, other))


def _quantity(answer: str) -> tuple[Hashable, str | None]:
    """Return the value of a number, or the rewritten text, and the unit of a number."""
    text, unit = _normal(answer)
    if _LETTER_AFTER.fullmatch(text):  # 2k is a product here
        return text, None
    number = numbers.value(_SLASHED.sub(r"\1\2/\3", text))
    return (text, None) if number is None else (number, unit)


def _bare(item: Hashable) -> Hashable:
    """Return a quantity without its unit."""
    return cast("tuple[Hashable, str]", item)[0] if isinstance(item, tuple) else item


@lru_cache(maxsize=4096)
def _clean(answer: str) -> str:
    """Return what the parser reads: synonyms, units and words gone, spaces kept."""
    text = answer.strip().strip("$").removeprefix("\\(").removesuffix("\\)").strip()
    text = _ROOT.sub(r"\\sqrt{\1}", text)
    for spelled, plain in _SYNONYMS:
        text = text.replace(spelled, plain)
    trigonometric = "\\deg " if re.search(r"sin|cos|tan|cot|sec|csc", text) else " "
    text = _DEGREE.sub(lambda _: trigonometric, text)
    text = _TEXT.sub(lambda m: f" {m[1]} ", text)
    text = _OR.sub(",", text)
    text = _DROPPED.sub(" ", text).replace("\\|", "|").replace("\\mid", "|")
    text = _SPACES.sub(" ", text).strip().rstrip(".,;:").strip()
    units = _UNITS.match(text)
    text = units[1] if units else text
    text = _SHORT_FRAC.sub(_braced, _SHORT_ROOT.sub(r"\\sqrt{\1}", text))
    return text.replace(",", "") if _THOUSANDS.match(text) else text


def _braced(match: re.Match[str]) -> str:
    above = match[1] or match[3] or match[5]
    below = match[2] or match[4] or match[6]
    return f"\\frac{{{above}}}{{{below}}}"


_MIXED = re.compile(r"\s*(-?\d{1,9} \d{1,9}/\d{1,9})\b")


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
    for part in reversed(parts):
        several = _SEVERAL.match(part)
        if several is not None:
            return _listed(_EACH.findall(several[0]))
        hour = clock.TIME.match(part)
        if hour is not None:
            return hour[0]
        first = part.split(maxsplit=1)[0] if part.strip() else ""
        if numbers.is_number(first):
            return numbers.extract(part)
        if _DIGIT.search(part) and len(parts) > 1 and not _WRITTEN.fullmatch(part.strip(" .!")):
            return numbers.extract(part)  # not what stands before the verb
    last = parts[-1].strip().rstrip(".!").strip(" *`")
    is_word = len(last.split()) == 1 and not _DIGIT.search(text)
    return last if len(last) <= _LONGEST_WORD and (is_word or _WRITTEN.fullmatch(last)) else None
