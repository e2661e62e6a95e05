# ruff: noqa: E501, SIM905 - patterns and lists of words are easier to read so
"""Whether a moderator's reply says to stop, in the languages and forms that models use."""

import re
from itertools import pairwise

from manyminds.reading.loose_json import Json
from manyminds.reading.role_text import fields, plain, reply_of


def read_stop(text: str) -> bool | None:
    """Return whether a reply says to stop (True) or to go on (False).

    Negations and questions with their answer are understood; conditions and replies that say both
    are not read.
    """
    reply = reply_of(text)
    said = {
        _STOP_KEYS[key] ^ truth if truth is not None else None
        for found in fields(reply)
        for key in found
        if key in _STOP_KEYS
        for truth in [_truth(found[key], key)]
    }
    if said:
        return said.pop() if len(said) == 1 else None
    return _decided(plain(reply))


def reason_of(text: str) -> str:
    """Return the "reason" of the object in a reply; empty where it gives none."""
    for found in reversed(fields(reply_of(text))):
        for key in ("reason", "reasoning", "feedback", "explanation", "why"):
            value = found.get(key)
            if isinstance(value, str):
                return " ".join(value.split())
    return ""


# Whether the truth of the key's value is turned round.
_STOP_KEYS = {
    "stop": False, "enddebate": False, "end": False, "shouldstop": False, "decision": False,
    "verdict": False, "action": False, "answer": False, "terminate": False, "stopnow": False,
    "finished": False, "done": False, "converged": False, "consensusreached": False,
    "continue": True, "goon": True, "shouldcontinue": True,
}  # fmt: skip
_NEUTRAL = ("decision", "verdict", "action", "answer")
_YES = re.compile(
    r"(?:yes|true|ja|oui|s\u00ed|si|sim|\u0434\u0430|\u662f|\u662f\u7684|\u5bf9|\u306f\u3044)", re.I
)
_NO = re.compile(
    r"(?:not yet|nein|non|n\u00e3o|no|false|\u043d\u0435\u0442|\u5426|\u4e0d|\u4e0d\u662f|\u3044\u3044\u3048)",
    re.I,
)


def _truth(value: Json, key: str) -> bool | None:
    if isinstance(value, bool):
        return None if key in ("decision", "verdict", "action", "answer") else value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) and key not in _NEUTRAL else None
    if not isinstance(value, str):
        return None
    return _said_yes(value) if _said_yes(value) is not None else _turned(_decided(value), key)


def _turned(stop: bool | None, key: str) -> bool | None:
    return stop if stop is None else stop ^ _STOP_KEYS[key]


def _said_yes(text: str) -> bool | None:
    """Read yes or no at the start of a text, alone or before a comma or a full stop."""
    text = text.strip().strip("\"'")
    for pattern, truth in ((_YES, True), (_NO, False)):
        found = pattern.match(text)
        if found and re.match(r"\s*(?:$|[.,;:!\u3002\uff0c\u2014-])", text[found.end() :]):
            return truth
    return None


