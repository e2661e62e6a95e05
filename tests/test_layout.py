"""Rooms import in one direction, without a circle; every package ships; what is light stays light.

Each room imports from those above it in `ORDER`, and from nothing below.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOMES = {name: ROOT / name for name in ("graphs", "nodes", "prompts")}
ORDER = [
    "errors locks state fence json_lines yaml_text",
    "options protocols questions",
    "reading",
    "votes",
    "prompts",
    "settings aio interrupts registry call_formula",
    "models prices",
    "members_file",
    "members",
    "limits runs journal presets",
    "calls",
    "records",
    "trajectory",
    "tasks environments",
    "nodes",
    "compiled_method chat_model method_graph layers answer_form authoring",
    "graphs",
    "testing",
    "evals export",
    "views server",
    "inspect_ai",
    "apps",
]
LEVELS = {name: level for level, names in enumerate(ORDER) for name in names.split()}
# Two conveniences of a run record reach up when they are called: its picture in a notebook, and
# `run.replay()`.
HOPS = {
    ("records.run_record", "views.notebook"),
}
FACADE = ROOT / "manyminds" / "__init__.py"
COMMAND = ROOT / "manyminds" / "__main__.py"  # `python -m manyminds` is the command line: an app
NAMED = re.compile(r"(manyminds\.\w+(?:\.\w+)+)(?::\w+)?")  # a module, as a string
HEAVY = ("langgraph", "langchain_core", "langchain_openai", "openai")


@cache
def modules() -> dict[str, Path]:
    """Return every module by its name inside `manyminds`, such as `nodes.layer`."""
    found = [(ROOT / "manyminds", "")] + [(home, f"{name}.") for name, home in HOMES.items()]
    links = {ROOT / "manyminds" / name for name in HOMES}
    return {
        prefix + ".".join(path.relative_to(folder).with_suffix("").parts): path
        for folder, prefix in found
        for path in sorted(folder.rglob("*.py"))
        if not links & set(path.parents)
    }


def level(name: str) -> int:
    room = name.split(".")[0]
    assert room in LEVELS, f"put the new room {room} into ORDER, below all that it imports"
    return LEVELS[room]


@cache
def imported(path: Path) -> set[str]:
    """Return what a module imports, wherever in the file and as a string too: absolute names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and (named := NAMED.fullmatch(text)):
            names.add(named[1])
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


def uses(name: str, path: Path) -> set[str]:
    """Return the modules of the library that a module imports, its named hops left out."""
    known = modules()
    found: set[str] = set()
    for one in imported(path):
        parts = one.removeprefix("manyminds.").split(".") if one.startswith("manyminds.") else []
        found |= {
            module for n in range(1, len(parts) + 1) if (module := ".".join(parts[:n])) in known
        }
    return {one for one in found - {name} if (name, one) not in HOPS}


def ordered_modules() -> dict[str, Path]:
    return {name: path for name, path in modules().items() if path not in (FACADE, COMMAND)}


def test_modules_of_every_folder_are_looked_at() -> None:
    assert {"graphs.moa", "nodes.layer", "prompts.loader", "votes.votes", "errors"} <= {*modules()}


def test_imports_point_down() -> None:
    wrong = {
        name: {one for one in uses(name, path) if level(one) > level(name)}
        for name, path in ordered_modules().items()
    }
    assert not {name: below for name, below in wrong.items() if below}


def test_no_modules_import_each_other() -> None:
    TopologicalSorter(
        {name: uses(name, path) for name, path in ordered_modules().items()}
    ).prepare()


def test_nothing_imports_the_facade() -> None:
    public = {f"manyminds.{public}" for public in import_module("manyminds").__all__}
    found = {
        name: imported(path) & {"manyminds", *public} for name, path in ordered_modules().items()
    }
    assert not {name: names for name, names in found.items() if names}


def test_every_package_is_listed() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    parents = {name.rpartition(".")[0] for name in modules()}
    names = {f"manyminds.{parent}" if parent else "manyminds" for parent in parents}
    assert set(setuptools["packages"]) == names
    assert setuptools["package-dir"] == {"manyminds": "manyminds"} | {
        f"manyminds.{name}": name for name in HOMES
    }


@pytest.mark.parametrize("name", HOMES)
def test_a_top_folder_is_linked_into_the_package(name: str) -> None:
    link = ROOT / "manyminds" / name
    if not link.is_symlink():
        pytest.skip("this clone has no symbolic links; it works without, only type checkers do not")
    assert link.readlink() == Path("..") / name


def loaded_by(*names: str) -> tuple[int, set[str]]:
    """Import modules in an interpreter of their own.

    Returns:
        The calls of Python functions, and the modules that were loaded. Patterns, data classes and
        enumerations that are made on import show in the calls, which are the same on each machine;
        those of the import system depend on whether compiled files are there, and do not count.
    """
    code = (
        "import sys\n"
        "calls = 0\n"
        "def count(frame, event, arg):\n"
        "    global calls\n"
        "    system = frame.f_code.co_filename.startswith('<frozen importlib')\n"
        "    calls += event == 'call' and not system\n"
        "sys.setprofile(count)\n"
        + "\n".join(f"import {name}" for name in names)
        + "\nsys.setprofile(None)\n"
        "import json; print(json.dumps([calls, list(sys.modules)]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    calls, loaded = json.loads(run.stdout)
    return int(calls), {str(module) for module in loaded}


@pytest.mark.parametrize(
    ("names", "also", "most_calls", "most_modules"),
    [
        pytest.param(
            ["manyminds", "manyminds.registry"], ["numpy", "pydantic"], 18_000, 200, id="facade"
        ),
        pytest.param(
            ["manyminds.prompts", "manyminds.fence"], ["numpy"], 15_000, 140, id="prompts"
        ),
        pytest.param(
            ["manyminds.votes.votes", "manyminds.reading.answers", "manyminds.votes.stopping"],
            ["numpy", "scipy"],
            700_000,
            220,
            id="votes",
        ),
        pytest.param(["manyminds.votes.similarity"], ["scipy"], 55_000, 250, id="similarity"),
    ],
)
def test_what_is_light_stays_light(
    names: list[str], also: list[str], most_calls: int, most_modules: int
) -> None:
    calls, loaded = loaded_by(*names)
    assert not loaded & {*HEAVY, *also}
    assert calls < most_calls and len(loaded) < most_modules


def test_votes_can_be_used_without_langgraph() -> None:
    code = (
        "import sys; from manyminds.votes.votes import majority; "
        "from manyminds.prompts import load, numbered; "
        "from manyminds.reading.answers import extractor; "
        "assert majority(['4', '5', '4'], extractor=extractor('number'))['winner'] == 0; "
        "assert 'answers' in load('moa/synthesis@1').variables and numbered(['a']); "
        f"assert not {{*sys.modules}} & {set(HEAVY)!r}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
