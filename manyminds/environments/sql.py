"""SQL on SQLite in memory: an agent queries a shop's database, read-only and within limits."""

import re
import sqlite3
from collections import Counter
from collections.abc import Hashable, Sequence
from contextlib import closing
from time import monotonic

from typing_extensions import TypedDict

from manyminds.environments.environment import ANSWERED, Generated, Step, Task, Tool
from manyminds.environments.sql_tasks import SCHEMA, build, made, shop_in
from manyminds.errors import InputError
from manyminds.reading import figures
from manyminds.reading.actions import FINISH, Action
from manyminds.reading.answers import text_key

SQL = "sql"
_SECONDS = 1.0
_ROWS = 20
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: 2_000,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 2_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 50,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 10,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 100,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
}
_STEPS_A_LOOK = 200  # steps of SQLite's machine between two looks at the clock
_LOOKS = 50_000  # ten million steps: so much a query may do, on a machine of any speed
_FUNCTIONS = frozenset(
    (
        *("count", "sum", "total", "avg", "min", "max", "abs", "round", "sign", "ceil", "floor"),
        *("length", "lower", "upper", "substr", "substring", "instr", "trim", "ltrim", "rtrim"),
        *("replace", "like", "glob", "coalesce", "ifnull", "nullif", "iif", "typeof", "mod"),
        *("date", "time", "datetime", "julianday", "strftime", "group_concat", "string_agg"),
        *("row_number", "rank", "dense_rank", "lag", "lead", "first_value", "last_value", "ntile"),
    )
)
_COUNTED = re.compile(r"[^\W\d]{0,20}(?: [^\W\d]{1,20}){0,8} ?[-$]{0,2}[\d.]+ ?[^\W\d]{0,12}")
_ALLOWED = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}


class SQLState(TypedDict):
    """State of an episode; `right` is the known result, None where it is not known."""

    shop: int
    right: str | None
    answer: str
    done: bool


class SQLEnvironment(Generated):
    """Questions about the database of a shop, answered with read-only queries.

    Each split has shops of its own. A question that is no task of the set is answered on the shop
    that it names, such as "shop 3", and has no known result: its reward is None.

    Args:
        seed: Another seed gives other databases and tasks.
        sizes: Number of tasks in each split.
    """

    name = "sql"
    about = "You answer a question about a shop with queries to its SQLite database."
    tools: Sequence[Tool] = (
        Tool(SQL, "query", f"runs one SELECT query and shows at most {_ROWS} rows."),
        ANSWERED,
    )

    def made(self) -> list[Task]:
        """Return the tasks of every split; no question is in two of them."""
        return made(self.seed, self.sizes)

    def reset(self, question: str) -> Step:
        """Open the database of the shop that the question names."""
        task, shop = self.find(question), shop_in(question)
        if shop is None:
            raise InputError(
                "the environment sql has no shop for this question: ask one of its tasks, or name "
                "a shop, such as 'In shop 3, how many customers are there?'"
            )
        state = SQLState(
            shop=shop, right=None if task is None else task.answer, answer="", done=False
        )
        return Step(state, f"The tables:\n{SCHEMA}")

    def step(self, state: SQLState, action: Action) -> Step:
        """Run a query, or end with an answer."""
        if action.tool == FINISH:
            return Step({**state, "answer": action.argument, "done": True}, "The task has ended.")
        return Step(state, query(build(self.seed, state["shop"]), action.argument))

    def done(self, state: SQLState) -> bool:
        """Return whether an answer was given."""
        return state["done"]

    def reward(self, state: SQLState) -> float | None:
        """Return 1 for the known values in any order, 0 for others."""
        return None if state["right"] is None else float(_same(state["answer"], state["right"]))

    def answer(self, state: SQLState) -> str:
        """Return the answer that was given."""
        return state["answer"]


def query(script: str, text: str) -> str:
    """Return the rows of a query on the database that a script makes, or what is wrong with it.

    The query reads and does nothing else. It has at most a second, ten million steps of SQLite's
    machine and 2,000 characters a value; a recursive query is refused.

    Args:
        script: Statements that make the tables.
        text: The query.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        for limit, most in _LIMITS.items():
            connection.setlimit(limit, most)
        connection.set_authorizer(_authorize)
        connection.set_progress_handler(_Watch(), _STEPS_A_LOOK)
        try:
            cursor = connection.execute(text.strip().rstrip(";").strip())
            rows = cursor.fetchmany(_ROWS + 1)
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            return f"Error: {_said(error)}"
        if cursor.description is None:
            return "Error: write one SELECT query."
        return _table([str(column[0]) for column in cursor.description], rows)


def _said(error: Exception) -> str:
    if "interrupted" in str(error):
        return f"the query took more than {_SECONDS:g} s or ten million steps: make it simpler."
    if "not authorized" in str(error) or "prohibited" in str(error):
        return "the database is read-only: write a plain SELECT query, without recursion."
    return str(error).replace("\n", " ")[:200]


class _Watch:
    """Ends a query that takes too long: SQLite stops where this returns True."""

    def __init__(self) -> None:
        self.end, self.looks = monotonic() + _SECONDS, 0

    def __call__(self) -> bool:
        self.looks += 1
        return self.looks > _LOOKS or monotonic() > self.end


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, trigger: str | None
) -> int:
    if action == sqlite3.SQLITE_FUNCTION and (second or "").casefold() not in _FUNCTIONS:
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _table(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> str:
    if not rows:
        return "No rows."
    lines = [" | ".join(map(_cell, row)) for row in rows[:_ROWS]]
    more = [f"(only the first {_ROWS} rows are shown)"] if len(rows) > _ROWS else []
    return "\n".join([" | ".join(columns), *lines, *more])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{round(value, 4):g}" if abs(value) < 1 else f"{round(value, 4):.12g}"
    text = "NULL" if value is None else str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _same(given: str, right: str) -> bool:
    """Return whether two lists have the same values, in any order; money may be rounded."""
    return _values(given) == _values(right)


def _values(text: str) -> Counter[Hashable]:
    parts = re.split(r"[,;\n|]|\band\b", re.sub(r"(?<=\d),(?=\d{3}\b)", "", text[:5_000]))
    return Counter(_value(part) for part in parts if part.strip(" .[]()'\""))


def _value(part: str) -> Hashable:
    plain = part.strip(" .[]()'\"$\u20ac")
    if figures.is_number(plain):
        return round(float(figures.value(plain) or 0.0), 2)
    found: list[str] = re.findall(r"-?\d+(?:\.\d+)?", plain)
    if len(found) == 1 and re.fullmatch(
        r"[\w\s$-]*?-?[\d.]+\s*(?:dollars|customers|orders)?", plain
    ):
        return round(float(found[0]), 2)
    return text_key(plain)
