"""Arithmetic with a calculator: word problems and chains of operations, with known results."""

import re
from collections.abc import Callable, Sequence
from random import Random

from typing_extensions import TypedDict

from manyminds.environments.environment import (
    ANSWERED,
    Generated,
    Sizes,
    Step,
    Task,
    Tool,
)
from manyminds.models.simulated.arithmetic import questions, read_question, solve
from manyminds.reading import numbers
from manyminds.reading.actions import FINISH, Action
from manyminds.reading.arithmetic import Number
from manyminds.reading.formulas import UNDEFINED, Point, parse

CALCULATE = "calculate"
_LONGEST = 200  # characters of an expression, and of a result
_PLACES = 10


class ArithmeticState(TypedDict):
    """State of an episode; `right` is the known result, None where it is not known."""

    right: str | None
    answer: str
    done: bool


class ArithmeticEnvironment(Generated):
    """Arithmetic with a calculator.

    A question that is no task of the set, and no chain of operations, has no known result: its
    reward is None.

    Args:
        seed: Another seed gives other tasks.
        sizes: Number of tasks in each split.
    """

    name = "arithmetic"
    about = "You solve a problem of arithmetic with a calculator."
    tools: Sequence[Tool] = (
        Tool(CALCULATE, "expression", "the value of an expression, such as calculate[3 * (4 + 5)]"),
        ANSWERED,
    )

    def made(self) -> list[Task]:
        """Return the tasks of every split; no question is in two of them."""
        return _made(self.seed, self.sizes)

    def reset(self, question: str) -> Step:
        """Start with a question; of a known one the result is kept for the reward."""
        chain, task = read_question(question), self.find(question)
        right = str(solve(chain)) if chain is not None else None if task is None else task.answer
        return Step(ArithmeticState(right=right, answer="", done=False), "")

    def step(self, state: ArithmeticState, action: Action) -> Step:
        """Calculate, or end with an answer."""
        if action.tool == FINISH:
            return Step({**state, "answer": action.argument, "done": True}, "The task has ended.")
        return Step(state, calculate(action.argument))

    def done(self, state: ArithmeticState) -> bool:
        """Return whether an answer was given."""
        return state["done"]

    def reward(self, state: ArithmeticState) -> float | None:
        """Return 1 for the known result, 0 for another one."""
        if state["right"] is None:
            return None
        given = numbers.extract(f"The answer is {state['answer'][:_LONGEST]}")
        return float(given is not None and numbers.key(given) == numbers.key(state["right"]))

    def answer(self, state: ArithmeticState) -> str:
        """Return the answer that was given."""
        return state["answer"]


def calculate(expression: str) -> str:
    """Return the value of an expression, or the reason why it has none; never runs code."""
    text = expression.strip().strip("`$").rstrip("=? ")
    if len(text) > _LONGEST:
        return f"Error: the expression has {len(text)} characters; give at most {_LONGEST}."
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.replace("**", "^"))
    text = re.sub(r"[\u00d7\u00b7]", "*", text).replace("\u00f7", "/").replace("\u2212", "-")
    text = re.sub(r"(\d+(?:\.\d+)?)\s*%(?!\s*[\d(])", r"(\1/100)", text)
    parsed = parse(text)
    if parsed is None or parsed.names:
        return f"Error: `{expression.strip()[:80]}` is no expression of numbers with + - * / ^ ( )."
    try:
        return _written(parsed.at(Point({}, real=True)))
    except UNDEFINED:
        return f"Error: `{expression.strip()[:80]}` has no value, or too large a one."


def _written(value: Number) -> str:
    if isinstance(value, complex):
        raise ValueError("not a real number")
    if isinstance(value, float):
        return f"{value:.{_PLACES}g}"
    if value.denominator == 1:
        digits = str(value.numerator) if value.numerator.bit_length() < 3 * _LONGEST else ""
        if not digits or len(digits) > _LONGEST:
            raise OverflowError
        return digits
    return f"{float(value):.{_PLACES + 2}g}"


def _shop(draw: Random) -> tuple[str, str]:
    a, b, c, d = (draw.randint(12, 98) for _ in range(4))
    text = f"A shop sells {a} lamps at {b} dollars each and {c} chairs at {d} dollars each."
    return f"{text} How many dollars is that in all?", f"{a} * {b} + {c} * {d}"


def _trip(draw: Random) -> tuple[str, str]:
    speed, hours, left = draw.randint(41, 97), draw.randint(3, 9), draw.randint(13, 39)
    text = f"A train goes {speed} km an hour for {hours} hours, then {left} km more."
    return f"{text} How many km does it go?", f"{speed} * {hours} + {left}"


def _box(draw: Random) -> tuple[str, str]:
    boxes, each, broken = draw.randint(23, 79), draw.randint(24, 96), draw.randint(11, 500)
    text = f"There are {boxes} boxes of {each} glasses. {broken} glasses are broken."
    return f"{text} How many glasses are whole?", f"{boxes} * {each} - {broken}"


def _share(draw: Random) -> tuple[str, str]:
    people, each, off = draw.randint(6, 29), draw.randint(21, 87), draw.randint(30, 95)
    text = (
        f"{people} friends share a bill of {people * each + off} dollars after {off} dollars off."
    )
    return f"{text} How many dollars does each pay?", f"({people * each + off} - {off}) / {people}"


_PROBLEMS: tuple[Callable[[Random], tuple[str, str]], ...] = (_shop, _trip, _box, _share)


def _made(seed: int, sizes: Sizes) -> list[Task]:
    draw, seen, tasks = Random(f"arithmetic:{seed}"), set[str](), list[Task]()
    chains = iter(questions(sum(n for _, n in sizes.each()), steps=[2, 3, 4], seed=seed))
    for split, count in sizes.each():
        made = 0
        while made < count:
            if made % 2:
                row = next(chains)
                question, formula = row["question"], _formula(row["question"])
            else:
                question, formula = draw.choice(_PROBLEMS)(draw)
            if question in seen:
                continue
            seen.add(question)
            answer = calculate(formula)
            solution = (Action(CALCULATE, formula), Action(FINISH, answer))
            tasks.append(Task(f"arithmetic-{split}-{made}", split, question, answer, solution))
            made += 1
    return tasks


def _formula(question: str) -> str:
    chain = read_question(question)
    assert chain is not None
    text = str(chain.start)
    for step in chain.steps:
        text = f"({text}) {step.sign} {step.operand}"
    return text
