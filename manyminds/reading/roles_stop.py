# ruff: noqa: E501, SIM905 - patterns and lists of words are easier to read so
"""Whether a moderator's reply says to stop, in the languages and forms that models use."""

import re
from itertools import pairwise

from manyminds.reading.loose_json import Json
from manyminds.reading.revised import last_word
from manyminds.reading.role_text import fields, reply_of, wording


def read_stop(text: str) -> bool | None:
    """Return whether a reply says to stop (True) or to continue (False).

    Negations and questions with their answer are understood; conditions and replies that say both
    are not read.
    """
    reply = reply_of(text)
    given = [
        (key, _truth(found[name], key))
        for found in fields(reply)
        for name in found
        if (key := _AROUND.sub("", name)) in _STOP_KEYS
    ]
    # What is asked for comes first: "consensus" next to it may say what is agreed on.
    given = [one for one in given if one[0] in _IN_FORM] or given
    said = {None if truth is None else _STOP_KEYS[key] ^ truth for key, truth in given}
    if said:
        return said.pop() if len(said) == 1 else None
    return last_word(wording(reply), _decided, "Decision")


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
    "stop": False, "end": False, "decision": False,
    "verdict": False, "action": False, "answer": False, "terminate": False,
    "finished": False, "done": False, "converged": False, "consensusreached": False, "consensus": False,
    "continue": True, "goon": True,
}  # fmt: skip
_IN_FORM = ("stop", "continue")
_AROUND = re.compile(r"debate|discussion|panel|now|should|^(?:final|next|my)")
_NEUTRAL = ("decision", "verdict", "action", "answer")
_YES = re.compile(
    r"(?:yes|yep|yeah|true|ja|oui|s\u00ed|si|sim|\u0434\u0430|\u662f\u7684?|\u5bf9|\u306f\u3044)",
    re.I,
)
_NO = re.compile(
    r"(?:not yet|nope|nein|non|n\u00e3o|no|false|\u043d\u0435\u0442|\u5426|\u4e0d\u662f?|\u3044\u3044\u3048)",
    re.I,
)


