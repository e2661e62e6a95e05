"""Recursive self-aggregation: a population of answers, each step written out of random groups.

Paper: "Recursive Self-Aggregation Unlocks Deep Thinking in Large Language Models",
arXiv 2509.26626.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from typing_extensions import TypedDict

from manyminds.answer_form import AUTO, form_prompt
from manyminds.authoring import (
    Ask,
    Askable,
    Candidate,
    CandidatesOutput,
    InputError,
    LayeredState,
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
)
from manyminds.members import layers_of_members
from manyminds.nodes.gate import require
from manyminds.nodes.samples import ask_all, in_turn, room
from manyminds.nodes.tally import UNREAD, hold, in_worker, similar
from manyminds.reading.answers import Extractor, extractor
from manyminds.reading.together import read_all
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
    population: int = 16,
    group: int = 4,
    steps: int = 3,
    extract: str | Extractor = "final",
    prompt: PromptLike = "rsa/aggregate@1",
    first: PromptLike | None = AUTO,
    quorum: Quorum = 1,
    **options: Unpack[Options],
) -> MethodGraph:
    """Build recursive self-aggregation: each answer of a step is written out of a random few.

    Use it on hard questions with models that cannot answer them at once but recognise good steps.
    Answers grow alike with the steps: the report shows their diversity. Measure it against an
    Agent Forest of equal cost.

    Args:
        members: Members that answer, in turn, in every step; or a list of them for each step, cheap
            ones first. The last list serves all further steps.
        population: Number of answers n in each step.
        group: Number of earlier answers that each new one is written from.
        steps: Number of steps, the first answers included: n * steps calls.
        extract: Kind of the answer that the last vote counts, as for `create_agent_forest`.
        prompt: Prompt of an aggregation, with the variable `answers`.
        first: Prompt of the first answers; None asks the bare question. Default ("auto"): where an
            answer fits into a line, a prompt that asks for a last line with the answer.
        quorum: Good answers that a step needs: a count, or a share such as "75%".
        options: see `Options`.

    Returns:
        A graph, not compiled, from {"messages"} to {"messages", "answer", "report", "candidates",
        "diversity", "ballot"}.

    Raises:
        InputError: An argument cannot be used; the message says what to give.
    """
    for name, value in (("population", population), ("group", group), ("steps", steps)):
        if value < 1:
            raise InputError(f"{name}={value}: give at least 1")
    check_quorum(quorum, population)
    rows = layers_of_members(_rows(members), what="members")
    teams = [rows[min(step, len(rows) - 1)] for step in range(steps)]
    everyone = {member.name: member for row in rows for member in row}
    graph = MethodGraph(
        "rsa", everyone.values(), state=AggregationState, output=AggregationOutput, **options
    )
    most = Counter(m.name for team in teams for m in in_turn(team, population))
    graph.draws = max(most.values())
    kind = extractor(extract)
    opening = form_prompt(graph, first, None, kind=kind, vote="majority", argument="first")
    merging = graph.prompt(prompt, variables={"answers"})

    async def advance(state: State, ask: Ask) -> Update:
        step, before = ask.layer, state["population"]
        count = room(ask, population)
        if before and not count:
            reason = f"{ask.run.exhausted()} after step {step - 1} of {steps}"
            return await _voted(before, kind, ask, reason)
        turns = in_turn(teams[step - 1], max(1, count))
        questions = _questions(before, len(turns), group, opening, merging, ask)
        replies = await ask_all(
            ask, list(zip(turns, questions, strict=True)), params=_PARAMS, quorum=quorum
        )
        if not before:
            require(replies, quorum)
        kept = _kept(before, replies)
        found = await _diversity(step, kept, kind, ask)
        update: Update = {
            "candidates": replies,
            "population": kept,
            "diversity": [*state["diversity"], found],
        }
        return {**update, **await _voted(kept, kind, ask)} if step == steps else update

    graph.step("population", advance, opens=True, asks=list(everyone.values()))
    graph.open("population", population=[], diversity=[], ballot=None)
    graph.unless_done("population", "population")
    return graph.close(keys=["diversity", "ballot"])


_PARAMS = {"temperature": 1.0}


def _rows(members: Any) -> list[list[Askable]]:
    """Return the members of each step, the last of which serve all further steps."""
    listed = [members] if isinstance(members, str) or not isinstance(members, Sequence) else members
    rows = list(cast("Sequence[Any]", listed))
    if rows and all(isinstance(row, list | tuple) for row in rows):
        return [list(row) for row in rows]
    return [rows]


def _questions(
    before: Sequence[Candidate],
    count: int,
    group: int,
    opening: Prompt | None,
    merging: Prompt,
    ask: Ask,
) -> list[Any]:
    """Return what each place of the population is asked: random groups, drawn from the seed."""
    if not before:
        return [opening] * count
    draw = random.Random(f"{ask.run.seed}:{ask.run.question_id}:groups:{ask.layer}")
    size = min(group, len(before))
    return [merging.fill(answers=draw.sample(list(before), size)) for _ in range(count)]


def _kept(before: Sequence[Candidate], replies: Sequence[Candidate]) -> list[Candidate]:
    """Return the new population: where a place has no new answer, its earlier one stays."""
    new = {place: reply for place, reply in enumerate(replies) if ok(reply)}
    return [*({**dict(enumerate(before)), **new}.values())]


async def _read(population: Sequence[Candidate], kind: Extractor, ask: Ask) -> list[str | None]:
    texts = [reply["text"] for reply in population]

    def work() -> list[str | None]:
        if kind.name == "final":
            return read_all(texts, question=ask.run.question).answers
        return [kind.extract(text) for text in texts]

    return await in_worker(ask.run, work) or [None] * len(texts)


async def _diversity(
    step: int, population: Sequence[Candidate], kind: Extractor, ask: Ask
) -> Diversity:
    """Return how the answers of a step differ."""
    answers = await _read(population, kind, ask)
    same = None if kind.name == "final" else kind
    votes = Counter(label for label in labels(answers, same) if label is not None)
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
    answers = await _read(population, kind, ask)
    read = sum(answer is not None for answer in answers)
    if 2 * read < len(population):
        ballot, more = await hold(
            ask.run, population, lambda _effort: similar(population, "bleu", whole=True)
        )
        said = [*notes, *more, *([] if kind.name == "final" else [UNREAD])]
    else:
        same = None if kind.name == "final" else kind
        ballot, said = majority(answers, extractor=same), list(notes)
    return {"ballot": ballot, "final": population[ballot["winner"] or 0], "notes": said}
