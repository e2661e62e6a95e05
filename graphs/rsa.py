"""Recursive self-aggregation: a population of answers, each step written out of random groups.

Paper: "Recursive Self-Aggregation Unlocks Deep Thinking in Large Language Models",
arXiv 2509.26626.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from typing_extensions import TypedDict

from manyminds.answer_form import AUTO, form_prompt
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    Count,
    FilledPrompt,
    InputError,
    LayeredState,
    Member,
    MethodGraph,
    Options,
    Prompt,
    PromptLike,
    Quorum,
    State,
    Unpack,
    Update,
    check_quorum,
    method,
    ok,
    require,
)
from manyminds.members import layers_of_members
from manyminds.nodes.sampler import ask_all, in_turn, room
from manyminds.nodes.tally import (
    LATE,
    UNREAD,
    comparer,
    first_good,
    in_worker,
    most_typical,
    read_answers,
)
from manyminds.reading.answers import Extractor, extractor
from manyminds.votes.ballots import Ballot
from manyminds.votes.votes import labels, majority


class Diversity(TypedDict):
    """How the answers of a step differ.

    `distinct` answers were read in `read` of `answers` replies; `agreement` is the share of the
    most frequent one, `diversity` the chance that two of them differ; both None below two.
    """

    step: int
    answers: int
    read: int
    distinct: int
    agreement: float | None
    diversity: float | None


class AggregationState(LayeredState, total=False):
    """Channels of recursive self-aggregation; `population` are the answers of the step before."""

    population: list[Candidate]
    diversity: list[Diversity]
    ballot: Ballot | None


class AggregationOutput(CandidatesOutput):
    """The answer, the report, the last population, its vote, and the diversity of each step."""

    diversity: list[Diversity]
    ballot: Ballot


@method(
    "rsa",
    paper="Recursive Self-Aggregation Unlocks Deep Thinking in Large Language Models, "
    "arXiv 2509.26626",
    calls="population * steps",
    use="Hard maths and code with small models: answers are improved together, step by step.",
)
def create_rsa(
    members: Askable | Sequence[Askable] | Sequence[Sequence[Askable]],
    *,
    population: Count = 16,
    group: Count = 4,
    steps: Count = 3,
    extract: str | Extractor = "final",
    prompt: PromptLike = "rsa/aggregate@1",
    first: PromptLike | None = AUTO,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build recursive self-aggregation: each answer of a step is written out of a random few.

    Use it on hard questions with models that cannot answer them at once but recognise good steps.
    Answers grow alike with the steps: `diversity` in the result shows how far. Measure it against
    an Agent Forest of equal cost.

    Args:
        members: Members that answer, in turn, in every step; or a list of them for each step, cheap
            ones first. The last list serves all further steps; more lists than steps are an error.
        population: Number of answers n in each step.
        group: Number of earlier answers that each new one is written from.
        steps: Number of steps, the first answers included: n * steps calls.
        extract: Kind of the answer that the last vote counts, as for `create_agent_forest`.
        prompt: Prompt of an aggregation, with the variable `answers`.
        first: Prompt of the first answers; None asks the bare question. Default ("auto"): where an
            answer fits into a line, a prompt that asks for a last line with the answer.
        quorum: Good answers that the first step needs: a count, or a share such as "75%". Later, an
            earlier answer stays where no new one came, and the report says so.
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "diversity", "ballot"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    check_quorum(quorum, population)
    rows = layers_of_members(_rows(members), what="members")
    if len(rows) > steps:
        raise InputError(f"members has lists for {len(rows)} steps: give steps={len(rows)} or more")
    graph = MethodGraph(
        "rsa",
        {member.name: member for row in rows for member in row}.values(),
        state=AggregationState,
        output=AggregationOutput,
        **options,
    )
    kind = extractor(extract)
    nodes = _Population(
        rows=rows,
        size=population,
        group=group,
        steps=steps,
        kind=kind,
        opening=form_prompt(graph, first, None, kind=kind, vote="majority", argument="first"),
        merging=graph.prompt(prompt, variables={"answers"}),
        quorum=quorum,
    )
    graph.step("population", nodes.advance, opens=True)
    for nth, row in enumerate(rows, 1):
        times = steps - nth + 1 if nth == len(rows) else 1
        graph.asks("population", in_turn(row, population), times=times)
    graph.open("population", population=[], diversity=[], ballot=None)
    graph.unless_done("population", "population")
    return graph.close(keys=["diversity", "ballot"])


@dataclass(frozen=True)
class _Population:
    """The node of recursive self-aggregation, and its options.

    Attributes:
        rows: Members of each step. The last ones serve all further steps.
        size: Number of answers in each step.
        group: Number of earlier answers that a new one is written from.
        steps: Number of steps.
        kind: Kind of the answer that the last vote counts.
        opening: Prompt of the first answers. None: the bare question.
        merging: Prompt of an aggregation.
        quorum: Good answers that a step needs.
    """

    rows: Sequence[Sequence[Member]]
    size: int
    group: int
    steps: int
    kind: Extractor
    opening: Prompt | None
    merging: Prompt
    quorum: Quorum

    async def advance(self, state: State, ask: Ask) -> Update:
        """Take one step: ask for a new population; after the last step, vote."""
        step, before = ask.layer, state["population"]
        count = room(ask, self.size)
        if before and not count:
            reason = f"{ask.run.exhausted()} after step {step - 1} of {self.steps}"
            return await _voted(before, self.kind, ask, reason)
        turns = in_turn(self.rows[min(step, len(self.rows)) - 1], max(1, count))
        questions = self._questions(before, len(turns), ask)
        asked = list(zip(turns, questions, strict=True))
        replies = await ask_all(ask, asked, quorum=self.quorum)
        if not before:
            require(replies, self.quorum)
        kept = _kept(before, replies)
        found = await _diversity(step, kept, self.kind, ask)
        update: Update = {
            "candidates": replies,
            "population": kept,
            "diversity": [*state["diversity"], found],
            "notes": _stayed(step, replies) if before else [],
        }
        if step < self.steps:
            return update
        return {**update, **await _voted(kept, self.kind, ask, *update["notes"])}

    def _questions(
        self, before: Sequence[Candidate], count: int, ask: Ask
    ) -> list[FilledPrompt | Prompt | None]:
        """Return the question of each place of the population, on random groups from the seed."""
        if not before:
            return [self.opening] * count
        draw = random.Random(f"{ask.run.seed}:{ask.run.question_id}:groups:{ask.layer}")
        size = min(self.group, len(before))
        return [self.merging.fill(answers=draw.sample(list(before), size)) for _ in range(count)]


def _rows(members: Any) -> list[list[Askable]]:
    """Return the members of each step, the last of which serve all further steps."""
    listed = [members] if isinstance(members, str) or not isinstance(members, Sequence) else members
    rows = list(cast("Sequence[Any]", listed))
    if rows and all(isinstance(row, list | tuple) for row in rows):
        return [list(row) for row in rows]
    return [rows]


def _kept(before: Sequence[Candidate], replies: Sequence[Candidate]) -> list[Candidate]:
    """Return the new population: where a place has no new answer, its earlier one stays."""
    new = {place: reply for place, reply in enumerate(replies) if ok(reply)}
    return [*({**dict(enumerate(before)), **new}.values())]


def _stayed(step: int, replies: Sequence[Candidate]) -> list[str]:
    """Return the note on a step in which earlier answers stayed, as a list of at most one."""
    failed = sum(not ok(reply) for reply in replies)
    told = f"{len(replies) - failed} of {len(replies)} answers, and earlier ones stayed"
    return [f"step {step} had {told}"] if failed else []


async def _diversity(
    step: int, population: Sequence[Candidate], kind: Extractor, ask: Ask
) -> Diversity:
    """Return how the answers of a step differ."""
    answers = await read_answers(ask.run, population, kind)
    found = await in_worker(ask.run, partial(labels, answers, comparer(kind))) or []
    votes = Counter(label for label in found if label is not None)
    read = votes.total()
    pairs = math.comb(read, 2)
    alike = sum(math.comb(count, 2) for count in votes.values())
    return Diversity(
        step=step,
        answers=len(population),
        read=read,
        distinct=len(votes),
        agreement=round(max(votes.values()) / read, 3) if pairs else None,
        diversity=round(1 - alike / pairs, 3) if pairs else None,
    )


async def _voted(population: Sequence[Candidate], kind: Extractor, ask: Ask, *notes: str) -> Update:
    """End with the most frequent answer; where too few can be read, with the most typical reply."""
    answers = await read_answers(ask.run, population, kind)
    read = sum(answer is not None for answer in answers)
    if 2 * read < len(population):
        ballot, more = await most_typical(ask.run, population)
        said = [*notes, *more, *([] if kind.name == "final" else [UNREAD])]
    else:
        held = await in_worker(ask.run, partial(majority, answers, extractor=comparer(kind)))
        ballot = held or first_good(population)
        said = [*notes, *([LATE] if held is None else [])]
    return {"ballot": ballot, "final": population[ballot["winner"] or 0], "notes": said}
