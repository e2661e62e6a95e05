# ruff: noqa: E501 - patterns are easier to read in one line
"""Replies that take an answer back: "The answer is 12. Wait, I forgot one. So it is 13."."""

import re
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable

T = TypeVar("T")
_TURN = re.compile(
    r"(?:(?:^|[.!?\u2026:;)\u3002\n]|\s[\u2014\u2013-]|\.\.\.)[ \t*_]{0,6}"
    r"(?:(?:hmm{1,5}|no|oh|oops|but|um|uh|okay|ok|and)[,.!\u2026]{0,3}\s{1,3}){0,3}"
    r"(?:wait\b(?=\s*(?:[,.!:;\u2026\u2014\u2013-]|a\s+(?:minute|moment|second)|no\b|that|i\b|let))|actually\s*,"
    r"|hold\s+on\b|on\s+second\s+thou?ghts?|scratch\s+that|correction\b\s*:|oops\b|(?:just\s+)?kidding\b|i\s+meant\b|my\s+(?:mistake|bad|apologies)\b"
    r"|(?:sorry|apologies)\b(?=[,.\s]*(?:i|that|the|it)\b)|i\s+(?:made|have\s+made)\s+(?:a|an)\s+(?:mistake|error)"
    r"|let\s+me\s+(?:re-?(?:check|consider|calculate|compute|do|think|read|examine|count|evaluate)|correct|fix)\b"
    r"|(?:that|this|which)(?:'s|\u2019s|\s+is|\s+was)\s+(?:wrong|incorrect|not\s+(?:right|correct))\b)"
    r"|,\s*(?:no|oh|sorry),?\s+wait\b|,\s+(?:no|sorry|i\s+mean),\s+|\u7b49\u7b49|\u4e0d\u5bf9[,\uff0c]|\u6211\u7b97\u9519\u4e86)",
    re.IGNORECASE,
)
_RETHINKS = re.compile(
    r"(?:^|[.!?\u2026\n\u3002]|\s[\u2014\u2013-])\W{0,6}(?:actually,\s+)?(?:(?:no,\s+)?wait\b(?=\s*[,.!:\u2026\u2014-])|actually,|on\s+second\s+thoughts?"
    r"|on\s+reflection|hold\s+on\b|scratch\s+that|correction\s*:|oops\b|let\s+me\s+re-?(?:consider|think|evaluate))"
    r"|(?:^|[.!?\u2026\n\u3002,;]|\s[\u2014\u2013-])\W{0,6}(?:(?:hmm{0,5}|no(?=[,:\u2026\u2014-])|nein|non|nee|wait|sorry|pardon|perd\u00f3n|oops|oh|ok|okay|well|actually|rather|or\s+rather"
    r"|better|i\s+mean|(?:make|call|let's\s+make)\s+(?:that|it)|let's\s+say|plut\u00f4t|lieber|besser\s+gesagt|mejor\s+dicho|\u0432\u0435\u0440\u043d\u0435\u0435|\u0442\u043e\u0447\u043d\u0435\u0435|\u043d\u0435\u0442|anzi)"
    r"(?:[,.:!\u2026\u2014-]{0,3}[ \t]+)){1,5}(?=(?:an?\s+|answer\s+|response\s+)?[0-9][0-9.,/]{0,6}\s*(?:%|percent|points?)?\s*(?:[.!;,>]|$)|(?:stop|continue|go\s+on)\b)"
    r"|\u7b49\u7b49[,\uff0c]?|\u4e0d\u5bf9[,\uff0c]|\u5f85\u3063\u3066[,\u3001]?|\u3044\u3084[,\u3001]",
    re.IGNORECASE,
)
_UNDECIDED = re.compile(
    r"\b(?:(?:rather|prefer)\s+not\s+(?:to\s+)?(?:commit|decide|choose|pick|answer|say)|(?:won't|will\s+not|cannot|can't|can\s+not|couldn't|could\s+not|unable\s+to|not\s+able\s+to|don't\s+want\s+to)\s+(?:honestly\s+|really\s+)?(?:commit|decide|settle|choose\s+between|tell\s+which|say\s+which|make\s+up\s+my\s+mind)"
    r"|no\s+(?:way\s+(?:of|to)\s+)?(?:telling|know(?:ing)?)\s+(?:in\s+advance|which|what|how)|(?:don't|do\s+not)\s+(?:know|see)\s+which|torn\s+between|undecided"
    r"|(?:kann|will|konnte|m\u00f6chte)\s+(?:ich\s+)?mich\s+(?:hier\s+|ehrlich\s+gesagt\s+)?(?:\w+\s+){0,2}nicht\s+(?:entscheiden|festlegen)|(?:peux|veux)\s+pas\s+(?:trancher|me\s+prononcer)|no\s+(?:puedo|quiero)\s+(?:decidir|decantarme)|non\s+(?:so|posso)\s+decider\w*|n\u00e3o\s+(?:consigo|posso)\s+decidir)"
    r"|\u65e0\u6cd5(?:\u5224\u65ad|\u786e\u5b9a|\u51b3\u5b9a)|\u96be\u4ee5(?:\u5224\u65ad|\u51b3\u5b9a)|\u5224\u65ad\u3067\u304d|\u6c7a\u3081\u3089\u308c|\u043d\u0435\s+(?:\u043c\u043e\u0433\u0443|\u0431\u0443\u0434\u0443)\s+(?:\u0440\u0435\u0448\u0438\u0442\u044c|\u0432\u044b\u0431\u0440\u0430\u0442\u044c)",
    re.IGNORECASE,
)
_ENDING = 500  # characters at the end of a reply in which it says that it is undecided
_BETWEEN = " ,.:;!*_\u2014\u2013-"
_FEW = 3  # words of a correction that states the new value only
_FALSE = re.compile(
    r"\b(?:wrong|incorrect|not\s+(?:right|correct|quite)|mistake\w*|error|forgot\w*|miss(?:ed|ing)?|misread|miscount\w*"
    r"|overlooked|isn't\s+right|can't\s+be)\b|\u9519|\u4e0d\u5bf9",
    re.IGNORECASE,
)


