# ruff: noqa: E501 - patterns are easier to read in one line
"""Which alternatives a question names: "a cat, a dog or a fish?", "Plan A ..., Plan B ... Which plan?"."""

import re
from functools import lru_cache

from manyminds.reading import compared

_TAIL = 2_000  # characters at the end of a question that may name alternatives
_MOST_WORDS = 4
_MOST_ITEMS = 8
_LAST = re.compile(
    r"(?P<before>.+?),?\s+(?P<or>or|oder|ou|o|\u0438\u043b\u0438)\s+(?P<last>(?:[^,;:.!?]|[.,](?=[0-9])){1,40}?)\s*(?:[?.!]|$)",
    re.IGNORECASE,
)
_WHICH_OF_TWO = re.compile(  # in Chinese and Japanese, "A and B, which ...?", "A or B?"
    "(?P<one>[^\uff0c,\u3002\\s?\uff1f]{1,12}?)(?:\u548c|\u4e0e|\u8ddf|\u8fd8\u662f)(?P<other>[^\uff0c,\u3002\\s?\uff1f]{1,12}?)[\uff0c,]?(?:\u54ea\u4e00?\u4e2a|\u8c01)"
    "|(?:^|[\u662f\uff0c,\u3001:\uff1a\u3002])(?P<zh>[^\uff0c,\u3002\\s?\uff1f\u662f]{1,12})\u8fd8\u662f(?P<zh2>[^\uff0c,\u3002\\s?\uff1f]{1,12}?)\u5462?[?\uff1f]\\s*$"
    "|(?:^|[\u306f\u3001,:\uff1a\u3002])(?P<ja>[^\uff0c,\u3001\u3002\\s?\uff1f\u306f]{1,12})\u3068(?P<ja2>[^\uff0c,\u3001\u3002\\s?\uff1f]{1,12}?)(?:\u3067\u306f|\u306e\u3046\u3061|\u306e)?\u3001?\u3069\u3061\u3089"
)
_IF = re.compile(r"\W*(?:who|which)\b(?P<asked>[^?]{1,60}?)\sif\s(?P<given>[^?]{1,200})\?", re.I)
_GIVEN = re.compile(
    r"(?<![\w'])(?P<name>[A-Z][a-z]+)\s+(?:is|was|has|had|weighs|runs|earns|lives|got|scores|scored|measures)\b"
)
_AT = re.compile(r"(?<=\w)\s+at\s+[$\u20ac\u00a3]?[0-9].*$")  # "tea at $2"
_DECIMAL = re.compile(r"[0-9],[0-9]")
_LISTED = re.compile(  # "Which is the odd one out: apple, banana, carrot, pear?"
    r"(?P<before>\W*(?:which|what|who)\b[^:?]{3,100}:[^:?;]{2,200}),\s*(?P<last>[^,;:.!?]{1,40})\?",
    re.IGNORECASE,
)
_SLASHED = re.compile(  # "(positive / negative / neutral)" at the end
    r"[(\[:]\s*(?P<items>[a-z][a-z -]{1,30}(?:\s?/\s?[a-z][a-z -]{1,30}){1,7})[)\]]?\s*[.?!]?\s*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"\b(?:next|continues?|missing|follows?|comes\s+after)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)]?\s+|\n+")
_ASKS_WHICH = re.compile(
    r"\W*(?:which|what|who(?:m|se)?|where|when|how|wer|was|welch\w*|qui|quel\w*)\b", re.IGNORECASE
)
_CHOOSE = re.compile(
    r"\W*(?:please\s+)?(?:answer|choose|decide|classify|label|respond|reply|pick|select|say)\b"
    r"(?!\s+(?:with|in|using)\b)",
    re.IGNORECASE,
)
_ROMANCE = re.compile(  # Spanish or Italian, where "o" is "or"
    r"\u00bf|\b(?:\u00e8|pi\u00f9|quale|cu\u00e1l|qu\u00e9|m\u00e1s|el|los|las|il|gli|della?)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?:a|an|the|der|die|das|ein|eine|le|la|les|un|une|el|los)\s+", re.IGNORECASE
)
_YES_NO = frozenset({"yes", "no", "not", "true", "false"})
NOT_IT = re.compile(r"^(?:not|non|nicht|pas|no|n\u00e3o|\u043d\u0435)\s+", re.IGNORECASE)
"""The start of an alternative that denies another: "spam or not spam"."""

