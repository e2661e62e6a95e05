"""A chain of arithmetic as a step task: each operation is asked by itself and voted on."""

import re

from langchain_core.messages import BaseMessage, HumanMessage

from manyminds.errors import InputError
from manyminds.models.simulated.arithmetic import read_question
from manyminds.reading import numbers
from manyminds.tasks.step import RedFlag

_VERBS = {"+": "Add", "-": "Subtract", "*": "Multiply by"}
_WHOLE = re.compile(r"-?[0-9]{1,4000}")  # Python reads no number beyond 4,300 digits


class Arithmetic:
    """Work out "Start with 17. Add 5. ... What is the result?" one operation at a time.

    Its state is {"value": number, "steps": the operations to do, "next": index of the next}.
    """

    name = "arithmetic"

    def start(self, question: str) -> dict[str, object]:
        """Read the chain out of the question."""
        chain = read_question(question)
        if chain is None:
            raise InputError("Arithmetic: ask 'Start with 17. Add 5. ... What is the result?'")
        steps = [[step.sign, step.operand] for step in chain.steps]
        return {"value": chain.start, "steps": steps, "next": 0}

    def prompt(self, state: dict[str, object]) -> list[BaseMessage]:
        """Ask for the result of the next operation alone."""
        sign, operand = self._operation(state)
        asked = f"Start with {state['value']}. {_VERBS[sign]} {operand}. What is the result?"
        return [HumanMessage(asked)]

    def parse(self, reply: str, state: dict[str, object]) -> str:
        """Read the whole number that the reply calls its answer."""
        found = numbers.extract(reply)
        if found is None or _WHOLE.fullmatch(plain := found.replace(",", "")) is None:
            raise RedFlag("the reply has no whole number")
        return str(int(plain))

    def apply(self, state: dict[str, object], step: str) -> dict[str, object]:
        """Go on with the voted result."""
        done = state["next"]
        assert isinstance(done, int)
        return {**state, "value": int(step), "next": done + 1}

    def done(self, state: dict[str, object]) -> bool:
        """Return whether every operation was done."""
        steps = state["steps"]
        assert isinstance(steps, list)
        return state["next"] == len(steps)

    def answer(self, state: dict[str, object]) -> str:
        """Return the result."""
        return f"The answer is {state['value']}."

    def _operation(self, state: dict[str, object]) -> tuple[str, int]:
        steps, nth = state["steps"], state["next"]
        assert isinstance(steps, list) and isinstance(nth, int)
        sign, operand = steps[nth]
        return sign, operand
