"""One step of a step-wise vote: ask for as many proposals as the rule needs, vote, commit.

The three are functions here, so that the graph can run them as three nodes, which a reader can
watch and interrupt, or fused in one node, many steps a superstep, for very long runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from manyminds.calls.ask import ask_all, blank
from manyminds.errors import RunError
from manyminds.members import Member
from manyminds.nodes.persona import addressed
from manyminds.runs.context import RunContext
from manyminds.state import Candidate, Failure
from manyminds.tasks.step import RedFlag, StepTask, TaskState
from manyminds.votes.ballots import Ballot
from manyminds.votes.stopping import StoppingRule
from manyminds.votes.votes import consensus, labels, majority


@dataclass(frozen=True)
class StepVoting:
    """How steps are voted on; shared by the three nodes and the fused one.

    Attributes:
        members: who proposes steps, in turn.
        task: the task.
        vote: "majority" over equal steps, or a similarity such as "bleu" for steps in free text.
        rule: when enough proposals are in for a step.
        redraws: how many proposals beyond the rule's cap may replace flagged or failed ones.
        params: sampling defaults.
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
            run: the run.
            state: of the task.
            step: number of the step, from 1.
            drawn: proposals asked for in the whole run so far.
            before: this step's proposals so far.
        """
        votes = labels([c["answer"] for c in before if counts(c)])
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
            RunError: every proposal that may be drawn was flagged or failed.
        """
        proposals = [c["answer"] for c in candidates if counts(c)]
        reason = self.rule.stop(labels(proposals))
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

    def ballot(self, candidates: Sequence[Candidate]) -> Ballot:
        """Vote on the proposals of a step."""
        steps = [c["answer"] if counts(c) else None for c in candidates]
        return majority(steps) if self.vote == "majority" else consensus(steps, metric=self.vote)


def counts(candidate: Candidate) -> bool:
    """Tell whether a proposal has a vote: flagged and failed ones were thrown away."""
    return candidate["status"] == "ok"


def cut_short(candidates: Sequence[Candidate]) -> bool:
    """Tell whether the budget left a proposal unasked: the step cannot be voted on as it should."""
    return any(candidate["status"] == "skipped" for candidate in candidates)
