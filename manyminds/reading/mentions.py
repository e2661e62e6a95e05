"""Sentences that state an answer in words: which answer, next to the question and other replies."""

import re
from collections.abc import Sequence

from manyminds.reading import dates, locate, names
from manyminds.reading.asked import from_the_question_on
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL, WORD, stem
from manyminds.reading.texts import (
    DENIES,
    EITHER,
    LOWERED,
    MOST_WORDS,
    OPEN,
    contained,
    plain_key,
    speaks,
    stated,
    without_others,
)

_ALSO = re.compile(r"\b(?:and|und|et|y)\b|&")
_EASTERN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_SIGNS = re.compile(r"[\[\](){}<>=+*/^\\|\u221e\u222a\u2229\u2264\u2265]")
_LONGEST_FORMULA = 80
_CONTRASTS = re.compile(r"\b(?:whereas|while|unlike|but|although)\b", re.IGNORECASE)
# What a sentence sets its answer apart from: "X, not Y", "Although Y, X", "X, unlike Y".
_ASIDES = re.compile(
    r"(?:,|;|\s\(|\s[\u2014\u2013-])\s*(?:and\s+|but\s+)?(?:not\b(?!\s+only)|unlike|rather\s+than)\s"
    r"[^,.;!?()]{1,60}(?:,\s*(?:where|which|who)\b[^,.;!?()]{1,60})?\)?(?=\s*(?:[,.;!]|$))"
    r"|^\s*(?:although|though|while|unlike)\b[^,.;!?]{1,100},\s*",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"\W*(?:it|this|that|he|she|they|i|you|the\s+answer|es|er|sie|das|il|elle|c['\u2019]est|\u00e9|\u00e8)\b|\W*it['\u2019]s\b",
    re.I,
)
_CLAUSES = re.compile(
    r";\s+|,\s+(?:and\s+)?(?:so|thus|hence|therefore|but|also)\s+|\s[\u2014\u2013-]\s"
)
_IT_IS = re.compile(
    r"\W*(?:(?:so|thus|hence|therefore),?\s+)?(?:it|that|this|he|she|they)(?:['\u2019]s|['\u2019]re|\s+(?:is|was|were|are|must\s+be|would\s+be|has\s+to\s+be))\s+"
    r"|\W*(?:es|das|er|sie)\s+(?:ist|war|sind)\s+|\W*c['\u2019](?:est|\u00e9tait)\s+|\W*(?:es|fue|era)\s+",
    re.IGNORECASE,
)
_CONCEDES = re.compile(
    r"\W*(?:while|although|though|even\s+though|whereas|unlike|obwohl|w\u00e4hrend|bien\s+que|aunque)\b[^,;.]{1,120},\s+",
    re.I,
)
_ELLIPTIC = re.compile(  # "Zurich is not the capital; Bern is."
    r"\W*(?P<who>[^,;]{1,60}?)\s+(?:is|was|are|were|does|did|has|can|ist|war|est|es)\W*", re.I
)
_ARTICLE = re.compile(r"^(?:the|an?|der|die|das|le|la|el|los|las)\s+")
_CLAUSE_WORDS = 14
_MOST_CLAUSES = 12
_ROLES = frozenset(("answer", "result", "one", "person", "correct", "right", "therefore", "thus"))
_COPULA = re.compile(r"\b(?:is|are|was|were|ist|sind|est|es)\b", re.IGNORECASE)
_FEW_WORDS = 4
_STEM = 5  # letters that "painter" and "painted" share
_LONGEST = 2_000  # characters in which the answers of other replies are looked for
_SENTENCE = 40  # words of a sentence that states an answer
_MOST_NEW = 3  # words of a sentence that are its answer
NEW_WORDS = "words that the question lacks"
MENTION = "mention of another reply's answer"


def mentioned(
    texts: Sequence[str | None],
    answers: Sequence[Found | None],
    refused: Sequence[bool],
    asked: str,
) -> list[Found | None]:
    """Give a reply that states its answer in a sentence the one answer of the others in it.

    A sentence without one states the words that the question lacks, if they are few and side by
    side.

    Args:
        texts: The replies.
        answers: What each states.
        refused: Whether each refuses to answer.
        asked: The question.
    """
    asked_words = frozenset(SMALL | set(WORD.findall(from_the_question_on(asked).casefold())))
    found = list(answers)
    _mention_known(texts, found, refused, asked_words)
    if asked:
        for at, (text, one) in enumerate(zip(texts, found, strict=True)):
            if one is not None and is_sentence(text, one):
                found[at] = _new_words(one, asked_words)
        _mention_known(texts, found, refused, asked_words)
        _leave_out_remarks(texts, answers, found)
    return found


