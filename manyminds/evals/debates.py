"""Debates, round by round and graded: what a report says of persuasion comes from here."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from manyminds.evals.data import Row
from manyminds.evals.grading import Grader, verdict_of
from manyminds.evals.statistics.debate import Persuasion, persuasion
from manyminds.json_lines import LineFile, json_lines
from manyminds.state import Candidate

DEBATE = "debate"
_FILE = "debates.jsonl"


class GradedDebate(NamedTuple):
    """A debate: whether each debater is right in each round, and the debate's answer."""

    rounds: list[list[bool]]
    right: bool


class DebateLog:
    """Grades what debaters say in every round; pass `add` as `on_output` to `aevaluate`.

    Args:
        grade: As for `aevaluate`.
        folder: Folder of the comparison; None keeps nothing.
    """

    def __init__(self, grade: Grader, folder: Path | None) -> None:
        self._grade = grade
        self._file = None if folder is None else LineFile(folder / _FILE)

    async def add(self, row: Row, output: Mapping[str, Any] | None) -> None:
        """Take in one debate; one without a transcript is left out."""
        transcript: Sequence[Candidate] = (output or {}).get("transcript") or []
        if self._file is None or output is None or not transcript:
            return
        right = {
            (one["layer"], one["member"]): one["status"] == "ok"
            and bool(await verdict_of(self._grade, row, one["text"]))
            for one in transcript
        }
        layers = sorted({layer for layer, _ in right})
        # Who missed a round, as in a ring or after a failure, cannot be followed.
        members = [
            name
            for name in dict.fromkeys(name for _, name in right)
            if all((layer, name) in right for layer in layers)
        ]
        if members:
            self._file.append(
                {
                    "id": row["id"],
                    "rounds": [[right[layer, name] for name in members] for layer in layers],
                    "right": bool(await verdict_of(self._grade, row, str(output.get("answer")))),
                }
            )


def read_debates(folder: Path) -> list[GradedDebate]:
    """Read the debates of a comparison's folder; none where it has none.

    Raises:
        DataError: The file is damaged.
    """
    path = folder / _FILE
    if not path.exists():
        return []
    return [
        GradedDebate(
            [[bool(one) for one in round] for round in line["rounds"]], bool(line["right"])
        )
        for _, line in json_lines(path)
    ]


def persuaded(debates: Sequence[GradedDebate]) -> Persuasion | None:
    """Return how debaters change their answers; None without a debate."""
    if not debates:
        return None
    return persuasion([one.rounds for one in debates], [one.right for one in debates])
