# ruff: noqa: E501 - patterns are easier to read in one line
"""Answers of longer replies, read in the sentence that concludes them.

"3 * 9 = 27. So she needs 27 tiles. That is less than the 30 that are there." says 27 to "How many
tiles does she need?".
"""

import re

from manyminds.reading import (
    answering_sentence,
    conclusion,
    digits,
    figures,
    given,
    lists,
    locate,
    number_places,
    numbers,
    restated,
    structured,
    subjects,
    tables,
    values_asked,
)
from manyminds.reading.answers import Extractor
from manyminds.reading.cut_off import is_cut_off, stops_short
from manyminds.reading.discourse import parts
from manyminds.reading.figures import TOKEN
from manyminds.reading.locate import Found
from manyminds.reading.number_places import in_sentence
from manyminds.reading.reasoning import readable
from manyminds.reading.subjects import sentence_asked
from manyminds.reading.texts import TEXT, plain_key
from manyminds.reading.values_asked import (
    COMPARES,
    EQUALS,
    OPERATES,
    figures_asked,
    values_in,
)

WHERE = "conclusion"
PLAIN_PLACES = (
    "JSON field", "box", "cue", "####", "[ANSWER]", "code fence", "first paragraph",
    "last lines",
)  # fmt: skip
"""Places that state an answer themselves."""
_LOOSE = ("whole reply", "last sentence", "only number", given.NEW, restated.RESTATED)
_SURE = ("result", "bold text")
"""Places of a number that stand on their own."""
_LEAVES = re.compile(
    r",\s*(?:leaving|making|giving|which\s+(?:leaves|makes|gives))\s+(?:us\s+)?(?:with\s+)?",
    re.IGNORECASE,
)
_OUT_OF = re.compile(r"\b([0-9]{1,9})\s+out\s+of\s+([0-9]{1,9})\b")
_IN_BASE = re.compile(r"[0-9]\}?_\{?[0-9]")
_BOLD = re.compile(r"(?<!\A)\*\*([^*\n]{1,120})\*\*")
_FEW = 3  # words of a conclusion that is an answer
_ALTERNATIVES = re.compile(
    r"[,:]\s(?:[^,:?]|,(?=[0-9])){1,100}\s(?:or|oder|ou|o|of|\u0438\u043b\u0438)\s[^:?]{1,100}\?\s*\Z"
)
_SHORT = 40  # characters of it
_LONGEST = 500  # characters of a conclusion
_LONGEST_QUESTION = 2_000
_SERIES = re.compile(
    r"(?<![\d.,])-?\d+(?:\.\d+)?(?:,\s+-?\d+(?:\.\d+)?)+(?:,?\s+(?:and|or|und|oder|et|ou|y|o|e)\s+-?\d+(?:\.\d+)?)?",
)


def read(kind: Extractor, text: str, found: Found | None, question: str) -> Found | None:
    """Return the answer in the conclusion of a reply, or what was found in all of it.

    Args:
        kind: The reader.
        text: The reply.
        found: What the reader finds in all of the reply.
        question: The question, if it is known.

    Returns:
        The answer in the conclusion. None where it states something else than what was found, or
        lists numbers where the question asks how many there are.
    """
    answer = _read(kind, text, found, question)
    if answer is not None and _is_one_of_a_list(kind, answer, text, question):
        return None
    if answer is not None and kind.name == "math" and _is_of_another_thing(answer, text, question):
        return None
    if answer is None or kind.name not in ("math", "text") or not figures_asked(question):
        return answer
    first = any(one[0].startswith(f"{answer.answer},") for one in _SERIES.finditer(text))
    return None if first or _SERIES.fullmatch(answer.answer) else answer


def _is_one_of_a_list(kind: Extractor, answer: Found, text: str, question: str) -> bool:
    """Say whether a reply of several sentences ends in a number where a list is asked for."""
    loose = kind.name in ("number", "math") and answer.where in (*_LOOSE, *_SURE)
    listed = loose and figures.is_number(answer.answer) and lists.asked_for(question) is not None
    return listed and len(locate.sentences(readable(text))) > 1


