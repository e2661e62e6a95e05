# ruff: noqa: E501 - patterns are easier to read in one line
"""Which one of the answers that a prompt numbered from 1 a reply picks."""

import re
from functools import partial

from manyminds.reading.loose_json import values
from manyminds.reading.revised import last_word
from manyminds.reading.role_text import fields, reply_of, wording
from manyminds.reading.role_words import eastern
from manyminds.reading.roles_compared import QUALITY, preferred
from manyminds.reading.roles_ranking import place_of, read_ranking
from manyminds.reading.roles_ranking_words import ANY, NOUN, ORDINALS, REF

_PICK_KEYS = (
    "choice",
    "best",
    "pick",
    "bestanswer",
    "selected",
    "winner",
    "chosen",
    "selection",
    "number",
    "answer",
)


def read_pick(text: str, n: int) -> int | None:
    """Return the number, from 1 to `n`, of the answer that a reply picks.

    Read are a field, a number alone, and sentences that choose. Answers called wrong or worst are
    not chosen; a reply that chooses two, or a number that was not shown, is not read.
    """
    reply = reply_of(text)
    picks = {
        place_of(found[key])
        for found in fields(reply)
        if "score" not in found  # a row of a ranking
        for key in _PICK_KEYS
        if key in found and not isinstance(found[key], list)
    }
    if picks:
        return _valid(picks, n)
    if values(reply):
        ranking = read_ranking(text, n)
        if ranking is not None and len(ranking.order) == n:
            tied = list(ranking.scores.values())
            return None if tied.count(max(tied, default=-1)) > 1 else ranking.order[0]
    return last_word(eastern(wording(reply)), partial(_in_words, n=n), "Choice")


def _in_words(said: str, n: int) -> int | None:
    verdicts = set(re.findall(r"\[\[(\d{1,3})\]\]", said))
    if len(verdicts) == 1:  # "Final verdict: [[3]]"
        return _valid({int(verdicts.pop())}, n)
    said = _ONLY_IT_IS.sub(r"\g<said> the best", said)
    said = _NTH.sub(lambda m: f"answer {ORDINALS.get((m[1] or m[2]).lower(), n)}", said)
    alone = _ALONE.fullmatch(said)
    if alone:
        return _valid({int(alone[1] or alone[2])}, n)
    opened = _OPENED.match(said)
    if opened and _chosen(said[opened.end() :], n) in (None, int(opened[1])):
        return _valid({int(opened[1])}, n)
    return _chosen(said, n)


def _valid(picks: "set[int | None]", n: int) -> int | None:
    first = picks.pop()
    return first if not picks and first is not None and 1 <= first <= n else None


