"""Questions of several kinds with one short answer each, for a very small model.

Used by `benchmarks/live.py`, which measures one reply to each kind first.
"""

import random
import re
from collections.abc import Callable
from typing import NamedTuple

from manyminds.reading.answers import Extractor, extractor

CAPITALS: dict[str, str] = {
    pair.partition("/")[0]: pair.partition("/")[2]
    for line in (
        "France/Paris Germany/Berlin Italy/Rome Spain/Madrid Portugal/Lisbon Greece/Athens",
        "Austria/Vienna Hungary/Budapest Poland/Warsaw Sweden/Stockholm Norway/Oslo Russia/Moscow",
        "Finland/Helsinki Denmark/Copenhagen Ireland/Dublin Belgium/Brussels Ukraine/Kyiv",
        "Romania/Bucharest Bulgaria/Sofia Serbia/Belgrade Croatia/Zagreb Turkey/Ankara",
        "Estonia/Tallinn Latvia/Riga Lithuania/Vilnius Belarus/Minsk Slovakia/Bratislava",
        "Slovenia/Ljubljana Albania/Tirana Armenia/Yerevan Azerbaijan/Baku Georgia/Tbilisi",
        "Malta/Valletta Cyprus/Nicosia Iceland/Reykjavik Scotland/Edinburgh Wales/Cardiff",
        "Japan/Tokyo China/Beijing Thailand/Bangkok Vietnam/Hanoi Indonesia/Jakarta",
        "Pakistan/Islamabad Afghanistan/Kabul Iran/Tehran Iraq/Baghdad Syria/Damascus Jordan/Amman",
        "Lebanon/Beirut Israel/Jerusalem Oman/Muscat Qatar/Doha Bangladesh/Dhaka Bhutan/Thimphu",
        "Nepal/Kathmandu Laos/Vientiane Mongolia/Ulaanbaatar Philippines/Manila Kazakhstan/Astana",
        "Uzbekistan/Tashkent Egypt/Cairo Libya/Tripoli Tunisia/Tunis Morocco/Rabat Sudan/Khartoum",
        "Kenya/Nairobi Uganda/Kampala Rwanda/Kigali Nigeria/Abuja Ghana/Accra Senegal/Dakar",
        "Mali/Bamako Gabon/Libreville Malawi/Lilongwe Mozambique/Maputo Botswana/Gaborone",
        "Angola/Luanda Zambia/Lusaka Zimbabwe/Harare Namibia/Windhoek Somalia/Mogadishu",
        "Canada/Ottawa Cuba/Havana Jamaica/Kingston Nicaragua/Managua Honduras/Tegucigalpa",
        "Bahamas/Nassau Barbados/Bridgetown Guyana/Georgetown Peru/Lima Chile/Santiago",
        "Uruguay/Montevideo Paraguay/Asuncion Ecuador/Quito Colombia/Bogota Venezuela/Caracas",
        "Australia/Canberra Fiji/Suva",
    )
    for pair in line.split()
}
_CITY = re.compile("|".join(CAPITALS.values()))


def _only_capital(text: str) -> str | None:
    """Return the one capital that a reply names; None if it names none or several."""
    named = set(_CITY.findall(text))
    return named.pop() if len(named) == 1 else None


NUMBER = extractor("number")
CITY = extractor(_only_capital)


class Question(NamedTuple):
    """A question, its accepted answer, and how replies to it are read."""

    text: str
    gold: str
    kind: Extractor = NUMBER


def _of(text: str, value: int) -> Question:
    return Question(text, str(value))


def _two_steps(draw: random.Random) -> Question:
    a, b, c = draw.randint(11, 20), draw.randint(2, 9), draw.randint(2, 9)
    text = f"Ann has {a} apples, gives away {b}, and then buys {c} bags of {b} apples."
    return _of(f"{text} How many apples has she now?", a - b + c * b)


def _sum(draw: random.Random, low: int, high: int) -> Question:
    a, b = draw.randint(low, high), draw.randint(low, high)
    return _of(f"What is {a} + {b}?", a + b)


def _product(draw: random.Random) -> Question:
    a, b = draw.randint(3, 9), draw.randint(3, 9)
    return _of(f"What is {a} times {b}?", a * b)


def _difference(draw: random.Random) -> Question:
    a, b = draw.randint(10, 19), draw.randint(2, 9)
    return _of(f"What is {a} - {b}?", a - b)


def _larger(draw: random.Random) -> Question:
    a, b = draw.sample(range(10, 100), 2)
    return _of(f"Which number is larger, {a} or {b}?", max(a, b))


def _next_number(draw: random.Random) -> Question:
    a = draw.randint(10, 200)
    return _of(f"Which number comes after {a}?", a + 1)


def _capital(draw: random.Random) -> Question:
    country = draw.choice(list(CAPITALS))
    return Question(f"What is the capital of {country}?", CAPITALS[country], CITY)


KINDS: dict[str, Callable[[random.Random], Question]] = {
    "capitals": _capital,
    "the larger number": _larger,
    "the next number": _next_number,
    "sums of digits": lambda draw: _sum(draw, 2, 9),
    "sums up to 40": lambda draw: _sum(draw, 11, 20),
    "sums up to 200": lambda draw: _sum(draw, 21, 99),
    "products of digits": _product,
    "differences": _difference,
    "two-step stories": _two_steps,
}


def generated(kind: str, count: int, seed: int) -> list[Question]:
    """Return questions of a kind, none twice; fewer than `count` if the kind has not so many."""
    draw = random.Random(f"{kind}/{seed}")
    found: dict[str, Question] = {}
    for _ in range(50 * count):
        question = KINDS[kind](draw)
        found.setdefault(question.text, question)
        if len(found) == count:
            break
    return list(found.values())
