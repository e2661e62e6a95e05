"""A problem in plain language as a step task: members write the next step of the solution."""

import re
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from manyminds.errors import InputError
from manyminds.fence import in_one_line
from manyminds.prompts import load
from manyminds.reading import numbers
from manyminds.reading.reasoning import readable, visible
from manyminds.tasks.step import RedFlag

PROMPT = "stepwise/reasoning@2"
_FINAL = re.compile(
    r"^[\W_]*(?:the\s+)?final\s+answer[*_\s]*(?P<form>:|=|is\b)\s*(?P<said>[^\n]+)"
    "|^[\\W_]*\u6700\u7ec8\u7b54\u6848[*_\\s]*(?:\u662f|\u4e3a|:)\\s*(?P<chinese>[^\\n]+)",
    re.IGNORECASE | re.MULTILINE,
)
_ANSWERS = re.compile(
    r"\W*\d|(?!(?:\w+ed|found|given|now|then|just|simply|the)\b)\S+(?:\s+\S+){0,2}$", re.IGNORECASE
)
_FINDS = re.compile(
    r"(?:[=\u2248]|\b(?:is|are|was|were|has|have|had|gives?|gets?|makes?|equals?|leaves?|left"
    r"|remains?|costs?|totals?|earns?|spends?|pays?|needs?|of)\b|[\u662f\u4e3a\u5f97\u6709])"
    r"[\s$*\u20ac\u00a3\u00a5]*(?P<number>[-\u2212]?\d[\d,.]*(?:/\d+)?%?)"
)
_PLACEHOLDER = re.compile(r"^[(<\[]?\s*(?:the|your)\s+answer\s*[)>\]]?$|^\.{3}$", re.IGNORECASE)


class Reasoning:
    """Let a model write the next reasoning step and say when it is finished.

    Proposals are compared by what they state: whether the solution is finished is a vote of its
    own, then final answers are counted, or steps by the number they find. Its state is
    {"question": text, "steps": texts}.

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
        """Take the reply as it is, without reasoning markup and outer blanks."""
        step = visible(reply).strip()
        if not step or len(step) > self.longest:
            raise RedFlag(f"a step has 1 to {self.longest} characters")
        said = _said(step)
        if said is not None and _PLACEHOLDER.match(said):
            raise RedFlag("the final answer is a placeholder")
        return step

    def apply(self, state: dict[str, Any], step: str) -> dict[str, Any]:
        """Add the step."""
        return {**state, "steps": [*state["steps"], step]}

    def done(self, state: dict[str, Any]) -> bool:
        """Return whether the last step states the final answer, or the limit is reached."""
        steps = state["steps"]
        return bool(steps) and (len(steps) >= self.most or self.final(steps[-1]) is not None)

    def final(self, step: str) -> str | None:
        """Return the answer of a step that begins a line with "Final answer:"."""
        return _said(step)

    def states(self, step: str) -> str | None:
        """Return the number that a step finds: the last after "=", "is", "has" and the like."""
        found = list(_FINDS.finditer(readable(step)))
        if not found:
            return None
        number = found[-1]["number"].rstrip(".,").replace("\u2212", "-")
        return str(numbers.key(number))

    def answer(self, state: dict[str, Any]) -> str:
        """Return the solution, its last line the final answer."""
        return "\n".join(state["steps"])


def _said(step: str) -> str | None:
    """Return the text after the last cue of a final answer at the start of a line."""
    found = list(_FINAL.finditer(readable(step)))
    if not found:
        return None
    last = found[-1]
    said = (last["said"] or last["chinese"]).strip(" *_`.")
    if (last["form"] or "").casefold() == "is" and not _ANSWERS.match(said):
        return None  # "The final answer is the sum of both" announces a step
    return said or None
