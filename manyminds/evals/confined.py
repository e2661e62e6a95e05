"""Runs one program inside a process of its own, limits first; started by the sandbox, as a script.

It reads a JSON object from standard input and writes the token it was given back only when the
program has run to its end: leaving early (`sys.exit`, `os._exit`) is not passing. The program runs
in a fork, because the first process of a process namespace is deaf to the signal that ends its CPU
time.
"""

import json
import os
import resource
import sys

_LARGEST_FILE = 1 << 20


def main() -> None:
    """Set the limits, run the program in a fork, and say that it reached its end."""
    task = json.loads(sys.stdin.read())
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CPU, (task["cpu_seconds"], task["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (task["memory"], task["memory"]))
    if task["hide_sockets"]:
        for name in ("socket", "_socket"):
            sys.modules[name] = None  # type: ignore[assignment]  # None makes the import fail
    answer = os.dup(1)
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    program = compile(task["program"], "<program>", "exec")
    exec(program, {"__name__": "__main__"})
    os.write(answer, task["token"].encode())


if __name__ == "__main__":
    main()
