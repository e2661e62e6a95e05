"""How time grows with the length of a text, as a ratio that does not depend on the machine."""

import gc
from collections.abc import Callable
from time import thread_time

LINEAR = 8.0
"""At a text four times as long: linear time takes 4 times as much, quadratic time 16 times."""


def growth(work: Callable[[str], object], piece: str, length: int) -> float:
    """Return the CPU time on a text of `length` characters over that on a quarter of it.

    Each time is the least of three; one under 2 ms counts as 2 ms, which is noise.

    Args:
        work: Function that reads the text.
        piece: Text that is repeated.
        length: Characters of the longer text.
    """
    gc.disable()  # a collection takes as long as all the objects that other tests have left
    try:
        short, long = (_least(work, piece * (n // len(piece))) for n in (length // 4, length))
    finally:
        gc.enable()
    return long / short


def _least(work: Callable[[str], object], text: str) -> float:
    times: list[float] = []
    for _ in range(3):
        began = thread_time()
        work(text)
        times.append(thread_time() - began)
    return max(0.002, min(times))
