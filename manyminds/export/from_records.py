"""Trajectories out of run records: of any method, of nested runs and of foreign agents."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast

from manyminds.export.messages import Message, NotHeldError, ToolCall, steps_of
from manyminds.records.run_record import ANSWERED, CANDIDATES, Call, RunRecord
from manyminds.records.schema import MessageLine
from manyminds.trajectory import Trajectory

Take: TypeAlias = Literal["answer", "winners", "candidates", "episodes", "calls"]
"""Which conversations of a run are taken.

`answer`: what the run was given, and its answer. `winners`: candidates whose answer won the vote.
`candidates`: all candidates. `calls`: every conversation of every role; a call whose prompt
continues an earlier call is one conversation with it. `episodes`: the trajectories that the run has
recorded itself, as an interaction does; else the conversations of its candidates.
"""
_Vote: TypeAlias = tuple[float | None, bool | None]
"""Share of a vote's weight behind an answer, and whether it won; None: there was no vote."""
_NO_VOTE: _Vote = (None, None)
_ROLES: Mapping[str, Literal["system", "user", "assistant", "tool"]] = {
    **{"system": "system", "human": "user", "user": "user", "ai": "assistant"},
    **{"assistant": "assistant", "tool": "tool"},
}


@dataclass(frozen=True)
class _Spoken:
    """A conversation, and the tools that the model could call in it.

    `own` are the places of the messages that the model wrote in this run.
    """

    messages: list[MessageLine]
    own: frozenset[int]
    tools: Sequence[dict[str, Any]] = ()


def from_run(run: RunRecord, take: Take = "answer") -> Iterator[Trajectory]:
    """Yield the trajectories of a run, then those of the runs nested in it.

    Args:
        run: The run, from `manyminds.load_run`.
        take: Which conversations to take.

    Raises:
        NotHeldError: A message has parts other than text.
    """
    yield from _from_run(run, take, _NO_VOTE)


def _from_run(run: RunRecord, take: Take, outer: _Vote) -> Iterator[Trajectory]:
    """Yield the trajectories; `outer` is the vote around the run on its answer."""
    if take == "answer":
        yield from (_voted(one, outer) for one in _answer(run))
    elif take == "calls":
        yield from _calls(run)
    elif take == "episodes":
        yield from _episodes(run, outer)
    else:
        yield from (one for one in _candidates(run) if take == "candidates" or one.won)
    shares = _shares(run)
    votes = {call.nested.id: shares.get(id(call), _NO_VOTE) for call in run.calls if call.nested}
    for nested in run.nested:
        yield from _from_run(nested, take, votes.get(nested.id, _NO_VOTE))


def _episodes(run: RunRecord, outer: _Vote) -> Iterator[Trajectory]:
    own = list(_recorded(run))
    for one in own:
        yield _voted(one, outer) if one.answer is not None and one.answer == run.answer else one
    if not own and run.method == "lumos":  # whose agents are its planner and its grounder
        yield from (_voted(one, outer) for one in _calls(run))
    elif not own:
        yield from (one for one in _calls(run) if one.role in CANDIDATES)


def _voted(one: Trajectory, outer: _Vote) -> Trajectory:
    """Return a trajectory that gave the answer of its run; without a vote in it, with that around.

    So an Agent Forest over agents says which of their trajectories it is sure of.
    """
    if one.won is None and one.agreement is None:
        one.agreement, one.won = outer
    return one


def _answer(run: RunRecord) -> Iterator[Trajectory]:
    if run.answer is None or not run.conversation:
        return
    author = _author(run)
    messages = [*run.conversation, _reply(run.answer)]
    known = _Spoken(messages, frozenset({len(run.conversation)}))
    share, won = _shares(run).get(id(author), _NO_VOTE)
    yield _made(run, run.id, known, author, agreement=share, won=won)


def _candidates(run: RunRecord) -> Iterator[Trajectory]:
    shares = _shares(run)
    for call in run.calls:
        if call.role in CANDIDATES and call.status in ANSWERED and call.nested is None:
            share, won = shares.get(id(call), _NO_VOTE)
            spoken = _conversations(call)[-1]
            yield _made(run, _name(call), spoken, call, agreement=share, won=won)


def _calls(run: RunRecord) -> Iterator[Trajectory]:
    shares = _shares(run)
    good = [c for c in run.calls if c.status in ANSWERED and c.nested is None]
    chains = _merged((call, spoken) for call in good for spoken in _conversations(call))
    for place, (call, spoken) in enumerate(chains):
        share, won = shares.get(id(call), _NO_VOTE)
        yield _made(run, f"{_name(call)}/{place}", spoken, call, agreement=share, won=won)


def _recorded(run: RunRecord) -> Iterator[Trajectory]:
    """Yield the trajectories that the run ended with: a later node's replace an earlier one's."""
    listed = [rows for visit in run.visits if (rows := visit.outcome.get("trajectories"))]
    for number, row in enumerate(listed[-1] if listed else (), 1):
        trajectory = Trajectory.read(row, f"{run.path} run {run.id} trajectory {number}")
        trajectory.source = trajectory.source or run.path.name
        yield trajectory


def _conversations(call: Call) -> list[_Spoken]:
    """Return the conversations of a call: several where it ran an agent, its own one last."""
    inner = sorted(call.inner, key=lambda one: one["at"])
    spoken = [
        _said(one["messages"], one["text"], one.get("tool_calls"), one.get("tools"))
        for one in inner
        if one["error"] is None
    ] or [
        _said(call.messages, call.text, call.candidate.get("tool_calls"), call.params.get("tools"))
    ]
    chains = [one for _, one in _merged((call, one) for one in spoken)]
    return sorted(chains, key=lambda one: _text(one.messages[-1]) == call.text)


