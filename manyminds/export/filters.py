"""Which trajectories are exported: by reward, rating, vote, length, likeness to a test set."""

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from manyminds.errors import DataError
from manyminds.evals.data import Row, read_rows
from manyminds.evals.grading import Grader, grader
from manyminds.export.exporter import NO_REWARD, json_text
from manyminds.export.spool import Spool
from manyminds.questions import question_hash
from manyminds.records.run_record import CANDIDATES
from manyminds.trajectory import (
    APIAction,
    CodeAction,
    MessageAction,
    TextObservation,
    Trajectory,
    WebObservation,
)

NGRAM = 13
"""Words in a row that a trajectory may not share with a test question."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Limits:
    """What a trajectory must have; None asks for nothing.

    Attributes:
        min_reward: Least reward.
        min_rating: Least rating, 0 to 5.
        min_agreement: Least share of the vote's weight behind the answer, 0 to 1.
        max_chars: Characters of all texts at most.
        dedupe: Whether a conversation that comes again is dropped.
    """

    min_reward: float | None = None
    min_rating: float | None = None
    min_agreement: float | None = None
    max_chars: int | None = None
    dedupe: bool = False


class TestQuestions:
    """The n-grams of a file of test questions.

    A question of fewer words than `ngram` counts as a whole.

    Args:
        path: Questions, as `manyminds eval` reads them.
        ngram: Words in a row.
    """

    __test__ = False  # no test class, whatever its name

    def __init__(self, path: Path, ngram: int = NGRAM) -> None:
        self._grams: dict[int, set[int]] = {}
        for row in read_rows(path):
            words = words_of(row["question"])
            size = min(ngram, len(words))
            if size:
                self._grams.setdefault(size, set()).update(_grams(words, size))

    def has_part_of(self, texts: Iterable[str]) -> bool:
        """Return whether one of the texts shares an n-gram with a question."""
        for text in texts:
            words = words_of(text)
            for size, grams in self._grams.items():
                if not grams.isdisjoint(_grams(words, size)):
                    return True
        return False


class Gold:
    """Grades trajectories by a file of questions with reference answers.

    Args:
        path: Questions, as `manyminds eval` reads them; found by id, else by their text.
    """

    def __init__(self, path: Path) -> None:
        rows = read_rows(path)
        self._rows: dict[str, Row] = {}
        for row in rows:
            self._rows.setdefault(question_hash(row["question"]), row)
            self._rows[row["id"]] = row
        self._grade = grader(rows, path)

    def grade(self, trajectory: Trajectory) -> None:
        """Set `gold` and, where it has none, the reward: 1 or 0; an unknown question stays."""
        row = self._row(trajectory)
        if row is None or not _answers(trajectory):
            return
        trajectory.gold = row["answer"]
        last = trajectory.content[-1] if trajectory.content else None
        if trajectory.reward is None and isinstance(last, MessageAction):
            right = verdict(self._grade, row, last.content)
            trajectory.reward = None if right is None else float(right)

    def _row(self, trajectory: Trajectory) -> Row | None:
        if trajectory.task is not None and trajectory.task in self._rows:
            return self._rows[trajectory.task]
        asked = [s for s in trajectory.content if isinstance(s, TextObservation)]
        return self._rows.get(question_hash(asked[0].content)) if asked else None


def verdict(grade: Grader, row: Row, text: str) -> bool | None:
    """Grade a text by what is known of its question; None: it cannot be graded.

    Raises:
        DataError: It would have to be run.
    """
    found = grade(row, text)
    if inspect.isawaitable(found):
        raise DataError("answers that have to be run cannot be graded here")
    return found


def _answers(trajectory: Trajectory) -> bool:
    """Return whether a trajectory answers the question of its run, as a judge's reply does not."""
    is_answer = trajectory.id == trajectory.details.get("run")
    return is_answer or trajectory.role is None or trajectory.role in CANDIDATES


def refusal(
    trajectory: Trajectory, limits: Limits, tests: TestQuestions | None, spool: Spool
) -> str | None:
    """Return why a trajectory is dropped; None keeps it."""
    for value, least, unknown, low in (
        (trajectory.reward, limits.min_reward, NO_REWARD, "reward too low"),
        (trajectory.rating, limits.min_rating, "no rating", "rating too low"),
        (trajectory.agreement, limits.min_agreement, "no vote", "the vote agrees too little"),
    ):
        if least is not None and (value is None or value < least):
            return unknown if value is None else low
    texts = texts_of(trajectory)
    if limits.max_chars is not None and sum(map(len, texts)) > limits.max_chars:
        return "too long"
    if tests is not None and tests.has_part_of(texts):
        return "shares words with a test question"
    if limits.dedupe and not spool.is_new(_content(trajectory)):
        return "comes again"
    return None


def texts_of(trajectory: Trajectory) -> list[str]:
    """Return all texts of a trajectory."""
    texts = [trajectory.system or ""]
    for step in trajectory.content:
        if isinstance(step, WebObservation):
            texts += [step.html or "", step.axtree or ""]
            continue
        if isinstance(step, APIAction):
            texts.append(json_text(step.kwargs))
        else:
            texts.append(step.content)
        if isinstance(step, APIAction | CodeAction | MessageAction):
            texts += [step.description or "", step.reasoning_content or ""]
    return texts


def words_of(text: str) -> list[str]:
    """Return the words of a text without case and punctuation."""
    return _WORD.findall(text.casefold())


def _grams(words: Sequence[str], size: int) -> set[int]:
    return {hash(tuple(words[n : n + size])) for n in range(len(words) - size + 1)}


def _content(trajectory: Trajectory) -> str:
    """Return what makes a conversation the same as another: all but ids and places."""
    hidden = {"tool_call_id"}
    steps = [step.model_dump(mode="json", exclude=hidden) for step in trajectory.content]
    return json_text([trajectory.system, steps])
