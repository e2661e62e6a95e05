"""Everything that the author of a method imports.

A method is a function that builds a `MethodGraph`, registered by `@method`:

    @method("relay", paper="...", calls="members", use="...")
    def create_relay(members, *, prompt="relay/improve@1", **options: Unpack[Options]):
        ...
"""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Signature, signature
from types import NoneType, UnionType
from typing import Any, Literal, ParamSpec, Union, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError
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
_NUMBERS = (int, float, bool)
_RULES = frozenset({"vote", "extract", "stop", "quorum", "topology"})  # that a text names


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
            built = frozenset(graph.nodes)

            def rebuild(changes: Mapping[str, Any]) -> MethodGraph:
                if graph.nodes.keys() != built:
                    raise InputError(
                        f"{name}: a graph with nodes of your own takes no options for one run; "
                        "give them to its builder"
                    )
                again = cast("Callable[..., MethodGraph]", building)
                return again(*args, **{**options, **checked_options(build, changes, name)})

            graph.rebuild = rebuild
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


def checked_options(
    build: Callable[..., MethodGraph], given: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """Return options of a builder that may be set for one run, by whoever starts it.

    These are numbers, flags and names of rules. Members, prompts and files are left to the program.

    Raises:
        InputError: The option does not exist, or its value has another type.
    """
    kinds = {key: _plain_kind(key, hint) for key, hint in get_type_hints(build).items()}
    free = sorted(key for key, kind in kinds.items() if kind is not None)
    for key, value in given.items():
        if kinds.get(key) is None:
            raise InputError(
                f"{method} has no option {key!r} for one run: it takes {', '.join(free) or 'none'}"
            )
        try:
            TypeAdapter(kinds[key]).validate_python(value, strict=True)
        except ValidationError as error:
            raise InputError(f"{method}, {key}={value!r}: {error.errors()[0]['msg']}") from None
    return dict(given)


def _plain_kind(name: str, hint: Any) -> Any:
    """Return the part of an option's type that is numbers, flags and names; None: it has none."""
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    plain_ones = [one for one in parts if one in _NUMBERS or get_origin(one) is Literal]
    plain_ones += [str] if str in parts and name in _RULES else []
    if not plain_ones or name == "return":
        return None
    return Union[(*plain_ones, *(one for one in parts if one is NoneType))]


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
