"""Recipes of `manyminds tune`: which rows are exported, and how they are trained.

`vote` and `graded-vote` are our own: they use no reference answer. `nat` is trained in two steps of
export: failures and successes in NAT's form, then one row a turn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from manyminds.export.from_records import Take

Kind = Literal["sft", "dpo", "kto"]


@dataclass(frozen=True)
class Recipe:
    """How runs become rows of a trainer.

    Attributes:
        about: What is trained, in a line.
        forms: Exporters one after the other; the last one's rows are trained.
        kind: Trainer.
        take: Which conversations of a run are taken; None: what the form is made from.
        min_agreement: Least share of the vote behind an answer.
        min_reward: Least reward.
    """

    about: str
    forms: tuple[str, ...]
    kind: Kind
    take: Take | None = None
    min_agreement: float | None = None
    min_reward: float | None = None


RECIPES: Mapping[str, Recipe] = {
    "vote": Recipe("replies that a sure vote chose", ("trl",), "sft", "winners", 0.6),
    "gold": Recipe("replies that are right", ("trl",), "sft", "candidates", min_reward=1.0),
    "answer": Recipe("final answers of the method", ("trl",), "sft", "answer"),
    "episodes": Recipe("successes of agents", ("trl",), "sft", "episodes", min_reward=1.0),
    "nat": Recipe("successes and failures, told apart", ("nat", "trl"), "sft"),
    "pairs": Recipe("right against wrong, winner against minority", ("dpo",), "dpo"),
    "graded": Recipe("graded replies", ("kto",), "kto"),
}
"""All recipes by name."""
