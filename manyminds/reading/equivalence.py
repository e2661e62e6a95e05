r"""Two mathematical answers: equal, different, or beyond what evaluating them can tell.

An answer is an expression, a relation, or several of them: a list, a tuple, an interval, a set, a
matrix. Expressions are equal where their values agree at points drawn at random.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

from manyminds.reading.arithmetic import Number
from manyminds.reading.formulas import UNDEFINED, Expression, Point, minus, parse


@dataclass(frozen=True)
class Relation:
    r"""An equation or an inequality.

    Attributes:
        sign: One of `=`, `<`, `\le`, `\ne`; the greater side comes second.
        difference: Left side minus right side.
        value: The right side of an equation whose left side is a name, as in `y = 2x + 1`.
    """

    sign: str
    difference: Expression
    value: Expression | None = None


@dataclass(frozen=True)
class Several:
    """Answers together.

    Attributes:
        form: Their brackets; empty for a bare list, `cup` for a union, `matrix` for a matrix.
        items: The answers.
    """

    form: str
    items: tuple["Answer", ...]


Answer: TypeAlias = Expression | Relation | Several

_UNORDERED = ("", "{}", "cup")
_MOST_ITEMS = 40
_POINTS = 5
_LEAST_POINTS = 2
_TOLERANCE = 1e-9
_OPEN, _CLOSE = "([{", ")]}"
_BRACES = re.compile(r"\\\{|\\\}")
_SIGN = re.compile(r"<=|>=|\\le(?![a-z])|\\ge(?![a-z])|\\ne(?![a-z])|[=<>]")
_SIGNS = {"<=": "\\le", ">=": "\\ge"}
_TURNED = {">": "<", "\\ge": "\\le"}
_PLAIN_SET = re.compile(r"\{[^{}]+,[^{}]+\}")
_COMMA = re.compile(r",")
_CUP = re.compile(r"\\cup(?![a-z])")
_PLUS_MINUS = re.compile(r"\\pm(?![a-z])|\u00b1")
_MATRIX = re.compile(
    r"([^,=&]{0,60}?)\\begin\{([pbv]?matrix|array)\}(?:\{[lcr|]*\})?(.*)\\end\{\2\}", re.DOTALL
)
_NAME = re.compile(r"[A-Za-z](?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?|\\[a-z]{2,7}")
_NAMED_VALUE = re.compile(r"\s*([A-Za-z](?:_\{?\w{1,3}\}?)?)\s*=([^=<>]+)")
_PUNCTURED = re.compile(  # all numbers but a few
    r"(?:(?:\\mathbb\s*\{?R\}?|\u211d|\(-\\infty,\s*\\infty\))\s*(?:\\setminus|\\backslash|\u2216|-)\s*[\x01{](?P<out>[^\x01\x02{}]+)[\x02}]"
    r"|[a-z]\s*(?:\\ne(?![a-z])|\u2260)\s*(?P<one>[^,=<>]+))"
)
_MEMBER = re.compile(  # x \in [0, 1]; (x, y) = (3, -1)
    r"^\s*(?:[A-Za-z]|\\[a-z]{2,7})\s*\\in(?![a-z])\s*"
    r"|^\s*\(?\s*[A-Za-z](?:\s*,\s*[A-Za-z]){1,5}\s*\)?\s*=\s*(?=[(\[])"
)


@lru_cache(maxsize=4096)
def understand(text: str) -> Answer | None:
    """Return the answer that a text is, or None where it is none that is known here."""
    text = _MEMBER.sub("", text.strip().strip(".,; "))
    matrix = _MATRIX.fullmatch(text)
    if matrix is not None:
        rows = [row for row in re.split(r"\\\\|\\(?=[-0-9])", matrix[3]) if row.strip()]
        factor = re.sub(r"^-$", "-1", matrix[1].strip().rstrip("*").strip())
        if factor and matrix[2] == "vmatrix":  # a determinant
            return None
        scaled = [[f"({factor})({c})" if factor else c for c in row.split("&")] for row in rows]
        cells = [_several("row", row) for row in scaled]
        if all(cell and len(cell.items) == 1 for cell in cells):  # a vector
            return Several("()", tuple(cell.items[0] for cell in cells if cell))
        return Several("matrix", tuple(c for c in cells if c)) if all(cells) else None
    text = f"\\{{{text[1:-1]}\\}}" if _PLAIN_SET.fullmatch(text) else text
    text = _BRACES.sub(lambda m: "\x01" if m[0] == "\\{" else "\x02", text)
    signs = _PLUS_MINUS.findall(text)
    parts = _split(text, _COMMA)
    if len(signs) == 1 and len(parts) == 1:
        return _several("", [_PLUS_MINUS.sub("+", text), _PLUS_MINUS.sub("-", text)])
    if len(parts) > 1:
        return _named_values(parts) or _several("", parts)
    parts = _split(text, _CUP)
    if len(parts) > 1:
        return _several("cup", parts)
    if (punctured := _PUNCTURED.fullmatch(text)) is not None:
        return _all_but(punctured["out"] or punctured["one"])
    form = f"{text[:1]}{text[-1:]}"
    if form in ("()", "[]", "(]", "[)", "\x01\x02") and _encloses(text):
        parts = _split(text[1:-1], _COMMA)
        if form == "\x01\x02" or len(parts) > 1:
            several = _several(form.replace("\x01", "{").replace("\x02", "}"), parts)
            return several and _matrix(several)
    return _relation(text) or parse(text)


def _named_values(parts: Sequence[str]) -> Several | None:
    """Return `x = 3, y = 2` as the point (3, 2), its values in the order of their names."""
    named = [_NAMED_VALUE.fullmatch(part) for part in parts]
    values = {m[1]: m[2] for m in named if m is not None}
    listed = [values[name] for name in sorted(values)]
    return _several("()", listed) if len(values) == len(parts) else None  # not "x = 3, x = -3"


def _matrix(several: Several) -> Several:
    """Return a list of equally long lists as a matrix, any other as it is."""
    rows = [item for item in several.items if isinstance(item, Several) and item.form == "[]"]
    if several.form != "[]" or len(rows) != len(several.items):
        return several
    if len({len(row.items) for row in rows}) != 1:
        return several
    return Several("matrix", tuple(Several("row", row.items) for row in rows))


def _all_but(listed: str) -> Answer | None:
    """Return all numbers but a few as the intervals between them."""
    values: dict[float | Fraction, str] = {}
    for item in _split(listed, _COMMA)[:_MOST_ITEMS]:
        one = parse(item)
        value = None if one is None or one.names else _value(one, Point({}, real=True))
        if value is None or isinstance(value, complex):
            return None
        values[value] = item
    ends = ["-\\infty", *(values[value] for value in sorted(values)), "\\infty"]
    return understand("\\cup".join(f"({a},{b})" for a, b in pairwise(ends)))


def equal(one: Answer, other: Answer) -> bool | None:
    """Return whether two answers are the same; None where no point tells."""
    if isinstance(one, Several) and isinstance(other, Several):
        return _all_equal(one, other)
    if isinstance(one, Relation) and isinstance(other, Relation):
        if one.value is not None and other.value is not None and _agree(one.value, other.value):
            return True
        return one.sign == other.sign and _proportional(one, other)
    if isinstance(one, Relation) and one.value is not None and isinstance(other, Expression):
        return _agree(one.value, other)
    if isinstance(other, Relation) and isinstance(one, Expression):
        return equal(other, one)
    if isinstance(one, Expression) and isinstance(other, Expression):
        return _agree(one, other)
    return False


def _several(form: str, texts: Sequence[str]) -> Several | None:
    if len(texts) > _MOST_ITEMS:
        return None
    found: list[Answer] = []
    for text in texts:
        item = understand(text.replace("\x01", "\\{").replace("\x02", "\\}"))
        if item is None:
            return None
        flat = isinstance(item, Several) and item.form == "" and form in _UNORDERED
        found += item.items if isinstance(item, Several) and flat else [item]
    return Several(form, tuple(found))


def _relation(text: str) -> Answer | None:
    parts = _split(text, _SIGN)
    signs = [_SIGNS.get(s, s) for s in _top_level(text, _SIGN)]
    if len(parts) == 3:
        return _between(parts, signs)
    if len(parts) != 2:
        return None
    left, right = parse(parts[0]), parse(parts[1])
    named = [bool(_NAME.fullmatch(part.strip())) for part in parts]
    if signs[0] == "=" and named == [False, True]:
        parts, left, right, named = parts[::-1], right, left, [True, False]
    if right is None or left is None:
        return right if signs[0] == "=" and named[0] else None
    if signs[0] in ("<", ">", "\\le", "\\ge"):
        ray = _ray(left, right, signs[0])
        if ray is not None:
            return ray
    if signs[0] in _TURNED:
        left, right = right, left
    value = right if signs[0] == "=" and named == [True, False] else None
    names = left.names | right.names
    difference = Expression(minus(left.at, right.at), names)
    return Relation(_TURNED.get(signs[0], signs[0]), difference, value)


def _ray(left: Expression, right: Expression, sign: str) -> Several | None:
    """Return `x > 3` and the like as an interval."""
    if len(left.names) == 1 and not right.names and _is_name(left):
        bound, above = right, sign in (">", "\\ge")
    elif len(right.names) == 1 and not left.names and _is_name(right):
        bound, above = left, sign in ("<", "\\le")
    else:
        return None
    closed = sign in ("\\le", "\\ge")
    infinite = parse("\\infty" if above else "-\\infty")
    assert infinite is not None
    if above:
        return Several("[)" if closed else "()", (bound, infinite))
    return Several("(]" if closed else "()", (infinite, bound))


def _between(parts: Sequence[str], signs: Sequence[str]) -> Several | None:
    """Return `1 < x < 3` as an interval."""
    low, middle, high = (parse(part) for part in parts)
    if low is None or middle is None or high is None or not _is_name(middle):
        return None
    if all(sign in (">", "\\ge") for sign in signs):
        low, high, signs = high, low, [_TURNED[s] for s in reversed(signs)]
    if not all(sign in ("<", "\\le") for sign in signs):
        return None
    brackets = ("(" if signs[0] == "<" else "[") + (")" if signs[1] == "<" else "]")
    return Several(brackets, (low, high))


def _is_name(one: Expression) -> bool:
    if len(one.names) != 1:
        return False
    name = next(iter(one.names))
    drawn = Fraction(7, 5)
    return name != "\\infty" and _value(one, Point({name: drawn}, True)) == drawn


def _top_level(text: str, mark: re.Pattern[str]) -> list[str]:
    return [m[0] for m in _outside(text, mark)]


def _split(text: str, mark: re.Pattern[str]) -> list[str]:
    """Split at the marks that are outside all brackets."""
    parts: list[str] = []
    start = 0
    for match in _outside(text, mark):
        parts.append(text[start : match.start()])
        start = match.end()
    return [*parts, text[start:]]


def _outside(text: str, mark: re.Pattern[str]) -> Iterator[re.Match[str]]:
    depth, seen = 0, 0
    for match in mark.finditer(text):
        for character in text[seen : match.start()]:
            depth += (character in f"{_OPEN}\x01") - (character in f"{_CLOSE}\x02")
        seen = match.start()
        if depth == 0:
            yield match


def _encloses(text: str) -> bool:
    """Return whether the first bracket is closed by the last."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in f"{_OPEN}\x01") - (character in f"{_CLOSE}\x02")
        if depth == 0:
            return place == len(text) - 1
    return False


