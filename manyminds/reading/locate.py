r"""Where in a reply the answer stands: a JSON field, a `\boxed{...}`, a cue like "the answer is".

Every function is one pass over the text: a reply of 100 KB costs milliseconds, whatever it holds.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from manyminds.reading.answer_field import field
from manyminds.reading.cues import (
    CONDITION,
    CONFIRMS,
    CORRECTION,
    DENIED,
    DENIES,
    IS_THE_ANSWER,
    POINTER,
    REASON,
    REFUSAL,
    RESULT_IS,
    SUPPOSED,
    TAKEN_BACK,
    VACUOUS,
    answers_in,
)
from manyminds.reading.full_stops import goes_on

# Two backslashes: the reply may be JSON, where LaTeX is escaped once more.
_BOX_OR_BRACE = re.compile(r"\\{1,2}(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\\boxed\s+([^\s${}]+)")
_SENTENCE_END = re.compile(
    r"[.!?](?=[*)\"']*\s+[*(\"']*[A-Z\u00c0-\u00de\u0410-\u042f])|\n\s*\n|\u3002"
)
_SENTENCE = re.compile(
    r"(?<=[.!?])[*)\"']*\s+(?=[*(\"'$\u00bf\u00a1]*[A-Z0-9\u00c0-\u00de\u0410-\u042f])|\n+|\u3002"
)
_STEP = re.compile(r"(?:step|schritt|\u00e9tape|paso|passo)\s+[0-9]+\b(?!\W*$)", re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*|__([^_\n]{1,120})__")
_LISTED = re.compile(r"(?<=[0-9\n][-*\u2022.)] )\*\*[^*\n]{1,60}\*\*\s*:")
"""A label in a line of a list: "3. **Stop**: ..."."""
_JOINS_BOLD = re.compile(
    r"\s*[,;]?\s*(?:\b(?:and|or|und|oder|et|ou|y|o|e)\b|[\u548c\u6216\u4e0e\u3001&,])\s*",
    re.IGNORECASE,
)
_MARKUP = " \t\r\n*_`:=\u2014\u2013"
_SIGN = re.compile(r"[ *_`:=]*[\u2014\u2013] ?(?=[0-9])")
_FOLLOWS_IS = re.compile(r"\b(?:is|be|est|ist|es)$", re.IGNORECASE)
_LOOKAHEAD = 400
_ASKS = re.compile(r"[?!.\u3002](?=\s|\Z|[\"')*])|\n\s*\S")
_COPULA_AT_END = re.compile(
    "(?:\u3067\u3059|\u3067\u3042\u308b|\u3060|\uc785\ub2c8\ub2e4)[.!\u3002]?$"
)
_TAIL = 3000  # characters at the end that may hold the last sentence
_JOINS_BOXES = re.compile(  # "and", "or" or a comma, next to names such as "$y = "
    r"(?=[^=]*(?:[,;\u548c\u6216\u3001]|\b(?:and|or|und|oder|et|ou|y|o)\b))"
    r"(?:[\s$,;\\{}()\u548c\u6216\u3001=]|\\(?:text|quad)|\b(?:and|or|und|oder|et|ou|y|o|[a-z])\b){1,60}",
    re.IGNORECASE,
)
_ANSWERED = re.compile(r"^\W*(?:Q|Question)\s*:[^\n]*\?\s*\n\W*(?:A|Answer)\s*:\Z", re.MULTILINE)
_NOUN = re.compile(  # without one of these nothing "is the answer"
    "answer|option|choice|solution|\u304c\u7b54\u3048|\u304c\u6b63\u89e3", re.IGNORECASE
)
_WORD = re.compile(r"[0-9]+|[^\W\d_]{4,}")
_MOST_BOXES = 20
_SHORT = 12  # characters of an answer that another follows at once
_SHORT_LINE = 40  # characters of a line with an answer alone


class Found(NamedTuple):
    """An answer, and the place in the reply where it is.

    Attributes:
        answer: The answer, as the reply writes it or in plain digits.
        where: Name of the place: "JSON field", "box", "cue", "####", "code fence", "bold text",
            "last sentence", "whole reply" and the like.
    """

    answer: str
    where: str


def found(answer: str | None, where: str) -> Found | None:
    """Return an answer with its place; None where there is no answer."""
    return None if answer is None else Found(answer, where)


def answer_of(place: Found | None) -> str | None:
    """Return the answer alone."""
    return None if place is None else place.answer


def boxed(text: str) -> str | None:
    r"""Return what the last balanced `\boxed{...}` holds (nested, on several lines), else None.

    Several boxes that one sentence joins, as in `x=\boxed{5} and y=\boxed{7}`, are a list.
    """
    boxes: list[tuple[int, int, int]] = []
    opened: list[tuple[int, int, bool]] = []
    for token in _BOX_OR_BRACE.finditer(text):
        word = token[0]
        if word == "}":
            begin, start, is_box = opened.pop() if opened else (0, 0, False)
            if is_box:
                boxes.append((begin, start, token.start()))
        elif word == "{" or len(word) > 2:
            opened.append((token.start(), token.end(), word != "{"))
    if boxes:
        return _joined(text, sorted(boxes)) or None
    bare = _BARE_BOX.findall(text)
    return bare[-1].rstrip(".,;") or None if bare else None


def _joined(text: str, boxes: list[tuple[int, int, int]]) -> str:
    """Return the content of the last box, after those that are joined to it."""
    listed = [boxes[-1]]
    for box in reversed(boxes[-_MOST_BOXES:-1]):
        begin = listed[0][0]
        if box[2] > begin or not _JOINS_BOXES.fullmatch(text, box[2] + 1, begin):
            break
        listed.insert(0, box)
    contents = [text[start:end].strip() for _, start, end in listed]
    return ", ".join(dict.fromkeys(contents))


def final(text: str) -> Found | None:
    """Return what the reply plainly calls its answer (a JSON field, a box, a cue), else None."""
    place = _plainest(text)
    if place is None:
        return None
    if not place.where.startswith(("cue", "####")):
        return None if place.answer.casefold() in ("null", "none") else place
    said = POINTER.sub("", place.answer.split("\n")[0]).rstrip(" .*!")
    return None if not said or VACUOUS.match(said) else Found(said, place.where)


def _plainest(text: str) -> Found | None:
    return next(iter(places(text)), None)


@lru_cache(maxsize=1_024)
def places(text: str) -> tuple[Found, ...]:
    """Return the text in the places that state an answer, the plainest first."""
    listed = (found(field(text), "JSON field"), found(boxed(text), "box"), _cued(text))
    return tuple(place for place in listed if place is not None)


def _cued(text: str) -> Found | None:
    cues = [cue for cue in answers_in(text) if not _asks(text, cue.end())]
    if _repeats_itself(text, cues):
        cues.pop()
    while len(cues) > 1 and CONFIRMS.match(_statement(text, cues[-1].end()) or ""):
        cues.pop()
    if (
        sum(CONDITION.search(text, max(0, m.start() - 200), m.start()) is not None for m in cues)
        > 1
    ):
        return Found("not one answer", "cue")
    if len(cues) > 1 and _says_another(text, cues[-2], cues[-1]):
        return Found("not one answer", "cue")
    ends = [cue.end() for cue in cues[-_MOST_BOXES:]]
    if sum(_ANSWERED.search(text, max(0, end - _LOOKAHEAD), end) is not None for end in ends) > 1:
        return Found("not one answer", "cue")  # several questions, each with its answer
    if cues and SUPPOSED.search(text, max(0, cues[-1].start() - 200), cues[-1].start()):
        return None
    begin = cues[-1].end() if cues else None
    inverse = list(IS_THE_ANSWER.finditer(text, begin or 0)) if _NOUN.search(text) else []
    labelled = begin is not None and _is_label(text, cues[-1])
    if inverse and (begin is None or inverse[-1].start() > begin and not labelled):
        said = inverse[-1][1] or inverse[-1][2]
        return found(said.strip(_MARKUP) or None, "cue")
    if not cues or begin is None:
        return None
    last = cues[-1]
    where = "####" if last[0] == "####" else "cue"
    denied = DENIES.search(last[0]) is not None
    for correction in _corrections(text, last):
        begin, where, denied = correction.end(), "cue, corrected", False
    said = _statement(text, begin)
    denied = denied or TAKEN_BACK.search(text, begin, begin + _LOOKAHEAD) is not None
    alone = said is not None and not DENIED.sub("", said, count=1).strip(
        " .!*\u3002"
    )  # "\u4e0d\u662f"
    if said is not None and not (alone and not denied) and (denied or DENIED.match(said)):
        return Found(f"not {DENIED.sub('', said, count=1).strip()}", where)
    return found(said, where)


def _corrections(text: str, cue: re.Match[str]) -> Iterator[re.Match[str]]:
    """Yield what takes the answer behind a cue back: "no, it's", "not 5 but"."""
    for turn in CORRECTION.finditer(text, cue.start()):
        begins = not text[cue.end() : turn.start()].strip(_MARKUP)
        if begins and turn[0].casefold().startswith("no,"):  # "The answer: no, it is"
            continue
        if turn["turn"] or _corrects(turn[0], text, cue.end(), turn.start()):
            yield turn


def _corrects(correction: str, text: str, begin: int, end: int) -> bool:
    """Say whether "not X but Y" stands in the statement of an answer, or takes it up again."""
    said = _statement(text, begin) or ""
    if end <= text.find(said, begin) + len(said):
        return True
    words = set(_WORD.findall(said.casefold()))
    return not words.isdisjoint(_WORD.findall(correction.casefold()))


def _is_label(text: str, cue: re.Match[str]) -> bool:
    """Say whether a cue is a label in front of a short answer: "Correct answer: **A**"."""
    said = text[cue.end() :].lstrip(_MARKUP).partition("\n")[0]
    named = len(cue[0].strip(_MARKUP)) > 1  # not the "A:" of an option
    return named and ":" in cue[0] + text[cue.end() : cue.end() + 1] and len(said) <= _SHORT_LINE


def _repeats_itself(text: str, cues: list[re.Match[str]]) -> bool:
    """Say whether a reply broke off in the middle of the statement that it had just made."""
    if len(cues) < 2 or text[cues[-1].end() :].strip(_MARKUP):
        return False
    return cues[-1][0] == cues[-2][0] and cues[-1].start() - cues[-2].end() <= _SHORT


def _says_another(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """Say whether two answers with the same label stand side by side: "Answer: 5 Answer: 6"."""
    labels = {cue[0].casefold().strip(_MARKUP) for cue in (one, other)}
    said = text[one.end() : other.start()].strip(_MARKUP)
    colon = other[0].rstrip(_MARKUP) != other[0] and ":" in other[0]
    if len(labels) > 1 or not colon or len(said) > _SHORT or len(said.split()) != 1:
        return False
    return not text[other.end() :].strip(_MARKUP).startswith(said.rstrip(" ."))


def after_result(text: str) -> str | None:
    """Return the rest of the sentence after the last "total:", "result is" or "output:"."""
    found = list(RESULT_IS.finditer(text))
    return _statement(text, found[-1].end()) if found else None


def fenced(text: str, languages: tuple[str, ...] = ()) -> str | None:
    """Return the last closed fenced block, in one of the languages if any are given; else None."""
    return next(blocks(text, languages), None)


def blocks(text: str, languages: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the closed fenced blocks in some languages, if any are given; the last one first."""
    parts = text.split("```")
    for block in reversed(parts[1 : len(parts) - 1 : 2]):
        language, newline, body = block.partition("\n")
        if newline and (not languages or language.strip().lower() in languages):
            yield body.rstrip()


