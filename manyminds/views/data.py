"""What pictures are drawn from: one run as plain, frozen data, whatever it was read from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from manyminds.state import Status
from manyminds.votes.ballots import Ballot


@dataclass(frozen=True)
class CallData:
    """One call of a run; `begin` counts seconds from the start of the run.

    `layer` is the layer, round, wave or step, `index` the order of asking within it. `node` names
    who asked where that is known. `inside` names the nested run, empty for the run's own calls.
    `reused` says where an answer came from that was not asked for again, `where` in what place of
    the text the answer was read.
    """

    number: int
    member: str
    role: str
    layer: int
    index: int
    status: Status
    text: str
    begin: float
    seconds: float
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    answer: str | None = None
    error: str = ""
    attempts: int = 1
    prompt: str = ""
    messages: Sequence[tuple[str, str]] = ()
    inside: str = ""
    reused: str = ""
    where: str = ""

    @property
    def end(self) -> float:
        """Seconds from the start of the run until the answer was there, or the failure."""
        return self.begin + self.seconds

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True)
class LayerData:
    """A layer, round or wave: its candidates, and what was decided about them.

    `kept`, `scores` and `reasons` go along with `candidates` by place; `kept` has the best first
    and is None where nobody chose.
    """

    number: int
    candidates: Sequence[CallData]
    kept: Sequence[int] | None = None
    scores: Sequence[float | None] = ()
    reasons: Sequence[str] = ()
    judged_by: str = ""
    stopped: bool | None = None
    reason: str = ""


@dataclass(frozen=True)
class RunData:
    """One run.

    `nodes` and `edges` are those of the method's graph; an edge is (from, to, conditional).
    `visits` are the nodes that have run, in order, with the seconds of their begin and end.
    `answer` and `degraded` are None while there is none; `cost` is None where no price is known.
    """

    id: str
    method: str
    question: str
    calls: Sequence[CallData]
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
    prompts: Sequence[str] = ()
    members: Sequence[str] = ()
    began: float = 0.0
    answered_by: str = ""
    file: str = ""

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens in, and tokens out."""
        counted = self.calls
        return sum(c.input_tokens for c in counted), sum(c.output_tokens for c in counted)

    @property
    def failures(self) -> int:
        """Calls that gave no answer that counts."""
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
            tokens_in + call.input_tokens,
            tokens_out + call.output_tokens,
            cost,
        )
    return sums


def by_member(run: RunData) -> dict[str, list[CallData]]:
    """Return each member's calls, members in the order in which they were first asked."""
    rows: dict[str, list[CallData]] = {}
    for call in sorted(run.calls, key=lambda call: call.number):
        rows.setdefault(call.member, []).append(call)
    return rows
