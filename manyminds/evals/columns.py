"""Columns: which field of a row is the question, which the answer, which are the choices."""

import re
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, NamedTuple, cast

from manyminds.errors import DataError
from manyminds.evals import forms
from manyminds.questions import QUESTION_KEYS

QUESTIONS = (
    *QUESTION_KEYS,
    "problem",
    "query",
    "ctx",
    "question_text",
    "question_stem",
    "sentence",
    "q",
    "user",
    *("messages", "conversation", "conversations"),
)
"""Names under which a row may have its question; the first that it has counts."""
ANSWERS = (
    *("answer", "answers", "target", "targets", "gold", "label", "answerkey", "answer_key"),
    *("correct_answer", "expected", "expected_answer", "reference", "reference_answer"),
    *("answer_idx", "answer_index", "cop", "ground_truth", "groundtruth", "gt", "gt_answer"),
    *("gold_answer", "gold_answers", "golden_answer", "golden_answers", "ideal", "final_answer"),
    *("exact_answer", "best_answer", "correct_option", "correct_choice", "truth", "solution"),
    *("completion", "response", "output", "assistant"),
)
"""Names under which it may have the reference answer; the first that it has counts."""
_LISTS = ("choices", "options", "endings")
_CONTEXTS = ("context", "passage", "article", "paragraph", "document", "story")
_ONE = re.compile(
    r"(?:(?:option|choice|op|ending)_?)?([a-z])|(?:option|choice|ending)_?([0-9]{1,2})"
)
_WITH_TEXT = re.compile(r"\(?([A-Za-z])[).:]\s*(.+)", re.DOTALL)
_FEWEST = 2


class Columns(NamedTuple):
    """Names of the columns, where they are not among the usual ones.

    Attributes:
        question: Column of the question. Of a file without a line of names: its number, from 1.
        answer: Column of the reference answer, likewise.
    """

    question: str | None = None
    answer: str | None = None


class Choices(NamedTuple):
    """The choices of a question: labels such as A, B, C, and a text for each."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]


def plain(name: object) -> str:
    """Return a column's name as it is compared: without case, blanks and hyphens."""
    return re.sub(r"[\s-]+", "_", str(name).strip().lower())


def named(
    found: Mapping[str, Any], where: str, columns: Columns | None = None
) -> Mapping[str, Any]:
    """Return a row with its question under `question` and its reference answer under `answer`.

    A text that the question is about, such as a `context` or a `passage`, is written above it. The
    choices of a question, where it has some, are written below it, and its answer becomes the
    letter of one: from a letter, from a position (the first is 0), or from the text of a choice.

    Args:
        found: The row.
        where: Place of the row, for messages.
        columns: Names that the caller gave.

    Raises:
        DataError: The answer is none of the choices.
    """
    row = {plain(name): value for name, value in found.items()}
    columns = columns or Columns()
    usual = ANSWERS if "b" in row else (*ANSWERS, "a")  # next to B, A is a choice
    _fill(row, "question", QUESTIONS if columns.question is None else [plain(columns.question)])
    _fill(row, "answer", usual if columns.answer is None else [plain(columns.answer)])
    talk = forms.chat(row.get("question"))
    if talk is not None:
        row["question"] = talk.asked
        row["answer"] = talk.answer if row.get("answer") is None else row["answer"]
    _put_context(row)
    choices = _choices(row)
    if choices is None or not isinstance(row.get("question"), str):
        return row
    row["answer"] = _letter(row.get("answer"), choices, where)
    if not _shown(row["question"], choices):
        lines = [f"{_name(n)}) {text}" for n, text in enumerate(choices.texts)]
        row["question"] = "\n".join([row["question"], "", *lines])
    return row


def known(name: str) -> bool:
    """Return whether a column's name says what it holds."""
    return plain(name) in {*QUESTIONS, *ANSWERS, *_LISTS, "id"}


