"""A problem in plain language as a step task: members write the next step of the solution."""

from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from manyminds.errors import InputError
from manyminds.fence import in_one_line
from manyminds.prompts import load
from manyminds.reading import locate as phrases
from manyminds.tasks.step import RedFlag

PROMPT = "stepwise/reasoning@1"


class Reasoning:
    """Let a model write the next reasoning step and say when it is finished.

    Steps that say the same in other words do not add up by themselves, so vote on them by
    similarity: `create_stepwise_voting(..., task=Reasoning(), vote="bleu", stop="fixed:5")`.
    Its state is {"question": text, "steps": texts}.

    Args:
        most: steps at most; the last one is taken as the answer then.
        longest: characters of a step at most; a longer reply is flagged.
        prompt: with the variables `question` and `steps`.
    """

    name = "reasoning"

    def __init__(
        self,
        *,
        most: int = 20,
        longest: int = 2_000,
        prompt: str | Path | ChatPromptTemplate = PROMPT,
    ) -> None:
        if most < 1 or longest < 1:
            raise InputError("Reasoning: give at least 1 step and at least 1 character a step")
        self.most, self.longest = most, longest
        self._prompt = load(prompt, default=PROMPT, variables={"question", "steps"})

    def start(self, question: str) -> dict[str, Any]:
        """Return the problem without any step."""
        return {"question": question, "steps": []}

    def prompt(self, state: dict[str, Any]) -> list[BaseMessage]:
        """Ask for the next step."""
        steps = "\n".join(f"{n}. {in_one_line(step)}" for n, step in enumerate(state["steps"], 1))
        return self._prompt.render([], question=state["question"], steps=steps or "(none)")

    def parse(self, reply: str, state: dict[str, Any]) -> str:
        """Take the reply as it is, without outer blanks."""
        step = reply.strip()
        if not step or len(step) > self.longest:
            raise RedFlag(f"a step has 1 to {self.longest} characters")
        return step

    def apply(self, state: dict[str, Any], step: str) -> dict[str, Any]:
        """Add the step."""
        return {**state, "steps": [*state["steps"], step]}

    def done(self, state: dict[str, Any]) -> bool:
        """Say whether the last step states the final answer, or the limit is reached."""
        steps = state["steps"]
        return bool(steps) and (len(steps) >= self.most or _final(steps[-1]) is not None)

    def answer(self, state: dict[str, Any]) -> str:
        """Return the solution, its last line the final answer."""
        return "\n".join(state["steps"])


def _final(step: str) -> str | None:
    return phrases.after_cue(step) if "final answer" in step.lower() else None
