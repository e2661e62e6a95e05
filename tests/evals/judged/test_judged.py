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

from manyminds import Member, create_agent_forest
from manyminds.apps.cli import main
from manyminds.errors import DataError, InputError, RunError
from manyminds.evals.judged.judge import Judge
from manyminds.evals.judged.length import read_published, win_rate
from manyminds.evals.judged.result import Judged
from manyminds.evals.judged.run import ajudge
from manyminds.evals.judged.tasks import judged_task
from manyminds.fence import parse_numbered
from manyminds.prices import Price
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply
from manyminds.views.judged import judged_sections
from manyminds.views.sections import markdown

ALPACA = judged_task("alpaca-eval")
Chooser = Callable[[list[str]], int]


def logistic(**options: Any) -> Any:
    """Return scikit-learn's regression: imported here, for it takes seconds in every process."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    return LogisticRegression(**options)


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
    model = logistic(C=1e6).fit(delta[:, None], wins)
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
    items, folder = ALPACA.items(alpaca(tmp_path, 6)), tmp_path / "out"
    model = ScriptedChatModel("quality 50")
    app = create_agent_forest([model], samples=1, prompt=None).compile()
    for known in (3, 6):
        judge = Judge(Member(judging(fair), name="judge"), ALPACA)
        found = await ajudge(ALPACA, items[:known], app, judge, folder=folder)
        assert found.method.calls == known
        assert found.judge.calls == 6  # for the three new ones, both orders
    assert len(model.calls) == len((folder / "answers.jsonl").read_text().splitlines()) == 6
    assert len((folder / "judgements.jsonl").read_text().splitlines()) == 12


async def test_a_judge_that_is_down_ends_the_run(tmp_path: Path) -> None:
    judge = Judge(Member(ScriptedChatModel(ValueError("no key")), name="judge"), ALPACA)
    with pytest.raises(RunError, match="the judge cannot be asked.*no key"):
        await ajudge(ALPACA, ALPACA.items(alpaca(tmp_path, 3)), answering(), judge)


def test_a_file_of_something_else_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "a"}\n')
    for name in ("alpaca-eval", "mt-bench", "just-eval", "flask", "mmau", "ceb"):
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
    prices = ["--price", "small=1,1", "--price", "large=3,3", "--json"]
    assert main([*command, "--by", "simulated:large", "--samples", "1", *prices]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["judge"]["cost"] == pytest.approx(3e-6 * found["judge"]["tokens"])
    assert found["method"]["cost"] == pytest.approx(1e-6 * found["method"]["tokens"])
    assert main(["judge", "alpaca", str(path), "--by", "simulated:large"]) == 2
    assert "alpaca-eval, mt-bench" in capsys.readouterr().err


async def test_repeated_verdicts_say_whether_the_judge_agrees_with_itself(tmp_path: Path) -> None:
    count = 0

    def fickle(texts: list[str]) -> int:
        nonlocal count
        count += 1
        return fair(texts) if count % 5 else first(texts)

    items = ALPACA.items(alpaca(tmp_path, 40))
    for choose, expected in ((fair, 1.0), (fickle, None)):
        judge = Judge(Member(judging(choose), name="judge"), ALPACA)
        found = await ajudge(ALPACA, items, answering(), judge, repeats=3)
        assert found.judge.calls == 40 * 2 * 3 and found.repeatability is not None
        assert found.preferences[0].n == 80  # repeats are no further evidence
        same = found.repeatability.agreement
        assert same == expected if expected else 0.7 < same < 1.0


def published_file(tmp_path: Path, count: int, draw: np.random.Generator) -> Path:
    """Write what AlpacaEval's authors publish: difficulties, and two reworded references."""
    hard = draw.normal(size=count)
    lines = ["preference,index,std_delta_len,instruction_difficulty,not_gamed_baseline,model"]
    for style, way in (("concise", 1.0), ("verbose", -1.0)):
        for place in range(count):
            length = way * abs(draw.normal())
            chance = 1 / (1 + np.exp(1.2 * np.tanh(length)))
            lines.append(f"{chance},{place},{length},{hard[place]},False,{style}")
    path = tmp_path / "df_gamed.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_authors_length_control_has_the_difficulty_of_instructions(tmp_path: Path) -> None:
    draw, count = np.random.default_rng(2), 400
    published = read_published(published_file(tmp_path, count, draw))
    hard = np.array([published.difficulty[n] for n in range(count)])
    lengths = [(int(a), int(b)) for a, b in draw.integers(200, 2000, size=(count, 2))]
    delta = np.array([a - b for a, b in lengths], dtype=float)
    logit = 0.6 + 1.5 * np.tanh(delta / delta.std(ddof=1)) + 0.9 * hard
    wins = (draw.random(count) < 1 / (1 + np.exp(-logit))).astype(float)
    found = win_rate(list(wins), lengths, range(count), published)
    # The same by scikit-learn's own cross-validation, on rows counted by their shares.
    theirs = -np.tanh(np.array(published.lengths))
    other = np.array([published.difficulty[n] for n in published.places])
    rows = np.vstack(
        [
            np.column_stack([theirs, other, np.zeros(len(other))]),
            np.column_stack([np.tanh(delta / delta.std(ddof=1)), hard, np.ones(count)]),
        ]
    )
    shares = np.concatenate([published.preferences, wins])
    weight = np.concatenate([np.full(len(other), 0.1), np.ones(count)])
    fitted = logistic(C=1e4, fit_intercept=False, solver="lbfgs", max_iter=5000).fit(
        np.vstack([rows, rows]),
        np.repeat([1, 0], len(rows)),
        sample_weight=np.concatenate([shares * weight, (1 - shares) * weight]),
    )
    assert found.length_effect == pytest.approx(fitted.coef_[0][0], rel=0.05)
    assert found.difficulty_effect == pytest.approx(fitted.coef_[0][1], rel=0.05)
    expected = float(np.mean(1 / (1 + np.exp(-(0.6 + 0.9 * hard)))))
    assert found.controlled == pytest.approx(expected, abs=0.05)
    assert found.controlled != win_rate(list(wins), lengths).controlled


