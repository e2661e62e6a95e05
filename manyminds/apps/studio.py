"""Zero-argument factories of the methods, for LangGraph Studio (`langgraph dev`).

`langgraph.json` names a factory for each method of the registry: `chain_of_thought` for
`chain-of-thought`. The members are simulated, so that it starts without a key. The environment
variable MANYMINDS_MEMBERS names others, separated by commas: `openai:gpt-4o-mini,ollama:llama3.1`.

The server calls a factory on its event loop for every run and refuses to read files there, so the
graphs are built in a thread.
"""

import inspect
import os
from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from manyminds.method_graph import MethodGraph
from manyminds.registry import methods

SIMULATED = ("simulated:small", "simulated:medium", "simulated:large")
_ROLES = ("aggregator", "judge", "moderator", "planner", "ranker", "chair", "check")
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    # The simulated members solve chains of arithmetic.
    "stepwise-voting": {"task": "arithmetic"},
}


def members() -> list[str]:
    """Return the members that the environment names, else the simulated ones."""
    named = [name.strip() for name in os.environ.get("MANYMINDS_MEMBERS", "").split(",")]
    return [name for name in named if name] or list(SIMULATED)


def build(name: str) -> MethodGraph:
    """Build a method; the last member plays its roles, or is the one member that it asks."""
    builder = methods()[name].create()
    asked, *parameters = inspect.signature(builder).parameters
    everyone = members()
    first = everyone[-1] if asked == "member" else everyone
    roles = {role: everyone[-1] for role in _ROLES if role in parameters}
    graph: MethodGraph = builder(first, **roles, **_OPTIONS.get(name, {}))
    return graph


def _factory(method: str) -> Callable[[], Awaitable[MethodGraph]]:
    async def factory() -> MethodGraph:
        return await to_thread(build, method)

    factory.__name__ = method.replace("-", "_")
    return factory


# Real attributes: the server looks into the module's dictionary and calls no `__getattr__`.
globals().update({name.replace("-", "_"): _factory(name) for name in methods()})
