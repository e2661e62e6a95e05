"""Judge: asks a model to compare or to rate answers, and keeps account of what that costs."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from manyminds.calls.ask import ask
from manyminds.errors import RunError
from manyminds.evals.judged.task import Item, JudgedTask
from manyminds.fence import numbered
from manyminds.members import Member
from manyminds.prompts import load
from manyminds.reading.loose_json import values
from manyminds.runs.context import RunContext
from manyminds.settings import DEFAULT_CONCURRENCY, Context
from manyminds.state import Candidate
from manyminds.votes.votes import pick

PAIR, RATE = "evaluation/pair@1", "evaluation/rate@1"


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
        return PAIR if self._task.kind == "pair" else RATE

    async def prefers(self, question: str, answers: tuple[str, str]) -> int | None:
        """Return which of two answers is better, 0 or 1, in this order; None: it did not say."""
        prompt = load(PAIR, variables={"answers"})
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
        low, high = self._task.scale
        names = item.aspects or tuple(self._task.aspects)
        turn = len(said) - 1
        reference = item.reference[turn]
        messages: list[BaseMessage] = []
        for asked, answer in zip(item.turns, said, strict=False):
            messages += [HumanMessage(asked), AIMessage(answer)]
        prompt = load(RATE, variables={"answers", "aspects", "scale", "reference", "example"})
        example = {"reason": "...", **dict.fromkeys(names, low + (high - low) // 2)}
        reply = await self._ask(
            prompt.render(
                messages[:-1],
                answers=numbered([said[-1]]),
                aspects="\n".join(f"- {name}: {self._task.aspects[name]}" for name in names),
                scale=f"from {low} (worst) to {high} (best)",
                reference=f"A good answer is:\n\n{numbered([reference])}" if reference else "",
                example=str(example).replace("'", '"'),
            )
        )
        found = _ratings(reply, names, low, high)
        self._unread += bool(reply) and not found
        return found

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
        rated = {
            name: float(value)
            for name, value in read.items()
            if isinstance(value, int | float) and low <= value <= high
        }
        if rated:
            return rated
    return {}
