"""The words of a question, and how many of them a sentence repeats."""

import re
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading import locate
from manyminds.reading.stems import SMALL, WORD, stem

_ASKED = re.compile(r"[^.!?\n。？]*(?:\.[0-9][^.!?\n。？]*)*[?？]")
_ASKING = frozenset(
    [
        "how",
        "many",
        "much",
        "what",
        "which",
        "who",
        "whose",
        "where",
        "when",
        "why",
        "wie",
        "viel",
        "viele",
        "welche",
        "welcher",
        "welches",
        "was",
        "wer",
        "wo",
        "wann",
        "combien",
        "quel",
        "quelle",
        "quels",
        "quelles",
        "cuánto",
        "cuánta",
        "cuántos",
        "cuántas",
        "qué",
        "cuál",
        "quanto",
        "quanta",
        "quanti",
        "quante",
        "qual",
        "quale",
        "true",
        "false",
        "quantos",
        "quantas",
        "hoeveel",
        "welk",
        "welke",
        "сколько",
        "какой",
        "какая",
        "какое",
        "ile",
        "jaki",
        "jaka",
        "jakie",
    ]
    + ["compute", "calculate", "find", "determine", "evaluate", "solve", "simplify"]
)
"""Words that ask, and no answer repeats."""
HEAD = 3  # words that the first word of a question counts for
"""What its first word counts, next to the others."""
_EASTERN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]{2,40}")
_PREFIX = 5  # letters that two forms of a word share
_LONGEST_QUESTION = 1_000  # characters at the end of a question


class Asked(NamedTuple):
    """What a question asks.

    Attributes:
        words: The stems of its words.
        head: The first of them, which names what is asked for.
    """

    words: frozenset[str]
    head: str

    def repeated(self, said: str) -> int:
        """Return how much of the question a sentence repeats; its first word counts most."""
        inside = content(said)
        head = shared(inside, frozenset([self.head])) if self.head else 0
        return shared(inside, self.words) + HEAD * head


def from_the_question_on(text: str) -> str:
    """Return a question without the statements before it, which may hold its answer."""
    asks = _ASKED.search(text)
    return text if asks is None else text[asks.start() :]


@lru_cache(maxsize=256)
def asked_in(question: str) -> Asked:
    """Return what a question asks, by the sentence that does.

    Args:
        question: The question; the words before a colon are meant where there are any.
    """
    question = question[-_LONGEST_QUESTION:]
    asks = _ASKED.findall(question)
    asked = asks[-1] if asks else (locate.sentences(question) or [""])[-1]
    before = asked.partition(":")[0]
    said = before if content(before) else asked
    words = content(said)
    first = next((one for one in WORD.findall(said) if content(one)), "")
    named = first[:1].isupper() and not said.lstrip("\u00bf ").startswith(first)
    return Asked(words, "" if named else stem(first.casefold()))


def content(text: str) -> frozenset[str]:
    """Return the stems of the words of a text that carry its meaning."""
    words = [one for one in WORD.findall(text.casefold()) if not one.isdigit()]
    for run in _EASTERN.findall(text):  # no spaces between words: pairs of characters
        words += [run[at : at + 2] for at in range(len(run) - 1)]
    return frozenset(stem(word) for word in words if word not in SMALL and word not in _ASKING)


def shared(said: frozenset[str], words: frozenset[str]) -> int:
    """Return how many words of a question others repeat, in whatever form."""
    starts = {word[:_PREFIX] for word in said if len(word) >= _PREFIX}
    return sum(word in said or word[:_PREFIX] in starts for word in words)
