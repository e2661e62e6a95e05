"""Many models, one answer: multi-agent LLM ensemble methods as LangGraph state graphs.

Names are imported when they are first used, so that `import manyminds` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from manyminds.chat_model import MethodChatModel
    from manyminds.compiled_method import CompiledMethod
    from manyminds.errors import (
        BudgetError,
        DataError,
        InputError,
        ManymindsError,
        MemberError,
        PromptError,
        QuorumError,
        RunError,
    )
    from manyminds.graphs.agent_forest import create_agent_forest
    from manyminds.graphs.chain_of_thought import create_chain_of_thought
    from manyminds.graphs.council import create_council
    from manyminds.graphs.debate import create_debate
    from manyminds.graphs.hierarchical_voting import Level, create_hierarchical_voting
    from manyminds.graphs.moa import create_moa, create_moa_lite, create_self_moa
    from manyminds.graphs.ranker import create_ranker
    from manyminds.graphs.reflexion import create_reflexion
    from manyminds.graphs.self_moa_seq import create_self_moa_seq
    from manyminds.graphs.self_refine import create_self_refine
    from manyminds.graphs.smoa import create_smoa
    from manyminds.graphs.spp import create_spp
    from manyminds.graphs.stepwise_voting import create_stepwise_voting
    from manyminds.members import Member
    from manyminds.method_graph import MethodGraph
    from manyminds.models.record_answers import record_answers
    from manyminds.nodes.channels import Decision
    from manyminds.nodes.judge import Verdict
    from manyminds.nodes.node import as_node
    from manyminds.prices import Price
    from manyminds.records.reader import load_run, load_runs
    from manyminds.records.record import record
    from manyminds.records.replay import areplay, replay
    from manyminds.records.run_record import RunRecord
    from manyminds.registry import Method
    from manyminds.settings import Budget, Context, using
    from manyminds.state import Candidate, Report
    from manyminds.votes.ballots import Ballot
    from manyminds.votes.flags import RedFlags

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
    "create_agent_forest": "manyminds.graphs.agent_forest",
    "create_chain_of_thought": "manyminds.graphs.chain_of_thought",
    "create_council": "manyminds.graphs.council",
    "create_debate": "manyminds.graphs.debate",
    "create_hierarchical_voting": "manyminds.graphs.hierarchical_voting",
    "create_moa": "manyminds.graphs.moa",
    "create_moa_lite": "manyminds.graphs.moa",
    "create_ranker": "manyminds.graphs.ranker",
    "create_reflexion": "manyminds.graphs.reflexion",
    "create_self_moa": "manyminds.graphs.moa",
    "create_self_moa_seq": "manyminds.graphs.self_moa_seq",
    "create_self_refine": "manyminds.graphs.self_refine",
    "create_smoa": "manyminds.graphs.smoa",
    "create_spp": "manyminds.graphs.spp",
    "create_stepwise_voting": "manyminds.graphs.stepwise_voting",
    "load_run": "manyminds.records.reader",
    "load_runs": "manyminds.records.reader",
    "record": "manyminds.records.record",
    "record_answers": "manyminds.models.record_answers",
    "replay": "manyminds.records.replay",
    "using": "manyminds.settings",
}

__all__ = [
    "Ballot",
    "Budget",
    "BudgetError",
    "Candidate",
    "CompiledMethod",
    "Context",
    "DataError",
    "Decision",
    "InputError",
    "Level",
    "ManymindsError",
    "Member",
    "MemberError",
    "Method",
    "MethodChatModel",
    "MethodGraph",
    "Price",
    "PromptError",
    "QuorumError",
    "RedFlags",
    "Report",
    "RunError",
    "RunRecord",
    "Verdict",
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
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("manyminds")
    home = _HOMES.get(name) or _builder_home(name)
    if home is None:
        raise AttributeError(f"module 'manyminds' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def _builder_home(name: str) -> str | None:
    """Return the module of a builder that only the registry knows."""
    if not name.startswith("create_"):
        return None
    from manyminds.registry import ours

    return next((m.module for m in ours() if m.function == name), None)


def __dir__() -> list[str]:
    return sorted(__all__)
