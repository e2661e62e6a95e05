"""How time grows with the length of a text, as a ratio that does not depend on the machine."""

import gc
from collections.abc import Callable
from time import thread_time

_TRIES = 3
_ENOUGH = 0.1  # seconds
LINEAR = 8.0
"""At a text four times as long: linear time takes 4 times as much, quadratic time 16 times."""


def growth(
    work: Callable[[str], object],
    piece: str,
    length: int,
    clock: Callable[[], float] = thread_time,
) -> float:
    """Return the CPU time on a text of `length` characters over that on a quarter of it.

    The time of the quarter is the least of three, where they take less than 0.1 s. The whole text
    is read again only where its time is not linear, up to three times: noise makes times longer,
    never shorter. One under 2 ms counts as 2 ms, which is noise.

    Args:
        work: Function that reads the text.
        piece: Text that is repeated.
        length: Characters of the longer text.
        clock: Time of this thread; `process_time` where other threads read as well.
    """

    def seconds(text: str) -> float:
        began = clock()
        work(text)
        return max(0.002, clock() - began)

    gc.disable()  # a collection takes as long as all the objects that other tests have left
    try:
        quarter, whole = (piece * (n // len(piece)) for n in (length // 4, length))
        shorts = [seconds(quarter)]
        while sum(shorts) < _ENOUGH and len(shorts) < _TRIES:
            shorts.append(seconds(quarter))
        short = min(shorts)
        found = [seconds(whole) / short]
        while found[-1] >= LINEAR and len(found) < _TRIES:
            found.append(seconds(whole) / short)
    finally:
        gc.enable()
    return min(found)
