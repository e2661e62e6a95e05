"""The registry of methods: what there is, who found it, what it costs, when to use it.

The command line, evaluation, Studio and the README table read it. A package of yours adds a method
by the entry point group `manyminds.methods`, whose value is a `Method`.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, cast

from manyminds.errors import InputError

GROUP = "manyminds.methods"


@dataclass(frozen=True)
class Method:
    """One method, as the registry knows it.

    Args:
        name: on the command line and in reports.
        builder: `module:function`; called with the members and keyword options.
        paper: title and arXiv number.
        calls: calls per question, as a formula of its options.
        use: when to use it, in a sentence.
        options: names of the builder's options that the command line offers.
    """

    name: str
    builder: str
    paper: str
    calls: str
    use: str
    options: tuple[str, ...] = ()

    def create(self) -> Callable[..., Any]:
        """Import and return the builder."""
        module, _, function = self.builder.partition(":")
        return cast("Callable[..., Any]", getattr(import_module(module), function))


_OURS = (
    Method(
        name="agent-forest",
        builder="manyminds.graphs.agent_forest:create_agent_forest",
        paper="More Agents Is All You Need, arXiv 2402.05120",
        calls="samples",
        use="Answers that can be compared (numbers, choices, code): cheap, robust, the baseline.",
        options=("samples", "vote", "extract", "stop", "cut", "judge", "prompt"),
    ),
    Method(
        name="stepwise-voting",
        builder="manyminds.graphs.stepwise_voting:create_stepwise_voting",
        paper="More Agents Is All You Need, arXiv 2402.05120; MAKER, arXiv 2511.09030",
        calls="steps * votes a step",
        use="Long chains of dependent steps, where one wrong step spoils all after it.",
        options=("task", "vote", "stop"),
    ),
    Method(
        name="hierarchical-voting",
        builder="manyminds.graphs.hierarchical_voting:create_hierarchical_voting",
        paper="More Agents Is All You Need, arXiv 2402.05120",
        calls="1 + levels * samples",
        use="The right answer is one of very many: vote on a range first, on the value then.",
        options=("planner", "most"),
    ),
    Method(
        name="moa",
        builder="manyminds.graphs.moa:create_moa",
        paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
        calls="proposers * (layers - 1) + 1",
        use="Open answers, several good models: the aggregator writes one answer out of all.",
        options=("layers", "aggregator", "prompt"),
    ),
    Method(
        name="moa-lite",
        builder="manyminds.graphs.moa:create_moa_lite",
        paper="Mixture-of-Agents Enhances Large Language Model Capabilities, arXiv 2406.04692",
        calls="proposers + 1",
        use="Open answers, and moa takes too long or costs too much: one layer of proposers fewer.",
        options=("aggregator",),
    ),
    Method(
        name="self-moa",
        builder="manyminds.graphs.moa:create_self_moa",
        paper="Rethinking Mixture-of-Agents, arXiv 2502.00674",
        calls="samples * (layers - 1) + 1",
        use="Open answers where one model is clearly better than the others you have.",
        options=("samples", "layers", "aggregator"),
    ),
)


def methods() -> dict[str, Method]:
    """Return all methods by name: ours, then those of installed packages."""
    found = {method.name: method for method in _OURS}
    for point in entry_points(group=GROUP):
        method = point.load()
        if not isinstance(method, Method):
            raise InputError(f"entry point {point.name} of {GROUP}: its value must be a Method")
        found.setdefault(method.name, method)
    return found


def method(name: str) -> Method:
    """Return the method of that name.

    Raises:
        InputError: there is none; the message has the nearest name.
    """
    known = methods()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
    raise InputError(f"there is no method `{name}`: {hint}")
