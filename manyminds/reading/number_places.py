"""The number that a short place or one sentence of a reply states; none where it could be two."""

import re
from itertools import pairwise

from manyminds.reading import digits, locate, same_value
from manyminds.reading.discourse import behind_colon
from manyminds.reading.figures import TOKEN, written
from manyminds.reading.no_number import NO_NUMBER
from manyminds.reading.steps import leads

NUMBER = re.compile(r"[0-9]")
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n't|\bnever|\bcannot|\bnicht|\bpas)\s+(?:be\s+|exactly\s+|necessarily\s+|actually\s+)?$",
    re.IGNORECASE,
)
_COINS = re.compile(
    r"(?<![0-9])([0-9]+)\s*(?:dollars?|euros?|pounds?)\s*(?:and\s+)?([0-9]{1,2})\s*(?:cents?|pence|p)\b",
    re.IGNORECASE,
)
_SHARP = re.compile(r"[A-Za-z]#$")  # F#4, a note
_LETTER_POWER = re.compile(r"[0-9][a-ln-zA-LN-Z]\^")  # 3s^2; 5m^2 is an area
_TEN_POWER = re.compile(r"[0-9]\s*[*x×·]\s*10(?=\^|\*\*)")
EQUALS = re.compile(r"=|≈|→")
_ASIDE = re.compile(
    r"\b(?:in|since|by|from|until|of)\s+(?:19|20)[0-9]{2}\b|\b(?:per|for\s+every)\s+[0-9]+\s*\w*|\([^()]*\)"
    r"|^\s*(?:[-*#]+\s+)?(?:step\s+)?[0-9]{1,2}[.):]\s+|\bstep\s+[0-9]+",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:larger|greater|bigger|smaller|less|more|higher|lower|fewer|older|younger|longer|taller|shorter)\s+than\b|\b(?:more|fewer|less)\s+(?:\w+\s+){1,3}than\b"
    r"|\b(?:gr\u00f6\u00dfer|kleiner|h\u00f6her|niedriger|l\u00e4nger|k\u00fcrzer|mehr|weniger|\u00e4lter|j\u00fcnger|schwerer|leichter)\s+als\b"
    r"|\b(?:groter|kleiner|hoger|lager|meer|minder)\s+dan\b|\b(?:plus|moins)\s+\w+\s+que\b|\b(?:m\u00e1s|menos|mais)\s+\w+\s+(?:do\s+)?que\b"
    r"|\b(?:mayor|menor|maior|sup\u00e9rieure?|inf\u00e9rieure?|maggiore|minore|superiore|inferiore)\s+(?:do\s+)?(?:que|di|\u00e0|a)\b|\b(?:pi\u00f9|meno)\s+\w+\s+di\b"
    r"|\b(?:\u0431\u043e\u043b\u044c\u0448\u0435|\u043c\u0435\u043d\u044c\u0448\u0435)(?:,?\s+\u0447\u0435\u043c)?\s+[0-9]|[0-9]\s?\u6bd4\s?[0-9]"
    r"|[><]",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(
    r"\b(?:did|does|do|is|are|was|will|would|can|could|should|of|probability)$", re.IGNORECASE
)
_THERE_ARE = re.compile(  # "So there are 12 ways to seat 4 people"
    r"\W*(?:so|thus|therefore|hence|in\s+total|altogether),?\s+there\s+(?:are|is|will\s+be|would\s+be)\s+"
    r"(?:(?:exactly|only|about|a\s+total\s+of)\s+)?(?P<number>[0-9][0-9,.]*)(?=\s+[a-z])",
    re.IGNORECASE,
)
_DELIMITER = re.compile(r"\\[()\[\]]")
_TOLD = re.compile(  # "3 x 2 = 6, plus 1: Owen spends $7 in total."
    r"[=\u2248][^:=]*:\s+(?P<said>[^\W\d_][^=:;0-9]*(?P<number>[0-9][0-9.,]*[0-9]|[0-9])[^0-9=:;]*)$"
)
_MORE_OF = re.compile(
    r"\b(?:and|but|or)\s+(?:only\s+)?[0-9]+\s+[a-z]|\b(?:so|which|each|of\s+them)\b[^.]*[0-9]|=",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\bthere\s+(?:is|are)\s+no\b|\bno\s+(?:such|positive|real|integer|valid)\b", re.IGNORECASE
)
_ALSO = re.compile(r",\s+(?:and|while|but|whereas)\s+")
_OF_ITS_OWN = re.compile(
    r"(?:the|his|her|their|its|each|every|(?!So\b|Thus\b)[A-Z][a-z]+)\s+(?:\w+\s+){0,3}"
    r"(?:is|are|was|were|costs?|pays?|has|have|gets?)\s[^.]*[0-9]"
)
_IS_RESULT = re.compile(
    r"\b(?:total|final|answer|result|altogether|overall|remain\w*|left|combined|sum|difference|product)\b",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|are|equals?|be|gets?|makes?|gives?|(?:sums?|adds?\s+up|comes?|amounts?)\s+to|written\s+as|expressed\s+as|equivalent\s+to|ist|sind|ergibt|ergeben|costs?|kosten|kostet|co\u00fbtent|co\u00fbte|cuestan?|costano?|custam?|est|font|fait|son|es|\u00e9|\u00e8|s\u00e3o|d\u00e1|sono|fa|jest)\b|是|为|等于|(?:\u5408\u8a08|\u5168\u90e8|\u7dcf\u984d|\u7b54\u3048)(?:\u3067|\u306f)|\u306f(?=\s?[\u7d04\u00a5]?\s?[0-9][0-9,.]*\s?[^0-9\s=+*/\u00d7\u00f7-])|(?:\u4e00|\u603b)\u5171",
    re.IGNORECASE,
)
SO = re.compile(
    r"(?:[,;]|\s[\u2014\u2013-])\s+(?:and\s+|y\s+|e\s+|und\s+|et\s+)?(?:so|thus|hence|therefore|also|daher|folglich|somit|sodass|so\s+dass|donc|si\s+bien\s+que|ce\s+qui\s+fait|logo|portanto|luego|entonces|as\u00ed\s+que|de\s+modo\s+que|por\s+lo\s+(?:tanto|que)|assim|quindi"
    r"|dunque|per\s+cui|dus|wi\u0119c|zatem|\u0437\u043d\u0430\u0447\u0438\u0442|\u043f\u043e\u044d\u0442\u043e\u043c\u0443|\u0442\u0430\u043a\s+\u0447\u0442\u043e|\u0438\u0442\u043e\u0433\u043e)\b,?\s"
    r"|[\uff0c,]\s*(?:\u6240\u4ee5|\u56e0\u6b64|\u4e00\u5171|\u603b\u5171)",
    re.IGNORECASE,
)
_WITHIN = re.compile(  # "in 2.5 hours it travels 150 miles"
    r"^(?:in|after|within|for)\s+[0-9][0-9.,/]*\s+[a-z]+,?\s+(?=\D{2,}[0-9])", re.IGNORECASE
)
_COMMENTS = re.compile(  # "; of these, 3 are red", "; check: 4 + 1 = 5", "; 3 times 4"
    r"\s*(?:of\s+(?:these|them|which)|check|verif|proof|probe|since|because|as\s|see\s|note)",
    re.IGNORECASE,
)
_MEANS = re.compile(
    r",?\s+which\s+(?:means|gives|implies|yields|leaves|makes|equals)\s+(?:that\s+|us\s+)?", re.I
)
_WHICH = re.compile(r"\W*which\b", re.IGNORECASE)
_ONE = re.compile(r"\bone\b", re.IGNORECASE)
_FEW = 4  # words of a reply in which "one" is a number
ROUNDED = re.compile(
    r"\b(?:rounds?|rounded|rounding)\s+(?:(?:up|down|off)\s+)?(?:to|is|gives)\s+(?=[$\u20ac\u00a3]?[0-9])",
    re.IGNORECASE,
)
_CONDITION = re.compile(  # "So if you have 7 and get 5 more, you have 12"
    r"^(\W*(?:so|thus|then|therefore|hence),?\s+)?(?:if|when|since|because|as|given\s+that)\b[^,]{1,200},\s*(?:then\s+)?",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\W*(?:after|minus|without|following|nach|ohne|apr\u00e8s|sans|tras|sin|dopo|senza|ap\u00f3s|sem)\s+"
    r"(?:the|an?|this|that|his|her|their|der|dem|den|einem?|le|la|l['\u2019]|el|il|o|a)\b[^,.;=]{0,80}?(?:,\s+|\s+(?=(?:she|he|they|it|we|you|I)\s))",
    re.IGNORECASE,
)
"""What a last sentence takes into account before it states its result."""
_REVISED = re.compile(
    r"^.*\b(?:first|initial(?:ly)?|originally|thought|guess(?:ed)?)\b.*?,?\s+(?:but|however)\b,?\s*"
    r"|^\W*(?:(?:that|it|this)(?:['\u2019]s|\s+is)\s+)?not\s+\S{1,20}\s+but\s+",
    re.IGNORECASE,
)
_YEAR_ASIDE = re.compile(r"\b(?:in|since|by|from|until)\s+(?:1[0-9]|20)[0-9]{2}\b", re.IGNORECASE)
_UNIT_POWER = re.compile(r"(?<=[0-9] )(?P<unit>[A-Za-z/]{1,6})\^\{?-?[0-9]\}?(?=[\s.,;:$\\)]|$)")
_HAN_SCALE = re.compile("[0-9] ?[\u4e07\u4ebf]")
_NEXT_EQUATION = re.compile(r"[,;]\s+(?:and\s+|then\s+|so\s+)*|\s+and\s+|\.\s+")
_OPERAND = re.compile(r"[0-9][0-9,.]*[0-9]|[0-9]")
_LABELLED = re.compile(r"\W*[^\W\d_][^:=]{0,100}:\s+(?=[-$\u20ac\u00a3]?[0-9])")
_EXPLAINED = re.compile(  # "3 cats: they catch 100 mice"
    r"(?P<said>\W{0,3}[0-9][0-9.,/]*(?:\s?[^\W\d_]{1,15}){0,2}):\s+(?=[^:]*\b(?:they|it|he|she|we|you|all|both|every|each)\s)"
)
_CHAINS = re.compile(  # the value of the clause before: "40% of that is 60"
    r"\b(?:of|times|plus|minus|by|from|von|de|del|di)\s+(?:that|this|it|these|those|davon|cela|eso|ello|ci\u00f2|isso)\b",
    re.I,
)
_FACTOR = re.compile(
    r"(?<=/[0-9])[a-z]{1,2}(?![a-z])|\)?\s*[×*·]\s*[a-z]\b|\s[a-z]\s[a-z]\b"
)  # 1/2 b h
_WHILE = re.compile(r"\b(?:and|but|while|whereas|und|et|y)\b|;", re.IGNORECASE)
_BEGINS = re.compile(
    r"(?:(?:about|approximately|around|roughly|only|exactly|just|nearly|a\s+total\s+of|equal\s+to)\s+)?"
    r"(?:(?-i:[A-Z]{2,3})\s?)?[^\w\s]{0,3}\s?[-+]?\s?[$€£¥₹₩₽]?\s?[0-9.]",
    re.IGNORECASE,
)
_COSTS = re.compile(  # "2 jumpers cost 50 euros"
    r"[0-9.,]+\s+(?:[^\W\d]+\s+){1,4}(?:costs?|cost|weighs?|weigh|kosten|wiegen|co\u00fbtent|p\u00e8sent|cuestan|pesan|costano|pesano|custam|pesam|kost)\s+[^.]*[0-9]",
    re.IGNORECASE,
)
_MEASURED = re.compile(  # "3\u5c0f\u65f6\u884c\u9a76450\u516c\u91cc": in three hours, 450 km
    "[0-9.]+ ?[\u3040-\u30ff\u4e00-\u9fff]{2,12}[0-9.]+ ?[\u3040-\u30ff\u4e00-\u9fff]"
)
_STATES_MORE = re.compile(  # "1 is not prime, so the smallest is 2", "it was 9; now there are 8"
    r"(?:;|[\s,(]*not\b)[^.]*\b(?:so|is|are|was|were|has|have|had|equals?|now)\b[^.]*[0-9]",
    re.IGNORECASE,
)
_TERM = re.compile(r"=\s*\(|\)\s*[-+*/^=]")  # brackets that belong to a formula
LONGEST = 300  # digits: beyond it a number is compared as text (and int() turns slow)
_TOO_LONG = re.compile(r"[0-9]{50}")
_EASTERN = 0x2E80  # from here on, characters of Chinese and Japanese: no spaces between words


