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
_BOLD = re.compile(r"\*\*(?P<said>[^*]{1,40})\*\*$")
_DID = re.compile(  # "\u662f\u65bd\u8010\u5eb5\u5199\u7684"
    "(?:[^\u3002,\uff0c]{0,20}?)\u662f(?P<who>[^\u3002,\uff0c\u662f\u4e0d]{1,12}?)(?:\u5199|\u753b|\u8457|\u521b\u4f5c|\u53d1\u660e|\u53d1\u73b0|\u8bbe\u8ba1|\u5bfc\u6f14|\u63d0\u51fa|\u8c31\u5199|\u4f5c\u66f2)\u7684?[\u3002.!]?"
)
_WHO = re.compile("\u8c01|\u4f5c\u8005|\u54ea\u4f4d")
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
    did = _DID.fullmatch(said) if _WHO.search(question) else None
    if did is not None and not locate.refuses(said):
        return did["who"].strip(" *")
    found = _IS.fullmatch(said)
    if found is None or locate.refuses(said) or DENIES.search(said) or _ASKS_BACK.search(said):
        return None
    left, asked = set(found["left"]) - {" "}, set(question)
    repeats = 2 * len(left & asked) > len(left) and 3 * len(left & asked) >= len(asked)
    bold = _BOLD.search(found["said"]) if repeats else None  # with what he was before the name
    said = found["said"] if bold is None else bold["said"]
    return said.strip() if repeats else None


def named(sentence: str, question: str) -> str | None:
    """Return what a sentence that shares a character with the question says that something is."""
    found = _IS.fullmatch(sentence)
    shares = found is not None and set(found["left"]) & set(question)
    return found["said"].strip() if found is not None and shares else None
