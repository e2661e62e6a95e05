"""Questions of several kinds with one short answer each, for a very small model.

Used by `benchmarks/live.py`, which measures one reply to each kind first.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

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
        "Australia/Canberra Fiji/Suva Switzerland/Bern Algeria/Algiers Madagascar/Antananarivo",
        "Niger/Niamey Liberia/Monrovia Eritrea/Asmara Burundi/Gitega Lesotho/Maseru Comoros/Moroni",
        "Mauritania/Nouakchott Guinea/Conakry Gambia/Banjul Eswatini/Mbabane Suriname/Paramaribo",
        "Belize/Belmopan Samoa/Apia Tuvalu/Funafuti Turkmenistan/Ashgabat Kyrgyzstan/Bishkek",
        "Tajikistan/Dushanbe Montenegro/Podgorica Kosovo/Pristina Bahrain/Manama Benin/Porto-Novo",
        "Liechtenstein/Vaduz Seychelles/Victoria Dominica/Roseau Nauru/Yaren Palau/Ngerulmud",
        "Micronesia/Palikir Vanuatu/Port-Vila",
    )
    for pair in line.split()
}
OPPOSITES = (
    "hot/cold big/small up/down fast/slow day/night happy/sad young/old light/dark full/empty "
    "rich/poor hard/soft open/closed left/right wet/dry early/late long/short strong/weak "
    "true/false love/hate buy/sell inside/outside above/below first/last north/south east/west "
    "clean/dirty cheap/expensive easy/difficult thick/thin wide/narrow deep/shallow loud/quiet "
    "near/far high/low black/white front/back begin/end come/go give/take increase/decrease "
    "enter/exit accept/reject ancient/modern brave/cowardly smooth/rough sweet/sour alive/dead "
    "awake/asleep maximum/minimum positive/negative success/failure victory/defeat "
    "horizontal/vertical optimistic/pessimistic public/private active/passive odd/even "
    "guilty/innocent visible/invisible possible/impossible friend/enemy question/answer "
    "heaven/hell war/peace"
)


ELEMENTS = (
    "hydrogen/H helium/He lithium/Li beryllium/Be boron/B carbon/C nitrogen/N oxygen/O fluorine/F "
    "neon/Ne sodium/Na magnesium/Mg aluminium/Al silicon/Si phosphorus/P sulfur/S chlorine/Cl "
    "argon/Ar potassium/K calcium/Ca scandium/Sc titanium/Ti vanadium/V chromium/Cr manganese/Mn "
    "iron/Fe cobalt/Co nickel/Ni copper/Cu zinc/Zn gallium/Ga germanium/Ge arsenic/As selenium/Se "
    "bromine/Br krypton/Kr rubidium/Rb strontium/Sr yttrium/Y zirconium/Zr niobium/Nb "
    "molybdenum/Mo technetium/Tc ruthenium/Ru rhodium/Rh palladium/Pd silver/Ag cadmium/Cd "
    "indium/In tin/Sn antimony/Sb tellurium/Te iodine/I xenon/Xe caesium/Cs barium/Ba lanthanum/La "
    "cerium/Ce praseodymium/Pr neodymium/Nd promethium/Pm samarium/Sm europium/Eu gadolinium/Gd "
    "terbium/Tb dysprosium/Dy holmium/Ho erbium/Er thulium/Tm ytterbium/Yb lutetium/Lu hafnium/Hf "
    "tantalum/Ta tungsten/W rhenium/Re osmium/Os iridium/Ir platinum/Pt gold/Au mercury/Hg "
    "thallium/Tl lead/Pb bismuth/Bi polonium/Po astatine/At radon/Rn francium/Fr radium/Ra "
    "actinium/Ac thorium/Th protactinium/Pa uranium/U neptunium/Np plutonium/Pu americium/Am "
    "curium/Cm berkelium/Bk californium/Cf einsteinium/Es fermium/Fm mendelevium/Md nobelium/No"
)


NAMES = ("Ann", "Bob", "Eva", "Jim", "Lea", "Max", "Sue", "Tom")


class Question(NamedTuple):
    """A question and its accepted answer."""

    text: str
    gold: str


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


def _age(draw: random.Random) -> Question:
    name, age = draw.choice(NAMES), draw.randint(5, 90)
    return _of(f"{name} is {age} years old. How old is {name}? Answer with the number only.", age)


def _next_number(draw: random.Random) -> Question:
    a = draw.randint(10, 200)
    return _of(f"Which number comes after {a}?", a + 1)


def _capital(draw: random.Random) -> Question:
    country = draw.choice(list(CAPITALS))
    return Question(f"What is the capital of {country}?", CAPITALS[country])


def _opposite(draw: random.Random) -> Question:
    pair = draw.choice(OPPOSITES.split()).split("/")
    draw.shuffle(pair)
    return Question(f"What is the opposite of {pair[0]}?", pair[1])


def _symbol(draw: random.Random) -> Question:
    name, _, symbol = draw.choice(ELEMENTS.split()).partition("/")
    return Question(f"What is the chemical symbol for {name}?", symbol)


def _first_letter(draw: random.Random) -> Question:
    word = draw.choice(OPPOSITES.replace("/", " ").split())
    return Question(f'What is the first letter of the word "{word}"?', word[0])


KINDS: dict[str, Callable[[random.Random], Question]] = {
    "capitals": _capital,
    "opposites": _opposite,
    "chemical symbols": _symbol,
    "first letters": _first_letter,
    "ages": _age,
    "the next number": _next_number,
    "small sums": lambda draw: _sum(draw, 2, 12),
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