def _leave_out_remarks(
    texts: Sequence[str | None], answers: Sequence[Found | None], found: list[Found | None]
) -> None:
    """Leave out sentences that state nothing which another reply states, beside short answers.

    "Gold is a shiny metal." beside "Au", "Au" and "Ag" speaks of something else.
    """
    keys = [None if one is None else plain_key(one.answer) for one in found]
    sentence = [is_sentence(text, one) for text, one in zip(texts, answers, strict=True)]
    short = sum(key is not None and not said for key, said in zip(keys, sentence, strict=True))
    for at, one in enumerate(found):
        text = texts[at] or ""
        if one is None or not sentence[at] or keys.count(keys[at]) > 1 or 2 * short <= len(found):
            continue
        describes = one.where == NEW_WORDS and one.answer.islower()
        if (one.where == "whole reply" or describes) and not _SUBJECT.match(text):
            found[at] = None


def _mention_known(
    texts: Sequence[str | None],
    found: list[Found | None],
    refused: Sequence[bool],
    asked_words: frozenset[str],
) -> None:
    """Give sentences the one answer in them that other replies state alone."""
    known: dict[str, str] = {}
    for one, text in zip(found, texts, strict=True):
        if one is not None and not is_sentence(text, one):
            known.setdefault(plain_key(one.answer), one.answer)
    for at, text in enumerate(texts):
        one = found[at]
        if text is None or refused[at] or one is not None and one.where != "whole reply":
            continue
        shown = without_others(readable(text)[:_LONGEST])
        own = None if one is None or is_sentence(text, one) else plain_key(one.answer)
        others = {key: answer for key, answer in known.items() if key != own}
        either = EITHER.search(shown) and len(shown.split()) <= MOST_WORDS  # two answers
        named = [] if DENIES.search(shown) or either else mentions(shown, others)
        if len(named) != 1 and (last := _concluded(shown, known, asked_words)) is not None:
            found[at] = Found(last, MENTION)
        if len(named) > 1 and not (DENIES.search(shown) or OPEN.search(shown)):
            does = _does_what_is_asked(shown, known, asked_words)
            found[at] = found[at] if does is None else Found(does, MENTION)
        if len(named) != 1 or _is_remark(shown, named[0], asked_words):
            continue
        if one is None or is_sentence(text, one) or _adds_nothing(shown, named[0], asked_words):
            found[at] = Found(named[0], MENTION)


def _is_remark(shown: str, answer: str, asked_words: frozenset[str]) -> bool:
    """Return whether a short sentence says something else of an answer: "Saturn has rings."."""
    if len(asked_words) == len(SMALL) or _SUBJECT.match(shown) or _EASTERN.search(shown):
        return False
    words = set(WORD.findall(shown.casefold())) - SMALL - set(WORD.findall(answer.casefold()))
    stems = {word[:_STEM] for word in asked_words - SMALL}
    begins = shown.casefold().startswith((answer.casefold(), f"the {answer.casefold()}"))
    short = 0 < len(words) <= _FEW_WORDS and begins and _COPULA.search(shown) is None
    return short and not any(word[:_STEM] in stems for word in words)


def _concluded(shown: str, known: dict[str, str], asked_words: frozenset[str]) -> str | None:
    """Return the known answer that a clause gives to the question's words, or to "it is".

    "... It was neither of them. The painter was Leonardo." to "Who painted it?"; "It's Canberra;
    Sydney is larger.".
    """
    clauses = [
        clause
        for sentence in map(_without_concession, locate.sentences(shown))
        for clause in _CLAUSES.split(sentence)
        if clause and len(clause.split()) <= _CLAUSE_WORDS
    ][-_MOST_CLAUSES:]
    plain = {known_one for one in clauses if (known_one := _it_is(one, known)) is not None}
    if len(plain) == 1:
        return plain.pop()
    several = len(clauses) > 1 or _CONCEDES.match(shown)
    clause = clauses[-1] if clauses and several and not plain else ""
    if DENIES.search(clause) or OPEN.search(clause):
        return None
    named = mentions(clause, known)
    if len(named) != 1 or not clause.rstrip(" .!*").casefold().endswith(named[0].casefold()):
        return None
    words = set(WORD.findall(clause.casefold())) - set(WORD.findall(named[0].casefold()))
    stems = {word[:_STEM] for word in asked_words}
    new = [one for one in words if one[:_STEM] not in stems and one not in _ROLES]
    return named[0] if not new and words else None


def _without_concession(sentence: str) -> str:
    """Return a sentence without the clause that it concedes: "While A is larger, it is B."."""
    conceded = _CONCEDES.match(sentence)
    return sentence if conceded is None else sentence[conceded.end() :]


def _it_is(clause: str, known: dict[str, str]) -> str | None:
    """Return the known answer that a clause states of "it": "It was Leonardo."."""
    said, elliptic = _IT_IS.match(clause), _ELLIPTIC.fullmatch(clause)
    stated_in = clause[said.end() :] if said else elliptic["who"] if elliptic else ""
    return known.get(plain_key(stated_in)) if stated_in else None


def _does_what_is_asked(shown: str, known: dict[str, str], asked: frozenset[str]) -> str | None:
    """Return the known answer that a reply opens with, before a verb of the question.

    "France won it against Croatia." to "Who won?".
    """
    stems = {stem(word) for word in asked - SMALL}
    begins = _ARTICLE.sub("", shown.casefold())
    for key in sorted(known, key=len, reverse=True):
        rest = begins.removeprefix(f"{key} ")
        verb = WORD.match(rest)
        if rest != begins and verb is not None and verb[0] not in SMALL:
            return known[key] if stem(verb[0]) in stems else None
    return None


