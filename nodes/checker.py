"""checker: says whether the last answer passes: a function of the host's, or a member."""

import inspect
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from typing_extensions import TypedDict

from manyminds.aio import in_thread
from manyminds.calls.ask import ask
from manyminds.errors import InputError
from manyminds.members import Member
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.persona import addressed
from manyminds.nodes.tries import latest
from manyminds.prompts import Prompt, numbered
from manyminds.reading.roles import read_rating
from manyminds.reading.structured import json_object
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import DEFAULT_CONCURRENCY, Context
from manyminds.state import Candidate

Outcome: TypeAlias = bool | tuple[bool, str]
Check: TypeAlias = Callable[[str], Outcome] | Callable[[str], Awaitable[Outcome]]
ENOUGH = 7.0
UNREADABLE = "no verdict could be read: the answer was taken as it is"


class Checked(TypedDict):
    """Whether an answer passed, None where nobody could tell, and what was found."""

    passed: bool | None
    feedback: str


@dataclass(frozen=True)
class MemberCheck:
    """A member judges; asked once more where its reply cannot be read, then the next in the chain.

    Attributes:
        members: who judges, and who takes over.
        prompt: with the variable `answer`; the reply scores it from 0 to 10, and 7 is enough.
        first: the number of its first draw.
    """

    members: Sequence[Member]
    prompt: Prompt
    first: int

    async def judge(
        self, answer: str, state: State, run: RunContext
    ) -> tuple[Checked, list[Candidate]]:
        """Return the verdict and what was asked for it."""
        asked: list[Candidate] = []
        order = [member for member in self.members for _ in range(2)]
        for nth, member in enumerate(order):
            reply = await ask(
                member,
                self.prompt.render(addressed(state["messages"], member), answer=numbered([answer])),
                run,
                role="checker",
                index=nth,
                draw=self.first + (state["layer"] - 1) * len(order) + nth,
                layer=state["layer"],
            )
            asked.append(reply)
            checked = read_verdict(reply["text"])
            if checked is not None:
                return checked, asked
        return Checked(passed=None, feedback=""), asked


def checker(check: Check | MemberCheck, *, method: str, tries: int, context: Context) -> Node:
    """Return the checker's node; an answer that passes, or is the last, becomes the final one.

    Args:
        check: a function from the answer's text to whether it passes, or to that and what is
            wrong; or a member.
        method: name of the method.
        tries: answers at most.
        context: the builder's settings.

    Raises:
        InputError: while running, if the function returns something else.
    """

    async def run(state: State) -> Update:
        answer = latest(state)
        update: Update = {}
        if isinstance(check, MemberCheck):
            ctx = RunContext.of(state, method, context)
            checked, asked = await check.judge(answer["text"], state, ctx)
            update["spent"] = spent_on(asked)
        else:
            checked = await _called(check, answer["text"])
        update |= {"passed": checked["passed"], "feedback": checked["feedback"]}
        if checked["passed"] is None:
            return {**update, "final": answer, "notes": [UNREADABLE]}
        if checked["passed"]:
            return {**update, "final": answer}
        if state["layer"] < tries:
            return update
        note = f"none of {tries} answers passed the check: this is the last one"
        return {**update, "final": answer, "notes": [note]}

    return Node(run, "checker")


async def _called(check: Check, text: str) -> Checked:
    if inspect.iscoroutinefunction(check):
        outcome: object = await check(text)
    else:
        outcome = await in_thread(DEFAULT_CONCURRENCY, check, text)
        outcome = await outcome if inspect.isawaitable(outcome) else outcome
    parts = outcome if isinstance(outcome, tuple) else (outcome, "")
    if len(parts) == 2 and isinstance(parts[0], bool) and isinstance(parts[1], str):
        return Checked(passed=parts[0], feedback=parts[1])
    raise InputError(f"the check returned {outcome!r}: return True, or False and what is wrong")


def read_verdict(reply: str) -> Checked | None:
    """Return the verdict of a reply that scores an answer; None where it has no score."""
    score = read_rating(reply)
    if score is None:
        return None
    found = json_object(reply[:20_000])
    parsed: object = json.loads(found) if found else None
    reason = cast("dict[str, object]", parsed).get("reason") if isinstance(parsed, dict) else None
    feedback = reason.strip() if isinstance(reason, str) else ""
    return Checked(passed=score >= ENOUGH, feedback=feedback)
