"""Which one of the answers that a prompt numbered from 1 a reply picks."""

import re

from manyminds.reading.loose_json import values
from manyminds.reading.role_text import fields, plain, reply_of
from manyminds.reading.roles_ranking import CHINESE, place_of, read_ranking
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
    said = plain(reply)
    boxed = re.fullmatch(r"\s*\$?(?:\\boxed\{(\d{1,3})\}|\[\[(\d{1,3})\]\])\$?\s*[.]?\s*", said)
    if boxed:
        return _valid({int(boxed[1] or boxed[2])}, n)
    said = re.sub(
        rf"\u7b2c([\u4e00\u4e8c\u4e09\u56db\u4e94\d])\u4e2a?{NOUN}?",
        lambda m: f"\u7b54\u6848{CHINESE.get(m[1], m[1])}",
        said,
    )
    said = re.sub(
        rf"\b(?:the\s+)?(first|second|third|fourth|fifth|last(?=\s+(?:one|{NOUN})\b))\b(?:\s+(?:one|{NOUN}))?(?=\s*(?:[.,;!]|$|is\b|because\b|as\b|since\b))",
        lambda m: f"answer {ORDINALS.get(m[1].lower(), n)}",
        said,
        flags=re.IGNORECASE,
    )
    alone = re.fullmatch(
        rf"\s*(?:(?:definitely|clearly|certainly|obviously|surely)\s+)?(?:{REF}|[(\[#\"]?(\d{{1,3}})[)\]\"]?)\s*[.!]?\s*",
        said,
        re.IGNORECASE,
    )
    if alone:
        return _valid({int(next(group for group in alone.groups() if group))}, n)
    return _chosen(said, n)


def _valid(picks: "set[int | None]", n: int) -> int | None:
    first = picks.pop()
    return first if not picks and first is not None and 1 <= first <= n else None


_CHOOSES = re.compile(
    rf"\b(?:I|we)(?:'d|'ll|\s+would|\s+will|\s+therefore|\s+must)?\s+(?:choose|chose|pick|select|prefer|recommend|go\s+with|vote\s+for|favou?r)\s+{ANY}|\bvote\s+goes\s+to\s+{ANY}"
    rf"|(?:^|\n|[.:]\s+)\s*(?:(?:my\s+|final\s+|the\s+)?(?:choice|pick|selection|decision|vote|winner|best|best\s+{NOUN}|auswahl|wahl|choix|elecci\u00f3n)|\u9009\u62e9|\u9078\u629e|\u6700\u4f73(?:\u7b54\u6848)?|\u0432\u044b\u0431\u043e\u0440)"
    rf"\s*(?:is\s*:?|[:=\u662f])\s*{ANY}(?=\s*(?:$|[.,;!(\n\u3002\uff0c]|because|since|as\b|-))"
    rf"|(?:\u6211\u9009\u62e9?|\u9009\u62e9|^\s*\u9009)\s*{ANY}",
    re.IGNORECASE,
)
_IS_BEST = re.compile(
    rf"{REF}\s*(?:is|was|seems|looks)\s+(?:clearly\s+|by\s+far\s+|definitely\s+)?(?:the\s+)?(?:best|strongest|winner|most\s+\w+|right\s+one|correct\s+one|only\s+(?:correct|right)\s+(?:one|{NOUN}))\b"
    rf"|{REF}\s+(?:ist|est|es)\s+(?:eindeutig\s+)?(?:die|der|das|la|le|el)\s+(?:beste|meilleure?|mejor)\b"
    rf"|{REF}\s*\u304c(?:\u6700\u3082\u826f|\u4e00\u756a|\u6700\u826f)|{REF}\s+(?:\u2014\s+)?(?:\u0441\u0430\u043c\u044b\u0439\s+)?\u043b\u0443\u0447\u0448"
    rf"|^\s*#?(\d{{1,3}})\s+is\s+(?:clearly\s+)?(?:the\s+)?best\b|^\s*{REF}\s*,?\s+(?:because|since)\b"
    rf"|{REF}\s+wins\b|{REF}\s*(?:\u662f)?\u6700\u597d"
    rf"|\b(?:the\s+)?(?:best|strongest|winning)\s+(?:{NOUN}\s+|one\s+)?is\s+(?:therefore\s+|clearly\s+)?{ANY}(?=\s*(?:$|[.,;!\n]|because|since|as\b))"
    rf"|\u6700\u597d\u7684(?:{NOUN})?\u662f\s*{ANY}"
    rf"|\b(?:(?:die\s+)?beste\s+antwort\s+ist|(?:la\s+)?meilleure\s+r\u00e9ponse\s+est|(?:la\s+)?mejor\s+respuesta\s+es)"
    rf"\s*:?\s*(?:la\s+|die\s+)?{ANY}(?=\s*(?:$|[.,;!\n]))"
    rf"|\u043b\u0443\u0447\u0448\u0438\u0439\s+\u043e\u0442\u0432\u0435\u0442\s*[:\u2014-]\s*{ANY}(?=\s*(?:$|[.,;!\n]))",
    re.IGNORECASE,
)
_SO = re.compile(
    rf"\b(?:so|therefore|thus|hence)[,:]?\s+(?:it\s+is\s+|it's\s+)?{REF}\s*[.!]?\s*$",
    re.IGNORECASE,
)
_BETTER = re.compile(
    rf"{REF}\s+is\s+(?:\w+\s+)?better\s+than\s+{REF}(?:\s+(?:and|or)\s+{REF})?", re.IGNORECASE
)
_BAD = re.compile(rf"{REF}\s+is\s+(?:the\s+)?(?:worst|wrong|incorrect|weakest)\b", re.IGNORECASE)
_UNSURE = re.compile(
    r"^\s*(?:if|unless|whether)\b|\?\s*$|\bcould\s+be\b|\bmight\b|\bmaybe\b|\bperhaps\b",
    re.IGNORECASE,
)
_RIGHT = re.compile(rf"{REF}\s+is\s+(?:clearly\s+)?(?:correct|right)\b", re.IGNORECASE)
_ANOTHER = re.compile(rf"\s*(?:or|and|/|&|,|oder|ou|o|\u6216|\u548c)\s*{ANY}", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|never|nor|neither|none|no)\b|n't\b|\u4e0d", re.IGNORECASE)


def _chosen(said: str, n: int) -> int | None:
    sentences = [s for s in re.split(r"(?<=[.!?\u3002])\s+|\n+", said[-4_000:]) if s.strip()]
    for pattern in (_CHOOSES, _SO, _IS_BEST):
        picks: set[int | None] = set()
        for sentence in sentences:
            if _UNSURE.search(sentence):
                continue
            for m in pattern.finditer(sentence):
                clause = re.split(r"[,;:]", sentence[: m.start()])[-1]
                if _ANOTHER.match(sentence, m.end()):
                    return None
                if not _DENIED.search(clause + m[0]):
                    picks.add(int(next(group for group in m.groups() if group)))
        if picks:
            return _valid(picks, n)
    better, worse = set[int](), set[int]()
    for sentence in sentences:
        if _UNSURE.search(sentence) or _DENIED.search(sentence):
            return None
        for m in _BETTER.finditer(sentence):
            better.add(int(m[1]))
            worse |= {int(group) for group in m.groups()[1:] if group}
        better |= {int(number) for number in _RIGHT.findall(sentence)}
        worse |= {int(number) for number in _BAD.findall(sentence)}
    left = better - worse
    if len(left) == 1 and better | worse == set(range(1, n + 1)):
        return left.pop()
    return None