def stated_number(place: str, *, comma: bool) -> tuple[str | None, bool]:
    """Return the number in a place that states the answer; and whether it states another thing."""
    text = digits.plain(digits.spelled(digits.plain(digits.mixed(place[: LONGEST * 2]))))
    if same_value.differs(place[: LONGEST * 2]):
        return None, True
    text = same_value.once(_COINS.sub(_amount, text)).strip()
    if (explained := _EXPLAINED.match(text)) is not None:
        text = explained["said"]
    if not NUMBER.search(text):
        return None, False
    label = _LABELLED.match(text)
    if label and NUMBER.search(label[0]) and not _several(text[label.end() :], comma=comma):
        text = text[label.end() :]  # "Value after 3 years: $2,240"
    sides = [side for side in EQUALS.split(text) if NUMBER.search(side)]
    text = _chained(text)
    several = same_value.EQUATIONS.search(text)
    if several or same_value.OR.search(text) and len(sides) > 1:
        return None, True
    side = sides[-1] if len(sides) > 1 or text.count("=") else text
    if len(sides) == 2 and only_number(sides[0]) and first_number(sides[1], comma=comma) is None:
        side = sides[0]  # 5 = 2 + 3
    if len(sides) <= 1 and "=" in text and not text.startswith("="):
        side = text.rpartition("=")[2] if NUMBER.search(text.rpartition("=")[2]) else sides[-1]
    side = (
        re.sub(r"\([^()]*\)[\s.]*$", "", side).strip() if re.match(r"^[^(]*[0-9]", side) else side
    )
    if not EQUALS.search(text) and _several(side, comma=comma):
        if _MEASURED.match(side):
            return None, True
        if not _BEGINS.match(side) or _COSTS.match(side):
            return in_sentence(place, comma=comma), True
    return first_number(side, comma=comma), True


