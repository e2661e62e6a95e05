from pathlib import Path
from typing import cast

import pytest
from helpers.answers import write_rows

from manyminds.errors import DataError
from manyminds.evals.data import Row, read_rows
from manyminds.evals.grading import by_answer, by_flags, grader, kind_of, program, read_flags
from manyminds.evals.sandbox import Limits
from manyminds.reading.answers import extractor

PROMPT = 'import math\n\n\ndef area(r):\n    """Area of a circle."""\n'
CODE = Row(
    id="c",
    question=PROMPT,
    answer=None,
    prompt=PROMPT,
    entry_point="area",
    test="def check(f):\n    assert round(f(1), 2) == 3.14\n",
)
BODY = "    return math.pi * r * r\n"


def row(answer: str | None) -> Row:
    return Row(id="q", question="Why?", answer=answer)


@pytest.mark.parametrize(
    ("kind", "gold", "text", "expected"),
    [
        ("number", "1,000", "So it is $1000.", True),
        ("number", "2 + 2 = 4\n#### 4", "The answer is 4.0", True),
        ("number", "4", "The answer is 5", False),
        ("number", "4", "I cannot tell", False),
        ("number", None, "The answer is 4", None),
        ("choice", "B", "The answer is (B).", True),
        ("math", r"\frac{1}{2}", r"It is $\boxed{0.5}$", True),
        ("literal", "[1, 2]", "[1,2]", True),
    ],
)
def test_answers_are_right_where_they_are_equivalent(
    kind: str, gold: str | None, text: str, expected: bool | None
) -> None:
    assert by_answer(extractor(kind))(row(gold), text) is expected


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([row("1"), row("2,000"), row(None)], "number"),
        ([row("A"), row("C")], "choice"),
        ([row("Paris"), row("Rome")], "text"),
        ([row(None)], None),
        ([CODE], "code"),
    ],
)
def test_the_extractor_follows_from_the_reference_answers(
    rows: list[Row], kind: str | None
) -> None:
    assert kind_of(rows) == kind


def recorded(tmp_path: Path, passed: list[int] | None = None) -> Path:
    samples = [BODY, "    return r\n", ""]
    if passed is not None:
        write_rows(tmp_path / "code_passed.jsonl.gz", [{"id": "c", "passed": passed}])
    return write_rows(tmp_path / "code.jsonl.gz", [{**CODE, "samples": samples}])


def test_recorded_code_is_graded_by_the_flags_beside_it(tmp_path: Path) -> None:
    path = recorded(tmp_path, [1, 0, 0])
    grade = grader(read_rows(path), path)
    assert [grade(CODE, text) for text in (BODY, "    return r\n", "other")] == [True, False, None]


def test_without_reference_answers_the_flags_in_the_data_grade(tmp_path: Path) -> None:
    samples = [{"text": "6 * 4", "correct": True}, {"text": "6 + 4", "correct": False}]
    row = {"id": "g", "question": "4 6", "answer": None, "samples": samples}
    path = write_rows(tmp_path / "game.jsonl", [row])
    rows = read_rows(path)
    assert [grader(rows, path)(rows[0], text) for text in ("6 * 4", "6 + 4")] == [True, False]


def test_flags_never_reach_what_a_graph_is_given(tmp_path: Path) -> None:
    path = recorded(tmp_path, [1, 0, 0])
    assert {key for row in read_rows(path) for key in row} <= set(Row.__annotations__)


@pytest.mark.parametrize(
    ("passed", "says"),
    [
        (None, "give --grades FILE or --run-code"),
        ([1, 0], "line 1: `passed` needs one flag for each of 3 samples"),
    ],
)
def test_code_that_cannot_be_graded_is_said_before_anything_runs(
    tmp_path: Path, passed: list[int] | None, says: str
) -> None:
    path = recorded(tmp_path, passed)
    with pytest.raises(DataError, match=says):
        grader(read_rows(path), path)


def test_one_text_with_two_flags_is_refused(tmp_path: Path) -> None:
    samples = [{"text": "a", "correct": True}, {"text": "a", "correct": False}]
    path = write_rows(tmp_path / "x.jsonl", [{"id": 1, "question": "?", "samples": samples}])
    with pytest.raises(DataError, match="line 1: the same text is right once and wrong once"):
        read_flags(path)


def test_running_code_needs_tests(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="running code needs"):
        grader([row("1")], tmp_path / "x.jsonl", run_code=Limits())


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        pytest.param(BODY, PROMPT.rstrip() + "\n    return math", id="body"),
        pytest.param(
            f"Here:\n```python\ndef area(r):\n{BODY}```", "import math\ndef area(r):", id="whole"
        ),
    ],
)
def test_a_program_has_what_stands_before_it_and_no_tests(text: str, starts: str) -> None:
    whole = cast(str, program(CODE, text))
    assert whole.startswith(starts)
    assert "check" not in whole
    namespace: dict[str, object] = {}
    exec(whole, namespace)
    assert "area" in namespace


def test_no_code_is_no_program() -> None:
    assert program(CODE, "  \n") is None
    assert by_flags({})(CODE, BODY) is None


@pytest.mark.parametrize("kind", ["final", "math", "boxed", "json", "text"])
def test_a_reply_that_is_the_reference_answer_is_right(kind: str) -> None:
    grade = by_answer(extractor(kind))
    row = Row(id="a", question="Who?", answer="Leonardo da Vinci")
    assert grade(row, "Leonardo da Vinci")
    assert not grade(row, "Raphael")
