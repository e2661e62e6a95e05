"""Everything that the author of a method imports.

A method is a function that builds a `MethodGraph`, registered by `@method`:

    @method("relay", paper="...", calls="members", use="...")
    def create_relay(members, *, prompt="relay/improve@1", **options: Unpack[Options]):
        ...
"""

from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Signature, signature
from types import NoneType
from typing import Annotated, Any, Literal, ParamSpec, Union, cast, get_args, get_origin

from typing_extensions import Unpack

from manyminds.call_formula import most_calls
from manyminds.calls.ask import together
from manyminds.errors import InputError
from manyminds.layers import Propose, layers, waves
from manyminds.limits.quorum import Quorum, check_quorum, require
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
from manyminds.nodes.node import RoleArgument, State, Update, is_node, with_roles
from manyminds.nodes.role_call import RoleReply, Unreadable
from manyminds.nodes.step import Ask, Run
from manyminds.options import (
    Count,
    Seconds,
    Several,
    Share,
    Whole,
    check,
    hints_of,
    parts_of,
)
from manyminds.prompts import FilledPrompt, Prompt, escaped
from manyminds.reading.schemas import Schema, object_schema, score_schema
from manyminds.records.about import plain
from manyminds.registry import ENTRY, Method
from manyminds.state import Candidate, ok, why

__all__ = [
    "Ask",
    "Askable",
    "Candidate",
    "CandidatesOutput",
    "Count",
    "Decision",
    "FilledPrompt",
    "InputError",
    "LayeredState",
    "Member",
    "MethodGraph",
    "MethodOutput",
    "MethodState",
    "Options",
    "Prompt",
    "PromptLike",
    "Propose",
    "Quorum",
    "RoleArgument",
    "RoleReply",
    "Run",
    "SampledState",
    "Schema",
    "Seconds",
    "Several",
    "Share",
    "State",
    "Unpack",
    "Unreadable",
    "Update",
    "Whole",
    "as_members",
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
    "object_schema",
    "ok",
    "require",
    "score_schema",
    "together",
    "usable",
    "waves",
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
        calls: Calls per question, as a formula of the builder's options. It ends with "at most"
            where a run may stop earlier; evaluations plan by it.
        use: When to use the method, in a sentence.
    """

    def register(build: Build[P]) -> Build[P]:
        names = signature(build)
        entry = Method(name, f"{build.__module__}:{build.__qualname__}", paper, calls, use)

        @wraps(build)
        def building(*args: P.args, **options: P.kwargs) -> MethodGraph:
            _check(name, build, options)
            graph = build(*args, **options)
            given = names.bind(*args, **options).arguments
            given |= given.pop("options", {})
            graph.method, graph.builder = name, entry.builder
            graph.options = {key: plain(given[key]) for key in given.keys() - _SETTINGS}
            graph.options |= graph.chosen
            graph.shape = _shape(entry, names, graph.options)
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


def checked_options(
    build: Callable[..., MethodGraph], given: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """Return options of a builder that the starter of a run may set for that run.

    These are numbers, flags and names of rules. Members, prompts and files are left to the program.

    Raises:
        InputError: The option does not exist, or its value has another type.
    """
    kinds = {key: _settable(key, hint) for key, hint in hints_of(build).items()}
    free = sorted(key for key, forms in kinds.items() if forms)
    for key, value in given.items():
        if not kinds.get(key):
            raise InputError(
                f"{method} has no option {key!r} for one run: it takes {', '.join(free) or 'none'}"
            )
        check(key, value, Union[(*kinds[key],)], of=method)
    return dict(given)


def _settable(name: str, hint: Any) -> list[Any]:
    """Return the part of an option's type that is numbers, flags and names; empty: it has none."""
    forms = list(parts_of(hint))
    kept = [one for one in forms if _base(one) in _NUMBERS or get_origin(one) is Literal]
    kept += [str] if str in forms and name in _RULES else []
    if not kept or name == "return":
        return []
    return [*kept, *(one for one in forms if one is NoneType)]


def _base(form: Any) -> Any:
    """Return a type without its limits."""
    return get_args(form)[0] if get_origin(form) is Annotated else form


def _check(method: str, build: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Refuse options of another type than the builder's annotations say; members check themselves.

    Raises:
        InputError: The message names the option and says what to give.
    """
    hints = hints_of(build)
    for name, value in options.items():
        if name in hints and Member not in parts_of(hints[name]):
            check(name, value, hints[name], of=method)


def _shape(entry: Method, names: Signature, options: Mapping[str, Any]) -> str:
    """Return the number of members, layers, rounds, samples and calls in words."""
    first, *rest = names.parameters.values()
    given = options.get(first.name)
    members = len(given) if isinstance(given, list) else 1
    counts = {_NOUNS.get(first.name, first.name): members}
    for one in rest:
        value = options.get(one.name, one.default)
        if one.name in _COUNTED and isinstance(value, int):
            counts[one.name] = value
    words = {name: name.removesuffix("s") + "s" * (count != 1) for name, count in counts.items()}
    parts = [f"{count} {words[name]}" for name, count in counts.items()]
    calls = most_calls(entry, names, members, options)
    return ", ".join(
        parts if calls is None else [*parts, f"at most {calls} call{'s' * (calls != 1)}"]
    )


_COUNTED = ("layers", "rounds", "samples", "refinements")
_NOUNS = {"panel": "members"}
