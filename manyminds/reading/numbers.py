r"""Numbers in replies: `$1,234.50`, `-3`, `1/2`, `3 1/2`, `50%`, `2 million`, `6.02e23`.

A percentage is its figure (50% = 50), as graders of word problems take it; units and currency are
dropped. Equality is of value: 1/2 = 0.5, 18.00 = 18.
"""

import re
from fractions import Fraction

from manyminds.reading import locate as phrases

_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)"
_TOKEN = re.compile(
    rf"""
    (?P<sign>(?<![\w)\]}}.])[-\u2212+])?
    [$\u20ac\u00a3\u00a5]?
    (?P<sign2>(?<=[$\u20ac\u00a3\u00a5])[-\u2212])?
    (?: (?P<whole>{_DIGITS})[ ](?P<mixed>[0-9]{{1,9}}/[1-9][0-9]{{0,8}})(?![0-9/])
      | (?P<plain>{_DIGITS}(?:\.[0-9]+)?|(?<![\w.])\.[0-9]+)
        (?: [eE](?P<exponent>[-+]?[0-9]{{1,4}})(?!\w)
          | [ ]?(?:\*|x|\u00d7|\\times|\\cdot)[ ]?10\^\{{?(?P<power>[-+\u2212]?[0-9]{{1,4}})\}}?
          | [ ]?/[ ]?(?P<below>{_DIGITS}(?:\.[0-9]+)?)(?![0-9/])
          | [ ](?P<scale>thousand|million|billion|trillion)\b
        )?
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FRAC = re.compile(
    r"\\[dtc]?frac\s?\{(-?[0-9.,]{1,20})\}\s?\{([0-9.,]{1,20})\}|\\[dtc]?frac\s?([0-9])([0-9])"
)
_SPACING = re.compile(r"\\[,!;: ]|\{,\}|(?<=[0-9]),\s?\\!|\\(?=[$%])")
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*")
_SCALE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_LONGEST = 300  # digits: beyond it a number is compared as text (and int() turns slow)
_BIGGEST_EXPONENT = 300


def extract(text: str) -> str | None:
    r"""Return the number a reply gives as its answer, without separators, currency and units.

    Looks at, in this order: an "answer" field of JSON, the last `\boxed{}`, what follows "####" or
    "answer is", the last bold figure, the last number. A field or box that holds no number
    abstains: the model said it has none.
    """
    for find in (phrases.field, phrases.boxed):
        place = find(text)
        if place is not None:
            return _stated(place)
    cued = phrases.after_cue(text)
    found = _stated(cued) if cued else None
    if found is None:
        figures = [b for b in _BOLD.findall(text) if not b.rstrip().endswith(":") and _stated(b)]
        found = _stated(figures[-1]) if figures else None
    return found if found is not None else _numbers(text, last=True)


def key(answer: str) -> float | str:
    """Return the value of an answer, equal for equal values; its text if it has none."""
    token = answer if _TOKEN.fullmatch(answer) else extract(answer)
    number = value(token) if token is not None else None
    return number if number is not None else " ".join(answer.casefold().split())


def value(token: str) -> float | None:
    """Return what a number as written is worth, whole numbers exactly, others to 10 digits.

    Ten digits make 0.1+0.2 equal 0.3 and a third equal 0.3333333333. None where the text is no
    number, or one too large to handle.
    """
    match = _TOKEN.fullmatch(token.strip())
    if match is None or len(token) > _LONGEST:
        return None
    try:
        exact = _exact(match)
        if exact.denominator == 1:
            return exact.numerator
        return float(f"{float(exact):.10g}")
    except (ZeroDivisionError, OverflowError):
        return None


def is_number(text: str) -> bool:
    """Say whether the whole text is one number, as in a column of reference answers."""
    bare = _plain(text).strip().rstrip("%.").strip()
    return _TOKEN.fullmatch(bare) is not None


def _exact(match: re.Match[str]) -> Fraction:
    if match["mixed"]:
        size = Fraction(_clean(match["whole"])) + Fraction(match["mixed"])
    else:
        size = Fraction(_clean(match["plain"]))
        ten = _clean(match["exponent"] or match["power"] or "0")
        if abs(int(ten)) > _BIGGEST_EXPONENT:
            raise OverflowError
        size *= Fraction(10) ** int(ten)
        if match["below"]:
            size /= Fraction(_clean(match["below"]))
        size *= _SCALE[match["scale"].lower()] if match["scale"] else 1
    negative = (match["sign"] or match["sign2"] or "+") != "+"
    return -size if negative else size


def _stated(place: str) -> str | None:
    """Return the number in a short place that states the answer: after the last "=", the first."""
    right = place.rpartition("=")[2]
    return _numbers(right, last=False) or _numbers(place, last=False)


def _numbers(text: str, *, last: bool) -> str | None:
    found: re.Match[str] | None = None
    for token in _TOKEN.finditer(_plain(text)):
        found = token
        if not last:
            break
    return _written(found) if found else None


def _written(match: re.Match[str]) -> str:
    """Return the token without separators and currency; with its scale worked out."""
    if match["scale"] or match["power"]:
        number = value(match[0])
        if number is not None:
            return str(number)
    return re.sub(r"[$\u20ac\u00a3\u00a5+]", "", _clean(match[0]))


def _clean(digits: str) -> str:
    return digits.replace(",", "").replace("\u2212", "-")


def _plain(text: str) -> str:
    """Return the text with LaTeX spacing gone and LaTeX fractions as a/b."""
    if "\\" not in text and "{" not in text:
        return text
    return _FRAC.sub(_slashed, _SPACING.sub("", text))


def _slashed(frac: re.Match[str]) -> str:
    """Return a LaTeX fraction as a/b, apart from a whole number before it (3 1/2)."""
    mixed = frac.start() > 0 and frac.string[frac.start() - 1].isdigit()
    return f"{' ' * mixed}{frac[1] or frac[3]}/{frac[2] or frac[4]}"
