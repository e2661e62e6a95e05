"""Lists as answers: "red, yellow and blue", bullets, `[1, 2, 3]`, "1 2 3".

A question that asks for an order ("sort", "the first three") compares them as sequences; one that
asks for all there are ("name the colours") as sets.
"""

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from functools import partial

from manyminds.reading import figures, listed_lines, locate
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.asked import content, shared
from manyminds.reading.discourse import is_aside, so, supposes, unmarked
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import WORD, stem
from manyminds.reading.texts import plain_key

_ORDER = re.compile(
    r"\b(?:in\s+(?:\w+\s+){0,2}order|order\s+(?:the|of)|sort(?:ed|ing)?|rank|arrange|ascending|descending"
    r"|alphabetical\w*|chronological\w*|(?:first|last|next)\s+(?:two|three|four|five|six|seven|(?:[2-9]|10)(?![0-9]|[.,][0-9]))"
    r"|(?:from\s+(?:the\s+)?)?(?:\w+est|top|bottom|left|right|least|most)\s+(?:down\s+)?to\s|\w+est\s+first|sequence|revers\w+"
    r"|von\s+\w+\s+(?:nach|zu[mr]?)\s|reihenfolge|ordne\w*|sortier\w*|dans\s+l['\u2019]ordre|trie[rz]?|classe[rz]|range[rz]|de\s+haut\s+en\s+bas"
    r"|de\s+(?:menor|mayor|maior)\s+a|orden[ae]\w*|en\s+orden|(?:in|em)\s+ordine|ordina\w*|em\s+ordem|dal?\s+pi\u00f9|op\s+volgorde|sorteer\w*"
    "|po\\s+kolei|uporz\u0105dkuj|\u043f\u043e\\s+\u043f\u043e\u0440\u044f\u0434\u043a\u0443|\u0443\u043f\u043e\u0440\u044f\u0434\u043e\u0447\\w*)\\b|\u6392\u5e8f|\u6392\u5217|\u987a\u5e8f|\u9806\u306b|\u9806\u756a",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"(?:^|[.!?:\n]\s*)(?:please\s+)?(?:list|name|give|state|enumerate)\s+(?:me\s+)?(?:(?:all|two|three|four|five|[2-9])\b|the\s+(?:[\w'-]+\s+){0,3}?[\w-]+(?<!s)s\b)"
    r"|\b(?:which|what)\s+(?:are|were)\s+(?:all\s+)?the\s+(?:\w+\s+){0,3}\w+s\b"
    r"|\b(?:which|what)\s+(?!do\b|did\b|would\b|can\b)(?:of\s+(?:the|these|those)\s+)?(?:\w+\s+)?(?!is\b|was\b|has\b|does\b)[a-z]+(?<!s)s"
    r"\s+(?:(?:of|in|on|from|with|between)\s+(?:\w+\s+){1,4}?)?(?:are|were|do|did|have|can|occur|appear"
    r"|border|contain|belong|live|make|use|speak|lie|fall|divide|orbit|flow|form|end|begin|satisfy|solve|share|produce|cause|exist|remain|come)\b"
    r"|\b(?:give|find|state|list|write|determine)\s+(?:down\s+)?(?:the\s+|all\s+|as\s+a\s+)+(?:set|list|elements)\b"
    r"|\b(?:welche\s+(?!person|stadt|farbe|zahl|sprache|insel|stra\u00dfe)[^\W\d_]+(?:n|er|e|s)\s+(?:\w+\s+){0,2}?(?:sind|haben|grenzen|liegen|geh\u00f6ren|enthalten|waren|bilden|ergeben|flie\u00dfen|kommen)"
    r"|quel(?:le)?s\s+[^\W\d_]+s\s+(?:\w+\s+)?(?:sont|ont|bordent|forment|appartiennent|composent|donnent)|qu\u00e9\s+[^\W\d_]+s\s+(?:son|limitan|tienen|forman|est\u00e1n|hay|componen|pertenecen)"
    r"|quali\s+[^\W\d_]+\s+(?:sono|confinano|hanno|formano|appartengono)|quais\s+[^\W\d_]+s\s+(?:s\u00e3o|fazem|t\u00eam|formam|pertencem)|welke\s+[^\W\d_]+(?:en|s)\s+(?:zijn|hebben|grenzen|liggen|vormen))\b"
    r"|\b(?:factors|divisors|nenne|nennen|(?:welche?s?|was)\s+sind|quel(?:le)?s\s+sont|cu\u00e1les\s+son|qual[ei]\s+sono|quais\s+s\u00e3o|nommez|nombra|nomina|\u043d\u0430\u0437\u043e\u0432\u0438)\b"
    "|\u54ea(?:\u4e9b|\u51e0|\u4e24|[\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341])|\u5217\u51fa",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"\b(?:solutions?|solve|roots?|zeros?|equations?|coordinates?|interval|values?|probabilit\w+|vertex"
    r"|def|output|chances|odds|dimensions|degrees|(?:next|missing|following)\s+(?:number|term|letter|element|word|day|month))\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*\u2022+]|\(?[0-9]{1,2}[.)])\s+(.+?)\s*$")
