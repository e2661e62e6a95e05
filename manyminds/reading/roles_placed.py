# ruff: noqa: E501 - patterns are easier to read in one line
"""Places and scores that a reply gives to numbered answers one by one: "2nd: answer 3", tables."""

import re
from collections.abc import Mapping

from manyminds.reading.roles_ranking_words import BEST, NOUN, ORDINALS, REF, WORST_FIRST

_WORDS = "best|strongest|top|winner|gold|silver|bronze|runner[ -]up|first|second|third|fourth|fifth|middle|bottom|worst|weakest|last|finally"
_RANK_WORDS: Mapping[str, int] = {
    **dict.fromkeys(("best", "strongest", "top", "winner", "gold"), 1),
    **dict.fromkeys(("silver", "runner-up", "runner up"), 2),
    "bronze": 3,
    **ORDINALS,
}
_LINKS = r"(?:(?:is|are|was|would|be|should|goes|to|comes?|gets?|takes?|ranks?|ranked|placed|by|in|at|as|the|an?|clearly|solid|close|distant|for|o|comes|finishes|earns|deserves|one)\s+){0,5}"


def _place(at: int) -> str:
    """Return a pattern of a place; its groups carry a number of their own."""
    return (
        rf"(?:\b(?P<word{at}>{_WORDS})(?P<end{at}>[\s-]+(?:to\s+)?(?:last|worst|best))?(?:\s+(?:place|rank|position|prize))?\b"
        rf"|\b(?:rank(?:ed|s|ing)?|place|position)\s*(?:is\s+|[:=#]\s*|no\.?\s*|number\s+)?(?P<rank{at}>\d{{1,2}})(?![\d/%]|\.\d)"
        rf"|(?<!\d)(?P<nth{at}>\d{{1,2}})(?:(?:st|nd|rd|th|er|re|i?[eè]me|e|[ºª]|-?[йяе])(?!\w)(?:\s+(?:place|rank|position|best))?|\.?\s+place\b))"
    )


def _answer(at: int) -> str:
    return REF.replace(r"(\d{1,3})", rf"(?P<answer{at}>\d{{1,3}})")


