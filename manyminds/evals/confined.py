"""Runs in a process of its own, as a script: a program by itself, its function, or its tests.

It reads its task, a JSON object, from standard input. The program and its tests run in two
processes, which exchange nothing but plain data through a socket, so that no program can reach
the verdict: it is the exit code of the process of the tests.
"""

import builtins
import importlib
import json
import os
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

_LARGEST_FILE = 1 << 20
_LONGEST_LINE = 16 << 20
_OPEN_FILES = 64
_MOST_ITEMS = 100_000
_PASSED, _FAILED, _UNKNOWN = 0, 1, 3
_SEQUENCES: dict[str, Callable[[Any], Any]] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "iterator": iter,
}
_WRITTEN = {"Fraction": "fractions", "Decimal": "decimal"}


class Foreign(TypeError):
    """A value that is not plain data."""


def encode(value: object) -> Any:
    """Return plain data as JSON has it, other types than text and numbers with their name."""
    if value is None or isinstance(value, bool):
        return value
    for base in (int, float, str):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, bytes | bytearray):
        return ["bytes", value.hex()]
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, dict):
        return ["dict", [[encode(key), encode(one)] for key, one in value.items()]]
    for name, kind in (("list", list), ("tuple", tuple), ("set", set), ("frozenset", frozenset)):
        if isinstance(value, kind):
            return [name, [encode(one) for one in value]]
    if type(value).__name__ in _WRITTEN:
        return [type(value).__name__, str(value)]
    if (listed := getattr(value, "tolist", None)) is not None:  # numpy
        return encode(listed())
    if isinstance(value, Iterator):
        return [
            "iterator",
            [encode(one) for _, one in zip(range(_MOST_ITEMS), value, strict=False)],
        ]
    raise Foreign(type(value).__name__)


def decode(data: Any) -> Any:
    """Return the value that `encode` was given."""
    if not isinstance(data, list):
        return data
    kind, *rest = data
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](map(decode, rest[0]))
    if kind == "dict":
        return {decode(key): decode(one) for key, one in rest[0]}
    if kind == "bytes":
        return bytes.fromhex(rest[0])
    if kind == "complex":
        return complex(*rest)
    return getattr(importlib.import_module(_WRITTEN[kind]), kind)(rest[0])


def main() -> None:
    """Set the limits, and do the task: the exit code is 0 where nothing failed."""
    task = json.loads(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, _OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_LARGEST_FILE, _LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CPU, (task["cpu_seconds"], task["cpu_seconds"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (task["memory"], task["memory"]))
    sys.set_int_max_str_digits(0)
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silent, stream)
    try:
        {"run": _run, "serve": _serve, "test": _test}[task["do"]](task)
    except BaseException:  # also sys.exit: leaving early is not reaching the end
        os._exit(_FAILED)
    os._exit(_PASSED)


def _run(task: dict[str, Any]) -> None:
    """Run a program by itself, and say with the exit code of the task that it came to its end."""
    _execute(task["program"], {"__name__": "__main__"})
    os._exit(task["whole"])


def _serve(task: dict[str, Any]) -> None:
    """Define a program's function, and call it as often as the tests ask."""
    names: dict[str, Any] = {"__name__": "program"}
    _execute(task["program"], names)
    function = names[task["name"]]
    with os.fdopen(task["channel"], "rb+", buffering=0) as channel:
        lines = os.fdopen(os.dup(task["channel"]), "rb")
        while line := lines.readline():
            args, kwargs = decode(json.loads(line))
            try:
                reply = {"value": encode(function(*args, **kwargs))}
            except Exception as error:
                reply = {"error": type(error).__name__}
            _send(channel, reply)


def _test(task: dict[str, Any]) -> None:
    """Run the tests on a stand-in that asks the program's process."""
    channel = os.fdopen(task["channel"], "rb+", buffering=0)
    replies = os.fdopen(os.dup(task["channel"]), "rb")

    def candidate(*args: object, **kwargs: object) -> Any:
        try:
            asked = encode((args, kwargs))
        except Foreign:  # a test hands over what cannot be sent: nothing can be said
            os._exit(_UNKNOWN)
        try:
            _send(channel, asked)
            line = replies.readline(_LONGEST_LINE)
            reply = json.loads(line)
            if "error" not in reply:
                return decode(reply["value"])
        except BaseException:  # the program has ended, or sends what is no reply
            os._exit(_FAILED)
        known = getattr(builtins, str(reply["error"]), None)
        is_error = isinstance(known, type) and issubclass(known, Exception)
        raise (known if is_error else Exception)("raised by the program")  # type: ignore[misc]

    names: dict[str, Any] = {"__name__": "tests"}
    try:
        _execute(task["given"], names)
    except BaseException:  # what a prompt begins need not run by itself
        names = {"__name__": "tests"}
    names[task["name"]] = candidate
    _execute(task["tests"], names)
    names["check"](candidate)


def _execute(source: str, names: dict[str, Any]) -> None:
    exec(compile(source, "<program>", "exec"), names)


def _send(channel: BinaryIO, message: object) -> None:
    data = memoryview(json.dumps(message).encode() + b"\n")
    while data:
        data = data[channel.write(data) or 0 :]


if __name__ == "__main__":
    main()
