"""Sources mixed by ratio: each next trajectory comes from a source drawn by its share."""

import random
from collections.abc import Callable, Iterator, Sequence

from manyminds.trajectory import Trajectory

BEYOND = "beyond the mix: another source had no more"


def mixed(
    sources: Sequence[Iterator[Trajectory]],
    ratios: Sequence[float],
    seed: int,
    drop: Callable[[str], None],
) -> Iterator[Trajectory]:
    """Yield trajectories until a source that is drawn has no more, so that the ratio holds.

    Args:
        sources: One iterator each.
        ratios: Share of each source; they need not add up to 1.
        seed: Seed of the draws.
        drop: Called with a reason for each trajectory that is left over.
    """
    draw = random.Random(seed)
    while True:
        (source,) = draw.choices(sources, ratios)
        found = next(source, None)
        if found is None:
            break
        yield found
    for source in sources:
        for _ in source:
            drop(BEYOND)
