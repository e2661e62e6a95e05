"""Environments: tasks with known results, and actions that can neither hang nor break out."""

import sqlite3
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyminds.environments import (
    ENVIRONMENTS,
    FINISH,
    SPLITS,
    Action,
    ArithmeticEnvironment,
    HouseholdEnvironment,
    Sizes,
    SQLEnvironment,
    environment,
)
from manyminds.environments.arithmetic import calculate
from manyminds.environments.sql import query
from manyminds.environments.sql_tasks import build
from manyminds.errors import InputError
from manyminds.reading.actions import read_action

SHOP = build(0, 1)
OURS = pytest.mark.parametrize("name", ENVIRONMENTS)


def act(env: Any, state: Any, *actions: str) -> tuple[Any, str]:
    observation = ""
    for action in actions:
        move = read_action(f"Action: {action}", [tool.name for tool in env.tools])
        assert move.action is not None, move.wrong
        state, observation = env.step(state, move.action)
    return state, observation


@OURS
def test_every_solution_reaches_the_reward_and_nothing_less_does(name: str) -> None:
    env = ENVIRONMENTS[name]()
    tasks = [task for split in SPLITS for task in env.tasks(split)]
    assert len(tasks) == 350
    for task in tasks:
        state, _ = env.reset(task.question)
        for action in task.solution:
            assert not env.done(state)
            state, _ = env.step(state, action)
        assert env.done(state) and env.reward(state) == 1.0, task
        empty, _ = env.step(env.reset(task.question).state, Action(FINISH, ""))
        assert env.done(empty) and env.reward(empty) == 0.0


@OURS
@pytest.mark.parametrize("seed", [0, 7])
def test_splits_share_no_question_and_a_seed_gives_the_same_tasks(name: str, seed: int) -> None:
    sizes = Sizes(train=30, dev=20, test=20)
    one, other = (ENVIRONMENTS[name](seed=seed, sizes=sizes) for _ in range(2))
    asked = {split: {task.question for task in one.tasks(split)} for split in SPLITS}
    assert [len(asked[split]) for split in SPLITS] == [30, 20, 20]
    assert len(set.union(*asked.values())) == 70
    assert all(one.tasks(split) == other.tasks(split) for split in SPLITS)
    assert one.tasks("dev", 3) == one.tasks("dev")[:3]
    with pytest.raises(InputError, match="has 20 tasks"):
        one.tasks("dev", 21)


@OURS
def test_a_state_is_plain_data_and_never_changed_in_place(name: str) -> None:
    import copy
    import json

    env = ENVIRONMENTS[name]()
    task = env.tasks("train")[3]
    state, _ = env.reset(task.question)
    for action in task.solution:
        before = copy.deepcopy(state)
        env.step(state, action)
        assert state == before
        state = json.loads(json.dumps(env.step(state, action).state))
    assert env.reward(state) == 1.0


def test_a_name_stands_for_an_environment() -> None:
    assert environment("sql").name == "sql"
    with pytest.raises(InputError, match="use household, or your own"):
        environment("houshold")


@pytest.mark.parametrize("name", ["sql", "household"])
def test_a_question_of_another_environment_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="has no (task|shop) for this question"):
        ENVIRONMENTS[name]().reset("What is a monad?")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("60 + 52", "112"),
        ("3 * (4 + 5)", "27"),
        ("2**10", "1024"),
        ("1,234 + 1", "1235"),
        ("10 / 4 =", "2.5"),
        ("7 \u00d7 8", "56"),
        ("50% * 80", "40"),
        ("sqrt(16)", "4"),
        ("1 / 3", "0.333333333333"),
    ],
)
def test_the_calculator(expression: str, value: str) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        *("__import__('os').getcwd()", "9^9^9^9", "1/0", "x + 1", "", "9" * 10_000, "(" * 150),
        *("2^(10^9)", "100000!", "sqrt(0-1)", "open(1)", "1 if 1 else 2"),
    ],
)
def test_what_is_no_expression_is_an_error_at_once(expression: str) -> None:
    began = time.monotonic()
    assert calculate(expression).startswith("Error: ")
    assert time.monotonic() - began < 10


@given(st.text(max_size=120) | st.text("0123456789+-*/^(). !%e", max_size=120))
@settings(deadline=1_000, max_examples=150)
def test_the_calculator_takes_anything(expression: str) -> None:
    assert len(calculate(expression)) < 300


@pytest.mark.parametrize(
    ("given_answer", "reward"),
    [("112", 1.0), ("112.0 apples", 1.0), ("$112", 1.0), ("113", 0.0), ("", 0.0), ("1120", 0.0)],
)
def test_the_reward_of_an_answer(given_answer: str, reward: float) -> None:
    env = ArithmeticEnvironment()
    state, _ = env.reset("Start with 60. Add 52. What is the result?")
    state, _ = env.step(state, Action(FINISH, given_answer))
    assert env.reward(state) == reward and env.answer(state) == given_answer


def test_an_open_question_has_no_reward() -> None:
    env = ArithmeticEnvironment()
    state, _ = env.reset("How old is the universe?")
    assert env.reward(env.step(state, Action(FINISH, "old")).state) is None


