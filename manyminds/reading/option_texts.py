"""Options that a reply names by their text: words, formulas, Chinese and Japanese."""

import re
from collections.abc import Mapping
from functools import lru_cache

from manyminds.reading.markup import plain_formula
from manyminds.reading.stems import SMALL, stem

_WORD = re.compile(r"\w+")
_SIGNS = re.compile(r"[-+*/^=<>()\[\]{}\\\u221a\u03c0\u221e%$]")
_EASTERN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_JOINING = "-+*/^(=<>\\."  # before a formula that is part of another one
_GOES_ON = re.compile(r"[-+*/^(.]?[\w(\\]|\^")  # after it
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das|le|la|el|los|las)\s+", re.IGNORECASE)
_NOT_ASKED = re.compile(
    r"\b(?:NOT|EXCEPT|(?i:except|isn['\u2019]t|aren['\u2019]t|doesn['\u2019]t|don['\u2019]t|nicht|kein\w*|n['\u2019]est\s+pas|(?:is|are|was|were|do|does|did|can|has|have)\s+not|no\s+es|\u043d\u0435))\b"
    "|\u4e0d\u662f|\u4e0d\u5c5e\u4e8e|\u3067\u306f\u306a\u3044",
)
_DENIAL = re.compile(
    r"(?:\bnot\b|\bno\b|n['\u2019]t\b|\bnicht\b|\bkeine?\b|\bpas\b)\s+(?:(?:an?|the|eine?|une?)\s+)?(?P<what>[^.,;!\n]{3,80}?)(?=\s+(?:is|are|ist|est|es)\b|[.,;!\n]|$)",
    re.IGNORECASE,
)
_ASKS_FOR_THE_WRONG = re.compile(
    r"\b(?:which|what)\b[^?\n]*\b(?:wrong|false|incorrect|untrue|not\s+(?:true|correct))\b",
    re.IGNORECASE,
)
_IS_WRONG = re.compile(
    r"(?:(?i:statement|option|answer|choice)\s+)?\(?(?P<mark>\b[A-J])\)?\s+is\s+(?:(?:clearly|definitely|the|a)\s+)*(?:wrong|false|incorrect|untrue|not\s+(?:true|correct))\b(?:\s+(?:one|statement|option))?"
)
_EXCEPTION = re.compile(
    r"\b(?:odd\s+(?:one|man)\s+out|exception|outlier|(?:doesn['\u2019]t|does\s+not)\s+(?:belong|fit)|the\s+only\s+one\s+(?:that|which)\s+(?:is\s+not|isn['\u2019]t|does\s+not|doesn['\u2019]t)"
    r"|ausnahme|geh\u00f6rt\s+nicht\s+dazu|intrus[eo]?|excepci\u00f3n|eccezione|exce\u00e7\u00e3o|uitzondering|\u0438\u0441\u043a\u043b\u044e\u0447\u0435\u043d\u0438\u0435|wyj\u0105tek)\b|\u4f8b\u5916|\u9664\u5916",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:not?|never|neither|nor|only|or|if|nicht|kein\w*|pas|non|n\u00e3o|niet|nie|\u043d\u0435)\b|n['\u2019]t\b|\u4e0d",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[.!?;\u3002])\s*|\n+")
_CLAUSES = re.compile(
    r"[,;:.!?\n]+\s+|\s(?:but|while|whereas|and\s+so|aber|mais|pero)\s", re.IGNORECASE
)
_SMALL = frozenset(stem(word) for word in SMALL)
_FEW_WORDS = 6  # of a text that names an option by one of its words
_LETTERS = 4
_LONGEST = 600  # characters of a text in which options are looked for
_TICKED = re.compile(
    r"^[ \t*-]{0,8}\(?(?P<mark>[A-J])[).:][^\n]*?"
    r"(?:(?P<yes>[\u2705\u2713\u2714])|[\u274c\u2717\u2718])",
    re.MULTILINE,
)


def asks_for_the_wrong(question: str) -> bool:
    """Say whether a question asks which statement is false."""
    return _ASKS_FOR_THE_WRONG.search(question) is not None


def wrong_as_asked(text: str, question: str) -> str:
    """Return a reply in which the one option that is called wrong is the answer, as was asked."""
    if not asks_for_the_wrong(question) or len({m["mark"] for m in _IS_WRONG.finditer(text)}) != 1:
        return text
    return _IS_WRONG.sub(r"The answer is \g<mark>", text)


def named(place: str, options: Mapping[str, str] | None) -> str | None:
    """Return the letter of the only option whose text a short text names."""
    marks = every(place, options)
    return marks[0] if len(marks) == 1 else None


def every(place: str, options: Mapping[str, str] | None) -> list[str]:
    """Return the letters of all options whose texts a short text names.

    An option inside another one that is named is not: "cos(x)" in "-cos(x)".
    """
    if not options:
        return []
    left, marks = place[:_LONGEST], list[str]()
    for mark, text in sorted(options.items(), key=lambda option: -len(option[1])):
        rest = without(left, text)
        if rest != left:
            marks.append(mark)
            left = rest
    return sorted(marks)


def by_own_word(place: str, options: Mapping[str, str] | None) -> str | None:
    """Return the letter of the only option that a short text names by a word of its own.

    "Armstrong" is "Neil Armstrong" where no other option has that word.
    """
    if not options or len(place.split()) > _FEW_WORDS or every(place, options):
        return None
    said = {word.casefold() for word in _WORD.findall(place)}
    texts = {mark: {w.casefold() for w in _WORD.findall(text)} for mark, text in options.items()}
    marks = [
        mark
        for mark, words in texts.items()
        if len(words) > 1
        and any(
            len(word) >= _LETTERS
            and all(word not in texts[other] for other in texts if other != mark)
            for word in words & said
        )
    ]
    return marks[0] if len(marks) == 1 else None


def given_the_question(text: str, options: Mapping[str, str], question: str) -> str | None:
    """Return the letter of the one option to which a clause adds nothing but the question's words.

    "Gagarin was first in space, but the first on the Moon was Armstrong." to "Who was first on the
    Moon?".
    """
    asked = _stems(question) | _SMALL
    stated: set[str] = set()
    for clause in _CLAUSES.split(text[-_LONGEST:]):
        marks = every(clause, options)
        rest = masked(clause, options)
        words = _stems(rest)
        if len(marks) == 1 and words - _SMALL and words <= asked and not _DENIAL.search(rest):
            stated.add(marks[0])
    return stated.pop() if len(stated) == 1 else None


def left_over(text: str, options: Mapping[str, str]) -> str | None:
    """Return the letter of the option that a reply calls the exception, or sets against all others.

    "Yellow is the odd one out. The primary colors are red, green and blue." to "Which is not ...?".
    """
    found: set[str] = set()
    for sentence in _SENTENCES.split(text[-_LONGEST:]):
        marks = every(sentence, options)
        exception = _EXCEPTION.search(masked(sentence, options))
        if exception is not None and len(marks) == 1:
            found |= {*marks}
        elif exception is None and len(marks) == len(options) - 1 and not _NO.search(sentence):
            found |= options.keys() - {*marks}
    return found.pop() if len(found) == 1 else None


def is_all(text: str, mark: str, options: Mapping[str, str]) -> bool:
    """Say whether a text is an option and nothing more: "It's green"."""
    return _stems(without(text, options[mark])) <= _SMALL


def masked(place: str, options: Mapping[str, str] | None) -> str:
    """Return a text without the texts of options: "He doesn't know." denies nothing."""
    for text in sorted((options or {}).values(), key=len, reverse=True):
        place = without(place, text)
    return place


def without(place: str, text: str) -> str:
    """Return a text with an option's text blanked out; unchanged where it does not name it."""
    if _SIGNS.search(text) and not _EASTERN.search(text):
        return _without_formula(place, text)
    pattern = _pattern(text)
    return place if pattern is None else pattern.sub(" \u2026 ", place)


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str] | None:
    """Return what finds the words of an option, with or without an article and a plural."""
    text = _ARTICLE.sub("", text.strip())
    words = _WORD.findall(text)
    if not words:
        return None
    inner = r"\W+".join(map(re.escape, words))
    if _EASTERN.search(text):
        return re.compile(inner, re.IGNORECASE)
    plural = r"(?:s\b)?" if words[-1].isalpha() else ""
    before, after = (
        (r"(?<![0-9.,/-])", r"(?![0-9]|[.,/][0-9])") if text.isdigit() else (r"(?<!\w)", r"(?!\w)")
    )
    ascii_only = r"(?<![A-Za-z])" if text.isdigit() else ""
    return re.compile(rf"{before}{ascii_only}{inner}{plural}{after}", re.IGNORECASE)