_SPLIT = re.compile(
    r"\s*(?:,?\s*\b(?:and\s+)?(?:finally|then|dann|puis|ensuite|luego|despu\u00e9s)\s+|,\s*(?:and|&|und|et|y|e)\s+|[,;\u3001\u060c]"
    r"|\s(?:<|>|->|\u2192|=>)\s|\s(?:and|&|und|et|y|e|i|\u0438)\s|\u548c|\u3068)\s*",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"(?:\b(?:is|are|was|were|be|sind|sont|son"
    r"|(?<!hese )(?<!hey )(?:contains?|includes?|ha(?:s|ve)|shares?|borders?|neighbou?rs|comprises?"
    r"|consists?\s+of|enth(?:\u00e4lt|alten)|contien(?:t|nent|en?)|contengono|cont[\u00e9\u00ea]m))\b:?|:)\s+"
    r"|(?<=they)['\u2019]re\s+|\b(?:lies|lie|wedged|situated|located)\s+between\s+|[\u662f\u306f:]",
    re.IGNORECASE,
)
_NUMBERS = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:\s+-?[0-9]+(?:\.[0-9]+)?)+")
_PRODUCT = re.compile(r"[0-9]+(?:\s*[\u00d7\u00b7*x]\s*[0-9]+)+")
_OPEN = re.compile(r"\b(?:or|maybe|might|not|except|but)\b|n't\b|\?", re.IGNORECASE)
_COUNTS = {
    **{word: n for n, word in enumerate(("two", "three", "four", "five", "six", "seven"), 2)},
    **{str(n): n for n in range(2, 10)},
}
_COUNT = re.compile(
    rf"\b(?:the|first|last|next|name|list|give|only|are|were)\s+(?:the\s+|me\s+|first\s+)*(?P<count>{'|'.join(_COUNTS)})\s+[a-z]",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r",?\s+(?:which|who|that)\s", re.IGNORECASE)
