"""`manyminds doctor`: installed extras, models found, and the parts that are missing."""

import os
import platform
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from typing_extensions import TypedDict

from manyminds.apps.flags import AsJson
from manyminds.apps.terminal import console, facts, one_line, print_json, put
from manyminds.errors import MemberError, PromptError
from manyminds.models.local import PREFIX
from manyminds.models.strings import ENDPOINTS, address, discover
from manyminds.prompts.loader import prompt_folders

if TYPE_CHECKING:
    from rich.console import RenderableType

_PACKAGES = ("manyminds", "langgraph", "langchain-core", "langchain-openai", "pydantic", "numpy")
EXTRAS = {
    "aiohttp": "faster HTTP for openai:, ollama: and other endpoints",
    "local": "a small language model in this process, without a key or a server",
    "math": "mathematical answers compared by value",
    "similarity": "votes by ROUGE, Levenshtein distance and TF-IDF",
    "eval": "charts of evaluations",
    "prices": "what models cost, from a list that is kept up to date",
    "views": "pictures of runs in notebooks, and the page of `manyminds show`",
    "server": "`manyminds serve`, and `manyminds show --serve`, which follows runs",
    "mcp": "`manyminds mcp`: methods as tools",
    "inspect": "methods as solvers and as models of Inspect (`--model manyminds/NAME`)",
    "ray": "`manyminds batch --engine ray`: a batch on several machines",
    "export": "training data in parquet",
    "tune": "`manyminds tune`: a model trained on exported runs",
}
"""Purpose of each extra; whether it is installed follows from the package's own metadata."""


class Extra(TypedDict):
    """An optional part: its purpose, its missing packages, and how to install them."""

    gives: str
    installed: bool
    missing: list[str]
    get: str


class Found(TypedDict):
    """An endpoint: its address, the variable of its key, and the models found there."""

    url: str
    key_variable: str
    key: bool
    needs_key: bool
    models: list[str]


class Folder(TypedDict):
    """A folder that commands write into or read prompts from."""

    path: str
    writable: bool


class Findings(TypedDict):
    """Everything that `doctor` finds; never a key itself."""

    python: str
    platform: str
    packages: dict[str, str | None]
    extras: dict[str, Extra]
    endpoints: dict[str, Found]
    usable: list[str]
    folders: dict[str, Folder]
    problems: list[str]


def doctor(
    as_json: AsJson = False,
) -> None:
    """Show what is installed, which keys and servers are found, what is missing and how to get it.

    Keys are looked for, never shown. Only local servers are asked for their models.
    """
    found = examine()
    if as_json:
        print_json({**found})
    else:
        _show(found)


def examine() -> Findings:
    """Look at this machine the way `manyminds ask` would."""
    usable = discover()
    problems: list[str] = []
    folders = {"here": os.getcwd(), "temporary": tempfile.gettempdir()}
    try:
        yours = prompt_folders()[:-1]
        folders |= {f"prompts {number}": str(path) for number, path in enumerate(yours, 1)}
    except PromptError as error:
        problems.append(str(error))
    problems += filter(None, map(_bad_address, ENDPOINTS))
    return Findings(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        packages={name: installed(name) for name in _PACKAGES},
        extras={name: _extra(name, gives) for name, gives in EXTRAS.items()},
        endpoints={name: _endpoint(name, usable) for name in ENDPOINTS},
        usable=usable,
        folders={
            name: Folder(path=path, writable=os.access(path, os.W_OK))
            for name, path in folders.items()
        },
        problems=problems,
    )


def installed(package: str) -> str | None:
    """Return the version of an installed package, or None."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _extra(name: str, gives: str) -> Extra:
    missing = sorted({package for package in _needs("manyminds", name) if not installed(package)})
    return Extra(
        gives=gives,
        installed=not missing,
        missing=missing,
        get=f"pip install 'manyminds[{name}]'",
    )


def _needs(package: str, extra: str) -> Iterator[str]:
    """Name the packages that an extra adds, also by an extra of one of them."""
    for line in requires(package) or [] if installed(package) else []:
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            continue
        if needed.marker.evaluate({"extra": extra}):
            yield needed.name
            for further in needed.extras:
                yield from _needs(needed.name, further)


def _bad_address(name: str) -> str | None:
    """Return why the address in the environment cannot be used, or None."""
    try:
        address(name)
    except MemberError as error:
        return str(error)
    return None


def _endpoint(name: str, usable: list[str]) -> Found:
    endpoint = ENDPOINTS[name]
    return Found(
        url=endpoint.url if _bad_address(name) else address(name),
        key_variable=endpoint.key,
        key=bool(os.environ.get(endpoint.key, "").strip()),
        needs_key=endpoint.needs_key,
        models=[member for member in usable if member.startswith(f"{name}:")],
    )


def _show(found: Findings) -> None:
    from rich.text import Text

    screen = console()
    for title, rows in _sections(found):
        screen.print(Text(title, "bold"))
        put(screen, facts(rows), "")
    for problem in found["problems"]:
        screen.print(Text(one_line(problem), "yellow"))
    put(
        screen,
        f"manyminds ask would ask {found['usable'][0]}."
        if found["usable"]
        else "No model is set up: set a key above, start Ollama, get a small one with `manyminds "
        "models get smollm2`, or use --member simulated:medium.",
    )


def _sections(found: Findings) -> "Iterator[tuple[str, list[tuple[str, RenderableType]]]]":
    from rich.text import Text

    def tell(name: str, fine: bool, text: str) -> "tuple[str, RenderableType]":
        mark = ("yes  ", "green") if fine else ("no   ", "dim")
        return f"  {name}", Text.assemble(mark, one_line(text))

    endpoints = found["endpoints"]
    here = [member for member in found["usable"] if member.startswith(PREFIX)]
    packages = {
        "python": f"{found['python']} on {found['platform']}",
        **{name: number or "missing" for name, number in found["packages"].items()},
    }
    yield "Installed", [(f"  {name}", text) for name, text in packages.items()]
    yield (
        "Extras",
        [tell(name, one["installed"], _gives(one)) for name, one in found["extras"].items()],
    )
    yield (
        "Models",
        [
            *(tell(name, bool(one["models"]), _found(one)) for name, one in endpoints.items()),
            tell("local", bool(here), ", ".join(here) or "see `manyminds models`"),
        ],
    )
    yield (
        "Folders to write to",
        [tell(name, one["writable"], one["path"]) for name, one in found["folders"].items()],
    )


def _gives(extra: Extra) -> str:
    return extra["gives"] if extra["installed"] else f"{extra['gives']}: {extra['get']}"


def _found(one: Found) -> str:
    if one["models"]:
        count = len(one["models"])
        listed = ", ".join(one["models"][:3]) + (f" and {count - 3} more" if count > 3 else "")
        return f"{listed}, key in {one['key_variable']}" if one["needs_key"] else listed
    if one["needs_key"]:
        return f"set {one['key_variable']}"
    return f"nothing answers at {one['url']}"
