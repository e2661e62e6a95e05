"""Runs programs that a model wrote in separate processes with limits; never in this process.

With bubblewrap a program reads the system's and Python's files only, writes to a small folder in
memory, and has no network, no child processes and no environment. Without bubblewrap running code
is refused, unless `Limits(confined=False)` says otherwise: such a program can do what this user
can, within the limits on time and memory. A container or a virtual machine is a stronger wall.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom

from manyminds.aio import per_loop
from manyminds.errors import InputError
from manyminds.evals import bubblewrap

_SCRIPT = Path(__file__).with_name("confined.py")
_UNKNOWN = 3


@dataclass(frozen=True)
class Limits:
    """Limits of one process of a program.

    Attributes:
        cpu_seconds: Seconds of processor time.
        wall_seconds: Seconds in all, of a program with its tests.
        memory: Bytes of address space.
        confined: Whether programs run in bubblewrap. False runs them without a sandbox.
    """

    cpu_seconds: int = 5
    wall_seconds: float = 20.0
    memory: int = 1 << 30
    confined: bool = True

    def check(self) -> None:
        """Refuse limits that this system cannot keep.

        Raises:
            InputError: There is no bubblewrap, or the system cannot limit processes.
        """
        if os.name != "posix":
            raise InputError(
                "running code needs Linux or macOS: give recorded grades with --grades"
            )
        reason = bubblewrap.missing() if self.confined else None
        if reason is not None:
            raise InputError(
                f"running code needs a sandbox, and {reason}: install it, or accept that programs "
                "can read and write your files and use the network with --run-code=unconfined"
            )

    def __str__(self) -> str:
        limits = f"{self.cpu_seconds} s and {self.memory >> 20:,} MiB each"
        if self.confined:
            return (
                "in bubblewrap: no network, no files of yours, no child processes; at most "
                f"{limits}"
            )
        return f"unconfined: programs can read and write your files; at most {limits}"


# Exit codes of a program that ran to its end, one of which is drawn: one that leaves early, by
# whichever call, does not know it.
_WHOLE = (40, 120)


async def runs(program: str, limits: Limits | None = None) -> bool:
    """Return whether a program runs to its end without an error, within the limits.

    Args:
        program: Python source.
        limits: Default: 5 s of processor time, 20 s in all, 1 GiB, in bubblewrap.

    Raises:
        InputError: The system has no sandbox, see `Limits.check`.
    """
    allowed, whole = limits or Limits(), SystemRandom().randint(*_WHOLE)
    task = {"do": "run", "program": program, "whole": whole}
    async with _turn(allowed), _process(task, allowed) as process:
        return await _exit_code(process, allowed) == whole


async def passes(
    program: str, name: str, tests: str, *, given: str = "", limits: Limits | None = None
) -> bool | None:
    """Return whether a function passes its tests, which run in a process of their own.

    The two processes exchange plain data: numbers, texts, lists, dictionaries and the like.

    Args:
        program: Python source that defines the function.
        name: Name of the function.
        tests: Python source that defines `check(candidate)`.
        given: Source that the tests may use, such as the beginning of the program in the question.
        limits: As for `runs`, for each of the two processes.

    Returns:
        None where the tests hand over what is not plain data.

    Raises:
        InputError: The system has no sandbox, see `Limits.check`.
    """
    allowed = limits or Limits()
    ours, theirs = socket.socketpair()
    served = {"do": "serve", "program": program, "name": name}
    tested = {"do": "test", "tests": tests, "name": name, "given": given}
    async with _turn(allowed):
        with ours, theirs:
            async with _process(served, allowed, theirs):
                theirs.close()
                async with _process(tested, allowed, ours) as process:
                    ours.close()
                    code = await _exit_code(process, allowed)
    return None if code == _UNKNOWN else code == 0


@asynccontextmanager
async def _turn(limits: Limits) -> AsyncGenerator[None, None]:
    """Wait for a processor: as many programs run at once as there are."""
    limits.check()
    async with per_loop("sandbox", lambda: asyncio.Semaphore(os.cpu_count() or 1)):
        yield


@asynccontextmanager
async def _process(
    task: Mapping[str, object], limits: Limits, channel: socket.socket | None = None
) -> AsyncGenerator[asyncio.subprocess.Process, None]:
    """Start a process with a task, and kill it at the end; nothing is read from it."""
    whole = {**task, "cpu_seconds": limits.cpu_seconds, "memory": limits.memory}
    passed = [] if channel is None else [channel.fileno()]
    whole["channel"] = passed[0] if passed else None
    with contextlib.ExitStack() as stack:
        folder = None if limits.confined else stack.enter_context(_folder())
        before, script = list[str](), str(_SCRIPT)
        if limits.confined:
            calls = stack.enter_context(bubblewrap.system_calls())
            before, script = bubblewrap.command(calls.fd), "/confined.py"
            passed.append(calls.fd)
        given = stack.enter_context(tempfile.TemporaryFile())
        given.write(json.dumps(whole).encode())
        given.seek(0)
        process = await asyncio.create_subprocess_exec(
            *before,
            sys.executable,
            "-I",
            script,
            cwd=folder,
            env={"PATH": os.defpath} if before else {},
            stdin=given,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            pass_fds=passed,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def _exit_code(process: asyncio.subprocess.Process, limits: Limits) -> int | None:
    """Wait for the end of a process; None where it takes too long."""
    try:
        async with asyncio.timeout(limits.wall_seconds):
            return await process.wait()
    except TimeoutError:
        return None


@contextmanager
def _folder() -> Generator[str, None, None]:
    """Make a folder for one program; `rm` deletes it however deep the program made it."""
    folder = tempfile.mkdtemp()
    try:
        yield folder
    finally:
        subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL, check=False)
