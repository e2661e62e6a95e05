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


CHAT = [
    {"role": "system", "content": "Be short."},
    {"role": "user", "content": "Two and two?"},
    {"role": "assistant", "content": "4"},
]


@pytest.mark.parametrize(
    ("row", "question", "answers"),
    [
        pytest.param({"Q": "Two?", "A": "2"}, "Two?", ["2"], id="letters"),
        pytest.param({"question": "Two?", "Ground Truth": 2}, "Two?", ["2"], id="ground truth"),
        pytest.param({"prompt": "Two?", "completion": "2"}, "Two?", ["2"], id="completion"),
        pytest.param({"messages": CHAT}, "Be short.\n\nTwo and two?", ["4"], id="chat"),
        pytest.param(
            {"input": CHAT[:2], "ideal": "4"},
            "Be short.\n\nTwo and two?",
            ["4"],
            id="list of turns",
        ),
        pytest.param(
            {"context": "Ann has 3 cats.", "question": "How many?", "answer": "3"},
            "Ann has 3 cats.\n\nHow many?",
            ["3"],
            id="context",
        ),
        pytest.param(
            {"document": "file.pdf", "question": "How many?", "answer": "3"},
            "How many?",
            ["3"],
            id="name of a document",
        ),
        pytest.param(
            {"question": "Where?", "answers": {"text": ["Rome", "Rome"], "answer_start": [1, 9]}},
            "Where?",
            ["Rome"],
            id="SQuAD",
        ),
        pytest.param(
            {"question": "Who?", "answer": {"value": "Ann Lee", "aliases": ["Ann", "A. Lee"]}},
            "Who?",
            ["Ann Lee", "Ann", "A. Lee"],
            id="TriviaQA",
        ),
        pytest.param(
            {"question": "As JSON?", "answer": {"age": 3}}, "As JSON?", ['{"age": 3}'], id="object"
        ),
    ],
)
def test_forms_of_public_files_are_read(
    tmp_path: Path, row: dict[str, Any], question: str, answers: list[str]
) -> None:
    read = one(tmp_path, "q.jsonl", json.dumps(row))
    assert read["question"] == question
    assert [read["answer"], *read.get("aliases", [])] == answers


@pytest.mark.parametrize(
    "cell",
    [
        '["cat", "cod", "cow"]',
        "['cat', 'cod', 'cow']",
        "['cat' 'cod' 'cow']",
        "A) cat; B) cod; C) cow",
        "cat|cod|cow",
        "A. cat\nB. cod\nC. cow",
    ],
)
def test_choices_in_one_cell_are_read(tmp_path: Path, cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    row = one(tmp_path, "q.csv", f"question,options,answer\nWhich is a fish?,{quoted},cod\n")
    assert (row["question"], row["answer"]) == (CHOSEN, "B")


@pytest.mark.parametrize("answer", ["B) cod", "b. Cod", "(B) cod"])
def test_an_answer_with_letter_and_text_is_a_choice(tmp_path: Path, answer: str) -> None:
    row = {"question": "Which is a fish?", "choices": ["cat", "cod", "cow"], "answer": answer}
    assert one(tmp_path, "q.jsonl", json.dumps(row))["answer"] == "B"
    listed = [
        {"label": mark, "text": text} for mark, text in zip("ABC", row["choices"], strict=True)
    ]
    again = {**row, "choices": listed}
    assert one(tmp_path, "q.jsonl", json.dumps(again))["question"] == CHOSEN


@pytest.mark.parametrize(
    "whole",
    [
        {"question": ["Two?", "Three?"], "answer": [2, 3]},
        {"question": {"0": "Two?", "1": "Three?"}, "answer": {"0": 2, "1": 3}},
        {"a": {"question": "Two?", "answer": 2}, "b": {"question": "Three?", "answer": 3}},
        {"version": 1, "data": [{"question": "Two?", "answer": 2}, {"q": "Three?", "a": 3}]},
    ],
)
def test_objects_of_columns_or_of_rows_are_files_of_questions(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    rows = every(tmp_path, "q.json", json.dumps(whole))
    assert [(row["question"], row["answer"]) for row in rows] == [("Two?", "2"), ("Three?", "3")]


def test_the_same_question_with_another_answer_counts_too(tmp_path: Path) -> None:
    lines = [json.dumps({"question": "Two?", "answer": a}) for a in ("2", "two", "2", "two")]
    rows = every(tmp_path, "q.jsonl", "\n".join(lines))
    assert [row["answer"] for row in rows] == ["2", "two"]
    assert len({row["id"] for row in rows}) == 2


def test_a_table_without_names_that_begins_with_a_question(tmp_path: Path) -> None:
    rows = every(tmp_path, "q.csv", "Two and two?,4\nThree and three?,6\n")
    assert [row["answer"] for row in rows] == ["4", "6"]


def test_without_a_known_answer_column_the_way_to_name_it_is_said(tmp_path: Path) -> None:
    rows = every(tmp_path, "q.csv", "question,verdict\nTwo?,2\n")
    with pytest.raises(DataError, match="--answer-column"):
        grader(rows, tmp_path / "q.csv")
