"""Yes or no: the words that say so, and statements that repeat a question with or without "not"."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import digits, locate, markup
from manyminds.reading.answers import find_final, finding, text_key
from manyminds.reading.cues import DENIES, REASON, answers_in
from manyminds.reading.locate import Found
from manyminds.reading.polarity_words import (
    ASPECT,
    EITHER,
    ELLIPSIS,
    JUDGES,
    OPENING_END,
    SAID,
    TURNS,
    WAS,
    WORD,
)
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import stem

_THUMBS = "\U0001f44d\U0001f44e\u2705\u274c\u2714\u2718\ufe0f"
_CHANGED = re.compile(  # "No, wait: yes."
    r"^(?:yes|no)\b\W+(?:wait|sorry|actually|hmm|correction)\b\W+(?=(?:yes|no)\b)", re.IGNORECASE
)
_AGREES = re.compile(r"(?:absolutely|certainly|definitely|of\s+course|indeed)\W*", re.IGNORECASE)
_TALKS = re.compile(  # "Certainly! Let me explain.", "Of course! Here is the answer:"
    r"(?:let|here|i|we|to|first|this|sure|happy|the\s+(?:question|answer))\b|.*[?:]\s*$|.*\b(?:if|but|however|depends)\b",
    re.IGNORECASE | re.DOTALL,
)
_JUDGED = re.compile(
    r"\W*(?:it|that|this|the\s+(?:statement|claim|sentence))(?:\s+is|'s)\s+"
    r"(?:(?P<true>true|correct)|false|incorrect|wrong)\b",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_QUESTION = re.compile(
    r"(?:^|[.!?:\n\u00bf])\s*(?:question:\s*)?(?:ist|sind|hat|haben|kann|k\u00f6nnen|est-ce\s+que|es|son|est\u00e1n?|tiene|puede|est|sont|\u00e8|sono|\u00e9|s\u00e3o|is|are|was(?!\s+\w+\s+(?:der|die|das|diese[rsnm]?|eine?|man|ich|du|er|es|wir|ihr|sie)\b|\s+(?:ist|sind|war|waren|hat|haben|wird|kann|macht|bedeutet|kostet|passiert)\b)|were|am|do|does|did|can|could|will|would|has|have|had"
    r"|should|may|must)\s+(?P<asked>(?:[^.!?\n]|\.(?=[0-9])){2,300})\?",
    re.IGNORECASE,
)
_WH = re.compile(r"\b(?:how|what|which|who|when|where|why)\b", re.IGNORECASE)
_AFTER = 60  # characters after a question, such as "Answer yes or no."
_OR = re.compile(r"\b(?:oder|ou|o|or)\b(?!\s+(?:no|not|false)\b)", re.IGNORECASE)
_TOKEN = re.compile(r"[\w]+(?:['\u2019]t)?|[+*/=<>^\u00d7]", re.UNICODE)
_NEGATION = re.compile(
    r"(?:not|no|nicht|kein\w*|pas|non|n\u00e3o|never|cannot|neither|nor|hardly|false|incorrect|untrue|wrong)\b|\w+n['\u2019]t\b"
    r"|(?:ca|do|does|did|is|are|was|wo|would|should|could|has|have)nt\b",
    re.IGNORECASE,
)
_OPEN = re.compile(
    r"\?|\b(?:or|if|unless|maybe|might|could|perhaps|either|whether|almost|nearly|only|sometimes|often"
    r"|some|most|many|may|depends|partly|partially|probably)\b",
    re.IGNORECASE,
)
_SMALL = frozenset(  # words that a sentence may have and the question not
    re.findall(
        r"\w+",
        "a an the is are was were am be been being do does did can could will would "
        "has have had should may must it its this that they he she there to of in on "
        "at by for with and as so yes true indeed also actually definitely certainly "
        "really therefore thus hence because then i think believe say number statement "
        "word fact ein eine einen einer der die das den dem ist sind un una uno el la "
        "los las es son une le les est sont n uma um os as \u00e8 \u00e9 sono s\u00e3o ",
    )
)
_EMPHASIS = re.compile(r"[*_]{1,3}(?=\w)|(?<=\w)[*_]{1,3}")
_SO = re.compile(r"[,;]\s+(?:and\s+)?(?:so|thus|hence|therefore)\b,?\s+", re.IGNORECASE)
_OPENS = re.compile(  # but not the "no" of "No human was there"
    r"^(?:yes|true|false|no(?=\s*[,.:!;\u2013\u2014-]|\s+(?:it|they|he|she|the|a|an|this|that)\b|\s+[0-9]))\b[,.:!]?\s*",
    re.IGNORECASE,
)
_NOT = re.compile(r"(?:^|\s)not\s", re.IGNORECASE)
_SHORT = re.compile(
    r"(?:indeed,?\s+)?(?:it|they|he|she|we|you|i|one|this|that)\s+(?:(?:certainly|definitely|really|indeed|also)\s+)?(?:do|does|did|can(?!n?['\u2019])|could|ca(?=n['\u2019])|wo(?=n['\u2019])|is|are|was|were|will|would|should|has|have)"
    r"(?P<no>n['\u2019]t|\s+not|not)?(?:\s+(?:indeed|so))?\W*",
    re.IGNORECASE,
)
_IS_NOT = re.compile(
    r"(?:indeed\s+)?(?:it|they|he|she|this|that)['\u2019](?:s|re)\s+not\W*", re.IGNORECASE
)
_ADVERB = re.compile(
    r"^(?:unfortunately|sadly|well|actually|fortunately|generally|technically|surprisingly|luckily|in\s+short|in\s+fact|oh|sure)\b,?\s+",
    re.IGNORECASE,
)
_SAYS_SO = re.compile(
    r"\b(?:so|thus|hence|therefore)\b,?\s+(?:the\s+answer\s+is\s+)?(?:yes|no)\W*$", re.IGNORECASE
)
_CONCLUDED = re.compile(  # "So yes, it would fit.", "..., so no."
    r"(?:^|[.!?\n,;])\W*(?:so|thus|hence|therefore|overall|in\s+short|in\s+conclusion|also|daher|donc|por\s+(?:lo\s+)?tanto|quindi)\b[,:]?\s+(?:the\s+answer\s+is\s+)?"
    r"(?:(?P<yes>yes|ja|oui|s[\u00ed\u00ec]|sim)|(?P<no>no|nein|non|n\u00e3o))(?=\s*[,.;:!\u2013\u2014]|\s*$)[^.!?\n]*[.!]?\W*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[\u3001\uff0c]|[,;:]\s+(?:(?:and\s+)?(?:so|thus|hence|therefore|also|donc)\s+)?", re.I
)
_IF = re.compile(r"\b(?:if|unless|whether|when|wenn|falls|ob|si|se|were|would)\b", re.IGNORECASE)
_NO = re.compile(r"\W*no\b", re.IGNORECASE)
_CHINESE = re.compile(
    "(?:^|[\u3002\uff01!?\uff1f\\n,:\uff0c])(?P<asked>[^\u3002!?\uff1f\\n,\uff0c]{3,100})"
    "[\u5417\u561b]\\s*[?\uff1f]?\\s*$"
)
_JAPANESE = re.compile(
    "(?:\u3067\u3059|\u307e\u3059|\u3067\u3057\u3087\u3046)\u304b[?\uff1f]?\\s*$"
)
_JAPANESE_WH = re.compile(
    "\u4f55|\u8ab0|\u3060\u308c|\u3069[\u3053\u308c\u306e\u3046\u3061]|\u3044[\u3064\u304f]|\u306a[\u305c\u3093\u306b]|\u5e7e"
)
_NOT_CHINESE = re.compile("\u5e76?\u4e0d(?=[\u662f\u80fd\u4f1a\u5c5e\u53ef])|\u6ca1(?=\u6709)")
_SAYS_YES_OR_NO = re.compile(
    r"(?:yes|no|ja|nein|oui|non|s[\u00ed\u00ec]|sim|n\u00e3o|nee|tak|nie|\u0434\u0430|\u043d\u0435\u0442),\s+(?!(?:wait|sorry|actually|but|hmm|or)\b)[^?]{5,}$",
    re.IGNORECASE,
)
_VERDICTS = re.compile(r"\b(?:yes|no|true|false)\b", re.IGNORECASE)
_LONGEST_END = 300  # characters of a last sentence
_FURTHER = re.compile(r";|,\s+(?:but|and|they|it|he|she|which)\b", re.IGNORECASE)
_PRONOUN = re.compile(r"(?:it|they|he|she|this|that)\b", re.IGNORECASE)
_MOST_SENTENCES = 3


class _Asked(NamedTuple):
    """What a yes-or-no question asks.

    Attributes:
        words: The stems of its words, in order.
        pronoun: Whether its subject is a pronoun: "Is it safe to ...?".
        said: Its words as they are written.
    """

    words: tuple[str, ...]
    pronoun: bool
    said: frozenset[str]


def asks(question: str) -> bool:
    """Return whether a question asks for yes or no."""
    named = EITHER.search(question) or _CHINESE.search(question.strip())
    japanese = _JAPANESE.search(question) and not _JAPANESE_WH.search(question)
    return bool(named or japanese) or _asked(question) is not None


def asks_nothing_else(question: str) -> bool:
    """Return whether a question ends by asking for yes or no: replies have no other kind."""
    if _CHINESE.search(question[-2_000:].strip()):
        return True
    named = EITHER.search(question[-2_000:])
    if named is not None:
        return not _WH.search(question[-2_000:], named.end())
    asked = list(_QUESTION.finditer(question[-2_000:]))
    after = question[-2_000:][asked[-1].end() :] if asked else ""
    ends = "?" not in after and len(after.strip()) <= _AFTER
    wh = bool(asked) and _WH.search(asked[-1]["asked"]) is not None
    return ends and not wh and asks(question)


_QUOTES = re.compile(r"\s*[\"\u201c\u00ab](?:yes|no)\s+\w", re.IGNORECASE)  # another's sentence


def find(text: str, question: str = "") -> Found | None:
    """Return "yes" or "no", and where a reply says so.

    Args:
        text: The reply.
        question: The question. A sentence that repeats its words in their order says yes, with
            one negation it says no.

    Returns:
        None where a reply says neither or contradicts itself ("No, it is true.").
    """
    text = markup.bare(text)
    said, where = find_final(text) or Found(readable(text).strip(), "first word")
    said = _IN_TEXT.sub(r"\1", said)
    said = (said.rpartition("?")[2].strip() or said).strip(
        f" *_\"'`#$(){{}}\\[]\u300c\u300d\u201c\u201d\u00ab\u00bb{_THUMBS}"
    )  # "False? No: true."
    word = None if where == "first word" and _QUOTES.match(readable(text)) else _word(said)
    if word is None and (judged := JUDGES.search(said[-_LONGEST_END:])) is not None:
        word, where = "yes" if any(judged.groups()) else "no", "last sentence"
    if word is None and (concluded := _CONCLUDED.search(said[-_LONGEST_END:])) is not None:
        word, where = "yes" if concluded["yes"] else "no", "last sentence"
    last = _last_verdict(readable(text)) if question and where == "first word" else None
    if None not in (word, last) and word != last:
        return None  # "Yes. ... No."
    if question and where == "first word" and word is last is None:
        last = _verdict_within(readable(text))
    word, where = (last, "last sentence") if word is None else (word, where)
    repeated = _repeated(text, question) or _repeated_in_chinese(text, question)
    if word is not None:
        return None if repeated not in (None, word) else Found(word, where)
    if repeated == "yes" and _NO.match(said):
        return None
    return locate.found(repeated, "repeats the question")


def _last_verdict(text: str) -> str | None:
    """Return what the last sentence of several says: "2 + 2 is 4. So it is true."."""
    sentences = locate.sentences(text)
    said = sentences[-1].strip(f" \"'{_THUMBS}") if sentences else ""
    cues = answers_in(said)
    clause = _CLAUSE.split(said)[-1]
    if cues and DENIES.search(cues[-1][0]):  # "The answer is not yes."
        return None
    if cues:
        said = said[cues[-1].end() :].lstrip(" :\"'")
    elif clause != said and not _IF.search(said):  # "It is so, so the statement is true."
        said = clause if SAID.fullmatch(clause.strip(" .!")) else said
    elif len(sentences) < 2:
        return None
    return None if SAID.match(said) is None else _word(said)


def _verdict_within(text: str) -> str | None:
    """Return what sentences within a reply say that begin with "Yes, ..." or "No, ..."."""
    said = [one for one in locate.sentences(text) if _SAYS_YES_OR_NO.match(one)]
    verdicts = {_word(one) for one in said}
    return verdicts.pop() if len(verdicts) == 1 else None


def _repeated_in_chinese(text: str, question: str) -> str | None:
    """Return what a sentence says that is the question, with or without its "not"."""
    asked = _CHINESE.search(question.strip())
    said = locate.sentences(readable(text))
    if asked is None or not said:
        return None
    clause = re.split("[,\uff0c\u3002;]", said[0])[0].strip(" .!")
    if clause == asked["asked"]:
        return "yes"
    return "no" if _NOT_CHINESE.sub("", clause, count=1) == asked["asked"] else None


def _word(said: str) -> str | None:
    agrees = _AGREES.match(said)
    rest = "" if agrees is None else said[agrees.end() :]
    if agrees and (not rest or agrees[0].rstrip()[-1] in ".!" and not _TALKS.match(rest)):
        return None if rest and _NEGATION.search(rest) else "yes"
    if _IS_NOT.fullmatch(said):
        return "no"
    short = _SHORT.fullmatch(said)
    if short is not None:  # "It did.", "They can't."
        return "no" if short["no"] else "yes"
    if (ellipsis := _elliptic_opening(said)) is not None:
        return ellipsis
    said = ASPECT.sub("", said)
    said = _SO.split(_ADVERB.sub("", said))[-1] if _SAYS_SO.search(said) else _ADVERB.sub("", said)
    said = _CHANGED.sub("", said)
    word = WORD.match(said)
    if word is None:
        return None
    yes = bool(word["yes"] or word["right"] or word["yes2"] or word["ja"])
    if word["turned"] and (word["yes"] or "").casefold() == "yes":
        return None  # "the answer is not yes"
    if word["turned"] or word["turned2"]:
        return "no" if yes else None  # "not false" says little
    judged = _JUDGED.match(said, word.end())
    if judged is not None and bool(judged["true"]) != yes:
        return None
    return "yes" if yes else "no"


def _elliptic_opening(said: str) -> str | None:
    """Return what a reply opens with where its verb says it: "They do not. Polar bears do."."""
    clause = OPENING_END.split(said, maxsplit=1)
    short = _SHORT.fullmatch(clause[0]) or ELLIPSIS.fullmatch(clause[0].strip(" *_"))
    if short is None or TURNS.match(clause[-1]) and len(clause) > 1:
        return None
    if not short["no"] and WAS.search(clause[0]):
        return None  # "It was. Today it is not."
    return "no" if short["no"] else "yes"


@lru_cache(maxsize=256)
def _asked(question: str) -> _Asked | None:
    found = list(_QUESTION.finditer(question[-2_000:]))
    if not found or _OR.search(found[-1]["asked"]):
        return None
    words = _content(found[-1]["asked"])
    asked = found[-1]["asked"]
    said = frozenset(_TOKEN.findall(asked.casefold()))
    return _Asked(words, _PRONOUN.match(asked) is not None, said) if words else None


def _repeated(text: str, question: str) -> str | None:
    asked = _asked(question)
    if asked is None or _NEGATION.search(" ".join(asked.words)):
        return None
    said = {
        verdict
        for sentence in locate.sentences(readable(text))[:_MOST_SENTENCES]
        if (verdict := _verdict(sentence, asked)) is not None
    }
    return said.pop() if len(said) == 1 else None


def _verdict(sentence: str, asked: _Asked) -> str | None:
    """Return what one sentence says to the question; None where it says something else."""
    sentence = _SO.split(_EMPHASIS.sub("", sentence))[-1]
    clause = REASON.split(_NOT.sub(" isn't ", sentence))[0].strip()  # ", not 5" would be a reason
    clause = _FURTHER.split(clause)[0].strip(" .!*_\"'`")
    clause = _OPENS.sub("", clause)
    opens = {word.casefold() for word in _OPEN.findall(clause)}
    if not clause or not opens <= set(asked.said):
        return None
    tokens = _TOKEN.findall(clause)
    negations = [t for t in tokens if _NEGATION.fullmatch(t)]
    said = _content(" ".join(t for t in tokens if not _NEGATION.fullmatch(t)))
    wanted = asked.words
    if _PRONOUN.match(clause):  # "It is not prime": the subject is left out
        last = len(said) < len(wanted) and wanted[-len(said) :] == said
        if not said or not (last or asked.pronoun and wanted[: len(said)] == said):
            return None
    elif said != wanted and not _elliptic(clause, said, wanted):
        return None
    return "yes" if not negations else "no" if len(negations) == 1 else None


def _elliptic(clause: str, said: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Return whether a clause denies the end of what is asked: "Not prime."."""
    return bool(said) and clause.startswith("isn't ") and wanted[-len(said) :] == said


def _content(text: str) -> tuple[str, ...]:
    text = digits.spelled(text.replace("\u00b2", "^2").replace("\u00b3", "^3"))
    words = [word.casefold() for word in _TOKEN.findall(text)]
    return tuple(stem(word) for word in words if word not in _SMALL)


def truth(answer: str) -> str:
    """Return true as yes and false as no."""
    key = text_key(answer)
    return {"true": "yes", "false": "no"}.get(key, key)


AS_TRUTH = {"yes": "True", "no": "False"}
"""Verdicts in the words of replies that speak of what is true."""


def speak_of_truth(texts: Sequence[str], question: str = "") -> bool:
    """Return whether replies say true and false, none of them yes or no, and are asked for it."""
    if question and "true" not in question.casefold():
        return False
    said = {word.casefold() for text in texts for word in _VERDICTS.findall(text[-_LONGEST_END:])}
    return bool(said) and said <= {"true", "false"}


YES_OR_NO = finding("yes or no", find, truth)