def _chained(text: str) -> str:
    """Return the last of several equations if it goes on with the result of another."""
    parts = [part for part in _NEXT_EQUATION.split(text) if part.strip()]
    if len(parts) < 2 or not all(part.count("=") == 1 for part in parts):
        return text
    left, _, _ = parts[-1].partition("=")
    used = {written(token) for token in TOKEN.finditer(left)} | {*_OPERAND.findall(left)}
    results = {
        written(token) for part in parts[:-1] for token in TOKEN.finditer(part.partition("=")[2])
    }
    return parts[-1] if used & (results - {None}) else text


def _amount(coins: re.Match[str]) -> str:
    return f"{coins[1]}.{coins[2]:>02}"


def _several(text: str, *, comma: bool) -> bool:
    return len({written(token, comma=comma) for token in TOKEN.finditer(text[:LONGEST])}) > 1


def first_number(side: str, *, comma: bool) -> str | None:
    """Return the first number of a short text, unless the text is something else than a number."""
    if len(side) > LONGEST and _TOO_LONG.search(side):
        return None
    side = side[:LONGEST]
    if NO_NUMBER.search(_TEN_POWER.sub("1e10", side).replace("^", "e")):
        return None
    if _LETTER_POWER.search(side):
        return None
    token = TOKEN.search(side)
    if token is None or re.match(r"\^|\*\*[0-9(]|/[0-9]|[0-9]|[,.][0-9]", side[token.end() :]):
        return None
    before = side[token.start() - 1 : token.start()] if token.start() else ""
    joined = re.match(r"[\w.,/^]", before) is not None and ord(before) < _EASTERN
    joined = joined or _SHARP.search(side, 0, token.start()) is not None
    if joined and token[0][0] not in "$€£¥+":  # COVID-19, B2
        return None
    if _FACTOR.match(side, token.end()):
        return None
    if _DENIED_BEFORE.search(side[: token.start()]):
        return None
    return written(token, comma=comma)


