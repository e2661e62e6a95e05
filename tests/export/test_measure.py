"""What a model knows: one reply, votes, sure votes; asked once, also after an interruption."""

from pathlib import Path
from typing import Any

import pytest

from manyminds.evals.data import Row
from manyminds.evals.grading import grader
from manyminds.export.measure import Sampling, measured, sample
from manyminds.json_lines import encoded, json_lines

SAMPLES = 4


def rows(*golds: str) -> list[Row]:
    return [
        Row(id=f"t{n}", question=f"Start with {n}. Add 2. What is the result?", answer=gold)
        for n, gold in enumerate(golds)
    ]


def votes(folder: Path, *counts: dict[str, int]) -> Path:
    """Write what `sample` writes: for each question how many replies gave which answer."""
    path = folder / "votes.jsonl"
    lines: list[dict[str, Any]] = []
    for n, given in enumerate(counts):
        groups, at = list[dict[str, Any]](), 0
        for answer, count in given.items():
            groups.append({"answer": answer, "indices": list(range(at, at + count)), "weight": 1})
            at += count
        lines.append({"item": f"t{n}", "ballot": {"vote": "majority", "groups": groups}})
    path.write_bytes(b"".join(map(encoded, lines)))
    return path


def test_replies_votes_and_sure_votes_are_counted_apart(tmp_path: Path) -> None:
    asked = rows("2", "3", "4", "5", "6")
    # sure and right; sure and wrong; unsure and right; two of four read; not answered at all
    path = votes(tmp_path, {"2": 3, "9": 1}, {"8": 3, "3": 1}, {"4": 2, "1": 1, "0": 1}, {"5": 2})
    found = measured(path, asked, grader(asked, path), SAMPLES)
    assert found.single == pytest.approx((3 + 1 + 2 + 2 + 0) / 20)
    assert found.read == pytest.approx(14 / 20)
    assert found.vote == pytest.approx(3 / 5)
    assert (found.sure, found.sure_right) == (2, 1)
    low, high = found.vote_interval
    assert low < found.vote < high


def test_a_vote_without_any_answer_is_wrong_and_not_sure(tmp_path: Path) -> None:
    asked = rows("2")
    path = tmp_path / "votes.jsonl"
    groups = [{"answer": "2 or so", "indices": [0, 1, 2, 3], "weight": 4.0}]
    line = {"item": "t0", "ballot": {"vote": "bleu", "groups": groups}}
    path.write_bytes(encoded(line))
    found = measured(path, asked, grader(asked, path), SAMPLES)
    assert (found.read, found.vote, found.sure) == (0, 0, 0)


def test_questions_are_asked_once_and_recorded(tmp_path: Path) -> None:
    asked, path, runs = rows("2", "3", "4"), tmp_path / "votes.jsonl", tmp_path / "runs"
    how = Sampling(SAMPLES, 64)
    first = sample("simulated:large", asked[:2], path, how, runs=runs)
    again = sample("simulated:large", asked, path, how, runs=runs)
    assert (first.done, again.done, again.kept) == (2, 1, 2)
    assert [row["item"] for _, row in json_lines(path)] == ["t0", "t1", "t2"]
    assert len(list(runs.glob("*.jsonl"))) == 3
    assert measured(path, asked, grader(asked, path), SAMPLES).questions == 3
