"""A run as its record has it: typed, with nested runs under the calls that ran them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from manyminds.protocols import MemberEntry
from manyminds.records.call_attribute import CallAttribute
from manyminds.records.process import Process, is_alive
from manyminds.records.schema import InnerCall, MessageLine, Parent, Reading
from manyminds.records.sums import Sums
from manyminds.state import NO_TOKENS, Candidate, Failure, Status, TokenUsage

if TYPE_CHECKING:
    from manyminds.records.rerun import Graph, Rerun
    from manyminds.settings import Context


State = Literal["finished", "failed", "running", "broken off"]

ANSWERED: frozenset[Status] = frozenset({"ok", "flagged"})


@dataclass(slots=True)
class Call:
    """One call of a run. The keys of its `Candidate` are attributes, as its nodes left them.

    Attributes:
        candidate: The answer or failure as it was when the call ended.
        prompt: Hash of the prompt.
        params: Sampling parameters.
        prompt_ref: name@version#hash of the prompt file that made the prompt, where one did.
        messages: The prompt.
        reading: Values that a node has read out of the answer; None where none has.
        inner: Model calls that a foreign chain or graph has made for this answer.
        nested: The run of a method that gave this answer.
    """

    candidate: Candidate = field(repr=False)
    prompt: str = ""
    params: dict[str, Any] = field(default_factory=dict[str, Any])
    prompt_ref: str | None = None
    messages: list[MessageLine] = field(default_factory=list[MessageLine], repr=False)
    reading: Reading | None = field(default=None, repr=False)
    inner: list[InnerCall] = field(default_factory=list[InnerCall], repr=False)
    nested: "RunRecord | None" = field(default=None, repr=False)

    run = CallAttribute[str]()
    member = CallAttribute[str]()
    role = CallAttribute[str]()
    layer = CallAttribute[int]()
    index = CallAttribute[int]()
    draw = CallAttribute[int]()
    status = CallAttribute[Status]()
    text = CallAttribute[str]()
    answer = CallAttribute[str | None]()
    where = CallAttribute[str | None]()
    error = CallAttribute[Failure | None]()
    usage = CallAttribute[TokenUsage]()
    cost = CallAttribute[float | None]()
    seconds = CallAttribute[float]()
    attempts = CallAttribute[int]()
    at = CallAttribute[float | None]()
    confidence = CallAttribute[float | None]()
    scores = CallAttribute[dict[str, float] | None]()
    hedged_by = CallAttribute[str | None]()
    reused = CallAttribute[str | None]()

    def __repr__(self) -> str:
        place = f"{self.role} {self.member}, layer {self.layer}, no. {self.index}"
        return f"<{place}: {self.status}, {self.answer or self.text[:60]!r}>"

    @property
    def question(self) -> tuple[str, int, int, str]:
        """Key of the question: the same for a member and the hedge of its call."""
        return self.role, self.layer, self.index, self.prompt

    @property
    def end(self) -> float | None:
        """When the answer was in, or the failure, in seconds since 1970."""
        return None if self.at is None else self.at + self.seconds

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.usage["input_tokens"] + self.usage["output_tokens"]

    @property
    def failure(self) -> str:
        """Why there is no answer, in words; empty where there is one."""
        return "" if self.error is None else f"{self.error['kind']}: {self.error['message']}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A node that has run: its times and its decisions."""

    node: str
    layer: int
    at: float
    seconds: float
    outcome: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LayerState:
    """State of a run at the end of a layer, round, wave or step.

    Attributes:
        candidates: answers of the layer, in the order of asking.
        kept: those that were passed on, best first; all good ones without a choice.
        dropped: good ones that were not.
        others: calls of the layer in other roles: judge, moderator, aggregator, ...
    """

    layer: int
    candidates: list[Call]
    kept: list[Call]
    dropped: list[Call]
    others: list[Call]
    verdict: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    ballot: Mapping[str, Any] | None = None


# Calls in these roles are candidates; other roles look at the candidates' answers.
CANDIDATES = frozenset(
    {"proposer", "sampler", "debater", "solver", "level", "panel", "stage", "population"}
)


