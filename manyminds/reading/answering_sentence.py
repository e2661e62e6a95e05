"""Which of several sentences with a date or a time answers the question.

"The wall fell on 9 November 1989. Reunification came on 3 October 1990." answers "When did the wall
fall?" in its first sentence.
"""

import re

from manyminds.reading import clock, locate
from manyminds.reading.answers import Extractor
from manyminds.reading.asked import Asked, asked_in
from manyminds.reading.discourse import contrary, is_aside, is_marked, so
from manyminds.reading.locate import Found

_KINDS = frozenset(("date", "time"))
_CALCULATES = re.compile(
    r"[=\u2248+]|[0-9]\s+(?:plus|minus)\b|\b(?:add(?:ing)?|subtract\w*)\b", re.IGNORECASE
)
_PRONOUN = re.compile(
    r"(?:it|he|she|they|this|er|sie|es|il|elle|ce|\u00e9l|ella|lui|lei|ele|ela|\u043e\u043d|\u043e\u043d\u0430|\u043e\u043d\u043e|\u5b83|\u4ed6|\u5979)(?!\w)",
    re.IGNORECASE,
)
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
    if found is None and kind.name == "date":
        return None
    sentences = locate.sentences(text)[-_MOST_SENTENCES:]
    last = sentences[-1] if sentences else ""
    if len(sentences) < 2 or so(last) or is_marked(last) or _CALCULATES.search(text):
        return found
    asked = asked_in(question)
    stated = _stated(kind, sentences, asked)
    new = [one for one in stated if not _is_given(one[1].answer, question)]
    if found is None:  # the only one that the question does not give
        alone = len({kind.key(said.answer) for _, said in new}) == 1
        return Found(new[0][1].answer, WHERE) if alone else None
    if new and _is_given(found.answer, question):
        alone = len({kind.key(said.answer) for _, said in new}) == 1
        return Found(new[0][1].answer, WHERE) if alone else found
    score, best = max(new or stated, key=lambda one: one[0], default=(0, found))
    fine = score > asked.repeated(last) + len(asked.words) / 2
    return Found(best.answer, WHERE) if fine else found


def _is_given(answer: str, question: str) -> bool:
    """Say whether a question has a date or time itself."""
    written = {clock.key(m[0]) for m in clock.WRITTEN.finditer(question)}
    return answer.rstrip(".") in question or clock.key(answer) in written - {None}


def _stated(kind: Extractor, sentences: list[str], asked: Asked) -> list[tuple[int, Found]]:
    """Return what the sentences state, each with how much of the question it repeats."""
    own = [one for one in sentences if not (contrary(one) or is_aside(one))]
    said = [
        (
            asked.repeated(one) + _THING * (not at and _PRONOUN.match(one) is not None),
            kind.located(one),
        )
        for at, one in enumerate(own)
    ]
    return [(score, one) for score, one in said if one is not None]
