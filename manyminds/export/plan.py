"""What to export, and how."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from manyminds.export.filters import NGRAM, Limits
from manyminds.export.from_records import Take


@dataclass(frozen=True)
class Plan:
    """What to export, and how.

    Attributes:
        sources: Records of runs, folders of records, files of rows.
        format: Name of an exporter.
        take: Which conversations of a run are taken; None: what the format is made from.
        limits: What a trajectory must have.
        gold: File of questions with reference answers, which set rewards.
        against: File of test questions; what shares words with one is dropped.
        ngram: Number of words in a row that count as shared.
        ratios: Share of each source in the mix; none: one source after the other.
        seed: Seed of the draws.
        limit: Rows at most.
    """

    sources: Sequence[Path]
    format: str
    take: Take | None = None
    limits: Limits = field(default_factory=Limits)
    gold: Path | None = None
    against: Path | None = None
    ngram: int = NGRAM
    ratios: Sequence[float] = ()
    seed: int = 0
    limit: int | None = None
