"""effort: how much a vote may compare, so that no reply can keep it busy."""

from collections.abc import Mapping, Sequence
from time import monotonic

MOST_PAIRS = 20_000
"""Pairs of answers that one vote compares by the slow test of their kind."""
MOST_SECONDS = 20.0
"""Seconds that one vote spends on such pairs."""
MOST_TEXTS = 1_000
"""Distinct texts that a vote on wording compares with each other."""
MOST_CHARACTERS: Mapping[str, int] = {
    "bleu": 3_000_000,
    "tfidf": 2_000_000,
    "rouge": 500_000,
    "levenshtein": 250_000,
}
"""Characters of all texts together, by metric; a vote takes about three seconds at most."""


class Effort:
    """Effort that one vote may spend on comparing answers, and the answers it left out.

    Args:
        pairs: Pairs of answers compared by a slow test at most.
        seconds: Seconds spent on them at most.

    Attributes:
        notes: Answers that were left out, in words.
    """

    def __init__(self, pairs: int = MOST_PAIRS, seconds: float = MOST_SECONDS) -> None:
        self.notes: list[str] = []
        self._pairs, self._until, self._seconds = pairs, monotonic() + seconds, seconds
        self._left = pairs

    def allows(self) -> bool:
        """Count one more pair; False once the pairs or the seconds are used up."""
        self._left -= 1
        if self._left < 0:
            note = f"the vote compared {self._pairs} pairs of answers: others count as different"
        elif monotonic() > self._until:
            note = f"the vote compared answers for {self._seconds:g} s: others count as different"
        else:
            return True
        if note not in self.notes:
            self.notes.append(note)
        return False


def within_limits(texts: Sequence[str], metric: str) -> tuple[list[str | None], list[str]]:
    """Return the texts that a vote on wording compares, cut where they are too long.

    Args:
        texts: All texts.
        metric: Name of the similarity.

    Returns:
        For each text its part to compare, None for one that is left out, and what was left out in
        words. The most frequent texts come first, then the earliest.
    """
    votes: dict[str, int] = {}
    for text in texts:
        votes[text] = votes.get(text, 0) + 1
    kept = sorted(votes, key=lambda text: -votes[text])[:MOST_TEXTS]
    notes: list[str] = []
    if len(kept) < len(votes):
        notes.append(f"the vote compared {len(kept)} of {len(votes)} different replies")
    room = MOST_CHARACTERS.get(metric, MOST_CHARACTERS["bleu"])
    most = room // max(1, len(kept))
    parts: dict[str, str | None] = {text: text for text in kept}
    if sum(map(len, kept)) > room and any(len(text) > most for text in kept):
        notes.append(f"the vote compared the first {most} characters of each reply")
        parts = {text: text[:most] for text in kept}
    return [parts.get(text) for text in texts], notes
