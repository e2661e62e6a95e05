"""Answers in words: what a reply states, and which of two wordings name the same thing."""

import re
from collections.abc import Sequence

from manyminds.reading import dates, locate
from manyminds.reading.answers import find_final, finding, text_key
from manyminds.reading.cues import ANSWER_IS
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

_ARTICLE = re.compile(
    r"^(?:(?:on|in|at|by)\s+)?(?:(?:the|a|an|der|die|das|le|la|les|el|los|las)\s+)?"
)
_ASIDE = re.compile(r"\s*[(\uff08][^()\uff08\uff09]{0,80}[)\uff09]\s*$")
_REASON = re.compile(r"[,;]?\s+(?:because|since|as it|weil|parce que|porque)\b.*", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:it(?:'|\u2019)?s|it is|that(?:'|\u2019)?s|this is|i(?: would|'?d) say|i think"
    r"|i believe|i guess|i say|the (?:output|result|value) is|c'est|es ist|es)\s+){1,2}",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|never|nor|wrong|incorrect|instead|rather|\w+n't|nicht|kein\w*|pas|no es)\b"
    r"|不是|не\s",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|it's|that's|has|have|called|ist|sind|war|est|sont|es|son|fue)\b|[是はが]|\s[\u2014-]\s",
    re.IGNORECASE,
)
_SMALL = frozenset(  # words that add nothing to an answer
    re.findall(
        r"\w+",
        "the a an of in on at by to for and or it is was are were be this that its i think would "
        "say so der die das ist la le les el los las de du des est es un una than then very more "
        "most much also only just do does did has have had can will there their his her he she "
        "they we you as but no with from",
    )
)
_SET = re.compile(r"\\?\{(?P<items>[^{}]+?)\\?\}")
_AND = re.compile(r"\s*,?\s+(?:and|&|und|et|y)\s+|\s*,\s*")
_RANGE = re.compile(r"(?<=[0-9])\s*(?:[-\u2013\u2014~]|\bto\b|\bbis\b|\u81f3|\u5230)\s*(?=[0-9])")
_ALSO = re.compile(r"\b(?:and|und|et|y)\b|&")
_WORD = re.compile(r"\w+", re.UNICODE)
_EASTERN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_SHORT = 6  # words of a whole reply that can be an answer
_LONGEST = 2_000  # characters in which the answers of other replies are looked for
_SENTENCE = 40  # words of a sentence that states an answer
_OPEN = re.compile(r"\?|\b(?:or|maybe|might|could|perhaps|either|oder|ou|quiz\w+)\b", re.IGNORECASE)
_MOST_NEW = 3  # words of a sentence that are its answer
NEW_WORDS = "words that the question lacks"
MENTION = "mention of another reply's answer"


def stated(text: str) -> Found | None:
    """Return the words in which a reply states its answer."""
    place = find_final(text)
    text = readable(text)
    place = place or locate.found(locate.bold(text), "bold text")
    whole = text.strip()
    short = len(whole.split()) <= _SHORT and not whole.endswith("?")
    if place is None and short and not (_DENIES.search(whole) and ANSWER_IS.search(whole)):
        place = Found(whole, "whole reply")
    if place is None:
        return None
    said = _OPENING.sub("", _REASON.sub("", locate.plain(place.answer))).strip(" .,:;!*_\"'`\u3002")
    return locate.found(said or None, place.where)


def plain_key(answer: str) -> str:
    """Return a text answer without case, article, quotes, aside and punctuation.

    A date becomes year, month and day; a set its sorted elements; a list is joined by "&".
    """
    day = dates.key(answer)
    if day[:4].isdigit() and day[4:5] == "-":
        return day
    items = _SET.fullmatch(answer.strip())
    if items is not None:
        return "{" + ", ".join(sorted({item.strip() for item in items["items"].split(",")})) + "}"
    key = _ASIDE.sub("", text_key(answer)).strip("\"'`\u201c\u201d\u2018\u2019 .,:;!\u3002")
    key = _RANGE.sub("-", key)
    parts = _AND.split(key)
    if len(parts) > 2 or len(parts) == 2 and "," not in key:
        key = " & ".join(parts)
    return _ARTICLE.sub("", key) or key


TEXT = finding("text", stated, plain_key)
"""Reads what a reply states in words."""


