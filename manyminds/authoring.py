"""Everything that the author of a method imports.

A method is a function that builds a `MethodGraph`, registered by `@method`:

    @method("relay", paper="...", calls="members", use="...")
    def create_relay(members, *, prompt="relay/improve@1", **options: Unpack[Options]):
        ...
"""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Signature, signature
from typing import Any, ParamSpec

from typing_extensions import Unpack

from manyminds.errors import InputError
from manyminds.layers import layers
from manyminds.limits.quorum import Quorum, check_quorum
from manyminds.members import Askable, Member, listed
from manyminds.members import members as as_members
from manyminds.method_graph import MethodGraph, Options, PromptLike
from manyminds.nodes.channels import (
    CandidatesOutput,
    Decision,
    LayeredState,
    MethodOutput,
    MethodState,
    SampledState,
    decide,
    earlier,
    excerpt,
    latest,
    usable,
)
from manyminds.nodes.node import State, Update, is_node
from manyminds.nodes.roles import RoleArgument, with_roles
from manyminds.nodes.step import Ask, ok, why
from manyminds.prompts import Prompt, escaped
from manyminds.records.about import plain
from manyminds.registry import ENTRY, Method
from manyminds.state import Candidate

__all__ = [
    "Ask",
    "Askable",
    "Candidate",
    "CandidatesOutput",
    "Decision",
    "InputError",
    "LayeredState",
    "Member",
    "MethodGraph",
    "MethodOutput",
    "MethodState",
    "Options",
    "Prompt",
    "PromptLike",
    "Quorum",
    "RoleArgument",
    "SampledState",
    "State",
    "Unpack",
    "Update",
    "as_members",
    "at_least",
    "check_quorum",
    "decide",
    "earlier",
    "escaped",
    "excerpt",
    "is_node",
    "latest",
    "layers",
    "listed",
    "method",
    "ok",
    "usable",
    "why",
    "with_roles",
]

P = ParamSpec("P")
Build = Callable[P, MethodGraph]
_SETTINGS = frozenset(Options.__annotations__)


def method(name: str, *, paper: str, calls: str, use: str) -> Callable[[Build[P]], Build[P]]:
    """Register a builder as a method.

    The registry reads the arguments from the source, without importing it: write them as plain
    strings. The command line takes the builder's keyword arguments and what its docstring says of
    them as options.

    Args:
        name: Name on the command line and in reports.
        paper: Title and arXiv number.
        calls: Calls per question, as a formula of the builder's options.
        use: When to use the method, in a sentence.
    """

    def register(build: Build[P]) -> Build[P]:
        names = signature(build)
        entry = Method(name, f"{build.__module__}:{build.__qualname__}", paper, calls, use)

        @wraps(build)
        def building(*args: P.args, **options: P.kwargs) -> MethodGraph:
            _check_counts(name, options)
            graph = build(*args, **options)
            given = names.bind(*args, **options).arguments
            given |= given.pop("options", {})
            graph.method, graph.builder = name, entry.builder
            graph.options = {key: plain(given[key]) for key in given.keys() - _SETTINGS}
            graph.options |= graph.chosen
            graph.shape = _shape(names, graph.options)
            return graph

        vars(building)[ENTRY] = entry
        return building

    return register


def at_least(least: int, **values: int | None) -> None:
    """Refuse options below a limit; None is no value.

    Raises:
        InputError: One is below it; the message names it.
    """
    for name, value in values.items():
        if value is not None and value < least:
            raise InputError(f"{name}={value}: give at least {least}")


def _check_counts(method: str, options: Mapping[str, Any]) -> None:
    """Refuse counts that no run could end with, before anything is built from them.

    Raises:
        InputError: A whole number is too large.
    """
    for key, value in options.items():
        if isinstance(value, int) and key != "seed" and abs(value) > _MAX_COUNT:
            raise InputError(f"{method}: {key} is too large; give at most {_MAX_COUNT:,}")


def _shape(names: Signature, options: Mapping[str, Any]) -> str:
    """Return the number of members, layers, rounds and samples in words."""
    first, *rest = names.parameters.values()
    members = options.get(first.name)
    counts = {first.name: len(members) if isinstance(members, list) else 1}
    for one in rest:
        value = options.get(one.name, one.default)
        if one.name in _COUNTED and isinstance(value, int):
            counts[one.name] = value
    words = {name: name.removesuffix("s") + "s" * (count != 1) for name, count in counts.items()}
    return ", ".join(f"{count} {words[name]}" for name, count in counts.items())


_MAX_COUNT = 1_000_000
_COUNTED = ("layers", "rounds", "samples", "refinements")
