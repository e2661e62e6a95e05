"""Which of several numbers of a sentence a question asks for.

"Ben is 12 and Lea is 16" answers "How old is Lea?" with 16: the things that the question counts,
its unit, its own numbers and its words tell.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from manyminds.reading import digits, figures, subjects, units
from manyminds.reading.asked import asked_in, content, shared
from manyminds.reading.figures import TOKEN
from manyminds.reading.measures import UNITS
from manyminds.reading.number_places import in_sentence
from manyminds.reading.subjects import COUNTED, sentence_asked

_WHAT_IS = (
    r"(?:\bwhat|\bwhich|\bwelche[rsnm]?|\bquel(?:le)?|\bqu\u00e9|\bcu\u00e1l|\bqual[ei]?|\bche|\bwelke?|\bwas|\bwie|\b\u043a\u0430\u043a\w+|\bkt\u00f3r\w+)(?:['\u2019]s)?\s+"
    r"(?:(?:is|was|are|were|would|will|should|be|ist|war|hoch|est|\u00e9tait|es|era|\u00e8|\u00e9|the|an?|its|his|her|their|die|der|das|seine?|ihre?|la|le|sa|son|leur|su|il|o|a|sua|de|het)\s+){0,3}(?:\w+\s+)?"
)
_ASKS_FOR = (
    (
        re.compile(
            r"\bhow\s+(?:far|tall|high|wide|deep)\b|\b(?:distance|height|width|perimeter|circumference)\b|\bwie\s+(?:weit|hoch|breit|tief)\b|\bdistancia\b|\bdistanza\b"
            r"|\u0440\u0430\u0441\u0441\u0442\u043e\u044f\u043d\u0438\u0435",
            re.IGNORECASE,
        ),
        "length",
    ),
    (
        re.compile(
            r"\bhow\s+long\s+(?:does|did|do|will|would|must|can)\b|\bhow\s+much\s+time\b|\bwie\s+lange\b",
            re.IGNORECASE,
        ),
        "time",
    ),
    (
        re.compile(
            r"\bhow\s+(?:heavy\b|much\s+does\s+[^?]*\bweigh\b)|\bwie\s+schwer\b", re.IGNORECASE
        ),
        "mass",
    ),
    (
        re.compile(
            r"\b(?:how\s+much|what)\b[^?]*\b(?:costs?|pays?|earns?|spends?|price|money|saves?|owes?|charges?|change|bill|revenue|profit|dollars?|euros?|worth|salary|wage)\b"
            r"|\b(?:kostet|bezahlt|co\u00fbte|paie|cuesta|paga|costa|custa|kost)\b",
            re.IGNORECASE,
        ),
        "money",
    ),
    (
        re.compile(
            r"\b(?:what|which|how\s+many)\s+(?:(?:is|was)\s+(?:the|its|his|her|their)\s+(?:\w+\s+)?)?percent(?:age)?\b|\bwie\s+viel\s+prozent\b|\bpourcentage\b|\bporcentaje\b|\bpercentuale\b",
            re.IGNORECASE,
        ),
        "%",
    ),
    (
        re.compile(
            rf"{_WHAT_IS}(?:speed|velocity|geschwindigkeit|vitesse|velocidade?|velocit\u00e0|snelheid|\u0441\u043a\u043e\u0440\u043e\u0441\u0442\w+)\b|\bhow\s+fast\b|\bwie\s+schnell\b|\u901f\u5ea6(?:\u662f|\u4e3a)?\u591a\u5c11|\u6642\u901f\u4f55",
            re.IGNORECASE,
        ),
        "speed",
    ),
    (
        re.compile(
            rf"{_WHAT_IS}(?:temperatur\w*|temp\u00e9rature|(?:boiling|melting|freezing)\s+point|\u0442\u0435\u043c\u043f\u0435\u0440\u0430\u0442\u0443\u0440\w*)\b|\u6e29\u5ea6(?:\u662f|\u4e3a)?\u591a\u5c11|\u4f55\u5ea6",
            re.IGNORECASE,
        ),
        "temperature",
    ),
)
"""What a question asks for: a length, a time, an amount of money."""
_UNIT = re.compile(
    r"\s?(?P<unit>[$\u20ac\u00a3\u00a5%\u20bd]|\u5186|\u5143|[a-z\u00b0]{1,12}\b)", re.IGNORECASE
)
_MONEY = frozenset(
    ("$", "\u20ac", "\u00a3", "cent", "\u00a5", "\u5186", "\u5143", "\u20bd", "\u20b9")
)
_VERBAL = re.compile(  # "how much do", "wie viel kosten": no noun
    r"(?:do|does|did|is|are|was|were|will|would|can|should|must|has|have|kosten?|kostet|wiegt|wiegen|bezahlt|verdient|cuestan?|pesan?|costano?|costam?|pesa|\u0441\u0442\u043e[\u0438\u044f]\w+|\u0432\u0435\u0441\w+|kosztuj\w+)\b",
    re.IGNORECASE,
)
_PHRASE_END = re.compile(
    r"[,;:.(]|(?=[0-9])|\s(?:per|of|in|for|with|an?|from|to|and|or|von|pro|par|por|de)\s"
)
_UNIT_POWER = re.compile(r"(?<=[A-Za-z])\^\{?-?[0-9]\}?")
_SEVERAL = re.compile(r"=[^=]*(?:[,;]|\b(?:and|or|und|oder|et|ou|y|o)\b)[^=]*=")
COMPARES = re.compile(
    r"\bhow\s+(?:many|much)\s+(?:more|fewer|less|longer|older|younger|taller|farther|further|greater|higher|heavier|cheaper)\b|\bdifference\b",
    re.IGNORECASE,
)
_MORE_AFTER = re.compile(
    r"\s*[$\u20ac%]?\s*(?:[^\W\d]+\s+){0,3}?(?:more|fewer|less|longer|older|younger|taller|farther|further|greater|higher|heavier|cheaper)\b",
    re.IGNORECASE,
)
_DIFFERENCE = re.compile(
    r"\b(?:difference\s+(?:of|is|between\b[^.]*\bis)|differ\s+by|by)\s+(?:about\s+)?[$\u20ac]?$",
    re.IGNORECASE,
)
OPERATES = re.compile(
    r"\b(?:multiplied\s+by|divided\s+by)\b|[0-9)\w]\s*[*\u00d7\u00f7]\s*[($\u20ac0-9]|[0-9)\w]\s[+/x\u2212-]\s[($\u20ac0-9]"
)
_RESULT = re.compile(  # the right side of an equation that goes on in words
    r"[$\u20ac\u00a3]?\s?[-\u2212]?[0-9][0-9.,]*(?=[$\u20ac\u00a3%]?\s+[^\W\d_]{2}|[.!*]*\s*$)"
)
_OR = re.compile(r"\b(?:or|oder|ou|o)\b|\b(?:at\s+least|at\s+most|between)\b", re.IGNORECASE)
_DENIED = re.compile(
    r"(?:\bnot|n['\u2019]t|\bnicht|\bpas|\bno|\bnon|\bn\u00e3o|\b\u043d\u0435)\s+(?:\w+\s+)?$",
    re.IGNORECASE,
)
EQUALS = re.compile(r"[=\u2248]\s*")
TOTAL = re.compile(
    r"\s*[$\u20ac%]?\s*(?:[^\W\d]+\s+){0,2}?(?:in\s+(?:all|total)|altogether|all\s+told|insgesamt|zusammen|en\s+(?:tout|total)|au\s+total|in\s+(?:tutto|totale)|no\s+total|ao\s+todo|in\s+totaal)\b",
    re.IGNORECASE,
)
"""What follows the number of all things together."""
_LONGEST_QUESTION = 2_000  # characters at the end of a question


class Value(NamedTuple):
    """A number of a sentence.

    Attributes:
        written: Its digits.
        value: What it is worth.
        unit: Its unit in one spelling, if it is known.
        start: Where it begins.
        end: Where it ends.
    """

    written: str
    value: float
    unit: str | None
    start: int
    end: int


def figures_asked(question: str) -> bool:
    """Say whether a question asks for a number by its words."""
    asked = sentence_asked(question)
    return COUNTED.search(asked) is not None or any(asks.search(asked) for asks, _ in _ASKS_FOR)


def picked(said: str, question: str, *, comma: bool) -> str | None:
    """Return the number of a clause that answers the question."""
    signs = list(EQUALS.finditer(said))
    if signs and not _SEVERAL.search(said):
        right = _RESULT.match(said, signs[-1].end())
        token = None if right is None else TOKEN.match(digits.plain(right[0]))
        plain = None if token is None else figures.written(token, comma=comma)
        return plain or in_sentence(said, comma=comma)
    if signs:
        return in_sentence(said, comma=comma)
    if OPERATES.search(said):
        return in_sentence(said, comma=comma)
    values = list(values_in(said, comma=comma))
    if len({one.value for one in values}) == 1:
        alone = _OR.search(said) is None and not _DENIED.search(said[: values[0].start])
        return in_sentence(said, comma=comma) or (values[0].written if alone else None)
    asked, plain = sentence_asked(question), digits.plain(said)
    if len(totals := [one for one in values if TOTAL.match(plain, one.end)]) == 1:
        return totals[0].written
    values = of_name(values, said, question)
    for chosen in (counted(values, said, asked), of_unit(values, asked), values):
        if len({one.value for one in chosen}) == 1:
            return chosen[0].written
        if chosen:
            values = chosen
    given = {one.value for one in values_in(question[-_LONGEST_QUESTION:], comma=comma)}
    new = [one for one in values if one.value not in given]
    if len({one.value for one in new}) == 1 and _OR.search(said) is None:
        return new[0].written
    return _of_subject(new or values, said, asked)


def difference(said: str, values: list[Value]) -> str | None:
    """Return the number that a sentence gives as a difference, or its only one."""
    if EQUALS.search(said):
        return in_sentence(said, comma=False)
    plain = digits.plain(said)
    marked = [
        one
        for one in values
        if _MORE_AFTER.match(plain, one.end) or _DIFFERENCE.search(plain[: one.start])
    ]
    named = marked or values
    return named[0].written if len({one.value for one in named}) == 1 else None


def values_in(said: str, *, comma: bool) -> Iterator[Value]:
    plain = _UNIT_POWER.sub("", digits.plain(said))
    plain = plain if any(map(str.isdigit, plain)) else digits.plain(digits.spelled(plain))
    for token in TOKEN.finditer(plain):
        written = figures.written(token, comma=comma)
        value = None if written is None else figures.value(written)
        if written is None or value is None:
            continue
        after = _UNIT.match(plain, token.end())
        named = "" if after is None else after["unit"].casefold()
        sign = next((char for char in token[0] if char in _MONEY), None)
        unit = sign or UNITS.get(named) or (named if named in _MONEY or named == "%" else None)
        yield Value(written, value, unit, token.start(), token.end())


def counted(values: list[Value], said: str, asked: str) -> list[Value]:
    """Return the numbers of what the question counts: 12 of "12 girls and 16 boys"."""
    counted = COUNTED.search(asked)
    if counted is None or _VERBAL.match(counted["noun"]):
        return []
    words = [one for one in counted["noun"].casefold().split() if one != "more"]
    plain = _UNIT_POWER.sub("", digits.plain(said))
    best: list[Value] = []
    most = 0
    for one in values:
        behind = content(" ".join(_PHRASE_END.split(plain[one.end :])[0].split()[:3]))
        same = 0
        for word in words:
            if not shared(behind, content(word)):
                break
            same += 1
        if same > most:
            best, most = [one], same
        elif same and same == most:
            best.append(one)
    return best


def of_name(values: list[Value], said: str, question: str) -> list[Value]:
    """Return the numbers of the name that is asked for: 54 of "Maria has 54, Jon has 27"."""
    own = subjects.own_clauses(said, question)
    if own is None:
        return values
    return [one for one in values if any(begin <= one.start < end for begin, end in own)]


def of_unit(values: list[Value], asked: str) -> list[Value]:
    """Return the numbers with a unit of what the question asks for."""
    for asks, what in _ASKS_FOR:
        if asks.search(asked):
            return [one for one in values if one.unit and _measures(one.unit) == what]
    return []


def _measures(unit: str) -> str:
    if unit in _MONEY:
        return "money"
    size = units.SIZES.get(unit)
    more = {
        "ft": "length",
        "mi": "length",
        "in": "length",
        "lb": "mass",
        "oz": "mass",
        "month": "time",
        "year": "time",
    }
    return size[0] if size is not None else more.get(unit, unit)


def _of_subject(values: list[Value], said: str, asked: str) -> str | None:
    """Return the number of the clause that has most words of the question, if one has."""
    words = asked_in(asked).words
    scored: list[tuple[int, set[str]]] = []
    for begin, end in subjects.clauses(said):
        inside = {one.written for one in values if begin <= one.start < end}
        if inside:
            scored.append((shared(content(said[begin:end]), words), inside))
    most = max((score for score, _ in scored), default=0)
    best = [inside for score, inside in scored if score == most]
    return best[0].pop() if most and len(best) == 1 and len(best[0]) == 1 else None
