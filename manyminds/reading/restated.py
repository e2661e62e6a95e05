"""Sentences that repeat the question and fill in its answer: "The symbol for gold is Au."."""

import re
from collections.abc import Iterator
from functools import lru_cache

from manyminds.reading import deeds, restated_eastern
from manyminds.reading.cues import CORRECTION
from manyminds.reading.cut_off import is_cut_off, whole_sentences
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL, WORD, stem
from manyminds.reading.texts import DENIES, OPEN

RESTATED = "sentence that repeats the question"
_ASKS = re.compile(
    r"(?:^|[.!?,:;\n\u00bf]\s*|\b(?:in|on|at|by|for|from|of|to|with|en|de|da|von|aus|mit|\u00e0|\u0432)\s+)"
    r"(?:(?P<wh>what|which|who(?:se|m)?|where|how\s+many|how\s+much)"
    r"|(?P<foreign>wer|wen|was(?=\s+(?:ist|sind|war))|welche[rsnm]?|wie\s+(?:viele?|hei\u00dft|lautet)|qui|quel(?:le)?s?|combien"
    r"|qui\u00e9n(?:es)?|qu\u00e9|cu\u00e1l(?:es)?|cu\u00e1nt[oa]s?|chi|qual[ei]?|quem|quais|\u043a\u0442\u043e|\u043a\u0430\u043a(?:\u043e\u0439|\u0430\u044f|\u043e\u0435)))\b"
    r"(?:'s|\u2019s)?\s+(?P<rest>(?:[^.?!\n]|\.(?=[0-9])){3,200})\?",
    re.IGNORECASE,
)
_DOES = re.compile(r"^(?:\w+\s+){0,2}?(?:do|does|did)\s+(?P<rest>.+)", re.IGNORECASE)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|became|equals?|ha(?:s|ve)\s+been)\b(?:\s+(?:indeed|actually|also|simply|currently|officially"
    r"|typically|usually|generally|often|commonly|sometimes|called|named|known\s+as|referred\s+to\s+as"
    r"|considered(?:\s+to\s+be)?|spelled|written\s+as|denoted\s+(?:by|as)))*\s+",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"\b(?:handelt\s+(?:es\s+)?sich\s+um|ist|sind|war|waren|wurden?|hei\u00dft|lautet|est|sont|\u00e9tait|fut|son|fue(?:ron)?|era|ha\s+sido|\u00e8|sono|fu|\u00e9|s\u00e3o|foi|es"
    r"|\u0431\u044b\u043b[\u0430\u043e]?|\u044f\u0432\u043b\u044f\u0435\u0442\u0441\u044f)\b\s+|\s[\u2014-]\s",
    re.IGNORECASE,
)
_SHORT_IS = re.compile(
    r"(?<=\b(?:That|that))['\u2019]s\s|(?<=\b(?:It|it|He|he))['\u2019]s\s|(?<=\bShe)['\u2019]s\s"
)
_TO = re.compile(r"^(?:in|on|at|by|from|auf|aus|von|en|a|da|di|de|\u0432)\s", re.IGNORECASE)
_ENDS = re.compile(
    r",(?![0-9])|:(?!\s?[0-9])|[;()\[\]\u2014\u2013\n!?]|(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bProf)\.(?:\s|$)|\s-\s"
    r"|\s(?:which|that|who(?:se|m)?|where|because|since|but|however|although|while|as|so|in\s+which"
    r"|followed|according|due|with|for)\s"
)
_BY = re.compile(
    r"\b(?:by|vo[nm]|par|por|pelo|pela)\s+(?P<who>(?:(?:(?:de|da|del|della|di|du|la|le|van|von|der|den|bin|al)\s+)*[A-Z\u00c0-\u00de][\w.'\u2019-]*\s*){1,5})"
)
_OTHER_DEED = re.compile(  # "was based on a novel by", "was published by"
    r"\b(?:based|inspired|influenced|preceded|followed|succeeded|published|edited|translated|commissioned|performed)\b[^,;]*\bby\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:it|this|that|these|those|they|he|she|there|one|some|many|another|here|we|you|i|what|which|who"
    r"|and|but|since|until|if|when|while|in|on|at|by|for|as|to|es|er|sie|das|dies|il|elle|ce|cela|lo|la|esto|eso|lui|lei|ele|ela|isso"
    r"|\u043e\u043d|\u043e\u043d\u0430|\u044d\u0442\u043e)\b",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(r"\b(?:actually|in\s+fact|rather)\b", re.IGNORECASE)
_NO_ANSWER = re.compile(
    r"^(?:one\s+(?:in|with|that|which|who)|known|written|used|made|based|defined|derived|same|following|marked|attributed"
    r"|(?:\w+\s+)?(?:first|last|one|part|type|kind|form|name|term|example|concept|result)\s+of)\b"
    r"|^(?:the\s+)?(?:\w+\s+)?(?:number|value|result|output|sum|total|one|word)$|\banswer\b|\b(?:who|that|which|qui|quien|quienes|quem|che|que)$|\b(?:until|till|bis|jusqu|hasta|fino|at\u00e9)\b",
    re.IGNORECASE,
)
_WHO = frozenset(
    ("who", "wer", "qui", "qui\u00e9n", "qui\u00e9nes", "chi", "quem", "\u043a\u0442\u043e")
)
_A = re.compile(r"^an?\s", re.IGNORECASE)
_YEAR = re.compile(r"\b[0-9]{3,4}\b")
_DIGIT = re.compile(r"[0-9]")
_FIGURE = re.compile(
    r"^(?:years?|numbers?|ages?|percent\w*|temperatures?|prices?|decades?|centur\w+)\b"
)
_LEADS = frozenset(("located", "situated", "found", "either", "called", "named", "word", "letter"))
_PLAIN = re.compile(
    r"^(?:[\s\"'`*_\u201c\u2018]|-\s)+|(?:[\s\"'`*_.\u201d\u2019]|\s[\u2013\u2014-])+$"
)
_INITIAL = re.compile(r"(?:[A-Z][a-z]+\s|[A-Z]\.\s?)[A-Z]\.$")
_STATES_NUMBER = re.compile(r"\b(?:is|are|equals)\s+[$\u20ac\u00a3]?[0-9]")
_THERE = re.compile(r"^\W*(?:\w+\s+){0,2}there$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"^(?:(?:exactly|about|approximately|only)\s+)?(?P<amount>-?[0-9][0-9.,]*|[a-z-]+)\s"
)
_LOOSE = frozenset(
    ["come", "after", "next", "follow", "get", "spoken", "used", "call", "name", "do", "live"]
)
_LABEL = re.compile(
    r"^\W*(?:the\s+)?(?:word|letter|number|city|name)\s+(?=[\"'\u201c\u2018])", re.IGNORECASE
)
_QUOTED = re.compile(r"(?:the\s+)?(?:\w+\s+)?[\"\u201c](?P<inner>[^\"\u201d]{1,60})[\"\u201d]")
_BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
_EXTRA = frozenset(["actual", "correct", "real", "true", "answer", "known", "official"])
_LOOKAHEAD = 200  # characters after "actually"
_VERBS = frozenset(("is", "was", "has", "lies", "are", "were", "have", "borders", "ist", "hat", "est", "es"))
_OPENING = 3  # words of a sentence that name what it is about
_SHORT = 10  # words of a reply of one sentence
_SENTENCES = 5  # of a reply that can state the answer
_LONGEST_QUESTION = 1_000  # characters at its end that tell what is asked for
_MOST_WORDS = 6  # of an answer
_CLAUSE = re.compile(
    r",?\s+(?:and\s+so|and\s+the(?=\s)|so\s+the(?=\s)|so\s+that|thus|hence|therefore)\s+", re.I
)
_CLAUSE_END = re.compile(r"[;,.]\s")
_IT_IS = re.compile(
    r"\W*(?:(?:[Ii]t|[Tt]hat|[Tt]his)(?:['\u2019]s|\s+is|\s+was)|[Ee]s\s+ist|[Cc]['\u2019]est)\s+(?:the\s+|an?\s+|der\s+|die\s+|das\s+|le\s+|la\s+|l['\u2019])?((?:[A-Z\u00c0-\u00de][\w'\u2019-]*\s?){1,4})[.!*]*"
)
_AMONG = re.compile(r"^\W*(?:among|amongst|of|out\s+of|unter|von|parmi|entre|de|tra|fra|dentre)\s+(?:all\s+|allen\s+)?", re.I)
_ANAPHORIC = re.compile(r"\W*(?:the|der|die|das|la|le|el|il|its|their|his|her|sein\w*|ihr\w*|sa|son|su|il\s+suo|la\s+sua)\s", re.I)
_OF = re.compile(r"\s(?:of|for|in|von|des|der|de|du|del|della|do|da)\s")
_HEAD = 2  # words of a clause that are its subject and its verb
_SHARE = 0.5  # of a phrase's words that the question has
_COVERED = 0.5  # of the question's words that a phrase has


def restated(text: str, question: str) -> Found | None:
    """Return what a reply fills into the question: "Au" in "The symbol for gold is Au".

    None where no sentence repeats a question with "what", "which", "who", "where" or "how many",
    where two sentences fill in different answers, or where the reply takes its answer back.

    Args:
        text: A reply.
        question: The question.
    """
    eastern = restated_eastern.filled(text, question[-_LONGEST_QUESTION:])
    filled = (eastern,) if eastern else _filled(text, question[-_LONGEST_QUESTION:])
    if not filled and (who := deeds.doer(text, question)) is not None:
        return Found(who, RESTATED)
    return Found(filled[0], RESTATED) if len(filled) == 1 else None


def named(text: str, question: str) -> Found | None:
    """Return what a sentence says that something is: "It is the Danube", "Her name is Ada".

    Args:
        text: The sentence in which a reply concludes.
        question: The question.
    """
    asked = _asked(question[-_LONGEST_QUESTION:])
    words = frozenset[str]() if asked is None else asked[1]
    eastern = restated_eastern.named(text, question)
    if eastern is not None:
        return Found(eastern, RESTATED)
    turned = CORRECTION.search(text)
    text = _SHORT_IS.sub(" is ", text)
    text = text if turned is None else f"It is {_TO.sub('', text[turned.end() :])}"
    clause = text.partition(", or ")[0]  # "the femur, or thigh bone"
    if DENIES.search(clause) or OPEN.search(clause):
        return None
    asks = _ASKS.search(question[-_LONGEST_QUESTION:])
    who = asks is not None and (asks["wh"] or asks["foreign"]).casefold() in _WHO
    if who and not _OTHER_DEED.search(text) and (by := _BY.search(text)) is not None:
        return Found(by["who"].strip(), RESTATED)
    does = None if asks is None else _DOES.match(asks["rest"])
    verb = _COPULA.search(text) or _FOREIGN.search(text, 1) or _FOREIGN.match(text)
    if does is not None:
        said = _after_verb(text, does["rest"].split()[-1])
        if said is not None or verb is None:
            return None if said is None else Found(said, RESTATED)
    if verb is None:
        return None
    said = next(_complement(text[verb.end() :], words), None)
    if said is None or _content(said) & words:
        return None
    happens = said.endswith("ed") or said in _LEADS
    name = said[:1].isupper() or said[:1].isdigit() or len(said.split()) == 1 and not happens
    return Found(said, RESTATED) if name else None


def _after_verb(text: str, verb: str) -> str | None:
    """Return what stands behind the verb of a question: "the cello" in "he plays the cello"."""
    for word in WORD.finditer(text):
        if stem(word[0].casefold()) == stem(verb.casefold()) and word.start():
            return next(_complement(text[word.end() :], frozenset([verb])), None)
    return None


def contradicts(text: str, question: str) -> bool:
    """Return whether a reply fills different answers into the question, or takes one back."""
    return len(_filled(text, question[-_LONGEST_QUESTION:])) > 1


@lru_cache(maxsize=4_096)
def _filled(text: str, question: str) -> tuple[str, ...]:
    """Return the different answers that a reply fills into the question."""
    asked = _asked(question)
    if asked is None:
        return ()
    rest, words, copula, who = asked
    figure, year = _FIGURE.match(rest) is not None, rest.startswith("year")
    stated = _whole_names(whole_sentences(readable(text)))
    if is_cut_off(text):
        stated = stated[:-1]
    if len(stated) > 1 and len(stated[-1].split()) < 3:
        stated = stated[:-1]  # what was cut off
    found: dict[str, str] = {}
    short = len(stated) == 1 and len(stated[0].split()) <= _SHORT
    for at, sentence in enumerate(stated[:_SENTENCES]):
        linked = not at or not _of_another(stated[at - 1], words)
        answers = _filled_in(sentence, rest, words, copula, short=short, linked=linked)
        answer = next(answers, None)
        if answer is None and len(clauses := _CLAUSE.split(sentence)) > 1:
            answer = next(_filled_in(clauses[-1], rest, words, copula, short=False), None)
        if answer is None or figure and not (_YEAR if year else _DIGIT).search(answer):
            continue
        if who and answer.lower() == answer != answer.upper():  # "a novel published in 1862"
            continue
        if DENIES.search(answer) or OPEN.search(answer) or _is_taken_back(stated[at:], answer):
            return (answer, "")
        left_over = sentence[sentence.find(answer) + len(answer) :]
        other = next(_filled_in(left_over, rest, words, copula, short=False), answer)
        if answer[:1].isdigit() and _STATES_NUMBER.search(left_over):
            return (answer, "")
        found |= {answer.casefold(): answer, other.casefold(): other}
    return tuple(found.values())


def _of_another(before: str, words: frozenset[str]) -> bool:
    """Say whether a sentence before "its" begins with something else than the question's thing."""
    first, *opens = before.split()[:_OPENING]
    named = [first] if opens and opens[0] in _VERBS else []
    named += [one for one in opens if one[:1].isupper()]
    return bool(named) and not _content(" ".join(named)) & words


def _whole_names(parts: list[str]) -> list[str]:
    """Join sentences that were parted after an initial: "John F. Kennedy"."""
    joined: list[str] = []
    for part in parts:
        if joined and _INITIAL.search(joined[-1]):
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return joined


@lru_cache(maxsize=64)
def _asked(question: str) -> tuple[str, frozenset[str], re.Pattern[str], bool] | None:
    """Return what follows the question's word, its words, its language's verbs; if it asks who."""
    asks = list(_ASKS.finditer(question))
    if len(asks) != 1:
        return None
    rest = asks[0]["rest"].casefold().partition(":")[0].strip()
    who = (asks[0]["wh"] or asks[0]["foreign"]).casefold() in _WHO  # "wrote" is "written by"
    words = _content(rest.partition(" ")[2] if who else rest)
    return (rest, words, _COPULA if asks[0]["wh"] else _FOREIGN, who) if words else None


def _content(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in WORD.findall(text.casefold()) if word not in SMALL)


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def _filled_in(
    sentence: str,
    rest: str,
    words: frozenset[str],
    verbs: re.Pattern[str],
    *,
    short: bool,
    linked: bool = False,
) -> Iterator[str]:
    """Yield the answers that a sentence fills in, the plainest first.

    Args:
        sentence: The sentence.
        rest: What follows the word that asks.
        words: The words of that.
        verbs: The verbs of the question's language.
        short: Whether the sentence is a whole short reply.
        linked: Whether "its" and "the" can mean the thing that the question names.
    """
    lower = sentence.casefold()
    does = _DOES.match(rest)
    clause = (does["rest"] if does else rest).strip()
    last = clause.split()[-1]
    at = lower.find(clause)
    ends = not lower[at + len(clause) : at + len(clause) + 1].isalnum()
    if at > 0 and lower[at - 1].isalnum():  # "Wednes-day comes after Tuesday"
        at = -1
    head = _HEAD + (clause.split()[0] in SMALL)
    if does and at < 0 and len(clause.split()) > head:  # "What do bees make in summer?"
        clause = " ".join(clause.split()[:head])
        at = 0 if lower.startswith(f"{clause} ") else -1
        left_over = _CLAUSE_END.split(lower[len(clause) :])[0]
        at = -1 if verbs.search(left_over) else at  # "Ann Lee was born"
        ends = True
    if at >= 0 and does and ends:  # "Bees make honey."
        yield from _complement(sentence[at + len(clause) :], words)
    elif at > 0 and not does:  # "William Shakespeare wrote Romeo and Juliet."
        yield from _subject(sentence[:at], words)
    if (it := _IT_IS.fullmatch(sentence)) is not None and _stem(rest.split()[0]) in _content(it[1]):
        yield it[1]  # "It's the Indian Ocean." to "Which ocean ...?"
    copula = verbs.search(sentence)
    if copula is None or does and not _has_verb(sentence, last):
        return
    left, right = sentence[: copula.start()], sentence[copula.end() :]
    left = _AMONG.sub("", left)
    head, own = _content(_OF.split(rest)[0]), _ANAPHORIC.match(left)
    if own is not None and not linked and _content(left) <= head < words:
        return  # "Chile is a neighbour. Its capital is Santiago."
    asks_of = linked and head < words and verbs.match(f"{rest} ") is not None
    if own is not None and asks_of and _repeats(left[own.end() :], head):
        yield from _complement(right, words)  # "Its capital is Lima.", "The capital is Lima."
        return
    if _A.match(right) and not _content(left) & head:
        return  # "Peru is a country." to "What is the capital of Peru?"
    denied = DENIES.match(right) is not None and DENIES.search(rest) is None
    said = _ENDS.split(right)[0]
    amount = _AMOUNT.match(right) if _THERE.match(left) else None
    if amount is not None and _repeats(f"{left} {said[amount.end() :]}", words):
        yield amount["amount"]
    elif _repeats(left.rpartition(",")[2], words) or _repeats(left, words):
        by = None if _OTHER_DEED.search(said) else _BY.search(said)
        if by is not None and "by" not in rest.split():
            yield by["who"].strip()
        yield from _complement(right, words)
    elif denied and _repeats(said, words):
        return  # "A shark is not a mammal."
    elif _repeats(said, words):
        yield from _subject(left, words)
    elif short and _content(left) & words and not _speaks_of_another(_content(left), words):
        yield from _complement(right, words)  # "The month that follows is April."


def _has_verb(sentence: str, verb: str) -> bool:
    """Say whether a sentence has the verb of a question with "does", in whatever form."""
    return stem(verb) in {stem(word) for word in WORD.findall(sentence.casefold())}


def _repeats(phrase: str, words: frozenset[str]) -> bool:
    said = _content(phrase) - _EXTRA
    both = len(said & words)
    if _speaks_of_another(said, words):
        return False
    spoken = [one for one in words if not one.isdigit()] or words
    return bool(said) and both >= _SHARE * len(said) and both >= _COVERED * len(spoken)


def _speaks_of_another(said: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether a phrase has other words in place of the question's: "world" for "Africa"."""
    return bool(said - words - _LOOSE and words - said - _LOOSE)


def _complement(right: str, words: frozenset[str]) -> Iterator[str]:
    """Yield what follows the verb, up to the end of its clause, without words of the question."""
    clause = _ENDS.split(right.strip(), maxsplit=1)[0]
    bold = _BOLD.findall(clause)
    if (quoted := _QUOTED.match(right)) is not None:
        clause = quoted["inner"]
    elif len(bold) == 1:  # "were held in **Rome**"
        clause = bold[0]
    said = _PLAIN.sub("", clause)
    tokens, indefinite = said.split(), _A.match(said) is not None
    led: list[str] = []
    while len(tokens) > 1 and _leads(tokens[0], words):
        led.append(tokens.pop(0).casefold())
    if "and" in led or "or" in led:  # two answers
        return
    while len(tokens) > 1 and tokens[0].endswith("ly") and tokens[0].islower():
        tokens.pop(0)
    happens = len(tokens) > 1 and tokens[0].islower() and tokens[0].endswith("ed")
    describes = happens or indefinite and len(tokens) > 1  # "held in May", "a historic city"
    while len(tokens) > 1 and tokens[-1].islower() and _is_of(tokens[-1], words):
        tokens.pop()  # "oxygen to live"
    answer = _PLAIN.sub("", " ".join(tokens))
    if describes or _NO_ANSWER.search(answer) or len(tokens) > _MOST_WORDS:
        return
    if answer and (answer.isdigit() or not _content(answer) <= words):
        yield answer


def _is_of(token: str, words: frozenset[str]) -> bool:
    return token in SMALL or _stem(token) in words


def _leads(token: str, words: frozenset[str]) -> bool:
    if token[:1].isupper() and token != "The":  # a name, the letter A
        return False
    word = token.casefold().strip("\"'`*_\u201c\u201d")
    return word in SMALL or word in _LEADS or _stem(word) in words


def _subject(left: str, words: frozenset[str]) -> Iterator[str]:
    """Yield the text before the verb, if it is short and no pronoun."""
    said = _PLAIN.sub("", _LABEL.sub("", left.rpartition(",")[2]))
    new = _content(said) - words
    vague = _VAGUE.match(said) or said.casefold() == "c" or _NO_ANSWER.search(said)
    if new and len(said.split()) <= _MOST_WORDS and not vague:
        yield said


def _is_taken_back(later: list[str], answer: str) -> bool:
    """Return whether a reply continues with "it is actually ..." and does not mean the same."""
    text = " ".join(later[:3])
    turn = _OTHERWISE.search(text, text.find(answer) + len(answer))
    if turn is None:
        return False
    return answer.casefold() not in text[turn.end() : turn.end() + _LOOKAHEAD].casefold()