def _merged(given: Iterable[tuple[Call, _Spoken]]) -> list[tuple[Call, _Spoken]]:
    """Join a conversation with the earlier one that it continues with, the longest there is."""
    chains: dict[int, tuple[Call, _Spoken]] = {}
    ends: dict[int, list[int]] = {}
    for place, (call, spoken) in enumerate(given):
        heads = list(_heads(spoken.messages))
        for head in reversed(heads[:-1]):
            if ends.get(head):
                _, before = chains.pop(ends[head].pop())
                spoken = replace(spoken, own=spoken.own | before.own)
                break
        chains[place] = (call, spoken)
        ends.setdefault(heads[-1], []).append(place)
    return list(chains.values())


def _heads(messages: Sequence[MessageLine]) -> Iterator[int]:
    """Yield a hash of the first message, of the first two, and so on."""
    head = 0
    for message in messages:
        head = hash((head, _ROLES.get(message["role"]), _text(message)))
        yield head


def _shares(run: RunRecord) -> dict[int, _Vote]:
    """Return by call the share of its vote's weight that is behind its answer, and if it won."""
    good = [c for c in run.calls if c.role in CANDIDATES and c.status in ANSWERED]
    # A forest numbers its samples over all waves; other methods number each layer from 0.
    over_all = len({call.index for call in good}) == len(good)
    asked: dict[tuple[int, int], list[Call]] = {}
    for call in good:
        asked.setdefault((0 if over_all else call.layer, call.index), []).append(call)
    shares: dict[int, _Vote] = {}
    for visit in run.visits:
        ballot = cast("Mapping[str, Any] | None", visit.outcome.get("ballot"))
        if not ballot or not ballot.get("groups"):
            continue
        total = sum(max(group["weight"], 0.0) for group in ballot["groups"])
        # Replies in which nothing was read weigh as much as the others: one vote alone is not sure.
        voters = ballot["voters"]
        total *= (voters + ballot["abstentions"]) / voters if voters else 1.0
        for place, group in enumerate(ballot["groups"]):
            share = min(1.0, max(group["weight"], 0.0) / total) if total > 0 else None
            for index in group["indices"]:
                for call in asked.get((0 if over_all else visit.layer, index), ()):
                    shares[id(call)] = (share, place == 0 and not ballot["tie"])
    return shares


def _author(run: RunRecord) -> Call | None:
    """Return the call that wrote the answer; None where it cannot be told."""
    places = [v.outcome["final"] for v in run.visits if isinstance(v.outcome.get("final"), Mapping)]
    keys = ("role", "member", "layer", "index", "draw")
    for call in reversed(run.calls):
        if places and all(getattr(call, key) == places[-1].get(key) for key in keys):
            return call
    return next((call for call in reversed(run.calls) if call.text == run.answer), None)


def _made(
    run: RunRecord,
    name: str,
    spoken: _Spoken,
    call: Call | None,
    *,
    agreement: float | None,
    won: bool | None,
) -> Trajectory:
    system, content = steps_of(
        [_message(line, place in spoken.own) for place, line in enumerate(spoken.messages)]
    )
    # A chat model object is known by a hash, which says less than its name.
    models = {m["name"]: m["model"] for m in run.members if ":" in m["model"]}
    return Trajectory(
        id=name,
        content=content,
        system=system,
        tools=list(spoken.tools),
        task=run.question_id or None,
        model=None if call is None else models.get(call.member, call.member),
        method=run.method or None,
        role=None if call is None else call.role,
        source=run.path.name,
        reward=_outcome(run, "reward"),
        rating=_outcome(run, "rating"),
        answer=None if call is None else call.answer,
        agreement=agreement,
        won=won,
        details={"question": run.question, "run": run.id},
    )


def _outcome(run: RunRecord, key: str) -> float | None:
    """Return what an environment or a rater has recorded last."""
    reports = [run.report, *(visit.outcome for visit in reversed(run.visits))]
    found = next((one[key] for one in reports if isinstance(one.get(key), int | float)), None)
    return None if found is None else float(found)


def _message(line: MessageLine, own: bool) -> Message:
    role = _ROLES.get(line["role"], "user")
    message = Message(role=role, content=_text(line))
    for key in ("name", "tool_call_id"):
        if line.get(key):
            cast("dict[str, Any]", message)[key] = line.get(key)
    if role == "assistant":
        message["train"] = own
        calls = cast("Sequence[Mapping[str, Any]]", line.get("tool_calls", []))
        if calls:
            message["tool_calls"] = [_tool_call(call) for call in calls]
            message["content"] = message["content"] or None
    return message


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    made = ToolCall(
        type="function", function={"name": call["name"], "arguments": dict(call["args"])}
    )
    if call.get("id"):
        made["id"] = call["id"]
    return made


def _text(line: MessageLine) -> str:
    content = line["content"]
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif part.get("type") == "text":
            texts.append(part["text"])
        elif part.get("type") not in ("tool_use", "function_call", "reasoning", "thinking"):
            raise NotHeldError("a message with parts other than text")
    return "".join(texts)


def _said(
    messages: Sequence[MessageLine],
    text: str,
    calls: Sequence[Any] | None,
    tools: Sequence[Any] | None,
) -> _Spoken:
    """Return a prompt with its reply."""
    schemas = [one for one in tools or () if isinstance(one, dict)]
    return _Spoken([*messages, _reply(text, calls)], frozenset({len(messages)}), schemas)


def _reply(text: str, calls: Sequence[Any] | None = None) -> MessageLine:
    reply = MessageLine(type="message", hash="", role="ai", content=text)
    if calls:
        reply["tool_calls"] = list(calls)
    return reply


def _name(call: Call) -> str:
    return f"{call.run}/{call.role}/{call.member}/{call.layer}/{call.index}/{call.draw}"
