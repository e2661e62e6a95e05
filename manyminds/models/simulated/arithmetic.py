"""Chains of arithmetic: questions that can be made, read out of a prompt, and got wrong plausibly.

How hard a question is belongs to the question: it follows from its text alone, so every simulated
model finds the same steps hard, and is drawn to the same slips.
"""

import random
import re
from collections.abc import Sequence
from functools import lru_cache
from math import log
from typing import NamedTuple

from typing_extensions import TypedDict

from manyminds.errors import InputError

MAX_STEPS = 64
_SIGNS = {"Add": "+", "Subtract": "-", "Multiply by": "*"}
_VERBS = {sign: verb for verb, sign in _SIGNS.items()}
_STEP = r"(?:Add|Subtract|Multiply by) -?\d{1,9}\."
_CHAIN = re.compile(
    rf"Start with -?\d{{1,9}}\.(?:\s+{_STEP}){{1,{MAX_STEPS}}}\s+What is the result\?"
)
_ANSWERED = re.compile(rf"({_CHAIN.pattern})\s+(-?\d[\d,]{{0,30}})")
_START = re.compile(r"Start with (-?\d+)\.")
_STEPS = re.compile(r"(Add|Subtract|Multiply by) (-?\d+)\.")
# Spread of difficulty, in log-odds of getting a step wrong: between questions, between steps.
_BETWEEN_QUESTIONS, _BETWEEN_STEPS = 0.7, 0.5
_PER_DIGIT, _PER_MULTIPLICATION = 0.5, 0.3
# The same step is harder within a longer question: its odds of an error grow with the square root
# of the number of steps. At five, for which skill is given, it changes nothing.
_CROWDING, _USUAL_STEPS = 0.5, 5
# Spread makes the average question harder than the question of average hardness; this undoes it.
_CENTRE = -0.22


class QuestionRow(TypedDict):
    """A question with its answer, as `manyminds eval --data` reads them."""

    id: str
    question: str
    answer: str


class Step(NamedTuple):
    """One operation: `sign` is +, - or *."""

    sign: str
    operand: int

    def apply(self, value: int) -> int:
        """Compute this step."""
        if self.sign == "+":
            return value + self.operand
        return value - self.operand if self.sign == "-" else value * self.operand


class Trait(NamedTuple):
    """How one step tempts to err.

    Attributes:
        hardness: log-odds added to a model's chance of getting this step wrong; 0 is average.
        trap: uniform in 0..1; a model whose share of systematic errors exceeds it always errs.
        slip: which of the wrong results tempts most; index into `slips`.
    """

    hardness: float
    trap: float
    slip: int


class Chain(NamedTuple):
    """A question as read, with the traits of its steps."""

    text: str
    start: int
    steps: tuple[Step, ...]
    traits: tuple[Trait, ...]


def questions(
    n: int, steps: int | Sequence[int] = 5, seed: int = 0, *, difficulty: float = 0.5
) -> list[QuestionRow]:
    """Make `n` arithmetic questions of `steps` steps, each with its answer.

    Use them with simulated members, where recorded or real ones are not available. With several
    numbers of steps, questions take them in turn. `difficulty` from 0 (one digit) over 1 (three) to
    3 (seven) sets how long the numbers are. Same arguments, same questions.

    Raises:
        InputError: an argument is out of range.
    """
    lengths = [steps] if isinstance(steps, int) else list(steps)
    if n < 0 or not lengths or not all(1 <= length <= MAX_STEPS for length in lengths):
        raise InputError(f"questions: give n of at least 0 and steps from 1 to {MAX_STEPS}")
    if not 0 <= difficulty <= 3:
        raise InputError("questions: give a difficulty from 0 to 3")
    return [_question(i, lengths[i % len(lengths)], seed, difficulty) for i in range(n)]


def _question(index: int, steps: int, seed: int, difficulty: float) -> QuestionRow:
    draw = random.Random(f"{seed}:{steps}:{difficulty:g}:{index}")
    largest = round(10 ** (1 + 2 * difficulty))
    value = draw.randint(2, largest)
    text = [f"Start with {value}."]
    for _ in range(steps):
        # Values stay below a thousand times the operands: long chains remain readable.
        verbs = ["Add", "Subtract"] if value > largest else ["Add", "Multiply by"]
        verb = draw.choice(verbs)
        operand = draw.randint(2, 9 if verb == "Multiply by" else largest)
        value = Step(_SIGNS[verb], operand).apply(value)
        text.append(f"{verb} {operand}.")
    text.append("What is the result?")
    name = f"arithmetic-{seed}-{steps}-{difficulty:g}-{index}"
    return QuestionRow(id=name, question=" ".join(text), answer=str(value))


def read_question(text: str) -> Chain | None:
    """Read the last arithmetic question in a text, or None where there is none."""
    found: list[str] = _CHAIN.findall(text)
    return _chain(found[-1]) if found else None


def answered(text: str) -> list[tuple[Chain, int]]:
    """Read the questions in a text that are followed by a whole number, and those numbers."""
    found: list[tuple[str, str]] = _ANSWERED.findall(text)
    return [(_chain(question), int(value.replace(",", ""))) for question, value in found]


def write_question(start: int, steps: Sequence[Step]) -> str:
    """Write a chain as `read_question` reads it."""
    done = " ".join(f"{_VERBS[step.sign]} {step.operand}." for step in steps)
    return f"Start with {start}. {done} What is the result?"


@lru_cache(maxsize=4096)
def _chain(text: str) -> Chain:
    first = _START.match(text)
    start = int(first.group(1)) if first else 0
    steps = tuple(Step(_SIGNS[verb], int(number)) for verb, number in _STEPS.findall(text))
    # Layout is no part of the question: the same chain over two lines is equally hard.
    draw = random.Random(f"traits:{start}:{steps}")
    whole = draw.gauss(0, _BETWEEN_QUESTIONS) + _CROWDING * log(len(steps) / _USUAL_STEPS)
    traits = tuple(_trait(step, whole, draw) for step in steps)
    return Chain(text, start, steps, traits)


def _trait(step: Step, whole: float, draw: random.Random) -> Trait:
    nominal = _CENTRE + _PER_DIGIT * (len(str(abs(step.operand))) - 2)
    if step.sign == "*":
        nominal += _PER_MULTIPLICATION
    return Trait(
        hardness=nominal + whole + draw.gauss(0, _BETWEEN_STEPS),
        trap=draw.random(),
        slip=draw.randrange(12),
    )


def solve(chain: Chain) -> int:
    """Compute the right answer; for tests and graders, never for a member."""
    value = chain.start
    for step in chain.steps:
        value = step.apply(value)
    return value


def slips(step: Step, value: int) -> list[int]:
    """List plausible wrong results of one step: a carry, a digit, the wrong sign, nothing done."""
    right = step.apply(value)
    other = value - step.operand if step.sign == "+" else value + step.operand
    found = [right + 10, right - 10, right + 1, right - 1, right + 100, other, value]
    return [wrong for wrong in dict.fromkeys(found) if wrong != right]
