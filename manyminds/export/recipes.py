"""Recipes of `manyminds tune`: which rows are exported, and how they are trained.

`vote`, and `pairs` and `graded` where there is no reward, are our own: they use no reference
answer. `nat` is exported in two steps: failures and successes in NAT's form, then one row a turn.
`eto` has two stages: successes, then pairs of what the trained model did with the same questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from manyminds.export.from_records import Take
from manyminds.export.nat import framed

Kind = Literal["sft", "dpo", "kto"]
Chat = Sequence[tuple[str, str]]
"""Roles and texts of messages."""


@dataclass(frozen=True)
class Stage:
    """One training: how runs become rows of a trainer.

    Attributes:
        forms: Exporters one after the other; the last one's rows are trained.
        kind: Trainer.
        take: Which conversations of a run are taken; None: what the form is made from.
        min_agreement: Least share of the vote behind an answer.
        min_reward: Least reward.
        explores: Whether the model as it is by now answers the questions again before, so that its
            own failures are compared with successes.
        rate: Learning rate as a share of the one that is asked for.
    """

    forms: tuple[str, ...]
    kind: Kind
    take: Take | None = None
    min_agreement: float | None = None
    min_reward: float | None = None
    explores: bool = False
    rate: float = 1.0


@dataclass(frozen=True)
class Recipe:
    """Trainings one after the other.

    Attributes:
        about: What is trained, in a line.
        stages: The trainings; each continues with the model of the one before.
    """

    about: str
    stages: tuple[Stage, ...]

    def asks(self, question: str) -> Chat:
        """Return the messages in which the trained model is asked a question."""
        if self.stages[0].forms[0] == "nat":
            return framed(question)
        return [("user", question)]

    @property
    def trainers(self) -> str:
        """Forms and trainers, as a list names them."""
        return ", then ".join(
            f"{' to '.join(stage.forms)} ({stage.kind.upper()})" for stage in self.stages
        )


_GOLD = Stage(("trl",), "sft", "candidates", min_reward=1.0)
_PAIRS = Stage(("dpo",), "dpo", rate=0.1)

RECIPES: Mapping[str, Recipe] = {
    "vote": Recipe(
        "replies that a sure vote chose, no reference answer used",
        (Stage(("trl",), "sft", "winners", min_agreement=0.6),),
    ),
    "gold": Recipe("replies that are right", (_GOLD,)),
    "answer": Recipe("final answers of the method", (Stage(("trl",), "sft", "answer"),)),
    "episodes": Recipe(
        "successes of agents", (Stage(("trl",), "sft", "episodes", min_reward=1.0),)
    ),
    "nat": Recipe("successes and failures, distinguished", (Stage(("nat", "trl"), "sft"),)),
    "eto": Recipe(
        "right replies, then pairs with the trained model's own failures",
        (_GOLD, Stage(("dpo",), "dpo", explores=True, rate=0.1)),
    ),
    "pairs": Recipe("right against wrong, winner against minority", (_PAIRS,)),
    "graded": Recipe("graded replies", (Stage(("kto",), "kto", rate=0.1),)),
}
"""All recipes by name."""