def mentions(shown: str, known: dict[str, str]) -> list[str]:
    """Return the known answers in a text, without those that are inside another one.

    Args:
        shown: The text.
        known: Answers by their `plain_key`.
    """
    words = f" {' '.join(WORD.findall(_ALSO.sub(' ', shown.casefold())))} "
    keys = [key for key in known if _holds(words, shown, key)]
    keys = [key for key in keys if not any(key != other and key in other for other in keys)]
    return [known[key] for key in keys]


def _new_words(one: Found, asked_words: frozenset[str]) -> Found:
    """Return the words of a sentence that the question lacks, if they are few and side by side."""
    if DENIES.search(one.answer) or OPEN.search(one.answer):
        return one
    words = list(WORD.finditer(one.answer))
    new = [at for at, word in enumerate(words) if _is_new(word, asked_words)]
    side_by_side = bool(new) and new[-1] - new[0] == len(new) - 1
    if not side_by_side or len(new) > _MOST_NEW or len(new) == len(words):
        return one
    return Found(one.answer[words[new[0]].start() : words[new[-1]].end()], NEW_WORDS)


def _is_new(word: re.Match[str], asked_words: frozenset[str]) -> bool:
    """Return whether the question lacks a word; "A" within a sentence is a name ("Team A")."""
    name = word.start() > 0 and len(word[0]) == 1 and word[0].isupper()
    return name or word[0].casefold() not in asked_words


def is_sentence(text: str | None, one: Found | None) -> bool:
    """Return whether a short reply is a sentence about its answer, not the answer alone."""
    return text is not None and one is not None and one.where == "whole reply" and speaks(text)


def _adds_nothing(shown: str, answer: str, asked_words: frozenset[str]) -> bool:
    """Return whether the words around an answer are those of the question."""
    inner = set(WORD.findall(answer.casefold()))
    words = set(WORD.findall(shown.casefold()))
    if _EASTERN.search(shown):  # no spaces between words: characters
        inner, words = (
            set(answer.translate(LOWERED)),
            set(shown.translate(LOWERED).strip(" .\u3002!*")),
        )
        asked_words = frozenset("".join(asked_words)) | set(
            "\u662f\u306f\u304c\u3067\u3059\u7684\u3001"
        )
    return len(words - inner) > 0 and words - inner <= asked_words


def _holds(words: str, shown: str, key: str) -> bool:
    if dates.key(shown) == key:
        return True
    if _SIGNS.search(key):  # "[5, 9)" and "(5, 9)" have the same words
        return _holds_formula(shown, key)
    inner = " ".join(WORD.findall(_ALSO.sub(" ", key)))
    if _EASTERN.search(inner):
        return inner in shown.casefold()
    if _EASTERN.search(shown):  # "\u6c34\u662fH2O": no spaces between words
        bare = shown.casefold().translate(LOWERED)
        return (
            bool(inner)
            and re.search(rf"(?<![a-z0-9]){re.escape(inner)}(?![a-z0-9])", bare) is not None
        )
    if inner.isdigit():  # not the 4 of 1/4
        return re.search(rf"(?<![\w.,/:^-]){inner}(?![\w/^]|[.,:-][0-9])", shown) is not None
    return bool(inner) and f" {inner} " in words


def _holds_formula(shown: str, key: str) -> bool:
    """Return whether a text has a formula as it is written, but for its spaces."""
    inner = "".join(plain_formula(key).split())
    if not 0 < len(inner) <= _LONGEST_FORMULA:
        return False
    written = r"\s*".join(map(re.escape, inner))
    alone = rf"(?<![\w.^*/+({{\[\\-]){written}(?![\w^(\[{{]|\s*[-+*/]\s*\w)"
    return re.search(alone, plain_formula(shown), re.IGNORECASE) is not None


def states(text: str, answer: str, question: str = "") -> bool:
    """Return whether a reply states a known answer, such as a reference answer.

    It does where its answer is the same or says more of the same ("Paris, France" for "Paris"), or
    where it is a short sentence with the answer that denies nothing and names no alternative.
    """
    found = stated(text)
    if found is not None and DENIES.search(found.answer) and not DENIES.search(answer):
        return False
    if found is not None:
        same = contained([answer, found.answer], question)
        one, other = plain_key(answer), plain_key(found.answer)
        if same[answer] == same[found.answer] or names.same_person(one, other, question):
            return True
        if found.where != "whole reply":
            return False
    shown = _ASIDES.sub("", readable(text)[:_LONGEST]).strip()
    if locate.refuses(shown):
        return False
    unclear = DENIES.search(shown) or OPEN.search(shown) or _CONTRASTS.search(shown)
    if len(shown.split()) > _SENTENCE or unclear:
        return False
    if found is not None and not speaks(shown):
        return False
    known = {plain_key(answer): answer}
    return bool(mentions(shown, known)) or names.names_person(shown, answer, question)