def mentioned(
    texts: Sequence[str | None],
    answers: Sequence[Found | None],
    refused: Sequence[bool],
    asked: str,
) -> list[Found | None]:
    """Give a reply that states its answer in a sentence the one answer of the others in it.

    Args:
        texts: The replies.
        answers: What each states.
        refused: Whether each refuses to answer.
        asked: The question.
    """
    asked_words = _SMALL | set(_WORD.findall(asked.casefold()))
    found = [
        _new_words(one, asked_words) if asked and _is_sentence(text, one) else one
        for text, one in zip(texts, answers, strict=True)
    ]
    known: dict[str, str] = {}
    for one, text in zip(found, texts, strict=True):
        if one is not None and not _is_sentence(text, one):
            known.setdefault(plain_key(one.answer), one.answer)
    for position, text in enumerate(texts):
        one = found[position]
        if text is None or refused[position] or one is not None and one.where != "whole reply":
            continue
        shown = readable(text)[:_LONGEST]
        mentions = [] if _DENIES.search(shown) else _mentions(shown, known)
        if len(mentions) != 1:
            continue
        sentence = _is_sentence(text, one)
        if one is None or sentence or _adds_nothing(shown, mentions[0], asked_words):
            found[position] = Found(mentions[0], MENTION)
    return found


def _new_words(one: Found | None, asked_words: "frozenset[str] | set[str]") -> Found | None:
    """Return the words of a sentence that the question lacks, if they are few and side by side."""
    if one is None or _DENIES.search(one.answer) or _OPEN.search(one.answer):
        return one
    words = list(_WORD.finditer(one.answer))
    new = [at for at, word in enumerate(words) if word[0].casefold() not in asked_words]
    side_by_side = bool(new) and new[-1] - new[0] == len(new) - 1
    if not side_by_side or len(new) > _MOST_NEW or len(new) == len(words):
        return one
    return Found(one.answer[words[new[0]].start() : words[new[-1]].end()], NEW_WORDS)


def _is_sentence(text: str | None, one: Found | None) -> bool:
    """Say whether a short reply is a sentence about its answer, not the answer alone."""
    return text is not None and one is not None and one.where == "whole reply" and _speaks(text)


def _speaks(text: str) -> bool:
    """Say whether a text is a sentence: it has a verb such as "is", or a full stop and a word that
    is no name.
    """
    words = text.split()
    plain = any(word.isalpha() and word.islower() and word not in _SMALL for word in words)
    ended = len(words) > 2 and text.rstrip().endswith((".", "!")) and plain
    return _COPULA.search(text) is not None or ended


def _adds_nothing(shown: str, answer: str, asked_words: "frozenset[str] | set[str]") -> bool:
    """Say whether the words around an answer are those of the question."""
    inner = set(_WORD.findall(answer.casefold()))
    words = set(_WORD.findall(shown.casefold()))
    return len(words - inner) > 0 and words - inner <= asked_words


def _mentions(shown: str, known: dict[str, str]) -> list[str]:
    """Return the known answers in a text, without those that stand inside another one."""
    words = f" {' '.join(_WORD.findall(_ALSO.sub(' ', shown.casefold())))} "
    keys = [key for key in known if _holds(words, shown, key)]
    keys = [key for key in keys if not any(key != other and key in other for other in keys)]
    return [known[key] for key in keys]


def _holds(words: str, shown: str, key: str) -> bool:
    if dates.key(shown) == key:
        return True
    inner = " ".join(_WORD.findall(_ALSO.sub(" ", key)))
    if _EASTERN.search(inner):
        return inner in shown.casefold()
    return bool(inner) and f" {inner} " in words


def contained(distinct: list[str]) -> dict[str, str]:
    """Merge "Paris, France" and "the city of Paris" into "Paris", "New York" not into "York"."""
    first: dict[str, str] = {}
    for answer in distinct:
        first.setdefault(plain_key(answer), answer)
    merged = dict(zip(first, first, strict=True))
    for key in first:
        held = [other for other in first if other != key and _qualifies(key, other)]
        if len(held) == 1 and not _DENIES.search(key):
            merged[key] = held[0]
    return {answer: first[merged[plain_key(answer)]] for answer in distinct}


def _qualifies(key: str, inner: str) -> bool:
    return key.startswith(f"{inner}, ") or key.endswith(f" of {inner}")


def states(text: str, answer: str) -> bool:
    """Say whether a reply states a known answer, such as a reference answer.

    It does where its answer is the same or says more of the same ("Paris, France" for "Paris"), or
    where it is a short sentence with the answer that denies nothing and names no alternative.
    """
    found = stated(text)
    if found is not None:
        same = contained([answer, found.answer])
        if same[answer] == same[found.answer]:
            return True
        if found.where != "whole reply":
            return False
    shown = readable(text).strip()
    if len(shown.split()) > _SENTENCE or _DENIES.search(shown) or _OPEN.search(shown):
        return False
    if found is not None and not _speaks(shown):
        return False
    return bool(_mentions(shown, {plain_key(answer): answer}))
