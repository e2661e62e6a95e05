"""Questions of users: columns of any name, choices, and files as ugly as they come."""

import json
from pathlib import Path
from typing import Any

import pytest

from manyminds.errors import DataError
from manyminds.evals.columns import Columns
from manyminds.evals.data import Row, read_rows
from manyminds.evals.grading import grader

CHOSEN = "Which is a fish?\n\nA) cat\nB) cod\nC) cow"


def one(tmp_path: Path, name: str, text: str | bytes, columns: Columns | None = None) -> Row:
    rows = every(tmp_path, name, text, columns)
    assert len(rows) == 1
    return rows[0]


def every(
    tmp_path: Path, name: str, text: str | bytes, columns: Columns | None = None
) -> list[Row]:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rows(path, columns=columns)


@pytest.mark.parametrize("question", ["question", "Input", "PROBLEM", "prompt", "Query"])
@pytest.mark.parametrize("answer", ["answer", "Target", "GOLD", "label", "Expected Answer"])
def test_usual_names_are_known_in_any_case(tmp_path: Path, question: str, answer: str) -> None:
    row = one(tmp_path, "q.csv", f"{question},{answer}\nTwo and two?,4\n")
    assert (row["question"], row["answer"]) == ("Two and two?", "4")
    row = one(tmp_path, "q.jsonl", json.dumps({question: "Two and two?", answer: 4}))
    assert (row["question"], row["answer"]) == ("Two and two?", "4")


def test_other_names_are_given(tmp_path: Path) -> None:
    text = "Frage;Lösung;Stufe\nWas ist 2+2?;4;1\nUnd 3+3?;6;1\n"
    rows = every(tmp_path, "q.csv", text, Columns("Frage", "Lösung"))
    assert [row["answer"] for row in rows] == ["4", "6"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (None, "--question-column.*'frage', 'stufe'"),
        (Columns("Frgae"), "no question"),
        (Columns("Frage", "Losung"), "no column 'losung'"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, columns: Columns | None, says: str) -> None:
    with pytest.raises(DataError, match=says):
        every(tmp_path, "q.csv", "Frage,Stufe\nWas?,4\n", columns)


UGLY = 'id,question,answer\r\n1,"Two\nand, ""two""?",4\r\n\r\n2,Three?,\r\n'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(UGLY.encode(), id="plain"),
        pytest.param(b"\xef\xbb\xbf" + UGLY.encode(), id="bom"),
        pytest.param(UGLY.encode("utf-16"), id="utf-16"),
        pytest.param(UGLY.replace(",a", ";a").replace("d,q", "d;q").replace('1,"', '1;"')
                     .replace('",4', '";4').replace("2,T", "2;T").replace("?,", "?;").encode(),
                     id="semicolons"),
        pytest.param(UGLY.replace(",a", "\ta").replace("d,q", "d\tq").replace('1,"', '1\t"')
                     .replace('",4', '"\t4').replace("2,T", "2\tT").replace("?,", "?\t").encode(),
                     id="tabs"),
    ],
)  # fmt: skip
def test_ugly_tables_are_read(tmp_path: Path, text: bytes) -> None:
    rows = every(tmp_path, "q.csv", text)
    assert [(row["id"], row["answer"]) for row in rows] == [("1", "4"), ("2", None)]
    assert rows[0]["question"] == 'Two\nand, "two"?'


def test_a_semicolon_in_a_question_is_no_delimiter(tmp_path: Path) -> None:
    rows = every(tmp_path, "q.csv", "question,answer\nWhy; how?,a\nWhat; and why; when?,b\n")
    assert [row["question"] for row in rows] == ["Why; how?", "What; and why; when?"]


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    assert one(tmp_path, "q.csv", "question\nWhy; how?\n")["question"] == "Why; how?"


def test_a_ragged_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 3: 2 columns were expected, not 3"):
        every(tmp_path, "q.csv", "question,answer\na?,1\nb?,2,3\n")


def test_a_table_that_is_no_utf_8_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give UTF-8 text"):
        every(tmp_path, "q.csv", "question,answer\nGrün?,1\n".encode("latin-1"))


def test_mmlus_files_have_no_line_of_names(tmp_path: Path) -> None:
    text = 'Which is a fish?,cat,cod,cow,B\n"Which, then, is not?",a cat,a cod,a cow,a\n'
    with pytest.raises(DataError):
        every(tmp_path, "a.csv", text)  # the last column holds a letter that is no choice's
    rows = every(tmp_path, "q.csv", text.replace(",a\n", ",A\n"))
    assert rows[0]["question"] == CHOSEN
    assert [row["answer"] for row in rows] == ["B", "A"]


