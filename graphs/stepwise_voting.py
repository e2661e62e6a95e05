"""Step-wise sampling and voting: vote on each step of a solution before the next is asked.

Papers: "More Agents Is All You Need", arXiv 2402.05120 (step-wise); MAKER, arXiv 2511.09030
(first-to-ahead-by-k and red flags, for a million steps without an error).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    Count,
    Decision,
    InputError,
    LayeredState,
    MethodGraph,
    MethodOutput,
    Options,
    State,
    Unpack,
    Update,
    Whole,
    as_members,
    decide,
    method,
)
from manyminds.errors import BudgetError
from manyminds.journal import Journal
from manyminds.nodes.step_vote import StepVoting, counts, cut_short
from manyminds.runs.context import RunContext
from manyminds.tasks import StatedTask, StepTask
from manyminds.tasks import task as as_task
from manyminds.votes import stopping
from manyminds.votes.votes import VOTES

PARAMS: Mapping[str, Any] = {"temperature": 0.7}
VOTE_NAMES = (*VOTES, "stated")
# Supersteps are counted by LangGraph only to end runaway loops; ours ends by `done` or its budget.
# Proposals are numbered through a run, so nested runs are that far apart, too.
_MANY = 10_000_000
_NOTED = 100
_KEYS = ("step", "votes", "drawn", "flagged", "gave_up", "resumed", "decision")


class StepwiseState(LayeredState, total=False):
    """Channels of step-wise voting; `candidates` are those of the current step."""

    task_state: Any
    step: int
    drawn: int
    votes: int
    flagged: int
    resumed: int
    gave_up: list[int]
    ballot: dict[str, Any] | None


class StepwiseOutput(MethodOutput):
    """The answer, the report, the task's last state, and how many steps were taken."""

    task_state: Any
    step: int


@method(
    "stepwise-voting",
    paper="More Agents Is All You Need, arXiv 2402.05120; MAKER, arXiv 2511.09030",
    calls="steps * votes a step",
    use="Long chains of dependent steps, where one wrong step spoils all after it.",
)
def create_stepwise_voting(
    members: Askable | Sequence[Askable],
    *,
    task: StepTask | str = "reasoning",
    vote: str | None = None,
    stop: str | stopping.StoppingRule | None = None,
    redraws: Whole = 20,
    steps_per_superstep: Count = 1,
    journal: str | Path | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build step-wise voting over a task with small, dependent steps.

    Use it where one wrong step spoils everything after it: errors no longer add up. A committed
    step is never undone.

    Args:
        members: Members that propose steps, in turn.
        task: Task: a name ("reasoning", "arithmetic", "hanoi") or a StepTask of your own.
        vote: "majority" over equal steps; "stated" for steps in free text, the default for
            "reasoning": the proposals vote on whether the solution is finished, then on what they
            state; or a similarity ("bleu").
        stop: Rule that ends the votes on a step; default "ahead:3", for free text "fixed:5".
            `manyminds.votes.odds.lead_for` tells the k of "ahead:k" that a chain of so many steps
            needs. The rule's cap is each step's own.
        redraws: Proposals beyond that cap that may replace flagged and failed ones.
        steps_per_superstep: Steps in one superstep. More than 1 fuses sample, vote and commit into
            one node, which makes long runs about three times as fast; nothing can be interrupted
            between them then.
        journal: File that gets a line a step; a run that finds it continues after its last line.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "task_state",
        "step"}. The report has steps, votes, flagged proposals, and the steps that gave up.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    solved = as_task(task)
    vote = vote or ("stated" if isinstance(solved, StatedTask) else "majority")
    if vote not in VOTE_NAMES or (vote == "stated" and not isinstance(solved, StatedTask)):
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTES)}; stated for reasoning")
    everyone = as_members(members)
    rule = stopping.rule(stop or ("ahead:3" if vote == "majority" else "fixed:5"))
    graph = MethodGraph(
        "stepwise-voting", everyone, state=StepwiseState, output=StepwiseOutput, **options
    )
    graph.recursion_limit = _MANY
    voting = StepVoting(everyone, solved, vote, rule, redraws, PARAMS)
    nodes = _Nodes(voting, None if journal is None else str(journal), steps_per_superstep)
    fused = steps_per_superstep > 1
    first = "steps" if fused else "sampler"
    graph.open("start", task_state=None, step=0, drawn=0, votes=0, flagged=0, gave_up=[])
    graph.step("start", nodes.start)
    run = nodes.several if fused else nodes.sample
    graph.step(first, run, role="sampler", asks=everyone, times=_MANY)
    if not fused:
        graph.step("voter", nodes.vote)
        graph.step("commit", nodes.commit)
        graph.add_edge("sampler", "voter")
        graph.branch("voter", _after_vote, ["sampler", "commit", "finish"])
    for name in ("start", "steps" if fused else "commit"):
        graph.branch(
            name, lambda s: "finish" if s["decision"]["stop"] else first, [first, "finish"]
        )
    return graph.close(keys=_KEYS, composed=True)


def _after_vote(state: State) -> str:
    if state["decision"]["stop"]:
        return "finish"
    return "sampler" if state["ballot"] is None else "commit"


