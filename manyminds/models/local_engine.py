"""llama.cpp in this process: engines that serve a model on a port of this machine.

An engine is llama.cpp's own server, started through xllamacpp. It is asked over HTTP like any other
OpenAI-compatible endpoint, with a key that only this process knows.
"""

import atexit
import ctypes
import os
import secrets
import threading
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from manyminds.errors import AnswerError

PACKAGE = "xllamacpp"
LOOPBACK = "127.0.0.1"
_HTTP_THREADS = 64


class EngineOptions(NamedTuple):
    """What tells one engine of a process from another.

    Attributes:
        path: File of the weights, in GGUF format.
        slots: Replies that are generated at once.
        context: Tokens of a prompt and its reply together.
        threads: Threads that compute.
    """

    path: Path
    slots: int
    context: int
    threads: int


class Engine:
    """A running llama.cpp server; `engine` returns the one of this process.

    Attributes:
        url: Base URL, with `/v1`.
        key: What requests have to carry.
    """

    def __init__(self, options: EngineOptions, name: str) -> None:
        llama = _llama()
        self.key = SecretStr(secrets.token_hex(16))
        params = llama.CommonParams()
        params.model.path = str(options.path)
        params.model_alias = {name}
        params.n_parallel = options.slots
        params.n_ctx = options.slots * options.context
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
        # An idle connection holds one of these threads until its client or the server closes it.
        params.n_threads_http = max(_HTTP_THREADS, 4 * options.slots)
        params.hostnames, params.port = [LOOPBACK], 0
        params.api_keys = [self.key.get_secret_value()]
        params.ui = params.warmup = False
        params.cache_ram_mib = 0  # prompts of idle slots would take up to 8 GB
        params.verbosity = -1
        try:
            self._server: Any = llama.Server(params)
        except RuntimeError as error:
            raise AnswerError(
                f"llama.cpp cannot load {options.path} ({error}): give a GGUF file of a model that "
                "it knows and that fits into memory",
                kind="invalid_request",
            ) from None
        self.url = f"{self._server.listening_address}/v1"

    def close(self) -> None:
        """Stop the server; requests that it is answering fail."""
        self._server = None

    def leak(self) -> None:
        """Keep the server's object alive until the process is gone."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._server))


def is_installed() -> bool:
    """Return whether the package that runs llama.cpp is there, without importing it."""
    return find_spec(PACKAGE) is not None


def usable_threads() -> int:
    """Return the number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def engine(options: EngineOptions, name: str) -> Engine:
    """Return this process's engine for these options; the first call starts it.

    Starting takes about a second with a small model, and holds up this process for that time.

    Args:
        options: Model and size of the engine.
        name: What the engine calls the model in its replies.

    Raises:
        AnswerError: llama.cpp cannot load the model.
    """
    with _lock:
        running = _engines.get(options)
        if running is None:
            running = _engines[options] = Engine(options, name)
            if _forked:  # as after a fork: its threads cannot be joined at the end
                running.leak()
        return running


def close_engines() -> None:
    """Stop all engines of this process; the next call to a model starts its engine again."""
    with _lock:
        engines = list(_engines.values())
        _engines.clear()
    for each in engines:
        each.close()


def _llama() -> Any:
    """Import the package with threads that sleep while they wait for each other.

    OpenMP's usual spinning takes the processors from the threads that are waited for wherever
    something else runs, too. The setting is read once, when the library is loaded.
    """
    given = os.environ.get(_WAITING)
    os.environ.setdefault(_WAITING, "passive")
    try:
        return import_module(PACKAGE)
    finally:
        if given is None:
            del os.environ[_WAITING]


_WAITING = "OMP_WAIT_POLICY"
_engines: dict[EngineOptions, Engine] = {}
_lock = threading.Lock()
_forked = False  # whether this process is a copy of one that had engines


def _after_fork() -> None:
    """Let go of the parent's engines, whose threads do not exist in this copy of the process.

    A child that is asked starts engines of its own. It can end none: llama.cpp's destructors wait
    for threads that only the parent has. So its exit skips them.
    """
    global _lock, _forked
    _lock = threading.Lock()
    if not _engines:
        return
    for each in _engines.values():
        each.leak()
    _engines.clear()
    if not _forked:
        _forked = True
        with suppress(AttributeError):  # not every C library has it
            libc = ctypes.CDLL(None)
            libc.on_exit(libc._exit, None)


atexit.register(close_engines)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
