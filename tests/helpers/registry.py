"""Every method of the registry, built small: two rounds, two layers, few samples."""

import inspect
from typing import Any

from manyminds.method_graph import MethodGraph
from manyminds.registry import methods

NAMES = list(methods())
SIMULATED = ["simulated:small", "simulated:medium"]
QUESTION = "Start with 60. Add 52. What is the result?"
_SMALL: dict[str, Any] = {
    "samples": 3,
    "layers": 2,
    "rounds": 2,
    "refinements": 1,
    "tries": 2,
    "population": 3,
    "steps": 2,
    "group": 2,
    "episodes": 1,
    "slots": 2,
    "window": 2,
    "reserved": 1,
}
_MORE: dict[str, dict[str, Any]] = {"stepwise-voting": {"stop": "fixed:1"}}


def small(name: str, *members: Any) -> MethodGraph:
    """Build a method; one that asks a single member gets the first one."""
    builder = methods()[name].create()
    taken = inspect.signature(builder).parameters
    options = {key: value for key, value in _SMALL.items() if key in taken}
    given = members or SIMULATED
    target = given[0] if next(iter(taken)) == "member" else list(given)
    graph = builder(target, **options, **_MORE.get(name, {}))
    assert isinstance(graph, MethodGraph)
    return graph