def _fill(row: dict[str, Any], target: str, names: Sequence[str]) -> None:
    """Put a value under its usual name, from the first of several names that has one."""
    value = next((row[name] for name in names if _is_given(row.get(name))), None)
    if value is not None or target in row:
        row[target] = value


def _put_context(row: dict[str, Any]) -> None:
    """Write the text that a question is about above it, unless it is there already."""
    text = next((row[name] for name in _CONTEXTS if isinstance(row.get(name), str)), "").strip()
    question = row.get("question")
    # A name of a document is one word.
    if isinstance(question, str) and " " in text and text not in question:
        row["question"] = f"{text}\n\n{question}"


def _is_given(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and not value.strip())


def _choices(row: Mapping[str, Any]) -> Choices | None:
    """Return the choices of a row: a list, a mapping, or a column for each."""
    for name in _LISTS:
        given: Any = row.get(name)
        if isinstance(given, Mapping):
            mapping = cast("Mapping[str, Any]", given)
            if isinstance(texts := mapping.get("text"), list):  # as ARC and CommonsenseQA
                labels = cast("Any", mapping.get("label") or mapping.get("labels") or [])
                return _made(labels, texts)
            return _made(list(mapping), list(mapping.values()))
        if isinstance(given, list) and all(isinstance(one, Mapping) for one in given):
            return _made([one.get("label") for one in given], [one.get("text") for one in given])
        if isinstance(given, list | str):
            return _made([], given if isinstance(given, list) else forms.choices(given))
    alone = {match[1] or match[2]: name for name in row if (match := _ONE.fullmatch(name))}
    for first in ("a", "1", "0"):
        labels = list[str]()
        while (label := _after(first, len(labels))) in alone and _is_given(row[alone[label]]):
            labels.append(label)
        if len(labels) >= _FEWEST:
            return _made([one.upper() for one in labels], [row[alone[one]] for one in labels])
    return None


def _after(first: str, steps: int) -> str:
    return chr(ord("a") + steps) if first == "a" else str(int(first) + steps)


def _made(labels: Sequence[Any], texts: Sequence[Any]) -> Choices | None:
    given = [str(text).strip() for text in texts if not isinstance(text, list | dict)]
    if not _FEWEST <= len(given) == len(texts) <= len(ascii_uppercase):
        return None
    whole = len(labels) == len(given)
    return Choices(tuple(map(str, labels)) if whole else (), tuple(given))


def _letter(answer: Any, choices: Choices, where: str) -> str | None:
    """Return the letter of the choice that a reference answer names; None: there is no answer."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if not _is_given(answer) or isinstance(answer, list):
        return None
    said, count = str(answer).strip(), len(choices.texts)
    letters = [_name(n) for n in range(count)]
    for names in (choices.labels, letters, choices.texts):
        folded = [name.casefold() for name in names]
        if said.casefold().strip("().") in folded or said.casefold() in folded:
            wanted = said.casefold()
            place = folded.index(wanted if wanted in folded else wanted.strip("()."))
            return letters[place]
    with_text = _WITH_TEXT.fullmatch(said)
    if with_text and with_text[2].casefold() in [text.casefold() for text in choices.texts]:
        return _letter(with_text[2], choices, where)  # "B) Paris"
    if re.fullmatch(r"[0-9]{1,2}(?:\.0)?", said) and int(float(said)) < count:
        return letters[int(float(said))]
    raise DataError(
        f"{where}: the answer {said[:40]!r} is none of the {count} choices: give a letter, the "
        "text of a choice, or its position, the first being 0"
    )


def _shown(question: str, choices: Choices) -> bool:
    """Return whether a question has its choices in its text already."""
    return all(
        re.search(rf"(?<!\w){_name(n)}[).:]|\({_name(n)}\)", question)
        for n in range(len(choices.texts))
    )


def _name(place: int) -> str:
    return ascii_uppercase[place]