_PAIRS = re.compile(
    rf"{_place(1)}\s*[|>\u2013\u2014:=,.)-]*\s*{_LINKS}{_answer(1)}(?=\s*(?:$|[.,;:!()|\u2013\u2014-]|(?:and|because|since|as|with|for|which|then)\b))"
    rf"|{_place(2)}[ \t]*(?:[:=]|is\b|goes\s+to\b)[ \t]*(?P<answer2>\d{{1,3}})(?=\s*(?:$|[,;(]|\.(?!\d)|\s[\u2013\u2014-]))"
    rf"|\b(?:then|next|followed\s+(?:closely\s+)?by)\s*,?\s*(?:comes\s+|by\s+|the\s+)*{_answer(4)}"
    rf"|{_answer(3)}\s*[|>\u2013\u2014:=(-]*\s*{_LINKS}{_place(3)}",
    re.IGNORECASE | re.MULTILINE,
)
_HEAD = re.compile(
    rf"^[ \t]*(?:#\s*)?\(?(\d{{1,3}})(?:[.):]+|\s*[\u2013\u2014-])?\s*{REF}(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
_RANKS = re.compile(r"\b(?:rank\w*|order\w*|best|top)\b", re.IGNORECASE)
_DENIES = re.compile(
    r"\b(?:not|never|if|unless|maybe|perhaps|might|could|equal\w*|tied?)\b|n't\b|\?", re.IGNORECASE
)
_SENTENCE = re.compile(r"[.!?\u3002;](?=\s|$)|\n")
_MEDALS = {"\U0001f947": "First: ", "\U0001f948": "Second: ", "\U0001f949": "Third: "}
_MEDAL = re.compile("[\U0001f947-\U0001f949][ :.-]*")


def placed(said: str, n: int) -> list[int] | None:
    """Return the order of all `n` answers where each is given its own place, else None."""
    said = _MEDAL.sub(lambda m: _MEDALS[m[0][0]], said)
    named = _named(said, n)
    if named is None:
        return None
    heads = list(_HEAD.finditer(said))
    listed = _permuted([(int(m[1]), int(m[2])) for m in heads], n)
    if listed is None or _DENIES.search(said[: heads[0].start()]):
        return _permuted(named, n)
    if WORST_FIRST.search(said[: heads[0].start()]):
        return [int(m[2]) for m in heads][::-1]
    remarks = any(m["rest"].strip(" .:") for m in heads) and not _RANKS.search(said)
    if remarks and listed == sorted(listed):
        return None  # on each answer in turn
    return listed if all(listed[place - 1 : place] == [one] for place, one in named) else None


def _named(said: str, n: int) -> list[tuple[int, int]] | None:
    """Return the places that words state, each with its answer; None where one is denied."""
    pairs: list[tuple[int, int]] = []
    end = 0
    for match in _PAIRS.finditer(said):
        if _DENIES.search(_SENTENCE.split(said[end : match.start()])[-1]):
            return None
        end = match.end()
        at = next(at for at in "1234" if match[f"answer{at}"])
        rank = _rank(match, at, n) if at != "4" else pairs[-1][0] + 1 if pairs else 0
        pairs.append((rank, int(match[f"answer{at}"])))
    return pairs


def _rank(match: re.Match[str], at: str, n: int) -> int:
    digits = match[f"rank{at}"] or match[f"nth{at}"]
    if digits:
        return int(digits)
    word = match[f"word{at}"].lower()
    rank = (n + 1) // 2 if word == "middle" else _RANK_WORDS.get(word, n)
    from_end = re.search(r"last|worst", match[f"end{at}"] or "")
    return n + 1 - rank if from_end else rank


def _permuted(pairs: list[tuple[int, int]], n: int) -> list[int] | None:
    """Return the answers by place where each of `n` has one."""
    at = dict(pairs)
    whole = [*range(1, n + 1)]
    if n < 1 or len(set(pairs)) != n or sorted(at) != whole or sorted(at.values()) != whole:
        return None
    return [at[place] for place in whole]


def rank_of(said: str, n: int) -> int | None:
    """Return the place among `n` that a text is: "2nd", "second", "rank_2", "worst"."""
    found = _ONLY.fullmatch(said.replace("_", " "))
    return None if found is None else _rank(found, "1", n)


_ONLY = re.compile(rf"\W{{0,20}}{_place(1)}\W{{0,20}}", re.IGNORECASE)
_ROW = re.compile(r"^[ \t]*\|(?P<cells>[^\n]*)\|[ \t]*$", re.MULTILINE)


def without_tables(said: str) -> str:
    """Return a text with tables of answers as lines such as "answer 3: rank 1, score 8"."""
    columns: list[str] = []

    def line(match: re.Match[str]) -> str:
        cells = [cell.strip() for cell in match["cells"].split("|")]
        if not any(re.search(r"\d", cell) for cell in cells) and re.search(r"\w", match[0]):
            columns[:] = [_column(cell) for cell in cells]
            return ""
        found = {name: cell for name, cell in zip(columns, cells, strict=False) if name}
        number = re.search(r"\d{1,3}", found.pop("answer", ""))
        if not number or not found:
            return "" if re.fullmatch(r"[\s|:-]*", match[0]) else match[0]
        return f"answer {number[0]}: " + ", ".join(f"{name} {cell}" for name, cell in found.items())

    return _ROW.sub(line, said)


def _column(heading: str) -> str:
    names = {
        "answer": rf"{NOUN}",
        "rank": r"rank\w*|place|position|#",
        "score": r"scores?|rating|points|grade",
    }
    found = (name for name, words in names.items() if re.match(rf"(?:{words})\W*$", heading, re.I))
    return next(found, "")


_SCORED = re.compile(
    rf"{REF}\s*(?:->|[:=|\u2013\u2014-]|\(|gets|got|receives|received|scored|scores|deserves|earns|is\s+(?:worth|rated)|(?=an?\s+\d))\s*(?:an?\s+)?(?:score\s*:?\s*)?(\d{{1,2}}(?:\.\d)?)\s*(/\s*10\b|points|out\s+of\s+10)?\)?(?=[\s.,:;)]|$)",
    re.IGNORECASE,
)
_SCORE_LINES = re.compile(
    r"(?:^\s*[-*]?\s*|[,;:]\s*)(\d{1,3})\s*(?:->|[:=\u2192])\s*(\d{1,2}(?:\.\d)?)(?:\s*/\s*10)?(?=\s*(?:[,;]|\.?\s*$))",
    re.MULTILINE,
)

_SCORE_AT_END = re.compile(  # "**Answer 2:** Clear and complete. Score: 8/10"
    rf"^[\s*#>-]*{REF}\b[^\n]{{0,400}}?\b(?:score|rating)[*\s]*[:=][*\s]*(\d{{1,2}}(?:\.\d)?)\s*(/\s*10\b)?[\s*.]*$",
    re.IGNORECASE | re.MULTILINE,
)


def scored(said: str, n: int) -> dict[int, float]:
    """Return the scores of all `n` answers by number; empty where one is absent or off the scale.

    Numbers without a word or a scale that are a permutation of the places may be places: not read.
    """
    lines = _SCORE_LINES.findall(said) if "score" in said.lower() else []
    rows = [(number, score, "/") for number, score in lines]
    rows = rows or _SCORED.findall(said) or _SCORE_AT_END.findall(said)
    scores = {int(number): float(score) for number, score, _ in rows}
    marked = all(unit for _, _, unit in rows) or re.search(
        r"\b(?:scored?s?|points|deserves|gets|receives)\b", said, re.IGNORECASE
    )
    bare = not _SCORED.sub("", said).strip(" \t\n.,;-*")
    whole = [*range(1, n + 1)]
    if len(rows) != n or sorted(scores) != whole or not (marked or bare):
        return {}
    if not marked and sorted(scores.values()) == whole:
        return {}
    return scores if all(0 <= score <= BEST for score in scores.values()) else {}
