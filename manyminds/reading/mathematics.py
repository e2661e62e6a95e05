r"""Mathematical answers in replies: in a box, in LaTeX, or in plain text (`x > 3`, `(2, -1)`)."""

import re
from collections.abc import Hashable, Iterator

from manyminds.reading import clock, figures, groups, numbers, roots
from manyminds.reading import locate as phrases
from manyminds.reading.asserted import without_checks
from manyminds.reading.cut_off import is_cut_off
from manyminds.reading.equivalence import understand
from manyminds.reading.locate import Found, found
from manyminds.reading.math_equality import cleaned, is_prose, key
from manyminds.reading.reasoning import readable
from manyminds.reading.revised import settled
from manyminds.reading.steps import leads

_DELIMITER = re.compile(
    r"\\\$|\$\$?|\\[\[\]()]|\\(?:begin|end)\{(?:align|equation|gather|eqnarray)\*?\}"
)
_CLOSES = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)", "\\begin": "\\end"}
_LEFT_OF_ANSWER = re.compile(r"(?:=|\\approx|\\equiv|\\Rightarrow|\\implies)(?![^{]*\})")
_NAMED_VALUE = re.compile(
    r"\b[A-Za-z](?:[\u2080-\u2089]|_[0-9])?\s*=\s*([-+]?[0-9]+(?:[./][0-9]+)?)(?![\w^*/+]|\s*[-+*/^=])"
)
_WRITTEN = re.compile(  # a formula without dollar signs: 2π, √2, (2, 3)
    r"(?=.*[±√π^])[-+±√πa-zA-Z0-9.,/^*()]{1,40}|[(\[] ?-?[0-9./]+(?:, ?-?[0-9./]+){1,9} ?[)\]]"
)
_BARE_NAME = re.compile(
    r"\\?[A-Za-z]+(?:\s?\([^()]*\))?|.*[A-Za-z]\s?\([A-Z]\)|.*\\text.*", re.DOTALL
)
_EACH = re.compile(r"-?[0-9]+(?:[./][0-9]+)?")
_SEVERAL = re.compile(
    r"-?[0-9]+(?:[./][0-9]+)?(?:(?:,?\s+(?:and|or|und|et|y|oder|ou|o)\s+|,\s+)-?[0-9]+(?:[./][0-9]+)?)+"
    r"(?=\s*[.!]?\s*$)"
)
_JOINS = re.compile(r"\s*,?\s*(?:and|or|,|und|oder|et|ou|y|o|\u6216|\u548c)\s*", re.IGNORECASE)
_MOST_LISTED = 20
_UNFINISHED = re.compile(
    r"(?<!\\)[-+*/=\u2212\u00d7\u00f7]\s*$|^\s*[*/=\u00d7\u00f7\u00b7]|^\\(?:times|cdot|approx|div|pm)$"
)
_BEFORE = 30  # characters before a formula that may say that it is a condition
_LONGEST_LEAD = 120  # characters before an equation that may say that it is one
_TUPLE_AT_END = re.compile(r"([(\[] ?-?[0-9./]+(?:, ?-?[0-9./]+){1,9} ?[)\]])\s*[.!]?\s*$")
_OPERATOR = re.compile(r"[-+*/^<>\u2212\u00b2\u00b3\u00b7\u00d7]|\)\(")
_TERM = re.compile(r"-?[0-9]+[a-z]|-?[0-9]*\s?(?:sin|cos|tan|ln|log|exp|sqrt)\s?\([^()]{1,30}\)")
_NAME = re.compile(r"[A-Za-z\u03c0\u221a\\]")
_LETTERS = re.compile(r"(?<![A-Za-z\\])(?!(?:sin|cos|tan|ln|log|exp|sqrt|pi)\b)[A-Za-z]{2,}")
_COPULA = re.compile(
    r"\b(?:is|are|equals|be|approximately|exactly|has|have|get|obtain|find|holds?|leaves?|leaving|gives?|yields?|becomes?|(?:factors|factorises|factorizes|simplifies|reduces|expands|comes)\s+(?:as|to|into)"
    r"|ist|lautet|sind|est|vaut|es|son|sono|\u00e8|\u00e9)\b:?\s+"
)
_CONDITION = re.compile(  # what follows restricts, or says roughly, what stands before
    r"(?:\(\s?(?:for|where|when|if|since|as|approximately|about|roughly)|,\s+where|,\s+for\s+(?:all|any|every)"
    r"|,\s+(?:or\s+|which\s+is\s+)?(?:approximately|about|roughly))\s+$",
    re.IGNORECASE,
)
_SAID_IN_BRACKETS = re.compile(
    r"\s*\((?=[^()]{0,40}[a-z]{3,}\s[a-z]{2,})[^()=]{1,80}\)(?=\s*[.!]?\s*$)"
)
_IS_NUMBER = re.compile(r"\b(?:is|are|equals|be)\s+(?:about\s+|approximately\s+)?(-?[0-9][0-9,]*)")
_REMARK = re.compile(  # of a formula: ", where C is a constant"
    r"(?<=[\w)\u00b2\u00b3*$}]),\s+(?:where|by|using|with|which|as|due\s+to|applying|wobei|donde|o\u00f9)\b[^\n]*$",
    re.IGNORECASE,
)
_INEQUALITY = re.compile(r"[<>\u2264\u2265\u2260]")
_NAMED_PART = re.compile(r"\s*([A-Za-z](?:_\{?\w{1,3}\}?)?)\s*=([^=<>]+)")
_APART = re.compile(  # between the values of several names
    r"[,;]?\s*(?:\\q?quad|\\text\s*\{\s*(?:and|und|et|y)\s*\}|\\[,; ]|[,;])+"
)
_NAME_BEFORE = re.compile(r"\s*([A-Za-z](?:_\{?\w{1,3}\}?)?)\s*=")
_NAME_ALONE = re.compile(r"\\?[A-Za-z]")
_EQUATION_IS = re.compile(
    r"\b(?:equation|relation|identity)\b[^$.]{0,60}\b(?:is|becomes)\s*:?\s*(?:\$|\\\(|\\\[)$",
    re.IGNORECASE,
)
_NUMBER = r"\s{0,2}[-\u2212]?[0-9][0-9./]{0,15}\s{0,2}"
_PAIR = re.compile(rf"\({_NUMBER}(?:,{_NUMBER}){{1,3}}\)(?=[ .!*$]{{0,4}}\Z)")
_TWO_VALUES = re.compile(  # "The slope is $2$ and the intercept is $3$": two answers
    r"\b(?:is|are|equals)\s+\$[^$]+\$,?\s+(?:and|while|but|whereas)\s+(?!(?:so|thus|hence|therefore)\b)[^$.]*\b(?:is|are|equals)\s+\$"
)
_PROSE = re.compile(
    r"\A[0-9][0-9.,]*\s+(?:[a-z]{2,}\b|\u2192)|(?<![\\a-z{])[a-z]{3,}\s+[a-z]{2,}", re.IGNORECASE
)
_FURTHER = re.compile(r"\W*[a-z]+ing\b[^.]*\bwould\b", re.IGNORECASE)  # "Doubling it would give 4"
_DIGIT = re.compile(r"[0-9]")
_LONGEST_WORD = 60
_MIXED = re.compile(r"\s*(-?\d{1,9} \d{1,9}/\d{1,9})\b")
_SQUARE_UNITS = re.compile(
    r"\s+(?:square\s+|cubic\s+)?(?:units?|(?:[cmkd]m|m|in|ft|inch)(?:[²³]|\^\{?[23]\}?)?"
    r"|inches|feet|(?:centi|kilo|deci|milli)?met(?:er|re)s)$",
    re.IGNORECASE,
)
_IRRATIONAL = re.compile(r"[\u03c0\u221a]|\bpi\b|\bsqrt\b")
_PART_OF = re.compile(
    r"\b(?:denominator|numerator|base|exponent|multiple|factor|power|coefficient)s?\s+of\b", re.I
)
_LINEAR = re.compile(r"[-+]?[0-9]*[a-z]\s*[-+]\s*[0-9]*[a-z]\s*=\s*-?[0-9]+")
_SO = re.compile(r"[,;]\s+(?:and\s+)?(?:so|thus|hence|therefore)\b,?\s+", re.I)
_ABOUT = re.compile(
    r"\s*\((?:\u2248|~|\\approx|approx\w*|about|roughly|or\s+about)[^()]*\)", re.IGNORECASE
)
_SET = re.compile(r"\\?\{[-0-9a-z+*/^.,; \\]{1,200}\\?\}")