def only_number(line: str) -> bool:
    """Return whether a line is one number and nothing else."""
    return TOKEN.fullmatch(line.strip(" *.$")) is not None


def _two_statements(place: str) -> bool:
    """Say whether a sentence states two numbers of different things, neither of them a result."""
    *before, last = _ALSO.split(place)
    named = any(NUMBER.search(part) for part in before)
    return named and _OF_ITS_OWN.match(last) is not None and not _IS_RESULT.search(last)


def in_sentence(sentence: str, *, comma: bool) -> str | None:
    """Return the number that a sentence states; None where it is unclear which of several."""
    sentence = _DELIMITER.sub("", sentence)  # "\\(5\\)" is no remark in brackets
    sentence = same_value.once(_REVISED.sub("", digits.mixed(sentence)))
    sentence = _CONDITION.sub(r"\1", sentence)
    after = AFTER.match(sentence)
    if after is not None and len({t[0] for t in TOKEN.finditer(sentence, after.end())}) == 1:
        sentence = sentence[after.end() :]  # "After the $60 deduction she keeps $412"
    bare = locate.plain(sentence)
    left_out = sentence[sentence.find(bare) + len(bare) :]
    if same_value.differs(sentence) or lists_more(sentence):
        return None
    if _calculates_more(bare, left_out.lstrip(), comma=comma):
        return None
    if _STATES_MORE.match(left_out) and _AUXILIARY.search(bare) and not SO.search(left_out):
        bare = sentence  # "the chance that it does not rain is 3/4"
    elif _STATES_MORE.match(left_out):
        so = SO.search(left_out)
        return None if so is None else in_sentence(left_out[so.end() :], comma=comma)
    if (told := _TOLD.search(sentence)) is not None and not leads(told["said"], equation=False):
        return first_number(told["number"], comma=comma)
    if not NUMBER.search(bare) and (so := SO.search(left_out)) is not None:
        return in_sentence(left_out[so.end() :], comma=comma)  # "a, b, c - so there are 3"
    if (statement := behind_colon(sentence)) is not None and NUMBER.search(statement):
        return in_sentence(statement, comma=comma)  # "...: the probability is 3/8"
    counted = _THERE_ARE.match(sentence)
    if counted is not None and not _MORE_OF.search(sentence, counted.end()):
        return first_number(counted["number"], comma=comma)
    said = None if _NONE.search(bare) else _statement(sentence, bare)
    return None if said is None else _in_clause(said, comma=comma)


