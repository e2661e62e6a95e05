"""The kinds of answers that replies are tried for, and the kind that a reference answer has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache, partial

from manyminds.reading import (
    alternatives,
    alternatives_asked,
    bases,
    calendar_names,
    choice_sets,
    choices,
    clock,
    complexity,
    dates,
    durations,
    figures,
    json_answers,
    json_fields,
    labelled,
    lists,
    locate,
    numbered,
    numbers,
    option_texts,
    orders,
    ordinals,
    polarity,
    ranges,
    ratios,
    shares,
    structured,
    years,
)
from manyminds.reading.answers import EXTRACTORS, Extractor, finding, guess, text_key
from manyminds.reading.locate import Found
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.polarity_words import EITHER
from manyminds.reading.quantities import QUANTITY, is_quantity
from manyminds.reading.reasoning import readable
from manyminds.reading.restated import restated
from manyminds.reading.subjects import sentence_asked
from manyminds.reading.texts import TEXT

_JSON = re.compile(
    r"\b(?:as|in|into|of|valid|a|the|return|reply|respond|output|give|write|produce)\s+(?:a\s+)?JSON\b(?!\s+(?:file|stand))",
    re.IGNORECASE,
)
_LONGEST_LETTER = 3  # characters of an answer that can be a letter
_COMPOUND = frozenset(("list", "duration", "ratio", "time"))
_METRES = re.compile(r"[0-9][0-9.,\s]*m")  # minutes, where a question asks for a length of time
_WHEN = re.compile(r"\s*when\b", re.IGNORECASE)
_RELATION = re.compile(r"[a-z]\s*=\s*[-0-9\\]")
_LONGEST_DATE = 30  # characters
_LONGEST_QUESTION = 1_000  # characters at its end that tell what is asked for
NUMBER_WITH_COMMA = finding("number", partial(numbers.find, comma=True), numbers.key)
DATE = replace(finding("date", dates.find, dates.key), together=dates.together)
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
    ranges.RANGE,
    EXTRACTORS["math"],
)
"""In the order in which they are tried."""
_ASKED: tuple[tuple[Callable[[str], bool], Callable[[str], Extractor]], ...] = (
    (bases.asks, lambda _: bases.BASE),
    (complexity.asks, lambda _: complexity.COMPLEXITY),
    (calendar_names.asks, calendar_names.reader),
    (shares.asks, lambda _: shares.SHARE),
    (clock.asks, lambda _: TIME),
    (durations.asks, durations.reader),
    (ordinals.asks, lambda _: ordinals.ORDINAL),
    (ratios.asks, lambda _: ratios.RATIO),
    (years.asks, years.reader),
)
"""Kinds that a question names: whether it does, and their reader."""


@lru_cache(maxsize=64)
def kinds_of_question(question: str) -> tuple[Extractor, ...]:
    """Return the kinds that a question asks for, to be tried before all others.

    Yes or no with what repeats the question; the alternatives that it names; a list.
    """
    question = question[-_LONGEST_QUESTION:]
    kinds: list[Extractor] = []
    chosen = () if EITHER.search(question) else alternatives_asked.named_in(question)
    either = bool(chosen) and not question.rstrip().endswith("?")  # "Answer spam or ham."
    if polarity.asks(question) and not either:
        kinds.append(
            finding("yes or no", partial(polarity.find, question=question), polarity.truth)
        )
    ordered = orders.asked_for(question)
    named = () if ordered is not None else chosen
    if named:
        kinds.append(alternatives.reader(named, question))
    listed = ordered or lists.asked_for(question)
    if listed is not None and not named:
        kinds.append(listed)
    if _JSON.search(question):
        kinds.insert(0, json_fields.reader(question))
    kinds += [reader(question) for asks, reader in _ASKED if asks(question)]
    return tuple(kinds)


@lru_cache(maxsize=64)
def lettered(options: tuple[tuple[str, str], ...], question: str = "") -> Extractor:
    """Return the reader of choices among options: letters, each with its text.

    Args:
        options: The options.
        question: The question; where it asks for all that apply, an answer has several letters.
    """
    label = labelled.label_in(question, len(options))
    by_letter = labelled.texts(dict(options), label)
    asked, first = question[-_LONGEST_QUESTION:], options[0][1]
    asked = asked.partition(first)[0] if first else asked  # without the options
    asked = sentence_asked(question) if label else asked
    several = choice_sets.asks(question[-_LONGEST_QUESTION:])

    def letter(text: str) -> Found | None:
        if several:
            return choice_sets.find(text, by_letter)
        text = labelled.as_option(text, label)
        text = option_texts.wrong_as_asked(text, asked)
        exception = option_texts.asked_for_the_exception(asked)
        found = choices.find(text, by_letter, asked)
        if found is None and not exception:
            found = _filled_in(text, by_letter, asked)
        elif found is None and not locate.places(readable(text)):
            left = option_texts.left_over(readable(text), by_letter)
            found = locate.found(left, "option that is left over")
        if found is not None or exception or locate.places(readable(text)):
            return found
        marks = {mark: f"option {mark}" for mark in by_letter} if label else {}
        mark = label and labelled.compared_in(readable(text), marks, asked)
        mark = mark or option_texts.given_the_question(readable(text), marks or by_letter, asked)
        return None if mark is None else Found(mark, "words of the question")

    return finding("choice", letter, lambda answer: answer.strip(" ().").upper())


def _filled_in(text: str, options: Mapping[str, str], question: str) -> Found | None:
    """Return the letter of the one option that a reply fills into the question."""
    filled = restated(text, question.partition("?")[0] + "?")
    if filled is None:
        return None
    first = filled.answer.partition(" and ")[0]  # "absorb A and release B"
    mark = option_texts.named(filled.answer, options) or option_texts.named(first, options)
    return None if mark is None else Found(mark, filled.where)


def kind_of_answer(answer: str, question: str = "") -> Extractor:
    """Return the reader that suits one reference answer to a question."""
    text = answer.strip()
    options = choices.options_in(question) if question and len(text) <= _LONGEST_LETTER else {}
    if text.strip("()").upper() in options:
        return lettered(tuple(options.items()), question)
    listed = numbered.options_in(question) if question else {}
    if numbered.option_of(text, listed) is not None:
        return numbered.reader(tuple(listed.items()), question)
    asked = _asked_kind(text, question) if question else None
    if asked is not None:
        return asked
    if _RELATION.match(text):
        return EXTRACTORS["math"]
    if text.casefold() in ("yes", "no", "true", "false"):
        return YES_OR_NO
    if figures.is_number(text):
        return EXTRACTORS["number"]
    if is_quantity(text):
        return QUANTITY
    if (
        len(text) <= _LONGEST_DATE
        and dates.key(text)[:1].isdigit()
        and dates.find(text) is not None
    ):
        return DATE
    if text.startswith(("{", "[")) and json_answers.json_object(text) is not None:
        return EXTRACTORS["literal"] if structured.is_literal(text) else EXTRACTORS["json"]
    name = guess([text])
    return TEXT if name == "text" else EXTRACTORS[name]


def _asked_kind(text: str, question: str) -> Extractor | None:
    """Return the reader of a reference answer that is of the kind its question asks for."""
    for kind in (*kinds_of_question(question), TIME, DURATION):
        if kind is DURATION and _METRES.fullmatch(text):
            continue
        if kind.name in _COMPOUND and _is_whole(kind, text):
            return kind
    if years.is_year(text) and (years.asks(question) or _WHEN.match(question)):
        return years.reader(question)
    return None


def _is_whole(kind: Extractor, answer: str) -> bool:
    """Return whether an answer is one of a kind and nothing else."""
    found = kind.extract(answer)
    return found is not None and (kind.name == "list" or text_key(found) == text_key(answer))
