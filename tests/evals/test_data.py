import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.errors import DataError
from manyminds.evals.data import read_rows
from manyminds.questions import question_hash


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz"])
def test_rows_are_read_plain_and_compressed(tmp_path: Path, name: str) -> None:
    path = write_rows(
        tmp_path / name,
        [
            {"id": 7, "question": "Two?", "answer": 2, "samples": [{"text": "2", "correct": True}]},
            {"instruction": "Three?", "answer": None, "level": 5},
            {"id": "c", "prompt": "def f():\n", "entry_point": "f", "test": "def check(f): ..."},
        ],
    )
    assert read_rows(path) == [
        {"id": "7", "question": "Two?", "answer": "2"},
        {"id": question_hash("Three?"), "question": "Three?", "answer": None},
        {
            "id": "c",
            "question": "def f():\n",
            "answer": None,
            "prompt": "def f():\n",
            "entry_point": "f",
            "test": "def check(f): ...",
        },
    ]


def test_a_limit_takes_the_first_and_reads_no_further(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a"}\n\n{"question": "b"}\nnot JSON\n')
    assert [row["question"] for row in read_rows(path, limit=2)] == ["a", "b"]


def test_a_question_that_comes_again_is_one_question(tmp_path: Path) -> None:
    row = {"id": "a", "question": "Two?", "answer": "2"}
    path = write_rows(tmp_path / "rows.jsonl", [{**row, "samples": ["2"]}, {**row, "samples": []}])
    assert len(read_rows(path)) == 1


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        pytest.param(['{"id": 1, "question": "a"}', "{"], "line 2: not valid JSON", id="torn"),
        pytest.param(["[1]"], "line 1: a row must be a JSON object", id="list"),
        pytest.param(['{"id": 1, "answer": "x"}'], "line 1: no question", id="no question"),
        pytest.param(
            [json.dumps({"question": "a", "answer": [1]})], "line 1: `answer` must be", id="answer"
        ),
        pytest.param(
            ['{"id": 1, "question": "a"}', '{"id": 1, "question": "b"}'], "line 2: id '1'", id="id"
        ),
        pytest.param([], "holds no questions", id="empty"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(
    tmp_path: Path, lines: list[str], says: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=says) as error:
        read_rows(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("name", ["missing.jsonl", "false.jsonl.gz"])
def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "false.jsonl.gz").write_text("plain text")
    with pytest.raises(DataError, match="cannot read"):
        read_rows(tmp_path / name)