def _is_of_another_thing(answer: Found, text: str, question: str) -> bool:
    """Say whether a number stands in a last sentence about "its" part: "Its roof is at 276 m"."""
    last = locate.sentences(readable(text))[-1:]
    own = bool(last) and answer.where == "last sentence" and figures.is_number(answer.answer)
    return own and figures_asked(question) and answering_sentence.is_of_a_part(last[0])


def _read(kind: Extractor, text: str, found: Found | None, question: str) -> Found | None:
    if found is not None and found.where.startswith(PLAIN_PLACES):
        return found
    printed = found is not None and kind.name == "literal" and found.where == "last line"
    if printed and found is not None and structured.is_literal(found.answer):
        return found
    shown = readable(text)
    if found is None and kind.name == "number" and "|" in shown:
        return tables.value(shown, question, comma=numbers.has_decimal_comma(shown))
    if is_cut_off(shown) or stops_short(shown) or locate.places(shown):
        return found
    number = kind.name == "number" or found is not None and figures.is_number(found.answer)
    if number and not _stands_out(found, (locate.sentences(shown) or [""])[-1]):
        found = _of_whom_it_asks(shown, found, question)
    found = answering_sentence.read(kind, shown, found, question)
    if found is None and kind.name == "number":
        found = answering_sentence.number(kind, shown, question)
    concluded = conclusion.of(shown, question)
    if concluded is None or len(concluded.said) > _LONGEST:
        return found
    return _in_conclusion(kind, concluded, shown, found, question)


def _in_conclusion(
    kind: Extractor,
    concluded: conclusion.Conclusion,
    shown: str,
    found: Found | None,
    question: str,
) -> Found | None:
    """Return the answer in a conclusion, or what was found in all of the reply."""
    opens = found is not None and (kind.name == "choice" or found.where.startswith("first"))
    if opens and not concluded.marked:  # "**B. Stack**", and what the others are
        return found
    if kind.name in ("number", "text", "math") and locate.refuses(concluded.said):
        return None
    if kind.name == "yes or no":
        return _verdict(kind, concluded, shown, found)
    if kind.name == "number":
        return _number(concluded.said, shown, found, question)
    if kind.name == "text" and kind.find is not TEXT.find:  # alternatives that the question names
        said = kind.located(concluded.said) if found is None or concluded.marked else None
        return found if said is None else Found(said.answer, WHERE)
    if kind.name == "text":
        return _words(concluded, shown, found, question)
    return _of_another_kind(kind, concluded.said, found, question)


def _of_another_kind(
    kind: Extractor, concluded: str, found: Found | None, question: str
) -> Found | None:
    for part in parts(concluded):
        said = kind.located(_OUT_OF.sub(r"\1/\2", part) if kind.name == "choice" else part)
        if said is not None:
            return Found(said.answer, WHERE)
        if kind.name == "literal" and (number := in_sentence(part, comma=False)) is not None:
            return Found(number, WHERE)
    figure = kind.name == "math" and found is not None and figures.is_number(found.answer)
    words = figure and not any(map(str.isdigit, concluded)) and not figures_asked(question)
    return None if words else found


def _verdict(
    kind: Extractor, concluded: conclusion.Conclusion, text: str, found: Found | None
) -> Found | None:
    """Return yes or no as the conclusion says, else as the last paragraph does in its first word."""
    ending = text.rstrip().rpartition("\n\n")[2]
    for part in (*parts(concluded.said), ending):
        said = kind.located(part)
        if said is not None:
            return Found(said.answer, WHERE)
    return found


def _words(
    concluded: conclusion.Conclusion, text: str, found: Found | None, question: str
) -> Found | None:
    """Return the words that a conclusion fills into the question, or says that something is."""
    bold = found is not None and found.where == "bold text" and found.answer in concluded.said
    if bold and found is not None and len(found.answer.split()) < len(concluded.said.split()):
        return found
    whole = restated.restated(text, question)
    if not concluded.marked and restated.contradicts(text, question):
        return found
    bare = _ALTERNATIVES.sub("?", question)
    for part in parts(concluded.said):
        filled = restated.restated(part, bare)
        if filled is not None:
            same = whole is None or plain_key(whole.answer) == plain_key(filled.answer)
            return Found(filled.answer, WHERE) if concluded.marked or same else None
    if whole is not None:
        return found
    named = restated.named(next(parts(concluded.said)), question)
    short = len(concluded.said.split()) <= _FEW and len(concluded.said) <= _SHORT
    said = concluded.said if named is None and short else locate.answer_of(named)
    return found if said is None else Found(said.strip(" .*_!"), WHERE)


