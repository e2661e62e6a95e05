# ruff: noqa: E501 - patterns are easier to read in one line
"""The order of numbered answers that a reply states in words, lists and tables, not in JSON."""

import re

from manyminds.reading.role_text import number_of

BEST = 10.0
NOUN = r"(?:answers?|responses?|replies|reply|options?|candidates?|solutions?)"
REF = rf"(?:\b{NOUN}\s*(?:number|no\.?|nr\.?|num[ée]ro|№)?\s*[#(\[\"]?|#|\bnumber\s+|\bno\.\s*|(?-i:\b[AR](?=\d)))(\d{{1,3}})(?![\d%]|\.\d)[)\]\"]?"
ANY = rf"(?:(?:the\s+)?{NOUN}?\s*(?:number|no\.?)?\s*[#(\[\"]{{0,2}})(\d{{1,3}})(?![\d%]|\.\d|\s*(?:points|/))[)\]\"]{{0,2}}"
ORDINALS = {
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "1st": 1,
    "2nd": 2,
    "3rd": 3,
    "4th": 4,
    "5th": 5,
}
_TOP, _LOW = r"(?:best|strongest|top|highest)", r"(?:worst|weakest|bottom|lowest)"
_RANKS = rf"(?:rank(?:ing|ed|s)?|order(?:ing)?|(?:from\s+)?(?:the\s+)?(?:{_TOP}[^\n\d.:=]{{1,20}}\b{_LOW}|{_TOP}\s+first|{_LOW}[^\n\d.:=]{{1,20}}\b{_TOP}|{_LOW}\s+first))"
_ORDER_LABEL = re.compile(
    rf"{_RANKS}[^\n\d:=>]{{0,60}}?\[?(?P<list>(?:\b{NOUN}\s*)?[#(\[]*\d[^\n\]]{{0,200}})",
    re.IGNORECASE,
)
_ORDER_LABEL_FIRST = re.compile(
    rf"{_RANKS}[^\n\d:=>]{{0,60}}?(?:\s*[:=]|\s+is\s*:?)\s*(?P<list>[^\n]{{1,200}})", re.IGNORECASE
)
_LABEL_ABOVE = re.compile(
    rf"({_RANKS}[^\n]{{0,40}}:)[ \t]*\n\s{{0,9}}(?=\[?\d{{1,3}}\s?[,>])", re.IGNORECASE
)
SCORES_LABEL = re.compile(r"scores?\s*[:=]\s*\[(?P<list>[^\n\]]{1,200})\]", re.IGNORECASE)
WORST_FIRST = re.compile(
    rf"\b{_LOW}[^\n\d.:=]{{1,20}}\b{_TOP}\b|\b{_LOW}\s+first\b|\bascending\b|\bfrom\s+{_LOW}",
    re.IGNORECASE,
)
_ALL = re.compile(
    r"\W{0,20}(?:answers|responses|replies|options|candidates|solutions)\b", re.IGNORECASE
)
_TAIL = re.compile(  # "2 > 1 > 3 (2 and 1 are close)", "2, 1, 3, because ..."
    r",?\s+(?:\(|[\u2013\u2014-]\s|(?:because|since|as|where|with)\b)(?![^\n]*\d\s*[,>]\s*\d).*$|,?\s+in\s+(?:that|this)\s+order\W*$",
    re.IGNORECASE,
)
_REASONS = re.compile(  # "3 > 2 > 1. Answer 3 is the only one that ..."
    r"(?<=\d)[.;]\s+(?=[^\W\d_])(?![^\n]*\d\s*[,>]\s*\d)(?!(?:wait|no|actually|sorry|but|however|or)\b)[^\n]*$",
    re.IGNORECASE,
)
_PRAISED = re.compile(
    r"(\d{1,3})\W{1,3}(?:is|was)\s+(?:\w+\s+)?(?:the\s+)?(?:best|better|strongest|winner)\b",
    re.IGNORECASE,
)
_IN_ORDER = re.compile(r">|\bin\s+(?:that|this)\s+order\b", re.IGNORECASE)
_FINAL = re.compile(r"\b(?:final|corrected|revised|updated|new)\b", re.IGNORECASE)
_ITEM = rf"(?:{NOUN}\s*#?|#|(?-i:[AR])|(?:the\s+)?)?\s*\(?(\d{{1,3}})\)?"
_ONE = rf"(?:{NOUN}\s*)?#?\d{{1,3}}"
_CHAIN = re.compile(
    rf"\s*{_ITEM}(?:\s*(?:>{{1,3}}|>=|\u227b|,|\u3001|;|->|\u2192|=>|,?\s+then|,?\s+and|,?\s+followed\s+by)\s*(?:then\s+|and\s+)?{_ITEM})+\s*[.!\u3002]?\s*",
    re.IGNORECASE,
)


def chain_in(text: str, n: int, *, worst_first: bool = False) -> list[int] | None:
    """Read a text that is a list such as "2 > 1 > 3" or "answer 2, answer 1, answer 3"."""
    rising = "<" in text and ">" not in text and "," not in text
    text = text.replace("<", ",") if rising else text
    worst_first = worst_first or rising
    if len(text) > 400 or not _CHAIN.fullmatch(text):
        return None
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    if sorted(numbers) != [*range(1, n + 1)]:
        return None
    return numbers[::-1] if worst_first else numbers


