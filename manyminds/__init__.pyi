"""Public names, for type checkers; written by `make readme`."""

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
from manyminds.graphs.best_of_n import create_best_of_n
from manyminds.graphs.cascade import create_cascade
from manyminds.graphs.chain_of_thought import create_chain_of_thought
from manyminds.graphs.cmat import create_cmat
from manyminds.graphs.council import create_council
from manyminds.graphs.debate import create_debate
from manyminds.graphs.debategpt import create_debategpt
from manyminds.graphs.fusion import create_fusion
from manyminds.graphs.hierarchical_voting import Level, create_hierarchical_voting
from manyminds.graphs.interaction import create_interaction
from manyminds.graphs.lumos import create_lumos
from manyminds.graphs.moa import create_moa, create_moa_lite, create_self_moa
from manyminds.graphs.ranker import create_ranker
from manyminds.graphs.rater import create_rater
from manyminds.graphs.reflexion import create_reflexion
from manyminds.graphs.rsa import create_rsa
from manyminds.graphs.self_instruct import create_self_instruct
from manyminds.graphs.self_moa_seq import create_self_moa_seq
from manyminds.graphs.self_refine import create_self_refine
from manyminds.graphs.smoa import create_smoa
from manyminds.graphs.spp import create_spp
from manyminds.graphs.ste import create_ste
from manyminds.graphs.stepwise_voting import create_stepwise_voting
from manyminds.graphs.tournament import create_tournament
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
    "create_best_of_n",
    "create_cascade",
    "create_chain_of_thought",
    "create_cmat",
    "create_council",
    "create_debate",
    "create_debategpt",
    "create_fusion",
    "create_hierarchical_voting",
    "create_interaction",
    "create_lumos",
    "create_moa",
    "create_moa_lite",
    "create_ranker",
    "create_rater",
    "create_reflexion",
    "create_rsa",
    "create_self_instruct",
    "create_self_moa",
    "create_self_moa_seq",
    "create_self_refine",
    "create_smoa",
    "create_spp",
    "create_ste",
    "create_stepwise_voting",
    "create_tournament",
    "load_run",
    "load_runs",
    "record",
    "record_answers",
    "replay",
    "using",
]
__version__: str
