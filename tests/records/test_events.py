"""The vocabulary of progress events: what methods stream is in it, and all of it is streamed."""

from typing import Annotated, Any, get_args

import pytest
from helpers.registry import NAMES, QUESTION, small
from pydantic import Field, TypeAdapter

from manyminds import create_smoa
from manyminds.records.events import Event

ADAPTER: TypeAdapter[Any] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
GIVEN = {"messages": [("user", QUESTION)]}
KEYS = {
    str(one.__annotations__["event"].__args__[0]): one.__required_keys__ | one.__optional_keys__
    for one in get_args(Event)
}


def test_the_vocabulary_is_pinned() -> None:
    assert set(KEYS) == {
        *("planned", "layer", "asked", "answered", "failed", "voted", "kept", "stopped"),
        *("dropped", "continued"),
    }


@pytest.mark.parametrize("name", NAMES)
async def test_methods_stream_nothing_else(name: str) -> None:
    seen = [e async for e in small(name).compile().astream(GIVEN, stream_mode="custom")]
    for event in seen:
        ADAPTER.validate_python(event)
        assert set(event) <= KEYS[event["event"]]
        assert event["run"] == seen[0]["run"] and event["method"]
    answered = [e for e in seen if e["event"] in ("answered", "failed")]
    assert len([e for e in seen if e["event"] == "asked"]) == len(answered) > 0


async def test_a_hosts_own_judge_is_told_of_too() -> None:
    def judge(state: Any) -> dict[str, Any]:
        return {"kept": [1]}

    graph = create_smoa(["simulated:small", "simulated:large"], judge=judge, layers=2)
    seen = [e async for e in graph.compile().astream(GIVEN, stream_mode="custom")]
    kept = [e for e in seen if e["event"] == "kept"]
    assert [(e["layer"], e["kept"], e["source"], e["method"]) for e in kept] == [
        (1, [1], None, "smoa")
    ]
    assert [e["layer"] for e in seen if e["event"] == "layer"] == [1]


async def test_a_moderator_that_stops_is_told_of() -> None:
    graph = create_smoa(["simulated:large"] * 3, layers=4, stop=0.1)
    seen = [e async for e in graph.compile().astream(GIVEN, stream_mode="custom")]
    (stopped,) = [e for e in seen if e["event"] == "stopped"]
    assert (
        stopped["layer"] == 1 and stopped["source"] == "rule" and "agreement" in stopped["reason"]
    )
