"""Samples are drawn once; every vote, rule and number of samples is evaluated from them."""

import json
import random
from pathlib import Path

import pytest

from manyminds.apps.cli import main
from manyminds.errors import InputError
from manyminds.evals.resample import RULES, VOTES, Resampling, leader, shuffled, stopped
from manyminds.evals.samples import Drawn, bundled_samples
from manyminds.models.bundled import bundled
from manyminds.models.simulated.model import questions
from manyminds.votes import stopping
from manyminds.votes.votes import labels, majority


def drawn(seed: int, count: int = 60, samples: int = 12) -> list[Drawn]:
    """Return samples of four members, of which two are right 8 times in 10."""
    draw = random.Random(seed)
    found = list[Drawn]()
    for n in range(count):
        members = ["good", "fair", "poor", "poorer"] * (samples // 4)
        skill = {"good": 0.8, "fair": 0.8, "poor": 0.4, "poorer": 0.3}
        votes = [0 if draw.random() < skill[m] else draw.randint(1, 4) for m in members]
        found.append(Drawn(str(n), members, votes, [v == 0 for v in votes], [5] * samples))
    return found


@pytest.mark.parametrize("name", [*(rule.format(most=12) for rule in RULES), "beta:0.9|esc:3"])
def test_a_rule_stops_where_asking_one_by_one_stops(name: str) -> None:
    rule = stopping.rule(name, cap=12)
    for seed in range(40):
        draw = random.Random(seed)
        votes = [draw.choice([None, 0, 0, 0, 1, 2]) for _ in range(12)]
        by_one = next((n for n in range(1, 13) if rule.stop(votes[:n]) is not None), 12)
        assert stopped(rule, votes) == by_one


def test_the_leader_is_the_winner_of_a_majority() -> None:
    for seed in range(200):
        draw = random.Random(seed)
        answers = [draw.choice([None, "a", "b", "c"]) for _ in range(draw.randint(1, 9))]
        assert leader(labels(answers)) == majority(answers)["winner"]


def test_the_figures_are_those_of_voting_by_hand() -> None:
    samples = drawn(1)
    run = Resampling(samples, orders=1, seed=3)
    right = 0
    for one in samples:
        order = shuffled(12, 3, one.id)[:5]
        won = majority([str(one.labels[place]) for place in order])["winner"]
        right += won is not None and one.right[order[won]]
    figure = run.size(5)
    assert figure.accuracy == pytest.approx(right / len(samples))
    assert (figure.samples, figure.tokens) == (5, 25)
    assert run.size(12).same == run.vote("majority").same == 1.0


def test_more_orders_narrow_no_figure_to_one_order() -> None:
    many = Resampling(drawn(2), orders=20).size(1)
    everything = Resampling(drawn(2), orders=20)
    one = sum(sum(each.right) for each in everything.drawn) / (60 * 12)
    assert many.accuracy == pytest.approx(one, abs=0.03)
    assert many.coverage == pytest.approx(one)


def test_weights_from_agreement_find_the_better_members() -> None:
    run = Resampling(drawn(3, count=200), orders=5)
    figures = {name: run.vote(name).accuracy for name in VOTES}
    assert figures["agreement"] > figures["majority"]
    assert figures["weighted"] > figures["majority"]
    assert run.chosen().accuracy > figures["majority"]


def test_unknown_votes_and_no_samples_are_one_sentence() -> None:
    run = Resampling(drawn(4))
    with pytest.raises(InputError, match="majority, agreement"):
        run.vote("bleu")
    with pytest.raises(InputError, match="give samples"):
        Resampling([])


def test_the_bundled_answers_are_samples() -> None:
    samples = bundled_samples(bundled("gsm8k-44"))
    assert len(samples) == 1319
    assert all(set(one.labels) != {None} for one in samples)
    assert 0.8 < sum(sum(one.right) / len(one.right) for one in samples) / 1319 < 0.95


def test_kept_samples_are_evaluated_again_and_answer_as_a_member(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, kept = tmp_path / "q.jsonl", tmp_path / "kept.jsonl"
    rows = questions(6, 4, seed=5)
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ["--member", "simulated:small", "--member", "simulated:medium", "--samples", "8"]
    assert main(["eval", "agent-forest", str(data), *asked, "--keep", str(kept), "--json"]) == 0
    evaluated = json.loads(capsys.readouterr().out)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert len(lines) == 6
    assert {"model", "draw", "text", "usage"} <= lines[0]["samples"][0].keys()
    for more in ([], ["--data", str(data)]):
        assert main(["resample", str(kept), *more, "--orders", "3", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        figures = {one["name"]: one for one in found["figures"]}
        assert found["questions"] == 6 and len(found["members"]) == 2
        assert figures["5"]["samples"] == 5 and figures["5"]["tokens"] > 0
        assert figures["majority"]["accuracy"] == pytest.approx(evaluated["accuracy"], abs=0.34)
    assert main(["eval", "agent-forest", str(data), "--members-from", str(kept), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["unanswered"] == 0


@pytest.mark.integration
def test_samples_of_repeats_and_of_a_second_evaluation_are_further_draws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, kept = tmp_path / "q.jsonl", tmp_path / "kept.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in questions(3, 4, seed=5)))
    command = ["eval", "agent-forest", str(data), "--member", "simulated:small", "--samples", "2"]
    for samples in (6, 12):
        assert main([*command, "--repeats", "3", "--keep", str(kept), "--json"]) == 0
        capsys.readouterr()
        assert main(["resample", str(kept), "--curve", str(samples), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["figures"][0]["samples"] == samples
        with kept.open("a") as file:
            file.write('{"id": "torn')  # by a crash


def test_a_question_without_an_answer_is_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, kept = tmp_path / "q.jsonl", tmp_path / "kept.jsonl"
    rows = [dict(row) for row in questions(4, 4, seed=5)]
    rows[2]["answer"] = None
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = ["eval", "agent-forest", str(data), "--member", "simulated:small", "--samples", "2"]
    assert main([*command, "--keep", str(kept), "--json"]) == 0
    capsys.readouterr()
    assert main(["resample", str(kept), "--json"]) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["questions"] == 3
    assert "1 question left out" in printed.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gone.jsonl"], "cannot read"),
        (["gsm8k-44", "--data", "x.jsonl"], "reference answers of its own|its own reference"),
        (["gsm8k-44", "--limit", "3", "--stop", "betta:0.9"], "betta"),
    ],
)
def test_wrong_arguments_are_one_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["resample", *arguments]) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert any(part in said for part in says.split("|"))
