"""Reasoning and leaked markup, cut from a reply before its answer is read."""

import re
from functools import lru_cache

from manyminds.reading.answer_field import without_reasons
from manyminds.reading.asides import without_asides
from manyminds.reading.asserted import own, without_offers
from manyminds.reading.cues import ANSWER_IS

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
_STYLED = re.compile(
    r"<(b|i|em|strong|u|p|span|code|div|li|h[1-6]|font|mark|small|center)(?:\s[^<>]{0,100})?>"
    r"([^<]{0,2000})</\1>",
    re.IGNORECASE,
)
_INLINE = frozenset(("b", "i", "em", "strong", "u", "span", "code", "font", "mark", "small"))
_DEEPEST = 4  # tags inside each other
_BREAK = re.compile(r"(?<=[\w.!?,:;)*%>\]])<br\s*/?>", re.IGNORECASE)  # not "the tag is <br>"
_STRUCK = re.compile(r"~~[^~\n]{1,200}~~[ \t]*")
_ANSWER_TAG = re.compile(r"[<\[](/)?(?:final[_ ]?)?answer[>\]][ \t]*\n?", re.IGNORECASE)
_NEXT_TURN = re.compile(
    r"\n[ \t]{0,8}(?:#{1,4} )?(?:Human|User|Instruction|(?<=# )Question):", re.IGNORECASE
)
_NEXT_QUESTION = re.compile(
    r"\n[ \t]{0,8}(?:Q|Question|Problem|Exercise|Frage|Aufgabe|Pregunta|\u95ee\u9898|\u95ee)"
    r"[ \t]{0,3}[0-9]{0,3}[:.]",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\s*(?:Q|Question|Problem|Exercise|Frage|Aufgabe|Pregunta)\b", re.IGNORECASE)
_TILDES = re.compile(r"^~~~", re.MULTILINE)
_FEW = 3  # words of a reply that is an answer
_ZEROS = (  # of Arabic, Persian, Hindi, Bengali and other scripts to Thai, Lao, Burmese, Khmer
    0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6,
    0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0x1040, 0x17E0,
)  # fmt: skip
_DIGITS = {zero + n: 0x30 + n for zero in _ZEROS for n in range(10)}
WIDE = _DIGITS | {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def split(text: str) -> tuple[str, str]:
    """Return the reasoning of a reply and the rest, with or without an opening tag."""
    if "<" not in text:
        return "", text
    final = _last(_FINAL_CHANNEL, "<|channel|>", text)
    if final:
        return text[: final.start()].strip(), text[final.end() :].strip()
    if _OTHER_CHANNEL.search(text):
        return text.strip(), ""
    closed = _last(_CLOSED, "</", text)
    if closed:
        thoughts = _OPENED.sub("", text[: closed.start()])
        return thoughts.strip(), text[closed.end() :].strip()
    opened = _OPENED.search(text)
    if opened:
        return text[opened.end() :].strip(), text[: opened.start()].strip()
    return "", text


def _last(pattern: re.Pattern[str], begins: str, text: str) -> re.Match[str] | None:
    """Return the last match of a pattern whose matches begin with a given text."""
    at = text.rfind(begins)
    while at >= 0:
        found = pattern.match(text, at)
        if found is not None:
            return found
        at = text.rfind(begins, 0, at)
    return None


def visible(text: str) -> str:
    """Return the reply without reasoning, leaked end tokens and characters that show nothing."""
    return without_end_tokens(_TILDES.sub("```", _UNSEEN.sub("", split(text)[1])))


def without_end_tokens(text: str) -> str:
    """Return the text up to the first leaked end token of a chat template."""
    ended = _ENDED.search(text) if "<" in text or "\uff5c" in text else None
    return text[: ended.start()] if ended and text[: ended.start()].strip() else text


def _is_answered(text: str) -> bool:
    """Say whether a text gives an answer, before which it repeats no question."""
    said = ANSWER_IS.search(text) is not None or 0 < len(text.split()) <= _FEW
    return said and _ASKED.match(text) is None


def _unstyled(text: str) -> str:
    """Return a text without the tags that only show; what a block holds is a line of its own."""
    for _ in range(_DEEPEST):
        bare = _STYLED.sub(lambda m: m[2] if m[1].lower() in _INLINE else f"\n{m[2]}\n", text)
        if bare == text:
            break
        text = bare
    return text


@lru_cache(maxsize=1_024)  # each kind of answer that is tried reads the same replies
def readable(text: str) -> str:
    """Return the end of the visible reply, full-width characters in their usual width."""
    rest = without_reasons(visible(text))[-LONGEST:].translate(WIDE)
    turn = _NEXT_TURN.search(rest)
    if turn is not None and rest[: turn.start()].strip():  # a turn that the model made up
        rest = rest[: turn.start()]
    further = _NEXT_QUESTION.search(rest)
    if further is not None and _is_answered(rest[: further.start()]):
        rest = rest[: further.start()]
    if "~~" in rest:
        rest = _STRUCK.sub("", rest)
    if "<" in rest or "[" in rest:
        rest = _unstyled(_BREAK.sub("\n", rest))
        rest = _ANSWER_TAG.sub(lambda m: "\n" if m[1] else "\nAnswer: ", rest)
    return without_asides(without_offers(own(rest)))