def test_columns_of_a_file_without_names_have_numbers(tmp_path: Path) -> None:
    rows = every(tmp_path, "q.csv", "4,Two and two?\n6,Three and three?\n", Columns("2", "1"))
    assert [(row["question"], row["answer"]) for row in rows] == [
        ("Two and two?", "4"),
        ("Three and three?", "6"),
    ]


FISH = {"question": "Which is a fish?"}
THREE = ["cat", "cod", "cow"]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"choices": THREE, "answer": 1}, id="mmlu of the hub: a position"),
        pytest.param({"options": THREE, "answer": "B", "answer_index": 1}, id="mmlu-pro"),
        pytest.param({"choices": THREE, "label": "1"}, id="a position as text"),
        pytest.param(
            {"choices": {"text": THREE, "label": ["A", "B", "C"]}, "answerKey": "B"}, id="arc"
        ),
        pytest.param(
            {"choices": {"text": THREE, "label": ["1", "2", "3"]}, "answerKey": "2"}, id="arc 2"
        ),
        pytest.param(
            {"options": dict(zip("ABC", THREE, strict=True)), "answer_idx": "B"}, id="medqa"
        ),
        pytest.param({"A": "cat", "B": "cod", "C": "cow", "answer": "b"}, id="columns"),
        pytest.param({"opa": "cat", "opb": "cod", "opc": "cow", "cop": 1}, id="medmcqa"),
        pytest.param(
            {"option1": "cat", "option2": "cod", "option3": "cow", "answer": "2"}, id="numbers"
        ),
        pytest.param({"choices": THREE, "answer": "Cod"}, id="the text of a choice"),
        pytest.param({"choices": THREE, "answer": "(B)"}, id="brackets"),
    ],
)
def test_choices_are_shown_and_their_answer_is_a_letter(
    tmp_path: Path, row: dict[str, Any]
) -> None:
    read = one(tmp_path, "q.jsonl", json.dumps(FISH | row))
    assert (read["question"], read["answer"]) == (CHOSEN, "B")
    grade = grader([read], tmp_path / "q.jsonl")
    assert grade(read, "A cod lives in water, so the answer is (B).") is True
    assert grade(read, "The answer is C.") is False


def test_choices_in_the_question_are_not_shown_again(tmp_path: Path) -> None:
    row = {"question": CHOSEN, "choices": THREE, "answer": "B"}
    assert one(tmp_path, "q.jsonl", json.dumps(row))["question"] == CHOSEN


def test_an_answer_that_is_no_choice_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: the answer 'E' is none of the 3 choices"):
        one(tmp_path, "q.jsonl", json.dumps(FISH | {"choices": THREE, "answer": "E"}))


def test_a_json_file_is_a_list_or_has_one(tmp_path: Path) -> None:
    rows = [{"input": "2?", "target": ["two", "2"]}, {"input": "3?", "target": "3"}]
    for whole in (rows, {"name": "task", "examples": rows}):
        read = every(tmp_path, "q.json", json.dumps(whole))
        assert [(r["answer"], r.get("aliases")) for r in read] == [("two", ["2"]), ("3", None)]
    assert len(every(tmp_path, "q.json", "\n".join(map(json.dumps, rows)))) == 2
    for bad in ("[1, 2]", "{", '"text"'):
        with pytest.raises(DataError):
            every(tmp_path, "q.json", bad)


def test_a_solution_has_its_answer_in_a_box(tmp_path: Path) -> None:
    row = {
        "problem": "Half of one?",
        "solution": "It is $\\boxed{\\frac{1}{2}}$, so.",
        "level": "1",
    }
    assert one(tmp_path, "q.jsonl", json.dumps(row))["answer"] == "\\frac{1}{2}"


def test_parquet_has_choices_too(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table = pyarrow.table({"question": ["Which is a fish?"], "choices": [THREE], "answer": [1]})
    parquet.write_table(table, tmp_path / "q.parquet")
    (row,) = read_rows(tmp_path / "q.parquet")
    assert (row["question"], row["answer"]) == (CHOSEN, "B")


def test_chess_state_tracking_is_read_as_its_authors_publish_it(tmp_path: Path) -> None:
    examples = [{"input": "e2e4 e7e5 g1", "target": ["f3", "h3", "e2"]}]
    task = {"name": "chess_state_tracking", "keywords": ["chess"], "examples": examples}
    row = one(tmp_path, "task.json", json.dumps(task))
    grade = grader([row], tmp_path / "task.json", extract="square")
    assert [grade(row, text) for text in ("The answer is h3.", "(f3)", "a8", "...")] == [
        *(True, True),
        *(False, False),
    ]
    assert grader([row], tmp_path / "task.json")(row, "...") is False
