"""Graders: was the answer right? They see reference answers and flags; no graph ever does."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

from manyminds.aio import in_thread
from manyminds.errors import DataError
from manyminds.evals.data import Row, id_of
from manyminds.evals.sandbox import Limits, passes
from manyminds.evals.tables import data_rows
from manyminds.json_lines import json_lines
from manyminds.reading import polarity
from manyminds.reading.answers import EXTRACTORS, Extractor, extractor, guess
from manyminds.reading.appendix import answering
from manyminds.reading.as_written import is_stated, is_written, peeled
from manyminds.reading.choices import options_in
from manyminds.reading.kinds import kind_of_answer, kinds_of_question
from manyminds.reading.locate import places, refuses
from manyminds.reading.mentions import states
from manyminds.reading.polarity import YES_OR_NO
from manyminds.reading.quantities import QUANTITY
from manyminds.reading.reasoning import readable
from manyminds.reading.texts import TEXT

Verdict: TypeAlias = bool | None
Grader: TypeAlias = Callable[[Row, str], Verdict | Awaitable[Verdict]]
Flags: TypeAlias = Mapping[str, Mapping[str, bool]]
GRADERS = 4
"""Threads that grade."""
_QUOTED = frozenset(("literal", "json", "code"))  # kinds in which '5' is no number


class Graded(NamedTuple):
    """A verdict by reference answer.

    Attributes:
        correct: Whether the answer equals a reference answer.
        read: What was read in the reply; None: nothing could be read.
        kind: Kind of answer that was looked for.
    """

    correct: bool
    read: str | None
    kind: str


def vote_kind(rows: Sequence[Row]) -> str | None:
    """Name the extractor for the votes of a method; None: it reads the replies together.

    With the question, a reply that names a choice by its text can be read, too.
    """
    kind = kind_of(rows)
    shown = kind == "choice" and all(options_in(row["question"]) for row in rows)
    return None if kind == "text" or shown else kind


def kind_of(rows: Sequence[Row]) -> str | None:
    """Name the extractor that suits these questions; None where nothing tells.

    Code where every row has tests, else what suits the reference answers.
    """
    if all("test" in row for row in rows):
        return "code"
    golds = [row["answer"] for row in rows if row["answer"] is not None]
    return guess(golds) if golds else None


def grader(
    rows: Sequence[Row],
    data: Path,
    *,
    extract: str | None = None,
    grades: Path | None = None,
    run_code: Limits | None = None,
) -> Grader:
    """Choose how to grade answers to these questions.

    In this order: by running (if asked), by the grades given, by the reference answers (unless it
    is code), by the `_passed` file next to the data, by the flags in the data itself.

    Args:
        rows: the questions.
        data: the file they come from.
        extract: reader of a reply's answer. Default: the one that suits the reference answers.
        grades: a file of flags for the samples recorded in `data`.
        run_code: Limits under which programs are run against their tests; None runs none.

    Raises:
        DataError: there is nothing to grade by.
    """
    kind = kind_of(rows)
    if run_code is not None:
        if kind != "code":
            raise DataError(f"{data}: running code needs `prompt`, `entry_point` and `test` a row")
        run_code.check()
        return by_running(run_code)
    if grades is None and kind != "code" and any(row["answer"] is not None for row in rows):
        if extract is None and kind == "text":
            return ByAnswer(None)
        return ByAnswer(extractor(extract or kind or "final"), fixed=extract is not None)
    beside = data.with_name(data.name.replace(".jsonl", "_passed.jsonl"))
    if grades is None and beside != data and beside.exists():
        grades = beside
    flags = read_flags(data, grades)
    if not any(row["id"] in flags for row in rows):
        how = (
            "give --grades FILE or --run-code"
            if kind == "code"
            else "give rows an `answer`, or name the column of theirs with --answer-column"
        )
        raise DataError(f"{grades or data}: nothing to grade these questions by; {how}")
    return by_flags(flags)


class ByAnswer:
    """Grades by equivalence with the reference answers; a reply that cannot be read is wrong.

    Args:
        column: Reader that suits the reference answers as a column; None: each row has its own.
        fixed: Read as `column` says and in no other way.
    """

    def __init__(self, column: Extractor | None, *, fixed: bool = False) -> None:
        self._column, self._fixed = column, fixed

    def __call__(self, row: Row, text: str) -> Verdict:
        """Return whether the reply is right; None without a reference answer."""
        found = self.graded(row, text)
        return None if found is None else found.correct

    def graded(self, row: Row, text: str) -> Graded | None:
        """Grade a reply, and say what was read in it."""
        if row["answer"] is None:
            return None
        text = answering(text, row["question"])
        golds = (row["answer"], *row.get("aliases", ()))
        outcomes = [one for gold in golds for one in self._by_kind(gold, text, row)]
        return next(
            (one for one in outcomes if one.correct),
            next((one for one in outcomes if one.read is not None), outcomes[0]),
        )

    def _by_kind(self, written: str, text: str, row: Row) -> Iterator[Graded]:
        gold = written.rpartition("####")[2].strip()  # GSM8K writes its working before it
        if not gold:
            yield Graded(False, None, TEXT.name)
            return
        kinds = [] if self._column is None else [self._column]
        own = kind_of_answer(gold, row["question"])
        if own is YES_OR_NO and polarity.asks(row["question"]):
            own = kinds_of_question(row["question"])[0]
        if not self._fixed and kinds and own.name == kinds[0].name == "choice":
            kinds = [own]  # which knows the texts of the choices
        elif not self._fixed and (not kinds or own is TEXT and kinds[0].name == "literal"):
            kinds += [own, TEXT] if own is QUANTITY else [own]
        elif not self._fixed and own.name == "year":  # in a column of numbers
            kinds += [own]
        for kind in kinds:
            found = None if kind is TEXT and refuses(readable(text)) else kind.extract(text)
            forms = _forms(gold, kind)
            words = kind is TEXT or kind.name == "final"
            quotes = kind.name not in _QUOTED
            if any(is_written(text, form, quotes=quotes) for form in (written, *forms)):
                yield Graded(True, found or text.strip(), kind.name)
            elif (words or found is None) and is_stated(text, gold):
                yield Graded(True, found or gold, kind.name)
            elif kind is TEXT:
                said = any(states(text, form, row["question"]) for form in forms)
                yield Graded(said, found, kind.name)
            else:
                equal = found is not None and any(kind.equivalent(form, found) for form in forms)
                yield Graded(equal, found, kind.name)


def _forms(gold: str, kind: Extractor) -> list[str]:
    """Return the ways to read a reference answer: as it is, without marks, and the answer in it."""
    forms = [gold, peeled(gold, quotes=kind.name not in _QUOTED)]
    if any(place.where != "JSON field" for place in places(gold)):  # "Answer: C"
        forms += filter(None, [kind.extract(gold)])
    return list(dict.fromkeys(forms))


def by_answer(kind: Extractor) -> Grader:
    """Grade by equivalence with the reference answer, read as one kind."""
    return ByAnswer(kind, fixed=True)


async def verdict_of(grade: Grader, row: Row, text: str) -> Verdict:
    """Grade in a thread: comparing formulas takes up to seconds.

    A coroutine function starts no coroutine in the thread: one that a cancellation overtook on
    its way back would never be awaited.
    """
    if inspect.iscoroutinefunction(grade):
        return cast("Verdict", await grade(row, text))
    verdict = await in_thread(GRADERS, grade, row, text)
    return await verdict if inspect.isawaitable(verdict) else verdict


def by_flags(flags: Flags) -> Grader:
    """Grade a recorded answer by the flag recorded with it; a text not recorded stays ungraded."""

    def grade(row: Row, text: str) -> Verdict:
        return flags.get(row["id"], {}).get(text)

    return grade


def by_running(limits: Limits | None = None) -> Grader:
    """Grade programs by running them against the question's tests, in a process of their own."""

    async def grade(row: Row, text: str) -> Verdict:
        if "test" not in row:
            return None
        code = program(row, text)
        if code is None:
            return False
        given = row.get("prompt", "")
        return await passes(
            code, row.get("entry_point", ""), row["test"], given=given, limits=limits
        )

    return grade


