"""Runs a program that a model wrote in a separate, limited process; never in this one.

What it keeps out: endless loops, floods of memory or output, the network, our environment (keys),
child processes that outlive it. What it does not: it is no virtual machine. The program may read
the files that this user may read, and write small ones. Use a container for hostile code.
"""

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from manyminds.aio import per_loop
from manyminds.errors import InputError

_CONFINED = Path(__file__).with_name("confined.py")
# A process namespace of its own ends with its first process, whatever that has started.
_UNSHARE = ("--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child")


@dataclass(frozen=True)
class Limits:
    """What a program may use: CPU and wall seconds, bytes of address space."""

    cpu_seconds: int = 5
    wall_seconds: float = 20.0
    memory: int = 1 << 30


@cache
def isolation() -> tuple[str, ...]:
    """Return the command that takes the network away, empty where the system does not permit it.

    Without it, programs find no `socket` module, which a determined one gets around.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    command = (unshare, *_UNSHARE, "--")
    try:
        tried = subprocess.run([*command, sys.executable, "-I", "-c", ""], capture_output=True)
    except OSError:
        return ()
    return command if tried.returncode == 0 else ()


async def passes(program: str, limits: Limits | None = None) -> bool:
    """Say whether a program runs to its end without an error, within the limits.

    It runs in an isolated Python (`-I`) with an empty environment, in an empty folder that is
    removed afterwards, without a network (see `isolation`); its output is discarded, and its whole
    process group is killed at the end. As many run at once as there are processors.

    Args:
        program: Python source, its tests included.
        limits: default: 5 s of CPU, 20 s in all, 1 GB.

    Raises:
        InputError: the system cannot limit processes (it is not a Unix).
    """
    if os.name != "posix":
        raise InputError("running code needs Linux or macOS: give recorded grades with --grades")
    allowed = limits or Limits()
    token = secrets.token_hex(16)
    task = {
        "program": program,
        "token": token,
        "cpu_seconds": allowed.cpu_seconds,
        "memory": allowed.memory,
        "hide_sockets": not isolation(),
    }
    async with per_loop("sandbox", lambda: asyncio.Semaphore(os.cpu_count() or 1)):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            output = await _run(json.dumps(task).encode(), Path(folder), allowed.wall_seconds)
    return output == token.encode()


async def _run(task: bytes, folder: Path, seconds: float) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *isolation(),
        sys.executable,
        "-I",
        str(_CONFINED),
        cwd=folder,
        env={},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate(task)
    except TimeoutError:
        return b""
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return output