def _calculates_more(bare: str, further: str, *, comma: bool) -> bool:
    """Say whether another number is calculated behind a semicolon: "Two; in all 2 + 6 = 8"."""
    equation = further.startswith(";") and EQUALS.search(further) and not EQUALS.search(bare)
    if not equation or _COMMENTS.match(further[1:]):
        return False
    result = in_sentence(further[1:], comma=comma)
    return result is not None and result not in {
        written(t, comma=comma) for t in TOKEN.finditer(bare)
    }


def lists_more(sentence: str) -> bool:
    """Say whether only other numbers follow a semicolon: "Round trip 42 km; one way 21 km"."""
    first, _, rest = sentence[:LONGEST].partition(";")
    said, more = ({written(t) for t in TOKEN.finditer(part)} for part in (first, rest))
    concludes = SO.search(sentence) or _COMMENTS.match(rest)
    return bool(said) and bool(more) and not said & more and not concludes


def _statement(sentence: str, bare: str) -> str | None:
    """Return a sentence without asides and years, in plain digits; None where it names two years.

    Args:
        sentence: The sentence.
        bare: The sentence without its reasons.
    """
    years = _YEAR_ASIDE.findall(sentence)
    means = _MEANS.search(sentence, len(bare) // 2)
    if means is not None and NUMBER.search(sentence, means.end()):
        bare = locate.plain(sentence[means.end() :])
    if ROUNDED.search(sentence):
        bare = sentence
    if "=" in sentence and "=" not in bare and _WHICH.match(sentence, len(bare)):
        bare = sentence  # "She loses 4, which means she has 10 - 4 = 6"
    bare = bare if _TERM.search(bare) else _ASIDE.sub(" ", bare)
    if not NUMBER.search(digits.spelled(bare)):  # "in 1969" may be the answer
        bare = locate.plain(sentence)
    elif len(years) > 1 and not NUMBER.search(bare):  # "in 1945, six years after 1939"
        return None
    so = SO.split(bare)[-1]
    if len(so) < len(bare) and not NUMBER.search(so) and NUMBER.search(digits.spelled(so)):
        bare = so  # "Half of 90 is 45, so forty-five are red"
    place = _UNIT_POWER.sub("", digits.plain(bare)).rstrip(" .").strip()
    spoken = not NUMBER.search(place) and (not _ONE.search(place) or len(place.split()) <= _FEW)
    if spoken or _HAN_SCALE.search(place):
        place = digits.plain(digits.spelled(place))
    place = ROUNDED.split(_COINS.sub(_amount, place))[-1]
    concluded = SO.split(place)[-1]
    concluded = concluded if concluded == place else _WITHIN.sub("", concluded)
    return concluded if NUMBER.search(concluded) else place


def _chains(between: str, joined: int) -> bool:
    """Say whether a clause begins with the value of the one before: "is 150, and 40% of 150"."""
    before, later = between[:joined], between[joined:]
    values = {*_OPERAND.findall(before)}
    return len(values) == 1 and (
        values <= {*_OPERAND.findall(later)} or bool(_CHAINS.search(later))
    )


def _in_clause(place: str, *, comma: bool) -> str | None:
    """Return the number behind the last sign of equality or verb of a statement."""
    equals = [sign.end() for sign in EQUALS.finditer(place)]
    verbs = [verb for verb in _COPULA.finditer(place) if NUMBER.search(place, verb.end())]
    if equals and not (verbs and verbs[-1].end() > equals[-1]):  # "y when x = 6 is 7" says 7
        return stated_number(place, comma=comma)[0]
    for one, following in pairwise(verbs):  # "Tom is 5 and Ann is 7"
        between = place[one.end() : following.start()]
        joined = _WHILE.search(between)
        if joined and NUMBER.search(between) and not _chains(between, joined.start()):
            return None
    end = verbs[-1].end() if verbs else 0
    denied = end and _DENIED_BEFORE.search(f"{place[:end]} ")
    if denied or _COMPARED.search(place) or _two_statements(place):
        return None
    tokens = {written(token, comma=comma) for token in TOKEN.finditer(place[end:])}
    return first_number(place[end:], comma=comma) if len(tokens) == 1 else None
