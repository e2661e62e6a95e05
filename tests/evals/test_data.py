import gzip
import json
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.errors import DataError, InputError
from manyminds.evals.data import groups_of, read_rows
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
            [json.dumps({"question": "a", "answer": [{"is": 1}]})],
            "line 1: `answer` must be",
            id="answer",
        ),
        pytest.param(
            [json.dumps({"question": "a", "answer": [[1]]})],
            "line 1: `answer` must be",
            id="list in list",
        ),
        pytest.param(
            ['{"id": 1, "question": "a"}', '{"id": 1, "question": "b"}'], "line 2: id '1'", id="id"
        ),
        pytest.param([], "holds no questions", id="empty"),
        pytest.param(["question,answer", "a,b"], "looks like CSV or TSV, name the file", id="CSV"),
        pytest.param(["question\tanswer"], "looks like CSV or TSV, name the file", id="TSV"),
        pytest.param(["PK\x03\x04, x"], "looks like a spreadsheet, save it as CSV", id="sheet"),
        *(
            pytest.param([f'{{"question": "a", "answer": {n}}}'], "finite number or null", id=n)
            for n in ("NaN", "Infinity", "-Infinity", "1e999", "[1, NaN]")
        ),
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


def test_a_list_of_answers_holds_all_that_count_as_right(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [{"question": "a", "answer": ["UK", "Britain"]}])
    [row] = read_rows(path)
    assert (row["answer"], row.get("aliases")) == ("UK", ["Britain"])


@pytest.mark.parametrize(
    ("name", "mark"), [("rows.csv", ","), ("rows.tsv", "\t"), ("rows.csv.gz", ",")]
)
def test_tables_are_read_by_their_name(tmp_path: Path, name: str, mark: str) -> None:
    text = (
        f'\ufeffid{mark}question{mark}answer\n1{mark}"One, two?"{mark}2\n2{mark}"Why\nso?"{mark}\n'
    )
    data = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    assert read_rows(tmp_path / name) == [
        {"id": "1", "question": "One, two?", "answer": "2"},
        {"id": "2", "question": "Why\nso?", "answer": None},
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"question,answer\n", b"a,b\n1,2\n", b"question\n\xff\n", b"question,answer\na,b,c\n"],
)
def test_a_table_that_cannot_be_read_is_one_sentence(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "rows.csv").write_bytes(data)
    with pytest.raises(DataError) as caught:
        read_rows(tmp_path / "rows.csv")
    assert "rows.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_parquet_is_read_or_needs_pyarrow(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    if find_spec("pyarrow") is None:
        with pytest.raises(InputError, match="pyarrow"):
            read_rows(path)
        return
    table, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    parquet.write_table(table.table({"question": ["a?"], "answer": [["x", "y"]]}), path)
    assert read_rows(path)[0]["answer"] == "x"


def test_a_row_may_name_its_group(tmp_path: Path) -> None:
    rows = read_rows(
        write_rows(
            tmp_path / "q.jsonl",
            [{"id": 1, "question": "a?", "group": 7}, {"id": 2, "question": "b?"}],
        )
    )
    assert rows[0].get("group") == "7" and "group" not in rows[1]
    assert groups_of(rows) == {"1": "7", "2": "alone: 2"}
    assert groups_of(rows[1:]) is None
