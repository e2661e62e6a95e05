"""Where a vote gains: by inherent difficulty, steps, prior and group."""

import json
from pathlib import Path
from typing import Any

import pytest

from manyminds.apps.cli import main
from manyminds.errors import InputError
from manyminds.evals.by_difficulty import by_difficulty
from manyminds.evals.samples import Drawn


def drawn(id: str, right: int, wrong: int, *, scattered: bool = True) -> Drawn:
    labels = [0] * right + [1 + (n if scattered else 0) for n in range(wrong)]
    return Drawn(id, ["m"] * len(labels), labels, [not one for one in labels], [0] * len(labels))


def test_questions_that_are_often_right_gain_most_in_the_middle() -> None:
    easy = [drawn(f"easy {n}", 19, 1) for n in range(8)]
    middle = [drawn(f"middle {n}", 9, 11) for n in range(8)]
    hard = [drawn(f"hard {n}", 1, 19, scattered=False) for n in range(8)]
    found = {one.group: one for one in by_difficulty([*easy, *middle, *hard], "difficulty", seed=2)}
    order = ["under 30 %", "30 to 60 %", "60 to 90 %", "90 % and more"]
    assert list(found) == [name for name in order if name in found]
    assert found["30 to 60 %"].gain > 0.3 > found["90 % and more"].gain
    assert found["under 30 %"].voted < 0.2
    assert sum(one.n for one in found.values()) == 24


def test_the_samples_that_sort_do_not_vote() -> None:
    # Of two right and two wrong samples, the halves are never both right and both sorting.
    found = by_difficulty([drawn(f"q{n}", 2, 2) for n in range(60)], "difficulty", seed=1)
    hardest = next(one for one in found if one.group == "under 30 %")
    assert hardest.single == 1.0  # both right samples are in the half that votes


@pytest.mark.parametrize(
    ("side", "row", "group"),
    [
        ("steps", {"steps": 3}, "3 steps"),
        ("steps", {"answer": "2 and 2 is <<2+2=4>>4, and <<4*2=8>>8\n#### 8"}, "2 steps"),
        ("steps", {"solution": "<<1+1=2>>"}, "1 step"),
        ("prior", {"choices": ["a", "b", "c", "d"]}, "1/4"),
        ("prior", {"question": "Which?\nA) one\nB) two"}, "1/2"),
        ("group", {"group": "history"}, "history"),
    ],
)
def test_rows_tell_their_side(side: Any, row: dict[str, Any], group: str) -> None:
    found = by_difficulty([drawn("q", 3, 1)], side, {"q": row})
    assert [one.group for one in found] == [group]
    assert found[0].single == 0.75 and found[0].voted == 1.0


def test_groups_come_in_order() -> None:
    rows = {f"q{n}": {"steps": n} for n in (10, 2, 9)}
    found = by_difficulty([drawn(id, 3, 1) for id in rows], "steps", rows)
    assert [one.group for one in found] == ["2 steps", "9 steps", "10 steps"]


@pytest.mark.parametrize("side", ["steps", "prior", "group"])
def test_rows_that_do_not_tell_say_what_to_give(side: Any) -> None:
    with pytest.raises(InputError, match="give"):
        by_difficulty([drawn("q", 3, 1)], side, {"q": {"question": "Why?"}})


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {
            "id": f"q{n}", "question": f"Which?\nA) {n}\nB) 2\nC) 3", "answer": "A", "steps": n % 2,
            "samples": [{"model": "m", "text": f"The answer is {one}."} for one in "AABC"],
        }
        for n in range(6)
    ]  # fmt: skip
    file = tmp_path / "samples.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["resample", str(file), "--by", "prior", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["gains"]
    assert (found["group"], found["single"], found["voted"]) == ("1/3", 0.5, 1.0)
    assert main(["resample", str(file), "--by", "difficulty"]) == 0
    assert "others right" in capsys.readouterr().out
    assert main(["resample", str(file), "--by", "colour"]) == 2
    assert "difficulty, steps, prior, group" in capsys.readouterr().err
