"""Runs a method again on recorded answers; only calls that are not recorded are made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import Any, TypeAlias, cast

from langchain_core.messages import BaseMessage, messages_from_dict
from langchain_core.runnables import RunnableConfig
from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from manyminds.errors import DataError, InputError
from manyminds.records.schema import MessageLine
from manyminds.registry import methods
from manyminds.settings import Context
from manyminds.state import Candidate

Graph: TypeAlias = StateGraph[Any, Context, Any, Any] | CompiledStateGraph[Any, Context, Any, Any]


class Recorded:
    """Answers of a recorded run, for `Context(answers=...)`: they cost nothing.

    Failures are given as they were, so that the same run comes out.

    Args:
        known: The answers, by the key under which a run looks for each.
        strict: refuse a call that is not in the record, instead of leaving it to be asked.
    """

    def __init__(self, known: Mapping[str, Candidate], *, strict: bool = False) -> None:
        self._strict = strict
        self._known = known

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
        """Keep nothing: a recorder of this run records new answers."""


@dataclass(frozen=True)
class Rerun:
    """The part of a record that a rerun needs.

    Attributes:
        method: Name of the method.
        builder: module:function that built its graph.
        options: Its options.
        conversation: Input of the run.
        question_id: Id of the question.
        settings: Settings of the run.
        answers: Its answers, by the key under which a run looks for each.
    """

    method: str
    builder: str
    options: Mapping[str, Any]
    conversation: list[MessageLine]
    question_id: str
    settings: Mapping[str, Any]
    answers: Mapping[str, Candidate] = field(repr=False)

    def prepared(
        self,
        graph: Graph | None,
        changes: Mapping[str, Any],
        *,
        strict: bool,
        context: Context | None,
    ) -> tuple[CompiledStateGraph[Any, Context, Any, Any], dict[str, Any]]:
        """Return the graph, and the arguments of its `invoke`.

        Raises:
            InputError: the graph cannot be built from the record, or options are given with it.
        """
        if graph is not None and changes:
            raise InputError(f"with a graph given, build it with {', '.join(changes)} instead")
        chosen = self._rebuilt(changes) if graph is None else graph
        app = chosen.compile() if isinstance(chosen, StateGraph) else chosen
        kept = {name: self.settings.get(name) for name in ("seed", "params")}
        answers = Recorded(self.answers, strict=strict)
        return app, {
            "input": {"messages": _said(self.conversation)},
            "config": RunnableConfig(metadata={"question_id": self.question_id}),
            "context": Context(**kept, answers=answers).over(context or Context()),
        }

    def _rebuilt(self, changes: Mapping[str, Any]) -> Graph:
        """Build the method of a record again, with some options changed."""
        options = {**self.options, **changes}
        objects = [name for name, value in options.items() if _is_object(value)]
        if objects or not self.options:
            what = ", ".join(objects) or "its options"
            raise InputError(
                f"a record does not hold {what} of {self.method}: build the graph and give it, as "
                "in replay(run, graph)"
            )
        # Only registered builders are called: a record may come from anywhere.
        known = [one for one in methods().values() if one.builder == self.builder]
        if not known:
            raise InputError(f"{self.method} is no registered method: build its graph and give it")
        return cast("Graph", known[0].create()(**options))


def _said(conversation: list[MessageLine]) -> list[BaseMessage]:
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


def _is_object(value: object) -> bool:
    if isinstance(value, str):
        return value.startswith("<") and value.endswith(">")
    if isinstance(value, list):
        return any(map(_is_object, cast("list[object]", value)))
    return False
