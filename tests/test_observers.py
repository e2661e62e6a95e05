"""A recorder, a cache or a reader of events that fails costs the run nothing but a note."""

import subprocess
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest
from langgraph.cache.base import BaseCache
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore

from manyminds import Context, create_agent_forest, create_moa, load_runs, record, record_answers
from manyminds.apps.cli import main
from manyminds.records.jsonl import JsonlRecorder
from manyminds.testing import ScriptedChatModel

SUM = "Start with 7. Add 5. What is the result?"
QUESTION = {"messages": [("user", f"{'y' * 3000}\n{SUM}")]}
ASK = ["ask", "--json", "--member", "simulated:small", "--samples", "60", "Start with 7. Add 5?"]


@pytest.fixture(params=["full", "read-only"])
def spoiled(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Path]:
    """Mount a folder that takes few bytes, or none; skipped where that is not permitted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = "size=16k" if request.param == "full" else "size=16k,ro"
    mounting = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
    try:
        subprocess.run(mounting, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def forest(samples: int = 60) -> Any:
    return create_agent_forest("simulated:small", samples=samples).compile()


def test_a_record_on_a_bad_disk_is_noted_once(spoiled: Path) -> None:
    with record(spoiled / "runs"), pytest.warns(RuntimeWarning, match="recorded no further"):
        result = forest().invoke(QUESTION)
    assert result["answer"] and len(result["report"]["notes"]) == 1
    assert result["report"]["degraded"] is None and result["report"]["calls"] == 60
    for run in load_runs(spoiled / "runs") if (spoiled / "runs").is_dir() else []:
        assert not run.finished


@pytest.mark.filterwarnings("ignore:manyminds")
def test_ask_answers_although_its_record_fails(
    spoiled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*ASK, "--record", str(spoiled / "runs")]) == 0
    assert '"answer"' in capsys.readouterr().out


def test_answers_that_cannot_be_written_are_given_all_the_same(spoiled: Path) -> None:
    model = record_answers(ScriptedChatModel("x" * 4000), spoiled / "answers.jsonl")
    with pytest.warns(RuntimeWarning, match="answers are lost"):
        for _ in range(30):
            assert model.invoke("hi").text == "x" * 4000


class BrokenCache(BaseCache[Any]):
    """A cache on a disk that is full."""

    def __init__(self) -> None:
        super().__init__()
        self.tried = 0

    def get(self, keys: Any) -> Any:
        raise AssertionError

    def set(self, pairs: Any) -> None:
        raise AssertionError

    def clear(self, namespaces: Any = None) -> None:
        raise AssertionError

    async def aget(self, keys: Any) -> Any:
        self.tried += 1
        raise OSError(28, "No space left on device")

    async def aset(self, pairs: Any) -> None:
        raise OSError(28, "No space left on device")

    async def aclear(self, namespaces: Any = None) -> None:
        raise AssertionError


class ReadOnlyCache(BrokenCache):
    async def aget(self, keys: Any) -> Any:
        return {}


@pytest.mark.parametrize("cache", [BrokenCache(), ReadOnlyCache()])
def test_a_cache_that_fails_is_left_out(cache: BrokenCache) -> None:
    with pytest.warns(RuntimeWarning, match="cache is used no further"):
        result = forest(20).invoke(QUESTION, context=Context(cache=cache))
    assert result["report"]["calls"] == 20 and len(result["report"]["notes"]) == 1
    assert cache.tried <= 20


METHODS = ["began", "event", "call", "node", "ended"]


@pytest.mark.parametrize("method", METHODS)
def test_a_recorder_that_raises_is_noted(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_args: object, **_kwargs: object) -> None:
        raise ValueError("a bug of the host's")

    recorder = JsonlRecorder(tmp_path)
    monkeypatch.setattr(recorder, method, broken)
    app = create_moa(["simulated:small", "simulated:large"], layers=2).compile()
    with pytest.warns(RuntimeWarning, match="a bug of the host's"):
        result = app.invoke(QUESTION, context=Context(recorder=recorder))
    assert result["answer"]
    # What fails at the very end is warned of; the report is drawn up by then.
    assert method == "ended" or len(result["report"]["notes"]) == 1


def test_runs_that_share_a_file_outlive_the_failure_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.jsonl"
    with record(path) as recording:
        files: Any = recording.recorder._files  # pyright: ignore[reportPrivateUsage]
        whole, count = files._all.append, [0]

        def third_fails(line: Any, **more: Any) -> None:
            count[0] += 1
            if count[0] == 3:
                raise OSError(28, "No space left on device")
            whole(line, **more)

        monkeypatch.setattr(files._all, "append", third_fails)
        with pytest.warns(RuntimeWarning, match="No space left"):
            forest(3).invoke(QUESTION)
        forest(3).invoke(QUESTION)
    assert [run.finished for run in load_runs(path)] == [False, True]


class FullStore(InMemoryStore):
    """A store on a disk that fills up after so many writes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    async def abatch(self, ops: Iterable[Any]) -> Any:
        listed = list(ops)
        if any(isinstance(one, PutOp) for one in listed):
            self.room -= 1
            if self.room < 0:
                raise OSError(28, "No space left on device")
        return await super().abatch(listed)


@pytest.mark.parametrize("room", [1, 2, 3])
def test_answers_that_the_hosts_store_has_no_room_for_cost_a_note(room: int) -> None:
    store = FullStore(room)
    app = create_moa(["simulated:small"] * 2, layers=3).compile(
        checkpointer=InMemorySaver(), store=store
    )
    with pytest.warns(RuntimeWarning, match="No space left"):
        result = app.invoke(QUESTION, {"configurable": {"thread_id": "1"}})
    assert result["answer"] and result["report"]["degraded"] is None and store.room < 0
    assert "a resumed run would ask again" in str(result["report"]["notes"])


@pytest.mark.parametrize("jump", [-86_400.0, 86_400.0])
def test_a_clock_that_is_set_changes_no_figure(
    jump: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = time.time
    begun = clock()
    monkeypatch.setattr(time, "time", lambda: clock() + (jump if clock() > begun + 0.3 else 0.0))
    with record(tmp_path) as recording:
        result = create_moa(["simulated:small?latency=0.3"] * 2, layers=3).compile().invoke(SUM)
    assert 0.5 < result["report"]["seconds"] < 600
    spent = result["report"]["spent"].values()
    assert all(0 <= row["seconds"] < 600 for row in spent)
    assert recording.recorder.last is not None
    assert load_runs(recording.recorder.last)[-1].finished