OPPOSITE = re.compile(
    r"\b(?P<one>before|after|with|without|above|below|inside|outside|indoors|outdoors|vor|nach|mit|ohne|avant|apr\u00e8s|avec|sans|antes|despu\u00e9s|con|sin|prima|dopo|depois|com|sem)\s+(?:or|oder|ou|o)\s+"
    r"(?P<other>after|before|without|with|below|above|outside|inside|outdoors|indoors|nach|vor|ohne|mit|apr\u00e8s|avant|sans|avec|despu\u00e9s|antes|sin|con|dopo|prima|depois|sem|com)(?=\s[^?.]*\?|\?)",
    re.IGNORECASE,
)
"""Opposite words before one phrase: "before or after the water boils?"."""
OPPOSITES = frozenset(
    word
    for group in re.findall(r"\(\?P<(?:one|other)>([^()]+)\)", OPPOSITE.pattern)
    for word in group.split("|")
)
"""Those words."""
_WHICH_ONE = re.compile(
    r"(?<!\w)(?:which|what|welche[rsn]?|quel(?:le)?|qu[e\u00e9]|qual[e]?|welke?|\u043a\u0430\u043a(?:\u043e\u0439|\u0430\u044f|\u043e\u0435)|kt\u00f3r[aey])\s+(?:of\s+the\s+(?:two\s+)?)?(?P<noun>[^\W\d_]{3,20}?)s?\s[^?]*\?\s*$"
    "|(?:\u54ea(?:\u4e00?[\u4e2a\u79cd\u5bb6\u6761\u4f4d\u8f86]|[\u4e2a\u79cd\u5bb6\u6761\u4f4d\u8f86])|\u3069\u3061\u3089\u306e)(?P<eastern>[\u3040-\u9fff\u30a0-\u30ff]{1,6}?)(?=[\u66f4\u6700\u6bd4\u4fbf\u8f83\u5feb\u8d35\u5212\u597d\u304c\u306e\u306f\u3092\u306b])[^?\uff1f]*[?\uff1f]?\\s*$",
    re.IGNORECASE,
)
_LABEL = r"[A-Z](?![a-z'\u2019])|[1-9](?![0-9.,:])|(?-i:[A-Z][a-z]{2,12})|[\u7532\u4e59\u4e19]"
_AMOUNT = re.compile(
    r"\bhow\s+(?:much|many)\b|\bwie\s*viel|\bcombien\b|\bcu\u00e1nt|\bquant[oi]\b|\u591a\u5c11",
    re.I,
)


@lru_cache(maxsize=256)
def named_in(question: str) -> tuple[str, ...]:
    """Return the alternatives that the last question names; empty where it names none.

    Alternatives are joined by "or", in one sentence; the first one begins after a colon or comma,
    or has as many words as the last one. Yes and no alone are none.
    """
    slashed = list(_SLASHED.finditer(question[-_TAIL:]))
    items = [item.strip() for item in slashed[-1]["items"].split("/")] if slashed else []
    apart = slashed and (len(items) > 2 or " / " in slashed[-1]["items"])
    if apart and not _YES_NO.issuperset(item.casefold() for item in items):
        return tuple(items)
    if (two := _WHICH_OF_TWO.search(question[-_TAIL:])) is not None:
        one, other, *_ = filter(None, two.groups())
        return one, other
    if (given := _IF.search(question[-_TAIL:])) is not None and compared.asks(given["asked"]):
        names = tuple(dict.fromkeys(m["name"] for m in _GIVEN.finditer(given["given"])))
        return names if len(names) > 1 else ()
    opposite = OPPOSITE.search(question[-_TAIL:])
    if opposite is not None:
        return opposite["one"].casefold(), opposite["other"].casefold()
    return _joined(question) or _labelled(question)


