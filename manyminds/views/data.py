"""Data of pictures: one run as plain, frozen data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from manyminds.records.run_record import Call
from manyminds.views.words import part
from manyminds.votes.ballots import Ballot


@dataclass(slots=True)
class ShownCall(Call):
    """A call of a run as it is drawn.

    Attributes:
        number: Place among all calls, nested runs' included, in the order of asking.
        begin: Seconds from the start of the run.
        inside: The nested run that it belongs to, empty for the run's own calls.
    """

    number: int = 0
    begin: float = 0.0
    inside: str = ""

    @property
    def over(self) -> float:
        """Seconds from the start of the run to the answer or failure."""
        return self.begin + self.seconds


@dataclass(frozen=True)
class LayerData:
    """A layer, round or wave: its candidates, and the decisions about them.

    `kept`, `scores` and `reasons` go along with `candidates` by place; `kept` has the best first
    and is None without a choice. `read` says of each role how its verdicts were read, and how many.
    """

    number: int
    candidates: Sequence[ShownCall]
    kept: Sequence[int] | None = None
    scores: Sequence[float | None] = ()
    reasons: Sequence[str] = ()
    judged_by: str = ""
    stopped: bool | None = None
    reason: str = ""
    read: Mapping[str, Mapping[str, int]] = field(default_factory=dict[str, Mapping[str, int]])


@dataclass(frozen=True)
class RunData:
    """One run.

    `nodes` and `edges` are those of the method's graph; an edge is (from, to, conditional).
    `visits` are the nodes that have run, in order, with the seconds of their begin and end.
    `options` were given, `defaults` are of those that were not; `findings` are what the method
    reports of its own, such as the stages of a cascade.
    `answer` and `degraded` are None while there is none; `cost` is None where no price is known.
    """

    id: str
    method: str
    question: str
    calls: Sequence[ShownCall]
    layers: Sequence[LayerData] = ()
    ballot: Ballot | None = None
    answer: str | None = None
    degraded: str | None = None
    finished: bool = True
    state: str = "finished"
    simulated: bool = False
    seconds: float = 0.0
    cost: float | None = None
    visits: Sequence[tuple[str, float, float]] = ()
    nodes: Sequence[str] = ()
    edges: Sequence[tuple[str, str, bool]] = ()
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    defaults: Mapping[str, object] = field(default_factory=dict[str, object])
    findings: Mapping[str, object] = field(default_factory=dict[str, object])
    prompts: Sequence[str] = ()
    members: Sequence[str] = ()
    began: float = 0.0
    answered_by: str = ""
    file: str = ""

    @property
    def word(self) -> str:
        """Word of the method for its parts, such as "layer" or "round"."""
        return part([call.role for call in self.calls if not call.inside], self.method)

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens in, and tokens out."""
        used = [call.usage for call in self.calls]
        return sum(u["input_tokens"] for u in used), sum(u["output_tokens"] for u in used)

    @property
    def failures(self) -> int:
        """Number of calls without a usable answer."""
        return sum(call.status != "ok" for call in self.calls)


def by_role(run: RunData) -> dict[str, tuple[int, int, int, float | None]]:
    """Return for each role: calls, tokens in, tokens out, dollars (None: unknown)."""
    sums: dict[str, tuple[int, int, int, float | None]] = {}
    for call in run.calls:
        calls, tokens_in, tokens_out, cost = sums.get(call.role, (0, 0, 0, None))
        if call.cost is not None:
            cost = (cost or 0.0) + call.cost
        sums[call.role] = (
            calls + 1,
            tokens_in + call.usage["input_tokens"],
            tokens_out + call.usage["output_tokens"],
            cost,
        )
    return sums


def by_member(run: RunData) -> dict[str, list[ShownCall]]:
    """Return each member's calls, members in the order in which they were first asked."""
    rows: dict[str, list[ShownCall]] = {}
    for call in sorted(run.calls, key=lambda call: call.number):
        rows.setdefault(call.member, []).append(call)
    return rows


class Title(NamedTuple):
    """A row of a list of runs; `cost` is in dollars, None where it is unknown."""

    address: str
    question: str
    method: str
    state: str
    members: str
    cost: float | None
