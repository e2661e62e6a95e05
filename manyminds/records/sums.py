"""Sums: usage of some calls."""

from collections.abc import Sequence
from dataclasses import dataclass

from manyminds.state import Candidate


@dataclass(frozen=True, slots=True)
class Sums:
    """Usage of some calls; `cost` is None where no price is known."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0

    def plus(self, used: Sequence[Candidate], seconds: float) -> "Sums":
        """Return the sums with the calls that were made for one answer, and its seconds."""
        known = [one["cost"] for one in used if one["cost"] is not None]
        return Sums(
            calls=self.calls + len(used),
            input_tokens=self.input_tokens + sum(one["usage"]["input_tokens"] for one in used),
            output_tokens=self.output_tokens + sum(one["usage"]["output_tokens"] for one in used),
            cost=sum(known, self.cost or 0.0) if known else self.cost,
            seconds=self.seconds + seconds,
        )
