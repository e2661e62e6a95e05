"""Zero-argument factories of the methods, for LangGraph Studio: `langgraph dev` in this repository.

The members are simulated, so that it starts without a key. Name your own in the environment variable
MANYMINDS_MEMBERS, with commas between them: `MANYMINDS_MEMBERS=openai:gpt-4o-mini,ollama:llama3.1`.
"""

import os

from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.graphs.method_graph import MethodGraph
from manyminds.graphs.moa import create_moa, create_moa_lite, create_self_moa

MEMBERS = "MANYMINDS_MEMBERS"
SIMULATED = ("simulated:small", "simulated:medium", "simulated:large")


def members() -> list[str]:
    """Return the members that the environment names, else the simulated ones."""
    named = [name.strip() for name in os.environ.get(MEMBERS, "").split(",")]
    return [name for name in named if name] or list(SIMULATED)


def agent_forest() -> MethodGraph:
    """Return Agent Forest over all members, ten samples."""
    return create_agent_forest(members())


def moa() -> MethodGraph:
    """Return a Mixture-of-Agents of three layers; the last member aggregates."""
    return create_moa(members(), aggregator=members()[-1])


def moa_lite() -> MethodGraph:
    """Return a Mixture-of-Agents of two layers; the last member aggregates."""
    return create_moa_lite(members(), aggregator=members()[-1])


def self_moa() -> MethodGraph:
    """Return a Mixture-of-Agents whose proposers are all the last member."""
    return create_self_moa(members()[-1])
