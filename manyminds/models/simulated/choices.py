"""Questions with options: which of K ranges holds the result of a chain of arithmetic?

The more ranges there are, the less likely each is before any thought: 1/K is the prior probability
of "More Agents Is All You Need" (arXiv 2402.05120). Here is also how a simulated model reads what
it is asked, options and the levels of a hierarchical vote included.
"""

import random
import re
from collections.abc import Sequence
from typing import NamedTuple

from manyminds.errors import InputError
from manyminds.models.simulated.arithmetic import (
    Chain,
    QuestionRow,
    answered,
    questions,
    read_question,
)

MOST_OPTIONS = 256
_RANGE = re.compile(r"from (-?\d{1,12}) to (-?\d{1,12})")
_LISTED = re.compile(
    r"Which of these ranges holds it: "
    r"(from -?\d{1,12} to -?\d{1,12}(?:(?:,| or) from -?\d{1,12} to -?\d{1,12})*)\?"
)
_SPLIT = re.compile(r"Split the range found last, at first the whole range, into (\d{1,3}) equal")
_LEVEL = re.compile(
    r"The whole question:\n(.*?)\n\nFound so far:\n(.*)\n\nAnswer now only this:\n(.*)", re.DOTALL
)


class Range(NamedTuple):
    """An option: all whole numbers from `low` to `high`."""

    low: int
    high: int

    def __str__(self) -> str:
        """Write the range as questions and answers do."""
        return f"from {self.low} to {self.high}"


class Asked(NamedTuple):
    """Question of a prompt: the chain, and the ranges to choose from (none: the number itself)."""

    chain: Chain
    ranges: tuple[Range, ...] = ()

    def choose(self, result: int, draw: random.Random, misread: float = 0.0) -> tuple[str, bool]:
        """Return the answer that follows from `result`, and whether it is a guess.

        Args:
            result: result of the steps.
            draw: decides where nothing else does.
            misread: the chance to go wrong at each range that has to be told from the right one;
                so the more ranges, the harder the choice.
        """
        if not self.ranges:
            return str(result), False
        holding = [option for option in self.ranges if option.low <= result <= option.high]
        attentive = draw.random() < (1 - misread) ** (len(self.ranges) - 1)
        chosen = holding[0] if holding and attentive else draw.choice(self.ranges)
        return str(chosen), not holding


def option_questions(
    n: int,
    steps: int | Sequence[int] = 5,
    seed: int = 0,
    *,
    options: int = 4,
    span: int = 1024,
    difficulty: float = 0.5,
) -> list[QuestionRow]:
    """Make `n` arithmetic questions that ask which of some equal ranges holds the result.

    Use them where the prior probability matters: with the same arguments and other `options`, the
    chains are the same, and so is the whole range of `span` numbers. Where in it the result lies
    is drawn evenly. Answers are such as "from 64 to 127".

    Raises:
        InputError: an argument is out of range.
    """
    if not 2 <= options <= min(span, MOST_OPTIONS) or span % options:
        raise InputError(
            f"option_questions: give 2 to {MOST_OPTIONS} options, and a span that they divide"
        )
    return [
        _with_options(row, options, span, random.Random(f"options:{seed}:{row['id']}"))
        for row in questions(n, steps, seed, difficulty=difficulty)
    ]


def split_question(parts: int) -> str:
    """Return the question of a level of a hierarchical vote, from coarse to fine ranges."""
    return (
        f"Split the range found last, at first the whole range, into {parts} equal ranges. "
        "Which of them holds the result? Answer with that range, such as: from 0 to 9"
    )


def read_asked(text: str) -> Asked | None:
    """Read the last question of a prompt; None where there is no chain of arithmetic in it."""
    level = _LEVEL.search(text)
    if level is None:
        chain = read_question(text)
        return chain and Asked(chain, _listed(text[text.rindex(chain.text) :]))
    whole, found, ask = level.groups()
    asked = read_asked(ask)
    if asked is not None:
        return asked._replace(chain=_continued(asked.chain, found))
    asked, parts = read_asked(whole), _SPLIT.search(ask)
    if asked is None or parts is None or not asked.ranges:
        return asked
    last = stated_range(found) or Range(asked.ranges[0].low, asked.ranges[-1].high)
    return asked._replace(ranges=_split(last, int(parts[1])))


def stated_range(text: str) -> Range | None:
    """Return the last range in a text."""
    found: list[tuple[str, str]] = _RANGE.findall(text)
    return Range(int(found[-1][0]), int(found[-1][1])) if found else None


def _with_options(row: QuestionRow, options: int, span: int, draw: random.Random) -> QuestionRow:
    result = int(row["answer"])
    low = result - draw.randrange(span)
    ranges = _split(Range(low, low + span - 1), options)
    listed = ", ".join(map(str, ranges[:-1])) + f" or {ranges[-1]}"
    right = next(option for option in ranges if option.low <= result <= option.high)
    return QuestionRow(
        id=f"{row['id']}-of-{options}",
        question=f"{row['question']} Which of these ranges holds it: {listed}?",
        answer=str(right),
    )


def _listed(text: str) -> tuple[Range, ...]:
    found = _LISTED.search(text)
    pairs: list[tuple[str, str]] = _RANGE.findall(found[1]) if found else []
    return tuple(Range(int(low), int(high)) for low, high in pairs)


def _split(whole: Range, parts: int) -> tuple[Range, ...]:
    width = whole.high - whole.low + 1
    parts = max(1, min(parts, width))
    edges = [whole.low + width * nth // parts for nth in range(parts + 1)]
    return tuple(Range(a, b - 1) for a, b in zip(edges, edges[1:], strict=False))


def _continued(chain: Chain, found: str) -> Chain:
    """Go on from a result that was found for the first steps of the chain."""
    for earlier, value in reversed(answered(found)):
        done = len(earlier.steps)
        begun = (earlier.start, earlier.steps) == (chain.start, chain.steps[:done])
        if begun and done < len(chain.steps):
            return chain._replace(start=value, steps=chain.steps[done:], traits=chain.traits[done:])
    return chain
