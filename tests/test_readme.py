"""Everything the README shows is run, in the order in which a reader would, and prints that."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.blocks import Block, blocks
from helpers.readme import README, updated
from helpers.server import Body, Server

ROOT = README.parent
BIN = Path(sys.executable).parent
BLOCKS = blocks(README)
# What is no business of this library; `make` and `langgraph` are looked at below and in tests/apps.
LEFT_OUT = ("pip install -e ", "langgraph dev")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all blocks: a later one reads what an earlier one has written."""
    return tmp_path_factory.mktemp("readme")


def counts_letters(body: Body, k: int) -> str:
    return "The answer is 3."


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """Every endpoint of the README is the test server; nothing else can be reached."""
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


def run(command: list[str], place: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=place, env=environment, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def lines(block: Block) -> list[str]:
    """Return the commands of a shell block, without what a comment says about them."""
    return [line.split("  #")[0].strip() for line in block.text.splitlines() if line.strip()]


RUN = [block for block in BLOCKS if block.language in ("python", "sh")]


@pytest.mark.parametrize("block", RUN, ids=[f"line-{block.line}" for block in RUN])
def test_block(block: Block, place: Path, environment: dict[str, str]) -> None:
    if block.language == "python":
        promised = re.findall(r"^# -> (.*)$", block.text, re.MULTILINE)
        printed = run([sys.executable, "-W", "error", "-c", block.text], place, environment)
        assert printed.splitlines() == promised
        return
    for command in lines(block):
        words = shlex.split(command)
        if words[0] == "manyminds":
            assert run([str(BIN / "manyminds"), *words[1:]], place, environment).strip()
        elif words[0] == "make":
            assert run(["make", "--dry-run", *words[1:]], ROOT, environment).strip()
        elif words[0] == "export":
            assert words[1].partition("=")[0] in environment
        else:
            assert command.startswith(LEFT_OUT), f"line {block.line}: nothing runs {command!r}"


def test_every_block_is_run_or_a_picture() -> None:
    assert {block.language for block in BLOCKS} == {"python", "sh", "mermaid"}


def test_table_of_methods_is_that_of_the_registry() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == updated(text), "run `make readme`"


@pytest.mark.parametrize(
    "target", re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8"))
)
def test_link_leads_somewhere(target: str) -> None:
    assert (ROOT / target).exists()