_AMOUNT = re.compile(  # asks for one number of several things
    r"\b(?:how\s+(?:much|many|long|old|far|tall)|average|total|sum|mean|altogether)\b[^.?!]*[.?!]?\s*$",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(  # of a line after bullets: a list of its own
    r"\b(?:so|thus|therefore|hence|final|answer|result|only\s+(?:the\s+)?(?:first|last|two)|except|wait|actually|not)\b"
    r"|[0-9]\s*[,;]\s*[0-9]",
    re.IGNORECASE,
)
_SINCE = re.compile(r",?\s+(?:because|since|as|weil|da|parce\s+que|porque)\s", re.IGNORECASE)
_NAMED = re.compile(r"^(?:only|nur|[a-z]\s*(?:=|\u2208|\\in\b))\s*", re.IGNORECASE)
_PUT = re.compile(
    r"(?:^|[.!?\n]\s*)(?:please\s+)?(?:put|sort|arrange|order|rank|bring|ordne|sortiere|classe[rz]?|range[rz]?|ordena|ordina)\b",
    re.IGNORECASE,
)
_THESE = re.compile(r"(?:these|they|this|it|there)\s", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:the|an?|these|those|both|one)$", re.IGNORECASE)
_A = re.compile(r"an?\s", re.IGNORECASE)
_ADVERB = re.compile(
    r"^(?:indeed|actually|simply|first|called|named|as\s+follows)\b[:,]?\s*", re.IGNORECASE
)
_BOLD = re.compile(r"\*\*([^*\n]{1,80})\*\*")
_ASIDE = re.compile(r"\s*\([A-Za-z ]{1,60}\)\s*[.!]?\s*$")
_BRACKETS = re.compile(r"[\[({][^\n]{1,400}[\])}]")
_PLACE = re.compile(
    r"(?:[0-9]{1,2}(?:st|nd|rd|th|[.)\u00ba\u00b0]|er|e)|first|second|third|fourth|fifth|sixth|zuerst|erstens|zweitens|drittens)(?:\s+(?:is|place))?[:,]?\s+(?=\S)",
    re.IGNORECASE,
)
_ONE_ITEM = re.compile(
    r"[*`$(\s]*(?:[\w\s\u2229\u222a\\]{1,20}=\s*)?\\?[{\[](?P<item>[^,;{}\[\]\\]{1,40})\\?[}\]][*`$)\s.]*"
)
_BRACED = re.compile(r"=\s*\\?\{(?P<items>[^{}=]{1,400}?)\\?\}[\s$*.]*$")
_NUMBER = re.compile(r"-?[0-9]+(?:[.,/][0-9]+)?")
_LAST_NUMBER = re.compile(r"[^\W\d_][^\d]*\s(?P<number>-?[0-9]+(?:[.,/][0-9]+)?)")
_BEHIND = re.compile(  # ", in vertical stripes"
    r"(?:in|on|at|with|from|by|for|as|mit|auf|avec|dans|con|com|met)\s", re.IGNORECASE
)
_TURNED = re.compile(r"\b(?:but|however|actually|aber|jedoch|mais|pero|ma|mas)\b", re.IGNORECASE)
_MOST_WORDS = 6
_MOST_ITEMS = 60
_FEW_WORDS = 2  # of a line that is an item


def asked_for(question: str) -> Extractor | None:
    """Return the reader of lists that a question asks for; None where it asks for no list."""
    if _OTHER.search(question) or _AMOUNT.search(question):
        return None
    ordered = _ORDER.search(question) is not None
    if not ordered and not _ALL.search(question):
        return None
    kind, count = IN_ORDER if ordered else IN_ANY_ORDER, count_in(question)
    asked = frozenset(WORD.findall(question.casefold()))
    return replace(kind, find=partial(find, count=count, asked=asked))


def in_order_of(options: Mapping[str, str], question: str) -> Extractor | None:
    """Return the reader of orders of options, as their marks; None where none is asked for.

    Args:
        options: The options' texts by their letters or numbers.
        question: The question.
    """
    if not _PUT.search(question) or any(_SPLIT.search(text) for text in options.values()):
        return None

    def marks(text: str) -> Found | None:
        found = find(text, count=len(options))
        listed = [] if found is None else [_mark(one, options) for one in found.answer.split(", ")]
        if found is None or {*listed} != {*options} or len(listed) != len(options):
            return None
        return Found(", ".join(filter(None, listed)), found.where)

    return finding("list", marks, str)


def _mark(item: str, options: Mapping[str, str]) -> str | None:
    """Return the mark of the option that an item names, by the mark or by its text."""
    said = plain_key(item.strip("() "))
    by_mark = (mark for mark in options if mark.casefold() == said)
    by_text = (mark for mark, text in options.items() if plain_key(text) in said)
    return next(by_mark, None) or next(by_text, None)


def count_in(question: str) -> int | None:
    """Return the number of items that a question asks for, if it says so."""
    count = _COUNT.search(question)
    return None if count is None else _COUNTS[count["count"].casefold()]


def find(
    text: str, *, count: int | None = None, asked: frozenset[str] = frozenset()
) -> Found | None:
    """Return the list that a reply states, its items joined by commas; None for a single item.

    Args:
        text: The reply.
        count: Number of items that the question asks for; a list of another length is none.
        asked: The words of the question, which may stand before the first item.
    """
    found = _found(text)
    loose = found is None or found.where == "last sentence"
    if loose and asked and not locate.places(readable(text)):
        own = _in_a_sentence(readable(text), asked)
        found = own or (None if _lists_two(readable(text)) else found)
    if found is not None and asked:
        words = found.answer.split(" ")
        while len(words) > 1 and words[0].islower() and words[0] in asked:
            del words[0]
        found = found._replace(answer=" ".join(words))
    if count is None or found is not None and len(found.answer.split(", ")) == count:
        return found
    for sentence in locate.sentences(readable(text)):
        items = _items(_CLAUSE.split(sentence, maxsplit=1)[0])
        if len(items) == count and (listed := _joined(items, "sentence")) is not None:
            return listed
    return None


def _lists_two(text: str) -> bool:
    """Say whether several sentences list things behind a verb, and no last one concludes."""
    sentences = locate.sentences(text)
    before = [one for one in sentences[:-1] if len(_COPULA.split(one)) > 1]
    listed = [one for one in before if _joined(_items(one), "sentence") is not None]
    return bool(listed) and so(sentences[-1]) is None and not _TURNED.search(text)


def _in_a_sentence(text: str, asked: frozenset[str]) -> Found | None:
    """Return the list of the one sentence that repeats most of the question and has one."""
    words = content(" ".join(asked))
    found: list[Found] = []
    sentences = locate.sentences(text)
    for sentence in sentences:
        repeats = 2 * shared(content(sentence), words) >= len(words) > 0
        sentence = sentence.replace("**", "")
        repeats = repeats or so(sentence) is not None
        leads = sentence.endswith((":", "\uff1a"))
        if not repeats or leads or is_aside(sentence) or supposes(sentence):
            continue
        listed = _joined(_items(_CLAUSE.split(unmarked(sentence), maxsplit=1)[0]), "sentence")
        found += [] if listed is None else [listed]
    turned = any(
        _TURNED.search(one) and 2 * shared(content(one), words) >= len(words) for one in sentences
    )
    return found[0] if len({one.answer for one in found}) == 1 and not turned else None


def _found(text: str) -> Found | None:
    text = readable(text).strip()
    block = locate.fenced(text)
    if block is not None and _BRACKETS.fullmatch(block.strip()) and "\n" not in block.strip():
        return _joined(_items(block), "code fence")
    lines = [line for line in text.split("\n") if line.strip()]
    bullets = [m[1] for line in lines if (m := _BULLET.match(line))]
    if len(bullets) > 1:
        last = max(at for at, line in enumerate(lines) if _BULLET.match(line))
        said = any(_CONCLUDES.search(line) for line in lines[last + 1 :])
        listed = None if said or listed_lines.is_sectioned(text) else _joined(bullets, "list")
        if listed is None and (names := listed_lines.names(text)):
            return _joined(names, "list")
        return listed
    if len(lines) > 2 and all(len(line.split()) <= _FEW_WORDS for line in lines):
        return _joined([line.strip().rstrip(",;") for line in lines], "lines")
    for place in locate.places(text):
        return _joined(_items(place.answer), place.where) or _single(place.answer)
    sentences = locate.sentences(text)
    where = "whole reply" if len(sentences) == 1 else "last sentence"
    ending = sentences[-1] if sentences else ""
    return (_joined(_items(ending), where) or _single(ending)) if ending else None


def _single(said: str) -> Found | None:
    """Return the only item of a set or list in brackets: "{6}"."""
    only = _ONE_ITEM.fullmatch(said.strip())
    return None if only is None else Found(only["item"].strip(" '\"`"), "brackets")


def _joined(items: list[str], where: str) -> Found | None:
    plain = [item.strip().strip(" .*_`\"'$") for item in items]
    if len(plain) > 1 and all(map(_PLACE.match, plain[1:])):  # "1st Alice, 2nd Bob"
        plain = [_PLACE.sub("", item) for item in plain]
    fine = 1 < len(plain) <= _MOST_ITEMS and all(
        0 < len(item.split()) <= _MOST_WORDS and not _OPEN.search(item) for item in plain
    )
    if _THESE.match(plain[0]):
        return None
    if not _A.match(plain[0]) and any(map(_A.match, plain)):  # "Albania, a country in Europe"
        return None
    return Found(", ".join(plain), where) if fine else None


def _items(said: str) -> list[str]:
    said = _SINCE.split(_BOLD.sub(r"\1", said).strip())[0]
    said = _ASIDE.sub("", said) if said.count("(") == 1 else said
    said = said.strip("*_` ").rstrip(".! ")
    if (braced := _BRACED.search(said)) is not None:  # "A \u2229 B = {6, 10}"
        return _SPLIT.split(braced["items"].strip())
    parts = _COPULA.split(said)
    if len(parts) > 1 and _SPLIT.search(parts[-1]):
        said = parts[-1]
    elif len(parts) > 1 and _names(_NAMED.sub("", parts[0])):
        said = parts[0]  # "9 and 12 are divisible by 3"
    said = _ADVERB.sub("", said.strip().strip("[](){}\\$*_` ").rstrip(".! "))
    said = _NAMED.sub("", said)
    if said.count(" \u2013 ") > 1:
        return said.split(" \u2013 ")
    if _PRODUCT.fullmatch(said):  # 30 = 2 × 3 × 5
        return re.findall("[0-9]+", said)
    return said.split() if _NUMBERS.fullmatch(said) else _bare(_SPLIT.split(said))


def _bare(items: list[str]) -> list[str]:
    """Return the items of a sentence without what stands before numbers, or behind the last item.

    "Common to both sets 6 and 10" lists 6 and 10.
    """
    if len(items) > 2 and [at for at, one in enumerate(items) if _BEHIND.match(one)] == [
        len(items) - 1
    ]:
        return items[:-1]
    first = _LAST_NUMBER.fullmatch(items[0])
    numbers = len(items) > 1 and all(_NUMBER.fullmatch(one.strip()) for one in items[1:])
    return [first["number"], *items[1:]] if first is not None and numbers else items


def _names(said: str) -> bool:
    """Say whether the subject of a sentence lists names or numbers."""
    items = [item.split() for item in _SPLIT.split(said.strip())]
    return len(items) > 1 and all(
        0 < len(words) <= _FEW_WORDS and _ARTICLE.match(words[0]) is None for words in items
    )


def _key(answer: str, *, ordered: bool) -> Hashable:
    items: list[Hashable] = [_item(item) for item in answer.split(", ")]
    return tuple(items) if ordered else frozenset(items)


def _item(item: str) -> Hashable:
    value = figures.value(item)
    return " ".join(map(stem, plain_key(item).split())) if value is None else value


IN_ORDER = finding("list", find, partial(_key, ordered=True))
IN_ANY_ORDER = finding("list", find, partial(_key, ordered=False))
