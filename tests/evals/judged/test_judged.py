"""Tasks that a judge grades: the authors' files, what judges prefer, and what they cost."""

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.messages import BaseMessage
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

from manyminds import Member, create_agent_forest
from manyminds.apps.cli import main
from manyminds.errors import DataError, RunError
from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.length import win_rate
from manyminds.evals.judged.run import Judged, ajudge
from manyminds.evals.judged.tasks import judged_task
from manyminds.fence import parse_numbered
from manyminds.prices import Price
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply

ALPACA = judged_task("alpaca-eval")
Chooser = Callable[[list[str]], int]


def shown(messages: list[BaseMessage]) -> list[str]:
    return [text for _, text in parse_numbered(messages[-1].text)]


def judging(choose: Chooser) -> ScriptedChatModel:
    def reply(messages: list[BaseMessage], _data: Metadata) -> ScriptedReply:
        choice = choose(shown(messages)) + 1
        return ScriptedReply(json.dumps({"reason": "so", "choice": choice}), usage=(100, 10))

    return ScriptedChatModel(reply)


def first(_texts: list[str]) -> int:
    return 0


def longer(texts: list[str]) -> int:
    return int(len(texts[1]) > len(texts[0]))


def fair(texts: list[str]) -> int:
    return int(quality(texts[1]) > quality(texts[0]))


def quality(text: str) -> int:
    found = re.search(r"quality (\d+)", text)
    return int(found[1]) if found else 0


def words(draw: random.Random) -> str:
    return f"quality {draw.randint(0, 99)} " + "word " * draw.randint(1, 60)


def alpaca(tmp_path: Path, count: int) -> Path:
    draw = random.Random(3)
    rows = [
        {"instruction": f"Do {n}.", "output": words(draw), "dataset": "set"} for n in range(count)
    ]
    path = tmp_path / "alpaca_eval.json"
    path.write_text(json.dumps(rows))
    return path


def answering() -> Any:
    def reply(messages: list[BaseMessage], _data: Metadata) -> str:
        return words(random.Random(messages[-1].text))

    member = Member(ScriptedChatModel(reply), name="m", price=Price(input=1, output=1))
    return create_agent_forest([member], samples=1, prompt=None).compile()


async def against(tmp_path: Path, choose: Chooser, count: int = 60) -> Judged:
    judge = Judge(Member(judging(choose), name="judge", price=Price(input=1, output=2)), ALPACA)
    return await ajudge(ALPACA, ALPACA.items(alpaca(tmp_path, count)), answering(), judge)


async def test_a_judge_that_prefers_the_first_answer_is_caught(tmp_path: Path) -> None:
    found = await against(tmp_path, first)
    place = found.preferences[0]
    assert place.caught and place.kind == "first" and place.share == 1.0
    assert "chose the first answer in 100%" in str(place)
    assert found.consistency == 0.0
    assert found.wins is not None and found.wins.raw == 0.5  # both orders cancel it


async def test_a_judge_that_prefers_the_longer_answer_is_caught(tmp_path: Path) -> None:
    found = await against(tmp_path, longer)
    _, length = found.preferences
    assert length.caught and length.kind == "longer" and length.share == 1.0
    assert found.wins is not None and found.wins.length_effect > 1
    assert abs(found.wins.controlled - 0.5) < 0.25


async def test_a_fair_judge_is_not_caught(tmp_path: Path) -> None:
    found = await against(tmp_path, fair, 120)
    assert not any(one.caught for one in found.preferences)
    assert found.consistency is not None and found.consistency > 0.95
    assert found.wins is not None
    assert found.wins.controlled == pytest.approx(found.wins.raw, abs=0.05)


async def test_the_judges_cost_is_told_apart(tmp_path: Path) -> None:
    found = await against(tmp_path, fair, 5)
    assert (found.judge.calls, found.judge.tokens) == (10, 1100)
    assert found.judge.cost == pytest.approx(10 * (100 * 1 + 10 * 2) / 1e6)
    assert (found.method.calls, found.method.tokens) == (5, 75)
    assert found.method.cost == pytest.approx(75 / 1e6)


def test_length_control_is_a_logistic_regression() -> None:
    draw = np.random.default_rng(5)
    lengths = draw.integers(50, 2000, size=(600, 2))
    delta = np.tanh((lengths[:, 0] - lengths[:, 1]) / (lengths[:, 0] - lengths[:, 1]).std())
    wins = (draw.random(600) < 1 / (1 + np.exp(-(0.4 + 1.5 * delta)))).astype(float)
    found = win_rate(list(wins), [(int(a), int(b)) for a, b in lengths])
    model = LogisticRegression(C=1e6).fit(delta[:, None], wins)
    assert found.length_effect == pytest.approx(float(model.coef_[0][0]), rel=0.03)
    expected = float(1 / (1 + np.exp(-model.intercept_[0])))
    assert found.controlled == pytest.approx(expected, abs=0.01)
    assert found.controlled == pytest.approx(1 / (1 + np.exp(-0.4)), abs=0.06)


def rating(scores: dict[str, int]) -> ScriptedChatModel:
    return ScriptedChatModel("Here it is: " + json.dumps({"reason": "so", **scores}))


