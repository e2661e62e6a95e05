"""One number as it is written: `$1,234.50`, `3 1/2`, `2 million`, `6.02e23`, `2^10`; its value."""

import re
from fractions import Fraction
from functools import lru_cache

from manyminds.reading import digits

TOKEN = re.compile(
    r"""
    (?:(?P<sign>[-+])[ ]?)?(?:[$€£¥₹₩₽][ ]?)?(?P<sign2>(?<=[$€£¥₹₩₽])-)?
    (?P<plain>[0-9]+(?:[,.'][0-9]+|[ \u00a0\u202f][0-9]{3}(?![0-9/]))*|\.[0-9]+)
    (?: (?:[ ]|(?<=[0-9])-)?(?<=[ -])(?P<mixed>[0-9]{1,9}/[1-9][0-9]{0,8})(?![0-9/])
      | [eE](?P<exponent>[-+]?[0-9]{1,4})(?!\w|\.[0-9])
      | \^(?P<raised>-?[0-9]{1,4})(?![\w^]|\.[0-9])
      | [ ]?[*x×·][ ]?10(?:\^|\*\*)\(?(?P<ten>[-+]?[0-9]{1,4})\)?
      | [ ]?/[ ]?(?P<below>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?![0-9/])
    )?
    (?:(?:[ ]?(?=[a-zMBT\u043c\u0442])|(?=K))(?P<scale>dozen|hundred|thousand|lakh|crore|millions?
      |billions?|trillions?
      |[Mm]illionen|millones|milioni|miliardi|milh(?:\u00f5es|\u00e3o)
      |bilh(?:\u00f5es|\u00e3o)|miljoen|miljard
      |milion(?:y|\u00f3w)|[Mm]illiarden?|milliards?
      |[Tt]ausend|duizend|mila|mille(?=\ [a-zA-Z])
      |mil(?=\ (?:km|kil|quil|metr|euro|d[o\u00f3]lar|peso|rea(?:le?s|is)|person|pesso|habitant))
      |\u0442\u044b\u0441(?:\.|\u044f\u0447[\u0430\u0438]?)?
      |\u043c\u043b\u043d|\u043c\u043b\u0440\u0434
      |\u043c\u0438\u043b\u043b\u0438\u043e\u043d(?:\u0430|\u043e\u0432)?
      |\u043c\u0438\u043b\u043b\u0438\u0430\u0440\u0434(?:\u0430|\u043e\u0432)?
      |mld|mn|bn|mio|k|K|M|B)(?:\b|(?<=\.))(?!/))?
    """,
    re.VERBOSE,
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:([,.' \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")
_LAKHS = re.compile(r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}")
_SCALE = {
    "dozen": 12, "hundred": 100, "lakh": 10**5, "crore": 10**7,
    "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "mio": 10**6, "m": 10**6,
    "millionen": 10**6, "millones": 10**6, "milioni": 10**6, "milliard": 10**9,
    "milliarde": 10**9, "milliarden": 10**9, "billion": 10**9, "bn": 10**9, "b": 10**9,
    "trillion": 10**12, "miliardi": 10**9, "milh\u00f5es": 10**6, "milh\u00e3o": 10**6,
    "bilh\u00f5e": 10**9, "bilh\u00f5es": 10**9, "bilh\u00e3o": 10**9, "miljoen": 10**6,
    "miljard": 10**9, "miliony": 10**6, "milion\u00f3w": 10**6, "mld": 10**9, "tausend": 10**3,
    "duizend": 10**3, "mila": 10**3, "mille": 10**3, "mil": 10**3,
    "\u0442\u044b\u0441": 10**3, "\u043c\u043b\u043d": 10**6, "\u043c\u043b\u0440": 10**9,
    "\u043c\u0438\u043b\u043b\u0438\u0430": 10**9, "\u043c\u0438\u043b\u043b\u0438\u043e": 10**6,
}  # fmt: skip
_RUSSIAN = re.compile(
    "\u0442\u044b\u0441|\u043c\u043b\u043d|\u043c\u043b\u0440|\u043c\u0438\u043b\u043b\u0438\u0430|\u043c\u0438\u043b\u043b\u0438\u043e"
)
_LONGEST = 300  # digits: beyond it a number is compared as text (and int() turns slow)
_BIGGEST_EXPONENT = 300


@lru_cache(maxsize=4_096)  # many passes over a ballot ask for the value of the same answer
def value(token: str) -> float | None:
    """Return what a number as written is worth, whole numbers exactly, others to 10 digits.

    Ten digits make 0.1+0.2 equal 0.3 and a third equal 0.3333333333. None where the text is no
    number, or one too large to handle.
    """
    if len(token) > _LONGEST:
        return None
    match = TOKEN.fullmatch(digits.plain(token.strip()).strip())
    exact = None if match is None else exact_value(match, comma=False)
    try:
        return None if exact is None else rounded(exact)
    except OverflowError:
        return None


def is_number(text: str) -> bool:
    """Return whether the whole text is one number, as in a column of reference answers."""
    if len(text) > _LONGEST:
        return False
    bare = digits.plain(text).strip().rstrip("%.").strip()
    match = TOKEN.fullmatch(bare)
    return match is not None and exact_value(match, comma=False) is not None


def written(token: re.Match[str], *, comma: bool = False) -> str | None:
    """Return the token without separators and currency; with its scale and power worked out."""
    exact = exact_value(token, comma=comma)
    if exact is None:
        return None
    sign = "-" if "-" in (token["sign"], token["sign2"]) else ""
    if token["scale"] or token["ten"] or token["raised"]:
        return str(rounded(exact))
    bare = plain_digits(token["plain"], comma=comma) or ""
    if token["mixed"]:
        return f"{sign}{bare} {token['mixed']}"
    if token["below"]:
        return f"{sign}{bare}/{token['below'].replace(',', '')}"
    return f"{sign}{bare}e{token['exponent']}" if token["exponent"] else f"{sign}{bare}"


def rounded(exact: Fraction) -> float:
    return exact.numerator if exact.denominator == 1 else float(f"{float(exact):.10g}")


def exact_value(match: re.Match[str], *, comma: bool) -> Fraction | None:
    """Return the value of a token; None where its separators have no clear meaning."""
    figure = plain_digits(match["plain"], comma=comma)
    if figure is None or len(figure) > _LONGEST:
        return None
    try:
        size = Fraction(int(figure) if figure.isdecimal() else figure)
        if match["mixed"]:
            size += Fraction(match["mixed"])
        if match["below"]:
            size /= Fraction(match["below"].replace(",", ""))
        ten = int(match["exponent"] or match["ten"] or 0)
        raised = int(match["raised"] or 1)
        if abs(ten) > _BIGGEST_EXPONENT or abs(raised) * len(figure) > _BIGGEST_EXPONENT:
            return None
        size = size**raised if raised != 1 else size
        size = size * Fraction(10) ** ten if ten else size
    except (ValueError, ZeroDivisionError):
        return None
    size *= _scale(match["scale"].lower()) if match["scale"] else 1
    return -size if "-" in (match["sign"], match["sign2"]) else size


def _scale(word: str) -> int:
    """Return the size of a scale word, singular or plural: millions, Milliarden."""
    russian = _RUSSIAN.match(word)  # its endings are many
    return _SCALE.get(word if russian is None else russian[0]) or _SCALE[word.rstrip("s")]


def plain_digits(written: str, *, comma: bool) -> str | None:
    """Return digits with at most a decimal point, or None where commas and points are unclear."""
    bare = written
    for mark in " \u00a0\u202f'":
        bare = bare.replace(mark, " ")
    whole, _, rest = bare.partition("," if comma else ".")
    if " " in bare:
        if not _THOUSANDS.fullmatch(whole.replace(" ", "\u00a0")):
            return None
        return (
            plain_digits(bare.replace(" ", ""), comma=comma)
            if "." in bare or "," in bare
            else (bare.replace(" ", ""))
        )
    if "," in bare and "." in bare:
        decimal = max(bare.rfind(","), bare.rfind("."))
        whole, rest = bare[:decimal], bare[decimal + 1 :]
        apart = "." if bare[decimal] == "," else ","
        grouped = _THOUSANDS.fullmatch(whole) is not None and whole.count(apart) > 0
        return f"{whole.replace(apart, '')}.{rest}" if grouped and rest.isdigit() else None
    if _LAKHS.fullmatch(bare):
        return bare.replace(",", "")
    for mark in ",.":
        if mark not in bare:
            continue
        if bare.startswith("0") and bare.count(mark) == 1:  # 0,375 has no thousands
            return bare.replace(mark, ".")
        grouped = _THOUSANDS.fullmatch(bare) is not None
        if bare.count(mark) > 1:
            return bare.replace(mark, "") if grouped else None
        decimal_mark = "," if comma else "."
        if mark == decimal_mark:
            return bare.replace(mark, ".") if not (comma and grouped and mark == ",") else None
        if comma and not grouped:  # 3.5 among numbers such as 3,5
            return bare
        return bare.replace(mark, "") if grouped else None
    return bare
