"""LangChain's configuration of one request: what traces, streams and callbacks know it by."""

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config, merge_configs
from langgraph.constants import TAG_NOSTREAM

from manyminds.members import Member
from manyminds.runs.context import RunContext
from manyminds.state import Candidate


def config_of(
    first: Candidate, member: Member, ctx: RunContext, *, streamed: bool
) -> RunnableConfig:
    """Return the configuration of a request.

    Args:
        first: The first candidate that its response is read into.
        member: The member that is asked.
        ctx: The run of the calling node.
        streamed: Tokens pass through to a caller that streams.
    """
    role = first["role"]
    tags = [role, member.name]
    # The name shows in traces. It must not be the node's: LangGraph would take a graph of that
    # name for the node, and stream all its messages as that node's own.
    return {
        "run_name": f"{member.name} as {role}",
        "tags": tags if streamed else [*tags, TAG_NOSTREAM],
        "metadata": {
            "run": ctx.id,
            "member": member.name,
            "role": role,
            "index": first["index"],
            "draw": member.recorded_draw(ctx.base + first["draw"]),
            "layer": first["layer"],
            "attempt": first["attempts"],
            "question_id": ctx.question_id,
            **(ctx.shown.metadata if streamed and ctx.shown else {}),
        },
    }


def with_callback(config: RunnableConfig, callback: BaseCallbackHandler) -> RunnableConfig:
    """Return a request's configuration with a callback next to those of the node around it."""
    more = RunnableConfig(callbacks=[callback], metadata=config.get("metadata", {}))
    merged = merge_configs(ensure_config(), config, more)
    merged["tags"] = config.get("tags", [])
    merged.pop("recursion_limit", None)  # of the graph around, not of the one inside
    return merged
