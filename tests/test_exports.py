"""What `manyminds` gives away: each name once in every list, importable, none by accident."""

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import manyminds

PINNED = {
    "MethodChatModel",
    "CompiledMethod",
    "Verdict",
    "Report",
    "Decision",
    "Ballot",
    "Budget",
    "BudgetError",
    "Candidate",
    "Context",
    "DataError",
    "InputError",
    "ManymindsError",
    "Level",
    "Member",
    "MemberError",
    "Method",
    "MethodGraph",
    "Price",
    "PromptError",
    "QuorumError",
    "RedFlags",
    "RunError",
    "RunRecord",
    "areplay",
    "as_node",
    "create_agent_forest",
    "create_chain_of_thought",
    "create_council",
    "create_debate",
    "create_hierarchical_voting",
    "create_moa",
    "create_moa_lite",
    "create_ranker",
    "create_reflexion",
    "create_self_moa",
    "create_self_moa_seq",
    "create_self_refine",
    "create_smoa",
    "create_spp",
    "create_stepwise_voting",
    "load_run",
    "load_runs",
    "record",
    "record_answers",
    "replay",
    "using",
}


def type_checking_imports() -> dict[str, str]:
    """Return name -> module as the block for type checkers has it."""
    tree = ast.parse(Path(manyminds.__file__).read_text(encoding="utf-8"))
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(block)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_names_are_those_promised() -> None:
    assert set(manyminds.__all__) == PINNED
    assert len(manyminds.__all__) == len(PINNED)


def test_the_three_lists_agree_and_are_sorted() -> None:
    homes: dict[str, str] = vars(manyminds)["_HOMES"]
    assert type_checking_imports() == homes
    assert list(homes) == sorted(homes) == manyminds.__all__ == dir(manyminds)


@pytest.mark.parametrize("name", sorted(PINNED))
def test_every_name_imports_from_its_home(name: str) -> None:
    homes: dict[str, str] = vars(manyminds)["_HOMES"]
    value = getattr(manyminds, name)
    assert getattr(value, "__module__", homes[name]) == homes[name]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'create_mao'"):
        getattr(manyminds, "create_mao")  # noqa: B009


def test_importing_the_facade_or_the_votes_loads_nothing_heavy() -> None:
    code = (
        "import sys, manyminds, manyminds.votes.votes, manyminds.votes.stopping\n"
        "import manyminds.reading.answers, manyminds.prompts, manyminds.errors\n"
        "heavy = {'langgraph', 'langchain_core', 'langchain_openai', 'openai', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_is_that_of_the_package() -> None:
    assert manyminds.__version__ == version("manyminds")
