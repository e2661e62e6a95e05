"""Yes or no: the words that say so, and statements that repeat a question with or without "not"."""

import re
from collections.abc import Sequence

from manyminds.reading import locate, markup
from manyminds.reading.answers import find_final, finding, text_key
from manyminds.reading.cues import DENIES, answers_in
from manyminds.reading.locate import Found
from manyminds.reading.polarity_repeated import NEGATION, QUESTION, SO, asked_in, repeated_in
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
_WH = re.compile(r"\b(?:how|what|which|who|when|where|why)\b", re.IGNORECASE)
_AFTER = 60  # characters after a question, such as "Answer yes or no."
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
_LETTERS = {"t": "yes", "f": "no", "y": "yes", "n": "no"}
"""What replies write for true, false, yes and no where the question offers the two."""
_COLON = re.compile(
    r"^[^:?]*\w:\s+\W*((?:yes|no|ja|nein|oui|non|s[\u00ed\u00ec]|sim)\W*)$", re.IGNORECASE
)
_VERDICTS = re.compile(r"\b(?:yes|no|true|false)\b", re.IGNORECASE)
_LONGEST_END = 300  # characters of a last sentence


def asks(question: str) -> bool:
    """Return whether a question asks for yes or no."""
    named = EITHER.search(question) or _CHINESE.search(question.strip())
    japanese = _JAPANESE.search(question) and not _JAPANESE_WH.search(question)
    return bool(named or japanese) or asked_in(question) is not None


def asks_nothing_else(question: str) -> bool:
    """Return whether a question ends by asking for yes or no: replies have no other kind."""
    if _CHINESE.search(question[-2_000:].strip()):
        return True
    named = EITHER.search(question[-2_000:])
    if named is not None:
        return not _WH.search(question[-2_000:], named.end())
    asked = list(QUESTION.finditer(question[-2_000:]))
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
    letter = _LETTERS.get(said.strip(" .()").casefold()) if EITHER.search(question) else None
    if letter is not None:
        return Found(letter, where)
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
    repeated = repeated_in(text, question) or _repeated_in_chinese(text, question)
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
    sentences = locate.sentences(text)
    verdicts = {_word(one) for one in sentences if _SAYS_YES_OR_NO.match(one)}
    verdicts |= {_word(m[1]) for one in sentences if (m := _COLON.search(one)) is not None}
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
        return None if rest and NEGATION.search(rest) else "yes"
    if _IS_NOT.fullmatch(said):
        return "no"
    short = _SHORT.fullmatch(said)
    if short is not None:  # "It did.", "They can't."
        return "no" if short["no"] else "yes"
    if (ellipsis := _elliptic_opening(said)) is not None:
        return ellipsis
    said = ASPECT.sub("", said)
    said = SO.split(_ADVERB.sub("", said))[-1] if _SAYS_SO.search(said) else _ADVERB.sub("", said)
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
