# ruff: noqa: E501, SIM905 - patterns are easier to read in one line
"""What the readers of role replies share: the reply without reasoning and markup, and its fields."""

import math
import re

from manyminds.reading.loose_json import Json, objects
from manyminds.reading.reasoning import LONGEST, WIDE, visible
from manyminds.reading.role_words import in_english

_MARKS = {0x3010: 0x5B, 0x3011: 0x5D, 0x2019: 0x27, 0xFE55: 0x3A}
_CIRCLED = {0x2460 + n: 0x31 + n for n in range(9)}
_WIDE = WIDE | _MARKS | _CIRCLED
_CONTROL_TOKEN = re.compile(r"<\|[a-z_]{1,20}\|>|</s>")
_MARKUP = re.compile(r"\*\*|__|`{1,3}(?:json|python|text)?|(?m:^[ \t]*#{1,6} )")
_KEY = re.compile(r"[^a-z]+")
_BOX = re.compile(r"\$?\\boxed\s*\{(?:\\text\s*\{)?([^{}]{1,200})\}{1,2}\$?")
_TAGGED = re.compile(r"<([a-z][a-z _-]{1,30})>\s*+([^<>]{1,200})</\1>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![\w*])\*([^\s*][^*\n]{0,80})\*(?![\w*])")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r" ?\n(?: ?\n)+")
_WHOLE_TAG = re.compile(
    r"\A<(?:final[ _-]?)?(?:answer|verdict|output|response|result)>([^<>]{1,200})</[^<>]{1,30}>\Z",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"\{[^{}:]{0,200}:[^{}]{0,4000}\}")
_TICKED = re.compile(r"\[[xX\u2713\u2714]\]")
_UNTICKED = re.compile(r"^[ \t]*(?:[-*][ \t]*)?\[ ?\][^\n]*(?:\n|$)", re.MULTILINE)
_SIGNS = re.compile(
    "[\u2705\u2713\u2714\u2611\U0001f300-\U0001f946\U0001f94a-\U0001faff]\ufe0f?|^\\s*[\u2192\u21d2]"
)
_KEYCAP = re.compile("([0-9])\ufe0f?\u20e3[ \t]*")
_SAID = re.compile(  # what another one is quoted with: Agent 4 says: "I choose answer 1."
    r"\b(?:says?|said|wrote|writes|states?|stated|claims?|claimed|argues?|argued|thinks?|proposed?|suggest(?:s|ed)?)\b\s*[:,]?\s*(?:\"[^\"\n]{1,400}\"|\u201c[^\u201d\n]{1,400}\u201d)",
    re.IGNORECASE,
)
_WRAPPERS = (
    "result",
    "output",
    "response",
    "arguments",
    "args",
    "parameters",
    "input",
    "data",
    "json",
)
_SNAKE = re.compile(r"(?<=[A-Za-z])_(?=[A-Za-z])")


def reply_of(text: str) -> str:
    """Return a reply without reasoning and control tokens, its full-width characters as ASCII."""
    return _CONTROL_TOKEN.sub(" ", visible(text[-LONGEST:])).translate(_WIDE)


def plain(reply: str) -> str:
    """Return a reply without Markdown's emphasis, fences and headings."""
    return _MARKUP.sub("", reply).strip()


def wording(reply: str) -> str:
    """Return a reply in the words that readers of verdicts know: English, small numbers in digits.

    Boxes, objects, emphasis, unticked lines and quotations of others are gone, a tag is a label:
    "<final_score>7</final_score>" is "final score: 7".
    """
    reply = _TICKED.sub("", _UNTICKED.sub("", reply))
    reply = _BLANK_LINES.sub("\n\n", _BLANKS.sub(" ", reply))  # no pattern below sees a long run
    reply = _SAID.sub("", reply)
    reply = _KEYCAP.sub(r"\1. ", _SIGNS.sub("", reply))
    said = _EMPHASIS.sub(r"\1", _OBJECT.sub(" ", _BOX.sub(r"\1", plain(reply)))).strip()
    said = _TAGGED.sub(lambda m: f"\n{m[1]}: {m[2]}\n", _WHOLE_TAG.sub(r"\1", said))
    return with_digits(in_english(_SNAKE.sub(" ", said))).strip()


_COUNTED = re.compile(
    r"\b(?P<noun>(?:answer|response|reply|option|candidate|solution|number|score|rating|grade|place|a|an)(?:\s+(?:is|of))?\s*:?)"
    r"\s+(?P<word>one|two|three|four|five|six|seven|eight|nine|ten)\b(?!\s+(?:of|or|more)\b)"
    r"|\b(?P<first>one|two|three|four|five|six|seven|eight|nine|ten)\s+out\s+of\s+(?P<most>ten|five)\b",
    re.IGNORECASE,
)
_COUNT = {
    word: str(n)
    for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)
}


def with_digits(said: str) -> str:
    """Return a reply with "answer four" as "answer 4", "score: eight" as "score: 8"."""
    return _COUNTED.sub(_in_digits, said)


def _in_digits(match: re.Match[str]) -> str:
    if match["first"]:
        return f"{_COUNT[match['first'].casefold()]}/{_COUNT[match['most'].casefold()]}"
    return f"{match['noun']} {_COUNT[match['word'].casefold()]}"


def fields(reply: str) -> list[dict[str, Json]]:
    """Return the objects in a reply with the letters of their keys only: "end debate" and
    "end_debate" are both "enddebate".
    """
    inner = [unwrapped(found.value) for found in objects(reply)]
    return [
        {_KEY.sub("", key.lower()): value for key, value in one.items()}
        for one in inner
        if isinstance(one, dict)
    ]


def unwrapped(value: Json) -> Json:
    """Return what an envelope holds: the value of "result", or the arguments of a tool call."""
    while isinstance(value, dict):
        held = [value[key] for key in value if key.lower() in _WRAPPERS]
        if len(held) != 1 or not isinstance(held[0], dict | list):
            break
        value = held[0]
    return value


def number_of(value: Json) -> float | None:
    """Return a JSON number, or a text that is a number, as a float."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str) and re.fullmatch(
        r"\s*[-+]?(?:\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*", value
    ):
        return float(value)
    return None
