r"""Numbers in replies: `$1,234.50`, `-3`, `1/2`, `3 1/2`, `50%`, `2 million`, `6.02e23`, `2^10`.

A percentage is its figure (50% = 50), as graders of word problems take it; units and currency are
dropped. Equality is of value: 1/2 = 0.5, 18.00 = 18. Ranges, dates, times, tuples and several
values are no number: they abstain.
"""

import re
from itertools import pairwise

from manyminds.reading import digits, locate
from manyminds.reading.cues import ANSWER_IS, COMMA_WORDS, CONCLUDES, DENIED, UNKNOWN, VACUOUS
from manyminds.reading.figures import TOKEN, value, written
from manyminds.reading.locate import Found, found
from manyminds.reading.no_number import NO_NUMBER
from manyminds.reading.reasoning import readable

_NUMBER = re.compile(r"[0-9]")
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bnever|\bcannot|\bnicht|\bpas)\s+(?:be\s+|exactly\s+|necessarily\s+|actually\s+)?$",
    re.IGNORECASE,
)
_COINS = re.compile(
    r"([0-9]+)\s*(?:dollars?|euros?|pounds?)\s*(?:and\s+)?([0-9]{1,2})\s*(?:cents?|pence|p)\b",
    re.IGNORECASE,
)
_LETTER_POWER = re.compile(r"[0-9][a-ln-zA-LN-Z]\^")  # 3s^2; 5m^2 is an area
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
    r"\b(?:is|are|equals?|be|gets?|makes?|gives?|written\s+as|expressed\s+as|equivalent\s+to|ist|sind|est|son|es)\b|是|为|等于",
    re.IGNORECASE,
)
_SO = re.compile(r"[,;]\s+(?:and\s+)?(?:so|thus|hence|therefore)\b,?\s", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_FEW = 4  # words of a reply in which "one" is a number
_CONDITION = re.compile(  # "So if you have 7 and get 5 more, you have 12"
    r"^(\W*(?:so|thus|then|therefore|hence),?\s+)?(?:if|when)\b[^,]{1,200},\s*(?:then\s+)?",
    re.IGNORECASE,
)
_REVISED = re.compile(
    r"^.*\b(?:first|initial(?:ly)?|originally|thought|guess(?:ed)?)\b.*?,?\s+(?:but|however)\b,?\s*"
    r"|^\W*not\s+\S{1,20}\s+but\s+",
    re.IGNORECASE,
)
_PERCENT_TOO = re.compile(
    r",?\s+or\s+(?:about|approximately|roughly|around)\s+[0-9.]{1,8}\s?(?:%|percent)", re.IGNORECASE
)
_LABELLED = re.compile(  # iPhone 15, Route 66: the number of a thing, at the start
    r"\W*(?:(?:route|room|version|chapter|page|section|figure|table|version|gate|flight|bus|highway|apollo|boeing"
    r"|article|psalm|model|channel|platform|level|unit|lesson|volume|question|problem|exercise|windows"
    r"|galaxy|line|building|floor|studio|team|group|day|week|grade|class|part|phase|stage)|(?-i:[a-z]+[A-Z])\w*)"
    r"\s+[0-9]+(?:\s*[.!]?$|\s+(?:is|was|has)\b(?!\D*[0-9]))",
    re.IGNORECASE,
)
_STEP = re.compile(  # says what is to be done, or what is assumed, not what comes out
    r"\W*(?:let\s+\w+\s+(?:be|denote|represent)\b|suppose\b|assum(?:e|ing)\b|imagine\b"
    r"|for\s+(?:example|instance)\b"
    r"|(?:(?:first|next|now),?\s+)?(?:we|you|i)\s+(?:(?:have|need)\s+to|must|should|will|can|could|may"
    r"|are\s+going\s+to)\b"
    r"|(?:(?:first|next|now),?\s+)?let(?:'s|\s+us|\s+me)\b|to\s+(?:find|get|solve|answer)\b[^,]*$)",
    re.IGNORECASE,
)
_ASSUMES = re.compile(r"\W*(?:let\s+\w+\s+be|suppose|assume|for\s+(?:example|instance))\b", re.I)
_YEAR_ASIDE = re.compile(r"\b(?:in|since|by|from|until)\s+(?:1[0-9]|20)[0-9]{2}\b", re.IGNORECASE)
_UNIT_POWER = re.compile(r"(?<=[0-9] )(?P<unit>[A-Za-z/]{1,6})\^\{?-?[0-9]\}?(?=[\s.]|$)")
_HAN_SCALE = re.compile("[0-9] ?[\u4e07\u4ebf]")
_WHILE = re.compile(r"\b(?:and|but|while|whereas|und|et|y)\b|;", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:(?:about|approximately|around|roughly|only|exactly|just|nearly|a\s+total\s+of|equal\s+to)\s+)?"
    r"(?:(?-i:[A-Z]{2,3})\s?)?[^\w\s]{0,3}\s?[-+]?\s?[$€£¥₹₩₽]?\s?[0-9.]",
    re.IGNORECASE,
)
_TERM = re.compile(r"=\s*\(|\)\s*[-+*/^=]")  # brackets that belong to a formula
_BULLET = re.compile(r"-\s+[0-9.]+\s*")
_PRINTED = re.compile(r"^\s*print\((.*)\)\s*$", re.DOTALL)
_LONGEST = 300  # digits: beyond it a number is compared as text (and int() turns slow)
_TOO_LONG = re.compile(r"[0-9]{50}")
_COMMA_NUMBER = re.compile(
    r"(?<![0-9.,])(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]{4,20}),[0-9]{1,2}(?![0-9.,])"
)
_EUROS = re.compile(
    r"(?<![0-9.,])[0-9]{1,3},[0-9]{2}\s?(?:€|euros?\b|eur\b)|€\s?[0-9]{1,3},[0-9]{2}(?![0-9])",
    re.IGNORECASE,
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


def has_decimal_comma(text: str) -> bool:
    """Say whether a reply writes a number whose comma can only be a decimal mark."""
    return _COMMA_NUMBER.search(text[:_TAIL]) is not None or _decimal_comma(text)


def _decimal_comma(text: str) -> bool:
    """Say whether a reply writes in a language whose decimal mark is the comma."""
    cues = [m for m in ANSWER_IS.finditer(text) if m["comma"]]
    return (
        bool(cues)
        or _EUROS.search(text[:_TAIL]) is not None
        or len(COMMA_WORDS.findall(text[:2000])) >= 2
    )


def _stated(place: str, *, comma: bool) -> tuple[str | None, bool]:
    """Return the number in a place that states the answer; and whether it states another thing."""
    text = digits.plain(digits.spelled(digits.plain(digits.mixed(place[: _LONGEST * 2]))))
    text = _PERCENT_TOO.sub("", _COINS.sub(_amount, text)).strip()
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


def _amount(coins: re.Match[str]) -> str:
    return f"{coins[1]}.{coins[2]:>02}"


def _several(text: str, *, comma: bool) -> bool:
    return len({written(token, comma=comma) for token in TOKEN.finditer(text[:_LONGEST])}) > 1


def _first(side: str, *, comma: bool) -> str | None:
    """Return the first number of a short text, unless the text is something else than a number."""
    if len(side) > _LONGEST and _TOO_LONG.search(side):
        return None
    side = side[:_LONGEST]
    if NO_NUMBER.search(_TEN_POWER.sub("1e10", side).replace("^", "e")):
        return None
    if _LETTER_POWER.search(side):
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


def _concluded(text: str, *, comma: bool) -> Found | None:
    """Return the number in which a reply without a cue ends, where it is clear which."""
    if locate.refuses(text) or _BULLET.fullmatch(text) or text.rstrip().endswith("?"):
        return None
    block = locate.fenced(text)
    after = text.rpartition("```")[2] if block is not None else ""
    if block is not None and not _NUMBER.search(digits.spelled(after)):
        printed = _PRINTED.match(block)
        return found(_first(printed[1] if printed else block.strip(), comma=comma), "code fence")
    text = after or text
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
    if _ASSUMES.match(last) or _STEP.match(last) and not _EQUALS.search(last):
        return None
    if _LABELLED.match(last) and not CONCLUDES.match(last):
        return None
    whole = len(ending) == 1 and len(text) < _LONGEST
    where = "whole reply" if whole else "last sentence" if last == ending[-1] else "only number"
    return found(_in_sentence(last, comma=comma), "equation" if _EQUALS.search(last) else where)


def _only(line: str) -> bool:
    return TOKEN.fullmatch(line.strip(" *.$")) is not None


def _in_sentence(sentence: str, *, comma: bool) -> str | None:
    sentence = _PERCENT_TOO.sub("", _REVISED.sub("", digits.mixed(sentence)))
    sentence = _CONDITION.sub(r"\1", sentence)
    years = _YEAR_ASIDE.findall(sentence)
    bare = locate.plain(sentence)
    if "=" in sentence and "=" not in bare:  # "She loses 4, which means she has 10 - 4 = 6"
        bare = sentence
    bare = bare if _TERM.search(bare) else _ASIDE.sub(" ", bare)
    if not _NUMBER.search(digits.spelled(bare)):  # "in 1969" may be the answer
        bare = locate.plain(sentence)
    elif len(years) > 1 and not _NUMBER.search(bare):  # "in 1945, six years after 1939"
        return None
    place = _UNIT_POWER.sub("", digits.plain(bare)).rstrip(" .").strip()
    spoken = not _NUMBER.search(place) and (not _ONE.search(place) or len(place.split()) <= _FEW)
    if spoken or _HAN_SCALE.search(place):
        place = digits.plain(digits.spelled(place))
    place = _COINS.sub(_amount, place)
    concluded = _SO.split(place)[-1]
    place = concluded if _NUMBER.search(concluded) else place
    equals = [sign.end() for sign in _EQUALS.finditer(place)]
    ends = [verb.end() for verb in _COPULA.finditer(place) if _NUMBER.search(place, verb.end())]
    if equals and not (ends and ends[-1] > equals[-1]):  # "y when x = 6 is 7" says 7
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