_STOPS = (
    r"stop(?:ping|ped)?|halt|terminate|end(?:ing)?(?:\s+(?:the|this)\s+(?:debate|discussion|panel|process|run))?"
    r"|conclude|finish|stopp(?:en)?|anhalten|aufh\u00f6ren|beenden|Ende\s+der\s+Diskussion|arr\u00eater|arr\u00eatez|arr\u00eatons"
    r"|parar|detener(?:se)?|detenerte|detente"
)
_GOES = (
    r"continu(?:e|ing|er|ez|ons|ar)|go(?:ing)?\s+on|carry\s+on|proceed|keep\s+(?:going|discussing|debating|talking)|weitermachen|fortsetzen"
    r"|fortfahren|weiter|seguir"
)
_HELPERS = frozenset(
    """
    see sees find i i'd i'll i'm we we'd we'll you the panel debate discussion members process run layer
    round they it it's is should would could can may must will shall do does did to have has
    need needs want wants vote votes recommend recommends suggest propose say think believe
    so therefore thus hence then please let's let us my decision verdict answer time safe
    best reasonable sensible now that be not don't never no reason too early premature there
    cannot can't there's shouldn't wouldn't doesn't needn't and a wir sollten sollte nicht bitte das
    die nous devrions devons faut il ne pas debemos debe deberíamos yes better ready answers
    agents moderator judge yet just simply definitely clearly also
    """.split()
)
_AFTER = frozenset(
    """
    here now because since as at the after and with so this for yet rather instead already
    there it until debate discussion panel immediately right today pas ici maintenant jetzt hier
    aqui aquí ahora layers rounds layer round to
    """.split()
)
_NEGATES = re.compile(
    r"\b(?:not|never|cannot|nicht|pas|ne|no\s+(?:need|reason)|too\s+early|premature|without|kein)\b|n't\b|\bno\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?<![\w'])(?P<key>stop|consensus(?:\s+reached)?|end\s+debate|should\s+stop|continue|go\s+on|decision|verdict|my\s+vote|vote|action"
    r"|Entscheidung|D\u00e9cision|Decisi\u00f3n|\u51b3\u5b9a|\u5224\u65ad|\u505c\u6b62|\u7ee7\u7eed|\u5224\u5b9a)"
    r"[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?(?=(?P<value>[^\n.;{}]{1,60}))",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?P<no>\u4e0d\u8981|\u4e0d\u5e94(?:\u8be5|\u5f53)?|\u4e0d\u80fd|\u4e0d\u5fc5|\u4e0d\u9700\u8981|\u65e0\u9700|\u65e0\u987b|\u522b|\u672a|\u4e0d)?\s*"
    r"(?:(?P<stop>\u505c\u6b62|\u505c\u4e0b|\u7ed3\u675f|\u7d42\u4e86|\u7ec8\u6b62|\u6b62\u3081\u308b)|(?P<go>\u7ee7\u7eed|\u7d9a\u3051\u308b|\u7d9a\u884c|\u7e7c\u7e8c))"
    r"(?P<ja>\u3057\u306a\u3044|\u3059\u3079\u304d\u3067\u306f\u306a\u3044)?"
    r"|(?P<runo>\u043d\u0435\s+)?(?:(?P<rustop>\u0441\u0442\u043e\u043f|\u043e\u0441\u0442\u0430\u043d(?:\u043e\u0432|\u0430\u0432\u043b)\u0438\w*|\u0437\u0430\u043a\u043e\u043d\u0447\u0438\w*)|(?P<rugo>\u043f\u0440\u043e\u0434\u043e\u043b\u0436\w*))",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"\b(?:I|we)\s+(?P<no>do\s+not\s+|don't\s+)?(?:recommend|suggest|propose|need|want|favou?r)\s+"
    r"(?:another|one\s+more|a\s+further|more)\s+(?:rounds?|layers?)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"(?:\b(?:another|further|additional|one\s+more|more)\s+(?:layers?|rounds?|discussion|debate))"
    r"(?P<say>\s+(?:is|are|would|will|should|may|might)\s+(?P<not>not\s+|un)?(?:be\s+)?(?:needed|necessary|required|useful|help|worth\w*|follow|likely))?",
    re.IGNORECASE,
)
_NONE_BEFORE = re.compile(r"(?:\b(?:no|not|without)|n't\s+need)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_CONSENSUS = re.compile(
    r"\b(?:consensus|agreement)\s+(?:has|is|was)\s+(?P<no>not\s+)?(?:yet\s+)?(?:been\s+)?(?:reached|achieved)\b",
    re.IGNORECASE,
)
_BEFORE = 60  # characters in which a negation is looked for


_MOST_LABELS = 20
_LONGEST_SENTENCE = 600


