"""Locks that are free in a forked process, whatever threads of its parent held them."""

import os
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from helpers.graphs import user

from manyminds import Budget, Context, create_agent_forest, load_runs, locks, record
from manyminds.limits.budget import counter_of
from manyminds.testing import ScriptedChatModel

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]
_SECONDS = 30


def exit_code(child: int) -> int | None:
    """Wait for a process; None where it does not end."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def test_a_forked_run_waits_for_no_thread_of_its_parent(tmp_path: Path) -> None:
    budget = Budget(calls=20, seconds=60).shared()
    app = create_agent_forest(ScriptedChatModel("4"), samples=4).compile()
    with record(tmp_path):
        app.invoke(user(), context=Context(budget=budget))
        held, leave = threading.Event(), threading.Event()

        def hold() -> None:
            with ExitStack() as stack:
                for lock in list(locks.all_locks):
                    stack.enter_context(lock)
                held.set()
                leave.wait(2 * _SECONDS)

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(_SECONDS)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                found = app.invoke(user(), context=Context(budget=budget))["report"]
                code = 0 if found["calls"] == 4 and found["degraded"] is None else 2
            finally:
                os._exit(code)
        ended = exit_code(child)
        leave.set()
        thread.join()
    assert ended == 0
    assert len([run for run in load_runs(tmp_path) if run.finished]) == 2


def test_nothing_of_the_parent_works_in_a_forked_process() -> None:
    counter = counter_of(Budget(seconds=60).shared(), "run", {})
    counter.begin_work()
    child = os.fork()
    if child == 0:
        before = counter.worked
        time.sleep(0.05)
        os._exit(0 if counter.worked == before else 1)
    assert exit_code(child) == 0
    counter.end_work()
