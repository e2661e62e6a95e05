"""Sentences in Chinese, Japanese and Korean that repeat a question: "法国的首都是巴黎"."""

import re

from manyminds.reading import locate
from manyminds.reading.reasoning import readable
from manyminds.reading.texts import DENIES

_IS = re.compile(
    "(?P<left>[^。,，、]*[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af》」])(?:[是は]|[은는이가]\\s)"
    "(?P<said>[^。,，、.!(（不]{1,20}?)(?:です|でした|である|であり|でして|だ|だった|(?:に|と)なります|になる|で(?=[,，、])|입니다|이에요|예요|이며|이고)?"
    "(?:[。.!,，、(（].*)?"
)
_ASKS_BACK = re.compile("[?？吗까]|か[。]?$|[哪谁何誰]|什么|どこ|무엇|어디|누구")
_LONGEST = 200  # characters of a sentence


def filled(text: str, question: str) -> str | None:
    """Return what a reply of one sentence fills into the question; None: nothing.

    Args:
        text: The reply.
        question: The question, of whose characters the sentence repeats enough.
    """
    said = readable(text).strip()
    if len(said) > _LONGEST or len(locate.sentences(said)) != 1:
        return None
    found = _IS.fullmatch(said)
    if found is None or locate.refuses(said) or DENIES.search(said) or _ASKS_BACK.search(said):
        return None
    left, asked = set(found["left"]) - {" "}, set(question)
    repeats = 2 * len(left & asked) > len(left) and 3 * len(left & asked) >= len(asked)
    return found["said"].strip() if repeats else None


def named(sentence: str, question: str) -> str | None:
    """Return what a sentence that shares a character with the question says that something is."""
    found = _IS.fullmatch(sentence)
    shares = found is not None and set(found["left"]) & set(question)
    return found["said"].strip() if found is not None and shares else None
