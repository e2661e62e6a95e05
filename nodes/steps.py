"""The nodes of step-wise voting: sampler, voter, commit; or all three fused in one."""

from typing import Any

from manyminds.asking.ledger import spent_on
from manyminds.asking.run import Run
from manyminds.journal import Journal
from manyminds.nodes.node import Node, State, Update
from manyminds.nodes.step_vote import StepVoting, counts
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
        decision = _decision(voting, task_state, None)
        return {"task_state": task_state, "step": step, "resumed": step, "decision": decision}

    return Node(run, "start")


def step_sampler(voting: StepVoting, context: Context) -> Node:
    """Return the node that asks for the next proposals of the step."""

    async def run(state: State) -> Update:
        serving = Run.of(state, METHOD, context)
        step = state["step"] + 1
        before = [c for c in state["candidates"] if c["layer"] == step]
        asked = await voting.propose(serving, state["task_state"], step, state["drawn"], before)
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
        reason = voting.decided(state["candidates"])
        if reason is None:
            return {"ballot": None}
        Run.of(state, METHOD, context).emit("voted", step=state["step"] + 1, stop=reason)
        return {"ballot": {**voting.ballot(state["candidates"]), "stopped": reason}}

    return Node(run, "voter")


def commit(voting: StepVoting, journal: str | None, context: Context) -> Node:
    """Return the node that takes the winning step: it cannot be undone."""

    async def run(state: State) -> Update:
        serving = Run.of(state, METHOD, context)
        tally = _Tally.of(state)
        task_state = tally.take(voting, state["task_state"], state["ballot"], state["candidates"])
        if journal:
            writer = _journal(journal, voting, state["question"])
            _write(writer, state["ballot"], len(state["candidates"]))
            writer.close()
        return {**tally.update(), **_after(voting, task_state, serving)}

    return Node(run, "commit")


def fused_steps(voting: StepVoting, journal: str | None, steps: int, context: Context) -> Node:
    """Return one node that samples, votes and commits up to `steps` steps a superstep."""

    async def run(state: State) -> Update:
        serving = Run.of(state, METHOD, context)
        tally, task_state, drawn = _Tally.of(state), state["task_state"], state["drawn"]
        writer = _journal(journal, voting, state["question"]) if journal else None
        asked: list[Candidate] = []
        for _ in range(steps):
            if voting.task.done(task_state) or serving.exhausted() is not None:
                break
            candidates: list[Candidate] = []
            while (reason := voting.decided(candidates) if candidates else None) is None:
                candidates += await voting.propose(
                    serving, task_state, tally.step + 1, drawn + len(candidates), candidates
                )
            ballot = {**voting.ballot(candidates), "stopped": reason}
            task_state = tally.take(voting, task_state, ballot, candidates)
            drawn += len(candidates)
            asked += candidates
            if writer is not None:
                _write(writer, ballot, len(candidates))
        if writer is not None:
            writer.close()
        return {
            **tally.update(),
            **_after(voting, task_state, serving),
            "drawn": drawn,
            "spent": spent_on(asked),
        }

    return Node(run, "steps")


class _Tally:
    """What a run keeps of its steps: how many, how many votes, where it gave up or was flagged."""

    def __init__(self, step: int, votes: int, flagged: int, gave_up: list[int]) -> None:
        self.step, self.votes, self.flagged, self.gave_up = step, votes, flagged, gave_up

    @classmethod
    def of(cls, state: State) -> "_Tally":
        return cls(state["step"], state["votes"], state["flagged"], list(state["gave_up"]))

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


def _after(voting: StepVoting, task_state: Any, serving: Run) -> Update:
    decision = _decision(voting, task_state, serving.exhausted())
    update: Update = {"task_state": task_state, "decision": decision}
    if decision["stop"]:
        update["answer"] = voting.task.answer(task_state)
        if not voting.task.done(task_state):
            update["notes"] = [f"not finished: {decision['reason']}"]
    return update


def _decision(voting: StepVoting, task_state: Any, spent: str | None) -> dict[str, Any]:
    done = voting.task.done(task_state)
    reason = "the task is done" if done else spent or ""
    return {"stop": bool(reason), "reason": reason, "source": "rule", "agreement": None}


def _journal(path: str, voting: StepVoting, question: str) -> Journal:
    return Journal(path, task=voting.task.name, question=question)


def _write(journal: Journal, ballot: Ballot | dict[str, Any], drawn: int) -> None:
    leader = ballot["groups"][0]
    journal.append(str(ballot["answer"]), votes=len(leader["indices"]), drawn=drawn)
