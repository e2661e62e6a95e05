"""Samples: answers that were drawn once, kept in a file, and read back to vote on them again.

The file is one of recorded answers (`manyminds.models.recorded`), so that a recorded member answers
from it, too: JSON Lines with `id`, `question`, `answer` (the reference) and `samples`, each with
`model` (the member), `draw`, `text`, `usage` and `cost`.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from manyminds.aio import in_thread
from manyminds.errors import DataError
from manyminds.evals.data import Row, id_of
from manyminds.evals.grading import GRADERS, Grader, verdict_of
from manyminds.evals.tables import data_rows
from manyminds.json_lines import LineFile, drop_torn_line
from manyminds.models.bundled import BundledSet
from manyminds.models.recorded import load_recording
from manyminds.reading.answers import Extractor, extractor
from manyminds.reading.together import read_all
from manyminds.state import Candidate
from manyminds.votes.votes import labels


class Drawn(NamedTuple):
    """The samples of one question.

    Attributes:
        id: Id of the question.
        members: Member that gave each sample.
        labels: Group of equal answers to which each sample belongs; None: it has no answer.
        right: Whether each sample is right.
        tokens: Tokens of each sample, in and out; 0 where they are not known.
    """

    id: str
    members: Sequence[str]
    labels: Sequence[int | None]
    right: Sequence[bool]
    tokens: Sequence[int]


class SampleFile:
    """Keeps the samples of an evaluation: pass `add` as `on_output` to `aevaluate`.

    A sample of another repeat, or of an earlier evaluation, is another draw: it gets a number that
    is free.

    Args:
        path: File to append to, one line for each run of a question.
    """

    def __init__(self, path: Path) -> None:
        self._there = None
        if path.exists() and path.stat().st_size:
            drop_torn_line(path)
            self._there = load_recording(path) if path.stat().st_size else None
        self._free: dict[tuple[str, str], int] = {}
        self._file = LineFile(path)

    async def add(self, row: Row, output: Mapping[str, Any] | None) -> None:
        """Append the samples of one run."""
        candidates = cast("list[Candidate]", (output or {}).get("candidates", []))
        samples = [
            {
                "model": one["member"],
                "draw": self._number(row["id"], one["member"], one["draw"]),
                "text": one["text"],
                "usage": one["usage"],
                "cost": one["cost"],
            }
            for one in candidates
            if one["status"] == "ok"
        ]
        if samples:
            self._file.append({**row, "model": "many", "samples": samples})

    def _number(self, id: str, member: str, draw: int) -> int:
        """Return the number of a draw: its own, or the first that is free."""
        place = (id, member)
        if place not in self._free:
            self._free[place] = len(self._there.draws(member, id)) if self._there else 0
        number = max(draw, self._free[place])
        self._free[place] = number + 1
        return number

    def close(self) -> None:
        """Close the file."""
        self._file.close()


async def read_samples(
    path: Path,
    rows: Sequence[Row],
    *,
    grade: Grader,
    extract: Extractor,
    on_ungraded: Callable[[str], object] = lambda _id: None,
) -> list[Drawn]:
    """Read the samples of a file, and grade each once.

    A question of which no sample can be graded, such as one without a reference answer, is left
    out.

    Args:
        path: File of samples, or any file of recorded answers.
        rows: The questions.
        grade: Grader of the samples.
        extract: How answers are read and compared; "final" reads those of a question together.
        on_ungraded: Called with the id of each question that is left out.

    Raises:
        DataError: The file cannot be read, or holds no sample of these questions.
    """
    known = {row["id"]: row for row in rows}
    kept: dict[str, dict[tuple[str, object], Mapping[str, Any]]] = {}
    for where, found in data_rows(path):
        key = id_of(found, where)
        if key not in known:
            continue
        several = kept.setdefault(key, {})
        for sample in _samples(found):
            place = sample.get("draw", len(several))
            several[str(sample.get("model") or path.name), place] = sample
    drawn = list[Drawn]()
    for key, several in kept.items():
        if not several:
            continue
        one = await _drawn(known[key], list(several), list(several.values()), grade, extract)
        if one is None:
            on_ungraded(key)
        else:
            drawn.append(one)
    if not drawn:
        raise DataError(f"{path} has no samples of these questions: rows need `id` and `samples`")
    return drawn


def bundled_samples(data: BundledSet) -> list[Drawn]:
    """Return the answers of a set that comes with the package."""
    kind = extractor(data.kind)
    found: list[Drawn] = []
    for place, (id, gold) in enumerate(zip(data.ids, data.gold, strict=True)):
        given = [(m, reply) for m, column in data.replies.items() for reply in column[place]]
        given = [(m, reply) for m, reply in given if reply.answer or reply.tokens]
        votes = labels([gold, *(reply.answer for _, reply in given)], kind)
        right = [vote == votes[0] for vote in votes[1:]]
        tokens = [reply.tokens for _, reply in given]
        found.append(Drawn(id, [m for m, _ in given], votes[1:], right, tokens))
    return found


def _samples(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    listed: Any = found.get("samples")
    named: Any = found.get("model")
    default = None if named == "many" else named
    samples = cast("list[object]", listed) if isinstance(listed, list) else []
    return [
        {"model": default, **cast("Mapping[str, Any]", one)}
        if isinstance(one, Mapping)
        else {"model": default, "text": str(one)}
        for one in samples
    ]


async def _drawn(
    row: Row,
    places: Sequence[tuple[str, object]],
    samples: Sequence[Mapping[str, Any]],
    grade: Grader,
    extract: Extractor,
) -> Drawn | None:
    texts = [str(sample.get("text", "")) for sample in samples]
    verdicts = {text: await verdict_of(grade, row, text) for text in dict.fromkeys(texts)}
    if all(verdict is None for verdict in verdicts.values()):
        return None

    def read() -> list[int | None]:
        if extract.name == "final":
            return labels(read_all(texts, question=row["question"]).answers)
        return labels([extract.extract(text) for text in texts], extract)

    usages: list[Mapping[str, int]] = [sample.get("usage") or {} for sample in samples]
    tokens = [one.get("input_tokens", 0) + one.get("output_tokens", 0) for one in usages]
    votes = await in_thread(GRADERS, read)
    members = [member for member, _ in places]
    return Drawn(row["id"], members, votes, [bool(verdicts[text]) for text in texts], tokens)
