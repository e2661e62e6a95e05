import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manyminds.errors import DataError
from manyminds.journal import Journal


def journal(path: Path, question: str = "Why?", task: str = "hanoi") -> Journal:
    return Journal(path, task=task, question=question)


def written(path: Path, *steps: str) -> Path:
    book = journal(path)
    there = len(list(book.steps()))
    for nth, step in enumerate(steps, there + 1):
        book.append(step, number=nth, votes=3, drawn=2 + nth)
    book.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "runs" / "steps.jsonl"


def test_what_is_appended_is_read_back_in_order(path: Path) -> None:
    assert list(journal(path).steps()) == []
    written(path, "1 A C", 'two\nlines and "quotes"', "é")
    assert list(journal(path).steps()) == ["1 A C", 'two\nlines and "quotes"', "é"]
    head, first, *_ = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    assert head["task"] == "hanoi" and head["question"] == "Why?"
    assert first == {"n": 1, "step": "1 A C", "votes": 3, "drawn": 3}


def test_appending_goes_on_after_closing_and_in_another_journal(path: Path) -> None:
    written(path, "a")
    written(path, "b")
    book = journal(path)
    book.append("c", number=3, votes=1, drawn=1)
    assert list(journal(path).steps()) == ["a", "b", "c"]  # a line is there as soon as appended
    book.close()
    book.close()
    book.append("d", number=4, votes=1, drawn=1)
    book.close()
    assert list(journal(path).steps()) == ["a", "b", "c", "d"]
    assert path.read_text(encoding="utf-8").count('"journal"') == 1


@pytest.mark.parametrize("torn", ['{"step": "c", "vo', '{"step": "c"}', "{"])
def test_a_torn_last_line_is_dropped(path: Path, torn: str) -> None:
    written(path, "a", "b")
    with path.open("a", encoding="utf-8") as file:
        file.write(torn)
    assert list(journal(path).steps()) == ["a", "b"]
    written(path, "d")
    assert list(journal(path).steps()) == ["a", "b", "d"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.data())
def test_wherever_it_is_torn_a_beginning_is_left(
    path: Path, steps: list[str], data: st.DataObject
) -> None:
    path.unlink(missing_ok=True)
    written(path, *steps)
    whole = path.read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    left = list(journal(path).steps())
    assert left == steps[: len(left)]
    assert list(journal(path).after(0)) == left
    written(path, "next")
    assert list(journal(path).steps()) == [*left, "next"]


@pytest.mark.parametrize("length", [1, 3_000, 50_000])
def test_steps_beyond_a_checkpoint_are_found(path: Path, length: int) -> None:
    assert list(journal(path).after(0)) == []
    steps = [letter * length for letter in "abcd"]
    written(path, *steps)
    for kept in range(6):
        assert list(journal(path).after(kept)) == steps[kept:]
    with path.open("a", encoding="utf-8") as file:
        file.write('{"n": 5, "st')
    assert list(journal(path).after(4)) == [] and list(journal(path).after(3)) == steps[3:]


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert list(journal(path).steps()) == []
    written(path, "a")
    assert list(journal(path).steps()) == ["a"]


@pytest.mark.parametrize("other", [journal(Path(), "What?"), journal(Path(), task="arithmetic")])
def test_the_journal_of_something_else_is_refused(path: Path, other: Journal) -> None:
    written(path, "a")
    other.path = path
    with pytest.raises(DataError, match="belongs to another task or question"):
        list(other.steps())


@pytest.mark.parametrize("text", ["hello\n", '{"id": 1}\n', "[1]\n", "12\n"])
def test_a_file_that_is_no_journal_is_refused(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="is no journal of steps"):
        list(journal(path).steps())
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("line", ["nonsense", '{"votes": 3}', "[1]", "null"])
def test_a_broken_line_in_the_middle_is_named(path: Path, line: str) -> None:
    written(path, "a")
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n" + '{"step": "c", "votes": 1, "drawn": 1}\n')
    with pytest.raises(DataError, match="line 3: this is no journal line"):
        list(journal(path).steps())


def test_a_broken_last_line_is_no_end_to_go_on_from(path: Path) -> None:
    written(path, "a")
    with path.open("a", encoding="utf-8") as file:
        file.write("nonsense\n")
    with pytest.raises(DataError, match="the last line is no journal line"):
        list(journal(path).after(0))