def test_other_files_than_the_authors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("index,instruction_difficulty\n0,hard\n")
    with pytest.raises(DataError, match="df_gamed.csv"):
        read_published(path)
    published = read_published(published_file(tmp_path, 3, np.random.default_rng(0)))
    with pytest.raises(InputError, match="instruction 7 has no difficulty"):
        win_rate([1.0], [(3, 4)], [7], published)


def test_a_folder_is_reported_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = alpaca(tmp_path, 3), tmp_path / "out"
    command = ["judge", "alpaca-eval", str(path), "--member", "simulated:small", "--samples", "1"]
    command += ["--out", str(out), "--json"]
    for _ in range(2):
        assert main([*command, "--by", "simulated:large"]) == 0
        assert json.loads(capsys.readouterr().out)["method"]["calls"] == 3
    assert main([*command, "--by", "simulated:large", "--seed", "5"]) == 2
    assert "another seed: choose another --out" in capsys.readouterr().err
    assert main(["report", str(out)]) == 0
    assert "no verdict could be read" in capsys.readouterr().out
    assert "alpaca-eval" in (out / "report.html").read_text()


async def test_the_report_shows_what_the_judge_prefers(tmp_path: Path) -> None:
    items, folder = ALPACA.items(alpaca(tmp_path, 40)), tmp_path / "out"
    judge = Judge(Member(judging(longer), name="judge"), ALPACA)
    found = await ajudge(ALPACA, items, answering(), judge, folder=folder)
    about = {
        "task": "alpaca-eval", "paper": "p", "method": "agent-forest", "members": ["m"],
        "options": {}, "seed": 0, "prompts": [],
    }  # fmt: skip
    study = {
        "about": about,
        "found": {"items": 40, "judge_model": "j", "prompt": "p", **found.to_json()},
    }
    text = markdown("Report", judged_sections(json.loads(json.dumps(study)), []), "plots")
    assert "The judge chose the longer answer in 100% of" in text
    assert "read the figure at equal lengths" in text


def test_flask_is_read_in_both_forms_in_which_it_is_published(tmp_path: Path) -> None:
    path = tmp_path / "flask_evaluation.jsonl"
    again = {"idx": 4, "instruction": "Shorten it.", "answer": "So.", "skill": ["conciseness"]}
    rows = [
        {"question_id": 3, "text": "Shorten it.", "answer": "So.", "metrics": ["conciseness"]},
        {**again, "difficulty": "simple", "domain": ["Language"], "task": "Self-instruct"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    first, second = judged_task("flask").items(path)
    assert (first.id, second.id) == ("3", "4")
    assert first.turns == second.turns == ("Shorten it.",)
    assert first.aspects == second.aspects == ("Conciseness",)


@pytest.mark.parametrize(
    ("reply", "read"),
    [
        ('{"helpfulness": {"reason": "2 of 3 points", "score": "4"}, "clarity": "5/5"}', (4, 5)),
        ('{"helpfulness": 4.5, "clarity": true}', (4.5, None)),
        ('{"Helpfulness": "very", "clarity": 9}', (None, None)),
    ],
)
async def test_ratings_are_read_as_judges_write_them(
    tmp_path: Path, reply: str, read: tuple[float | None, float | None]
) -> None:
    task = judged_task("just-eval")
    path = tmp_path / "just.json"
    path.write_text(json.dumps([{"instruction": f"Do {n}.", "dataset": f"d{n}"} for n in range(2)]))
    app = create_agent_forest([ScriptedChatModel("Done.")], samples=1, prompt=None).compile()
    judge = Judge(Member(ScriptedChatModel(reply), name="judge"), task)
    found = await ajudge(task, task.items(path), app, judge)
    means = [found.ratings.get(name) for name in ("helpfulness", "clarity")]
    assert tuple(one and one.mean for one in means) == read
    assert found.ungraded == (2 if read == (None, None) else 0)


async def test_a_rating_of_one_aspect_may_have_any_name(tmp_path: Path) -> None:
    task = judged_task("mt-bench")
    path = tmp_path / "question.jsonl"
    path.write_text(json.dumps({"question_id": 1, "category": "c", "turns": ["Do."]}))
    app = create_agent_forest([ScriptedChatModel("Done.")], samples=1, prompt=None).compile()
    judge = Judge(Member(ScriptedChatModel('{"reason": "so", "rating": 7}'), name="j"), task)
    found = await ajudge(task, task.items(path), app, judge)
    assert found.ratings["all"].mean == 7


def test_items_with_one_id_stay_apart(tmp_path: Path) -> None:
    path = tmp_path / "test_all.jsonl"
    rows = [{"id": 7, "instruction": f"Do {n}.", "dataset": "lima"} for n in range(3)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    items = judged_task("just-eval").items(path)
    assert [item.id for item in items] == ["7", "7#2", "7#3"]