@dataclass(slots=True)
class RunRecord:
    """One run, read from its record by `manyminds.load_run`.

    Attributes:
        path: the file.
        began, ended: in seconds since 1970; `ended` is None while the run continues.
        parent: the call that ran this run, where it is nested; `trail` names all calls around it.
        builder: module:function that built the method's graph.
        options: options of the builder; `settings`: those of the run.
        graph: the method's picture in mermaid; `nodes` and `edges` the same as data.
        conversation: messages that the run was given.
        calls: its own calls, in the order in which they ended; those of nested runs are in
            `nested`.
        visits: the nodes that have run, in the order in which they ended.
        events: progress events but those of single calls, each with its time under `at`.
        process: the process that began the run; None where the record does not say.
        answer: None while there is none.
        report: empty while there is none.
        error: why there is no answer.
    """

    path: Path
    id: str
    method: str
    question: str
    question_id: str
    began: float
    parent: Parent | None = None
    trail: str = ""
    builder: str = ""
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    members: list[MemberEntry] = field(default_factory=list[MemberEntry])
    prompts: list[str] = field(default_factory=list[str])
    graph: str = field(default="", repr=False)
    nodes: list[str] = field(default_factory=list[str], repr=False)
    edges: list[tuple[str, str, bool]] = field(
        default_factory=list[tuple[str, str, bool]], repr=False
    )
    library: str = ""
    process: Process | None = None
    conversation: list[MessageLine] = field(default_factory=list[MessageLine], repr=False)
    calls: list[Call] = field(default_factory=list[Call], repr=False)
    visits: list[Visit] = field(default_factory=list[Visit], repr=False)
    events: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]], repr=False)
    nested: "list[RunRecord]" = field(default_factory=list["RunRecord"], repr=False)
    answer: str | None = None
    report: dict[str, Any] = field(default_factory=dict[str, Any], repr=False)
    error: str | None = None
    ended: float | None = None

    def __repr__(self) -> str:
        state = "finished" if self.finished else "unfinished"
        calls = sum(1 for _ in self.everything())
        return f"<{self.method}, {state}: {self.question[:60]!r} -> {self.answer!r}, {calls} calls>"

    def _repr_html_(self) -> str | None:
        """Show the run in a notebook; where jinja2 is missing, its text is shown."""
        show = import_module("manyminds.views.notebook").as_html
        return cast("str | None", show(self))

    @property
    def finished(self) -> bool:
        """Whether the run has ended, with an answer or an error."""
        return self.ended is not None

    @property
    def state(self) -> State:
        """How far the run is: `broken off` means that its process ended before the run did."""
        if self.error is not None:
            return "failed"
        if self.finished:
            return "finished"
        return "running" if is_alive(self.process, self.path) else "broken off"

    @property
    def cost(self) -> float | None:
        """Dollars of the run and of all that is nested in it; None where no price is known."""
        if "cost" in self.report:
            return cast("float | None", self.report["cost"])
        costs = [call.cost for call in self.everything() if call.nested is None]
        known = [cost for cost in costs if cost is not None]
        return sum(known) if known else None

    @property
    def seconds(self) -> float:
        """Seconds from the begin of the run to its end, or to its last event."""
        last = max((call.end or self.began for call in self.calls), default=self.began)
        return (self.ended or last) - self.began

    @property
    def ballot(self) -> Mapping[str, Any] | None:
        """The last ballot, None where there was no vote."""
        votes = self._by_layer("ballot")
        return votes[max(votes)] if votes else None

    @property
    def verdicts(self) -> dict[int, Mapping[str, Any]]:
        """Verdict of the judge in each layer."""
        return self._by_layer("verdict")

    @property
    def decisions(self) -> dict[int, Mapping[str, Any]]:
        """Whether to continue after each layer: the last word on it."""
        return self._by_layer("decision")

    def layers(self) -> dict[int, list[Call]]:
        """Return the candidates of each layer, round, wave or step, in the order of asking."""
        layers: dict[int, list[Call]] = {}
        for call in sorted(self.calls, key=lambda call: (call.layer, call.index)):
            if call.role in CANDIDATES:
                layers.setdefault(call.layer, []).append(call)
        return layers

    def at(self, layer: int) -> LayerState:
        """Return the state of the run at the end of a layer, round, wave or step."""
        candidates = self.layers().get(layer, [])
        good = {call.index: call for call in candidates if call.status == "ok"}
        chosen = self._by_layer("kept").get(layer)
        kept = list(good.values()) if chosen is None else [good[i] for i in chosen if i in good]
        return LayerState(
            layer=layer,
            candidates=candidates,
            kept=kept,
            dropped=[call for call in good.values() if call not in kept],
            others=[c for c in self.calls if c.layer == layer and c.role not in CANDIDATES],
            verdict=self.verdicts.get(layer),
            decision=self.decisions.get(layer),
            ballot=self._by_layer("ballot").get(layer),
        )

    def timeline(self) -> list[tuple[Call, float, float]]:
        """Return each call with its begin and end in seconds from the begin of the run."""
        timed = [
            (call, call.at - self.began, call.at - self.began + call.seconds)
            for call in self.everything()
            if call.at is not None
        ]
        return sorted(timed, key=lambda one: one[1])

    def everything(self) -> Iterator[Call]:
        """Yield the calls of this run and of all that are nested in it."""
        yield from self.calls
        for run in self.nested:
            yield from run.everything()

    def sums(self, by: Literal["role", "member"]) -> dict[str, Sums]:
        """Add up tokens, dollars and seconds by role or by member; nested runs count with theirs.

        A call that was answered by a nested run counts the usage of the calls in there.
        """
        sums: dict[str, Sums] = {}
        for call in self.calls:
            key: str = getattr(call, by)
            used = [call] if call.nested is None else call.nested.everything()
            spent = [one.candidate for one in used if one.nested is None]
            sums[key] = sums.get(key, Sums()).plus(spent, call.seconds)
        return sums

    def replay(
        self,
        graph: "Graph | None" = None,
        *,
        strict: bool = False,
        context: "Context | None" = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Run the method again on these answers; only new calls are made; see `areplay`."""
        app, given = self._rerun().prepared(graph, changes, strict=strict, context=context)
        return cast("dict[str, Any]", app.invoke(**given))

    async def areplay(
        self,
        graph: "Graph | None" = None,
        *,
        strict: bool = False,
        context: "Context | None" = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Do the same without blocking; see `manyminds.areplay`."""
        app, given = self._rerun().prepared(graph, changes, strict=strict, context=context)
        return cast("dict[str, Any]", await app.ainvoke(**given))

    def _rerun(self) -> "Rerun":
        from manyminds.records.rerun import Rerun

        known = ("method", "builder", "options", "conversation", "question_id", "settings")
        return Rerun(**{name: getattr(self, name) for name in known}, answers=dict(self._answers()))

    def _answers(self) -> "Iterator[tuple[str, Candidate]]":
        """Yield the answer of each call with the key under which a run looks for it."""
        from manyminds.runs.cache import key_from_hash

        good = {call.question: call for call in self.calls if call.status in ANSWERED}
        for call in self.calls:
            # One that was cut because its spare was quicker has that one's answer.
            taken = good.get(call.question, call) if call.status == "cut" else call
            place = f"{call.role}/{call.member}/{call.layer}/{call.index}/{call.draw}"
            yield f"{self.trail}{place}/{key_from_hash(call.prompt, call.params)}", _free(taken)
        for nested in self.nested:
            yield from nested._answers()

    def _by_layer(self, key: str) -> dict[int, Any]:
        return {v.layer: v.outcome[key] for v in self.visits if key in v.outcome}


def _free(call: Call) -> Candidate:
    """Return the candidate of a call as one that costs nothing."""
    free = {"usage": NO_TOKENS, "cost": 0.0, "attempts": 0, "seconds": 0.0, "reused": "record"}
    return cast("Candidate", {**call.candidate, **free})
