import asyncio
import gc
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from weakref import ref

import pytest

from manyminds.aio import background_loop, per_loop
from manyminds.errors import RunError


class Thing:
    """Something bound to a loop, which says when it was closed."""

    def __init__(self, closed: list["Thing"] | None = None) -> None:
        self.closed = [] if closed is None else closed
        self.loop = asyncio.get_running_loop()

    async def close(self) -> None:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is self.loop
        self.closed.append(self)


async def kept(key: object = "thing") -> Thing:
    return per_loop(key, Thing)


async def test_one_object_a_key_and_loop() -> None:
    first = await kept()
    assert await kept() is first
    assert await kept("another") is not first
    assert await asyncio.to_thread(lambda: asyncio.run(kept())) is not first


def test_without_a_running_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        per_loop("thing", Thing)


def test_three_runs_in_a_row_each_close_their_own_newest_first() -> None:
    closed: list[Thing] = []

    async def main() -> list[Thing]:
        return [per_loop(k, lambda: Thing(closed), Thing.close) for k in ("old", "new", "old")]

    made: list[Thing] = []
    for nth in range(1, 4):
        old, new, same = asyncio.run(main())
        assert same is old
        made += [new, old]
        assert closed == made and len(closed) == 2 * nth


def test_closed_also_where_the_run_fails() -> None:
    closed: list[Thing] = []

    async def main() -> None:
        per_loop("thing", lambda: Thing(closed), Thing.close)
        raise LookupError

    with pytest.raises(LookupError):
        asyncio.run(main())
    assert len(closed) == 1


def test_two_threads_have_their_own() -> None:
    both = threading.Barrier(2)

    async def main() -> Thing:
        both.wait()
        return await kept()

    with ThreadPoolExecutor(2) as pool:
        one, two = [task.result() for task in [pool.submit(asyncio.run, main()) for _ in "12"]]
    assert one is not two and one.loop is not two.loop


def test_nothing_keeps_a_finished_loop_alive() -> None:
    async def main() -> "ref[Thing]":
        return ref(per_loop("thing", Thing, Thing.close))

    gone = asyncio.run(main())
    gc.collect()
    assert gone() is None


def test_a_loop_closed_without_notice_is_dropped_when_the_next_begins() -> None:
    loop = asyncio.new_event_loop()
    gone = ref(loop.run_until_complete(kept()))
    loop.close()
    del loop
    asyncio.run(kept())
    gc.collect()
    assert gone() is None


def test_background_loop_serves_other_threads_and_is_one() -> None:
    loop = background_loop()
    assert loop is background_loop() and loop.is_running()
    thing = asyncio.run_coroutine_threadsafe(kept(), loop).result(5)
    assert thing.loop is loop
    assert asyncio.run_coroutine_threadsafe(kept(), loop).result(5) is thing


def test_waiting_for_itself_is_refused() -> None:
    async def inside() -> None:
        background_loop()

    with pytest.raises(RunError, match="ainvoke"):
        asyncio.run_coroutine_threadsafe(inside(), background_loop()).result(5)


PROGRAM = """
import asyncio, os, sys, threading
from manyminds.aio import background_loop, per_loop

async def close(name):
    await asyncio.sleep(0)
    print("closed", name, flush=True)

async def keep(name):
    per_loop(name, lambda: name, close)

def serve(name):
    asyncio.run_coroutine_threadsafe(keep(name), background_loop()).result(5)
"""


def run(program: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", PROGRAM + program],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout.splitlines()


def test_the_end_of_the_program_closes_what_nobody_closed() -> None:
    program = """
serve("in the background")
notebook = asyncio.new_event_loop()
notebook.run_until_complete(keep("in a notebook"))
import atexit, warnings
warnings.simplefilter("ignore", ResourceWarning)  # the notebook's loop itself stays open
"""
    assert run(program) == ["closed in the background", "closed in a notebook"]


def test_the_end_of_the_program_cancels_what_still_runs() -> None:
    program = """
async def long():
    try:
        await asyncio.sleep(60)
    finally:
        print("cancelled", flush=True)

asyncio.run_coroutine_threadsafe(long(), background_loop())
serve("client")
"""
    assert run(program) == ["cancelled", "closed client"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_gets_a_loop_of_its_own() -> None:
    program = """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)  # forking next to a thread is the point
serve("parent")
before = background_loop()
child = os.fork()
if child == 0:
    serve("child")
    print("own" if background_loop() is not before else "shared", flush=True)
    sys.exit()
os.waitpid(child, 0)
serve("parent")
"""
    assert run(program) == ["own", "closed child", "closed parent"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_gets_threads_of_its_own() -> None:
    program = """
import warnings
from manyminds.aio import in_thread
warnings.simplefilter("ignore", DeprecationWarning)  # forking next to a thread is the point
async def answer():
    return await asyncio.wait_for(in_thread(1, lambda: "answered"), 20)
asyncio.run(answer())
child = os.fork()
if child == 0:
    print(asyncio.run(answer()), flush=True)
    os._exit(0)
os.waitpid(child, 0)
"""
    assert run(program) == ["answered"]
