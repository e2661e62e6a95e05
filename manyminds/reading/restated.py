"""Sentences that repeat the question and fill in its answer: "The symbol for gold is Au."."""

import re
from functools import lru_cache

from manyminds.reading import deeds, restated_eastern
from manyminds.reading.cues import CORRECTION
from manyminds.reading.cut_off import is_cut_off, whole_sentences
from manyminds.reading.filling import (
    BY,
    DOES,
    LEADS,
    OTHER_DEED,
    complement,
    content,
    filled_in,
)
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import WORD, stem
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
_OTHERWISE = re.compile(r"\b(?:actually|in\s+fact|rather)\b", re.IGNORECASE)
_WHO = frozenset(
    ("who", "wer", "qui", "qui\u00e9n", "qui\u00e9nes", "chi", "quem", "\u043a\u0442\u043e")
)
_YEAR = re.compile(r"\b[0-9]{3,4}\b")
_DIGIT = re.compile(r"[0-9]")
_FIGURE = re.compile(
    r"^(?:years?|numbers?|ages?|percent\w*|temperatures?|prices?|decades?|centur\w+)\b"
)
_INITIAL = re.compile(r"(?:[A-Z][a-z]+\s|[A-Z]\.\s?)[A-Z]\.$")
_STATES_NUMBER = re.compile(r"\b(?:is|are|equals)\s+[$\u20ac\u00a3]?[0-9]")
_LOOKAHEAD = 200  # characters after "actually"
_VERBS = frozenset(
    ("is", "was", "has", "lies", "are", "were", "have", "borders", "ist", "hat", "est", "es")
)
_BRACKETS = re.compile(r"\s*\([^()]*\)")
_TAKES_PLACE = re.compile(r"\b(take|takes|took|taken)\s+place\b", re.IGNORECASE)
_HAPPENS = {"take": "happen", "takes": "happens", "took": "happened", "taken": "happened"}
_HOWEVER = re.compile(
    r",?\s+(?:however|jedoch|allerdings|hingegen|dagegen|cependant|toutefois|en\s+revanche|sin\s+embargo|no\s+obstante|tuttavia|invece|por\u00e9m|no\s+entanto|contudo|echter|\u043e\u0434\u043d\u0430\u043a\u043e|jednak)(?:,|(?=\s))",
    re.IGNORECASE,
)
_THE = re.compile(
    r"\W*(?:the|der|die|das|la|le|el|il|l['\u2019]|a|o|de|het)(?:\s|(?<=['\u2019]))", re.IGNORECASE
)
_OPENING = 3  # words of a sentence that name what it is about
_SHORT = 10  # words of a reply of one sentence
_SENTENCES = 5  # of a reply that can state the answer
_LONGEST_QUESTION = 1_000  # characters at its end that tell what is asked for
_CLAUSE = re.compile(
    r",?\s+(?:and\s+so|and\s+the(?=\s)|so\s+the(?=\s)|so\s+that|thus|hence|therefore)\s+", re.I
)
_BUT = re.compile(  # "A did the work, but when it opened, the president was B."
    r",\s+(?:but|aber|mais|pero|ma|mas|\u043d\u043e|maar)\s+(?:(?:when|in|at|by|during|als|bei|quand|lorsque|cuando|quando|\u043a\u043e\u0433\u0434\u0430|toen)\s[^,]{2,80},\s+)?(?=(?:the|der|die|das|le|la|el|il|l['\u2019]|o|a|de|het)\b)",
    re.I,
)


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
    if who and not OTHER_DEED.search(text) and (by := BY.search(text)) is not None:
        return Found(by["who"].strip(), RESTATED)
    does = None if asks is None else DOES.match(asks["rest"])
    verb = _COPULA.search(text) or _FOREIGN.search(text, 1) or _FOREIGN.match(text)
    if does is not None:
        said = _after_verb(text, does["rest"].split()[-1])
        if said is not None or verb is None:
            return None if said is None else Found(said, RESTATED)
    if verb is None:
        return None
    said = next(complement(text[verb.end() :], words), None)
    if said is None or content(said) & words:
        return None
    happens = said.endswith("ed") or said in LEADS
    name = said[:1].isupper() or said[:1].isdigit() or len(said.split()) == 1 and not happens
    return Found(said, RESTATED) if name else None


def _after_verb(text: str, verb: str) -> str | None:
    """Return what stands behind the verb of a question: "the cello" in "he plays the cello"."""
    for word in WORD.finditer(text):
        if stem(word[0].casefold()) == stem(verb.casefold()) and word.start():
            return next(complement(text[word.end() :], frozenset([verb])), None)
    return None


def contradicts(text: str, question: str) -> bool:
    """Return whether a reply fills different answers into the question, or takes one back."""
    return len(_filled(text, question[-_LONGEST_QUESTION:])) > 1


@lru_cache(maxsize=4_096)
def _filled(text: str, question: str) -> tuple[str, ...]:
    """Return the different answers that a reply fills into the question."""
    text, question = _in_one_word(text), _in_one_word(question)
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
        bare = _HOWEVER.sub("", sentence)
        linked = linked or bare != sentence and _THE.match(sentence) is not None
        sentence = bare
        answers = filled_in(sentence, rest, words, copula, short=short, linked=linked, opens=not at)
        answer = next(answers, None)
        ends = _BUT if who and _BUT.search(sentence) else _CLAUSE
        if answer is None and len(clauses := ends.split(sentence)) > 1:
            answer = next(
                filled_in(clauses[-1], rest, words, copula, short=False, linked=ends is _BUT), None
            )
        if answer is None or figure and not (_YEAR if year else _DIGIT).search(answer):
            continue
        if who and answer.lower() == answer != answer.upper():  # "a novel published in 1862"
            continue
        if DENIES.search(answer) or OPEN.search(answer) or _is_taken_back(stated[at:], answer):
            return (answer, "")
        left_over = sentence[sentence.find(answer) + len(answer) :]
        other = next(filled_in(left_over, rest, words, copula, short=False), answer)
        if answer[:1].isdigit() and _STATES_NUMBER.search(left_over):
            return (answer, "")
        found |= {answer.casefold(): answer, other.casefold(): other}
    return tuple(found.values())


def _in_one_word(text: str) -> str:
    """Return a text with "happens" for "takes place"."""
    return _TAKES_PLACE.sub(lambda m: _HAPPENS[m[1].casefold()], text) if "place" in text else text


def _of_another(before: str, words: frozenset[str]) -> bool:
    """Say whether a sentence before "its" begins with something else than the question's thing."""
    first, *opens = before.split()[:_OPENING]
    named = [first] if opens and opens[0] in _VERBS else []
    named += [one for one in opens if one[:1].isupper()]
    return bool(named) and not content(" ".join(named)) & words


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
    rest = _BRACKETS.sub("", asks[0]["rest"]).casefold().partition(":")[0].strip()
    who = (asks[0]["wh"] or asks[0]["foreign"]).casefold() in _WHO  # "wrote" is "written by"
    words = content(rest.partition(" ")[2] if who else rest)
    return (rest, words, _COPULA if asks[0]["wh"] else _FOREIGN, who) if words else None


def _is_taken_back(later: list[str], answer: str) -> bool:
    """Return whether a reply continues with "it is actually ..." and does not mean the same."""
    text = " ".join(later[:3])
    turn = _OTHERWISE.search(text, text.find(answer) + len(answer))
    if turn is None:
        return False
    return answer.casefold() not in text[turn.end() : turn.end() + _LOOKAHEAD].casefold()
