"""Builds runs out of the lines of a record, in the order in which they were written."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from manyminds.records.run_record import ANSWERED, Call, RunRecord, Visit
from manyminds.records.schema import InnerCall, MessageLine, Reading
from manyminds.state import Candidate

_OF_THE_LINE = ("type", "prompt", "params")
_OWN = ("member", "draw", "usage", "cost", "seconds", "attempts", "at")
"""Keys that a call keeps when it takes the answer of another."""
_KEPT = 65_536
_ABOUT = (
    *(
        "id",
        "method",
        "question",
        "question_id",
        "parent",
        "builder",
        "options",
        "settings",
        "members",
    ),
    *("prompts", "graph", "nodes", "library", "process"),
)


class Builder:
    """Takes line after line; `runs` has the outermost runs so far, `ended` those to be released.

    Args:
        path: of the file, for the runs to name.
    """

    def __init__(self, path: Path) -> None:
        self.runs: list[RunRecord] = []
        self.ended: list[RunRecord] = []
        self._path = path
        self._by_id: dict[str, RunRecord] = {}
        self._messages: dict[str, MessageLine] = {}
        self._prompts: dict[str, tuple[str | None, list[MessageLine]]] = {}
        self._calls: dict[tuple[object, ...], Call] = {}
        self._inner: dict[tuple[object, ...], list[InnerCall]] = {}
        self._nested: dict[tuple[object, ...], RunRecord] = {}
        # A run's line comes before those of its messages.
        self._unsaid: list[tuple[list[str], list[MessageLine]]] = []
        self._take: dict[str, Callable[[Any], None]] = {
            "run": self._run,
            "message": self._message,
            "prompt": self._prompt,
            "call": self._call,
            "inner": self._inner_call,
            "node": self._node,
            "event": self._event,
            "end": self._end,
            "failed": self._failed,
        }

    def take(self, line: dict[str, Any]) -> None:
        """Take in a line; those of a later version, of types that are unknown, are passed over.

        Raises:
            KeyError, TypeError: it lacks a field of its type.
        """
        take = self._take.get(line["type"])
        if take is not None:
            take(line)

    def release(self, run: RunRecord) -> None:
        """Forget an outermost run, so that a file of many runs takes no more memory than one."""
        self.runs = [one for one in self.runs if one is not run]
        ids = {run.id, *(call.run for call in run.everything()), *_nested(run)}
        for known in (self._calls, self._inner, self._nested):
            _drop(known, ids)
        for one in ids:
            self._by_id.pop(one, None)
        # The recorder writes a message again once it has written so many others.
        for named in (self._messages, self._prompts):
            while len(named) > _KEPT:
                del named[next(iter(named))]

    def _run(self, line: dict[str, Any]) -> None:
        about = {key: line[key] for key in _ABOUT if key in line}
        run = RunRecord(
            path=self._path,
            id=line["run"],
            began=line["at"],
            trail=line["path"],
            edges=[(a, b, bool(conditional)) for a, b, conditional in line["edges"]],
            **about,
        )
        self._by_id[run.id] = run
        self._unsaid.append((line["messages"], run.conversation))
        parent = run.parent
        around = None if parent is None else self._by_id.get(parent["run"])
        if parent is None or around is None:
            self.runs.append(run)
        else:
            around.nested.append(run)
            self._nested[_caller(parent)] = run

    def _message(self, line: MessageLine) -> None:
        self._messages.pop(line["hash"], None)  # the newest are last
        self._messages[line["hash"]] = line
        for hashes, said in self._unsaid:
            if all(one in self._messages for one in hashes):
                said[:] = [self._messages[one] for one in hashes]
        self._unsaid = [(hashes, said) for hashes, said in self._unsaid if not said]

    def _prompt(self, line: dict[str, Any]) -> None:
        said = [self._messages[one] for one in line["messages"]]
        self._prompts.pop(line["hash"], None)
        self._prompts[line["hash"]] = (line["ref"], said)

    def _call(self, line: dict[str, Any]) -> None:
        run = self._owner(line)
        ref, messages = self._prompts[line["prompt"]]
        place = _place(line)
        candidate = {key: value for key, value in line.items() if key not in _OF_THE_LINE}
        missing = Candidate.__required_keys__ - candidate.keys()
        if missing:
            raise KeyError(*missing)
        call = Call(
            cast("Candidate", candidate),
            prompt=line["prompt"],
            params=line["params"],
            prompt_ref=ref,
            messages=messages,
            inner=self._inner.pop(place, []),
            nested=self._nested.pop(_caller(line), None),
        )
        run.calls.append(call)
        self._calls[place] = call

    def _inner_call(self, line: dict[str, Any]) -> None:
        self._inner.setdefault(_place(line), []).append(cast("InnerCall", line))

    def _node(self, line: dict[str, Any]) -> None:
        visit = Visit(line["node"], line["layer"], line["at"], line["seconds"], line["outcome"])
        self._owner(line).visits.append(visit)
        for reading in line["readings"]:
            call = self._calls.get(_place({**reading, "run": line["run"]}))
            if call is not None:
                if call.status not in ANSWERED and reading["status"] in ANSWERED:
                    self._take_over(call)
                call.reading = cast("Reading", {**(call.reading or {}), **reading})

    def _take_over(self, call: Call) -> None:
        """Give a call without an answer that of the hedging call."""
        for other in reversed(self._by_id[call.run].calls):
            if other.question == call.question and other.status in ANSWERED:
                own = {key: one for key, one in call.candidate.items() if key in _OWN}
                call.candidate = cast("Candidate", {**other.candidate, **own})
                return

    def _event(self, line: dict[str, Any]) -> None:
        self._owner(line).events.append({**line["event"], "at": line["at"]})

    def _end(self, line: dict[str, Any]) -> None:
        run = self._owner(line)
        run.answer, run.report, run.ended = line["answer"], line["report"], line["at"]
        self._close(run)

    def _failed(self, line: dict[str, Any]) -> None:
        run = self._owner(line)
        run.error, run.ended = line["error"], line["at"]
        self._close(run)

    def _close(self, run: RunRecord) -> None:
        if any(run is one for one in self.runs):
            self.ended.append(run)

    def _owner(self, line: Mapping[str, Any]) -> RunRecord:
        """Return the run of a line; one that began in a file that is lost is made up."""
        run = self._by_id.get(line["run"])
        if run is None:
            run = RunRecord(self._path, line["run"], "", "", "", line["at"])
            self._by_id[run.id] = run
            self.runs.append(run)
        return run


def _drop(known: dict[tuple[object, ...], Any], runs: set[str]) -> None:
    for place in [place for place in known if place[0] in runs]:
        del known[place]


def _nested(run: RunRecord) -> Iterator[str]:
    for inner in run.nested:
        yield inner.id
        yield from _nested(inner)


def _place(line: Mapping[str, Any]) -> tuple[object, ...]:
    return (*_caller(line), line["draw"])


def _caller(line: Mapping[str, Any]) -> tuple[object, ...]:
    return tuple(line[key] for key in ("run", "role", "member", "layer", "index"))
