"""Questions to evaluate on, read from JSON Lines, CSV, TSV or Parquet."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NotRequired, cast

from typing_extensions import TypedDict

from manyminds.errors import DataError
from manyminds.evals import forms
from manyminds.evals.columns import Columns, named, plain
from manyminds.evals.tables import data_rows
from manyminds.questions import QUESTION_KEYS, question_hash
from manyminds.reading.answers import EXTRACTORS

_CODE_KEYS = ("prompt", "entry_point", "test")


class Row(TypedDict):
    """One question. `answer` is the reference answer, which only graders read; `aliases` are others
    that count as right, too. Questions of one `group`, such as those about one text, tend to be
    answered alike, and intervals allow for it.

    Rows about code also have the `prompt` (a function to complete), its name and its tests.
    """

    id: str
    question: str
    answer: str | None
    aliases: NotRequired[list[str]]
    group: NotRequired[str]
    prompt: NotRequired[str]
    entry_point: NotRequired[str]
    test: NotRequired[str]


def groups_of(rows: Sequence[Row]) -> dict[str, str] | None:
    """Return the group of each question by its id, its own id where it has none.

    None where no question has a group.
    """
    if not any("group" in row for row in rows):
        return None
    return {row["id"]: row.get("group", f"alone: {row['id']}") for row in rows}


def read_rows(
    path: str | Path, limit: int | None = None, columns: Columns | None = None
) -> list[Row]:
    """Read the questions of a file, plain or gzip; recorded answers in it are ignored.

    Columns are known by their names in any case: the question (`question`, `input`, `problem`,
    `prompt`, ...), the reference answer (`answer`, `target`, `gold`, `label`, ...; a list holds all
    that count as right), choices (a list, a mapping, or columns such as A, B, C, D), `id` (default:
    made of the question), `group`, and for code `entry_point` and `test`. A row that comes again
    verbatim is kept once.

    Args:
        path: JSON Lines, JSON, CSV or TSV, `.gz` or not, or Parquet (needs pyarrow).
        limit: the number of questions at most, from the start; None reads all.
        columns: names of the columns of question and answer, where they are others.

    Raises:
        DataError: the file cannot be read, holds no question, or a row is malformed.
    """
    rows = list(islice(_distinct(Path(path), columns), limit))
    if not rows:
        raise DataError(f'{path} holds no questions: give rows such as {{"id", "question"}}')
    return rows


def question_of(found: Mapping[str, Any], where: str) -> str:
    """Return the question of a row, under whichever key it stands, with its choices.

    Raises:
        DataError: there is none.
    """
    question = named(found, where).get("question")
    if not isinstance(question, str) or not question.strip():
        keys = ", ".join(f"`{key}`" for key in QUESTION_KEYS)
        others = ", ".join(map(repr, found)) or "nothing"
        raise DataError(
            f"{where}: no question: give it as one of {keys}, or name its column with "
            f"--question-column; the row has {others}"
        )
    return question


def id_of(found: Mapping[str, Any], where: str) -> str:
    """Return the id of a row; one that has none is known by a hash of its question."""
    given = "" if found.get("id") is None else str(found["id"]).strip()
    return given or question_hash(question_of(found, where))


def _distinct(path: Path, columns: Columns | None) -> Iterator[Row]:
    seen: dict[str, Row] = {}
    wanted = [name for name in columns or () if name is not None]
    missing = {*map(plain, wanted)}
    for where, found in data_rows(path, wanted):
        missing -= {*map(plain, found)}
        row = _row(named(found, where, columns), where)
        number = 1
        while row["id"] in seen and seen[row["id"]] != row and not found.get("id"):
            number += 1  # the same question with another answer: both count
            row["id"] = f"{row['id'].partition('#')[0]}#{number}"
        if row["id"] not in seen:
            seen[row["id"]] = row
            yield row
        elif seen[row["id"]] != row:
            raise DataError(
                f"{where}: id {row['id']!r} is taken by another question: give each its own"
            )
    if missing:
        raise DataError(f"{path}: there is no column {' and no '.join(map(repr, missing))}")


def _row(found: Mapping[str, Any], where: str) -> Row:
    golds = _golds(found, where)
    row = Row(
        id=id_of(found, where),
        question=question_of(found, where),
        answer=golds[0] if golds else None,
    )
    if len(golds) > 1:
        row["aliases"] = golds[1:]
    if found.get("group") not in (None, ""):
        row["group"] = str(found["group"])
    if found.get("entry_point") and all(isinstance(found.get(key), str) for key in _CODE_KEYS):
        row["prompt"], row["entry_point"] = found["prompt"], found["entry_point"]
        row["test"] = found["test"]
    return row


def _golds(found: Mapping[str, Any], where: str) -> list[str]:
    """Return the reference answers of a row: several where its answer is a list."""
    answer: object = found.get("answer")
    if isinstance(answer, Mapping):
        answer = forms.golds(cast("Mapping[str, Any]", answer))
    listed = cast("list[object]", answer) if isinstance(answer, list) else [answer]
    return [_gold(one, where) for one in listed if one is not None]


def _gold(answer: object, where: str) -> str:
    """Return a reference answer as text; true and false are yes and no."""
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if not isinstance(answer, str | int | float):
        raise DataError(f"{where}: `answer` must be a text, a number, true, false, null or a list")
    if isinstance(answer, float) and not math.isfinite(answer):
        raise DataError(f"{where}: `answer` is {answer}: give a finite number or null")
    boxed = EXTRACTORS["math"].extract(str(answer)) if "\\boxed" in str(answer) else None
    return boxed or str(answer)  # MATH's solutions have the answer in a box
