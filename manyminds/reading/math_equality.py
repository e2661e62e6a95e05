r"""When two mathematical answers are the same, in LaTeX or plain text.

A normaliser for strings settles most pairs at no cost (`\dfrac12` = 0.5, `10\text{ cm}` = 10,
`x = 3` = 3). Formulas that still differ as text are compared by their values, and the rest by
math-verify where it is installed (the extra `math`).
"""

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import cast

from manyminds.reading import algebra, clock, figures, units
from manyminds.reading.equivalence import equal, understand

_SET = re.compile(r"\\?\{[-0-9a-z+*/^.,; \\]{1,200}\\?\}")
_ROOTS = re.compile(r"\b([a-z])(?:[\u2081-\u2089]|_\{?[1-9]\}?)\s*=\s*")
_LONGEST_ANSWER = 4000  # beyond it, no rewriting
_NAMED = re.compile(
    r"^(?:[A-Za-z](?:_\{?\w{1,3}\}?)?(?:'{1,3}|\u2032|\^\{?\\prime\}?)?(?:\([A-Za-z]\))?"
    r"|\\?[a-z]{1,8}|[a-z]\^\{?-1\}?\([a-z]\)|d[a-z]?/d[a-z]|\\[dt]?frac\{d[a-z]?\}\{d[a-z]\})"
    r"(?:=|\\in(?![a-z]))(?=[^=<>]+$)"
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mbox|mathbf|operatorname)\s*\{([^{}]*)\}")
_UNITS = re.compile(
    r"^([-+]?[0-9.,/]+|[-+]?\\frac\{[^{}]*\}\{[^{}]*\})\s"
    r"\s*(?P<unit>(?!or\b|and\b|(?:hundred|thousand|million|billion|trillion|dozen)\b)(?:[A-Za-z]{3}[A-Za-z]*|cm|mm|km|kg|ft|in|lb|oz|mi|m|g|s)\b"
    r"[A-Za-z. ]{0,40}(?:\^\{?[23]\}?)?)$"
)
_UNIT_AT_END = re.compile(
    r"\\(?:text|mathrm|mbox)\s*\{\s*(?:square\s+|cubic\s+)?(?P<unit>[A-Za-z]{1,12})\s*\}(?:\^\{?[23]\}?)?$"
)
_FORMULA = re.compile(r"\\(?:pi|sqrt)(?![a-z])")
_SHORT_FRAC = re.compile(
    r"\\frac(?:\{([^{}]+)\}([0-9A-Za-z])|([0-9])\{([^{}]+)\}|([0-9])([0-9A-Za-z]))"
)
_ROOT = re.compile(r"√\(?([0-9]+|[a-z])\)?")
_REPEATING = re.compile(r"([0-9]{0,9})\.([0-9]{0,9})\\overline\{([0-9]{1,9})\}")
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
    ("\u00b2", "^2"),
    ("\u00b3", "^3"),
    ("\u03c0", "\\pi"),
    ("\u221e", "\\infty"),
    ("\u222a", "\\cup "),
    ("\u2264", "\\le "),
    ("\u2265", "\\ge "),
    ("\u2260", "\\ne "),
    ("\u2208", "\\in "),
)
_REALS = re.compile(r"(?<![\w{])(?:R|\u211d|\\mathbb\s*\{R\})\s*\\\s*\\?\{")  # R \ {2}
_STARS = re.compile(r"(?<=[\w)])\*\*(?=[\w(])")
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


@lru_cache(maxsize=8192)  # every pair of a ballot asks for both keys
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
    text = _unnamed(answer).strip("$").removeprefix("\\(").removesuffix("\\)").strip()
    text = _ROOT.sub(r"\\sqrt{\1}", _without_unit(text))
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


def _unnamed(answer: str) -> str:
    """Return several values of one unknown without its name: "x_1 = 3, x_2 = 2"."""
    names = _ROOTS.findall(answer)
    return _ROOTS.sub("", answer).strip() if len(names) > 1 == len(set(names)) else answer.strip()


def _without_unit(text: str) -> str:
    r"""Return a formula such as `3\pi` without the unit of measure after it."""
    found = _UNIT_AT_END.search(text.rstrip())
    known = found is not None and found["unit"].casefold() in units.NAMES
    if found is None or not known or not _FORMULA.search(text, 0, found.start()):
        return text
    return text[: found.start()].removesuffix("\\ ").removesuffix("\\,").rstrip()


def _mixed(text: str) -> str:
    """Return a mixed number such as `2 1/3` as one fraction."""
    match = _PLAIN_MIXED.fullmatch(text) or _TEX_MIXED.fullmatch(text)
    if match is None or int(match[4]) == 0:
        return text
    above = int(match[2]) * int(match[4]) + int(match[3])
    return f"{match[1]}{above}/{match[4]}"


def same(one: str, other: str) -> bool:
    """Return whether two answers that differ as text are equal as mathematics.

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
        if any(side.rstrip(" $.").endswith("%") for side in (one, other)):
            return False  # 3 % is not 3 km
        left, right = (_bare(item) for item in (left, right))
        if left == right:
            return True
    if not isinstance(left, str) and not isinstance(right, str):
        return False  # two numbers of different value, or two units
    return not is_prose(one) and not is_prose(other) and _equal(cleaned(one), cleaned(other))


def is_prose(text: str) -> bool:
    """Return whether a text has words that belong to no formula, or is a word itself."""
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
    number = figures.value(_SLASHED.sub(r"\1\2/\3", text))
    return (text, None) if number is None else (number, unit)


def _bare(item: Hashable) -> Hashable:
    """Return a quantity without its unit."""
    return cast("tuple[Hashable, str]", item)[0] if isinstance(item, tuple) else item


@lru_cache(maxsize=4096)
def cleaned(answer: str) -> str:
    """Return what the parser reads: synonyms, units and words gone, spaces kept."""
    text = _unnamed(answer).strip("$").removeprefix("\\(").removesuffix("\\)").strip()
    text = _ROOT.sub(r"\\sqrt{\1}", _REPEATING.sub(_repeated, _without_unit(text)))
    text = _STARS.sub("^", _REALS.sub(r"\\mathbb{R}\\setminus\\{", text))
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


def _repeated(match: re.Match[str]) -> str:
    r"""Return a repeating decimal such as `0.1\overline{6}` as a fraction."""
    whole, start, again = match[1] or "0", match[2], match[3]
    above = int(whole + start + again) - int(whole + start)
    return f"\\frac{{{above}}}{{{'9' * len(again)}{'0' * len(start)}}}"


def _braced(match: re.Match[str]) -> str:
    above = match[1] or match[3] or match[5]
    below = match[2] or match[4] or match[6]
    return f"\\frac{{{above}}}{{{below}}}"
