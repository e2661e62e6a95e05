import asyncio
import threading
from contextvars import ContextVar

import pytest

from manyminds.aio import in_thread

_word: ContextVar[str] = ContextVar("word", default="unset")


async def test_threads_are_as_many_as_the_width_and_see_context_variables() -> None:
    barrier = threading.Barrier(40, timeout=30)

    def work(number: int) -> tuple[int, str, bool]:
        barrier.wait()
        return number, _word.get(), threading.current_thread().name.startswith("manyminds")

    _word.set("set")
    done = await asyncio.gather(*(in_thread(40, work, n) for n in range(40)))
    assert list(done) == [(n, "set", True) for n in range(40)]


async def test_an_error_in_a_thread_comes_back() -> None:
    def fails() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await in_thread(2, fails)
