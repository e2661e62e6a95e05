"""Many models, one answer: multi-agent LLM ensemble methods as LangGraph state graphs.

Names are imported when they are first used, so that `import manyminds` costs nothing. The registry
has the builders, `create_...`; `_HOMES` has all other names. Type checkers read `__init__.pyi`,
which `make readme` writes from both.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Ballot": "manyminds.votes.ballots",
    "Budget": "manyminds.settings",
    "BudgetError": "manyminds.errors",
    "Candidate": "manyminds.state",
    "CompiledMethod": "manyminds.compiled_method",
    "Context": "manyminds.settings",
    "DataError": "manyminds.errors",
    "Decision": "manyminds.nodes.channels",
    "InputError": "manyminds.errors",
    "Level": "manyminds.graphs.hierarchical_voting",
    "ManymindsError": "manyminds.errors",
    "Member": "manyminds.members",
    "MemberError": "manyminds.errors",
    "Method": "manyminds.registry",
    "MethodChatModel": "manyminds.chat_model",
    "MethodGraph": "manyminds.method_graph",
    "Price": "manyminds.prices",
    "PromptError": "manyminds.errors",
    "QuorumError": "manyminds.errors",
    "RedFlags": "manyminds.votes.flags",
    "Report": "manyminds.state",
    "RunError": "manyminds.errors",
    "RunRecord": "manyminds.records.run_record",
    "Verdict": "manyminds.nodes.judge",
    "areplay": "manyminds.records.replay",
    "as_node": "manyminds.nodes.node",
    "load_run": "manyminds.records.reader",
    "load_runs": "manyminds.records.reader",
    "record": "manyminds.records.record",
    "record_answers": "manyminds.models.record_answers",
    "replay": "manyminds.records.replay",
    "using": "manyminds.settings",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("manyminds")
    if name == "__all__":
        return sorted(_names())
    home = _HOMES.get(name) or _home_of_builder(name)
    if home is None:
        raise AttributeError(f"module 'manyminds' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_names())


def _names() -> dict[str, str]:
    """Return the module of each public name."""
    from manyminds.registry import ours

    return {**_HOMES, **{method.function: method.module for method in ours()}}


def _home_of_builder(name: str) -> str | None:
    if not name.startswith("create_"):
        return None
    from manyminds.registry import home_of

    return home_of(name)
