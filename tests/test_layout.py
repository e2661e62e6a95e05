"""The folders import in one direction, every package ships, and what is light stays light.

apps  ->  evals, views, export  ->  graphs  ->  nodes  ->  tasks, environments  ->  prompts
all of them  ->  the base: the modules of `manyminds` itself, asking, models, votes, records
"""

import ast
import json
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HOMES = {name: ROOT / name for name in ("graphs", "nodes", "prompts")}
ORDER = [
    "prompts",
    "tasks environments",
    "nodes",
    "method_graph",
    "layers answer_form",
    "authoring",
    "graphs",
    "evals views export",
    "apps",
]
LEVELS = {name: level for level, names in enumerate(ORDER, 1) for name in names.split()}
FACADE = ROOT / "manyminds" / "__init__.py"
COMMAND = ROOT / "manyminds" / "__main__.py"  # `python -m manyminds` is the command line: an app
HEAVY = ("langgraph", "langchain_core", "langchain_openai", "openai")


def modules() -> dict[str, Path]:
    """Return every module by its name inside `manyminds`, such as `nodes.gate`."""
    found = [(ROOT / "manyminds", "")] + [(home, f"{name}.") for name, home in HOMES.items()]
    links = {ROOT / "manyminds" / name for name in HOMES}
    return {
        prefix + ".".join(path.relative_to(folder).with_suffix("").parts): path
        for folder, prefix in found
        for path in sorted(folder.rglob("*.py"))
        if not links & set(path.parents)
    }


def level(name: str) -> int:
    return LEVELS.get(name.split(".")[0], 0)


def imported(path: Path) -> set[str]:
    """Return what a module imports, wherever in the file: absolute names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return names


MODULES = [
    pytest.param(name, path, id=name)
    for name, path in modules().items()
    if path not in (FACADE, COMMAND)
]


def test_modules_of_every_folder_are_looked_at() -> None:
    assert {"graphs.moa", "nodes.gate", "prompts.loader", "votes.votes", "errors"} <= {*modules()}


@pytest.mark.parametrize(("name", "path"), MODULES)
def test_imports_point_down(name: str, path: Path) -> None:
    ours = {i.removeprefix("manyminds.") for i in imported(path) if i.startswith("manyminds.")}
    assert not {i for i in ours if level(i) > level(name)}


@pytest.mark.parametrize(("name", "path"), MODULES)
def test_nothing_imports_the_facade(name: str, path: Path) -> None:
    public = {f"manyminds.{public}" for public in import_module("manyminds").__all__}
    assert not imported(path) & {"manyminds", *public}


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


def loaded_by(*names: str) -> tuple[float, set[str]]:
    """Import modules in an interpreter of their own; return CPU seconds and what was loaded."""
    code = (
        "import time, sys, json; before = time.process_time(); "
        + "; ".join(f"import {name}" for name in names)
        + "; print(json.dumps([time.process_time() - before, list(sys.modules)]))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, loaded = json.loads(run.stdout)
    return float(seconds), {str(module) for module in loaded}


@pytest.mark.parametrize(
    ("names", "also", "limit"),
    [
        pytest.param(["manyminds", "manyminds.registry"], ["numpy", "pydantic"], 0.15, id="facade"),
        pytest.param(["manyminds.prompts", "manyminds.fence"], ["numpy"], 0.15, id="prompts"),
        pytest.param(
            ["manyminds.votes.votes", "manyminds.reading.answers", "manyminds.votes.stopping"],
            ["numpy", "scipy"],
            0.25,
            id="votes",
        ),
        pytest.param(["manyminds.votes.similarity"], ["scipy"], 0.6, id="similarity"),
    ],
)
def test_what_is_light_stays_light(names: list[str], also: list[str], limit: float) -> None:
    # CPU time on a busy machine varies: the best of three says what the import takes.
    runs = [loaded_by(*names) for _ in range(3)]
    assert not runs[0][1] & {*HEAVY, *also}
    assert min(seconds for seconds, _ in runs) < limit


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
