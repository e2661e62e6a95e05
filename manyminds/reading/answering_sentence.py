"""Which of several sentences with a date or a time answers the question.

"The wall fell on 9 November 1989. Reunification came on 3 October 1990." answers "When did the wall
fall?" in its first sentence.
"""

import re

from manyminds.reading import clock, digits, locate
from manyminds.reading.answers import Extractor
from manyminds.reading.asked import asked_in, content, shared
from manyminds.reading.discourse import contrary, is_aside, is_marked, so
from manyminds.reading.locate import Found
from manyminds.reading.revised import turns
from manyminds.reading.stems import SMALL, WORD
from manyminds.reading.texts import OPEN

_KINDS = frozenset(("date", "time", "duration"))
_CALCULATES = re.compile(
    r"[=\u2248+]|[0-9]\s+(?:plus|minus)\b|\b(?:add(?:ing)?|subtract\w*)\b", re.IGNORECASE
)
_PRONOUN = re.compile(
    r"(?:it|he|she|they|this|er|sie|es|il|elle|ce|\u00e9l|ella|lui|lei|ele|ela|\u043e\u043d|\u043e\u043d\u0430|\u043e\u043d\u043e|\u5b83|\u4ed6|\u5979)(?!\w)",
    re.IGNORECASE,
)
_ITS = re.compile(
    r"\W*(?:its|their|his|her|sein\w*|ihr\w*|son|sa|ses|leurs?|sus?|il\s+suo|la\s+sua|o\s+seu|a\s+sua|zijn|haar)\s+\w",
    re.I,
)
_ITS_TOTAL = re.compile(
    r"\W*\w+\s+(?:\w+\s+)?(?:total|height|length|width|depth|age|area|volume|price|cost|sum|weight|mass|speed|h\u00f6he|l\u00e4nge|alter|preis|hauteur|longueur|prix|altura|precio|altezza)\b",
    re.I,
)
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_WHILE = re.compile(
    r",\s+(?:while|whereas|w\u00e4hrend|alors\s+qu(?:e\s|['\u2019])|tandis\s+qu(?:e\s|['\u2019])|mientras\s+(?:que\s+)?|mentre|enquanto|ao\s+passo\s+que|terwijl|\u0442\u043e\u0433\u0434\u0430\s+\u043a\u0430\u043a|podczas\s+gdy)\s*"
    "|[\uff0c,](?=\u4e0d\u8fc7|\u800c)",
    re.IGNORECASE,
)
_EACH = re.compile(
    r"\b(?:each|every|per|pro|je|jeder?|chaque|cada|ogni|twice|double|half|times|more|fewer|less|doppelt|mehr|weniger|plus\s+de|moins)\b|\u6bcf|\u500d",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"\b(?:so|total|together|altogether|all|remain\w*|left|now|then|answer|result|leaves?|makes?|gives?|insgesamt|zusammen|\u00fcbrig|dann|jetzt|reste\w*|maintenant|quedan?|ahora|restano|ora)\b|\u5269|\u5171|\u73b0",
    re.IGNORECASE,
)
_FEW_SENTENCES = 3
_DIES = re.compile(r"\b(?:did|does|do|will)\b[^?]*\bdie\b", re.IGNORECASE)  # not the article
_AROUND = frozenset(
    [
        *("about", "around", "approximately", "roughly", "exactly", "just", "um", "gegen", "etwa"),
        *("genau", "am", "vers", "environ", "las", "sobre", "unos", "circa", "verso", "cerca"),
    ]
)
"""Words beside an answer alone."""
_THING = 2  # words that a pronoun at the beginning stands for
_MOST_SENTENCES = 12
WHERE = "sentence that repeats the question"