def _joined(question: str) -> tuple[str, ...]:
    """Return the alternatives that "or" joins in the last sentence that asks, or that it lists."""
    for sentence in reversed(_SENTENCE.split(question[-_TAIL:])):
        if _CHOOSE.match(sentence) and " or " in (head := sentence.partition(":")[0]):
            sentence = head  # "Classify it as good or bad: ..."
        found = _LAST.fullmatch(sentence.strip()) or _LISTED.fullmatch(sentence.strip())
        asks = sentence.rstrip().endswith("?")
        if found is not None and found.re is _LISTED and _CONTINUES.search(sentence):
            break  # "Which number comes next: 2, 4, 6?"
        joins = None if found is None or found.re is _LISTED else found["or"].casefold()
        if joins == "o" and not _ROMANCE.search(question):
            found = None  # "Quantos estados tem o Brasil?": an article
        if found is None and asks:
            break  # the question is another one
        if found is None or not (asks or _CHOOSE.match(sentence)):
            continue
        items = _items(found["before"], found["last"].strip())
        named = tuple(dict.fromkeys(plain(item) for item in items))
        fine = 2 <= len(named) <= _MOST_ITEMS and all(
            0 < len(item.split()) <= _MOST_WORDS for item in named
        )
        if fine and not _YES_NO.issuperset(item.casefold() for item in named):
            return named
    return ()


def _labelled(question: str) -> tuple[str, ...]:
    """Return the things of one name that a question describes: "Plan A ..., Plan B ... Which plan?"."""
    asks = _WHICH_ONE.search(question[-_TAIL:])
    if asks is None or _AMOUNT.search(asks[0]):
        return ()
    noun = re.escape(asks["noun"] or asks["eastern"])
    gap = r"\s+" if asks["noun"] else r"\s?"
    ends = r"(?![^\W\d_])" if asks["noun"] else "(?![A-Za-z0-9])"
    named = re.finditer(rf"(?i:{noun}){gap}(?P<mark>{_LABEL}){ends}", question[-_TAIL:])
    things = {m["mark"]: m[0] for m in named}
    return tuple(things.values()) if 1 < len(things) <= _MOST_ITEMS else ()


def _items(before: str, last: str) -> list[str]:
    _, colon, listed = before.rpartition(":")
    comma = ",(?![0-9])" if _DECIMAL.search(last) else ","
    if colon and listed.strip():
        return [*re.split(comma, listed), last]
    parts = re.split(comma, before)
    asks = [at for at, part in enumerate(parts) if _ASKS_WHICH.match(part)]
    if len(parts) > 1 and asks:  # "In chess, what does O-O mean, this or that?"
        return (
            [*parts[asks[-1] + 1 :], last]
            if parts[asks[-1] + 1 :]
            else [_tail(parts[-1], last), last]
        )
    return [_tail(parts[0], last), *parts[1:], last]


def _tail(text: str, last: str) -> str:
    """Return the end of a text that is an alternative to `last`: from its article, or as long."""
    words = text.split()
    last = NOT_IT.sub("", last)  # "spam or not spam"
    article = _ARTICLE.match(last)
    if article is not None:
        starts = [at for at, word in enumerate(words) if _ARTICLE.fullmatch(f"{word} ")]
        return " ".join(words[starts[-1] :]) if starts else ""
    return " ".join(words[-len(last.split()) :])


def plain(item: str) -> str:
    item = _AT.sub("", item.strip().strip("\"'`\u201c\u201d*_() "))
    return _ARTICLE.sub("", item, count=1).strip()
