"""begin: starts a run with clean channels: an earlier turn on the thread leaves nothing."""

import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from langchain_core.messages import HumanMessage
from langgraph.types import Overwrite

from manyminds.errors import InputError
from manyminds.nodes.node import Node, State, Update
from manyminds.protocols import About
from manyminds.questions import question_hash
from manyminds.runs import journal
from manyminds.runs.cache import cache_key
from manyminds.runs.context import RunContext, parent_call, question_id_of_config
from manyminds.runs.scope import is_alive, run_scope
from manyminds.settings import Budget, Context, settings


def begin(
    extra: Mapping[str, Any] | None = None,
    *,
    context: Context | None = None,
    check: Callable[[Budget | None], None] = lambda _budget: None,
    about: Callable[[Context], About] | None = None,
    built_with: Callable[[], Mapping[str, str]] = dict,
) -> Node:
    """Return the node that opens every method.

    It gives the run an id, finds the question, and resets all channels of manyminds but `messages`.

    Args:
        extra: Channels of the method beyond those that all share, with their first values.
        context: The builder's settings.
        check: Function that raises where the run's budget could not be counted.
        about: Returns the description of the method for a record. Called if the run is recorded.
        built_with: Function to a hash of each option of the builder.
    """

    async def run(state: State) -> Update:
        chosen = settings(context)
        check(chosen.budget)
        messages = state.get("messages", [])
        question = _question(messages)
        id = await _run_id(messages)
        scope = run_scope(id)
        scope.began, scope.broken = time.monotonic(), False
        question_id = question_id_of_config() or question_hash(question)
        if chosen.recorder is not None and about is not None:
            known = about(chosen)
            begun = RunContext(
                id=id,
                method=known["method"],
                question_id=question_id,
                question=question,
                settings=chosen,
            )
            run_scope(id).recorder = begun.recorder
            if begun.recorder is not None:
                begun.recorder.began(begun, messages, known)
        return {
            "run": id,
            "built_with": dict(built_with()),
            "question": question,
            "question_id": question_id,
            "started": time.time(),
            "layer": 0,
            "kept": [],
            "candidates": Overwrite([]),
            "previous": [],
            "spent": Overwrite({}),
            "notes": Overwrite([]),
            "final": None,
            "answer": "",
            "report": {},
            **(extra or {}),
        }

    return Node(run, "begin")


async def _run_id(messages: Sequence[Any]) -> str:
    """Return the run's id: a new one, or that of the run which is resumed or nested."""
    around, conversation = parent_call.get(), cache_key(messages, {})
    if around is not None and around.call:
        return _nested_id(around.begins(conversation))
    id, opened = await journal.begin(uuid4().hex, conversation, is_alive)
    if opened is not None:
        run_scope(id).journal = opened
    return id


def _nested_id(call: str) -> str:
    """Return the id of a run in a call of another run, the same after a resume."""
    outermost = call.partition("/")[0].partition("-")[0]
    return f"{outermost}-{uuid5(NAMESPACE_OID, call).hex}"


def _asks(message: HumanMessage) -> bool:
    """Return whether a message shows anything: a character that is seen, or a picture."""
    content = message.content if isinstance(message.content, list) else []
    return any(_seen(char) for char in message.text) or any(
        isinstance(block, dict) and block.get("type") != "text" for block in content
    )


def _seen(char: str) -> bool:
    return not char.isspace() and unicodedata.category(char) not in ("Cc", "Cf", "Cs")


def _question(messages: list[Any]) -> str:
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            if not _asks(message):  # an earlier question is none that is asked now
                break
            return message.text
    raise InputError("there is no question: give {'messages': [('user', 'your question')]}")
