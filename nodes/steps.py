"""The nodes of step-wise voting: sampler, voter, commit; or all three fused in one."""

from typing import Any

from manyminds.errors import BudgetError
from manyminds.journal import Journal
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.step_vote import StepVoting, counts, cut_short
from manyminds.runs.context import RunContext
from manyminds.runs.usage import spent_on
from manyminds.settings import Context
from manyminds.state import Candidate
from manyminds.votes.ballots import Ballot

METHOD = "stepwise-voting"
_NOTED = 100


def first_step(voting: StepVoting, journal: str | None, context: Context) -> Node:
    """Return the node that sets the task up, and goes through the steps of the journal again."""

    async def run(state: State) -> Update:
        task_state = voting.task.start(state["question"])
        step = 0
        for done in _journal(journal, voting, state["question"]).steps() if journal else ():
            task_state = voting.task.apply(task_state, done)
            step += 1
        after = _after(voting, task_state, RunContext.of(state, METHOD, context), step)
        return {"step": step, "resumed": step, **after}

    return Node(run, "start")


def step_sampler(voting: StepVoting, context: Context) -> Node:
    """Return the node that asks for the next proposals of the step."""

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, context)
        step = state["step"] + 1
        before = [c for c in state["candidates"] if c["layer"] == step]
        asked = await voting.propose(ctx, state["task_state"], step, state["drawn"], before)
        return {
            "layer": step,
            "candidates": asked,
            "drawn": state["drawn"] + len(asked),
            "spent": spent_on(asked),
        }

    return Node(run, "sampler")


def step_voter(voting: StepVoting, context: Context) -> Node:
    """Return the node that votes on the proposals, once there are enough."""

    async def run(state: State) -> Update:
        ctx, candidates = RunContext.of(state, METHOD, context), state["candidates"]
        reason = voting.decided(candidates)
        if reason is None and cut_short(candidates):
            return {"ballot": None, **_after(voting, state["task_state"], ctx, state["step"])}
        if reason is None:
            return {"ballot": None}
        ctx.emit("voted", step=state["step"] + 1, stop=reason)
        return {"ballot": {**voting.ballot(candidates), "stopped": reason}}

    return Node(run, "voter")


def commit(voting: StepVoting, journal: str | None, context: Context) -> Node:
    """Return the node that takes the winning step: it cannot be undone."""

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, context)
        tally = _Tally.of(state)
        writer = _journal(journal, voting, state["question"]) if journal else None
        task_state, replayed = tally.catch_up(voting, state["task_state"], writer)
        if not replayed:
            task_state = tally.take(voting, task_state, state["ballot"], state["candidates"])
            if writer is not None:
                _write(writer, tally.step, state["ballot"], len(state["candidates"]))
                writer.close()
        return {**tally.update(), **_after(voting, task_state, ctx, tally.step)}

    return Node(run, "commit")


def fused_steps(voting: StepVoting, journal: str | None, steps: int, context: Context) -> Node:
    """Return one node that samples, votes and commits up to `steps` steps a superstep."""

    async def run(state: State) -> Update:
        ctx = RunContext.of(state, METHOD, context)
        tally, task_state, drawn = _Tally.of(state), state["task_state"], state["drawn"]
        writer = _journal(journal, voting, state["question"]) if journal else None
        task_state, _ = tally.catch_up(voting, task_state, writer)
        asked: list[Candidate] = []
        try:
            for _ in range(steps):
                if _decision(voting, task_state, ctx)["stop"]:
                    break
                candidates, reason = await _voted(voting, ctx, task_state, tally.step, drawn)
                drawn += len(candidates)
                asked += candidates
                if reason is None:
                    break
                ballot = {**voting.ballot(candidates), "stopped": reason}
                task_state = tally.take(voting, task_state, ballot, candidates)
                if writer is not None:
                    _write(writer, tally.step, ballot, len(candidates))
        finally:
            if writer is not None:
                writer.close()
        return {
            **tally.update(),
            **_after(voting, task_state, ctx, tally.step),
            "drawn": drawn,
            "spent": spent_on(asked),
        }

    return Node(run, "steps")


async def _voted(
    voting: StepVoting, ctx: RunContext, task_state: Any, step: int, drawn: int
) -> tuple[list[Candidate], str | None]:
    """Ask until there are proposals enough, and say why; None where the budget cut it short."""
    candidates: list[Candidate] = []
    while True:
        candidates += await voting.propose(
            ctx, task_state, step + 1, drawn + len(candidates), candidates
        )
        reason = voting.decided(candidates)
        if reason is not None or cut_short(candidates):
            return candidates, reason


class _Tally:
    """What a run keeps of its steps: how many, how many votes, where it gave up or was flagged."""

    def __init__(self, step: int, votes: int, flagged: int, gave_up: list[int]) -> None:
        self.step, self.votes, self.flagged, self.gave_up = step, votes, flagged, gave_up

    @classmethod
    def of(cls, state: State) -> "_Tally":
        return cls(state["step"], state["votes"], state["flagged"], list(state["gave_up"]))

    def catch_up(
        self, voting: StepVoting, task_state: Any, journal: Journal | None
    ) -> tuple[Any, bool]:
        """Take the steps that the journal has beyond this checkpoint, if it has any."""
        before = self.step
        for step in journal.after(self.step) if journal else ():
            task_state = voting.task.apply(task_state, step)
            self.step += 1
        return task_state, self.step > before

    def take(
        self, voting: StepVoting, task_state: Any, ballot: Any, candidates: list[Candidate]
    ) -> Any:
        self.step += 1
        self.votes += sum(map(counts, candidates))
        self.flagged += sum(c["status"] == "flagged" for c in candidates)
        if ballot["stopped"].startswith("cap:") and len(self.gave_up) < _NOTED:
            self.gave_up.append(self.step)
        return voting.task.apply(task_state, ballot["answer"])

    def update(self) -> Update:
        return {
            "step": self.step,
            "votes": self.votes,
            "flagged": self.flagged,
            "gave_up": self.gave_up,
        }


def _after(voting: StepVoting, task_state: Any, ctx: RunContext, step: int) -> Update:
    decision = _decision(voting, task_state, ctx)
    update: Update = {"task_state": task_state, "decision": decision}
    if decision["stop"]:
        update["answer"] = voting.task.answer(task_state)
        if not voting.task.done(task_state):
            if step == 0:
                raise BudgetError(f"{decision['reason']} before the first step")
            update["notes"] = [f"not finished: {decision['reason']}"]
    return update


def _decision(voting: StepVoting, task_state: Any, ctx: RunContext) -> dict[str, Any]:
    """Stop where the task is done, or the budget has no room for the votes of one more step."""
    done = voting.task.done(task_state)
    reason = "the task is done" if done else ctx.exhausted(voting.rule.need(())) or ""
    return {"stop": bool(reason), "reason": reason, "source": "rule", "agreement": None}


def _journal(path: str, voting: StepVoting, question: str) -> Journal:
    return Journal(path, task=voting.task.name, question=question)


def _write(journal: Journal, step: int, ballot: Ballot | dict[str, Any], drawn: int) -> None:
    votes = len(ballot["groups"][0]["indices"])
    journal.append(str(ballot["answer"]), number=step, votes=votes, drawn=drawn)