def bold(text: str) -> str | None:
    """Return the last bold span that is no label ("Note:"), with those that "and" joins to it."""
    text = text[-_TAIL:]
    said = [(m, (m[1] or m[2]).strip()) for m in _BOLD.finditer(text)]
    spans = [
        (m, s)
        for m, s in said
        if s and not s.endswith(":") and not _STEP.match(s) and not _LISTED.match(text, m.start())
    ]
    if not spans:
        return None
    last, found = spans[-1]
    for before, listed in reversed(spans[-_MOST_BOXES:-1]):
        if not _JOINS_BOLD.fullmatch(text, before.end(), last.start()):
            break
        last, found = before, f"{listed}{text[before.end() : last.start()]}{found}"
    return found


def sentences(text: str) -> list[str]:
    """Return the sentences and lines at the end of a text, without blank ones."""
    return [*_sentences(text[-_TAIL:])]


@lru_cache(maxsize=4_096)  # each kind of answer that is tried reads the same replies
def _sentences(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for part in _SENTENCE.split(text):
        part = part.strip()
        if found and part and goes_on(found[-1], part):
            found[-1] = f"{found[-1]} {part}"
        elif part:
            found.append(part)
    return tuple(found)


def stated(text: str) -> Iterator[Found]:
    """Yield the places in which a reply states its answer, the plainest first, without reasons."""
    for place in places(text):
        yield place if place.where == "box" else Found(plain(place.answer), place.where)


def plain(place: str) -> str:
    """Return the statement alone: its first line, without a reason, a rejection, a pointer."""
    line = place.strip().split("\n")[0]
    line = POINTER.sub("", line)
    return REASON.split(line)[0].strip(" \t*_`") or line


def refuses(text: str) -> bool:
    """Return whether a reply declines to answer or finds that there is no answer."""
    return REFUSAL.search(text[:_LOOKAHEAD]) is not None


def _asks(text: str, begin: int) -> bool:
    """Return whether a cue is in a question."""
    end = _ASKS.search(text, begin, begin + _LOOKAHEAD)
    return end is not None and end[0] == "?"


def _statement(text: str, begin: int) -> str | None:
    rest = text[begin : begin + _LOOKAHEAD].lstrip(_MARKUP)
    if _SIGN.match(text, begin) and text[begin - 1 : begin].isalpha():  # "is - 12" with a dash
        rest = f"-{rest}" if _FOLLOWS_IS.search(text[begin - 12 : begin]) else rest
    for stop in _SENTENCE_END.finditer(rest):
        if not goes_on(rest[: stop.start() + 1], rest[stop.end() :].lstrip()):
            rest = rest[: stop.start()]
            break
    return _COPULA_AT_END.sub("", rest.strip()) or None
