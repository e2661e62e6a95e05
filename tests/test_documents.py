"""The code of README and docs runs, block by block, and prints what the page says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.blocks import Block, blocks
from helpers.server import Body, Server

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PAGES = [*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
EXAMPLE = [one for one in blocks(ROOT / "docs" / "examples" / "jury.md") if one.file]
# Installation, and LangGraph Studio, which tests/apps/test_studio.py starts.
LEFT_OUT = ("pip install -e ", "langgraph dev")


# What `manyminds serve` does with a configuration before it listens.
BUILD = (
    "from pathlib import Path; from manyminds.server.application import create_app; "
    "from manyminds.server.config import read_config; "
    "create_app(read_config(Path('ensembles.yaml')))"
)


def counts_letters(body: Body, k: int) -> str:
    return "The answer is 3."


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Every endpoint that a page names is the test server."""
    with Server(counts_letters, models=("llama3.1",)) as server:
        host = server.url.removesuffix("/v1").removeprefix("http://")
        yield {
            **{name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")},
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "OPENAI_API_KEY": "test",
            "OPENAI_BASE_URL": server.url,
            "VLLM_BASE_URL": server.url,
            "OLLAMA_HOST": host,
            "NO_COLOR": "1",
        }


def run(command: list[str], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_python(block: Block, folder: Path, environment: dict[str, str]) -> None:
    promised = re.findall(r"^# -> (.*)$", block.text, re.MULTILINE)
    # Inspect warns of its own: of names that its libraries have deprecated.
    strict = [] if "inspect_ai" in block.text else ["-W", "error"]
    printed = run([sys.executable, *strict, "-c", block.text], folder, environment)
    assert printed.splitlines() == promised, f"line {block.line}"


def run_shell(block: Block, folder: Path, environment: dict[str, str]) -> None:
    commands = [line.split("  #")[0].strip() for line in block.text.splitlines() if line.strip()]
    for command in commands:
        words = shlex.split(command)
        if words[0] == "manyminds":
            assert run([str(BIN / "manyminds"), *words[1:]], folder, environment).strip()
        elif words[0] == "pytest":
            run([sys.executable, "-m", *words], folder, environment)
        elif words[0] == "make":
            assert run(["make", "--dry-run", *words[1:]], ROOT, environment).strip()
        elif words[0] == "export":
            assert words[1].partition("=")[0] in environment
        else:
            assert command.startswith(LEFT_OUT), f"line {block.line}: nothing runs {command!r}"


@pytest.mark.integration
@pytest.mark.timeout(600)  # a page has up to twenty commands, each of which takes seconds
@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_block_runs_and_prints_what_the_page_says(
    page: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    for block in blocks(page):
        match block.language:
            case _ if block.file:
                (tmp_path / block.file).write_text(block.text, encoding="utf-8")
            case "python":
                run_python(block, tmp_path, environment)
            case "sh":
                run_shell(block, tmp_path, environment)
            case "yaml":
                (tmp_path / "ensembles.yaml").write_text(block.text, encoding="utf-8")
                run([sys.executable, "-c", BUILD], tmp_path, environment)
            case language:
                assert language in ("mermaid", "text"), f"line {block.line}: nothing runs it"


@pytest.mark.integration
def test_the_worked_example_is_short_and_clean(tmp_path: Path) -> None:
    files = [tmp_path / str(block.file) for block in EXAMPLE]
    for path, block in zip(files, EXAMPLE, strict=True):
        path.write_text(block.text, encoding="utf-8")
    assert len(files) == 2 and sum(block.text.count("\n") for block in EXAMPLE) < 100
    for check in (["check"], ["format", "--check"]):
        config = ["--config", str(ROOT / "pyproject.toml")]
        run([str(BIN / "ruff"), *check, *config, *map(str, files)], tmp_path, dict(os.environ))


@pytest.mark.parametrize("page", PAGES, ids=NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_readme_fits_on_a_few_screens() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 200
