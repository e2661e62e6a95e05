"""Reasoning and leaked markup, cut from a reply before its answer is read."""

import re
from functools import lru_cache

LONGEST = 50_000
"""Characters of a reply in which an answer is looked for, from its end."""

_CLOSED = re.compile(r"</(?:think|thinking|thought|reasoning|reflection)\s*>", re.IGNORECASE)
_OPENED = re.compile(r"<(?:think|thinking|thought|reasoning|reflection)\s*>", re.IGNORECASE)
_FINAL_CHANNEL = re.compile(r"<\|channel\|>\s*final\b[^<\n]{0,80}<\|message\|>")
_OTHER_CHANNEL = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b")
_ENDED = re.compile(
    r"<\|(?:im_end|eot_id|end|endoftext|return|end_of_text|eom_id|end_of_turn)\|>"
    r"|<end_of_turn>|<(?:eos|/s)>\s*\Z|\uff5cend\u2581of\u2581sentence\uff5c"
)
# Controls, soft hyphen, zero-width and direction marks, byte order mark, lone surrogates.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
    "\ud800-\udfff]"
)
_STYLED = re.compile(r"<(b|i|em|strong|u|p|span|code)>([^<]{0,2000})</\1>", re.IGNORECASE)
_ANSWER_TAG = re.compile(r"<(/)?(?:final[_ ]?)?answer>[ \t]*\n?", re.IGNORECASE)
_NEXT_TURN = re.compile(
    r"\n[ \t]{0,8}(?:#{1,4} )?(?:Human|User|Instruction|(?<=# )Question):", re.IGNORECASE
)
WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def split(text: str) -> tuple[str, str]:
    """Return the reasoning of a reply and the rest, with or without an opening tag."""
    final = list(_FINAL_CHANNEL.finditer(text))
    if final:
        return text[: final[-1].start()].strip(), text[final[-1].end() :].strip()
    if _OTHER_CHANNEL.search(text):
        return text.strip(), ""
    closed = list(_CLOSED.finditer(text))
    if closed:
        thoughts = _OPENED.sub("", text[: closed[-1].start()])
        return thoughts.strip(), text[closed[-1].end() :].strip()
    opened = _OPENED.search(text)
    if opened:
        return text[opened.end() :].strip(), text[: opened.start()].strip()
    return "", text


def visible(text: str) -> str:
    """Return the reply without reasoning, leaked end tokens and characters that show nothing."""
    return without_end_tokens(_UNSEEN.sub("", split(text)[1]))


def without_end_tokens(text: str) -> str:
    """Return the text up to the first leaked end token of a chat template."""
    ended = _ENDED.search(text)
    return text[: ended.start()] if ended and text[: ended.start()].strip() else text


@lru_cache(maxsize=256)  # each kind of answer that is tried reads the same replies
def readable(text: str) -> str:
    """Return the end of the visible reply, full-width characters in their usual width."""
    rest = visible(text)[-LONGEST:].translate(WIDE)
    turn = _NEXT_TURN.search(rest)
    if turn is not None and rest[: turn.start()].strip():  # a turn that the model made up
        rest = rest[: turn.start()]
    if "<" in rest:
        rest = _ANSWER_TAG.sub(lambda m: "\n" if m[1] else "\nAnswer: ", _STYLED.sub(r"\2", rest))
    return rest