_NTH = re.compile(
    rf"\b(?:the\s+)?(?:(first|second|third|fourth|fifth|last|[1-5](?:st|nd|rd|th))\s+(?:one|{NOUN})\b(?!\s*\d)"
    r"|(first|second|third|fourth|fifth)(?=\s*(?:[.,;!]|$|is\b|wins\b|because\b|as\b|since\b)))",
    re.IGNORECASE,
)
_SURELY = r"(?:definitely|clearly|certainly|obviously|surely|hands\s+down|by\s+far|(?:no|without\s+(?:a\s+)?)\s*doubt|for\s+(?:me|sure)|easily|please|it\s+is)"
_ALONE = re.compile(
    rf"\s*(?:{_SURELY},?\s+)?(?:{REF}|[(\[#\"]?(\d{{1,3}})[)\]\"]?)(?:,?\s+{_SURELY})?(?:\W*|\)?,?\s+because\b[^\n]*)",
    re.IGNORECASE,
)
_OPENED = re.compile(rf"\s*{REF}\s*[.:!]?\s*\n", re.IGNORECASE)
_ENDS = r"(?=\s*(?:$|[.,;:!(\n\u3002\uff0c]|(?:because|since|as|and|but|for|over)\b|-))"
_ADVERB = r"(?:(?:actually|really|truly|indeed|in\s+fact|clearly|easily|definitely|obviously|overall|much|still|therefore|slightly|also|simply|by\s+far|in\s+my\s+(?:opinion|view),?)\s+)?"
_SUBJECT = rf"(?:{REF}|(?:^|[;:.,]\s+)#?(\d{{1,3}})(?=\s+(?:is|was|wins|seems|looks)\b))"
_IS = rf"\s*(?:is|was|seems|looks|remains|would\s+be|stands\s+out\s+as|comes\s+out(?:\s+as)?)\s+{_ADVERB}(?:the\s+)?"
_VERBS = rf"(?:{_ADVERB}(?:choose|chose|pick|select|prefer|recommend|go\s+(?:with|for)|vote\s+for|favou?r)|(?:going\s+with|voting\s+for)|(?:have|need)\s+to\s+(?:go\s+with|choose|pick)|(?:change|switch)(?:\s+my\s+\w+)?\s+to)"
_CHOICE = rf"(?:choice|pick|selection|decision|vote|winner|verdict|best(?:\s+one)?|favou?rite|(?:best|selected|chosen|preferred|winning)\s+{NOUN})"
_CHOOSES = re.compile(
    rf"\b(?:I|we|let\s+(?:me|us)|let's)(?:'d|'ll|'m|\s+would|\s+will|\s+therefore|\s+must|\s+am)?\s+{_VERBS}\s+{ANY}|\bvote\s+goes\s+to\s+{ANY}|{REF}\s+choose\b"
    rf"|(?:^|\n|[.:,]\s+|\b(?:but|and|so|hence)\s+)\s*(?:is\s+)?(?:(?:my|final|the|clear|overall)\s+){{0,3}}{_CHOICE}(?:\s*\([^()\n]{{0,40}}\))?\s*(?:is\s*:?|is\s*(?:\.\.\.|\u2026)|[:=\u2014-])\s*{ANY}{_ENDS}"
    rf"|(?:^|\n)\s*(?:final\s+)?answer\s*:\s*{REF}{_ENDS}|\bit(?:'s|\s+is|\s+has\s+to\s+be|\s+must\s+be)\s+{REF}{_ENDS}|{REF}{_IS}my\s+{_CHOICE}\b"
    rf"|\bI\s+like\s+{ANY}\s+(?:the\s+)?(?:best|most)\b|\bcorrect\s+{NOUN}\s+is\s+(?:therefore\s+)?{REF}",
    re.IGNORECASE,
)
_BEST = rf"(?:(?:best|strongest)(?=\s*(?:$|[.,;:!)\n\u3002]|(?:one|{NOUN}|choice|option|of|overall|here|because|since|as|and|but|by|among|for|in)\b))|(?:(?:clear|overall|obvious)\s+)?winner|most\s+\w+|least\s+(?:bad|wrong)|(?:right|correct)\s+one|only\s+(?:correct|right)\s+(?:one|{NOUN})|only\s+(?:one|{NOUN})\s+(?:that|which|to)\b)"
_IS_BEST = re.compile(
    rf"{_SUBJECT}{_IS}{_BEST}|{REF}\s+(?:\u2014\s+)?best{_ENDS}|^\s*{REF}\s*,?\s+(?:because|since)\b"
    rf"|{REF}\s+(?:provides|gives|has|offers|presents|contains)\s+{_ADVERB}the\s+(?:best|most\s+\w+|clearest|strongest)\s+\w+(?![^.;\n]{{0,80}}\bbut\b)|\bonly\s+{REF}\s+(?:is|gets\s+(?:it|this|that))\s+(?:correct|right)\b"
    rf"|{_SUBJECT}\s+(?:wins|it\s+is)\b"
    rf"|\b(?:best|strongest|winning|most\s+\w+)\s+(?:{NOUN}\s+|one\s+)?(?:of\s+(?:the|these|all)\s+(?:\w+\s+)?)?is\s*:?\s+{_ADVERB}{ANY}{_ENDS}",
    re.IGNORECASE,
)
_IS_BETTER = re.compile(
    rf"{_SUBJECT}(?:{_IS}|\s+)(?:better|more\s+{QUALITY}|superior)(?=\s*(?:[.!\u3002]|$))",
    re.IGNORECASE,
)
_SO = re.compile(
    rf"\b(?:so|therefore|thus|hence|(?:that|which)\s+leaves)[,:]?\s+(?:it\s+is\s+|it's\s+)?{ANY}\s*[.!]?\s*$|^\s*(?:go\s+(?:with|for)|take|choose|pick|select)\s+{ANY}\s*[.!]?\s*$",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"^\s*(?:if|unless|whether)\b|\?\s*$|\b(?:could\s+be|might|maybe|perhaps|would\s+be\s+\w+(?:\s+\w+)?\s+if)\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(rf"{REF}\s+is\s+(?:clearly\s+)?(?:correct|right)\b", re.IGNORECASE)
_ANOTHER = re.compile(
    rf"\s*(?:or|and|/|&|,|oder|ou|o|или|\u6216|\u548c)\s*{ANY}(?!\s+(?:is|was|has|does|gives|seems|looks|lacks|misses|fails|contains)\b|\s*[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af])",
    re.IGNORECASE,
)
_ONLY_IT_IS = re.compile(  # "neither 1 nor 3 is correct; answer 2 is"
    rf"(?P<said>(?:neither|none|not|n't|no)\b[^.\n]{{1,120}}?\b(?:correct|right|accurate|acceptable|valid|good)\b[^.\n]{{0,40}}?(?:[;,]\s*(?:but\s+)?|\bbut\s+)(?:only\s+)?{REF}\s+(?:is|was))(?=\s*(?:[.!]|$|\n))",
    re.IGNORECASE,
)
_ONE_OR = re.compile(rf"{ANY}\s*(?:or|and|/|&|oder|ou|o|или|\u6216|\u548c)\s*$", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|nor|neither|none|no)\b|n't\b|\u4e0d", re.IGNORECASE)


def _chosen(said: str, n: int) -> int | None:
    """Return the answer that the sentences of a reply choose, or else the one called best."""
    sentences = [s for s in re.split(r"(?<=[.!?\u3002])\s+|\n+", said[-4_000:]) if s.strip()]
    for pattern in (_CHOOSES, _SO, _IS_BEST, _IS_BETTER):
        picks: set[int | None] = set()
        for sentence in sentences:
            if _UNSURE.search(sentence):
                continue
            for m in pattern.finditer(sentence):
                clause = re.split(r"[,;:]", sentence[: m.start()])[-1]
                if _ANOTHER.match(sentence, m.end()) or _ONE_OR.search(sentence[: m.start()]):
                    return None
                if not _DENIED.search(clause + m[0]):
                    picks.add(int(next(group for group in m.groups() if group)))
                    if pattern is _IS_BEST:  # "... but answer 3 is correct"
                        picks.update(map(int, _RIGHT.findall(sentence, m.end())))
        if picks:
            return _valid(picks, n)
    return preferred(said, n)
