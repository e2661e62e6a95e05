"""layer: the next layer or round begins."""

from manyminds.nodes.node import Node, State, Update
from manyminds.runs.context import RunContext
from manyminds.settings import Context


def layer(method: str = "", *, planned: int = 0, context: Context | None = None) -> Node:
    """Return the node that counts layers; what was kept stays, for the next layer reads it.

    Args:
        method: name of the method.
        planned: calls of all layers together, told once to whoever watches the run.
        context: the builder's settings.
    """

    async def run(state: State) -> Update:
        ctx, number = RunContext.of(state, method, context or Context()), state["layer"] + 1
        if planned and number == 1:
            ctx.emit("planned", calls=planned)
        ctx.emit("layer", layer=number)
        return {"layer": number}

    return Node(run, "layer")
