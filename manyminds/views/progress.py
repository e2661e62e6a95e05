"""Progress of a run, from its stream of custom events and tokens alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from langchain_core.messages import AIMessageChunk


@dataclass
class Line:
    """One member in one role: numbers of its calls, answers and failures."""

    member: str
    role: str
    asked: int = 0
    answered: int = 0
    failed: int = 0
    seconds: float = 0.0
    kind: str = ""

    @property
    def waiting(self) -> int:
        """Answers still out; one request may bring several, so more can come than were asked."""
        return max(0, self.asked - self.answered - self.failed)


@dataclass
class Progress:
    """A run so far.

    Attributes:
        method: its name, empty before the first event.
        lines: by member and role, in the order in which they were first asked.
        votes: number of votes of each answer, most first.
        cost: dollars of the answers whose price is known.
        priced: True if any price is known.
        layer: the layer, round or wave that is being asked; 0 before the first.
        kept: number of answers of the last layer that were passed on; 0 without a choice.
        planned: calls that the run has said it will make so far; early stopping may spare some.
        began: start of watching, by the monotonic clock.
        hide: takes keys out of the answer, should a server repeat one.
    """

    method: str = ""
    lines: dict[tuple[str, str], Line] = field(default_factory=dict[tuple[str, str], Line])
    votes: list[int] = field(default_factory=list[int])
    cost: float = 0.0
    priced: bool = False
    layer: int = 0
    kept: int = 0
    planned: int = 0
    began: float = field(default_factory=monotonic)
    hide: Callable[[str], str] = str
    _run: str = ""
    _texts: dict[str, str] = field(default_factory=dict[str, str])

    def event(self, event: Mapping[str, object]) -> None:
        """Take in a progress event; those of nested runs and unknown ones are passed over."""
        run = str(event.get("run", ""))
        self._run = self._run or run
        if event.get("event") == "dropped":  # also where a nested run writes the answer
            self._texts.pop(str(event.get("message_id")), None)
        if run != self._run:
            return
        self.method = str(event.get("method", self.method))
        match event.get("event"):
            case "planned":
                self.planned += int(_number(event.get("calls")))
            case "asked":
                self._line(event).asked += 1
            case "answered":
                line = self._line(event)
                line.answered += 1
                line.seconds = _number(event.get("seconds"))
                if event.get("cost") is not None:
                    self.priced = True
                    self.cost += _number(event["cost"])
            case "failed":
                line = self._line(event)
                line.failed += 1
                line.kind = str(event.get("kind") or "failed")
            case "voted":
                counts = event.get("counts")
                self.votes = [int(n) for n in counts] if isinstance(counts, list) else []
            case "layer":
                self.layer = int(_number(event.get("layer")))
            case "kept":
                kept = event.get("kept")
                self.kept = len(kept) if isinstance(kept, list) else 0
            case _:
                pass

    def token(self, chunk: object) -> None:
        """Take in a piece of the final answer; whole messages are ignored."""
        if isinstance(chunk, AIMessageChunk) and chunk.id is not None:
            self._texts[chunk.id] = self._texts.get(chunk.id, "") + chunk.text

    @property
    def text(self) -> str:
        """The final answer as far as it is written."""
        return self.hide(next(reversed(self._texts.values()), ""))

    @property
    def answered(self) -> int:
        """Good answers so far."""
        return sum(line.answered for line in list(self.lines.values()))

    @property
    def failed(self) -> int:
        """Calls without an answer so far."""
        return sum(line.failed for line in list(self.lines.values()))

    @property
    def asked(self) -> int:
        """Answers asked for so far."""
        lines = list(self.lines.values())
        return sum(line.answered + line.failed + line.waiting for line in lines)

    @property
    def seconds(self) -> float:
        """Seconds since watching began."""
        return monotonic() - self.began

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the planned calls are answered, at the rate so far; None where unknown."""
        done = sum(line.answered + line.failed for line in list(self.lines.values()))
        if not done or done >= self.planned:
            return None
        return self.seconds / done * (self.planned - done)

    def _line(self, event: Mapping[str, object]) -> Line:
        key = (str(event.get("member")), str(event.get("role")))
        return self.lines.setdefault(key, Line(*key))


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