def _decided(said: str) -> bool | None:
    said = said.strip().strip("\"'")
    whole = _said_yes(said)
    if whole is not None and len(said) < 12:
        return whole
    label: bool | None = None
    for found in [*_LABEL.finditer(said)][-_MOST_LABELS:]:
        key, value = found["key"].lower(), found["value"].strip()
        if "?" in value:
            continue
        truth = _said_yes(value.strip("\"' "))
        if truth is not None and re.match(r"stop|consensus|end|should|\u505c", key):
            label = truth
        elif truth is not None and re.match(r"cont|go|\u7ee7", key):
            label = not truth
        elif truth is None and not re.match(
            r"stop|consensus|end|should|cont|go|\u505c|\u7ee7", key
        ):
            label = _sentences(value)
    if label is not None:
        return label
    return _sentences(said)


def _sentences(said: str) -> bool | None:
    sentences = [s for s in re.split(r"(?<=[.!?\u3002])\s*|\n+", said) if s.strip()]
    if not sentences or len(sentences) > 40:
        return None
    verdicts: set[bool] = set()
    skip = False
    for sentence, following in pairwise([*sentences, ""]):
        if skip:
            skip = False
            continue
        stop = _polarity(sentence)
        if sentence.rstrip().endswith("?"):
            answer = _said_yes(following)
            if stop is not None and answer is not None:
                verdicts.add(stop if answer else not stop)
                skip = True
            continue
        if re.match(r"\s*(?:if|unless|when|once|wenn|si|\u5982\u679c)\b", sentence, re.IGNORECASE):
            continue
        if re.search(
            r"\b(?:if|unless|until|until|whether|maybe|perhaps|might)\b", sentence, re.IGNORECASE
        ):
            if stop is False and re.search(r"\buntil\b", sentence, re.IGNORECASE):
                verdicts.add(False)  # "continue until they agree"
            elif stop is not None:
                return None
            continue
        if stop is not None:
            verdicts.add(stop)
    first = _said_yes(sentences[0])
    if first is not None and not sentences[0].rstrip().endswith("?"):
        verdicts.add(first)
    return verdicts.pop() if len(verdicts) == 1 else None


def _polarity(sentence: str) -> bool | None:
    """Return whether a sentence asks to stop; None for neither or both."""
    if len(sentence) > _LONGEST_SENTENCE:
        return None
    found: set[bool] = set()
    for m in _CHINESE.finditer(sentence):
        stop = bool(m["stop"] or m["rustop"])
        found.add(stop ^ bool(m["no"] or m["ja"] or m["runo"]))
    for m in re.finditer(rf"\b(?:(?P<stop>{_STOPS})|(?P<go>{_GOES}))\b", sentence, re.IGNORECASE):
        after = re.match(r"\s*([\w\u00c0-\u024f]+)", sentence[m.end() :])
        clause = re.split(r"[,;:]", sentence[: m.start()])[-1]
        words = re.findall(r"[\w'\u00c0-\u024f]+", clause.lower())
        if not set(words) <= _HELPERS or (after and after[1].lower() not in _AFTER):
            continue
        if re.search(r"\b(?:rather than|instead of)\s*$", sentence[: m.start()], re.IGNORECASE):
            continue
        negated = bool(_NEGATES.search(clause)) or bool(
            re.match(r"\s+(?:pas|nicht)\b", sentence[m.end() :])
        )
        found.add(bool(m["stop"]) ^ negated)
    found |= {bool(m["no"]) for m in _WANTS.finditer(sentence)}
    found |= {not m["no"] for m in _CONSENSUS.finditer(sentence)}
    for m in _MORE.finditer(sentence):
        if _NONE_BEFORE.search(sentence[max(0, m.start() - _BEFORE) : m.start()]) or m["not"]:
            found.add(True)
        elif m["say"]:
            found.add(False)
    return found.pop() if len(found) == 1 else None
