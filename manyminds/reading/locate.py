r"""Where in a reply the answer stands: a JSON field, a `\boxed{...}`, a cue like "the answer is".

Every function is one pass over the text: a reply of 100 KB costs milliseconds, whatever it holds.
"""

import json
import re
from collections.abc import Iterator

from manyminds.reading.cues import (
    ANSWER_IS,
    CORRECTION,
    IS_THE_ANSWER,
    POINTER,
    REASON,
    REFUSAL,
    RESULT_IS,
    VACUOUS,
)

_FIELD = re.compile(
    r"""["'](?:final[_ ]?)?answer["']\s*:\s*"""
    r"""(?:"(?P<string>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\\n]|\\.)*)'|(?P<bare>[^}\n]*))""",
    re.IGNORECASE | re.DOTALL,
)
# Two backslashes: the reply may be JSON, where LaTeX is escaped once more.
_BOX_OR_BRACE = re.compile(r"\\{1,2}(?:boxed|fbox)\s*\{|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\\boxed\s+([^\s${}]+)")
_SENTENCE_END = re.compile(
    r"[.!?](?=[*)\"']*\s+[*(\"']*[A-Z\u00c0-\u00de\u0410-\u042f])|\n\s*\n|\u3002"
)
_SENTENCE = re.compile(
    r"(?<=[.!?])[*)\"']*\s+(?=[*(\"'$]*[A-Z0-9\u00c0-\u00de\u0410-\u042f])|\n+|\u3002"
)
_ABBREVIATED = re.compile(r"\b(?:approx|ca|no|vs|e\.g|i\.e|mr|dr|st)\.$", re.IGNORECASE)
_BOLD = re.compile(r"\*\*([^*\n]{1,120})\*\*|__([^_\n]{1,120})__")
_MARKUP = " \t\r\n*_`:=\u2014\u2013"
_SIGN = re.compile(r"[ *_`:=]*[\u2014\u2013] ?(?=[0-9])")
_FOLLOWS_IS = re.compile(r"\b(?:is|be|est|ist|es)$", re.IGNORECASE)
_LOOKAHEAD = 400
_TAIL = 3000  # characters at the end that may hold the last sentence


def field(text: str) -> str | None:
    """Return the last value of an "answer" key in JSON, whole or broken; else None."""
    fields = list(_FIELD.finditer(text))
    if not fields:
        return None
    found = fields[-1]
    string = found["string"]
    if string is None:
        bare = found["single"] if found["single"] is not None else found["bare"]
        return bare.strip().rstrip(",").strip() or None
    try:
        return str(json.loads(f'"{string}"', strict=False))
    except ValueError:  # LaTeX with single backslashes, as models write it: take it as it stands
        return string


def boxed(text: str) -> str | None:
    r"""Return what the last balanced `\boxed{...}` holds (nested, on several lines), else None."""
    last: tuple[int, int] | None = None
    opened: list[tuple[int, bool]] = []
    for token in _BOX_OR_BRACE.finditer(text):
        word = token[0]
        if word == "}":
            start, is_box = opened.pop() if opened else (0, False)
            if is_box and (last is None or start > last[0]):
                last = (start, token.start())
        elif word == "{" or len(word) > 2:
            opened.append((token.end(), word != "{"))
    if last is not None:
        return text[last[0] : last[1]].strip() or None
    bare = _BARE_BOX.findall(text)
    return bare[-1].rstrip(".,;") or None if bare else None


def final(text: str) -> str | None:
    """Return what the reply plainly calls its answer (a JSON field, a box, a cue), else None."""
    plain = field(text) or boxed(text)
    if plain is not None:
        return None if plain.casefold() in ("null", "none") else plain
    said = after_cue(text)
    if said is None:
        return None
    said = POINTER.sub("", said.split("\n")[0]).rstrip(" .*!")
    return None if not said or VACUOUS.match(said) else said


def after_cue(text: str) -> str | None:
    """Return the rest of the sentence after the last cue or correction, such as "answer is"."""
    cues = list(ANSWER_IS.finditer(text))
    begin = cues[-1].end() if cues else None
    inverse = list(IS_THE_ANSWER.finditer(text))
    if inverse and (begin is None or inverse[-1].start() > begin):
        return inverse[-1][1].strip(_MARKUP) or None
    for found in CORRECTION.finditer(text, cues[-1].start() if cues else 0):
        begin = found.end() if cues else begin
    if begin is None:
        return None
    return _statement(text, begin)


def after_result(text: str) -> str | None:
    """Return the rest of the sentence after the last "total:", "result is" or "output:"."""
    found = list(RESULT_IS.finditer(text))
    return _statement(text, found[-1].end()) if found else None


def fenced(text: str, languages: tuple[str, ...] = ()) -> str | None:
    """Return the last closed fenced block, in one of the languages if any are given; else None."""
    parts = text.split("```")
    for block in reversed(parts[1 : len(parts) - 1 : 2]):
        language, newline, body = block.partition("\n")
        if newline and (not languages or language.strip().lower() in languages):
            return body.rstrip()
    return None


def bold(text: str) -> str | None:
    """Return the last bold span that is no label ("Note:"); else None."""
    spans = [(m[1] or m[2]).strip() for m in _BOLD.finditer(text[-_TAIL:])]
    spans = [s for s in spans if s and not s.endswith(":")]
    return spans[-1] if spans else None


def sentences(text: str) -> list[str]:
    """Return the sentences and lines at the end of a text, without blank ones."""
    found: list[str] = []
    for part in _SENTENCE.split(text[-_TAIL:]):
        part = part.strip()
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] = f"{found[-1]} {part}"
        elif part:
            found.append(part)
    return found


def stated(text: str) -> Iterator[tuple[str, str]]:
    """Yield the places in which a reply states its answer, the plainest first: name, place."""
    for name, find in (("field", field), ("box", boxed), ("cue", after_cue)):
        place = find(text)
        if place is not None:
            yield name, place if name == "box" else plain(place)


def plain(place: str) -> str:
    """Return the statement alone: its first line, without a reason, a rejection, a pointer."""
    line = place.strip().split("\n")[0]
    line = POINTER.sub("", line)
    return REASON.split(line)[0].strip(" \t*_`") or line


def refuses(text: str) -> bool:
    """Say whether a reply declines to answer or finds that there is no answer."""
    return REFUSAL.search(text[:_LOOKAHEAD]) is not None


def _statement(text: str, begin: int) -> str | None:
    rest = text[begin : begin + _LOOKAHEAD].lstrip(_MARKUP)
    if _SIGN.match(text, begin) and text[begin - 1 : begin].isalpha():  # "is - 12" with a dash
        rest = f"-{rest}" if _FOLLOWS_IS.search(text[begin - 12 : begin]) else rest
    for stop in _SENTENCE_END.finditer(rest):
        if not _ABBREVIATED.search(rest[: stop.start() + 1]):
            rest = rest[: stop.start()]
            break
    return rest.strip() or None
