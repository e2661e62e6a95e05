"""The kinds of answers that replies are tried for, and the kind that a reference answer has."""

import re
from functools import partial

from manyminds.reading import dates, numbers, structured
from manyminds.reading.answers import EXTRACTORS, Extractor, find_final, finding, guess, text_key
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.texts import TEXT

_LONGEST_DATE = 30  # characters
_YES_NO = re.compile(
    r"^(?:(?:the|this)\s+(?:statement|claim|sentence|answer)\s+is\s+|(?:it|that|this)(?:\s+is|'s)\s+)?"
    r"(?:(?P<yes>yes|true)|(?P<no>no|false))\b"
    r"(?!-|\s*/|\.\s*[0-9]|\s+(?:one|idea|clue|doubt|problem|or|and)\b)"
    r"|(?:(?P<ja>ja|oui|s[\u00edi]|sim|\u0434\u0430|\u662f\u7684?|\u5bf9|\u306f\u3044)"
    r"|(?P<nein>nein|non|n\u00e3o|\u043d\u0435\u0442|\u5426|\u4e0d\u662f|\u4e0d\u5bf9|\u3044\u3044\u3048))"
    r"(?=\s*(?:[.,;:!\u3002\u3001]|\u3067\u3059|$))",
    re.IGNORECASE,
)


_JUDGED = re.compile(
    r"\W*(?:it|that|this|the\s+(?:statement|claim|sentence))(?:\s+is|'s)\s+"
    r"(?:(?P<true>true|correct)|false|incorrect|wrong)\b",
    re.IGNORECASE,
)


def _yes_or_no(text: str) -> Found | None:
    said, where = find_final(text) or Found(readable(text).strip(), "first word")
    said = (said.rpartition("?")[2].strip() or said).strip(" *_\"'`")  # "False? No: true."
    word = _YES_NO.match(said)
    if word is None:
        return None
    judged = _JUDGED.match(said, word.end())
    if judged is not None and bool(judged["true"]) != bool(word["yes"] or word["ja"]):
        return None  # "No, it is true."
    return Found("yes" if word["yes"] or word["ja"] else "no", where)


def _truth(answer: str) -> str:
    """Return true as yes and false as no."""
    key = text_key(answer)
    return {"true": "yes", "false": "no"}.get(key, key)


YES_OR_NO = finding("yes or no", _yes_or_no, _truth)
NUMBER_WITH_COMMA = finding("number", partial(numbers.find, comma=True), numbers.key)
DATE = finding("date", dates.find, dates.key)
KINDS = (YES_OR_NO, EXTRACTORS["choice"], DATE, EXTRACTORS["number"], EXTRACTORS["math"])
"""In the order in which they are tried."""


def kind_of_answer(answer: str) -> Extractor:
    """Return the reader that suits one reference answer."""
    text = answer.strip()
    if text.casefold() in ("yes", "no", "true", "false"):
        return YES_OR_NO
    if numbers.is_number(text):
        return EXTRACTORS["number"]
    if len(text) <= _LONGEST_DATE and dates.key(text) != " ".join(text.casefold().split()):
        return DATE
    if text.startswith(("{", "[")) and structured.json_object(text) is not None:
        return EXTRACTORS["literal"] if structured.is_literal(text) else EXTRACTORS["json"]
    name = guess([text])
    return TEXT if name == "text" else EXTRACTORS[name]
