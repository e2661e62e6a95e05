"""Options as text: what a builder's annotations say is what the command line takes."""

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Literal

import pytest

from manyminds import registry
from manyminds.apps import flags
from manyminds.apps.cli import main
from manyminds.apps.options import options_of, read
from manyminds.errors import InputError
from manyminds.graphs.agent_forest import create_agent_forest
from manyminds.members import Askable, Member
from manyminds.method_graph import MethodGraph
from manyminds.registry import Method, method, methods

OURS = list(methods().values())
QUESTION = "Start with 7. Add 5. What is the result?"


def create_twice(
    members: Sequence[Askable],
    *,
    times: int,
    mode: Literal["fast", "slow"] = "fast",
    shares: Sequence[float] = (),
    names: Mapping[str, int] | None = None,
    referee: Member | None = None,
    hook: Callable[[str], str] | None = None,
    plain: float = 2.5,
    **options: Any,
) -> MethodGraph:
    """Build a method of somebody else's.

    Args:
        members: Members to ask.
        times: how often. Not
            too often.
        mode: how.
    """
    return create_agent_forest(members, samples=times, extract="number", **options)


del create_twice.__annotations__["plain"]  # not everybody annotates
TWICE = Method(
    name="twice", builder=f"{__name__}:create_twice", paper="none", calls="times", use="Never."
)


@pytest.fixture
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point(EntryPoint):
        def load(self) -> Any:
            return TWICE

    point = Point(name="twice", value="here:TWICE", group=registry.GROUP)

    monkeypatch.setattr(registry, "installed", lambda: (point,))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("debate", "rounds=3", 3),
        ("debate", "consensus=false", False),
        ("debate", "consensus=0.67", 0.67),
        ("debate", "verdict=pick", "pick"),
        ("debate", "vote=None", None),
        ("debate", "judge=simulated:a", "simulated:a"),
        ("debate", "judge=simulated:a, simulated:b", ["simulated:a", "simulated:b"]),
        ("debate", 'judge=["recorded:a,b.jsonl"]', "recorded:a,b.jsonl"),
        ("council", "rank-only=yes", True),
        ("smoa", "stop=0.8", 0.8),
        ("smoa", "stop=never", "never"),
        ("smoa", "stop=judge", "judge"),
        ("smoa", "role-writer=simulated:a", "simulated:a"),
        ("smoa", "roles=Skeptic, Optimist, Judge", ["Skeptic", "Optimist", "Judge"]),
        ("smoa", "roles=a strict judge, a poet", ["a strict judge", "a poet"]),
        ("agent-forest", "stop=beta:0.95", "beta:0.95"),
        ("agent-forest", "quorum=50%", "50%"),
        ("agent-forest", "quorum=2", 2),
        ("agent-forest", 'params={"temperature": 0}', {"temperature": 0}),
        ("chain-of-thought", 'examples=[["1 + 1?", "2"]]', [("1 + 1?", "2")]),
        ("moa", "chunk=none", None),
        ("moa", "concurrency=4", 4),
    ],
)
def test_text_becomes_what_the_annotation_says(name: str, text: str, value: object) -> None:
    given = flags.texts([text])
    (found,) = read(method(name), given).values()
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("debate", "rounds=many", "debate: rounds=many is not understood: give a whole number"),
        ("debate", "rounds=none", "give a whole number"),
        ("debate", "rounds=0", "debate: rounds=0 is not understood: give at least 1"),
        ("debate", "verdict=maybe", "give write or pick"),
        ("debate", "consensus=some", "give true or false or a share above 0 and up to 1"),
        ("debate", "judge=", "give a member or several with commas"),
        ("debate", "round=3", r"does not take round \(did you mean rounds\?\): it takes rounds, t"),
        ("moa-lite", "aggregator=simulated:a,simulated:b", "give a member$"),
        (
            "moa",
            "rounds=3",
            "moa does not take rounds.*: it takes aggregator.*; debate and debategpt would take",
        ),
        ("agent-forest", "flags=x", "does not take flags"),
        ("agent-forest", "budget=3", "does not take budget"),
        ("agent-forest", "seed=3", "does not take seed"),
        ("agent-forest", 'params={"temperature": 0', "give a JSON object"),
    ],
)
def test_what_does_not_fit_is_one_sentence(name: str, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(method(name), flags.texts([text]))


@pytest.mark.parametrize("text", ["rounds", "=3", ""])
def test_what_is_no_name_and_value(text: str) -> None:
    with pytest.raises(InputError, match="write NAME=VALUE, such as rounds=3"):
        flags.texts([text])


@pytest.mark.parametrize("given", [(["a=1", "a=2"], None), (["samples=1"], 2)])
def test_an_option_is_given_once(given: tuple[list[str], int | None]) -> None:
    sets, samples = given
    with pytest.raises(InputError, match="is given twice"):
        flags.texts(sets, samples=samples)


def test_a_member_of_the_same_string_is_the_same() -> None:
    made: dict[str, object] = {}
    given = {"judge": "simulated:a,simulated:b", "clean": "simulated:a"}
    found = read(method("debate"), given, lambda spec: made.setdefault(spec, object()))
    assert found["judge"][0] is found["clean"] and len(made) == 2


@pytest.mark.parametrize("entry", OURS, ids=[entry.name for entry in OURS])
def test_every_option_has_a_kind_and_says_what_it_is_for(entry: Method) -> None:
    for option in options_of(entry).values():
        assert option.kind != "only from Python" and not option.is_required
        assert option.about and "\n" not in option.about, option.name


def test_every_flag_is_an_option_of_some_method() -> None:
    offered = {name for entry in OURS for name in options_of(entry)}
    assert set(flags.COMMON) <= offered


def test_defaults_can_be_given_as_they_are_shown() -> None:
    for entry in OURS:
        for option in options_of(entry).values():
            value = option.read(option.default_text)
            default = option.default
            default = list(default) if isinstance(default, tuple) else default
            assert value == default, (entry.name, option.name)


@pytest.mark.usefixtures("_installed")
def test_a_method_of_somebody_else_has_its_options_too(capsys: pytest.CaptureFixture[str]) -> None:
    known = options_of(method("twice"))
    assert list(known) == ["times", "mode", "shares", "names", "referee", "plain"]
    assert known["times"].is_required and known["times"].about == "how often."
    given = flags.texts(["times=4", "shares=0.5,1", 'names={"a": "1"}', "plain=3"])
    assert read(TWICE, given) == {"times": 4, "shares": [0.5, 1.0], "names": {"a": 1}, "plain": 3.0}
    asked = ["ask", "--member", "simulated:large", "-m", "twice"]
    assert main([*asked, QUESTION]) == 2
    assert "twice needs times: add --set times=VALUE (a whole number)" in capsys.readouterr().err
    assert main([*asked, "-s", "times=4", QUESTION]) == 0
    assert "4 calls to large" in capsys.readouterr().out
    assert main(["methods", "twice"]) == 0
    assert "a whole number (to be given)" in capsys.readouterr().out


def test_paths_stay_text(tmp_path: Path) -> None:
    journal = tmp_path / "steps.jsonl"
    assert read(method("stepwise-voting"), {"journal": str(journal)}) == {"journal": str(journal)}
