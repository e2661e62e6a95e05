"""Judge: asks a model to compare or to rate answers, and keeps account of what that costs."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.calls.ask import ask
from manyminds.errors import RunError
from manyminds.evals.judged.task import Item, JudgedTask
from manyminds.fence import numbered
from manyminds.members import Member
from manyminds.prompts import load
from manyminds.reading.loose_json import Json, values
from manyminds.runs.context import RunContext
from manyminds.settings import DEFAULT_CONCURRENCY, Context
from manyminds.state import Candidate
from manyminds.votes.votes import pick

PROMPTS = {
    "pair": "evaluation/pair@1",
    "rate": "evaluation/rate@1",
    "grade": "evaluation/grade@1",
}
_RATING = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)(?:\s*/\s*\d{1,3})?")


class Spent(NamedTuple):
    """What the judge's calls took.

    Attributes:
        calls: Number of calls.
        failed: Calls without a reply that could be read.
        tokens: Tokens, in and out.
        cost: Dollars; None where a price is not known.
    """

    calls: int
    failed: int
    tokens: int
    cost: float | None


class Judge:
    """A model that grades answers, at temperature 0.

    Args:
        member: The model.
        task: What is graded.
        seed: Seed of the run.
    """

    def __init__(self, member: Member, task: JudgedTask, *, seed: int = 0) -> None:
        self._member, self._task = member, task
        self._replies: list[Candidate] = []
        self._unread = 0
        settings = Context(seed=seed, concurrency=DEFAULT_CONCURRENCY, params={})
        self._run = RunContext(
            id=f"judge-{seed}",
            method="judge",
            question_id=task.name,
            question="",
            settings=settings,
        )

    @property
    def prompt(self) -> str:
        """Name and version of the judge's prompt."""
        return PROMPTS[self._task.kind]

    @property
    def model(self) -> str:
        """Name of the model."""
        return self._member.name

    async def prefers(self, question: str, answers: tuple[str, str]) -> int | None:
        """Return which of two answers is better, 0 or 1, in this order; None: it did not say."""
        prompt = load(self.prompt, variables={"answers"})
        reply = await self._ask(prompt.render([HumanMessage(question)], answers=numbered(answers)))
        chosen = pick(reply, 2) if reply else None
        self._unread += bool(reply) and chosen is None
        return chosen

    async def rates(self, item: Item, said: Sequence[str]) -> Mapping[str, float]:
        """Return the ratings of the last of some turns by aspect; those not read are left out.

        Args:
            item: The conversation.
            said: Answers to its turns so far.
        """
        (worst, best), (low, high) = self._task.scale, self._task.limits
        names = item.aspects or tuple(self._task.aspects)
        turn = len(said) - 1
        reference = item.reference[turn]
        messages: list[BaseMessage] = []
        for asked, answer in zip(item.turns, said, strict=False):
            messages += [HumanMessage(asked), AIMessage(answer)]
        prompt = load(
            self.prompt, variables={"answers", "aspects", "scale", "reference", "example"}
        )
        example = {"reason": "...", **dict.fromkeys(names, (low + high) // 2)}
        reply = await self._ask(
            prompt.render(
                messages[:-1],
                answers=numbered([said[-1]]),
                aspects="\n".join(f"- {name}: {self._task.aspects[name]}" for name in names),
                scale=f"from {worst} (worst) to {best} (best)",
                reference=f"A good answer is:\n\n{numbered([reference])}" if reference else "",
                example=str(example).replace("'", '"'),
            )
        )
        found = _ratings(reply, names, low, high)
        self._unread += bool(reply) and not found
        return found

    async def correct(self, item: Item, answer: str) -> bool | None:
        """Return whether an answer is right, by the item's reference; None: it did not say."""
        prompt = load(self.prompt, variables={"answers", "reference"})
        shown = {"answers": numbered([answer]), "reference": numbered([item.reference[0] or ""])}
        reply = await self._ask(prompt.render([HumanMessage(item.turns[0])], **shown))
        found = [one.value for one in values(reply) if isinstance(one.value, dict)]
        said = next((one["right"] for one in reversed(found) if "right" in one), None)
        right = said if isinstance(said, bool) else None
        self._unread += bool(reply) and right is None
        return right

    async def _ask(self, prompt: list[BaseMessage]) -> str:
        place = len(self._replies)
        reply = await ask(
            self._member,
            prompt,
            self._run,
            role="judge",
            index=place,
            draw=place,
            params={"temperature": 0.0},
        )
        self._replies.append(reply)
        if reply["status"] != "ok" and place == 0 and reply["error"] is not None:
            raise RunError(f"the judge cannot be asked: {reply['error']['message']}")
        return reply["text"] if reply["status"] == "ok" else ""

    @property
    def spent(self) -> Spent:
        """What the judge's calls took so far."""
        failed = sum(reply["status"] != "ok" for reply in self._replies) + self._unread
        tokens = sum(sum(map(int, _counts(reply))) for reply in self._replies)
        costs = [reply["cost"] for reply in self._replies]
        known = [cost for cost in costs if cost is not None]
        whole = sum(known) if len(known) == len(costs) else None
        return Spent(len(self._replies), failed, tokens, whole)


def _counts(reply: Candidate) -> tuple[int, int]:
    return reply["usage"]["input_tokens"], reply["usage"]["output_tokens"]


def _ratings(reply: str, names: Sequence[str], low: int, high: int) -> dict[str, float]:
    """Return the ratings in a reply, within the scale; the last object that has some counts."""
    for found in reversed(values(reply)):
        if not isinstance(found.value, dict):
            continue
        given = {str(key).casefold(): value for key, value in found.value.items()}
        read = {name: given.get(name.casefold()) for name in names}
        if len(names) == 1 and names[0].casefold() not in given:
            read = {names[0]: found.value}  # {"reason": ..., "score": 4}
        numbers = {name: _rating(value) for name, value in read.items()}
        rated = {
            name: value
            for name, value in numbers.items()
            if value is not None and low <= value <= high
        }
        if rated:
            return rated
    return {}


def _rating(value: Json) -> float | None:
    """Return a rating: a number, a text such as "4" or "4/5", or an object with one of these."""
    if isinstance(value, dict):
        inner = [one for one in map(_rating, value.values()) if one is not None]
        return inner[0] if len(inner) == 1 else None
    if isinstance(value, str):
        text = _RATING.fullmatch(value.strip())
        return float(text[1]) if text else None
    return None if isinstance(value, bool | list) or value is None else float(value)
