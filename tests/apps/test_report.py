"""`manyminds report`: files, figures and advice from what compare and eval wrote."""

import csv
import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.apps.cli import main
from manyminds.models.simulated.arithmetic import questions

FILES = {"report.md", "report.html", "methods.csv", "pairs.csv"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compared")
    rows = [{**row, "group": place // 2} for place, row in enumerate(questions(16, 4, 1))]
    data = write_rows(folder / "sums.jsonl", rows)
    members = [f"--member=simulated:{name}" for name in ("small", "large")]
    given = ["--data", str(data), "--methods", "moa", "--budget-calls", "5", "--no-record"]
    assert main(["compare", *given, *members, "--out", str(folder / "out")]) == 0
    return folder / "out"


def test_it_writes_every_file_and_ends_with_the_advice(
    compared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(compared), "--out", str(tmp_path / "here")]) == 0
    printed = capsys.readouterr().out
    assert {path.name for path in (tmp_path / "here").iterdir()} == {*FILES, "report-plots"}
    text = (tmp_path / "here" / "report.md").read_text()
    last = text.rstrip().splitlines()[-1]
    assert last.startswith("> ") and text.rstrip().splitlines()[-3] == "## Advice"
    assert "".join(printed.split())[:60] in "".join(last.removeprefix("> ").split())
    assert "SIMULATED" in text and "manyminds compare" in text.replace(str(compared), "")
    assert "moa/synthesis@1#" in text and "sha256" in text and "langgraph 1." in text
    for plot in ("accuracy", "cost-tokens", "samples"):
        assert f"(report-plots/{plot}.png)" in text
        png = tmp_path / "here" / "report-plots" / f"{plot}.png"
        assert png.read_bytes().startswith(b"\x89PNG")


def test_tables_hold_the_figures_of_compare(
    compared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(compared), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    with (compared / "methods.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows] == [one["method"] for one in found["methods"]]
    assert [row["method"] for row in rows] == ["agent-forest", "moa", "self-refine", "best-member"]
    for row, one in zip(rows, found["methods"], strict=True):
        assert float(row["accuracy %"]) == pytest.approx(100 * one["accuracy"], abs=0.051)
        assert float(row["95 % low"]) == pytest.approx(100 * one["interval"][0], abs=0.051)
    assert [bool(row["gain low"]) for row in rows] == [False, True, True, True]
    with (compared / "pairs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 6
    assert found["advice"] in (compared / "report.html").read_text().replace("&#39;", "'")


def test_the_page_runs_nothing_and_asks_no_network(
    compared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = json.loads((compared / "compare.json").read_text())
    study["members"] = ["<script>alert(1)</script>", "a|b`c"]
    (compared / "compare.json").write_text(json.dumps(study))
    assert main(["report", str(compared)]) == 0
    page = (compared / "report.html").read_text()
    assert "<script" not in page and "&lt;script&gt;" in page
    assert "http://" not in page.replace("http-equiv", "") and "https://" not in page
    assert "\\<script\\>" in (compared / "report.md").read_text()


def test_the_folder_of_one_evaluation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(8, 4, 1)])
    given = ["--data", str(data), "--member", "simulated:small", "--member", "simulated:large"]
    forest = ["eval", "agent-forest", *given, "--samples", "6", "--out", str(tmp_path / "f")]
    assert main([*forest, "--no-record"]) == 0
    assert main(["report", str(tmp_path / "f")]) == 0
    text = (tmp_path / "f" / "report.md").read_text()
    assert "best-member" in text and "## Samples" in text and "eval agent-forest" in text
    assert main(["eval", "moa", *given, "--out", str(tmp_path / "m"), "--no-record"]) == 0
    assert main(["report", str(tmp_path / "m")]) == 0
    assert "is not known from this" in (tmp_path / "m" / "report.md").read_text()


def test_a_judge_that_prefers_the_first_is_shown(
    compared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged = [
        {"question": f"q{n}", "shown": ["a", "b"], "lengths": [90, 100 - n], "picked": int(n == 1)}
        for n in range(40)
    ]
    write_rows(compared / "judgements.jsonl", judged)
    assert main(["report", str(compared)]) == 0
    text = (compared / "report.md").read_text()
    assert "The judge chose the first answer in 98% of 40 comparisons (87% to 100%)" in text


def test_a_debate_tells_who_is_convinced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(12, 6, 1)])
    members = ["--member", "simulated:small", "--member", "simulated:large"]
    given = ["--data", str(data), "--methods", "debate", "--budget-calls", "4", "--no-record"]
    assert main(["compare", *given, *members, "--out", str(tmp_path / "out")]) == 0
    assert main(["report", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "report.md").read_text()
    assert "## What the debate does" in text
    for figure in ("adoption", "vulnerability", "oracle gap"):
        assert f"| {figure}: " in text
    kept = (tmp_path / "out" / "debates.jsonl").read_text()
    lines = [json.loads(line) for line in kept.splitlines()]
    assert len(lines) == 12 and all(len(r) == 2 for line in lines for r in line["rounds"])


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_a_folder_without_results_is_one_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / name)]) == 2
    err = capsys.readouterr().err
    assert "give a folder that `manyminds eval` or `compare` wrote" in err and err.count("\n") == 1
