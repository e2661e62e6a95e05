"""Remarks at the end of a reply, which are no part of its answer.

"So it takes 4 hours. If there were two of them, it would take 2." says that it takes 4 hours.
"""

import re

from manyminds.reading.cues import ANSWER_IS, answers_in
from manyminds.reading.cut_off import is_cut_off
from manyminds.reading.discourse import (
    BEFORE,
    SINCE,
    contrary,
    is_aside,
    is_marked,
    so,
    supposes,
    unmarked,
    would,
)
from manyminds.reading.discourse_words import SUPPOSE_EASTERN
from manyminds.reading.steps import leads

_EASTERN_IF = re.compile(rf"\W*(?:{SUPPOSE_EASTERN})")
_LAST_SENTENCE = re.compile(
    r"(?:(?:[.!?\u2713\u2714]|(?<=\u3002)|(?<=\uff01))[*_)\"'$]*(?:\s+|(?<=[\u3002\uff01]))|\n+)(?=[^\n]*\Z)"
)
_DISPLAYED = re.compile(r"(?:\$\$|\\\])[\s.]*\Z")
_FRAME = re.compile(
    rf"{BEFORE}(?:on|in|at|with|without|for|from|under|using|counting|by|instead|otherwise|bei|mit|ohne|auf|in|avec|sans|en|con|sin|senza|com|sem|em|met|zonder|\u0441|\u0431\u0435\u0437|\u043f\u0440\u0438|z|bez|przy)\s",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$[^$]+\$|\\\(")
_EQUATION = re.compile(r"[0-9)]\s*=\s*[-$\u20ac]?\s?[0-9]")
_GAP = re.compile(r"[.!?][*_)\"'$]*\s+|\n+|[\u3002\uff01]")
_MOST_ASIDES = 4
_MOST_CUES = 10
_LONGEST_ASIDE = 500  # characters
_LONGEST = 20_000  # characters of a reply's end in which remarks are looked for


def without_asides(text: str) -> str:
    """Return a reply without the remarks at its end; one that is nothing else stays.

    In scripts of the East a condition at the end is left out only behind a conclusion.
    """
    if len(text) > _LONGEST:
        return text[:-_LONGEST] + without_asides(text[-_LONGEST:])
    if is_cut_off(text):
        return text
    text = _without_supposed(text)
    for _ in range(_MOST_ASIDES):
        bare = text.rstrip()
        found = _LAST_SENTENCE.finditer(bare, max(0, len(bare) - _LONGEST_ASIDE))
        gaps = [gap for gap in found if gap.end() < len(bare)]
        if not gaps:
            return text
        before, last = bare[: gaps[-1].start()], bare[gaps[-1].end() :]
        cue = ANSWER_IS.search(last)
        open_ = _elsewhere(last) and (cue is None or would(cue[0]))
        if not (is_aside(last) or open_ and _concluded(before)):
            return text
        if _EASTERN_IF.match(last) and not _concludes(before):
            return text
        text = before + gaps[-1][0].rstrip()
    return text


def _without_supposed(text: str) -> str:
    """Return a reply without sentences about what the answer would be, if it were not as it is."""
    for cue in reversed(answers_in(text)[-_MOST_CUES:]):
        if not would(cue[0]):
            continue
        begins = max(
            (
                gap.end()
                for gap in _GAP.finditer(text, max(0, cue.start() - _LONGEST_ASIDE), cue.start())
            ),
            default=0,
        )
        ends = _GAP.search(text, cue.end())
        end = len(text) if ends is None else ends.end()
        if contrary(text[begins:end]):
            text = text[:begins] + text[end:]
    return text


def _elsewhere(sentence: str) -> bool:
    """Say whether a sentence tells what would be elsewhere: "On Mars, it would be less"."""
    framed = _FRAME.match(sentence) is not None or _FORMULA.search(sentence) is not None
    return framed and _EQUATION.search(sentence) is None and supposes(sentence)


def _concluded(text: str) -> bool:
    """Say whether the last sentence of a text is a conclusion, and no supposition itself."""
    last = _GAP.split(text[-_LONGEST_ASIDE:])[-1]
    if _DISPLAYED.search(last) is not None:
        return True
    stated = so(last) is not None or SINCE.match(last) is not None or is_marked(last)
    return stated and not supposes(last) and not leads(unmarked(last), equation=False)


def _concludes(text: str) -> bool:
    return any(so(part) for part in re.split(r"[\n。.!]\s*", text[-_LONGEST_ASIDE:]))
