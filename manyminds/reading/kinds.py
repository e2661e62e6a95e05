"""The kinds of answers that replies are tried for, and the kind that a reference answer has."""

from dataclasses import replace
from functools import lru_cache, partial

from manyminds.reading import (
    alternatives,
    clock,
    dates,
    durations,
    figures,
    lists,
    numbers,
    polarity,
    structured,
    years,
)
from manyminds.reading.answers import EXTRACTORS, Extractor, finding, guess
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.texts import TEXT

_LONGEST_DATE = 30  # characters
_LONGEST_QUESTION = 1_000  # characters at its end that tell what is asked for
NUMBER_WITH_COMMA = finding("number", partial(numbers.find, comma=True), numbers.key)
DATE = finding("date", dates.find, dates.key)
TIME = replace(
    finding("time", clock.find, lambda one: clock.key(one) or one), together=clock.together
)
DURATION = finding("duration", durations.find, durations.key)
KINDS = (
    YES_OR_NO,
    EXTRACTORS["choice"],
    DATE,
    TIME,
    DURATION,
    EXTRACTORS["number"],
    EXTRACTORS["math"],
)
"""In the order in which they are tried."""


@lru_cache(maxsize=64)
def kinds_of_question(question: str) -> tuple[Extractor, ...]:
    """Return the kinds that a question asks for, to be tried before all others.

    Yes or no with what repeats the question; the alternatives that it names; a list.
    """
    question = question[-_LONGEST_QUESTION:]
    kinds: list[Extractor] = []
    if polarity.asks(question):
        kinds.append(
            finding("yes or no", partial(polarity.find, question=question), polarity.truth)
        )
    named = alternatives.named_in(question)
    if named:
        kinds.append(alternatives.reader(named, question))
    listed = lists.asked_for(question)
    if listed is not None and not named:
        kinds.append(listed)
    if years.asks(question):
        kinds.append(years.YEAR)
    return tuple(kinds)


def kind_of_answer(answer: str) -> Extractor:
    """Return the reader that suits one reference answer."""
    text = answer.strip()
    if text.casefold() in ("yes", "no", "true", "false"):
        return YES_OR_NO
    if figures.is_number(text):
        return EXTRACTORS["number"]
    if (
        len(text) <= _LONGEST_DATE
        and dates.key(text)[:1].isdigit()
        and dates.find(text) is not None
    ):
        return DATE
    if text.startswith(("{", "[")) and structured.json_object(text) is not None:
        return EXTRACTORS["literal"] if structured.is_literal(text) else EXTRACTORS["json"]
    name = guess([text])
    return TEXT if name == "text" else EXTRACTORS[name]
