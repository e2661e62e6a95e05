"""`manyminds select`: from recorded answers to a members file that other commands read."""

import json
from pathlib import Path

import pytest
from helpers.answers import sums, write_rows

from manyminds.apps.cli import main
from manyminds.models.simulated.arithmetic import questions

SIMULATED = ["--member", "simulated:small", "--member", "simulated:large"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return sums(tmp_path / "sums.jsonl", n=12)


def select(*arguments: str) -> list[str]:
    return ["select", "--calibration", "6", *arguments]


def test_json_has_what_was_chosen_and_how_it_does_on_the_rest(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data", str(path), "--members-from", str(path), "--repeats", "3", "--json"]
    assert main(select(*given)) == 0
    output = capsys.readouterr()
    found = json.loads(output.out)
    assert output.err == ""
    assert (found["accuracy"], found["best_single"], found["n"]) == (1.0, 1.0, 6)
    assert found["members"][0] == found["best_single_member"] == "good"
    assert "mute" not in found["members"]  # a question without a recording is not answered
    assert len(found["weights"]) == len(found["members"])


def test_the_file_written_is_read_by_ask_and_eval(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # a path is not broken across lines
    file = tmp_path / "members.json"
    given = ["--data", str(path), "--members-from", str(path), "--out", str(file)]
    assert main(select(*given)) == 0
    assert f"--members {file}" in capsys.readouterr().out.replace("\n", " ").replace("  ", " ")
    data = ["--data", str(path), "--members", str(file)]
    assert main(["eval", "agent-forest", *data, "--samples", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accuracy"] == 1.0
    assert main(["ask", "--members", str(file), "--samples", "1", "What is 3 + 3?"]) == 0
    assert "6" in capsys.readouterr().out


def test_for_an_aggregator_the_best_comes_first_and_the_next_are_its_fallbacks(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data", str(path), "--members-from", str(path), "--for", "aggregator", "--json"]
    assert main(select(*given)) == 0
    assert json.loads(capsys.readouterr().out)["members"] == ["good", "fair", "mute"]


def test_a_judge_prefers_who_is_right_more_often(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_rows = [{"id": q["id"], "question": q["question"]} for q in questions(30, 4, seed=1)]
    data = write_rows(tmp_path / "open.jsonl", open_rows)
    given = ["--data", str(data), *SIMULATED, "--judge", "simulated:large", "--json"]
    assert main(["select", "--calibration", "30", *given]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["win_rate"]["large"] > found["win_rate"]["small"]
    assert found["members"][0] == "large"


def test_recorded_scores_take_a_judges_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {
            "id": f"w{n}",
            "question": f"Write about {n}.",
            "model": "many",
            "samples": [
                {"model": "plain", "text": f"It is {n}.", "score": 4},
                {"model": "vivid", "text": f"Behold the great {n}!", "score": 7 + n % 2},
            ],
        }
        for n in range(6)
    ]
    data = write_rows(tmp_path / "writing.jsonl", rows)
    given = ["--data", str(data), "--members-from", str(data), "--scores", "--json"]
    assert main(select(*given)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["win_rate"] == {"plain": 0.0, "vivid": 1.0}
    assert found["members"] == ["vivid", "plain"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--calibration", "12"], "give 1 to 11"),
        (["--scores"], "give --judge X"),
    ],
)
def test_wrong_input_is_one_sentence(
    path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--data", str(path), "--members-from", str(path)]
    assert main(["select", *given, *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err.replace("\n", " ")


def test_one_member_is_no_choice(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["select", "--data", str(path), "--member", "simulated:small"]) == 2
    assert "at least 2 members" in capsys.readouterr().err


def test_without_labels_it_chooses_by_agreement_and_warns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"question": row["question"]} for row in questions(40, 4)]
    data = write_rows(tmp_path / "questions.jsonl", rows)
    members = [*("--member", "simulated:large"), *("--member", "simulated:small?skill=0.2")]
    more = [*("--member", "simulated:large?seed=1"), *("--member", "simulated:medium")]
    file = tmp_path / "members.json"
    given = ["select", "--unlabelled", "--data", str(data), *members, *more]
    assert main([*given, "--out", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    weights = dict(zip(found["members"], found["weights"], strict=True))
    assert set(found["members"][:2]) == {"large", "large-2"}
    assert weights.get("small", 0) < weights["medium"] < weights["large"]
    assert 0 < found["disagreement"] < 1 and "look right to each other" in found["warning"]
    assert json.loads(file.read_text())["unlabelled"] is True
    assert main(given) == 0
    assert "estimated by agreement" in " ".join(capsys.readouterr().out.split())


def test_without_labels_a_judge_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--data", str(path), "--members-from", str(path), "--unlabelled", "--scores"]
    assert main(select(*given)) == 2
    assert "--unlabelled takes no --judge" in capsys.readouterr().err
