"""How time grows with the length of a text, as a ratio that does not depend on the machine."""

import gc
from collections.abc import Callable
from time import thread_time

_TRIES = 3
LINEAR = 8.0
"""At a text four times as long: linear time takes 4 times as much, quadratic time 16 times."""


def growth(work: Callable[[str], object], piece: str, length: int) -> float:
    """Return the CPU time on a text of `length` characters over that on a quarter of it.

    The time of the quarter is the least of three. The whole text is read again only where its time
    is not linear, up to three times: noise makes times longer, never shorter. One under 2 ms counts
    as 2 ms, which is noise.

    Args:
        work: Function that reads the text.
        piece: Text that is repeated.
        length: Characters of the longer text.
    """
    gc.disable()  # a collection takes as long as all the objects that other tests have left
    try:
        quarter, whole = (piece * (n // len(piece)) for n in (length // 4, length))
        short = min(_seconds(work, quarter) for _ in range(3))
        found = [_seconds(work, whole) / short]
        while found[-1] >= LINEAR and len(found) < _TRIES:
            found.append(_seconds(work, whole) / short)
    finally:
        gc.enable()
    return min(found)


def _seconds(work: Callable[[str], object], text: str) -> float:
    began = thread_time()
    work(text)
    return max(0.002, thread_time() - began)