def said_list(said: str, label: re.Pattern[str], n: int) -> list[float]:
    found = label.findall(said)
    parts = found[-1].split(",") if found else []
    numbers = [number_of(part.strip().split("/")[0]) for part in parts]
    return [x for x in numbers if x is not None] if len(parts) == n and None not in numbers else []


_LEAD = re.compile(r"^(?:[^\d:>]{1,60}:|.{0,200}\b(?:so|therefore|thus|hence)\b[,:]?)\s*")
_REMARK = re.compile(r"\s*\([^()\d]{1,120}\)")
_TAG = re.compile(r"</?(?:ranking|order|answer|verdict)>", re.IGNORECASE)
_COLUMN = re.compile(
    rf"\A[\s*#>-]{{0,20}}(?:[^\n:]{{0,60}}{_RANKS}[^\n:]{{0,40}}:[ \t]*\n(?P<items>(?:[ \t]*(?:[-*\u2022][ \t]*)?{_ONE}[ \t.]*(?:\([^()\n]{{0,80}}\)|[\u2013\u2014-][^\n]*)?[ \t]*(?:\n|\Z)){{2,20}})|(?P<bare>(?:[ \t]*[-*\u2022][ \t]*#?\d{{1,3}}[ \t]*(?:\n|\Z)){{2,20}}\Z))",
    re.IGNORECASE,
)


def said_order(said: str, n: int) -> list[int] | None:
    said = _TAG.sub("", said)
    column = _COLUMN.match(said)
    if column and not WORST_FIRST.search(said):
        lines = (column["items"] or column["bare"]).splitlines()
        return chain_in(", ".join(re.findall(r"\d{1,3}", line)[0] for line in lines), n)
    said = _LABEL_ABOVE.sub(r"\1 ", said)
    found: list[tuple[bool, list[int]]] = []
    for line in said.splitlines():
        label = _ORDER_LABEL_FIRST.search(line) or _ORDER_LABEL.search(line)
        listed = _commas(label["list"] if label else line)
        if re.search(r"\b(?:not|never)\b|n't\b", line):
            continue
        if not label and "," in line and not re.search(NOUN, line, re.IGNORECASE) and line != said:
            continue
        if not label and not _IN_ORDER.search(line) and _ALL.match(line):  # "Answers 1, 2, 3"
            continue
        if listed == line and line.count(">") >= n - 1 > 0:  # "Therefore: 2 > 1 > 3"
            listed = _LEAD.sub("", line)
        worst_first = bool(WORST_FIRST.search(line))
        order = chain_in(listed, n, worst_first=worst_first)
        if order is None and (label or _IN_ORDER.search(line)):
            order = chain_in(_TAIL.sub("", listed), n, worst_first=worst_first)
            order = order or _before_reasons(listed, n, worst_first=worst_first)
        if order is not None:
            found.append((bool(label and _FINAL.search(line)), order))
    last = [order for final, order in found if final] or [order for _, order in found]
    orders = {tuple(order) for order in last}
    if orders:
        return list(orders.pop()) if len(orders) == 1 else None
    return _by_sequence(said, n)


def _before_reasons(listed: str, n: int, *, worst_first: bool) -> list[int] | None:
    """Return an order that sentences follow, none of which calls another answer than its first best."""
    reasons = _REASONS.search(listed)
    if reasons is None:
        return None
    order = chain_in(listed[: reasons.start()], n, worst_first=worst_first)
    praised = {int(number) for number in _PRAISED.findall(reasons[0])}
    return order if order is not None and praised <= {order[0]} else None


def _commas(listed: str) -> str:
    """Return a list with commas where a reply joins it by brackets, "lastly" or "beats"."""
    listed = _REMARK.sub("", listed)
    listed = re.sub(r"\]\s*\[", ", ", listed).replace("[", "").replace("]", "")
    listed = re.sub(r",?\s+(?:which\s+)?beats\s+", " > ", listed, flags=re.IGNORECASE)
    listed = re.sub(r",?\s+and\s+(?:lastly|finally|last)\b", ",", listed, flags=re.IGNORECASE)
    listed = re.sub(
        rf",?\s+with\s+({_ONE})\s+(?:(?:being|coming)\s+(?:in\s+)?)?(?:last|worst)\b",
        r", \1",
        listed,
        flags=re.I,
    )
    best = re.search(
        r",?\s+with\s+(?:answer\s+)?(\d{1,3})\s+(?:being\s+)?(?:the\s+)?best\W*$", listed
    )
    first = re.search(r"\d{1,3}", listed)
    return listed[: best.start()] if best and first and best[1] == first[0] else listed


_SEQUENCE = re.compile(
    rf"(?:\bthe\s+)?best\s+(?:one\s+|answer\s+)?is\s+{ANY}(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next|finally|lastly|last)?\s*,?\s*(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)
_PREFERRED = re.compile(
    rf"\bI\s+(?:would\s+)?(?:prefer|choose|favou?r|pick)\s+{ANY}(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next|finally|lastly|last)\s*,?\s*(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(
    rf"(?:{REF}|^\s*\d{{1,3}})\s+is\s+(?:clearly\s+)?(?:the\s+)?best(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next|finally|lastly|last)?\s*,?\s*(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)


def _by_sequence(said: str, n: int) -> list[int] | None:
    for pattern in (_SEQUENCE, _PREFERRED, _FOLLOWED):
        for m in pattern.finditer(said):
            numbers = [int(number) for number in re.findall(r"\d+", m[0])]
            if sorted(numbers) == [*range(1, n + 1)]:
                return numbers
    return None