async def test_mt_bench_rates_both_turns_within_the_conversation(tmp_path: Path) -> None:
    task = judged_task("mt-bench")
    row = {"question_id": 81, "category": "math", "turns": ["2 + 2?", "And doubled?"]}
    path = tmp_path / "question.jsonl"
    path.write_text(json.dumps(row | {"reference": ["It is 4.", "It is 8."]}) + "\n")

    def reply(messages: list[BaseMessage], _data: Metadata) -> str:
        return f"answer {len(messages)}"

    seen: list[list[str]] = []

    def grade(messages: list[BaseMessage], _data: Metadata) -> str:
        seen.append([message.text for message in messages])
        return (
            '{"reason": "", "overall": 8}' if "answer 3" in messages[-1].text else '{"overall": 4}'
        )

    app = create_agent_forest([ScriptedChatModel(reply)], samples=1, prompt=None).compile()
    judge = Judge(Member(ScriptedChatModel(grade), name="judge"), task)
    found = await ajudge(task, task.items(path), app, judge)
    assert found.ratings["turn 1"].mean == 4 and found.ratings["turn 2"].mean == 8
    assert found.ratings["all"].mean == found.ratings["group math"].mean == 6
    assert "It is 8." in seen[1][-1] and "answer 1" in " ".join(seen[1][:-1])


async def test_flask_and_just_eval_rate_the_aspects_of_the_item(tmp_path: Path) -> None:
    app = create_agent_forest([ScriptedChatModel("Sure.")], samples=1, prompt=None).compile()
    flask = judged_task("flask")
    path = tmp_path / "flask.jsonl"
    row = {
        "question_id": 1,
        "text": "Do.",
        "answer": "Done.",
        "metrics": ["Factuality", "Conciseness"],
    }
    path.write_text(json.dumps(row | {"difficulty_labeled": "hard"}))
    judge = Judge(
        Member(rating({"factuality": 5, "Conciseness": 3, "Readability": 1}), name="j"), flask
    )
    found = await ajudge(flask, flask.items(path), app, judge)
    assert {n: r.mean for n, r in found.ratings.items()} == {
        "Factuality": 5, "Conciseness": 3, "all": 4, "group hard": 4,
    }  # fmt: skip
    just = judged_task("just-eval")
    rows = [{"instruction": "Hi."}, {"instruction": "Harm?", "dataset": "safety"}]
    (tmp_path / "just.json").write_text(json.dumps(rows))
    items = just.items(tmp_path / "just.json")
    assert len(items[0].aspects) == 5 and items[1].aspects == ("safety",)


async def test_what_cannot_be_read_or_answered_is_counted_apart(tmp_path: Path) -> None:
    task = judged_task("mt-bench")
    rows = [{"question_id": n, "category": "c", "turns": [f"turn {n}"]} for n in range(3)]
    path = tmp_path / "question.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    def reply(messages: list[BaseMessage], _data: Metadata) -> ScriptedReply | Exception | str:
        return ValueError("down") if "turn 1" in messages[-1].text else messages[-1].text

    def grade(messages: list[BaseMessage], _data: Metadata) -> str:
        return "Very good!" if "turn 2" in messages[-1].text else '{"overall": 10}'

    app = create_agent_forest([ScriptedChatModel(reply)], samples=1, prompt=None).compile()
    judge = Judge(Member(ScriptedChatModel(grade), name="judge"), task)
    found = await ajudge(task, task.items(path), app, judge, concurrency=1)
    assert (found.unanswered, found.ungraded) == (1, 1)
    assert found.ratings["all"].mean == pytest.approx((10 + 1) / 2)
    assert found.judge.failed == 1


async def test_answers_that_are_kept_are_not_asked_again(tmp_path: Path) -> None:
    items, kept = ALPACA.items(alpaca(tmp_path, 6)), tmp_path / "answers.jsonl"
    model = ScriptedChatModel("quality 50")
    app = create_agent_forest([model], samples=1, prompt=None).compile()
    for known in (3, 6):
        judge = Judge(Member(judging(fair), name="judge"), ALPACA)
        found = await ajudge(ALPACA, items[:known], app, judge, kept=kept)
        assert found.method.calls == known
    assert len(model.calls) == len(kept.read_text().splitlines()) == 6


async def test_a_judge_that_is_down_ends_the_run(tmp_path: Path) -> None:
    judge = Judge(Member(ScriptedChatModel(ValueError("no key")), name="judge"), ALPACA)
    with pytest.raises(RunError, match="the judge cannot be asked.*no key"):
        await ajudge(ALPACA, ALPACA.items(alpaca(tmp_path, 3)), answering(), judge)


def test_a_file_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a"}\n')
    for name in ("alpaca-eval", "mt-bench", "just-eval", "flask"):
        with pytest.raises(DataError, match=f"no row of {name}"):
            judged_task(name).items(path)


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = alpaca(tmp_path, 3)
    command = ["judge", "alpaca-eval", str(path), "--member", "simulated:small"]
    assert main([*command, "--by", "simulated:large", "--samples", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["judge"]["calls"] == 6 and found["prompt"] == "evaluation/pair@1"
    assert main([*command, "--by", "simulated:large", "--samples", "1"]) == 0
    assert "ungraded" in capsys.readouterr().out  # simulated judges cannot read these
    assert main(["judge", "alpaca", str(path), "--by", "simulated:large"]) == 2
    assert "alpaca-eval, mt-bench" in capsys.readouterr().err
