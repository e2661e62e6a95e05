"""Role study: every member proposes and aggregates, in a Mixture-of-Agents of two layers.

Mixture-of-Agents (arXiv 2406.04692, table 4): a model that writes good proposals may aggregate
badly. Proposals are asked once and shared by all aggregators.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, cast

from langgraph.cache.memory import InMemoryCache

from manyminds.compiled_method import CompiledMethod
from manyminds.errors import InputError
from manyminds.evals.data import Row
from manyminds.evals.eval_log import Outcome
from manyminds.evals.evaluate import CONCURRENCY, aevaluate
from manyminds.evals.grading import Grader
from manyminds.evals.statistics.roles import RoleEffect, role_effects
from manyminds.graphs.moa import create_moa
from manyminds.members import Member


class RoleStudy(NamedTuple):
    """What a role study found.

    Attributes:
        results: For each (proposer, aggregator), whether each question was answered rightly.
        effects: Every member in its two roles, against the others in the same role.
        questions: Questions that all pairs were graded on.
    """

    results: dict[tuple[str, str], list[float]]
    effects: list[RoleEffect]
    questions: int


class _Shared:
    """A compiled graph whose calls are looked up in a cache first."""

    def __init__(self, app: CompiledMethod, cache: Any) -> None:
        self._app, self._cache = app, cache
        self.builder, self.name = app.builder, app.name

    async def ainvoke(self, given: Any, config: Any = None, *, context: Any = None) -> Any:
        """Run the graph."""
        return await self._app.ainvoke(given, config, context=replace(context, cache=self._cache))


async def astudy_roles(
    members: Sequence[Member],
    rows: Sequence[Row],
    *,
    grade: Grader,
    proposals: int = 3,
    seed: int = 0,
    concurrency: int = CONCURRENCY,
    out: Path | None = None,
    on_row: Callable[[Outcome], None] | None = None,
) -> RoleStudy:
    """Let every member aggregate what every member proposes.

    It makes `members * proposals` calls a question for proposals, and `members ** 2` for
    aggregations.

    Args:
        members: At least two.
        rows: The questions.
        grade: As for `aevaluate`.
        proposals: Proposals of one member a question.
        seed: Seed of every random choice.
        concurrency: Questions at once.
        out: Folder that keeps rows; a study that was stopped goes on there. Only the proposals of
            the member that it stopped at are asked again.
        on_row: Called after each question of each pair.

    Raises:
        InputError: There are fewer than two members, two have one name, or no question could be
            graded.
    """
    names = [member.name for member in members]
    if len(set(names)) < max(2, len(names)):
        raise InputError("give at least two members with different names")
    right: dict[tuple[str, str], dict[str, float]] = {}
    for proposer in members:
        cache: InMemoryCache[Any] = InMemoryCache()
        for aggregator in members:
            found: dict[str, float] = {}

            def take(outcome: Outcome, found: dict[str, float] = found) -> None:
                if outcome["correct"] is not None:
                    found[outcome["id"]] = float(outcome["correct"])
                if on_row is not None:
                    on_row(outcome)

            graph = create_moa([proposer] * proposals, aggregator=aggregator, layers=2)
            await aevaluate(
                cast(CompiledMethod, _Shared(graph.compile(), cache)),
                rows,
                grade=grade,
                seed=seed,
                concurrency=concurrency,
                out=None if out is None else out / _folder(proposer, aggregator, names),
                on_row=take,
                config={"proposer": proposer.name, "aggregator": aggregator.name},
            )
            right[proposer.name, aggregator.name] = found
    ids = [row["id"] for row in rows if all(row["id"] in found for found in right.values())]
    if not ids:
        raise InputError("no question could be graded: give questions with reference answers")
    results = {pair: [found[id] for id in ids] for pair, found in right.items()}
    return RoleStudy(results, role_effects(results, seed), len(ids))


def _folder(proposer: Member, aggregator: Member, names: Sequence[str]) -> str:
    return f"proposer-{names.index(proposer.name)}-aggregator-{names.index(aggregator.name)}"
