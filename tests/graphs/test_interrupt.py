"""Ctrl-C ends a synchronous call at once, whatever its threads wait for, and sends nothing more."""

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, cast

import pytest
from helpers.graphs import user
from helpers.lives import THREAD
from langgraph.checkpoint.memory import InMemorySaver

from manyminds import Member, create_agent_forest, create_moa
from manyminds.errors import AnswerError
from manyminds.testing import ScriptedChatModel, ScriptedReply

LATE = 60.0
WAYS: dict[str, Callable[[Any], object]] = {
    "invoke": lambda app: app.invoke(user(), THREAD),
    "stream": lambda app: list(app.stream(user(), THREAD, stream_mode=["messages", "custom"])),
    "text": lambda app: app.invoke("What is 2 + 2?", THREAD),
}
every_way = pytest.mark.parametrize("way", WAYS)


def interrupt_when(ready: Callable[[], bool]) -> None:
    """Press Ctrl-C once something is so."""

    def press() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        until = time.monotonic() + 20
        while not ready() and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1


def answering(until: Callable[[int], bool]) -> ScriptedChatModel:
    """Return a model that answers the calls of these numbers, and the others after a minute."""
    count = itertools.count()
    return ScriptedChatModel(
        lambda _messages, _metadata: ScriptedReply("4", delay=0 if until(next(count)) else LATE)
    )


@every_way
@pytest.mark.parametrize("answered", [0, 2, 4], ids=["first layer", "second", "aggregator"])
def test_a_call_ends_at_once(way: str, answered: int) -> None:
    model = answering(lambda call: call < answered)
    app = create_moa([model, model], layers=3).compile(checkpointer=InMemorySaver())
    waiting = 1 if answered == 4 else 2
    interrupt_when(lambda: len(model.calls) >= answered + waiting)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        WAYS[way](app)
    assert time.monotonic() - began < 20 < LATE
    assert len(model.calls) == answered + waiting


@every_way
def test_a_call_ends_though_the_signal_does_not_wake_the_main_thread(way: str) -> None:
    # The same as a signal that comes just before that thread waits.
    model = answering(lambda _call: False)
    app = create_moa([model, model], layers=3).compile(checkpointer=InMemorySaver())
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    interrupt_when(lambda: len(model.calls) >= 2)
    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            WAYS[way](app)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    assert time.monotonic() - began < 20 < LATE
    assert len(model.calls) == 2


@every_way
def test_nothing_is_asked_again_afterwards(way: str) -> None:
    failing = ScriptedChatModel(AnswerError("busy", kind="server_error", retriable=True))
    members = [Member(failing, retries=50, name=name) for name in "ab"]
    app = create_agent_forest(members, samples=4).compile(checkpointer=InMemorySaver())
    interrupt_when(lambda: len(failing.calls) >= 4)
    with pytest.raises(KeyboardInterrupt):
        WAYS[way](app)
    asked = len(failing.calls)
    time.sleep(0.7)  # the first pause is half a second at most
    assert len(failing.calls) == asked


def test_a_stream_that_is_left_ends_at_once() -> None:
    model = answering(lambda call: call < 2)
    app = create_moa([model, model], layers=3).compile()
    began = time.monotonic()
    parts = app.stream(user(), stream_mode=["custom", "values"])
    asked = 0
    for mode, part in parts:  # a call is announced before it is made
        asked += mode == "custom" and part["event"] == "asked"
        if asked == 4:
            break
    cast("Generator[Any]", parts).close()
    assert time.monotonic() - began < 20 < LATE


def test_what_was_answered_is_there_after_it() -> None:
    model = answering(lambda call: call != 3)
    app = create_agent_forest([model], samples=5, concurrency=1).compile(
        checkpointer=InMemorySaver()
    )
    interrupt_when(lambda: len(model.calls) >= 4)
    with pytest.raises(KeyboardInterrupt):
        app.invoke(user(), THREAD)
    result = app.invoke(None, THREAD)
    assert len(model.calls) == 6 and result["report"]["calls"] == 5
