"""The registry: each method is there, can be built, and keeps what its entry says."""

import inspect
import json
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from manyminds import registry
from manyminds.apps import studio
from manyminds.errors import InputError
from manyminds.method_graph import MethodGraph, Options
from manyminds.registry import Method, method, methods

ROOT = Path(__file__).parent.parent
OURS = list(methods().values())
MEMBERS = ["simulated:small", "simulated:large"]


def built(entry: Method) -> MethodGraph:
    """Build a method with simulated members and defaults."""
    builder = entry.create()
    first = next(iter(inspect.signature(builder).parameters))
    graph = builder(MEMBERS[0] if first == "member" else MEMBERS)
    assert isinstance(graph, MethodGraph)
    return graph


@pytest.mark.parametrize("entry", OURS, ids=[entry.name for entry in OURS])
async def test_a_method_answers_with_defaults(entry: Method) -> None:
    question = "Start with 60. Add 52. What is the result?"
    result = await built(entry).compile().ainvoke({"messages": [("user", question)]})
    assert result["messages"][-1].text == result["answer"]
    assert "[simulated]" in result["answer"]
    assert result["report"]["missing"] == []


@pytest.mark.parametrize("entry", OURS, ids=[entry.name for entry in OURS])
def test_a_builder_takes_what_all_builders_take(entry: Method) -> None:
    taken = inspect.signature(entry.create()).parameters
    kinds = {parameter.kind for parameter in taken.values()}
    assert inspect.Parameter.VAR_KEYWORD in kinds or set(Options.__annotations__) <= set(taken)


@pytest.mark.parametrize("entry", OURS, ids=[entry.name for entry in OURS])
def test_studio_opens_every_method(entry: Method) -> None:
    graphs = json.loads((ROOT / "langgraph.json").read_text(encoding="utf-8"))["graphs"]
    factory = entry.name.replace("-", "_")
    assert graphs[entry.name] == f"manyminds.apps.studio:{factory}"
    assert callable(getattr(studio, factory))


@pytest.mark.parametrize("entry", OURS, ids=[entry.name for entry in OURS])
def test_an_entry_says_where_it_comes_from(entry: Method) -> None:
    assert entry.use.endswith(".")
    assert entry.calls and entry.paper


@pytest.mark.parametrize(
    ("name", "hint"), [("agent_forest", "agent-forest"), ("mao", "moa"), ("zzzzz", "there are: ")]
)
def test_an_unknown_name_is_told_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(InputError, match=hint):
        method(name)


TWICE = Method(name="twice", builder="here:twice", paper="none", calls="2", use="Never.")
MOA = Method(name="moa", builder="here:moa", paper="none", calls="0", use="Never.")
NO_METHOD = "twice"


def installed(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    values = {name: globals()[name] for name in names}
    points = [_point(name, value) for name, value in values.items()]
    monkeypatch.setattr(registry, "installed", lambda: tuple(points))


def _point(name: str, value: Any) -> EntryPoint:
    class Point(EntryPoint):
        def load(self) -> Any:
            return value

    return Point(name=name, value=f"here:{name}", group=registry.GROUP)


def test_installed_packages_add_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "TWICE")
    assert method("twice") is TWICE
    assert list(methods())[:-1] == [entry.name for entry in OURS]


def test_an_installed_package_does_not_hide_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "MOA")
    assert method("moa").builder.startswith("manyminds.graphs")


def test_an_entry_point_that_is_no_method_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, "NO_METHOD")
    with pytest.raises(InputError, match="NO_METHOD of manyminds.methods: its value must be"):
        methods()
