"""Killed at any moment, a run goes on: nothing that was received is asked for again."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from helpers.graphs import user
from helpers.killed import Build, Databases, Life, live, said, set_up, sqlite, without_store
from helpers.postgres import postgres
from helpers.registry import NAMES, small
from helpers.server import Server

from manyminds import create_agent_forest, create_debate, create_moa, create_smoa
from manyminds.method_graph import MethodGraph

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def moa(url: str) -> MethodGraph:
    return create_moa([f"{name}@{url}" for name in "abc"], layers=3)


def smoa(url: str) -> MethodGraph:
    return create_smoa([f"{name}@{url}" for name in "abcd"], layers=3)


def debate(url: str) -> MethodGraph:
    return create_debate([f"{name}@{url}" for name in "abc"], rounds=3, consensus=False)


def forest(url: str, concurrency: int = 16) -> MethodGraph:
    return create_agent_forest(
        f"sampled@{url}", samples=64, extract="number", concurrency=concurrency
    )


def slower_forest(url: str) -> MethodGraph:
    """Build the same with as many answers a second as a process takes in without being busy.

    A commit of a checkpointer passes through the event loop four times, one of a store once, and a
    loop that has more to do than its processor can takes longer than 50 ms for that.
    """
    return forest(url, concurrency=8)


def large_forest(url: str) -> MethodGraph:
    return create_agent_forest(f"sampled@{url}", samples=512, extract="number", concurrency=8)


def small_of(name: str) -> Build:
    """Return how a method is built in its small form, with members of the server."""

    def build(url: str) -> MethodGraph:
        return small(name, *(f"{model}@{url}" for model in "abc"))

    build.__name__ = name
    return build


# Every method of the registry but those below, which have more kills.
OTHERS = [name for name in NAMES if name not in ("moa", "smoa", "debate", "agent-forest")]


def killed(build: Build, databases: Databases, path: Path, seed: str, times: int) -> None:
    """Kill runs at so many moments, and compare each that went on with one left alone."""
    random = Random(seed)
    path.mkdir(exist_ok=True)
    with Server(said) as server:
        asyncio.run(build(server.url).compile().ainvoke(user()))  # all is imported before the fork
        set_up(databases, path / "whole")
        whole = live(server, build, databases, path / "whole")
        assert whole.result is not None
        for nth in range(times):
            folder = path / str(nth)
            set_up(databases, folder)
            moment = whole.moment(random)
            first = live(server, build, databases, folder, seconds=moment)
            second = live(server, build, databases, folder, resumed=True)
            check(whole, first, second, f"kill {nth}, after {moment:.3f} s")


def check(whole: Life, first: Life, second: Life, when: str) -> None:
    """Compare two lives with a whole one."""
    assert whole.result is not None and second.result is not None, when
    if first.result is not None:
        return  # it had ended before the kill
    again = second.asked() + first.received() - whole.asked()
    assert not again, f"{when}: asked again {again.total()} of {first.received().total()}"
    assert second.result["answer"] == whole.result["answer"], when
    for key in ("calls", "missing", "degraded"):
        assert second.result["report"][key] == whole.result["report"][key], when


@pytest.mark.parametrize("build", [moa, smoa, debate, forest, large_forest])
def test_sqlite(build: Build, tmp_path: Path) -> None:
    killed(build, sqlite, tmp_path, build.__name__, 50)


@pytest.mark.parametrize("build", [moa, smoa, debate, slower_forest, large_forest])
def test_sqlite_without_a_store(build: Build, tmp_path: Path) -> None:
    killed(build, without_store(sqlite), tmp_path, build.__name__, 50)


@pytest.mark.parametrize("stored", [True, False], ids=["store", "checkpoints"])
@pytest.mark.parametrize("name", OTHERS)
def test_sqlite_of_every_method(name: str, stored: bool, tmp_path: Path) -> None:
    databases = sqlite if stored else without_store(sqlite)
    killed(small_of(name), databases, tmp_path, name, 4)


@pytest.mark.parametrize(
    ("stored", "alone"), [(moa, moa), (smoa, smoa), (debate, debate), (forest, slower_forest)]
)
def test_postgres(stored: Build, alone: Build, tmp_path: Path) -> None:
    with postgres() as databases:
        killed(stored, databases, tmp_path / "with", stored.__name__, 5)
        killed(alone, without_store(databases), tmp_path / "without", alone.__name__, 5)


@pytest.fixture(scope="module")
def one_server() -> Iterator[Databases]:
    """One PostgreSQL server for many tests, which have databases of their own."""
    with postgres() as databases:
        yield databases


@pytest.mark.parametrize("name", OTHERS)
def test_postgres_of_every_method(name: str, one_server: Databases, tmp_path: Path) -> None:
    killed(small_of(name), one_server, tmp_path, name, 2)