def find_boxed(text: str) -> Found | None:
    r"""Return what the last balanced `\boxed{}` holds, else what follows "the answer is"."""
    for place, where in phrases.places(readable(text)):
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
    return settled(_find, text)


def _find(text: str) -> Found | None:
    standing = {where: place for place, where in phrases.places(text)}
    for where in ("box", "JSON field"):
        if where in standing:
            return Found(standing[where], where)
    cued = next(iter(standing.items()), None)
    if cued is None and phrases.refuses(text):
        return None
    if cued is None and (under := roots.listed(text)) is not None:
        return under
    where, place = cued or ("last sentence", _last_sentence(without_checks(text)))
    pair = _PAIR.search(place)  # "The vertex is at (2, -3)."
    if pair is not None and where == "last sentence":
        return Found(pair[0], "last words")
    if _TWO_VALUES.search(place):
        return None
    ending = place.strip().rpartition("\n")[2]
    if cued is None and (is_cut_off(text) or leads(ending, equation="=" in ending)):
        return None
    if cued is None and _FURTHER.match(ending) and len(ending.strip()) < len(text.strip()):
        return None
    if cued is None and (lines := roots.in_lines(text)) is not None:
        return lines
    stated = _stated(place)
    if where == "last sentence" and stated is not None and _NAME_ALONE.fullmatch(stated):
        stated = None if place.strip(" $.") != stated else stated  # "no value of $n$ exists"
    if stated is not None and _UNFINISHED.search(stated):  # "$80 - $20" in dollar signs
        stated = None
    return found(stated, where) or numbers.find(text)