def program(row: Row, text: str) -> str | None:
    """Put a model's code together with the prompt before it.

    A reply may be the body that completes the prompt, or hold the whole function; then only what
    is before that function in the prompt (imports, helpers) is kept. None: there is no code.
    """
    code = EXTRACTORS["code"].extract(text)
    if code is None or "test" not in row:
        return None
    prompt, name = row.get("prompt", ""), row.get("entry_point", "")
    defines = re.compile(rf"^(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
    if defines.search(code):
        start = defines.search(prompt)
        prompt = prompt[: start.start()] if start else prompt
    return f"{prompt.rstrip()}\n{code}\n"


def read_flags(data: Path, grades: Path | None = None) -> Flags:
    """Read which recorded texts were right: for each question id, a flag for each text.

    Args:
        data: recorded answers; without `grades`, their own `correct` flags are used.
        grades: rows `{"id", "passed": [0 or 1 for each sample, in order]}`.

    Raises:
        DataError: a file is malformed, the counts differ, or equal texts have different flags.
    """
    passed = None if grades is None else {id_of(r, w): (w, r) for w, r in json_lines(grades)}
    flags: dict[str, dict[str, bool]] = {}
    for where, row in data_rows(data):
        key, samples = id_of(row, where), _samples(row)
        if passed is None:
            pairs = [(t, s["correct"]) for t, s in samples if isinstance(s.get("correct"), bool)]
        elif key not in passed:
            continue
        else:
            at, graded = passed[key]
            given = graded.get("passed")
            if not isinstance(given, list) or len(cast("list[object]", given)) != len(samples):
                raise DataError(f"{at}: `passed` needs one flag for each of {len(samples)} samples")
            pairs = list(zip((t for t, _ in samples), map(bool, given), strict=True))
        _add(flags.setdefault(key, {}), pairs, where)
    return {key: known for key, known in flags.items() if known}


def _samples(row: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    listed = row.get("samples")
    found: list[tuple[str, Mapping[str, Any]]] = []
    for sample in cast("list[object]", listed) if isinstance(listed, list) else []:
        parts = cast("Mapping[str, Any]", sample) if isinstance(sample, Mapping) else {}
        found.append((sample if isinstance(sample, str) else str(parts.get("text", "")), parts))
    return found


def _add(known: dict[str, bool], pairs: Iterable[tuple[str, bool]], where: str) -> None:
    for text, flag in pairs:
        if known.setdefault(text, flag) != flag:
            raise DataError(f"{where}: the same text is right once and wrong once: correct a flag")