@pytest.mark.parametrize(
    "text",
    [
        *("DROP TABLE orders", "DELETE FROM orders", "INSERT INTO orders VALUES (1,1,1,1,1)"),
        *("UPDATE orders SET quantity = 0", "CREATE TABLE x(y)", "PRAGMA writable_schema = 1"),
        *("ATTACH '/tmp/x.db' AS x", "VACUUM INTO '/tmp/x.db'", "BEGIN", "REINDEX"),
        *("SELECT load_extension('x')", "SELECT readfile('/etc/passwd')", "SELECT zeroblob(9999)"),
        *("SELECT randomblob(99)", "SELECT printf('%9999d', 1)", "SELECT 1; DROP TABLE orders"),
        "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t) SELECT * FROM t",
        *("SELECT " + "1+" * 2_000 + "1", "SELECT '\ud800'", "\x00", "", "hello", "SELECT (" * 200),
    ],
)
def test_only_a_query_that_reads_is_run(text: str) -> None:
    assert query(SHOP, text).startswith("Error: ")


@pytest.mark.timed
@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d, orders e, orders f",
        "SELECT a.name FROM orders x, orders y, orders z, orders w, customers a ORDER BY 1 DESC",
        "SELECT DISTINCT a.id + b.id + c.id + d.id + e.id FROM orders a, orders b, orders c, "
        "orders d, orders e ORDER BY 1",
        "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d WHERE "
        "replace(a.ordered || d.ordered, '2', '222222222222222222222') LIKE '%2%2%2%2%2%2%2%3'",
        "SELECT SUM(x) OVER (ORDER BY x) FROM (SELECT a.id * b.id AS x FROM orders a, orders b, "
        "orders c, orders d)",
    ],
)
def test_a_query_without_an_end_is_stopped(text: str) -> None:
    began = time.monotonic()
    assert "took more than" in query(SHOP, text)
    assert time.monotonic() - began < 20


def test_queries_show_rows_and_no_more_than_fit() -> None:
    rows = query(SHOP, "SELECT id, quantity FROM orders ORDER BY id;").splitlines()
    assert rows[0] == "id | quantity" and len(rows) == 22 and "first 20 rows" in rows[-1]
    assert query(SHOP, "SELECT name FROM customers WHERE id < 0") == "No rows."
    assert "no such column" in query(SHOP, "SELECT colour FROM products")


def test_a_database_is_that_of_its_shop() -> None:
    env = SQLEnvironment()
    task = env.tasks("test")[0]
    state, seen = env.reset(task.question)
    assert "customers(id, name, city, joined)" in seen
    with sqlite3.connect(":memory:") as connection:
        connection.executescript(build(0, state["shop"]))
        (count,) = connection.execute("SELECT COUNT(*) FROM customers").fetchone()
    _, observation = act(env, state, "sql[SELECT COUNT(*) AS n FROM customers]")
    assert observation == f"n\n{count}"
    open_question = env.reset("In shop 3, who bought most?").state
    assert env.reward(act(env, open_question, "finish[Ada]")[0]) is None


@pytest.mark.parametrize(
    ("answer", "right", "reward"),
    [
        ("Chen, Ada and Bela", "Ada, Bela, Chen", 1.0),
        ("['Ada', 'Bela']", "Bela, Ada", 1.0),
        ("1,234.5 dollars", "1234.50", 1.0),
        ("Ada", "Ada, Bela", 0.0),
        ("Ada, Bela, Chen", "Ada, Bela", 0.0),
        ("13", "3", 0.0),
        ("3, 4", "3", 0.0),
        ("The answer is 3", "3", 1.0),
    ],
)
def test_values_count_and_not_their_order(answer: str, right: str, reward: float) -> None:
    env = SQLEnvironment()
    state: Any = {**env.reset("In shop 3, what?").state, "right": right}
    assert env.reward(env.step(state, Action(FINISH, answer)).state) == reward


def test_a_household_obeys_and_refuses() -> None:
    env = HouseholdEnvironment()
    state, seen = env.reset("Household 1: put two towels in or on the cupboard 1.")
    assert seen.startswith("You are in the middle of a room. You see: ")
    assert "closed" in act(env, state, "go to fridge 1")[1]
    state, seen = act(env, state, "take towel 1")
    assert "no towel 1 here" in seen
    state, seen = act(
        env, state, "go to the fridge 1", "open fridge 1", "take towel 1 from fridge 1"
    )
    assert seen == "You take towel 1 from the fridge 1."
    assert "hold towel 1 already" in act(env, state, "take[towel 2]")[1]
    assert "not at a sink" in act(env, state, "clean[towel 1]")[1]
    state, seen = act(env, state, "go to sink 1", "clean towel 1 with sink 1", "look")
    assert seen.endswith("You hold towel 1.")
    assert "do not hold towel 2" in act(env, state, "put towel 2 in cupboard 1")[1]
    assert not env.done(state)
    assert env.reward(act(env, state, "finish[]")[0]) == 0.0


def test_the_six_kinds_of_households() -> None:
    env = HouseholdEnvironment()
    words = [" ".join(task.question.split()[2:5]) for task in env.tasks("train", 6)]
    assert len(set(words)) == 6 and any(word.startswith("look at") for word in words)
