"""layer: the next layer or round begins."""

from manyminds.nodes.node import Node, State, Update


def layer() -> Node:
    """Return the node that counts layers; what was kept stays, for the next layer reads it."""

    async def run(state: State) -> Update:
        return {"layer": state["layer"] + 1}

    return Node(run, "layer")