def _stated(text: str) -> str | None:
    """Return what a short text that states the answer names: its formula, number or last word."""
    text = _SAID_IN_BRACKETS.sub("", _ABOUT.sub("", text.replace("\u2212", "-")))
    if not text.strip():
        return None
    if _SET.fullmatch(text.strip(" $.")):
        return text.strip(" $.")
    group = groups.last(text)
    if group is not None and understand(cleaned(group)) is not None:
        return group
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
    named: dict[str, str] = {}
    last = 0
    for opened, start, end, closed in _spans(text):
        if listed and _CONDITION.search(text, max(0, opened - _BEFORE), opened):
            continue  # "x + 3 (for x not 3)"
        if not _JOINS.fullmatch(text, last, opened):
            listed, named = [], {}
        right = _right_side(text, start, end)
        listed += [right] if right else []
        name = _NAME_BEFORE.match(text, start, end)
        named |= {name[1]: right} if name is not None and right else {}
        last = closed
    if 1 < len(named) == len(listed) <= _MOST_LISTED:  # "$x = 3$ and $y = 2$"
        return ", ".join(f"{one} = {named[one]}" for one in sorted(named))
    answer = _listed(listed[-_MOST_LISTED:]) or None
    number = _IS_NUMBER.search(text, last) if answer else None
    return None if number and key(number[1]) != key(answer or "") else answer  # "value of $x$ is 4"