class _Nodes:
    """The nodes of step-wise voting: sampler, voter and commit, or all three fused in one.

    Args:
        voting: How a step is sampled and voted on.
        journal: Path of the journal.
        most: Steps in one superstep of the fused node.
    """

    def __init__(self, voting: StepVoting, journal: str | None, most: int) -> None:
        self.voting, self.task, self.path, self.most = voting, voting.task, journal, most

    async def start(self, state: State, ask: Ask) -> Update:
        """Set the task up, and go through the steps of the journal again."""
        task_state, step = self.task.start(state["question"]), 0
        journal = self._journal(state)
        for done in journal.steps() if journal else ():
            task_state = self.task.apply(task_state, done)
            step += 1
        return {"step": step, "resumed": step, **self._after(task_state, ask.run, step)}

    async def sample(self, state: State, ask: Ask) -> Update:
        """Ask for the next proposals of the step."""
        step = state["step"] + 1
        before = [c for c in state["candidates"] if c["layer"] == step]
        asked = await self.voting.propose(
            ask.run, state["task_state"], step, state["drawn"], before
        )
        ask.replies += asked
        return {"layer": step, "candidates": asked, "drawn": state["drawn"] + len(asked)}

    async def vote(self, state: State, ask: Ask) -> Update:
        """Vote on the proposals, once there are enough."""
        candidates = state["candidates"]
        reason = self.voting.decided(candidates)
        if reason is None and cut_short(candidates):
            return {"ballot": None, **self._after(state["task_state"], ask.run, state["step"])}
        if reason is None:
            return {"ballot": None}
        ask.run.emit("voted", step=state["step"] + 1, stop=reason)
        ballot = await self.voting.ballot(ask.run, candidates)
        return {"ballot": {**ballot, "stopped": reason}}

    async def commit(self, state: State, ask: Ask) -> Update:
        """Take the winning step: it cannot be undone."""
        tally = _Tally(state)
        journal = self._journal(state)
        task_state, replayed = tally.catch_up(self.task, state["task_state"], journal)
        if not replayed:
            task_state = tally.take(self.task, task_state, state["ballot"], state["candidates"])
            if journal is not None:
                _write(journal, tally.step, state["ballot"], len(state["candidates"]))
                journal.close()
        return {**tally.update(), **self._after(task_state, ask.run, tally.step)}

    async def several(self, state: State, ask: Ask) -> Update:
        """Sample, vote and commit several steps."""
        tally, drawn = _Tally(state), state["drawn"]
        journal = self._journal(state)
        task_state, _ = tally.catch_up(self.task, state["task_state"], journal)
        try:
            for _ in range(self.most):
                if self._decision(task_state, ask.run)["stop"]:
                    break
                candidates, reason = await self._voted(ask, task_state, tally.step, drawn)
                drawn += len(candidates)
                if reason is None:
                    break
                ballot = {
                    **await self.voting.ballot(ask.run, candidates),
                    "stopped": reason,
                }
                task_state = tally.take(self.task, task_state, ballot, candidates)
                if journal is not None:
                    _write(journal, tally.step, ballot, len(candidates))
        finally:
            if journal is not None:
                journal.close()
        return {**tally.update(), **self._after(task_state, ask.run, tally.step), "drawn": drawn}

    async def _voted(
        self, ask: Ask, task_state: Any, step: int, drawn: int
    ) -> tuple[list[Candidate], str | None]:
        """Ask until there are proposals enough, and say why; None if the budget cut it short."""
        candidates: list[Candidate] = []
        while True:
            asked = await self.voting.propose(
                ask.run, task_state, step + 1, drawn + len(candidates), candidates
            )
            ask.replies += asked
            candidates += asked
            reason = self.voting.decided(candidates)
            if reason is not None or cut_short(candidates):
                return candidates, reason

    def _journal(self, state: State) -> Journal | None:
        if self.path is None:
            return None
        return Journal(self.path, task=self.task.name, question=state["question"])

    def _after(self, task_state: Any, ctx: RunContext, step: int) -> Update:
        decision = self._decision(task_state, ctx)
        update: Update = {"task_state": task_state, "decision": decision}
        if decision["stop"]:
            update["answer"] = self.task.answer(task_state)
            if not self.task.done(task_state):
                if step == 0:
                    raise BudgetError(f"{decision['reason']} before the first step")
                update["notes"] = [f"not finished: {decision['reason']}"]
        return update

    def _decision(self, task_state: Any, ctx: RunContext) -> Decision:
        """Stop if the task is done, or the budget has no room for the votes of one more step."""
        done = self.task.done(task_state)
        reason = "the task is done" if done else ctx.exhausted(self.voting.rule.need(())) or ""
        return decide(bool(reason), reason)


class _Tally:
    """Counts of a run: its steps, its votes, the steps given up, the flagged replies."""

    def __init__(self, state: State) -> None:
        self.step, self.votes, self.flagged = state["step"], state["votes"], state["flagged"]
        self.gave_up: list[int] = list(state["gave_up"])

    def catch_up(
        self, task: StepTask, task_state: Any, journal: Journal | None
    ) -> tuple[Any, bool]:
        """Take the steps that the journal has beyond this checkpoint, if it has any."""
        before = self.step
        for step in journal.after(self.step) if journal else ():
            task_state = task.apply(task_state, step)
            self.step += 1
        return task_state, self.step > before

    def take(
        self, task: StepTask, task_state: Any, ballot: Any, candidates: Sequence[Candidate]
    ) -> Any:
        """Apply the winning step and count its votes."""
        self.step += 1
        self.votes += sum(map(counts, candidates))
        self.flagged += sum(c["status"] == "flagged" for c in candidates)
        if ballot["stopped"].startswith("cap:") and len(self.gave_up) < _NOTED:
            self.gave_up.append(self.step)
        return task.apply(task_state, ballot["answer"])

    def update(self) -> Update:
        """Return the channels."""
        return {
            "step": self.step,
            "votes": self.votes,
            "flagged": self.flagged,
            "gave_up": self.gave_up,
        }


def _write(journal: Journal, step: int, ballot: Mapping[str, Any], drawn: int) -> None:
    votes = len(ballot["groups"][0]["indices"])
    journal.append(str(ballot["answer"]), number=step, votes=votes, drawn=drawn)
