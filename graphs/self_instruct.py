"""Self-instruct: new tasks after the model of given ones, without repeats.

Papers: "Self-Instruct", arXiv 2212.10560; "AgentTuning", arXiv 2310.12823, which derives tasks of
two of its environments this way. Likeness is measured by BLEU here, by ROUGE-L in the paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    FilledPrompt,
    InputError,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    RoleReply,
    SampledState,
    State,
    Unpack,
    Update,
    as_members,
    excerpt,
    method,
    object_schema,
    ok,
    require,
    together,
)
from manyminds.environments import Environment
from manyminds.environments import environment as environment_of
from manyminds.environments.acting import Limits, described, opened
from manyminds.reading.trials import read_query
from manyminds.runs.memory import listed
from manyminds.votes.similarity import matrix

_ASKED = object_schema("task", {"query": {"type": "string"}})
_VARIED = {"temperature": 1.0}
_SEEDS, _OWN = 6, 2  # examples in a prompt, of the given ones and of the new ones, as in the paper


class TasksState(SampledState, total=False):
    """Channels of self-instruct; `refused` counts refused tasks by reason."""

    tasks: list[str]
    refused: dict[str, int]


class TasksOutput(CandidatesOutput):
    """The answer, the report, all replies, the new tasks, and counts of refused ones by reason."""

    tasks: list[str]
    refused: dict[str, int]


@method(
    "self-instruct",
    paper="Self-Instruct, arXiv 2212.10560; AgentTuning, arXiv 2310.12823",
    calls="2 * tasks at most",
    use="More tasks of a kind of which there are few, for agents to be trained on.",
)
def create_self_instruct(
    writers: Askable | Sequence[Askable],
    *,
    examples: Sequence[str] = (),
    tasks: Count = 8,
    environment: Environment | str | None = "arithmetic",
    most_alike: float = 70.0,
    prompt: PromptLike = "self_instruct/task@1",
    **options: Unpack[Options],
) -> MethodGraph:
    """Build self-instruct: members write tasks until there are enough that differ.

    Use it where an environment has few tasks. A task is refused where it is too much like another
    one, or where the environment has no place for it. The answers of new tasks are not known: run
    an Agent Forest over agents, and keep what its vote is sure of.

    Args:
        writers: Members that write, all in each round.
        examples: Tasks that there are already; those of a training split.
        tasks: Number of new tasks.
        environment: Environment that has to take the tasks, or its name. None: any task.
        most_alike: Likeness from 0 to 100 above which a task counts as a repeat.
        prompt: Prompt with the variables `about`, `examples` and `tools`.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"}, which say what kind of tasks is wanted, to
        {"messages", "answer", "report", "candidates", "tasks", "refused"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    if tasks < 1 or not 0 < most_alike <= 100:
        raise InputError(
            f"tasks={tasks}, most_alike={most_alike:g}: give at least 1, and up to 100"
        )
    team = as_members(writers)
    graph = MethodGraph("self-instruct", team, state=TasksState, output=TasksOutput, **options)
    rounds = -(-2 * tasks // len(team))
    nodes = _Writing(
        team=team,
        examples=list(examples),
        tasks=tasks,
        rounds=rounds,
        place=None if environment is None else environment_of(environment),
        most_alike=most_alike,
        prompt=graph.prompt(prompt, variables={"about", "examples", "tools"}),
    )
    graph.open("writer", tasks=[], refused={})
    graph.step("writer", nodes.write, opens=True, asks=team, times=rounds)
    graph.unless_done("writer", "writer")
    return graph.close(keys=["refused"], composed=True)


@dataclass(frozen=True)
class _Writing:
    """The node of self-instruct, and its options."""

    team: Sequence[Member]
    examples: Sequence[str]
    tasks: int
    rounds: int
    place: Environment | None
    most_alike: float
    prompt: Prompt

    async def write(self, state: State, ask: Ask) -> Update:
        """Ask every writer for a task, and take those that are new."""
        # A resumed run may have fewer writers now: no index comes twice.
        highest = max((one["index"] for one in state["candidates"]), default=-1)
        first = max(2 * (ask.layer - 1) * len(self.team), highest + 1)

        async def task_of(nth: int, member: Member) -> RoleReply[str]:
            filled = self._filled(state, f"{ask.run.question_id}:{ask.layer}:{nth}")
            return await ask.verdict(
                [member],
                filled,
                parse=read_query,
                schema=_ASKED,
                index=first + 2 * nth,
                draw=ask.layer - 1,
                params=_VARIED,
            )

        replies = await together(*(task_of(nth, member) for nth, member in enumerate(self.team)))
        asked = [one for reply in replies for one in reply.asked]
        if ask.layer == 1 and not any(reply.value for reply in replies):
            require(asked, 1)
        tasks, refused = list(state["tasks"]), dict(state["refused"])
        for reply in replies:
            why = "unreadable" if reply.value is None else await self._wrong(reply.value, tasks)
            if why:
                refused[why] = refused.get(why, 0) + 1
            elif reply.value is not None and len(tasks) < self.tasks:
                tasks.append(reply.value)
        update: Update = {"candidates": asked, "tasks": tasks, "refused": refused}
        none = all(not reply.asked for reply in replies)  # the budget has no room
        if len(tasks) < self.tasks and ask.layer < self.rounds and not none:
            return update
        return {**update, **self._ended(state, asked, tasks, refused)}

    def _filled(self, state: State, drawn: str) -> FilledPrompt:
        draw = Random(drawn)
        given = draw.sample(list(self.examples), min(_SEEDS, len(self.examples)))
        own = draw.sample(state["tasks"], min(_OWN, len(state["tasks"])))
        place = self.place
        return self.prompt.fill(
            **({"about": "", "tools": ""} if place is None else described(place)),
            examples=listed([*given, *own]),
        )

    async def _wrong(self, task: str, tasks: Sequence[str]) -> str:
        """Return why a task is not taken; empty where it is."""
        known = [*self.examples, *tasks]
        if known and float(matrix([task, *known])[0][1:].max()) > self.most_alike:
            return "repeat"
        if self.place is None:
            return ""
        try:
            await opened(self.place, task, Limits())
        except InputError:
            return "no task of the environment"
        return ""

    def _ended(
        self, state: State, asked: list[Candidate], tasks: list[str], refused: dict[str, int]
    ) -> Update:
        good = [one for one in [*state["candidates"], *asked] if ok(one)]
        counts = ", ".join(f"{reason} {count}" for reason, count in refused.items()) or "none"
        short = len(tasks) < self.tasks
        note = f"{len(tasks)} of {self.tasks} tasks were written (refused: {counts})"
        final = excerpt(good[-1], listed(tasks) or "(no task)") if good else None
        return {"final": final, "notes": [note] if short else []}
