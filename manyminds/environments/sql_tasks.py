"""Databases of shops and questions about them; the known results come from queries of manyminds."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import lru_cache
from random import Random

from manyminds.environments.environment import Sizes, Task
from manyminds.reading.actions import FINISH, Action

SCHEMA = """\
customers(id, name, city, joined)
products(id, name, category, price)
orders(id, customer_id, product_id, quantity, ordered)"""
_TABLES = """\
CREATE TABLE customers(id INTEGER PRIMARY KEY, name TEXT, city TEXT, joined TEXT);
CREATE TABLE products(id INTEGER PRIMARY KEY, name TEXT, category TEXT, price REAL);
CREATE TABLE orders(id INTEGER PRIMARY KEY, customer_id INTEGER, product_id INTEGER,
  quantity INTEGER, ordered TEXT);
"""
_NAMES = (
    *("Ada", "Bela", "Chen", "Dara", "Emil", "Fatou", "Greta", "Hugo"),
    *("Ines", "Jonas", "Kemal", "Lena", "Mira", "Noor", "Olga", "Pedro"),
)
_CITIES = ("Oslo", "Lyon", "Porto", "Graz", "Turku")
_GOODS = {
    "kitchen": ("kettle", "pan", "toaster", "whisk"),
    "garden": ("rake", "hose", "shovel"),
    "office": ("stapler", "lamp", "binder"),
}
_SHOP = re.compile(r"\bshop (\d{1,6})\b", re.IGNORECASE)
_FIRST = {"train": 1, "dev": 1_001, "test": 2_001}  # each split has shops of its own
_TASKS_A_SHOP = 8
_JOINED = "orders o JOIN products p ON p.id = o.product_id JOIN customers c ON c.id = o.customer_id"


def shop_in(question: str) -> int | None:
    """Return the number of the shop that a question names, or None."""
    found = _SHOP.search(question)
    return None if found is None else int(found[1])


@lru_cache(maxsize=64)
def build(seed: int, shop: int) -> str:
    """Return the statements that make the database of a shop."""
    draw = Random(f"sql:{seed}:{shop}")
    names = draw.sample(_NAMES, draw.randint(9, 13))
    goods = [(name, kind) for kind, each in _GOODS.items() for name in each]
    lines = [_TABLES]
    for number, name in enumerate(names, 1):
        joined = f"{draw.randint(2019, 2024)}-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        row = f"{number}, '{name}', '{draw.choice(_CITIES)}', '{joined}'"
        lines.append(f"INSERT INTO customers VALUES ({row});")
    for number, (name, kind) in enumerate(goods, 1):
        price = draw.randint(300, 9_900) / 100
        lines.append(f"INSERT INTO products VALUES ({number}, '{name}', '{kind}', {price});")
    for number in range(1, draw.randint(40, 60)):
        bought = f"{draw.randint(1, len(names) - 1)}, {draw.randint(1, len(goods))}"
        day = f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}"
        row = f"{number}, {bought}, {draw.randint(1, 9)}, '{day}'"
        lines.append(f"INSERT INTO orders VALUES ({row});")
    return "\n".join(lines)


def _in_city(draw: Random) -> tuple[str, str]:
    city = draw.choice(_CITIES)
    return (
        f"how many customers live in {city}",
        f"SELECT COUNT(*) FROM customers WHERE city = '{city}'",
    )


def _sold(draw: Random) -> tuple[str, str]:
    name = draw.choice([name for each in _GOODS.values() for name in each])
    return (
        f"how many pieces of the {name} were ordered in all",
        f"SELECT COALESCE(SUM(o.quantity), 0) FROM {_JOINED} WHERE p.name = '{name}'",
    )


def _revenue(draw: Random) -> tuple[str, str]:
    kind = draw.choice([*_GOODS])
    return (
        f"what is the revenue (price times quantity) of the category {kind}, with two decimals",
        f"SELECT ROUND(SUM(o.quantity * p.price), 2) FROM {_JOINED} WHERE p.category = '{kind}'",
    )


def _most_expensive(draw: Random) -> tuple[str, str]:
    kind = draw.choice([*_GOODS])
    return (
        f"which product of the category {kind} has the highest price",
        f"SELECT name FROM products WHERE category = '{kind}' ORDER BY price DESC LIMIT 1",
    )


def _orders_of(draw: Random) -> tuple[str, str]:
    month = draw.randint(1, 12)
    return (
        f"how many orders were placed in the month 2025-{month:02}",
        f"SELECT COUNT(*) FROM orders WHERE ordered LIKE '2025-{month:02}%'",
    )


def _buyers(draw: Random) -> tuple[str, str]:
    name = draw.choice([name for each in _GOODS.values() for name in each])
    return (
        f"which customers ordered the {name} (list their names)",
        f"SELECT DISTINCT c.name FROM {_JOINED} WHERE p.name = '{name}' ORDER BY c.name",
    )


def _without_orders(draw: Random) -> tuple[str, str]:
    year = draw.randint(2020, 2024)
    return (
        f"how many customers who joined before {year} have ordered something",
        "SELECT COUNT(DISTINCT customer_id) FROM orders JOIN customers c ON c.id = customer_id "
        f"WHERE c.joined < '{year}'",
    )


def _top(draw: Random) -> tuple[str, str]:
    count = draw.randint(2, 3)
    return (
        f"which {count} products have the highest price (list their names)",
        f"SELECT name FROM products ORDER BY price DESC LIMIT {count}",
    )


_KINDS: tuple[Callable[[Random], tuple[str, str]], ...] = (
    _in_city,
    _sold,
    _revenue,
    _most_expensive,
    _orders_of,
    _buyers,
    _without_orders,
    _top,
)


def made(seed: int, sizes: Sizes) -> list[Task]:
    """Make the tasks of every split; a task whose result is empty is left out."""
    tasks: list[Task] = []
    for split, count in sizes.each():
        shop, done = _FIRST[split] - 1, 0
        while done < count:
            shop += 1
            draw = Random(f"sql-tasks:{seed}:{shop}")
            script = build(seed, shop)
            for kind in draw.sample(_KINDS, min(_TASKS_A_SHOP, len(_KINDS))):
                asked, query = kind(draw)
                answer = _result(script, query)
                if not answer or done >= count:
                    continue
                solution = (Action("sql", query), Action(FINISH, answer))
                question = f"In shop {shop}, {asked}?"
                tasks.append(Task(f"sql-{split}-{done}", split, question, answer, solution))
                done += 1
    return tasks


def _result(script: str, query: str) -> str:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script)
        rows = connection.execute(query).fetchall()
    return ", ".join(str(row[0]) for row in rows if row[0] is not None)