def _all_equal(one: Several, other: Several) -> bool | None:
    forms = {one.form, other.form}
    if len(one.items) != len(other.items) or len(forms) > 1 and "" not in forms:
        return False
    if forms not in ({""}, {"", "{}"}, {"{}"}, {"cup"}):
        return _every(equal(a, b) for a, b in zip(one.items, other.items, strict=True))
    left = list(other.items)
    for item in one.items:
        same = next((at for at, b in enumerate(left) if equal(item, b)), None)
        if same is None:
            return False
        left.pop(same)
    return True


def _every(found: Iterable[bool | None]) -> bool | None:
    verdicts = list(found)
    return False if False in verdicts else None if None in verdicts else True


def _agree(one: Expression, other: Expression) -> bool | None:
    pairs = list(_values(one, other))
    if any(a is None or b is None or not _close(a, b) for a, b in pairs):
        return False
    needed = _LEAST_POINTS if one.names | other.names else 1
    return True if len(pairs) >= needed else None


def _proportional(one: Relation, other: Relation) -> bool | None:
    """Return whether one relation is a multiple of the other, so that their solutions are equal."""
    if one.difference.names != other.difference.names:
        return False
    ratios: list[Number] = []
    for a, b in _values(one.difference, other.difference):
        if a is None or b is None:
            return False
        if a == 0 or b == 0:
            continue
        ratio = a / b
        if one.sign in ("<", "\\le") and (isinstance(ratio, complex) or ratio < 0):
            return False
        ratios.append(ratio)
    if any(not _close(ratio, ratios[0]) for ratio in ratios[1:]):
        return False
    return True if len(ratios) >= _LEAST_POINTS else None


def _values(one: Expression, other: Expression) -> Iterator[tuple[Number | None, Number | None]]:
    """Yield the values of two expressions at points where at least one is defined."""
    names = sorted(one.names | other.names)
    drawn = random.Random(7)
    for at in range(_POINTS if names else 1):
        # The last point is negative: it tells |x| from x. It is left out where it is undefined.
        sign = -1 if at == _POINTS - 1 else 1
        values = {n: Fraction(sign * drawn.randint(40, 900), 307) for n in names}
        point = Point(values, real=bool(names))
        a, b = _value(one, point), _value(other, point)
        if (a is None) != (b is None) and sign < 0 or a is None and b is None:
            continue
        yield a, b


def _value(one: Expression, point: Point) -> Number | None:
    try:
        value = one.at(point)
    except UNDEFINED:
        return None
    return value if value == value else None  # NaN is no value


def _close(a: Number, b: Number) -> bool:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    try:
        left, right = complex(a), complex(b)
        return abs(left - right) <= _TOLERANCE * max(abs(left), abs(right))
    except OverflowError:
        return False
