r"""Numbers in replies: `$1,234.50`, `-3`, `1/2`, `3 1/2`, `50%`, `2 million`, `6.02e23`, `2^10`.

A percentage is its figure (50% = 50), as graders of word problems take it; units and currency are
dropped. Equality is of value: 1/2 = 0.5, 18.00 = 18. Ranges, dates, times, tuples and several
values are no number: they abstain.
"""

import re
from fractions import Fraction
from itertools import pairwise

from manyminds.reading import digits, locate
from manyminds.reading.cues import ANSWER_IS, COMMA_WORDS, CONCLUDES, DENIED, UNKNOWN, VACUOUS
from manyminds.reading.locate import Found, found
from manyminds.reading.no_number import NO_NUMBER
from manyminds.reading.reasoning import readable

TOKEN = re.compile(
    r"""
    (?:(?P<sign>[-+])[ ]?)?(?:[$€£¥][ ]?)?(?P<sign2>(?<=[$€£¥])-)?
    (?P<plain>[0-9]+(?:[,.'][0-9]+|[ \u00a0\u202f][0-9]{3}(?![0-9/]))*|\.[0-9]+)
    (?: (?:[ ]|(?<=[0-9])-)?(?<=[ -])(?P<mixed>[0-9]{1,9}/[1-9][0-9]{0,8})(?![0-9/])
      | [eE](?P<exponent>[-+]?[0-9]{1,4})(?!\w|\.[0-9])
      | \^(?P<raised>-?[0-9]{1,4})(?![\w^]|\.[0-9])
      | [ ]?[*x×·][ ]?10(?:\^|\*\*)\(?(?P<ten>[-+]?[0-9]{1,4})\)?
      | [ ]?/[ ]?(?P<below>[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?)(?![0-9/])
    )?
    (?:[ ]?(?P<scale>dozen|hundred|thousand|lakh|crore|million|billion|trillion|mn|bn|mio
      |k|K|M|B)\b(?!/))?
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"[0-9]")
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:([,.' \u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")
_SCALE = {
    "dozen": 12, "hundred": 100, "lakh": 10**5, "crore": 10**7,
    "thousand": 10**3, "k": 10**3, "million": 10**6, "mn": 10**6, "mio": 10**6, "m": 10**6,
    "billion": 10**9, "bn": 10**9, "b": 10**9, "trillion": 10**12,
}  # fmt: skip
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bnever|\bcannot|\bnicht|\bpas)\s+(?:be\s+|exactly\s+|necessarily\s+|actually\s+)?$",
    re.IGNORECASE,
)
_COINS = re.compile(
    r"([0-9]+)\s*(?:dollars?|euros?|pounds?)\s*(?:and\s+)?([0-9]{1,2})\s*(?:cents?|pence|p)\b",
    re.IGNORECASE,
)
_TEN_POWER = re.compile(r"[0-9]\s*[*x×·]\s*10(?=\^|\*\*)")
_EQUALS = re.compile(r"=|≈|→")
_ASIDE = re.compile(
    r"\b(?:in|since|by|from|until|of)\s+(?:19|20)[0-9]{2}\b|\bper\s+[0-9]+\s*\w*|\([^()]*\)"
    r"|^\s*(?:[-*#]+\s+)?(?:step\s+)?[0-9]{1,2}[.):]\s+|\bstep\s+[0-9]+",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:larger|greater|bigger|smaller|less|more|higher|lower|fewer|older|younger|longer|taller)\s+than\b"
    r"|[><]",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|are|equals?|be|gets?|makes?|gives?|ist|sind|est|son|es)\b|是|为|等于", re.IGNORECASE
)
_SO = re.compile(r"[,;]\s+(?:and\s+)?(?:so|thus|hence|therefore)\b,?\s", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_FEW = 4  # words of a reply in which "one" is a number
_UNIT_POWER = re.compile(r"(?<=[0-9] )(?P<unit>[A-Za-z/]{1,6})\^\{?-?[0-9]\}?(?=[\s.]|$)")
_HAN_SCALE = re.compile("[0-9] ?[\u4e07\u4ebf]")
_WHILE = re.compile(r"\b(?:and|but|while|whereas|und|et|y)\b|;", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:(?:about|approximately|around|roughly|only|exactly|just|nearly|a\s+total\s+of|equal\s+to)\s+)?"
    r"(?:(?-i:[A-Z]{2,3})\s?)?[^\w\s]{0,3}\s?[-+]?\s?[$€£¥]?\s?[0-9.]",
    re.IGNORECASE,
)
_BULLET = re.compile(r"-\s+[0-9.]+\s*")
_PRINTED = re.compile(r"^\s*print\((.*)\)\s*$", re.DOTALL)
_LONGEST = 300  # digits: beyond it a number is compared as text (and int() turns slow)
_BIGGEST_EXPONENT = 300
_TOO_LONG = re.compile(r"[0-9]{50}")
_COMMA_NUMBER = re.compile(
    r"(?<![0-9.,])(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{4,20}),[0-9]{1,2}(?![0-9.,])"
)
_TAIL = 3_000  # characters in which a decimal comma is looked for
_EASTERN = 0x2E80  # from here on, characters of Chinese and Japanese: no spaces between words


def extract(text: str) -> str | None:
    r"""Return the number a reply gives as its answer, without separators, currency and units."""
    return locate.answer_of(find(text))


def find(text: str, *, comma: bool = False) -> Found | None:
    """Return the number a reply gives as its answer, and where it stands.

    Args:
        text: The reply.
        comma: Whether the decimal mark is the comma, as other replies show.

    Returns:
        The number. A field, box or cue that states something else than one number abstains: it is
        the answer.
    """
    text = readable(text)
    comma = comma or _decimal_comma(text)
    for place, where in locate.stated(text):
        whole = locate.field(text) if where == "JSON field" else None
        if whole is not None and len(locate.sentences(whole)) > 1:  # a solution, not an answer
            said = _concluded(whole, comma=comma)
            return said and Found(said.answer, f"{where}, {said.where}")
        if UNKNOWN.match(place):
            return None
        if DENIED.match(place) and _NUMBER.search(digits.spelled(place[:_LONGEST])):
            return None
        number, other = _stated(place, comma=comma)
        if (
            number is not None
            or other
            or where in ("JSON field", "box")
            or not VACUOUS.match(place)
        ):
            return found(number, where)
    return _concluded(text, comma=comma)


def key(answer: str) -> float | str:
    """Return the value of an answer, equal for equal values; its text if it has none."""
    number = value(answer)
    if number is None:
        token = extract(answer)
        number = value(token) if token is not None else None
    return number if number is not None else " ".join(answer.casefold().split())


def value(token: str) -> float | None:
    """Return what a number as written is worth, whole numbers exactly, others to 10 digits.

    Ten digits make 0.1+0.2 equal 0.3 and a third equal 0.3333333333. None where the text is no
    number, or one too large to handle.
    """
    if len(token) > _LONGEST:
        return None
    match = TOKEN.fullmatch(digits.plain(token.strip()).strip())
    exact = None if match is None else _exact(match, comma=False)
    try:
        return None if exact is None else _rounded(exact)
    except OverflowError:
        return None


def is_number(text: str) -> bool:
    """Say whether the whole text is one number, as in a column of reference answers."""
    if len(text) > _LONGEST:
        return False
    bare = digits.plain(text).strip().rstrip("%.").strip()
    match = TOKEN.fullmatch(bare)
    return match is not None and _exact(match, comma=False) is not None


def _rounded(exact: Fraction) -> float:
    return exact.numerator if exact.denominator == 1 else float(f"{float(exact):.10g}")


def has_decimal_comma(text: str) -> bool:
    """Say whether a reply writes a number whose comma can only be a decimal mark."""
    return _COMMA_NUMBER.search(text[:_TAIL]) is not None or _decimal_comma(text)


def _decimal_comma(text: str) -> bool:
    """Say whether a reply writes in a language whose decimal mark is the comma."""
    cues = [m for m in ANSWER_IS.finditer(text) if m["comma"]]
    return bool(cues) or len(COMMA_WORDS.findall(text[:2000])) >= 2


def _exact(match: re.Match[str], *, comma: bool) -> Fraction | None:
    """Return the value of a token; None where its separators have no clear meaning."""
    figure = _digits(match["plain"], comma=comma)
    if figure is None or len(figure) > _LONGEST:
        return None
    try:
        size = Fraction(figure)
        if match["mixed"]:
            size += Fraction(match["mixed"])
        if match["below"]:
            size /= Fraction(match["below"].replace(",", ""))
        ten = int(match["exponent"] or match["ten"] or 0)
        raised = int(match["raised"] or 1)
        if abs(ten) > _BIGGEST_EXPONENT or abs(raised) * len(figure) > _BIGGEST_EXPONENT:
            return None
        size = size**raised * Fraction(10) ** ten
    except (ValueError, ZeroDivisionError):
        return None
    size *= _SCALE[match["scale"].lower()] if match["scale"] else 1
    return -size if "-" in (match["sign"], match["sign2"]) else size


def _digits(written: str, *, comma: bool) -> str | None:
    """Return digits with at most a decimal point, or None where commas and points are unclear."""
    bare = written
    for mark in " \u00a0\u202f'":
        bare = bare.replace(mark, " ")
    whole, _, rest = bare.partition("," if comma else ".")
    if " " in bare:
        if not _THOUSANDS.fullmatch(whole.replace(" ", "\u00a0")):
            return None
        return (
            _digits(bare.replace(" ", ""), comma=comma)
            if "." in bare or "," in bare
            else (bare.replace(" ", ""))
        )
    if "," in bare and "." in bare:
        decimal = max(bare.rfind(","), bare.rfind("."))
        whole, rest = bare[:decimal], bare[decimal + 1 :]
        apart = "." if bare[decimal] == "," else ","
        grouped = _THOUSANDS.fullmatch(whole) is not None and whole.count(apart) > 0
        return f"{whole.replace(apart, '')}.{rest}" if grouped and rest.isdigit() else None
    for mark in ",.":
        if mark not in bare:
            continue
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


def _stated(place: str, *, comma: bool) -> tuple[str | None, bool]:
    """Return the number in a place that states the answer; and whether it states another thing."""
    text = digits.plain(digits.spelled(digits.plain(place[: _LONGEST * 2])))
    text = _COINS.sub(lambda m: f"{m[1]}.{m[2]:>02}", text).strip()
    if not _NUMBER.search(text):
        return None, False
    sides = [side for side in _EQUALS.split(text) if _NUMBER.search(side)]
    several = re.search(r"=[^=]*(?:,|\band\b|\bor\b|;)[^=]*=", text)
    if several or re.search(r"\bor\b", text) and len(sides) > 1:
        return None, True
    side = sides[-1] if len(sides) > 1 or text.count("=") else text
    if len(sides) == 2 and _only(sides[0]) and _first(sides[1], comma=comma) is None:
        side = sides[0]  # 5 = 2 + 3
    if len(sides) <= 1 and "=" in text and not text.startswith("="):
        side = text.rpartition("=")[2] if _NUMBER.search(text.rpartition("=")[2]) else sides[-1]
    side = (
        re.sub(r"\([^()]*\)[\s.]*$", "", side).strip() if re.match(r"^[^(]*[0-9]", side) else side
    )
    if not _EQUALS.search(text) and not _BEGINS.match(side) and _several(side, comma=comma):
        return _in_sentence(place, comma=comma), True
    return _first(side, comma=comma), True


def _several(text: str, *, comma: bool) -> bool:
    return len({written(token, comma=comma) for token in TOKEN.finditer(text[:_LONGEST])}) > 1


def _first(side: str, *, comma: bool) -> str | None:
    """Return the first number of a short text, unless the text is something else than a number."""
    if len(side) > _LONGEST and _TOO_LONG.search(side):
        return None
    side = side[:_LONGEST]
    if NO_NUMBER.search(_TEN_POWER.sub("1e10", side).replace("^", "e")):
        return None
    token = TOKEN.search(side)
    if token is None or re.match(r"\^|\*\*[0-9(]|/[0-9]|[0-9]|[,.][0-9]", side[token.end() :]):
        return None
    before = side[token.start() - 1 : token.start()] if token.start() else ""
    joined = re.match(r"[\w.,/^]", before) is not None and ord(before) < _EASTERN
    if joined and token[0][0] not in "$€£¥+":  # COVID-19, B2
        return None
    if _DENIED_BEFORE.search(side[: token.start()]):
        return None
    return written(token, comma=comma)


def written(token: re.Match[str], *, comma: bool = False) -> str | None:
    """Return the token without separators and currency; with its scale and power worked out."""
    exact = _exact(token, comma=comma)
    if exact is None:
        return None
    sign = "-" if "-" in (token["sign"], token["sign2"]) else ""
    if token["scale"] or token["ten"] or token["raised"]:
        return str(_rounded(exact))
    bare = _digits(token["plain"], comma=comma) or ""
    if token["mixed"]:
        return f"{sign}{bare} {token['mixed']}"
    if token["below"]:
        return f"{sign}{bare}/{token['below'].replace(',', '')}"
    return f"{sign}{bare}e{token['exponent']}" if token["exponent"] else f"{sign}{bare}"


def _concluded(text: str, *, comma: bool) -> Found | None:
    """Return the number in which a reply without a cue ends, where it is clear which."""
    if locate.refuses(text) or _BULLET.fullmatch(text) or text.rstrip().endswith("?"):
        return None
    block = locate.fenced(text)
    if block is not None:
        printed = _PRINTED.match(block)
        return found(_first(printed[1] if printed else block.strip(), comma=comma), "code fence")
    for place, where in ((locate.after_result(text), "result"), (locate.bold(text), "bold text")):
        number, other = _stated(locate.plain(place), comma=comma) if place else (None, False)
        if other:
            return found(number, where)
    ending = locate.sentences(text)
    if not ending:
        return None
    alone = len([s for s in ending if _NUMBER.search(s)]) == 1 or len(ending) == 1
    last = next((s for s in reversed(ending) if _NUMBER.search(s)), ending[-1])
    if not (
        alone
        or (last == ending[-1] and (CONCLUDES.match(last) or _EQUALS.search(last) or _only(last)))
    ):
        return None
    whole = len(ending) == 1 and len(text) < _LONGEST
    where = "whole reply" if whole else "last sentence" if last == ending[-1] else "only number"
    return found(_in_sentence(last, comma=comma), "equation" if _EQUALS.search(last) else where)


def _only(line: str) -> bool:
    return TOKEN.fullmatch(line.strip(" *.$")) is not None


def _in_sentence(sentence: str, *, comma: bool) -> str | None:
    bare = _ASIDE.sub(" ", locate.plain(sentence))
    if not _NUMBER.search(digits.spelled(bare)):  # "in 1969" may be the answer
        bare = locate.plain(sentence)
    place = _UNIT_POWER.sub("", digits.plain(bare)).rstrip(" .").strip()
    spoken = not _NUMBER.search(place) and (not _ONE.search(place) or len(place.split()) <= _FEW)
    if spoken or _HAN_SCALE.search(place):
        place = digits.plain(digits.spelled(place))
    concluded = _SO.split(place)[-1]
    place = concluded if _NUMBER.search(concluded) else place
    if _EQUALS.search(place):
        return _stated(place, comma=comma)[0]
    verbs = [verb for verb in _COPULA.finditer(place) if _NUMBER.search(place, verb.end())]
    for one, following in pairwise(verbs):  # "Tom is 5 and Ann is 7"
        between = place[one.end() : following.start()]
        if _NUMBER.search(between) and _WHILE.search(between):
            return None
    said = place[verbs[-1].end() :] if verbs else place
    if _COMPARED.search(place):
        return None
    tokens = {written(token, comma=comma) for token in TOKEN.finditer(said)}
    return _first(said, comma=comma) if len(tokens) == 1 else None
