"""The registry of methods: name, paper, cost and use of each.

The command line, evaluation, Studio, the facade and the README table read it. A module of
`manyminds.graphs` registers itself with `@method` of `manyminds.authoring`; the registry reads the
decorator's arguments from the source, because importing a method takes a second. Another package
adds a method by the entry point group `manyminds.methods`; its value is the builder or a `Method`.
"""

import ast
import difflib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from manyminds.errors import InputError

GROUP = "manyminds.methods"
GRAPHS = "manyminds.graphs"
AUTO = "auto"
"""Name of the choice by models: a cascade over several, an Agent Forest of one."""
ENTRY = "__manyminds_method__"
"""Attribute of a registered builder that holds its `Method`."""


@dataclass(frozen=True)
class Method:
    """One method, as the registry knows it.

    Args:
        name: on the command line and in reports.
        builder: `module:function`; called with the members and keyword options. Its first argument
            is called `member` where it takes a single one; its annotations and the `Args:` of its
            docstring tell the command line which options it has.
        paper: title and arXiv number.
        calls: calls per question, as a formula of its options; it ends with "at most" where a run
            may stop earlier.
        use: questions that it suits, in a sentence.
    """

    name: str
    builder: str
    paper: str
    calls: str
    use: str

    @property
    def module(self) -> str:
        """The module of the builder."""
        return self.builder.partition(":")[0]

    @property
    def function(self) -> str:
        """The name of the builder in its module."""
        return self.builder.partition(":")[2]

    def create(self) -> Callable[..., Any]:
        """Import and return the builder."""
        return cast("Callable[..., Any]", getattr(import_module(self.module), self.function))


def methods() -> dict[str, Method]:
    """Return all methods by name: ours, then those of installed packages."""
    found = {method.name: method for method in ours()}
    for point in installed():
        loaded = point.load()
        method = getattr(loaded, ENTRY, loaded)
        if not isinstance(method, Method):
            raise InputError(
                f"entry point {point.name} of {GROUP}: its value must be a builder with @method, "
                "or a Method"
            )
        found.setdefault(method.name, method)
    return found


@cache  # of hundreds of packages, each of whose files is read
def installed() -> tuple[EntryPoint, ...]:
    """Return the entry points of the methods of installed packages."""
    return tuple(entry_points(group=GROUP))


@cache
def ours() -> tuple[Method, ...]:
    """Return the methods of `manyminds.graphs`, in the order of their files."""
    return tuple(method for path in _files() for method in registered(path))


def home_of(function: str) -> str | None:
    """Return the module of the builder of that name; None: no method of manyminds has it.

    Only the module that defines it is parsed: the facade asks for one builder at a time.
    """
    for path in _files():
        if f"\ndef {function}(" in path.read_text(encoding="utf-8"):
            return next((m.module for m in registered(path) if m.function == function), None)
    return None


def _files() -> list[Path]:
    spec = find_spec(GRAPHS)
    folders = [] if spec is None else spec.submodule_search_locations or []
    return sorted(path for folder in folders for path in Path(folder).glob("*.py"))


def registered(path: Path) -> Iterator[Method]:
    """Yield the methods that a module registers, read from its source.

    Raises:
        InputError: An argument of `@method` is not a plain string.
    """
    text = path.read_text(encoding="utf-8")
    if "@method(" not in text:
        return
    for function in ast.parse(text).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in function.decorator_list:
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "method":
                yield _entry(call, f"{GRAPHS}.{path.stem}:{function.name}", path)


def automatic(models: Collection[object]) -> str:
    """Return the method that "auto" stands for: `cascade` for several different models."""
    return "cascade" if len(set(models)) > 1 else "agent-forest"


def frugal(chosen: str, options: Collection[str]) -> dict[str, str]:
    """Return the options of "auto": one model is sampled only until its answer is likely enough.

    Args:
        chosen: Name of the method.
        options: Names of the options that were given.
    """
    stops = chosen == "agent-forest" and not {"stop", "cut"} & set(options)
    return {"stop": "beta:0.95"} if stops else {}


def _entry(call: ast.Call, builder: str, path: Path) -> Method:
    try:
        name = ast.literal_eval(call.args[0])
        texts = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        return Method(name=name, builder=builder, **texts)
    except (ValueError, TypeError, IndexError) as error:
        raise InputError(
            f"{path}: @method of {builder} takes a name, paper=, calls= and use= as plain strings, "
            f"for it is read without being imported ({error})"
        ) from None


def method(name: str) -> Method:
    """Return the method of that name.

    Raises:
        InputError: there is none; the message has the nearest name.
    """
    known = methods()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(known)}"
    raise InputError(f"there is no method `{name}`: {hint}")
