# ruff: noqa: E501 - patterns are easier to read in one line
"""The order of numbered answers that a reply states in words, lists and tables, not in JSON."""

import re

from manyminds.reading.role_text import number_of

BEST = 10.0
NOUN = (
    r"(?:answers?|responses?|replies|reply|options?|candidates?|solutions?|antwort|r\u00e9ponse|respuesta"
    r"|\u7b54\u6848|\u56de\u7b54|\u56de\u590d|\u56de\u7b54\u6848|\u9009\u9879|\u041e\u0442\u0432\u0435\u0442)"
)
REF = rf"(?:{NOUN}\s*(?:number|no\.?|nr\.?|num\u00e9ro)?\s*[#(\[]?|#|number\s+|no\.\s*)(\d{{1,3}})(?![\d%]|\.\d)[)\]]?"
ANY = rf"(?:(?:the\s+)?{NOUN}?\s*(?:number|no\.?)?\s*[#(\[\"]?)(\d{{1,3}})(?![\d%]|\.\d|\s*(?:points|/))[)\]\"]?"
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
_RANKS = (
    r"(?:rank(?:ing|ed|s)?|order(?:ing)?|best\s+to\s+worst|best\s+first|worst\s+to\s+best|worst\s+first|reihenfolge|rangfolge|classement"
    r"|orden|clasificaci\u00f3n|\u6392\u5e8f|\u6392\u540d|\u9806\u4f4d|\u987a\u5e8f|\u4ece\u597d\u5230\u5dee|\u4ece\u6700\u597d\u5230\u6700\u5dee|\u0420\u0435\u0439\u0442\u0438\u043d\u0433"
    r"|\u041f\u043e\u0440\u044f\u0434\u043e\u043a)"
)
_ORDER_LABEL = re.compile(
    rf"{_RANKS}[^\n\d:=>]{{0,40}}?(?:\s*[:=]\s*|\s+(?:is|them|as)\s*:?\s*|\s+)\[?(?P<list>[^\n\]]{{1,200}})",
    re.IGNORECASE,
)
_ORDER_LABEL_FIRST = re.compile(
    rf"{_RANKS}[^\n\d:=>]{{0,60}}?(?:\s*[:=]|\s+is\s*:?)\s*(?P<list>[^\n]{{1,200}})", re.IGNORECASE
)
_LABEL_ABOVE = re.compile(
    rf"({_RANKS}[^\n]{{0,40}}:)[ \t]*\n\s{{0,9}}(?=\[?\d{{1,3}}\s?[,>])", re.IGNORECASE
)
SCORES_LABEL = re.compile(r"scores?\s*[:=]\s*\[(?P<list>[^\n\]]{1,200})\]", re.IGNORECASE)
_WORST_FIRST = re.compile(r"worst\s+(?:to\s+best|first)|ascending|from\s+worst", re.IGNORECASE)
_ITEM = rf"(?:{NOUN}\s*#?|#|(?:the\s+)?)?\s*\(?(\d{{1,3}})\)?"
_CHAIN = re.compile(
    rf"\s*{_ITEM}(?:\s*(?:>=?|\u227b|,|\u3001|;|->|\u2192|=>|,?\s+then|,?\s+and|,?\s+followed\s+by)\s*(?:then\s+|and\s+)?{_ITEM})+\s*[.!\u3002]?\s*",
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


def said_order(said: str, n: int) -> list[int] | None:
    said = _LABEL_ABOVE.sub(r"\1 ", said)
    found: list[list[int]] = []
    for line in said.splitlines():
        label = _ORDER_LABEL_FIRST.search(line) or _ORDER_LABEL.search(line)
        listed = _commas(label["list"] if label else line)
        if re.search(r"\b(?:not|never)\b|n't\b", line):
            continue
        if not label and "," in line and not re.search(NOUN, line, re.IGNORECASE) and line != said:
            continue
        order = chain_in(listed, n, worst_first=bool(_WORST_FIRST.search(line)))
        if order is not None:
            found.append(order)
    orders = {tuple(order) for order in found}
    if orders:
        return list(orders.pop()) if len(orders) == 1 else None
    for read in (_by_lines, _by_sequence, _by_rank_words):
        order = read(said, n)
        if order is not None:
            return order
    return None


_LINE = re.compile(
    rf"^[ \t]*(?:rank\s*|#)?(\d{{1,3}})(?:st|nd|rd|th)?(?:\s+place)?[.):\s-]\s*{REF}(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)


_RANK_LABEL = re.compile(
    r"^[ \t]*(best|first|second|third|fourth|fifth|worst|last)(?:\s+(?:place|best))?\s*:(?=\s*(?P<bare>\d{1,3}\s*$)?)",
    re.IGNORECASE | re.MULTILINE,
)


def _commas(listed: str) -> str:
    """Return a list with commas where a reply joins it by brackets, "lastly" or "beats"."""
    listed = re.sub(r"\]\s*\[", ", ", listed).replace("[", "").replace("]", "")
    listed = re.sub(r",?\s+(?:which\s+)?beats\s+", " > ", listed, flags=re.IGNORECASE)
    listed = re.sub(r",?\s+and\s+(?:lastly|finally|last)\b", ",", listed, flags=re.IGNORECASE)
    listed = re.sub(r"\s*\((?:the\s+)?(?:best|worst)\)", "", listed, flags=re.IGNORECASE)
    best = re.search(
        r",?\s+with\s+(?:answer\s+)?(\d{1,3})\s+(?:being\s+)?(?:the\s+)?best\W*$", listed
    )
    first = re.search(r"\d{1,3}", listed)
    return listed[: best.start()] if best and first and best[1] == first[0] else listed


def _by_lines(said: str, n: int) -> list[int] | None:
    """Read numbered lines, each of which names an answer."""
    ranked = {**ORDINALS, "best": 1, "worst": n, "last": n}
    said = _INLINE_LABEL.sub("\n", said)
    said = _RANK_LABEL.sub(lambda m: f"{ranked[m[1].lower()]}." + " answer" * bool(m["bare"]), said)
    lines = list(_LINE.finditer(said))
    ranks, numbers = [int(m[1]) for m in lines], [int(m[2]) for m in lines]
    if ranks != [*range(1, n + 1)] or sorted(numbers) != ranks or _WORST_FIRST.search(said):
        return None
    bare = all(not m["rest"].strip(" .:") for m in lines)
    if numbers == ranks and not bare and not re.search(_RANKS, said, re.IGNORECASE):
        return None  # remarks on each answer in turn
    return numbers


_SEQUENCE = re.compile(
    rf"(?:\bthe\s+)?best\s+(?:one\s+|answer\s+)?is\s+{ANY}(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next)\s+(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)
_FOLLOWED = re.compile(
    rf"{REF}\s+is\s+(?:the\s+)?best(?P<rest>(?:\s*[,;]?\s*(?:and\s+)?(?:then|followed\s+by|next)\s+(?:by\s+)?{ANY})+)",
    re.IGNORECASE,
)


def _by_sequence(said: str, n: int) -> list[int] | None:
    for pattern in (_SEQUENCE, _FOLLOWED):
        for m in pattern.finditer(said):
            numbers = [int(number) for number in re.findall(r"\d+", m[0])]
            if sorted(numbers) == [*range(1, n + 1)]:
                return numbers
    return None


_RANK_WORD = re.compile(
    rf"{REF}\s+(?:is\s+|comes\s+|as\s+|in\s+)?(?:the\s+)?(best|first|second|third|fourth|last|worst)(?:\s+best)?\b",
    re.IGNORECASE,
)


_INLINE_LABEL = re.compile(
    r"(?<=\d)\s*[,;.]\s*(?=(?:second|third|fourth|fifth|worst|last)(?:\s+(?:best|place))?\s*:)",
    re.IGNORECASE,
)
_NEXT = re.compile(rf"\b(first|second|third|fourth)(\s*,)?\s+followed\s+by\s+{REF}", re.IGNORECASE)


def _named_rank(m: re.Match[str]) -> str:
    """Return "second, followed by answer 1" as "second, answer 1 is third"."""
    following = ("first", "second", "third", "fourth", "fifth")[ORDINALS[m[1].lower()]]
    return f"{m[1]}, answer {m[3]} is {following}"


def _by_rank_words(said: str, n: int) -> list[int] | None:
    if re.search(r"\b(?:not|never)\b|n't\b", said):
        return None
    said = _NEXT.sub(_named_rank, said)
    at: dict[int, int] = {}
    for number, word in _RANK_WORD.findall(said):
        word = word.lower()
        rank = 1 if word == "best" else n if word in ("last", "worst") else ORDINALS[word]
        if at.get(rank, int(number)) != int(number):
            return None
        at[rank] = int(number)
    if sorted(at) != [*range(1, n + 1)] or sorted(at.values()) != sorted(at):
        return None
    return [at[rank] for rank in sorted(at)]


_SCORED = re.compile(
    rf"{REF}\s*(?:->|[:=\u2014-]|\(|gets|scores|deserves|earns|is\s+worth|(?=an?\s+\d))\s*(?:an?\s+)?(?:score\s*:?\s*)?(\d{{1,2}}(?:\.\d)?)\s*(/\s*10\b|points|out\s+of\s+10)?\)?(?=[\s.,;)]|$)",
    re.IGNORECASE,
)
_TABLE = re.compile(
    r"^\s*\|\s*(?:answer\s*)?#?(\d{1,3})\s*\|\s*(\d{1,2}(?:\.\d)?)(?:\s*/\s*10)?\s*\|", re.I | re.M
)


def said_scores(said: str, n: int) -> dict[int, float]:
    table = "score" in said.lower() and _TABLE.findall(said)
    rows = [(number, score, "/") for number, score in table] if table else _SCORED.findall(said)
    scores = {int(number): float(score) for number, score, _ in rows}
    marked = all(unit for _, _, unit in rows) or re.search(
        r"\bscores?\b|\bpoints\b|\bdeserves\b", said, re.IGNORECASE
    )
    bare = not _SCORED.sub("", said).strip(" \t\n.,;-*")
    if len(rows) != n or sorted(scores) != [*range(1, n + 1)] or not (marked or bare):
        return {}
    return scores if all(0 <= score <= BEST for score in scores.values()) else {}
