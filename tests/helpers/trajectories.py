"""Trajectories to be exported: made up ones of every kind, and those of a simulated method."""

from typing import Any

from hypothesis import strategies as st

from manyminds.trajectory import (
    Action,
    APIAction,
    CodeAction,
    ImageObservation,
    MessageAction,
    TextObservation,
    Trajectory,
    WebObservation,
)

texts = st.text(max_size=12)
names = st.from_regex(r"[a-z][a-z_]{0,6}", fullmatch=True)
maybe = st.none() | texts
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
arguments: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)
_done = {
    "description": maybe,
    "reasoning_content": maybe,
    "reward": numbers,
    "train": st.booleans(),
    "continues": st.booleans(),
}
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(APIAction, function=names, kwargs=arguments, tool_call_id=st.none() | names, **_done),
    st.builds(CodeAction, language=st.sampled_from(["sql", "bash"]), content=texts, **_done),
    st.builds(MessageAction, content=texts, **_done),
)
images = st.builds(ImageObservation, content=texts, annotations=st.none(), reward=numbers)
observations = st.one_of(
    st.builds(
        TextObservation,
        content=texts,
        source=st.sampled_from(["user", "agent", "environment"]),
        name=st.none() | names,
        reward=numbers,
    ),
    images,
    st.builds(
        WebObservation,
        html=maybe,
        axtree=maybe,
        url=maybe,
        image_observation=st.none() | images,
        viewport_size=st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
    ),
)
ratings = st.none() | st.floats(0, 5)
shares = st.none() | st.floats(0, 1)
trajectories = st.builds(
    Trajectory,
    id=texts,
    content=st.lists(actions | observations, max_size=6),
    system=maybe,
    tools=st.lists(arguments, max_size=2),
    task=maybe,
    model=maybe,
    method=maybe,
    role=maybe,
    source=maybe,
    reward=numbers,
    rating=ratings,
    answer=maybe,
    gold=maybe,
    agreement=shares,
    won=st.none() | st.booleans(),
    details=arguments,
)


def example(
    *said: str,
    tool: str | None = None,
    id: str = "t",
    **known: Any,
) -> Trajectory:
    """Return a conversation: a question, then by turns an action and what came of it.

    Args:
        said: Texts by turns, first the user's.
        tool: Every action but the last is a call of this tool, with the text as its thought.
        id: Name of the trajectory.
        known: Further fields.
    """
    content: list[Any] = []
    for place, text in enumerate(said):
        last = place >= len(said) - 1
        if place % 2 == 0:
            source = "user" if place == 0 else "environment"
            content.append(TextObservation(content=text, source=source))  # type: ignore[arg-type]
        elif tool is None or last:
            content.append(MessageAction(content=text))
        else:
            content.append(APIAction(function=tool, kwargs={"of": place}, description=text))
    tools = [] if tool is None else [_schema(tool)]
    fields: dict[str, Any] = {"id": id, "content": content, "tools": tools, **known}
    return Trajectory(**fields)


def _schema(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"of": {"type": "integer"}}}
    function = {"name": name, "description": "A tool.", "parameters": parameters}
    return {"type": "function", "function": function}
