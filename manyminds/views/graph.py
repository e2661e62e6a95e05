"""Picture of a method's graph, with the path of a run."""

from typing import Any, TypeAlias

from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from manyminds.errors import InputError
from manyminds.records.about import picture_of
from manyminds.views.data import RunData
from manyminds.views.drawing import drawing, svg
from manyminds.views.reading import AnyRun, data_of
from manyminds.views.svg import Svg, standalone

AnyGraph: TypeAlias = StateGraph[Any, Any, Any, Any] | CompiledStateGraph[Any, Any, Any, Any]


def graph(of: AnyRun | AnyGraph) -> Svg:
    """Draw the nodes and edges of a method; the path of a run is in strong lines.

    Nodes that made calls are filled and show the number of calls. Conditional edges are dashed.
    Of many parallel nodes with the same edges, the last share one box.

    Args:
        of: A run, or a graph, compiled or not, without a run.

    Raises:
        InputError: The record has no graph.
    """
    whole = isinstance(of, StateGraph | CompiledStateGraph)
    run = _unrun(of) if isinstance(of, StateGraph | CompiledStateGraph) else data_of(of)
    drawn = drawing(run, whole=whole)
    if drawn is None:
        raise InputError("the record has no graph: it was cut short, or is of an older version")
    return standalone(svg(run, drawn), drawn.alt)


def _unrun(graph: AnyGraph) -> RunData:
    compiled = graph.compile() if isinstance(graph, StateGraph) else graph
    found = picture_of(compiled)
    name = str(getattr(graph, "method", None) or compiled.name)
    return RunData(
        id="graph", method=name, question="", calls=[], nodes=found["nodes"], edges=found["edges"]
    )
