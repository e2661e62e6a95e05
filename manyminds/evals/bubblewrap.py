"""The command that runs a process in bubblewrap: nothing to write to, no network, no children."""

import os
import platform
import shutil
import struct
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_DISK = 16 << 20  # bytes of the folder in memory that a program may write to
_FOLDER = "/program"
_SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")
# For each processor: its number in the kernel, and those of clone, clone3 and what is refused:
# fork and vfork; unshare, setns, mount, umount2, pivot_root; add_key, request_key, keyctl; ptrace,
# process_vm_readv and _writev; bpf, userfaultfd, perf_event_open, open_by_handle_at; io_uring's.
_CALLS = {
    "x86_64": (
        *(0xC000003E, 56, 435),
        (57, 58, 272, 308, 165, 166, 155, 248, 249, 250, 101, 310, 311, 321, 323, 298, 304)
        + (425, 426, 427),
    ),
    "aarch64": (
        *(0xC00000B7, 220, 435),
        (97, 268, 40, 39, 41, 217, 218, 219, 117, 270, 271, 280, 282, 241, 265, 425, 426, 427),
    ),
}
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_THREAD = 0x10000


def command(filter_fd: int) -> list[str]:
    """Return bubblewrap's command line up to the program that it runs.

    The program sees the system's and Python's files, read-only, and an empty folder in memory;
    it has namespaces of its own for users, processes, network and IPC, and no variables.

    Args:
        filter_fd: File descriptor that the filter of system calls is read from.
    """
    homes = dict.fromkeys(
        (sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parents[1]))
    )
    seen = [part for path in (*_SYSTEM, *homes) for part in ("--ro-bind-try", path, path)]
    # /tmp is the folder that may be written to, unless Python's own files lie below it.
    below = any(Path(home).is_relative_to("/tmp") for home in homes)
    linked = [] if below else ["--symlink", _FOLDER, "/tmp"]
    script = str(Path(__file__).with_name("confined.py"))
    return [
        "bwrap", "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534",
        "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv",
        "--hostname", "sandbox", *seen, "--ro-bind", script, "/confined.py",
        "--dev", "/dev", "--remount-ro", "/dev", "--size", str(_DISK), "--tmpfs", _FOLDER,
        *linked, "--remount-ro", "/", "--chdir", _FOLDER, "--seccomp", str(filter_fd), "--",
    ]  # fmt: skip


@cache
def missing() -> str | None:
    """Return why bubblewrap cannot be used here; None where it can."""
    if sys.platform != "linux" or platform.machine() not in _CALLS:
        return "bubblewrap is for Linux on x86_64 and aarch64 only"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt install bubblewrap)"
    with system_calls() as pipe:
        trial = subprocess.run(
            [*command(pipe.fd), sys.executable, "-I", "-c", ""],
            pass_fds=[pipe.fd],
            capture_output=True,
            text=True,
        )
    said = trial.stderr.strip().splitlines()
    return (
        None if trial.returncode == 0 else f"bubblewrap fails: {said[0] if said else 'no reason'}"
    )


class system_calls:  # used as a function
    """A pipe with the filter of system calls, as bubblewrap reads it."""

    def __enter__(self) -> "system_calls":
        self.fd, other = os.pipe()
        os.write(other, _filter(*_CALLS[platform.machine()]))
        os.close(other)
        return self

    def __exit__(self, *_error: object) -> None:
        os.close(self.fd)


def _filter(machine: int, clone: int, clone3: int, refused: Sequence[int]) -> bytes:
    """Return a program for the kernel that refuses new processes, and permits threads.

    So are calls refused that give a view on more than the sandbox has, or are not needed and have
    often had faults.
    """
    refuse, unknown = _REFUSE | _EPERM, _REFUSE | _ENOSYS
    steps = [
        (_LOAD, 0, 0, 4),  # the processor
        (_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the system call
        (_AT_LEAST, 0, 1, 0x40000000),  # another way to call the same
        (_RETURN, 0, 0, refuse),
        (_EQUAL, 0, 1, clone3),  # its flags cannot be read; libraries use clone then
        (_RETURN, 0, 0, unknown),
        *(step for call in refused for step in ((_EQUAL, 0, 1, call), (_RETURN, 0, 0, refuse))),
        (_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, 16),  # its flags
        (_ANY_BIT, 1, 0, _THREAD),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