def last_word(said: str, read: Callable[[str], T | None], label: str) -> T | None:
    """Return what a reader of role replies finds after the last second thought, if there is one.

    Args:
        said: The reply.
        read: The reader.
        label: The name of what is read: "Score: 6. No, make that 7." is "Score: 7.".
    """
    turns = list(_RETHINKS.finditer(said))
    rest = said[turns[-1].end() :].lstrip(_BETWEEN) if turns else said
    found = read(rest)
    bare = turns and found is None and len(rest.split()) <= _FEW
    return read(f"{label}: {rest}") if bare else found


def undecided(text: str) -> bool:
    """Say whether a reply ends undecided: "I'd rather not commit to any of these"."""
    return _UNDECIDED.search(text[-_ENDING:]) is not None


def turns(text: str) -> bool:
    """Say whether a text has a second thought, such as "Wait, ..."."""
    return _TURN.search(text) is not None


def settled(find: Callable[[str], Found | None], text: str) -> Found | None:
    """Return what a reader finds after the last turn of a reply, else before it.

    A turn that says that something was wrong, and gives nothing else, abstains.

    Args:
        find: The reader.
        text: A reply.
    """
    text = readable(text)
    last = _last_turn(text)
    if last is None:
        return find(text)
    later = find(text[last.end() :].lstrip(_BETWEEN))
    if later is not None:
        return Found(later.answer, f"{later.where}, corrected")
    if _FALSE.search(text, last.start()):
        return None
    return find(text[: last.start()] if text[: last.start()].strip() else text)


@lru_cache(maxsize=1_024)  # each kind of answer that is tried looks for it in the same replies
def _last_turn(text: str) -> re.Match[str] | None:
    last = deque(_TURN.finditer(text), maxlen=1)
    return last[0] if last else None
