import asyncio
import threading
from contextvars import ContextVar

from manyminds.asking.limits import in_thread, places

_word: ContextVar[str] = ContextVar("word", default="unset")


async def test_one_semaphore_for_each_endpoint_and_width() -> None:
    assert places("a", 3) is places("a", 3)
    assert places("a", 3) is not places("b", 3) and places("a", 3) is not places("a", 4)
    other = await asyncio.to_thread(lambda: asyncio.run(_own()))
    assert other is not places("a", 3)


async def _own() -> asyncio.Semaphore:
    return places("a", 3)


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

    try:
        await in_thread(2, fails)
    except KeyError as error:
        assert error.args == ("x",)
    else:
        raise AssertionError("no error came back")