def _without_formula(place: str, text: str) -> str:
    inner = "".join(plain_formula(text).casefold().split())
    plain = plain_formula(place)
    shown = [char for char in plain if not char.isspace()]
    whole = "".join(shown).casefold()
    at = whole.find(inner) if inner and len(whole) == len(shown) else -1
    while at >= 0:
        before, end = whole[at - 1 : at], at + len(inner)
        if (
            not (before in _JOINING and before)
            and not _GOES_ON.match(whole, end)
            or _ends(whole, at, end)
        ):
            return f"{plain_at(plain, at)}\u2026{plain_at(plain, end, tail=True)}"
        at = whole.find(inner, at + 1)
    return place


def _ends(whole: str, begin: int, end: int) -> bool:
    """Say whether a formula stands behind an equals sign and before the end."""
    return whole[begin - 1 : begin] == "=" and not whole[end:].strip(".!")


def plain_at(text: str, at: int, *, tail: bool = False) -> str:
    """Return the part of a text before its n-th character that is no space, or from there on."""
    seen = 0
    for place, char in enumerate(text):
        if seen == at and not char.isspace():
            return text[place:] if tail else text[:place]
        seen += not char.isspace()
    return "" if tail else text


def asked_for_the_exception(question: str) -> bool:
    """Say whether a question asks which option is not something."""
    return _NOT_ASKED.search(question) is not None


def denies_what_is_asked(text: str, question: str) -> bool:
    """Say whether each denial of a reply repeats the question's: "so it is not a language"."""
    asked = _stems(question)
    denials = list(_DENIAL.finditer(text))
    return bool(denials) and all(_stems(denial["what"]) <= asked for denial in denials)


def without_denials(text: str) -> str:
    """Return a text without its denials: "The one that does is a dog."."""
    return _DENIAL.sub(lambda denial: f" {denial['what']}", text)


def _stems(text: str) -> set[str]:
    return {stem(word.casefold()) for word in _WORD.findall(text)}


def ticked(text: str) -> str | None:
    """Return the letter of the only option of several that a reply ticks off: "(B) \u2713 fits"."""
    ticks = {m["mark"]: m["yes"] is not None for m in _TICKED.finditer(text)}
    several = len(ticks) > 1 and sum(ticks.values()) == 1
    return next(mark for mark, yes in ticks.items() if yes) if several else None
