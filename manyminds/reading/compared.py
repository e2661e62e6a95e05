# ruff: noqa: E501 - patterns are easier to read in one line
"""Comparisons that answer which of two is more or less: "Mozart was born before Beethoven"."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

_DIMENSIONS = (  # one end, as words compare and ask; the other end
    (
        r"larger|larges?t|greater|greatest|bigger|biggest|more|most|higher|highest|heavier|heaviest|>"
        r"|größer\w*|größte\w*|mehr|höher\w*|höchste\w*|groter|grootste?|meer|hoger|plus\s+(?:grande?|lourde?|haute?|élevée?)|supérieure?|(?:más|mais)\s+(?:grande|pesad\w|alt\w)|mayor|maior"
        r"|maggiore|più\s+(?:grande|pesante|alt\w)|superiore|больше|больш\w+|выше|тяжелее|większ\w+|wyższ\w+",
        r"smaller|smallest|less|least|lower|lowest|fewer|fewest|lighter|lightest|<"
        r"|kleiner\w*|kleinste\w*|weniger|niedriger\w*|minder|lager|plus\s+(?:petite?|légère?|basse?|bas)|inférieure?|(?:más|mais)\s+(?:pequeñ\w|pequen\w|livian\w|baj\w|baix\w|leve)|menor"
        r"|minore|più\s+(?:piccol\w|legger\w|bass\w)|inferiore|меньше|меньш\w+|ниже|легче|mniejsz\w+|niższ\w+",
    ),
    (r"taller|tallest", r"shorter|shortest"),
    (
        r"older|oldest|elder|born\s+(?:\w+\s+){0,3}?(?:before|earlier)|eldest|älter\w*|älteste\w*|ouder|plus\s+(?:âgée?|vieux|vieille)|más\s+viej\w|più\s+(?:vecchi\w|anzian\w)|старше|starsz\w+",
        r"younger|youngest|born\s+(?:\w+\s+){0,3}?(?:after|later)|jünger\w*|jüngste\w*|jonger|plus\s+jeune|más\s+joven|più\s+giovane|младше|моложе|młodsz\w+",
    ),
    (
        r"first|before|earlier|earliest|sooner|zuerst|früher|vor|eerder|avant|plus\s+tôt|antes|primero|prima|раньше|wcześniej",
        r"last|after|later|latest|später|nach|zuletzt|après|plus\s+tard|después|depois|dopo|позже|później",
    ),
    (
        r"faster|fastest|quicker|quickest|schneller|schnellste\w*|sneller|plus\s+(?:rapide|vite)|más\s+rápid\w|mais\s+rápid\w|più\s+veloce|быстрее|szybsz\w+",
        r"slower|slowest|langsamer|langsamste\w*|langzamer|plus\s+lente?|más\s+lent\w|mais\s+lent\w|più\s+lent\w|медленнее|wolniejsz\w+",
    ),
    (r"longer|longest|länger|längste\w*|langer|plus\s+long(?:ue)?|más\s+larg\w|più\s+lung\w|длиннее|дольше", r"shorter|shortest|kürzer|kürzeste\w*|korter|plus\s+courte?|más\s+cort\w|più\s+cort\w|короче"),
    (r"farther|further|farthest|furthest|weiter|plus\s+loin|más\s+lejos|дальше", r"nearer|nearest|closer|closest|näher|plus\s+près|más\s+cerca|ближе"),
    (r"hotter|hottest|warmer|warmest|wärmer|heißer|plus\s+chaude?|más\s+caliente|теплее", r"colder|coldest|cooler|coolest|kälter|kühler|plus\s+froide?|más\s+frí\w|холоднее"),
    (r"stronger|strongest|harder|hardest|stärker|härter", r"weaker|weakest|softer|softest|schwächer|weicher"),
    (r"cheaper|cheapest|less\s+expensive|billiger|günstiger|moins\s+chère?|más\s+barat\w|дешевле", r"more\s+expensive|costlier|teurer|plus\s+chère?|más\s+car\w|дороже"),
    (r"deeper|deepest|tiefer", r"shallower|shallowest|flacher"),
    (r"better|best|besser", r"worse|worst|schlechter"),
    (r"(?:farther\s+|further\s+)?north|nördlicher", r"(?:farther\s+|further\s+)?south|südlicher"),
    (r"(?:farther\s+|further\s+)?east|östlicher", r"(?:farther\s+|further\s+)?west|westlicher"),
)  # fmt: skip
_ENDS = [
    (at, sign, re.compile(rf"(?<![\w])(?:{words})(?!\w)", re.IGNORECASE))
    for at, pair in enumerate(_DIMENSIONS)
    for sign, words in zip((1, -1), pair, strict=True)
]
_TEMPORAL = re.compile(
    r"(?:before|after|vor|nach|avant|après|antes\s+(?:que|de)|después\s+de|depois\s+d\w|prima\s+d\w+|dopo|[<>])\s*$",
    re.IGNORECASE,
)
_THAN = re.compile(
    r"\b(?:than|als|dan|que|qu['’]|di|del\w*|do\s+que|чем|niż|od)\s*(?:(?:in|the|a|an|der|die|das|le|la|el|those\s+of|that\s+of)\s+)*$|(?:больше|меньше|старше|младше|выше|ниже|раньше|позже)\s*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\s+(?:the|an?|der|die|das|den|dem|le|la|l['’]|el|los|las|il|lo)\s*$", re.I)
_NOT_AS = re.compile(
    r"(?:\bnot|n['’]t)\s+(?:nearly\s+|quite\s+)?(?:as|so)\s+(?P<how>tall|old|large|big|great|high|heavy|fast|quick|long|far|hot|warm|strong|hard|cheap|deep|good|early|many|much)\b[^.;,]{0,30}\bas\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_TIMES_AS = re.compile(
    r"\b(?:times|twice)\s+as\s+(?P<how>tall|old|large|big|high|heavy|fast|long|far|deep|many|much)\b[^.;,]{0,30}\bas\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_AS = {
    "tall": "taller", "old": "older", "large": "larger", "big": "bigger", "great": "greater",
    "high": "higher", "heavy": "heavier", "fast": "faster", "quick": "quicker", "long": "longer",
    "far": "farther", "hot": "hotter", "warm": "warmer", "strong": "stronger", "hard": "harder",
    "cheap": "cheaper", "deep": "deeper", "good": "better", "early": "earlier", "many": "more",
    "much": "more",
}  # fmt: skip
_DENIES = re.compile(
    r"\b(?:not|never|neither|nor|cannot|no|\w+n['’]t|nicht|kein\w*|pas|non|não|не|nie|niet)\b|不|没",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"[?]|\b(?:maybe|might|could|may|perhaps|or|if|unless|whether|depends|would|oder|ou)\b", re.I
)
_CHINESE = (("大多高长快重早老远热强贵深", 1), ("小少低矮短慢轻晚近冷弱便浅", -1))
_CHINESE_ENDS = (
    "大小",
    "多少",
    "高低",
    "高矮",
    "长短",
    "快慢",
    "重轻",
    "早晚",
    "老小",
    "远近",
    "热冷",
    "强弱",
    "深浅",
)
_BY_FIGURE = re.compile(r"[0-9]\s*\w*\s+(?:more|less|fewer)\b", re.IGNORECASE)  # of what?
_LONGEST = 300  # characters of a sentence


class _End(NamedTuple):
    """One end of a dimension."""

    dimension: int
    sign: int


@lru_cache(maxsize=256)
def _ends(text: str) -> frozenset[_End]:
    """Return the ends that the words of a text name."""
    return frozenset(_End(at, sign) for at, sign, words in _ENDS if words.search(text))


def asks(question: str) -> bool:
    """Say whether a question asks which is more or less of something."""
    return bool(_ends(question)) or any(one in question for pair in _CHINESE_ENDS for one in pair)


def winner(said: str, patterns: Mapping[str, re.Pattern[str]], question: str) -> str | None:
    """Return which of two things a comparison answers a question with.

    Args:
        said: A sentence.
        patterns: What finds each thing.
        question: The question, whose words name a dimension: "taller", "first", "größer".
    """
    if len(said) > _LONGEST or _HEDGED.search(said):
        return None
    places = {item: [m.span() for m in one.finditer(said)] for item, one in patterns.items()}
    named = sorted((spans[0], item) for item, spans in places.items() if spans)
    if len(named) != 2 or any(len(spans) > 1 for spans in places.values()):
        return None
    (one, first), (other, second) = named
    between = said[one[1] : other[0]]
    if _BY_FIGURE.search(between):
        return None
    if "比" in between:
        sign = _chinese(said[other[1] :], question)
    else:
        sign = _compares(between, said[other[1] :], question)
    return None if not sign else first if sign > 0 else second


def _compares(between: str, rest: str, question: str) -> int:
    """Return 1 where the first of two has more of what is asked for, -1 where the second has."""
    bare = _ARTICLE.sub(" ", f" {between.rstrip()}").rstrip()
    alike = _NOT_AS.search(between)
    if alike is not None:
        return -_sign(_AS[alike["how"].casefold()], question)
    times = _TIMES_AS.search(between)
    if times is not None and not _DENIES.search(between):
        return _sign(_AS[times["how"].casefold()], question)
    if _DENIES.search(between) or _DENIES.search(rest):
        return 0
    temporal = _TEMPORAL.search(bare)
    if temporal is None and _THAN.search(between) is None:
        return 0
    return _sign(between, question)


def _sign(said: str, question: str) -> int:
    """Return whether words name the end that a question asks for (1) or the other one (-1)."""
    asked, found = _ends(question), _ends(said)
    dimensions = {one.dimension for one in asked} & {one.dimension for one in found}
    signs = {
        one.sign * other.sign
        for one in asked
        for other in found
        if one.dimension == other.dimension in dimensions
    }
    if signs == {1, -1}:  # "further south" to "further north"
        return -1 if all(len({e.sign for e in ends}) == 1 for ends in _by(asked, found)) else 0
    return signs.pop() if len(signs) == 1 else 0


def _by(*several: frozenset[_End]) -> list[list[_End]]:
    """Return the ends of each text by their dimension."""
    return [
        [e for e in ends if e.dimension == at]
        for ends in several
        for at in {e.dimension for e in ends}
    ]


def _chinese(behind: str, question: str) -> int:
    """Return as `_compares` for "X比Y大", by what follows the second."""
    said = next(
        ((char, sign) for char in behind[:4] for chars, sign in _CHINESE if char in chars), None
    )
    if said is None or _DENIES.search(behind):
        return 0
    for pair in _CHINESE_ENDS:
        asked = [char for char in pair if char in question]
        if said[0] in pair and len(asked) == 1:
            return 1 if asked[0] == said[0] else -1
    return 0
