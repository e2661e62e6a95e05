"""The advice follows from the figures: an ensemble where it is shown to help, else why not."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from manyminds.evals.advice import advice
from manyminds.evals.comparison import Measured
from manyminds.evals.eval_log import Outcome
from manyminds.evals.findings import find
from manyminds.evals.members_alone import Answered
from manyminds.evals.study import Study
from manyminds.prices import in_digits

COSTS = {"agent-forest": (9, 900), "moa": (10, 2_000), "smoa": (6, 1_200)}


def measured(method: str, right: list[bool]) -> Measured:
    calls, tokens = COSTS[method]
    found = Measured(method, {"samples": calls} if method == "agent-forest" else {})
    for place, correct in enumerate(right):
        found.add(
            Outcome(
                repeat=0, id=f"q{place}", answer="", correct=correct, error=None, degraded=None,
                calls=calls, failed=0, samples=calls, rounds=1, tokens=tokens, cost=tokens / 1e6,
                seconds=1.0,
            )
        )  # fmt: skip
    return found


def answers(right: dict[str, list[bool]], tokens: int = 50) -> list[Answered]:
    return [
        Answered(
            id=f"q{place}", member=name, answer="1" if one else name, right=one,
            input_tokens=tokens, output_tokens=tokens, cost=1e-4 if tokens else None, seconds=1.0,
        )
        for name, row in right.items()
        for place, one in enumerate(row)
    ]  # fmt: skip


def drawn(n: int, p: float, seed: int) -> list[bool]:
    random = Random(seed)
    return [random.random() < p for _ in range(n)]


def study(methods: dict[str, list[bool]], members: dict[str, list[bool]]) -> Study:
    found = [measured(name, right) for name, right in methods.items()]
    return Study(Path("none"), {}, [], found, {}, answers(members))


def test_an_ensemble_that_is_shown_to_help_is_advised_with_cost_and_gain() -> None:
    members = {name: drawn(400, 0.7, seed) for seed, name in enumerate("abc")}
    vote = [sum(row[place] for row in members.values()) >= 2 for place in range(400)]
    better = [one or place % 4 == 0 for place, one in enumerate(vote)]
    text = advice(find(study({"agent-forest": better, "moa": better}, members)))
    assert text.startswith("Use agent-forest (samples=9): it answers")
    assert "$0.0009, 9.0 calls, 900 tokens" in text, "the cheaper one of equals"
    assert "so the gain is +" in text and "the best single member (" in text.lower()


def test_a_cheaper_one_that_cannot_be_told_apart_is_preferred() -> None:
    members = {name: drawn(400, 0.5, seed) for seed, name in enumerate("abc")}
    good = drawn(400, 0.9, 9)
    best = [
        one or place == next(i for i, r in enumerate(good) if not r)
        for place, one in enumerate(good)
    ]
    text = advice(find(study({"agent-forest": good, "moa": best}, members)))
    assert text.startswith("Use agent-forest")
    assert "moa is the most accurate by count" in text and "cannot be distinguished" in text


def test_no_ensemble_where_members_fail_on_the_same_questions() -> None:
    strong = [place >= 12 for place in range(600)]
    weak = [right and place % 3 > 0 for place, right in enumerate(strong)]
    text = advice(find(study({"agent-forest": strong}, {"a": strong, "b": weak})))
    assert text.startswith("No ensemble helps here")
    assert "use a alone" in text and "the members fail on the same questions" in text


def test_a_member_that_is_nearly_always_right_leaves_nothing_to_gain() -> None:
    strong = [place != 7 for place in range(80)]
    weak = [place % 2 == 0 for place in range(80)]
    text = advice(find(study({"agent-forest": [True] * 80}, {"a": strong, "b": weak})))
    assert text.startswith("No ensemble helps here") and "a alone leaves nothing to gain" in text
    assert "fail on the same questions" not in text


def test_with_few_questions_it_says_how_many_would_be_needed() -> None:
    members = {"a": drawn(40, 0.6, 1), "b": drawn(40, 0.6, 2)}
    forest = [one or place == 3 for place, one in enumerate(members["a"])]
    forest[members["a"].index(False)] = True
    text = advice(find(study({"agent-forest": forest}, members)))
    assert text.startswith("No ensemble helps here that these questions could show")
    assert "40 questions only show differences of" in text and "would show this one" in text


def test_a_vote_that_costs_as_much_as_one_member_and_is_no_better_is_not_advised() -> None:
    single = drawn(60, 0.7, 3)
    vote = [one and place % 9 > 0 for place, one in enumerate(single)]
    forest = measured("agent-forest", vote)
    forest.calls, forest.tokens, forest.cost = 60, 0, None
    members = answers({"a": single, "b": drawn(60, 0.3, 4)}, tokens=0)
    text = advice(find(Study(Path("none"), {}, [], [forest], {}, members)))
    assert text.startswith("No ensemble helps here") and "use a alone" in text


def test_members_that_are_all_the_same_are_the_reason() -> None:
    same = drawn(60, 0.6, 5)
    text = advice(find(study({"agent-forest": same}, {"a": same, "b": same, "c": same})))
    assert "the members err alike: their votes are worth 1.0" in text


def test_members_that_are_as_good_are_both_named() -> None:
    one = [place % 2 == 0 for place in range(60)]
    text = advice(find(study({"smoa": one}, {"a": one, "b": [not right for right in one]})))
    assert " / " not in text
    assert "use a alone (or b, which is as good)" in text or "use b alone (or a" in text


def test_without_members_answers_nothing_is_claimed_of_them() -> None:
    text = advice(find(study({"agent-forest": drawn(50, 0.8, 1)}, {})))
    assert "is not known from this" in text
    two = advice(find(study({"agent-forest": drawn(50, 0.8, 1), "smoa": drawn(50, 0.8, 2)}, {})))
    assert two.startswith("Use ") and "no method was shown to be better" in two


def test_a_smaller_vote_is_advised_where_the_law_has_it() -> None:
    # 21 members that are right with 0.95 each: three votes are as good as all.
    members = {f"m{n}": drawn(300, 0.95, n) for n in range(21)}
    votes = [sum(row[place] for row in members.values()) > 10 for place in range(300)]
    forest = measured("agent-forest", votes)
    forest.calls *= 3
    found = find(Study(Path("none"), {}, [], [forest], {}, answers(members)))
    assert found.recommended is not None and found.recommended.samples <= 7
    assert "in place of 27 are enough" in advice(found)


@pytest.mark.integration
def test_a_target_and_a_budget_choose_the_number_of_samples() -> None:
    members = {f"m{n}": drawn(200, 0.7, n) for n in range(15)}
    votes = [sum(row[place] for row in members.values()) > 7 for place in range(200)]
    one = Study(Path("none"), {}, [], [measured("agent-forest", votes)], {}, answers(members))
    low, high = find(one, target=0.8).recommended, find(one, target=0.93).recommended
    assert low is not None and high is not None
    assert low.reached and low.samples < high.samples
    few = find(one, budget=5.5e-4).recommended  # an answer costs 1e-4
    assert few is not None and few.samples <= 5


@pytest.mark.integration
def test_a_budget_leaves_out_what_costs_more() -> None:
    members = {name: drawn(400, 0.7, seed) for seed, name in enumerate("abc")}
    better = [one or place % 4 == 0 for place, one in enumerate(members["a"])]
    both = study({"agent-forest": better, "moa": [True] * 400}, members)  # $0.0009 and $0.002
    assert advice(find(both)).startswith("Use moa")
    assert advice(find(both, budget=1e-3)).startswith("Use agent-forest (samples=9)")
    alone = advice(find(both, budget=2e-4))
    assert alone.startswith("Use ") and "no ensemble costs $0.0002 or less" in alone
    assert "agent-forest may have 1 sample for that" in alone
    none = find(both, budget=1.2e-4)
    found = advice(replace(none, budget=5e-5))
    assert found.startswith("No method costs $0.00005 or less a question: the cheapest, best")


@pytest.mark.parametrize(
    ("cost", "text"),
    [(0.0, "$0.0000"), (0.0009, "$0.0009"), (0.00021, "$0.00021"), (4.5e-7, "$0.00000045"),
     (0.0152, "$0.0152"), (0.00304, "$0.0030"), (1234.5, "$1,234.50")],
)  # fmt: skip
def test_small_costs_have_two_digits_that_count(cost: float, text: str) -> None:
    assert in_digits(cost) == text


def test_recorded_answers_without_tokens_are_compared_by_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(COSTS, "agent-forest", (9, 0))
    right = drawn(200, 0.6, 1)
    found = study({"agent-forest": right}, {})
    alike = answers(dict.fromkeys("abc", right), tokens=0)
    text = advice(find(Study(found.folder, {}, [], found.methods, {}, alike)))
    assert text.startswith("No ensemble helps here")
    assert "because the members err alike: their votes are worth 1.0" in text
