# ruff: noqa: E501 - patterns are easier to read in one line
"""Who did what a question asks for: "It was written by Ann Lee", "Ann Lee wrote it in 1901".

The object may be a pronoun, which no repetition of the question shows.
"""

import re
from functools import lru_cache

from manyminds.reading.cut_off import whole_sentences
from manyminds.reading.discourse import is_aside, so, unmarked
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL, WORD, stem
from manyminds.reading.texts import DENIES, OPEN

_ASKS = re.compile(
    r"(?:^|[.!?,:;\n¿]\s*)(?:who|wer|qui|quién(?:es)?|chi|quem|кто)\s+(?:(?:has|have|had|first|originally|a|ha|hat|haben)\s+)*(?P<verb>[^\W\d_]{3,20})\s+(?P<what>[^?\n]{2,150})\?",
    re.IGNORECASE,
)
_WORD = r"[A-ZÀ-ÞА-Я][\w'’-]*\.?"
_NAME = rf"{_WORD}(?:\s+(?:{_WORD}|(?:van|von|der|de|del|della|da|di|du|la|le|bin|al|den)(?=\s))){{0,4}}"
_CLEFT = re.compile(
    rf"\W*(?:(?:[Ii]t|[Tt]his|[Tt]hat)\s+(?:was|is)|[Ee]s\s+(?:war|ist)|[Cc]['’](?:est|était)|[Ff]ue|[Ff]oi|[EÈÉ]\s+stat[oa]|[Ff]u)\s+(?P<who>{_NAME}),?\s+(?:who|that|qui|quien|che|quem|que|der|die)\s+(?P<rest>[^.;]{{3,150}})"
)
_DOES = re.compile(
    rf"\W*(?P<who>{_NAME})\s+(?:(?:first|originally|then|also|himself|herself|has|had|a|ha|hat)\s+)*(?P<verb>[^\W\d_]{{3,20}})\s+(?P<what>it|him|her|them|this|these|ihn|sie|es|das|(?:the|this|that|den|die|das|le|la|el|il|o|a)\s+(?P<noun>[^\W\d_]+))(?!\w)(?!\s+(?:off|up|down|out|over)\b)"
)
_DID = re.compile(rf"\W*(?P<who>{_NAME})\s+did\b(?=\s*(?:[,.;:(]|in\s|so\b|$))")
_BUT_IT = re.compile(r",\s+(?:but|aber|mais|pero|ma|mas)\s+(?=(?:it|es|c['’]|fue|foi|è)\b)")
_DONE = re.compile(
    rf"\W*(?:(?:it|this|that|they|he|she|er|sie|es|il|elle|ele|ela|lui|lei)(?!\w)|(?:the|this|der|die|das|le|la|el|il|o|a)\s+(?P<noun>[^\W\d_]+))?(?:\s+\w+){{0,2}}?\s*(?:was|were|is|wurde|a\s+été|fue|ha\s+sido|foi|fu|è\s+stat[oa])\s+(?P<rest>[^.;]{{0,80}}?)\b(?:by|vo[nm]|par|por|pelo|pela|da|dal)\s+(?:the\s+\w+\s+)?(?P<who>(?-i:{_NAME}))(?P<behind>[^.;]{{0,60}})",
    re.IGNORECASE,
)
_HEARSAY = re.compile(
    r"\b(?:some|many|people|scholars|others|allegedly|supposedly|reportedly|claim\w*|believe\w*|propos\w+|attribut\w+|rumou?r\w*|based|inspired|not|angeblich|prétend\w*)\b",
    re.IGNORECASE,
)
_NOT_OTHER = re.compile(r",\s+(?:and\s+)?not\s+[^,;.]{1,40},")
_PRONOUN = frozenset(
    ("it", "this", "that", "they", "he", "she", "we", "you", "i", "er", "sie", "es", "das", "il", "elle", "ce", "the", "in", "on",
     "manche", "viele", "einige", "some", "many", "others", "most", "people", "certains", "beaucoup", "algunos", "muchos", "alcuni", "molti", "alguns", "muitos", "certain", "several")
)  # fmt: skip
_LETTERS = 4  # that two forms of a verb share
_MOST_SENTENCES = 8
_LONGEST_QUESTION = 1_000


@lru_cache(maxsize=64)
def _asked(question: str) -> tuple[str, frozenset[str]] | None:
    """Return the verb of a question that asks who, and the words of its object."""
    asks = list(_ASKS.finditer(question[-_LONGEST_QUESTION:]))
    if len(asks) != 1 or asks[0]["verb"].casefold() in SMALL:
        return None
    return asks[0]["verb"].casefold(), frozenset(WORD.findall(asks[0]["what"].casefold()))


def doer(text: str, question: str) -> str | None:
    """Return the one name of which a reply says that it did what a question asks for."""
    asked = _asked(question)
    if asked is None:
        return None
    sentences = whole_sentences(readable(text))[:_MOST_SENTENCES]
    named = {name for said in sentences if (name := _named(said, *asked)) is not None}
    return named.pop() if len(named) == 1 else None


def _named(said: str, verb: str, what: frozenset[str]) -> str | None:
    said = _NOT_OTHER.sub(",", said)
    if DENIES.search(said) or OPEN.search(said) or _HEARSAY.search(said) or is_aside(said):
        return None
    said = unmarked(said) if so(said) else said
    if (did := _DID.match(said)) is not None and did["who"].split()[0].casefold() not in _PRONOUN:
        return did["who"].strip().rstrip(".")
    said = _BUT_IT.split(said)[-1]
    for form in (_CLEFT, _DONE, _DOES):
        found = form.match(said)
        if found is None or found["who"].split()[0].casefold() in _PRONOUN:
            continue
        parts = found.groupdict()
        if (noun := parts.get("noun")) is not None and noun.casefold() not in what:
            continue
        spoken = parts.get("verb") or f"{parts.get('rest')} {parts.get('behind') or ''}"
        if any(_alike(word, verb) for word in WORD.findall(spoken.casefold())):
            return found["who"].strip().rstrip(".")
    return None


def _alike(word: str, verb: str) -> bool:
    """Say whether two words are forms of one verb: "painted" and "paint", "geschrieben"."""
    if stem(word) == stem(verb):
        return True
    bare = word.removeprefix("ge")
    return len(bare) >= _LETTERS and len(verb) >= _LETTERS and bare[:_LETTERS] == verb[:_LETTERS]