def _truth(value: Json, key: str) -> bool | None:
    if isinstance(value, bool):
        return None if key in ("decision", "verdict", "action", "answer") else value
    if isinstance(value, int | float):
        return bool(value) if value in (0, 1) and key not in _NEUTRAL else None
    if not isinstance(value, str):
        return None
    return (
        _said_yes(value) if _said_yes(value) is not None else _turned(_decided(wording(value)), key)
    )


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
    r"|(?<=be\s)(?:concluded|ended|finished|terminated|closed)|conclude|finish|wrap(?:ping)?\s+(?:this\s+|it\s+|things\s+)?up|ende\s+der\s+debate"
)
_GOES = r"continu(?:e|ing)|go(?:ing)?\s+on|carry\s+on|proceed|keep\s+(?:going|discussing|debating|talking)"
_HELPERS = frozenset(
    """
    see sees find i i'd i'll i'm we we'd we'll you the panel debate discussion members process run layer
    round they it it's is should would could can may must will shall do does did to have has
    need needs want wants vote votes recommend recommends suggest propose say think believe
    so therefore thus hence then please let's let us my decision verdict answer time safe
    best reasonable sensible now that be not don't never no reason too early premature there
    cannot can't there's shouldn't wouldn't doesn't needn't and a yes better ready answers
    agents moderator judge yet just simply definitely clearly also here final ought favor favour of for in against point benefit use
    """.split()
)
_AFTER = frozenset(
    """
    here now because since as at the after and with so this for yet rather instead already
    there it until debate discussion panel immediately right today not layers rounds layer round to
    """.split()
)
_NEGATES = re.compile(
    r"\b(?:not|never|cannot|no\s+(?:need|reason|point|benefit|use|we)|against|too\s+early|premature|without)\b|n't\b|\bno\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"(?<![\w'])(?P<key>stop|consensus(?:\s+reached)?|end\s+debate|should\s+stop|continue|go\s+on|decision|verdict|my\s+vote|vote|action"
    r"|\u51b3\u5b9a|\u5224\u65ad|\u505c\u6b62|\u7ee7\u7eed|\u5224\u5b9a)"
    r"[\"']?\s*(?:[:=]|\bis\b)\s*[\"']?(?=(?P<value>[^\n.;{}]{1,60}))",
    re.IGNORECASE,
)
_CHINESE = re.compile(
    r"(?P<no>\u4e0d\u8981|\u4e0d\u5e94(?:\u8be5|\u5f53)?|\u4e0d\u80fd|\u4e0d\u5fc5|\u4e0d\u9700\u8981|\u65e0\u9700|\u65e0\u987b|\u522b|\u672a|\u4e0d)?\s*"
    r"(?:(?P<stop>\u505c\u6b62|\u505c\u4e0b|\u7ed3\u675f|\u7d42\u4e86|\u7ec8\u6b62|\u6b62\u3081\u308b|중[단지]|종료|멈[추춥춰])|(?P<go>\u7ee7\u7eed|\u7d9a\u3051(?!\u306a\u3044)|\u7d9a\u884c|\u7e7c\u7e8c|계속))"
    r"(?P<ja>\s*하지\s*[마말않]|\u3057\u306a\u3044|\u3059\u3079\u304d\u3067\u306f\u306a\u3044)?"
)
_WANTS = re.compile(
    r"\b(?:I|we)\s+(?P<no>do\s+not\s+|don't\s+)?(?:recommend|suggest|propose|need|want|favou?r)\s+"
    r"(?:another|one\s+more|a\s+further|more)\s+(?:rounds?|layers?)\b",
    re.IGNORECASE,
)
_MORE = r"(?:another|further|additional|one\s+more|more)\s+(?:layers?|rounds?|discussion|debate)"
_ASKED = re.compile(rf"\b{_MORE}\b", re.IGNORECASE)
_WORTH = re.compile(  # "Another round would not help.", "Stopping now is reasonable."
    rf"\b(?:(?P<stop>stopping|ending)|continuing|going\s+on|{_MORE})(?:\s+(?:the\s+debate|here|now|yet))?\s+"
    r"(?:(?:is|are|would|will|should|does|do|may|might)\s*)?(?P<no>not\s+|n't\s+|un(?=\w))?(?:be\s+)?(?:likely\s+to\s+)?"
    r"(?:(?P<bad>pointless|useless|superfluous|redundant)|needed|necessary|required|useful|help\w*|worth\w*|follow|likely|add|change|improve|bring|produce|warranted|justified|recommended|reasonable|(?:the\s+)?right)\b",
    re.IGNORECASE,
)
_NONE_BEFORE = re.compile(
    r"(?:\b(?:no|not|without|against)|n't\s+need)\s+(?:\w+\s+){0,2}$", re.IGNORECASE
)
_CONSENSUS = re.compile(
    r"\b(?:consensus|agreement|(?:stopping|termination)\s+(?:criterion|condition))\s+(?:(?:has|is|was)\s+)?(?P<no>not\s+)?(?:yet\s+)?(?:been\s+)?(?:reached|achieved|met|satisfied|fulfilled)\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\bwe(?:'re|\u2019re|\s+are)\s+(?:all\s+)?(?:done|finished)\b|\b(?:nothing|not\s+much)\s+(?:more|else|further|left)\s+to\s+(?:discuss|debate|add|say)\b",
    re.IGNORECASE,
)
_ASKS_FOR = re.compile(
    r"\b(?:let(?:'s|\u2019s|\s+us)\s+(?:do|have|run|go\s+for)|(?:suggest|recommend|propose|want|need|needs|prefer|vote\s+for|favou?r|(?:like|love|want|prefer)\s+to\s+(?:see|have|run))|worth)\s*$",
    re.IGNORECASE,
)
_BEFORE = 60  # characters in which a negation is looked for


_MOST_LABELS = 20
_LONGEST_SENTENCE = 600


def _decided(said: str) -> bool | None:
    said = said.strip().strip("\"'")
    whole = _said_yes(said)
    if whole is not None and len(said) < 12:
        return whole if _verb(said) in (None, whole) else None
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
        if re.match(
            r"\s*(?:if|unless|when|once|had|were|wenn|si|se|если|\u5982\u679c)\b",
            sentence,
            re.IGNORECASE,
        ):
            continue
        if re.search(
            r"\b(?:if|unless|until|whether|maybe|perhaps|might|would\s+have)\b",
            sentence,
            re.IGNORECASE,
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
        verb = _verb(sentences[0])
        verdicts |= {first, first if verb is None else verb}  # "No, stop." says both
    return verdicts.pop() if len(verdicts) == 1 else None


def _verb(sentence: str) -> bool | None:
    """Return what the words after "yes" or "no" ask for."""
    return _polarity(re.sub(r"^\W*[^\W\d_]+\s*[,.:;!\u3002\uff0c\u2014-]\s*", "", sentence))


def _polarity(sentence: str) -> bool | None:
    """Return whether a sentence asks to stop; None for neither or both."""
    if len(sentence) > _LONGEST_SENTENCE:
        return None
    but = sentence.rpartition(" but ")[2]
    if but != sentence and _polarity(but) is not None:
        return _polarity(but)
    found: set[bool] = set()
    for m in _CHINESE.finditer(sentence):
        found.add(bool(m["stop"]) ^ bool(m["no"] or m["ja"]))
    for m in re.finditer(rf"\b(?:(?P<stop>{_STOPS})|(?P<go>{_GOES}))\b", sentence, re.IGNORECASE):
        after = re.match(r"[\s\"'\u201d]*([\w\u00c0-\u024f]+)", sentence[m.end() :])
        clause = re.split(r"[,;:]", sentence[: m.start()])[-1]
        words = re.findall(r"[\w'\u00c0-\u024f]+", clause.lower())
        if not set(words) <= _HELPERS or (after and after[1].lower() not in _AFTER):
            continue
        if re.search(r"\b(?:rather than|instead of)\s*$", sentence[: m.start()], re.IGNORECASE):
            continue
        negated = bool(_NEGATES.search(clause)) or bool(re.match(r"\s+not\b", sentence[m.end() :]))
        found.add(bool(m["stop"]) ^ negated)
    found |= {bool(m["no"]) for m in _WANTS.finditer(sentence)}
    found |= {not m["no"] for m in _CONSENSUS.finditer(sentence)}
    if _DONE.search(sentence):
        found.add(True)
    for m in _WORTH.finditer(sentence):
        none = _NONE_BEFORE.search(sentence[max(0, m.start() - _BEFORE) : m.start()])
        found.add(bool(m["stop"]) ^ bool(m["no"] or m["bad"] or none))
    for m in _ASKED.finditer(sentence):
        before = sentence[max(0, m.start() - _BEFORE) : m.start()]
        if _NONE_BEFORE.search(before):
            found.add(True)
        elif _ASKS_FOR.search(before):
            found.add(False)
    return found.pop() if len(found) == 1 else None
