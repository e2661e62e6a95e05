"""Step-wise sampling and voting: vote on each step of a solution before the next is asked.

Papers: "More Agents Is All You Need", arXiv 2402.05120 (step-wise); MAKER, arXiv 2511.09030
(first-to-ahead-by-k and red flags, for a million steps without an error).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from manyminds.authoring import method
from manyminds.errors import InputError
from manyminds.members import Askable
from manyminds.members import members as as_members
from manyminds.method_graph import MethodGraph, Options
from manyminds.nodes.channels import LayeredState, MethodOutput
from manyminds.nodes.node import Route
from manyminds.nodes.step_vote import StepVoting
from manyminds.nodes.steps import METHOD, commit, first_step, fused_steps, step_sampler, step_voter
from manyminds.tasks import Reasoning, StepTask
from manyminds.tasks import task as as_task
from manyminds.votes import stopping
from manyminds.votes.votes import VOTES

PARAMS: Mapping[str, Any] = {"temperature": 0.7}
# Supersteps are counted by LangGraph only to end runaway loops; ours ends by `done` or its budget.
_MANY = 10_000_000


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
    redraws: int = 20,
    steps_per_superstep: int = 1,
    journal: str | Path | None = None,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build step-wise voting over a task with small, dependent steps.

    Use it where one wrong step spoils everything after it: errors no longer add up. A committed
    step is never undone.

    Args:
        members: who proposes steps, in turn.
        task: the task: a name ("reasoning", "arithmetic", "hanoi") or a StepTask of your own.
        vote: "majority" over equal steps; a similarity ("bleu") for steps in free text, which is
            the default for "reasoning".
        stop: when a step has votes enough; default "ahead:3", for free text "fixed:5".
            `manyminds.votes.odds.lead_for` tells the k of "ahead:k" that a chain of so many steps
            needs. The rule's cap is each step's own.
        redraws: proposals beyond that cap that may replace flagged and failed ones.
        steps_per_superstep: more than 1 fuses sample, vote and commit into one node, which makes
            long runs about three times as fast; nothing can be interrupted between them then.
        journal: a file that gets a line a step; a run that finds it goes on after its last line.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "task_state",
        "step"}. The report has steps, votes, flagged proposals, and the steps that gave up.

    Raises:
        InputError: an argument cannot be used; the message says what to give.
    """
    if steps_per_superstep < 1 or redraws < 0:
        raise InputError("give steps_per_superstep of at least 1 and redraws of at least 0")
    solved = as_task(task)
    vote = vote or ("bleu" if isinstance(solved, Reasoning) else "majority")
    if vote not in VOTES:
        raise InputError(f"vote={vote!r}: use one of {', '.join(VOTES)}")
    everyone = as_members(members)
    rule = stopping.rule(stop or ("ahead:3" if vote == "majority" else "fixed:5"))
    voting = StepVoting(everyone, solved, vote, rule, redraws, PARAMS)
    graph = MethodGraph(
        METHOD,
        everyone,
        state=StepwiseState,
        output=StepwiseOutput,
        **options,
    )
    graph.recursion_limit = _MANY
    path = None if journal is None else str(journal)
    context = graph.settings
    graph.open("start", task_state=None, step=0, drawn=0, votes=0, flagged=0, gave_up=[])
    graph.add_node("start", first_step(voting, path, context))
    first = "sampler" if steps_per_superstep == 1 else "steps"

    def after_step(state: StepwiseState) -> str:
        return "finish" if state["decision"]["stop"] else first

    graph.add_conditional_edges("start", Route(after_step), [first, "finish"])
    if steps_per_superstep == 1:
        _three_nodes(graph, voting, path, Route(after_step))
    else:
        graph.add_node("steps", fused_steps(voting, path, steps_per_superstep, context))
        graph.label("steps", [member.name for member in everyone])
        graph.add_conditional_edges("steps", Route(after_step), ["steps", "finish"])
    keys = ["step", "votes", "drawn", "flagged", "gave_up", "resumed", "decision"]
    graph.close(keys=keys, composed=True)
    return graph


def _three_nodes(
    graph: MethodGraph, voting: StepVoting, journal: str | None, after_step: Route
) -> None:
    def after_vote(state: StepwiseState) -> str:
        if state["decision"]["stop"]:
            return "finish"
        return "sampler" if state["ballot"] is None else "commit"

    graph.add_node("sampler", step_sampler(voting, graph.settings))
    graph.add_node("voter", step_voter(voting, graph.settings))
    graph.add_node("commit", commit(voting, journal, graph.settings))
    graph.label("sampler", [member.name for member in voting.members])
    graph.add_edge("sampler", "voter")
    graph.add_conditional_edges("voter", Route(after_vote), ["sampler", "commit", "finish"])
    graph.add_conditional_edges("commit", after_step, ["sampler", "finish"])