def _number(said: str, text: str, found: Found | None, question: str) -> Found | None:
    if _IN_BASE.search(said):  # 210_5
        return found
    said = _resulting(said)
    comma = numbers.has_decimal_comma(text)
    values = list(values_in(said, comma=comma))
    known = found is not None and figures.value(found.answer) in {one.value for one in values}
    if known and _stands_out(found, said):
        return found
    if _SERIES.search(said) and not any(map(str.isdigit, _SERIES.sub("", said))):
        return None if known else found  # "The numbers are 123, 132 and 213."
    if not values and found is not None and not figures_asked(question):
        return found if found.where in _SURE else None
    if not values or known and EQUALS.search(said):
        return found
    if COMPARES.search(sentence_asked(question)):
        picked = values_asked.difference(said, values)
        return None if picked is None else Found(picked, WHERE)
    counted = values_asked.counted(values, said, sentence_asked(question))
    alone = len({one.value for one in counted}) == 1 and not OPERATES.search(said)
    picked = counted[0].written if alone and not EQUALS.search(said) else None
    for part in parts(said) if picked is None else ():
        picked = values_asked.picked(part, question, comma=comma)
        if picked is not None or not OPERATES.search(part) and list(values_in(part, comma=comma)):
            break
    asked = question[-_LONGEST_QUESTION:]
    given = {one.value for one in values_in(asked, comma=comma)}
    if picked is not None and alone:  # "8 trips", where the question has 8 people
        own = values_asked.counted(
            list(values_in(asked, comma=comma)), asked, sentence_asked(question)
        )
        given = {one.value for one in own}
    if picked is not None and (figures.value(picked) not in given or _results(picked, text)):
        return Found(picked, WHERE)
    return found if known else None


def _stands_out(found: Found | None, said: str) -> bool:
    """Say whether the only bold words of a sentence are a number: "18 letters, **8** of them s"."""
    spans = _BOLD.findall(said) if found is not None and found.where == "bold text" else []
    return len(spans) == 1 and len(spans[0].split()) <= _FEW and spans[0] != said


def of_another(text: str, found: Found, question: str) -> bool:
    """Say whether a number stands in a last sentence about another name than is asked for."""
    last = locate.sentences(readable(text))[-1:] if found.where in _LOOSE else []
    return bool(last) and subjects.of_another(last[0], question)


def _of_whom_it_asks(text: str, found: Found | None, question: str) -> Found | None:
    """Return the number of the name that is asked for: 54 of "Maria has 54 stickers, Jon has 27".

    None where the last sentence gives that of another name. A number of a reply of one sentence is
    also told by the unit that the question asks for: "$10, that is 25%".
    """
    sentences = locate.sentences(text)
    said = sentences[-1] if sentences else ""
    if len(said) > _LONGEST or EQUALS.search(said) or number_places.SO.search(said):
        return found
    if found is not None and of_another(text, found, question):
        return None
    if len(sentences) != 1 or OPERATES.search(said):
        return found
    comma = numbers.has_decimal_comma(text)
    values = list(values_in(said, comma=comma))
    plain = digits.plain(said)
    own = [one for one in values if values_asked.TOTAL.match(plain, one.end)]
    own = own or values_asked.of_name(values, said, question)
    own = own if own != values else values_asked.of_unit(values, sentence_asked(question))
    if not own or len({one.value for one in own}) > 1 or own == values:
        return found
    return Found(own[0].written, WHERE)


def _resulting(said: str) -> str:
    """Return what a step leaves: "25 children" of "we subtract 5 from 30, leaving 25 children"."""
    leaves = _LEAVES.search(said)
    step = leaves is not None and conclusion.calculates(said[: leaves.start()])
    return said[leaves.end() :] if leaves is not None and step else said


def _results(picked: str, text: str) -> bool:
    """Say whether an equation of a reply gives a number."""
    plain = digits.plain(text)
    after = (TOKEN.match(plain, sign.end()) for sign in EQUALS.finditer(plain))
    return any(
        token and figures.value(figures.written(token) or "") == figures.value(picked)
        for token in after
    )
