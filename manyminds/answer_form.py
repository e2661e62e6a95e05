"""answer_form: the last line that a vote asks for, so that answers can be read and counted."""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeAlias

from pydantic import BaseModel

from manyminds.method_graph import MethodGraph, PromptLike
from manyminds.nodes.tally import COUNTED
from manyminds.prompts import Prompt
from manyminds.reading.answers import EXTRACTORS, Extractor, extractor

AUTO = "auto"
ANSWER = "agent_forest/answer@1"
Task: TypeAlias = Literal["gsm8k", "math", "mmlu", "chess", "humaneval"]
"""A benchmark of the Agent Forest paper, which has a prompt of its own."""
Extract: TypeAlias = str | Callable[[str], str | None] | Extractor | type[BaseModel]
"""How builders take an extractor: a name, a function, an Extractor or a pydantic class."""


class TaskForm(NamedTuple):
    """How a benchmark is asked and read: the prompt and the name of the extractor."""

    prompt: str
    extract: str


TASKS: Mapping[str, TaskForm] = {
    "gsm8k": TaskForm("agent_forest/number@1", "number"),
    "math": TaskForm("agent_forest/boxed@1", "math"),
    "mmlu": TaskForm("agent_forest/choice@1", "choice"),
    "chess": TaskForm("agent_forest/square@1", "square"),
    "humaneval": TaskForm("agent_forest/code@1", "code"),
}
# Kinds of answer that fit on one line; code and JSON cannot.
_IN_A_LINE = ("final", "number", "choice", "math", "boxed", "square", "literal")


def answer_kind(extract: Extract, task: str | None) -> Extractor:
    """Return the extractor: the one given, or that of the task where none was.

    Args:
        extract: Extractor as a builder takes it; "final" is the default.
        task: Name of a benchmark, or None.

    Raises:
        InputError: The extractor is unknown.
    """
    return extractor(TASKS[task].extract if task is not None and extract == "final" else extract)


def form_prompt(
    graph: MethodGraph,
    prompt: PromptLike | None,
    task: str | None,
    *,
    kind: Extractor,
    vote: object,
    argument: str = "prompt",
) -> Prompt | None:
    """Return the prompt that first answers are asked with; None: the bare question.

    A prompt that was given is used as it is. Without one ("auto"), the task has its own, and a vote
    that counts answers asks for a last line with the answer. A vote on wording, on code or by a
    function asks the bare question.

    Args:
        graph: Graph of the method, whose report names the prompt.
        prompt: "auto", None for the bare question, or a prompt.
        task: Name of a benchmark, or None.
        kind: How answers are read.
        vote: Name of the vote, or the vote itself.
        argument: Name of the builder's argument. A replay with another vote keeps the choice.
    """
    if prompt != AUTO:
        return None if prompt is None else graph.prompt(prompt)
    line = kind.name in _IN_A_LINE and EXTRACTORS[kind.name] is kind
    asked = ANSWER if line and vote in COUNTED else None
    chosen = asked if task is None else TASKS[task].prompt
    graph.chosen[argument] = chosen
    return None if chosen is None else graph.prompt(chosen)
