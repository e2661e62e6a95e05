"""What an export has read, dropped and written."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counts:
    """Counts of one export: what was read is either used or dropped for a reason.

    Attributes:
        read: Trajectories by source.
        runs: Runs that gave no trajectory, by reason.
        dropped: Trajectories by the reason they were dropped for.
        used: Trajectories that rows were made of; of a pair's task all that were compared.
        rows: Rows written.
        models, methods, roles: Used trajectories by their writers.
        rewards: Used trajectories by reward, rounded to a tenth.
    """

    read: Counter[str] = field(default_factory=Counter[str])
    runs: Counter[str] = field(default_factory=Counter[str])
    dropped: Counter[str] = field(default_factory=Counter[str])
    used: int = 0
    rows: int = 0
    models: Counter[str] = field(default_factory=Counter[str])
    methods: Counter[str] = field(default_factory=Counter[str])
    roles: Counter[str] = field(default_factory=Counter[str])
    rewards: Counter[str] = field(default_factory=Counter[str])

    @property
    def total(self) -> int:
        """Trajectories read."""
        return self.read.total()

    def dropped_text(self) -> str:
        """Return the reasons with their counts, the most frequent first."""
        listed = [f"{reason}: {n}" for reason, n in self.dropped.most_common()]
        return "; ".join(listed) or "none"
