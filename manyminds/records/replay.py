"""Runs a method again on the answers of a record, and asks only for what is not in there."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from time import time
from typing import Any, TypeAlias, cast

from langchain_core.messages import BaseMessage, messages_from_dict
from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from manyminds.errors import DataError, InputError
from manyminds.records.reader import load_run
from manyminds.records.run_record import ANSWERED, Call, RunRecord
from manyminds.records.schema import MessageLine
from manyminds.registry import methods
from manyminds.runs.cache import key_from_hash
from manyminds.settings import Context
from manyminds.state import NO_TOKENS, Candidate

Graph: TypeAlias = StateGraph[Any, Context, Any, Any] | CompiledStateGraph[Any, Context, Any, Any]

_OF_THE_LINE = ("type", "prompt", "params")


class Recorded:
    """Answers of a recorded run, for `Context(answers=...)`: they cost nothing.

    Failures are given as they were, so that the same run comes out.

    Args:
        run: the record.
        strict: refuse a call that is not in the record, instead of leaving it to be asked.
    """

    def __init__(self, run: RunRecord, *, strict: bool = False) -> None:
        self._strict = strict
        self._known = dict(_answers(run))

    async def get(self, key: str) -> Candidate | None:
        """Return the recorded answer to a call, or None.

        Raises:
            DataError: there is none, and `strict` was asked for.
        """
        found = self._known.get(key)
        if found is not None:
            return cast("Candidate", {**found, "at": time()})
        if self._strict:
            role, member, layer = key.rsplit(" > ", 1)[-1].split("/")[:3]
            raise DataError(
                f"not in the record: {role} {member} in layer {layer}; replay with strict=False "
                "to ask for it"
            )
        return None

    async def put(self, key: str, candidate: Candidate) -> None:
        """Keep nothing: what is new is recorded by whoever records this run."""


def replay(
    run: RunRecord | str | Path,
    graph: Graph | None = None,
    *,
    strict: bool = False,
    context: Context | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Run a method again with the answers of a recorded run; see `areplay`."""
    again = _Again(run, graph, strict, context, changes)
    result = again.app.invoke(again.given, again.config, context=again.context)
    return cast("dict[str, Any]", result)


async def areplay(
    run: RunRecord | str | Path,
    graph: Graph | None = None,
    *,
    strict: bool = False,
    context: Context | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Run a method again with the answers of a recorded run, and ask only for what is new.

    Use it to see what another judge, vote or number of kept answers would have made of the same
    answers: up to the first prompt that differs nothing is asked, and nothing paid. A call is the
    same where role, member, layer, index, draw, prompt and sampling parameters are.

    Args:
        run: the record, or its path.
        graph: the method as it is to be now. Default: the recorded one, built again from its
            options, which works where all of them are texts and numbers.
        strict: ask nobody: raise where the record has no answer.
        context: settings in addition to the recorded seed and sampling parameters, such as a
            recorder.
        changes: options of the builder to change, such as keep=3; without `graph` only.

    Returns:
        What the graph returns. Candidates from the record are marked with `reused="record"`.

    Raises:
        DataError: the record cannot be read, or has no answer and `strict` was asked for.
        InputError: the graph cannot be built from the record; the message says what to give.
    """
    again = _Again(run, graph, strict, context, changes)
    result = await again.app.ainvoke(again.given, again.config, context=again.context)
    return cast("dict[str, Any]", result)


class _Again:
    """A recorded run, ready to be run again."""

    def __init__(
        self,
        given: RunRecord | str | Path,
        graph: Graph | None,
        strict: bool,
        context: Context | None,
        changes: Mapping[str, Any],
    ) -> None:
        run = given if isinstance(given, RunRecord) else load_run(given)
        if graph is not None and changes:
            raise InputError(f"with a graph given, build it with {', '.join(changes)} instead")
        chosen = rebuilt(run, changes) if graph is None else graph
        self.app = chosen.compile() if isinstance(chosen, StateGraph) else chosen
        self.given = {"messages": said(run.conversation)}
        self.config = RunnableConfig(metadata={"question_id": run.question_id})
        answers = Recorded(run, strict=strict)
        recorded = {name: run.settings.get(name) for name in ("seed", "params")}
        self.context = Context(**recorded, answers=answers).over(context or Context())


def rebuilt(run: RunRecord, changes: Mapping[str, Any]) -> Graph:
    """Build the method of a record again, with some options changed.

    Raises:
        InputError: an option of it was an object, which a record cannot hold.
    """
    options = {**run.options, **changes}
    objects = [name for name, value in options.items() if _is_object(value)]
    if objects or not run.options:
        what = ", ".join(objects) or "its options"
        raise InputError(
            f"a record does not hold {what} of {run.method}: build the graph and give it, as in "
            "replay(run, graph)"
        )
    # Only what is registered is called: a record may come from anybody.
    known = [one for one in methods().values() if one.builder == run.builder]
    if not known:
        raise InputError(f"{run.method} is no registered method: build its graph and give it")
    return cast("Graph", known[0].create()(**options))


def said(conversation: list[MessageLine]) -> list[BaseMessage]:
    """Return recorded messages as messages."""
    return messages_from_dict(
        [
            {
                "type": line["role"],
                "data": {key: v for key, v in line.items() if key not in ("type", "hash", "role")},
            }
            for line in conversation
        ]
    )


def _answers(run: RunRecord) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what is known of each call by the key under which a run looks for it."""
    good = {call.question: call for call in run.calls if call.status in ANSWERED}
    for call in run.calls:
        # One that was cut because its spare was quicker has that one's answer.
        taken = good.get(call.question, call) if call.status == "cut" else call
        place = f"{call.role}/{call.member}/{call.layer}/{call.index}/{call.draw}"
        yield f"{run.trail}{place}/{key_from_hash(call.prompt, call.params)}", _free(taken)
    for nested in run.nested:
        yield from _answers(nested)


def _free(call: Call) -> Mapping[str, Any]:
    line = {key: value for key, value in call.candidate.items() if key not in _OF_THE_LINE}
    free = {"usage": NO_TOKENS, "cost": 0.0, "attempts": 0, "seconds": 0.0, "reused": "record"}
    return {**line, **free}


def _is_object(value: object) -> bool:
    if isinstance(value, str):
        return value.startswith("<") and value.endswith(">")
    if isinstance(value, list):
        return any(map(_is_object, cast("list[object]", value)))
    return False
