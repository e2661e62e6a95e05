"""panel: what the nodes of a Sparse Mixture-of-Agents share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from manyminds.limits.quorum import Quorum
from manyminds.members import Member
from manyminds.settings import Context
from manyminds.state import Candidate

METHOD = "smoa"
Agreement: TypeAlias = Callable[[Sequence[Candidate]], float | None]


@dataclass(frozen=True)
class Panel:
    """How a panel works.

    Attributes:
        proposers: who proposes in every layer, in order of asking.
        rounds: layers of proposers at most; the aggregator's is not counted.
        quorum: good answers that a layer needs: a count, or a share such as "75%".
        keep: how many answers of a layer are handed on.
        judging: calls of the judge a layer: 0 where it is a node of the host's.
        moderating: calls of the moderator after a layer that another may follow: 0 or 1.
        agreement: how far candidates agree, from 0 to 1; None where that cannot be said.
        context: the builder's settings.
    """

    proposers: Sequence[Member]
    rounds: int
    quorum: Quorum
    keep: int
    judging: int
    moderating: int
    agreement: Agreement
    context: Context

    @property
    def calls(self) -> int:
        """What one more layer costs up to the answer."""
        return len(self.proposers) + self.judging + 1

    @property
    def planned(self) -> int:
        """Calls of a run that does not stop early."""
        return self.rounds * (self.calls - 1 + self.moderating) - self.moderating + 1

    def draw(self, member: Member, role: str, layer: int) -> int:
        """Return how often a member was asked before it is asked in a role.

        Each role has a range of its own, for it may ask twice; proposals come first.
        """
        proposes = member.name in {proposer.name for proposer in self.proposers}
        first = self.rounds if proposes else 0
        of_layer = 2 + 4 * (layer - 1)
        ranges = {"role_writer": 0, "judge": of_layer, "moderator": of_layer + 2}
        return first + ranges.get(role, 2 + 4 * self.rounds)


def most_draws(rounds: int) -> int:
    """Return how often a panel asks one member at most, as its draws are numbered."""
    return 5 * rounds + 3
