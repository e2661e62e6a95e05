"""What one sentence fills into a question: "Au" in "The symbol for gold is Au."."""

import re
from collections.abc import Iterator

from manyminds.reading.stems import SMALL, WORD, stem
from manyminds.reading.texts import DENIES

DOES = re.compile(r"^(?:\w+\s+){0,4}?(?P<does>do|does|did)\s+(?P<rest>.+)", re.IGNORECASE)
_ENDS = re.compile(
    r",(?![0-9])|:(?!\s?[0-9])|[;()\[\]\u2014\u2013\n!?]|(?<!\b[A-Z])(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bMrs)(?<!\bSt)(?<!\bProf)\.(?:\s|$)|\s-\s"
    r"|\s(?:which|that|who(?:se|m)?|where|because|since|but|however|although|while|as|so|in\s+which"
    r"|followed|according|due|with|for|every)\s"
)
BY = re.compile(
    r"\b(?:by|vo[nm]|par|por|pelo|pela)\s+(?P<who>(?:(?:(?:de|da|del|della|di|du|la|le|van|von|der|den|bin|al)\s+)*[A-Z\u00c0-\u00de][\w.'\u2019-]*\s*){1,5})"
)
OTHER_DEED = re.compile(  # "was based on a novel by", "was published by"
    r"\b(?:based|inspired|influenced|preceded|followed|succeeded|published|edited|translated|commissioned|performed)\b[^,;]*\bby\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"^(?:it|this|that|these|those|they|he|she|there|one|some|many|another|here|we|you|i|what|which|who"
    r"|and|but|since|until|if|when|while|in|on|at|by|for|as|to|es|er|sie|das|dies|il|elle|ce|cela|lo|la|esto|eso|lui|lei|ele|ela|isso"
    r"|\u043e\u043d|\u043e\u043d\u0430|\u044d\u0442\u043e)\b",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"^(?:one\s+(?:in|with|that|which|who)|known|written|used|made|based|defined|derived|same|following|marked|attributed"
    r"|(?:\w+\s+)?(?:first|last|one|part|type|kind|form|name|term|example|concept|result)\s+of)\b"
    r"|^(?:the\s+)?(?:\w+\s+)?(?:number|value|result|output|sum|total|one|word)$|\banswer\b|\b(?:who|that|which|qui|quien|quienes|quem|che|que)$|\b(?:until|till|bis|jusqu|hasta|fino|at\u00e9)\b",
    re.IGNORECASE,
)
_A = re.compile(r"^an?\s", re.IGNORECASE)
LEADS = frozenset(("located", "situated", "found", "either", "called", "named", "word", "letter"))
_PLAIN = re.compile(
    r"^(?:[\s\"'`*_\u201c\u2018]|-\s)+|(?:[\s\"'`*_.\u201d\u2019]|\s[\u2013\u2014-])+$"
)
_THERE = re.compile(r"^\W*(?:\w+\s+){0,2}there$", re.IGNORECASE)
_AMOUNT = re.compile(
    r"^(?:(?:exactly|about|approximately|only)\s+)?(?P<amount>-?[0-9][0-9.,]*|[a-z-]+)\s"
)
_LOOSE = frozenset(
    ["come", "after", "next", "follow", "get", "spoken", "used", "call", "name", "do", "live"]
)
_NUMBERS = re.compile(r"[\s*_$:]*-?[0-9]+(?:\.[0-9]+)?,\s+(?:and\s+|or\s+)?-?[0-9]")
_LABEL = re.compile(
    r"^\W*(?:the\s+)?(?:word|letter|number|city|name)\s+(?=[\"'\u201c\u2018])", re.IGNORECASE
)
_QUOTED = re.compile(r"(?:the\s+)?(?:\w+\s+)?[\"\u201c](?P<inner>[^\"\u201d]{1,60})[\"\u201d]")
_BOLD = re.compile(r"\*\*([^*\n]{1,60})\*\*")
_EXTRA = frozenset(["actual", "correct", "real", "true", "answer", "known", "official"])
_MOST_WORDS = 6  # of an answer
_LONG = 5  # letters that "bagna" and "bagnata" share
_DONE = ("ato", "ata", "ati", "ate", "ito", "ita", "uto", "uta", "ado", "ada", "ido", "ida")
"""Endings of participles in Italian, Spanish and Portuguese."""
_PLACES = frozenset(("in", "on", "at", "near", "off"))
_CLAUSE_END = re.compile(r"[;,.]\s")
_IT_IS = re.compile(
    r"\W*(?:(?:[Ii]t|[Tt]hat|[Tt]his)(?:['\u2019]s|\s+is|\s+was)|[Ee]s\s+ist|[Cc]['\u2019]est)\s+(?:the\s+|an?\s+|der\s+|die\s+|das\s+|le\s+|la\s+|l['\u2019])?((?:[A-Z\u00c0-\u00de][\w'\u2019-]*\s?){1,4})[.!*]*"
)
_AMONG = re.compile(
    r"^\W*(?:among|amongst|of|out\s+of|unter|von|parmi|entre|de|tra|fra|dentre)\s+(?:all\s+|allen\s+)?",
    re.I,
)
_ANAPHORIC = re.compile(
    r"\W*(?:the|der|die|das|la|le|el|il|its|their|his|her|sein\w*|ihr\w*|sa|son|su|il\s+suo|la\s+sua)\s",
    re.I,
)
_POSSESSIVE = re.compile(
    r"\W*(?:its|their|his|her|sein\w*|ihr\w*|sa|son|su|il\s+suo|la\s+sua)\s", re.I
)
_OF = re.compile(
    r"\s(?:of|for|in|von|des|der|de|du|del|della|do|da|when|during|while|als|quand|cuando|quando|\u043a\u043e\u0433\u0434\u0430)\s"
)
_HEAD = 2  # words of a clause that are its subject and its verb
_SHARE = 0.5  # of a phrase's words that the question has
_COVERED = 0.5  # of the question's words that a phrase has


def content(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in WORD.findall(text.casefold()) if word not in SMALL)


def _stem(word: str) -> str:
    return word.removesuffix("s") if len(word) > 3 else word


def filled_in(
    sentence: str,
    rest: str,
    words: frozenset[str],
    verbs: re.Pattern[str],
    *,
    short: bool,
    linked: bool = False,
    opens: bool = False,
) -> Iterator[str]:
    """Yield the answers that a sentence fills in, the plainest first.

    Args:
        sentence: The sentence.
        rest: What follows the word that asks.
        words: The words of that.
        verbs: The verbs of the question's language.
        short: Whether the sentence is a whole short reply.
        linked: Whether "its" and "the" can mean the thing that the question names.
        opens: Whether the sentence is the first of several, which may describe the thing.
    """
    yield from _in_its_clause(sentence, rest, words, verbs)
    does, copula = DOES.match(rest), verbs.search(sentence)
    if copula is None or does and not _has_verb(sentence, rest.split()[-1]):
        return
    left, right = _AMONG.sub("", sentence[: copula.start()]), sentence[copula.end() :]
    linked = linked and verbs.match(f"{rest} ") is not None
    anaphoric = _of_the_thing(left, right, rest, words, linked=linked, opens=opens)
    if anaphoric is not None:
        yield from anaphoric
        return
    denied = DENIES.match(right) is not None and DENIES.search(rest) is None
    said = _ENDS.split(right)[0]
    amount = _AMOUNT.match(right) if _THERE.match(left) else None
    if amount is not None and _repeats(f"{left} {said[amount.end() :]}", words):
        yield amount["amount"]
    elif _repeats(left.rpartition(",")[2], words) or _repeats(left, words):
        by = None if OTHER_DEED.search(said) else BY.search(said)
        if by is not None and "by" not in rest.split():
            yield by["who"].strip()
        yield from complement(right, words)
    elif denied and _repeats(said, words):
        return  # "A shark is not a mammal."
    elif _repeats(said, words):
        yield from _subject(left, words)
    elif short and content(left) & words and not _speaks_of_another(content(left), words):
        yield from complement(right, words)  # "The month that follows is April."


def _in_its_clause(
    sentence: str, rest: str, words: frozenset[str], verbs: re.Pattern[str]
) -> Iterator[str]:
    """Yield what stands behind or before the clause of a question that a sentence repeats."""
    lower = sentence.casefold()
    does = DOES.match(rest)
    clause = (does["rest"] if does else rest).strip()
    if does:
        clause = _in_its_form(clause, lower, past=does["does"].casefold() == "did")
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
        yield from complement(sentence[at + len(clause) :], words)
    elif at > 0 and not does:  # "William Shakespeare wrote Romeo and Juliet."
        yield from _subject(sentence[:at], words)
    if (it := _IT_IS.fullmatch(sentence)) is not None and _stem(rest.split()[0]) in content(it[1]):
        yield it[1]  # "It's the Indian Ocean." to "Which ocean ...?"


def _in_its_form(clause: str, sentence: str, *, past: bool) -> str:
    """Return a subject and its verb as a sentence has them: "tom lives" for "tom live"."""
    subject, _, verb = clause.rpartition(" ")
    names = [subject, *_shorter(subject)]
    subject = next((name for name in names if name and f"{name} " in sentence), subject)
    at = sentence.find(f"{subject} ") if subject else -1
    said = None if at < 0 else WORD.match(sentence, at + len(subject) + 1)
    if said is None or stem(said[0]) != stem(verb):
        return clause
    present = said[0] in (verb, f"{verb}s", f"{verb}es", f"{verb[:-1]}ies")
    return f"{subject} {said[0]}" if past or present else clause


def _shorter(subject: str) -> list[str]:
    """Return the last and the first word of a name of several: "Napoleon" for the whole name."""
    words = subject.split()
    return [words[-1], words[0]] if len(words) > 1 and words[0] not in SMALL else []


def _of_the_thing(
    left: str, right: str, rest: str, words: frozenset[str], *, linked: bool, opens: bool
) -> Iterator[str] | None:
    """Return what is said of "its capital" or "the capital", where that is asked for.

    Nothing where it is that of another thing, or where the thing itself is described; None where
    the subject is something else.
    """
    head, own = content(_OF.split(rest)[0]), _ANAPHORIC.match(left)
    single = own is not None and (len(head) == 1 or _POSSESSIVE.match(left))
    if single and not linked and content(left) <= head < words:
        return iter(())  # "Chile is a neighbour. Its capital is Santiago."
    said = left if own is None else left[own.end() :]
    alone = content(said) <= head < words  # not "The capital of France"
    if own is not None and linked and alone and _repeats(said, head):
        return complement(right, words)
    describes = opens and _A.match(right) and not content(left) & head
    return iter(()) if describes else None  # "Peru is a country."


def _has_verb(sentence: str, verb: str) -> bool:
    """Say whether a sentence has the verb of a question with "does", in whatever form."""
    return stem(verb) in {stem(word) for word in WORD.findall(sentence.casefold())}


def _repeats(phrase: str, words: frozenset[str]) -> bool:
    said = content(phrase) - _EXTRA
    both = len(said & words)
    if _speaks_of_another(said, words):
        return False
    spoken = [one for one in words if not one.isdigit()] or words
    return bool(said) and both >= _SHARE * len(said) and both >= _COVERED * len(spoken)


def _speaks_of_another(said: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether a phrase has other words in place of the question's: "world" for "Africa"."""
    return bool(said - words - _LOOSE and words - said - _LOOSE)


def complement(right: str, words: frozenset[str]) -> Iterator[str]:
    """Yield what follows the verb, up to the end of its clause, without words of the question."""
    if _NUMBERS.match(right):
        return  # the first of "2, 3 and 5" is no answer
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
    if "to" in tokens[1:] and all(_is_of(one, words) for one in tokens[tokens.index("to", 1) :]):
        tokens = tokens[: tokens.index("to", 1)]  # "oxygen to live"
    if led and led[0] in _PLACES and (len(tokens) > _MOST_WORDS or tokens[-1].isdigit()):
        tokens = _place(tokens)
    answer = _PLAIN.sub("", " ".join(tokens))
    if describes or _NO_ANSWER.search(answer) or len(tokens) > _MOST_WORDS:
        return
    if answer and (answer.isdigit() or not content(answer) <= words):
        yield answer


def _place(tokens: list[str]) -> list[str]:
    """Return a place without what stands behind it: "in the Atlantic", "on 5 May 1821"."""
    names = [at for at, token in enumerate(tokens) if token[:1].isupper()]
    first = names[0] if names else len(tokens)
    ends = [at for at, token in enumerate(tokens) if at > first and token in _PLACES]
    return tokens[: ends[0]] if ends else tokens


def _is_of(token: str, words: frozenset[str]) -> bool:
    return token in SMALL or _stem(token) in words


def _leads(token: str, words: frozenset[str]) -> bool:
    if token[:1].isupper() and token != "The":  # a name, the letter A
        return False
    word = token.casefold().strip("\"'`*_\u201c\u201d")
    deed = len(word) > _LONG and any(one[:_LONG] == word[:_LONG] for one in words)
    return word in SMALL or word in LEADS or _stem(word) in words or deed and word.endswith(_DONE)


def _subject(left: str, words: frozenset[str]) -> Iterator[str]:
    """Yield the text before the verb, if it is short and no pronoun."""
    said = _PLAIN.sub("", _LABEL.sub("", left.rpartition(",")[2]))
    new = content(said) - words
    vague = _VAGUE.match(said) or said.casefold() == "c" or _NO_ANSWER.search(said)
    if new and len(said.split()) <= _MOST_WORDS and not vague:
        yield said
