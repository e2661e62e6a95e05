"""Orders of things that a question lists: "Sort 8, 3, 5", "Order these planets: Mars, Venus".

A reply names each of them once, in its order: "3 < 5 < 8", numbered lines, "Venus, then Mars".
"""

import re
from collections.abc import Hashable
from functools import lru_cache

from manyminds.reading import figures, listed_lines, locate
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.reasoning import readable

_ASKS = re.compile(
    r"\b(?:order|sort|arrange|rank|put|place|list|ordena|ordenar|ordene|ordina|ordne|ordnen|sortiere|sortieren|classe[zr]?|range[zr]?|triez?"
    r"|\u0443\u043f\u043e\u0440\u044f\u0434\u043e\u0447\w*|\u0440\u0430\u0441\u043f\u043e\u043b\u043e\u0436\w*)\b(?!\s+of\b)|\u6392\u5e8f|\u6392\u5217|\u4ece[\u5c0f\u5927\u65e9]\u5230|\u9806\u306b\u4e26",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\b(?:order|sort\w*|arrange|rank|ordena\w*|ordene|ordina|ordne\w*|sortier\w*|classe[zr]?|range[zr]?|triez?|ascending|descending"
    r"|first|(?:smallest|largest|lowest|highest|earliest|least|longest|shortest)\s+to|\u0443\u043f\u043e\u0440\u044f\u0434\u043e\u0447\w*|\u0440\u0430\u0441\u043f\u043e\u043b\u043e\u0436\w*)\b"
    "|\u6392|\u4ece[\u5c0f\u5927\u65e9]\u5230|\u9806",
    re.IGNORECASE,
)
_NUMBER = r"-?[0-9]+(?:[.,/][0-9]+)?"
_NUMBERS = re.compile(
    rf"(?<![\w.,]){_NUMBER}(?:\s*[,;\u3001]\s*(?:and\s+|und\s+|et\s+|y\s+|e\s+)?{_NUMBER}|\s+(?:and|und|et|y|e)\s+{_NUMBER}){{2,19}}(?![\w])"
)
_LISTED = re.compile(r":\s*(?P<items>[^:?!]{5,300}?)\s*[.?!]?\s*$")
_SPLIT = re.compile(r"\s*(?:[,;\u3001]\s*(?:(?:and|und|et|y|e)\s+)?|\s(?:and|und|et|y|e)\s)\s*")
_DOWN = re.compile(
    r"\bdescending|\b(?:largest|greatest|biggest|highest|most)\s+(?:to|first)|\bmayor\s+a\s+menor|\babsteigend|\bd\u00e9croissant|\u4ece\u5927\u5230",
    re.IGNORECASE,
)
_UNSURE = re.compile(  # places that the order of words does not tell
    r"\b(?!(?:rest|west|east|forest|test)\b)\w{2,}(?:est|\u00dfte[nr]?)\b|\b(?:last|between|before|after|behind|middle|preceded|not|or|most|least|m\u00e1s|plus|zuletzt|zwischen)\b|n't\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"^(?:the|an?|der|die|das|le|la|les|el|los|las|il|lo|i|gli|o|os|as)\s+(?=\w{2})", re.IGNORECASE
)
_ARROW = re.compile(r"[-=]>")
_COMMA = re.compile(r"(?<=[0-9]),(?=[0-9])")
_FEWEST_GROUPED = 4  # digits of a number that may have a comma
_MOST_ITEMS = 20
_MOST_WORDS = 7
_LONGEST = 2_000  # characters at the end of a reply, and of a question


@lru_cache(maxsize=64)
def asked_for(question: str) -> Extractor | None:
    """Return the reader of orders that a question asks for; None where it lists no things."""
    question = question[-_LONGEST:].strip()
    if not _ASKS.search(question) or not _ORDERED.search(question):
        return None
    items = _items(question)
    if (
        len(items) < 3
        or len(items) > _MOST_ITEMS
        or len(set(map(str.casefold, items))) < len(items)
    ):
        return None
    down = _DOWN.search(question) is not None
    patterns = {item: _pattern(item) for item in items}

    small = all(len(item) < _FEWEST_GROUPED and "," not in item for item in items)

    def find(text: str) -> Found | None:
        text = plain_formula(readable(text))[-_LONGEST:]
        return _find(_COMMA.sub(", ", text) if small else text, patterns, down=down)

    return finding("list", find, _key)


def _items(question: str) -> list[str]:
    numbers = list(_NUMBERS.finditer(question))
    if numbers:
        return re.findall(_NUMBER, numbers[-1][0])
    listed = _LISTED.search(question)
    items = [] if listed is None else [one.strip(" .\"'*") for one in _SPLIT.split(listed["items"])]
    return items if all(0 < len(item.split()) <= _MOST_WORDS for item in items) else []


def _pattern(item: str) -> re.Pattern[str]:
    item = _ARTICLE.sub("", item)
    if item[-1].isdigit():
        return re.compile(rf"(?<![\w.,/-]){re.escape(item)}(?![\w/]|[.,][0-9])")
    eastern = ord(item[0]) >= 0x2E80
    edges = ("", "") if eastern else (r"(?<!\w)", r"(?!\w)")
    return re.compile(edges[0] + re.escape(item) + edges[1], re.IGNORECASE)


def _find(text: str, patterns: dict[str, re.Pattern[str]], *, down: bool) -> Found | None:
    if locate.refuses(text):
        return None
    for place in locate.places(text):
        listed = _listed(place.answer, patterns, down=down)
        if listed is not None:
            return Found(listed, place.where)
    said = ""
    for sentence in reversed(_lines(text)):
        said = f"{sentence}\n{said}"
        if all(pattern.search(said) for pattern in patterns.values()):
            listed = _listed(said, patterns, down=down)
            if listed is not None:
                return Found(listed, "items of the question")
            break
    alone = {
        one for line in _lines(text) if (one := _listed(line, patterns, down=down)) is not None
    }
    if len(alone) == 1:  # "Mouse, cat, elephant. The elephant weighs 6 tonnes."
        return Found(alone.pop(), "items of the question")
    names = listed_lines.names(text)  # "1. **Mars** - the smallest of them"
    order = [item for one in names for item, pattern in patterns.items() if pattern.fullmatch(one)]
    whole = len(names) == len(order) == len(set(order)) == len(patterns)
    return Found(", ".join(order), "list") if whole else None


def _lines(text: str) -> list[str]:
    """Return the sentences of a text, without the numbers of its lines."""
    numbered = re.compile(r"^\s*(?:\(?[0-9]{1,2}[.)]|[-*\u2022])\s+(?=\S)", re.MULTILINE)
    return [line for line in locate.sentences(numbered.sub("", text)) if line.strip()]


def _listed(said: str, patterns: dict[str, re.Pattern[str]], *, down: bool) -> str | None:
    """Return the items in their order; None where one is missing, or named twice."""
    places = {item: [m.start() for m in one.finditer(said)] for item, one in patterns.items()}
    if any(len(at) != 1 for at in places.values()):
        return None
    order = sorted(places, key=lambda item: places[item][0])
    rest = said[places[order[0]][0] :]
    numeric = all(figures.value(item) is not None for item in order)
    against = numeric and ("<" if down else ">") in _ARROW.sub(" ", rest)
    return None if against or _UNSURE.search(rest) else ", ".join(order)


def _key(answer: str) -> Hashable:
    return tuple(answer.casefold().split(", "))
