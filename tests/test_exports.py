"""What `manyminds` exports: the names promised, and a builder for each method."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import manyminds
from manyminds.registry import ours

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
    "load_run",
    "load_runs",
    "record",
    "record_answers",
    "replay",
    "using",
}


BUILDERS = {method.function: method.module for method in ours()}


def test_the_names_are_those_promised_and_a_builder_for_each_method() -> None:
    assert set(manyminds.__all__) == PINNED | set(BUILDERS)
    assert manyminds.__all__ == sorted(set(manyminds.__all__)) == dir(manyminds)
    assert not [name for name in vars(manyminds)["_HOMES"] if name.startswith("create_")]


@pytest.mark.parametrize("name", sorted(PINNED | set(BUILDERS)))
def test_every_name_imports_from_its_home(name: str) -> None:
    homes: dict[str, str] = vars(manyminds)["_HOMES"] | BUILDERS
    value = getattr(manyminds, name)
    assert getattr(value, "__module__", homes[name]) == homes[name]


def test_a_star_import_has_them_all() -> None:
    found: dict[str, object] = {}
    exec("from manyminds import *", found)  # not possible inside a function otherwise
    assert PINNED | set(BUILDERS) <= set(found)


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
