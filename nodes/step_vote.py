"""step_vote: asks for proposals of one step and votes on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manyminds.calls.ask import ask_all, blank
from manyminds.errors import RunError
from manyminds.members import Member
from manyminds.nodes.step import addressed
from manyminds.nodes.tally import in_worker
from manyminds.reading.answers import text_key
from manyminds.reading.together import read_all
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure
from manyminds.tasks.step import RedFlag, StatedTask, StepTask, TaskState
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import consensus, labels, majority


@dataclass(frozen=True)
class StepVoting:
    """How steps are voted on; shared by the three nodes and the fused one.

    Attributes:
        members: Members that propose steps, in turn.
        task: The task.
        vote: "majority" over equal steps; "stated" over what steps in free text state; a similarity
            such as "bleu".
        rule: When enough proposals are in for a step.
        redraws: Proposals beyond the rule's cap that may replace flagged or failed ones.
        params: Sampling defaults.
    """

    members: tuple[Member, ...]
    task: StepTask
    vote: str
    rule: StoppingRule
    redraws: int
    params: Mapping[str, Any]

    async def propose(
        self, run: RunContext, state: TaskState, step: int, drawn: int, before: Sequence[Candidate]
    ) -> list[Candidate]:
        """Ask for as many proposals of this step as the rule needs at least.

        Args:
            run: The run.
            state: State of the task.
            step: Number of the step, from 1.
            drawn: Number of proposals asked for in the run so far.
            before: Proposals of this step so far.
        """
        votes = labels([self._key(c["answer"]) for c in before if counts(c)])
        room = self.rule.cap + self.redraws - len(before)
        count = max(1, min(self.rule.need(votes), room))
        prompt = self.task.prompt(state)
        asked: list[Candidate] = []
        for nth in range(count):
            member = self.members[(step + len(before) + nth) % len(self.members)]
            asked.append(
                blank(
                    member,
                    run,
                    role="sampler",
                    index=len(before) + nth,
                    draw=drawn + nth,
                    layer=step,
                )
            )
        by_name = {member.name: member for member in self.members}
        await ask_all(
            (
                (member := by_name[candidate["member"]], [candidate], addressed(prompt, member))
                for candidate in asked
            ),
            run,
            params=self.params,
        )
        for candidate in asked:
            if candidate["status"] == "ok":
                self._read(candidate, state)
        return asked

    def _read(self, candidate: Candidate, state: TaskState) -> None:
        try:
            candidate["answer"] = self.task.parse(candidate["text"], state)
        except RedFlag as flag:
            candidate["status"] = "flagged"
            candidate["error"] = Failure(
                kind="malformed", message=str(flag), retriable=True, maybe_billed=False
            )

    def decided(self, candidates: Sequence[Candidate]) -> str | None:
        """Say why there are proposals enough, or None.

        Raises:
            RunError: Every proposal that may be drawn was flagged or failed.
        """
        proposals = [c["answer"] for c in candidates if counts(c)]
        reason = self.rule.stop(labels([self._key(proposal) for proposal in proposals]))
        if reason is not None:
            return reason
        if len(candidates) < self.rule.cap + self.redraws:
            return None
        if proposals:
            return f"cap: {len(candidates)} drawn"
        last = candidates[-1]["error"]
        raise RunError(
            f"step {candidates[-1]['layer']}: all {len(candidates)} proposals failed or were "
            f"flagged ({'' if last is None else last['message']}); the steps before it are kept"
        )

    async def ballot(self, ctx: RunContext, candidates: Sequence[Candidate]) -> dict[str, Any]:
        """Vote on the proposals of a step. A vote on wording runs in a worker thread."""
        steps = [c["answer"] if counts(c) else None for c in candidates]
        if self.vote == "majority":
            return {**majority(steps)}
        held = await in_worker(ctx, lambda: self._compared(steps))
        return {**majority(steps)} if held is None else held

    def _compared(self, steps: Sequence[str | None]) -> dict[str, Any]:
        if self.vote != "stated":
            return {**consensus(steps, metric=self.vote)}
        assert isinstance(self.task, StatedTask)
        return by_statement(self.task, steps)

    def _key(self, step: str | None) -> str | None:
        """Return the function that groups equal steps for the stopping rule."""
        if self.vote != "stated" or step is None or not isinstance(self.task, StatedTask):
            return step
        final = self.task.final(step)
        return (self.task.states(step) or text_key(step)) if final is None else f"final: {final}"


def by_statement(task: StatedTask, steps: Sequence[str | None]) -> dict[str, Any]:
    """Vote on steps in free text by what they state.

    First the proposals vote on whether the solution is finished: it is if more than half of them
    state a final answer. Then the final answers are counted, or the numbers that the steps find. If
    no two agree, the step most like the others wins. `finished` in the ballot has the first vote.

    Args:
        task: The task, which reads the steps.
        steps: The proposals; None abstains.
    """
    finals = [None if step is None else task.final(step) for step in steps]
    ends, voters = sum(f is not None for f in finals), sum(s is not None for s in steps)
    finished = 2 * ends > voters
    side = [
        step if (final is not None) == finished else None
        for step, final in zip(steps, finals, strict=True)
    ]
    if finished:
        said = [None if final is None else f"Final answer: {final}" for final in finals]
        reading = read_all(said)
        ballot = majority(reading.answers, extractor=reading.extractor)
    else:
        ballot = majority([None if step is None else task.states(step) for step in side])
    if not ballot["groups"] or len(ballot["groups"][0]["indices"]) < 2:
        ballot = consensus(side)
    winner = ballot["winner"]
    assert winner is not None
    return {**ballot, "answer": steps[winner], "finished": {"yes": ends, "no": voters - ends}}


def counts(candidate: Candidate) -> bool:
    """Return whether a proposal has a vote: flagged and failed ones were thrown away."""
    return candidate["status"] == "ok"


def cut_short(candidates: Sequence[Candidate]) -> bool:
    """Return whether the budget left out a proposal, so that the vote on the step is incomplete."""
    return any(candidate["status"] == "skipped" for candidate in candidates)
