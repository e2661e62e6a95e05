"""Statements that repeat a yes-or-no question: with one "not" they say no, without it yes."""

import re
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import digits, locate
from manyminds.reading.cues import REASON
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import stem

QUESTION = re.compile(
    r"(?:^|[.!?:\n\u00bf])\s*(?:question:\s*)?(?:ist|sind|hat|haben|kann|k\u00f6nnen|est-ce\s+que|es|son|est\u00e1n?|tiene|puede|est|sont|\u00e8|sono|\u00e9|s\u00e3o|is|are|was(?!\s+\w+\s+(?:der|die|das|diese[rsnm]?|eine?|man|ich|du|er|es|wir|ihr|sie)\b|\s+(?:ist|sind|war|waren|hat|haben|wird|kann|macht|bedeutet|kostet|passiert)\b)|were|am|do|does|did|can|could|will|would|has|have|had"
    r"|should|may|must)\s+(?P<asked>(?:[^.!?\n]|\.(?=[0-9])){2,300})\?",
    re.IGNORECASE,
)

_OR = re.compile(r"\b(?:oder|ou|o|or)\b(?!\s+(?:no|not|false)\b)", re.IGNORECASE)

_TOKEN = re.compile(r"[\w]+(?:['\u2019]t)?|[+*/=<>^\u00d7]", re.UNICODE)

NEGATION = re.compile(
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
        "my your our i you we word fact "
        "ein eine einen einer der die das den dem ist sind un una uno el la "
        "los las es son une le les est sont n uma um os as \u00e8 \u00e9 sono s\u00e3o ",
    )
)

_EMPHASIS = re.compile(r"[*_]{1,3}(?=\w)|(?<=\w)[*_]{1,3}")

SO = re.compile(
    r"(?:[,;]\s+(?:and\s+)?|\s+and\s+)(?:so|thus|hence|therefore)\b,?\s+", re.IGNORECASE
)

_OPENS = re.compile(  # but not the "no" of "No human was there"
    r"^(?:yes|true|false|no(?=\s*[,.:!;\u2013\u2014-]|\s+(?:it|they|he|she|the|a|an|this|that)\b|\s+[0-9]))\b[,.:!]?\s*",
    re.IGNORECASE,
)

_NOT = re.compile(r"(?:^|\s)not\s", re.IGNORECASE)

_FURTHER = re.compile(r";|,\s+(?:but|and|they|it|he|she|which)\b", re.IGNORECASE)

_PRONOUN = re.compile(r"(?:it|they|he|she|this|that)\b", re.IGNORECASE)

_MOST_SENTENCES = 3

_FEWEST = 3  # words of a question that a reply repeats with one left out


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


@lru_cache(maxsize=256)
def asked_in(question: str) -> _Asked | None:
    """Return what a yes-or-no question asks; None for another one, or one with alternatives."""
    found = list(QUESTION.finditer(question[-2_000:]))
    if not found or _OR.search(found[-1]["asked"]):
        return None
    words = _content(found[-1]["asked"])
    asked = found[-1]["asked"]
    said = frozenset(_TOKEN.findall(asked.casefold()))
    return _Asked(words, _PRONOUN.match(asked) is not None, said) if words else None


def repeated_in(text: str, question: str) -> str | None:
    """Return yes or no, as the first sentences repeat a question; None: neither, or both."""
    asked = asked_in(question)
    if asked is None or NEGATION.search(" ".join(asked.words)):
        return None
    said = {
        verdict
        for sentence in locate.sentences(readable(text))[:_MOST_SENTENCES]
        if (verdict := _verdict(sentence, asked)) is not None
    }
    return said.pop() if len(said) == 1 else None


def _verdict(sentence: str, asked: _Asked) -> str | None:
    """Return what one sentence says to the question; None where it says something else."""
    sentence = SO.split(_EMPHASIS.sub("", sentence))[-1]
    clause = REASON.split(_NOT.sub(" isn't ", sentence))[0].strip()  # ", not 5" would be a reason
    clause = _FURTHER.split(clause)[0].strip(" .!*_\"'`")
    clause = _OPENS.sub("", clause)
    opens = {word.casefold() for word in _OPEN.findall(clause)}
    if not clause or not opens <= set(asked.said):
        return None
    tokens = _TOKEN.findall(clause)
    negations = [t for t in tokens if NEGATION.fullmatch(t)]
    said = _content(" ".join(t for t in tokens if not NEGATION.fullmatch(t)))
    wanted = asked.words
    if _PRONOUN.match(clause):  # "It is not prime": the subject is left out
        last = len(said) < len(wanted) and wanted[-len(said) :] == said
        if not said or not (last or asked.pronoun and wanted[: len(said)] == said):
            return None
    elif said != wanted and not (_elliptic(clause, said, wanted) or _shortened(said, wanted)):
        return None
    return "yes" if not negations else "no" if len(negations) == 1 else None


def _elliptic(clause: str, said: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Return whether a clause denies the end of what is asked: "Not prime."."""
    return bool(said) and clause.startswith("isn't ") and wanted[-len(said) :] == said


def _shortened(said: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    """Return whether words are those asked for but one: "1900 was" for "Was the year 1900"."""
    rest = iter(wanted)
    return len(said) >= max(_FEWEST, len(wanted) - 1) and all(word in rest for word in said)


def _content(text: str) -> tuple[str, ...]:
    text = digits.spelled(text.replace("\u00b2", "^2").replace("\u00b3", "^3"))
    words = [word.casefold() for word in _TOKEN.findall(text)]
    return tuple(stem(word) for word in words if word not in _SMALL)
