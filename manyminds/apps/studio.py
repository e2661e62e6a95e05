"""Zero-argument factories of the methods, for LangGraph Studio (`langgraph dev`).

The members are simulated, so that it starts without a key. The environment variable
MANYMINDS_MEMBERS names others, with commas between them: `openai:gpt-4o-mini,ollama:llama3.1`.

The server calls a factory on its event loop for every run and refuses to read files there, so the
graphs are built in a thread.
"""

import os
from asyncio import to_thread

from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.graphs.chain_of_thought import create_chain_of_thought
from manyminds.graphs.council import create_council
from manyminds.graphs.debate import create_debate
from manyminds.graphs.hierarchical_voting import create_hierarchical_voting
from manyminds.graphs.method_graph import MethodGraph
from manyminds.graphs.moa import create_moa, create_moa_lite, create_self_moa
from manyminds.graphs.ranker import create_ranker
from manyminds.graphs.reflexion import create_reflexion
from manyminds.graphs.self_moa_seq import create_self_moa_seq
from manyminds.graphs.self_refine import create_self_refine
from manyminds.graphs.smoa import create_smoa
from manyminds.graphs.spp import create_spp
from manyminds.graphs.stepwise_voting import create_stepwise_voting

SIMULATED = ("simulated:small", "simulated:medium", "simulated:large")


def members() -> list[str]:
    """Return the members that the environment names, else the simulated ones."""
    named = [name.strip() for name in os.environ.get("MANYMINDS_MEMBERS", "").split(",")]
    return [name for name in named if name] or list(SIMULATED)


async def agent_forest() -> MethodGraph:
    """Return Agent Forest over all members, ten samples."""
    return await to_thread(create_agent_forest, members())


async def moa() -> MethodGraph:
    """Return a Mixture-of-Agents of three layers; the last member aggregates."""
    return await to_thread(create_moa, members(), aggregator=members()[-1])


async def moa_lite() -> MethodGraph:
    """Return a Mixture-of-Agents of two layers; the last member aggregates."""
    return await to_thread(create_moa_lite, members(), aggregator=members()[-1])


async def smoa() -> MethodGraph:
    """Return a Sparse Mixture-of-Agents of three layers; the last member judges and aggregates."""
    last = members()[-1]
    return await to_thread(create_smoa, members(), judge=last, moderator=last, aggregator=last)


async def self_moa() -> MethodGraph:
    """Return a Mixture-of-Agents whose proposers are all the last member."""
    return await to_thread(create_self_moa, members()[-1])


async def stepwise_voting() -> MethodGraph:
    """Return step-wise voting on chains of arithmetic, which the simulated members can do."""
    return await to_thread(create_stepwise_voting, members(), task="arithmetic")


async def hierarchical_voting() -> MethodGraph:
    """Return hierarchical voting along a plan that the last member writes."""
    return await to_thread(create_hierarchical_voting, members(), planner=members()[-1])


async def self_moa_seq() -> MethodGraph:
    """Return thirty samples of the last member, merged a window at a time."""
    return await to_thread(create_self_moa_seq, members()[-1])


async def ranker() -> MethodGraph:
    """Return the LLM ranker over all members; the last one picks."""
    return await to_thread(create_ranker, members(), ranker=members()[-1])


async def reflexion() -> MethodGraph:
    """Return Reflexion of the first member, checked by the last."""
    return await to_thread(create_reflexion, members()[0], check=members()[-1])


async def self_refine() -> MethodGraph:
    """Return self-refine of the last member, one refinement."""
    return await to_thread(create_self_refine, members()[-1])


async def spp() -> MethodGraph:
    """Return solo performance prompting of the last member."""
    return await to_thread(create_spp, members()[-1])


async def chain_of_thought() -> MethodGraph:
    """Return chain of thought of the last member, with the examples that come with it."""
    return await to_thread(create_chain_of_thought, members()[-1])


async def debate() -> MethodGraph:
    """Return a debate of two rounds between all members."""
    return await to_thread(create_debate, members())


async def council() -> MethodGraph:
    """Return a council of all members; the last one chairs."""
    return await to_thread(create_council, members(), chair=members()[-1])
