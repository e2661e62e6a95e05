"""The contribution guide is followed to the letter, in a copy of the project."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from helpers.blocks import Block, blocks

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "CONTRIBUTING.md"
QUESTION = "Start with 7. Add 5. What is the result?"


def run(command: list[str], folder: Path, *path: Path, seconds: float = 600) -> str:
    """Run a command of the guide, with these folders first to import from."""
    program = {"python": [sys.executable], "pytest": [sys.executable, "-m", "pytest"]}
    whole = program.get(command[0], [sys.executable, "-m", command[0]]) + command[1:]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path)), "NO_COLOR": "1"}
    environment["COLUMNS"] = "200"
    done = subprocess.run(
        whole, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def write(found: list[Block], folder: Path) -> None:
    for block in found:
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")


def commands(found: list[Block]) -> list[list[str]]:
    lines = [line for b in found if b.language == "sh" for line in b.text.splitlines()]
    return [shlex.split(line) for line in lines if line]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, as somebody who contributes has it."""
    made = ("__pycache__", "*.egg-info", "*_cache", ".git", ".venv*", ".hypothesis")
    unwanted = shutil.ignore_patterns(*made)
    shutil.copytree(ROOT, tmp_path, symlinks=True, ignore=unwanted, dirs_exist_ok=True)
    for name in ("graphs", "nodes", "prompts"):
        link = tmp_path / "manyminds" / name
        if not link.is_symlink():  # a clone without symbolic links has a text file there
            link.unlink()
            shutil.copytree(tmp_path / name, link)
    return tmp_path


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_add_a_method(project: Path) -> None:
    found = blocks(GUIDE, "Add a method")
    write(found, project)
    printed = [run(command, project, project) for command in commands(found)]
    assert "locked relay/improve@1\n" in printed[0]
    assert "`relay`" in (project / "README.md").read_text(encoding="utf-8")
    assert "relay" in printed[3]
    asked = ["manyminds", "ask", "--method", "relay", "--member", "simulated:large", QUESTION]
    assert "[simulated]" in run(asked, project, project)
    tests = ["test_composition.py", "graphs/test_drawings.py", "graphs/test_faults.py"]
    run(["pytest", "-q", "-k", "relay", *(f"tests/{name}" for name in tests)], project, project)
    run(["pytest", "-q", "tests/test_exports.py"], project, project)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_add_a_method_and_run_the_whole_suite(project: Path) -> None:
    found = blocks(GUIDE, "Add a method")
    write(found, project)
    for command in commands(found):
        run(command, project, project)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    [suite] = re.findall(r"^test:.*\n\t\$\(BIN\)/(pytest .*) \$\(TESTS\)$", makefile, re.MULTILINE)
    run([*shlex.split(suite), "-q"], project, project, seconds=3000)


@pytest.mark.integration
def test_code_of_the_added_method_is_clean(project: Path) -> None:
    found = blocks(GUIDE, "Add a method")
    write(found, project)
    files = [block.file for block in found if block.file and block.file.endswith(".py")]
    assert len(files) == 2
    run(["ruff", "check", *files], project)
    run(["ruff", "format", "--check", *files], project)


@pytest.mark.integration
def test_a_method_in_a_package_of_your_own(tmp_path: Path) -> None:
    found = blocks(GUIDE, "A method in a package of your own")
    write(found, tmp_path)
    # What an installer leaves behind: the entry points, where Python looks for them.
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = tmp_path / "echo_minds-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
    points = project["entry-points"]["manyminds.methods"]
    lines = [f"{name} = {value}\n" for name, value in points.items()]
    (info / "entry_points.txt").write_text("[manyminds.methods]\n" + "".join(lines))
    listed, answered = [run(command, tmp_path, tmp_path) for command in commands(found)]
    assert "twice" in listed
    assert "The answer is" in answered


NODES = blocks(GUIDE, "Bring your own node")


@pytest.mark.integration
@pytest.mark.parametrize("block", NODES, ids=[f"line-{block.line}" for block in NODES])
def test_bring_your_own_node(block: Block, tmp_path: Path) -> None:
    promised = re.findall(r"^# -> (.*)$", block.text, re.MULTILINE)
    assert promised
    assert run(["python", "-W", "error", "-c", block.text], tmp_path).splitlines() == promised


def test_every_block_is_followed() -> None:
    sections = ("Add a method", "A method in a package of your own", "Bring your own node")
    assert [b for name in sections for b in blocks(GUIDE, name)] == blocks(GUIDE)
