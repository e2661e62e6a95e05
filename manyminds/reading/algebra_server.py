"""The program behind `algebra`: pairs of formulas on standard input, a verdict a line on output.

It runs by its path, with `-P`: it imports nothing of this package.
"""

import json
import logging
import os
import signal
import sys
from importlib import import_module

_MOST_BYTES = 2 << 30


def main() -> None:
    """Compare pairs until standard input ends."""
    library = import_module("math_verify")
    parse, verify = library.parse, library.verify
    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that asks
    parse("$1$", parsing_timeout=None)
    print("ready", flush=True)
    for line in sys.stdin:
        *pair, seconds = json.loads(line)
        child = os.fork()
        if child == 0:
            _limit(seconds)
            same = False
            try:
                left, right = (_formulas(parse(f"${text}$", parsing_timeout=None)) for text in pair)
                options = {"float_rounding": 12, "numeric_precision": 30, "timeout_seconds": None}
                same = verify(left, right, **options) and verify(right, left, **options)
            finally:
                os._exit(int(not same))
        _, status = os.waitpid(child, 0)
        print("true" if status == 0 else "false", flush=True)


def _formulas(parsed: list[object]) -> list[object]:
    """Return what was parsed without the texts that are next to it."""
    return [one for one in parsed if not isinstance(one, str)]


def _limit(seconds: float) -> None:
    """Let the kernel end this process when its time or memory is used up."""
    import resource

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))


if __name__ == "__main__":
    main()