def _spans(text: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield where each formula of a text is: its opening mark, itself, behind its closing mark."""
    closer, opened, start = "", 0, 0
    for token in _DELIMITER.finditer(text):
        kind = token[0].partition("{")[0]
        if kind == "$" == closer and _PROSE.search(text, start, token.start()):
            opened, start = token.span()  # "$5 each, so $10"
        elif closer and kind == closer:
            yield opened, start, token.start(), token.end()
            closer = ""
        elif not closer and kind in _CLOSES:
            closer, (opened, start) = _CLOSES[kind], token.span()


def _right_side(text: str, start: int, end: int) -> str:
    """Return the value of a formula: its right side, or all of an equation that is the answer."""
    formula = _exact(text[start:end].strip())
    parts = [_NAMED_PART.fullmatch(part) for part in _APART.split(formula) if part.strip()]
    values = {part[1]: part[2].strip() for part in parts if part is not None}
    if 1 < len(values) == len(parts):  # "x = 3,\\quad y = 1"
        return ", ".join(f"{name} = {values[name]}" for name in sorted(values))
    whole = _EQUATION_IS.search(text, max(0, start - _LONGEST_LEAD), start) is not None
    right = formula if whole else _LEFT_OF_ANSWER.split(formula)[-1]
    return right.strip(" \n&").rstrip(".,;\\ ")


def _exact(formula: str) -> str:
    """Return a formula without the decimal that it is about: 5/36 of "5/36 = 0.139"."""
    left, about, _ = formula.partition("\\approx")
    value = _LEFT_OF_ANSWER.split(left)[-1].strip()
    return left if about and not _BARE_NAME.fullmatch(value) else formula


def _without_decimal(text: str) -> str:
    """Return a statement without the decimal that its value, with a root or \u03c0, is about."""
    left, about, _ = text.partition("\u2248")
    return left.rstrip() if about and _IRRATIONAL.search(left.rpartition("=")[2]) else text


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
        values = {m[0].partition("=")[0].strip(): m[1] for m in _NAMED_VALUE.finditer(text)}
        if len(values) < len(named) or len({name[0] for name in values}) == 1:
            return _listed(named)  # "x = 2, x = 3", "x_1 = 2, x_2 = 3"
        return ", ".join(f"{name} = {values[name]}" for name in sorted(values))
    text = _REMARK.sub("", text)
    whole = text.rpartition(": ")[2].strip(" .$*\n")
    if _LINEAR.fullmatch(whole) or _INEQUALITY.search(whole) and _is_relation(whole):
        return whole  # the equation of a line, or a relation, is the answer
    if (said := _SO.split(text)[-1]) != text and (named or _is_formula(said.strip(" .!"))):
        return _phrase(said)
    parts = _COPULA.split(re.split(r"[=\u2248]", _without_decimal(text))[-1])
    last = _SQUARE_UNITS.sub("", parts[-1].strip().rstrip(".!").strip(" *`$"))
    point = _TUPLE_AT_END.search(text.rstrip(" *."))
    if point is not None or _is_formula(last):
        return point[1] if point else last
    for part in reversed(parts):
        several = _SEVERAL.match(part.strip())
        if several is not None:
            return _listed(_EACH.findall(several[0]))
        hour = clock.TIME.match(part)
        if hour is not None:
            return hour[0]
        first = part.split(maxsplit=1)[0] if part.strip() else ""
        if figures.is_number(first):
            return numbers.extract(part)
        if _PART_OF.search(part):
            return None
        if (
            _DIGIT.search(part)
            and len(parts) > 1
            and not _WRITTEN.fullmatch(_SQUARE_UNITS.sub("", part.strip(" .!")))
        ):
            return numbers.extract(part)  # not what stands before the verb
    is_word = len(last.split()) == 1 and not _DIGIT.search(text)
    return last if len(last) <= _LONGEST_WORD and (is_word or _WRITTEN.fullmatch(last)) else None


def _is_relation(text: str) -> bool:
    """Say whether a short text is an inequality, or several: `x < -2 or x > 2`."""
    plain = not is_prose(_JOINS.sub(" ", text)) and len(text) <= _LONGEST_WORD
    return plain and understand(cleaned(text)) is not None


def _is_formula(text: str) -> bool:
    """Say whether a short text without LaTeX is a formula: `x > 3`, `(x + 2)(x - 3)`."""
    return (
        len(text) <= _LONGEST_WORD
        and ("\\" in text or _OPERATOR.search(text) or _TERM.fullmatch(text)) is not None
        and _NAME.search(text) is not None
        and _LETTERS.search(text) is None
        and not is_prose(text)
        and understand(cleaned(text)) is not None
    )
