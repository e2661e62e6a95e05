"""The graph of a method, with the path that a run has taken, as a picture of its own."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias

from langgraph.graph import StateGraph
from langgraph.graph.state import CompiledStateGraph

from manyminds.errors import InputError
from manyminds.records.about import picture_of
from manyminds.views.data import RunData
from manyminds.views.reading import AnyRun, data_of

AnyGraph: TypeAlias = StateGraph[Any, Any, Any, Any] | CompiledStateGraph[Any, Any, Any, Any]
_FONT = (
    '.mm-graph { font: 15px/1.55 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }'
)


@dataclass(frozen=True)
class Svg:
    """A picture that a notebook shows without a network.

    Attributes:
        text: The picture as SVG, which needs no other file.
        alt: What there is to see, in a sentence.
    """

    text: str
    alt: str

    def __repr__(self) -> str:
        return f"<{self.alt}>"

    def _repr_svg_(self) -> str:
        return self.text

    def save(self, path: str | Path) -> None:
        """Write the picture into a file, such as graph.svg."""
        Path(path).write_text(self.text, encoding="utf-8")


def graph(of: AnyRun | AnyGraph) -> Svg:
    """Draw the nodes and edges of a method, and what a run has taken in strong lines.

    Nodes that made calls are filled and show their number; conditional edges
    are dashed. Of many nodes that do the same side by side the last stand as one.

    Args:
        of: A run, or a graph, compiled or not, without a run.

    Raises:
        InputError: markupsafe is not installed, or the record has no graph.
    """
    try:
        from manyminds.views.drawing import drawing, svg
    except ModuleNotFoundError as error:
        raise InputError(
            f'Pictures need {error.name}, which is not installed: pip install "manyminds[views]".'
        ) from error
    whole = isinstance(of, StateGraph | CompiledStateGraph)
    run = _unrun(of) if isinstance(of, StateGraph | CompiledStateGraph) else data_of(of)
    drawn = drawing(run, whole=whole)
    if drawn is None:
        raise InputError("the record has no graph: it was cut short, or is of an older version")
    style = "".join(_style(name) for name in ("colours", "graph")) + _FONT
    head, rest = svg(run, drawn).split(">", 1)
    text = f'{head} xmlns="http://www.w3.org/2000/svg"><style>{style}</style>{rest}'
    return Svg(text, drawn.alt)


def _unrun(graph: AnyGraph) -> RunData:
    compiled = graph.compile() if isinstance(graph, StateGraph) else graph
    found = picture_of(compiled)
    name = str(getattr(graph, "method", None) or compiled.name)
    return RunData(
        id="graph", method=name, question="", calls=[], nodes=found["nodes"], edges=found["edges"]
    )


def _style(name: str) -> str:
    return (files("manyminds.views") / "templates" / f"{name}.css").read_text(encoding="utf-8")