def read(kind: Extractor, text: str, found: Found | None, question: str) -> Found | None:
    """Return the date or time of the sentence that answers, or what was found.

    Args:
        kind: The reader.
        text: The reply, as `readable` returns it.
        found: What the reader finds in all of the reply.
        question: The question.
    """
    if kind.name not in _KINDS or found is not None and found.where != "last sentence":
        return found
    if (opening := _opening(kind, text)) is not None:
        return opening
    if found is None and kind.name == "date" or kind.name == "duration":
        return found
    sentences = locate.sentences(text)[-_MOST_SENTENCES:]
    last = sentences[-1] if sentences else ""
    if len(sentences) < 2 or so(last) or is_marked(last) or _CALCULATES.search(text):
        return found
    words = asked_in(question).words | ({"die"} if _DIES.search(question) else frozenset())
    stated = _stated(kind, sentences, words)
    new = [one for one in stated if not _is_given(one[1].answer, question)]
    if found is None or new and _is_given(found.answer, question):
        alone = len({kind.key(said.answer) for _, said in new}) == 1
        return Found(new[0][1].answer, WHERE) if alone else found
    score, best = max(new or stated, key=lambda one: one[0], default=(0, found))
    ending = shared(content(last), words) + (_PRONOUN.match(last) is not None)
    more = score > ending + len(words) / 2 or score >= len(words) > ending
    return Found(best.answer, WHERE) if len(words) > 1 and more else found


def _opening(kind: Extractor, text: str) -> Found | None:
    """Return the answer that stands alone in the first of several sentences: "At about 6 am."."""
    first, *further = locate.sentences(text)[:_MOST_SENTENCES] or [""]
    if not further or any(so(one) or is_marked(one) or turns(one) for one in further):
        return None
    stated = None if _CALCULATES.search(text) else kind.located(first)
    left = "" if stated is None else first.replace(stated.answer.rstrip("."), " ")
    words = set(WORD.findall(left.casefold())) - SMALL
    return (
        None
        if stated is None or not _AROUND.issuperset(words)
        else Found(stated.answer, "first sentence")
    )


def _is_given(answer: str, question: str) -> bool:
    """Say whether a question has a date or time itself."""
    written = {clock.key(m[0]) for m in clock.WRITTEN.finditer(question)}
    return answer.rstrip(".") in question or clock.key(answer) in written - {None}


def number(kind: Extractor, text: str, question: str) -> Found | None:
    """Return the number of the sentence that repeats the question, before those about others.

    "The tower rises to 330 m. Its third floor lies at 276 m.", "Spain has 17, while Italy has 20."
    """
    every = locate.sentences(text)
    if len(every) > _FEW_SENTENCES or OPEN.search(text) or turns(text):
        return None
    sentences = [one for one in every if _NUMBER.search(digits.spelled(one))]
    clauses = [part for one in sentences for part in _WHILE.split(one)]
    if not 1 < len(clauses) <= _FEW_SENTENCES or _CALCULATES.search(text) or _EACH.search(text):
        return None
    words = asked_in(question).words
    first, *further = clauses
    same = shared(content(first), words)
    if same < max(1, len(words) / 2) or any(so(one) or is_marked(one) for one in further):
        return None
    parts = all(map(is_of_a_part, further))
    others = len(words) > 1 and same >= len(words) - 1 and not any(map(_TOTAL.search, further))
    others = others and all(2 * shared(content(one), words) <= same for one in further)
    stated = kind.located(first) if parts or others else None
    given = stated is not None and stated.answer in _NUMBER.findall(question)
    return None if stated is None or given else Found(stated.answer, WHERE)


def is_of_a_part(sentence: str) -> bool:
    """Say whether a sentence begins with what belongs to the thing before: "Its roof"."""
    return _ITS.match(sentence) is not None and not _ITS_TOTAL.match(sentence)


def _stated(
    kind: Extractor, sentences: list[str], words: frozenset[str]
) -> list[tuple[int, Found]]:
    """Return what the sentences state, each with how many words of the question it repeats."""
    own = [one for one in sentences if not (contrary(one) or is_aside(one))]
    said = [
        (
            shared(content(one), words) + _THING * (not at and _PRONOUN.match(one) is not None),
            kind.located(one),
        )
        for at, one in enumerate(own)
    ]
    return [(score, one) for score, one in said if one is not None]
