"""Answers that a question names itself: "a cat, a dog or a fish?", "positive or negative?"."""

import re
from collections.abc import Sequence
from functools import lru_cache

from manyminds.reading import compared, locate, measures, option_texts
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.cues import CONCLUDES, REASON
from manyminds.reading.cut_off import is_cut_off, whole_sentences
from manyminds.reading.discourse import SINCE
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.number_places import SO
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL

_TAIL = 2_000  # characters at the end of a question that may name alternatives
_MOST_WORDS = 4
_MOST_ITEMS = 8
_LAST = re.compile(
    r"(?P<before>.+?),?\s+(?P<or>or|oder|ou|o|\u0438\u043b\u0438)\s+(?P<last>(?:[^,;:.!?]|[.,](?=[0-9])){1,40}?)\s*(?:[?.!]|$)",
    re.IGNORECASE,
)
_WHICH_OF_TWO = re.compile(  # in Chinese, "A and B, which ...?"
    "(?P<one>[^\uff0c,\u3002\\s?\uff1f]{1,12}?)(?:\u548c|\u4e0e|\u8ddf|\u8fd8\u662f)(?P<other>[^\uff0c,\u3002\\s?\uff1f]{1,12}?)[\uff0c,]?(?:\u54ea\u4e00?\u4e2a|\u8c01)"
)
_IF = re.compile(r"\W*(?:who|which)\b(?P<asked>[^?]{1,60}?)\sif\s(?P<given>[^?]{1,200})\?", re.I)
_GIVEN = re.compile(
    r"(?<![\w'])(?P<name>[A-Z][a-z]+)\s+(?:is|was|has|had|weighs|runs|earns|lives|got|scores|scored|measures)\b"
)
_BECAUSE = re.compile(r",?\s+(?:because|since|as)\s", re.IGNORECASE)
_AT = re.compile(r"(?<=\w)\s+at\s+[$\u20ac\u00a3]?[0-9].*$")  # "tea at $2"
_ODD = re.compile(
    r"\bodd\s+(?:one|man|word|number|item)\s+out\b|\bout\s+of\s+place\b|\boutlier\b", re.I
)
_RECOMMENDS = re.compile(
    r"\W*i(?:['\u2019]d|\s+would)?\s+(?:\w+\s+)?(?:recommend|choose|pick|take|suggest|go\s+(?:with|for)|prefer|say)\b",
    re.I,
)
_DECIMAL = re.compile(r"[0-9],[0-9]")
_LISTED = re.compile(  # "Which is the odd one out: apple, banana, carrot, pear?"
    r"(?P<before>\W*(?:which|what|who)\b[^:?]{3,100}:[^:?;]{2,200}),\s*(?P<last>[^,;:.!?]{1,40})\?",
    re.IGNORECASE,
)
_SLASHED = re.compile(  # "(positive / negative / neutral)" at the end
    r"[(\[:]\s*(?P<items>[a-z][a-z -]{1,30}(?:\s?/\s?[a-z][a-z -]{1,30}){1,7})[)\]]?\s*[.?!]?\s*$",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"\b(?:next|continues?|missing|follows?|comes\s+after)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])[\"'\u201d\u2019)]?\s+|\n+")
_ASKS_WHICH = re.compile(
    r"\W*(?:which|what|who(?:m|se)?|where|when|how|wer|was|welch\w*|qui|quel\w*)\b", re.IGNORECASE
)
_CHOOSE = re.compile(
    r"\W*(?:please\s+)?(?:answer|choose|decide|classify|label|respond|reply|pick|select|say)\b"
    r"(?!\s+(?:with|in|using)\b)",
    re.IGNORECASE,
)
_ROMANCE = re.compile(  # Spanish or Italian, where "o" is "or"
    r"\u00bf|\b(?:\u00e8|pi\u00f9|quale|cu\u00e1l|qu\u00e9|m\u00e1s|el|los|las|il|gli|della?)\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(
    r"(?:a|an|the|der|die|das|ein|eine|le|la|les|un|une|el|los)\s+", re.IGNORECASE
)
_NOT_IT = re.compile(r"^(?:not|non|nicht|pas|no|n\u00e3o|\u043d\u0435)\s+", re.IGNORECASE)
_YES_NO = frozenset({"yes", "no", "not", "true", "false"})
_THAN = re.compile(
    r"\b(?:than|rather\s+than|instead\s+of|unlike|compared\s+(?:to|with)|over|as\s+opposed\s+to)\b.*"
    r"|,?\s*(?:and|but)?\s*\bnot\s+(?:the\s+|an?\s+)?\S+\s*[.!]?\s*$|\s*[<>]\s*.*",
    re.IGNORECASE | re.DOTALL,
)
_COMPARES = re.compile(r"\b(?:than|als|chem|que)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_VERB = re.compile(r"\bwhich\s+(?:\w+\s+)?(?P<verb>[a-z]{3,20})\s*[:,]", re.IGNORECASE)
_MORE = frozenset(["larger", "greater", "bigger", "more", "higher", "heavier", ">"])
_LESS = frozenset(["smaller", "less", "lower", "fewer", "lighter", "<"])
_COMPARATIVE = re.compile(
    r"\b(?:larger|greater|bigger|more|higher|smaller|less|lower|fewer|younger|older|shorter|longer"
    r"|taller|lighter|heavier|slower|faster|quicker|later|earlier|worse|better|cheaper|closer|farther"
    r"|further|nearer|weaker|stronger|hotter|colder|warmer|cooler|harder|easier|deeper|richer|poorer"
    r"|least|most|last|first|second)\b|[<>]",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|never|nor|neither|no|cannot|\w+n['\u2019]t|nicht|kein\w*|pas|wrong|incorrect|both)\b",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:maybe|might|could|may|perhaps|either|or|if|unless|whether|depends|oder|ou)\b",
    re.IGNORECASE,
)
_AUXILIARY = re.compile(  # "is" of "is not"
    r"\b(?:is|are|was|were|do|does|did|can|could|will|would|has|have|ist|sind|est|es)\s*$", re.I
)
_PRONOUN = re.compile(r"(?:it|this|that|he|she|they)\b", re.IGNORECASE)
_THEREFORE = re.compile(r"\b(?:therefore|thus|hence|consequently|also|folglich|donc)\b", re.I)
_HEAD = re.compile(r"\s*[,;:(\u2014\u2013]\s*")
_NOTHING = re.compile(
    r"\W*(?:(?:it|that|this|the|an?|is|was|['\u2019]s|would|be|das|die|der|ein|eine|ist|es|le|la|el|c['\u2019]est)\b\W*)*",
    re.IGNORECASE,
)
_UNITS = frozenset(measures.UNITS)
_EASTERN = 0x2E80  # from here on, characters of Chinese and Japanese: no spaces between words
_LONGEST_SENTENCE = 400
_LAST_SENTENCES = 8


@lru_cache(maxsize=256)
def named_in(question: str) -> tuple[str, ...]:
    """Return the alternatives that the last question names; empty where it names none.

    Alternatives are joined by "or", in one sentence; the first one begins after a colon or comma,
    or has as many words as the last one. Yes and no alone are none.
    """
    slashed = list(_SLASHED.finditer(question[-_TAIL:]))
    items = [item.strip() for item in slashed[-1]["items"].split("/")] if slashed else []
    apart = slashed and (len(items) > 2 or " / " in slashed[-1]["items"])
    if apart and not _YES_NO.issuperset(item.casefold() for item in items):
        return tuple(items)
    if (two := _WHICH_OF_TWO.search(question[-_TAIL:])) is not None:
        return two["one"], two["other"]
    if (given := _IF.search(question[-_TAIL:])) is not None and compared.asks(given["asked"]):
        names = tuple(dict.fromkeys(m["name"] for m in _GIVEN.finditer(given["given"])))
        return names if len(names) > 1 else ()
    for sentence in reversed(_SENTENCE.split(question[-_TAIL:])):
        if _CHOOSE.match(sentence) and " or " in (head := sentence.partition(":")[0]):
            sentence = head  # "Classify it as good or bad: ..."
        found = _LAST.fullmatch(sentence.strip()) or _LISTED.fullmatch(sentence.strip())
        asks = sentence.rstrip().endswith("?")
        if found is not None and found.re is _LISTED and _CONTINUES.search(sentence):
            break  # "Which number comes next: 2, 4, 6?"
        joins = None if found is None or found.re is _LISTED else found["or"].casefold()
        if joins == "o" and not _ROMANCE.search(question):
            found = None  # "Quantos estados tem o Brasil?": an article
        if found is None and asks:
            break  # the question is another one
        if found is None or not (asks or _CHOOSE.match(sentence)):
            continue
        items = _items(found["before"], found["last"].strip())
        plain = tuple(dict.fromkeys(_plain(item) for item in items))
        fine = 2 <= len(plain) <= _MOST_ITEMS and all(
            0 < len(item.split()) <= _MOST_WORDS for item in plain
        )
        if fine and not _YES_NO.issuperset(item.casefold() for item in plain):
            return plain
    return ()


def _items(before: str, last: str) -> list[str]:
    _, colon, listed = before.rpartition(":")
    comma = ",(?![0-9])" if _DECIMAL.search(last) else ","
    if colon and listed.strip():
        return [*re.split(comma, listed), last]
    parts = re.split(comma, before)
    if len(parts) > 1 and _ASKS_WHICH.match(parts[0]):
        return [*parts[1:], last]
    return [_tail(parts[0], last), *parts[1:], last]


def _tail(text: str, last: str) -> str:
    """Return the end of a text that is an alternative to `last`: from its article, or as long."""
    words = text.split()
    last = _NOT_IT.sub("", last)  # "spam or not spam"
    article = _ARTICLE.match(last)
    if article is not None:
        starts = [at for at, word in enumerate(words) if _ARTICLE.fullmatch(f"{word} ")]
        return " ".join(words[starts[-1] :]) if starts else ""
    return " ".join(words[-len(last.split()) :])


def _plain(item: str) -> str:
    item = _AT.sub("", item.strip().strip("\"'`\u201c\u201d*_() "))
    return _ARTICLE.sub("", item, count=1).strip()


@lru_cache(maxsize=64)
def reader(items: tuple[str, ...], question: str) -> Extractor:
    """Return the reader of replies that choose one of the alternatives of a question."""
    patterns = {item: _pattern(item) for item in sorted(items, key=len, reverse=True)}
    verb = _VERB.search(question)
    verbs = {item: None if verb is None else _with_verb(item, verb["verb"]) for item in items}
    asked = frozenset(re.findall(r"\w+|[<>]", question.casefold()))

    own_words = {item: _own_words(item, items) for item in items}
    odd = _ODD.search(question) is not None
    exception = odd or option_texts.asked_for_the_exception(question)

    def find(text: str) -> Found | None:
        said = plain_formula(readable(text))
        if exception:
            said = "\n".join(_as_asked(line, question) for line in locate.sentences(said))
        found = _find(said, patterns, verbs, asked, question)
        if found is None and not any(pattern.search(said) for pattern in patterns.values()):
            return _find(said, own_words, verbs, asked, question)
        return found

    return finding("text", find, lambda answer: _plain(answer).casefold())


def _as_asked(line: str, question: str) -> str:
    """Return a sentence without the denial that is asked for: "The word that fits not is ..."."""
    clause = _BECAUSE.split(line)[0]
    asked = f"{question} belong fit match"
    denies = option_texts.denies_what_is_asked(clause, asked)
    return option_texts.without_denials(clause).replace(" which ", " that ") if denies else line


def _own_words(item: str, items: Sequence[str]) -> re.Pattern[str]:
    """Return what finds the words of an alternative that no other one has: "the feathers"."""
    others = {
        word for other in items if other != item for word in re.findall(r"\w+", other.casefold())
    }
    own = [one for one in re.findall(r"\w{4,}", item) if one.casefold() not in others]
    if not own:
        return re.compile(r"(?!)")
    if own[-1].casefold() in _UNITS:  # "the mile", not "1.6 kilometers"
        return re.compile(rf"\b(?:the|der|die|das|le|la|el)\s+{re.escape(own[-1])}(?!\w)", re.I)
    return _pattern(own[-1])


def _with_verb(item: str, verb: str) -> re.Pattern[str]:
    """Return what finds an alternative that does what a question asks: "dogs bark"."""
    stem = re.escape(verb.casefold().removesuffix("s"))
    return re.compile(
        rf"(?<!\w){re.escape(item)}(?:e?s)?\s+(?:can\s+|do(?:es)?\s+)?{stem}", re.IGNORECASE
    )


def _pattern(item: str) -> re.Pattern[str]:
    plural = r"(?:e?s)?" if item[-1:].isalpha() else ""
    if (turned := _NOT_IT.match(item)) is not None:
        inner = re.escape(item[turned.end() :])
        return re.compile(
            rf"(?:\b(?:not|never|nicht|kein\w*|pas|no)|n['\u2019]t)\s+(?:\w+\s+)?{inner}{plural}(?!\w)",
            re.I,
        )
    if ord(item[0]) >= _EASTERN:
        return re.compile(re.escape(item), re.IGNORECASE)
    if item.replace(",", "").replace(".", "").isdigit():
        figure = re.escape(item).replace(",", "[,.]").replace("\\.", "[,.]")
        return re.compile(rf"(?<![0-9.,]){figure}(?![0-9]|[.,][0-9])")
    return re.compile(rf"(?<!\w){re.escape(item)}{plural}(?![\w])(?!\.[0-9])", re.IGNORECASE)


def _find(
    text: str,
    patterns: dict[str, re.Pattern[str]],
    verbs: dict[str, re.Pattern[str] | None],
    asked: frozenset[str],
    question: str,
) -> Found | None:
    if locate.refuses(text) or is_cut_off(text) or text.rstrip().endswith("?"):
        return None
    for place in locate.stated(text):
        named = _named(place.answer, patterns, asked)
        return Found(named[0], place.where) if len(named) == 1 else None
    lines = whole_sentences(text)[-_LAST_SENTENCES:]
    found = [_compared(line, patterns, question) or _named(line, patterns, asked) for line in lines]
    distinct = {name for named in found for name in named}
    where = "whole reply" if len(lines) == 1 else "last sentence"
    does = [item for item, does in verbs.items() if does is not None and does.search(text)]
    if len(distinct) > 1 and len(does) == 1 and not (_DENIES.search(text) or _HEDGED.search(text)):
        return Found(does[0], "does what the question asks")
    if len(distinct) > 1 and len(found[-1]) == 1 and _concludes(lines[-1]):
        return Found(found[-1][0], where)
    return Found(distinct.pop(), where) if len(distinct) == 1 else None


def _compared(line: str, patterns: dict[str, re.Pattern[str]], question: str) -> list[str]:
    """Return the alternative that a comparison answers a question with: "A is larger than B"."""
    bare = _ASIDE.sub("", line)
    for said in (bare, REASON.split(bare)[0]):
        chosen = compared.winner(SO.split(said)[-1], patterns, question)
        if chosen is not None:
            return [chosen]
    return []


def _concludes(line: str) -> bool:
    """Say whether a last sentence concludes: "So it is A.", "One hour after noon is thus B."."""
    return (CONCLUDES.match(line) or _THEREFORE.search(line) or _RECOMMENDS.match(line)) is not None


def _named(said: str, patterns: dict[str, re.Pattern[str]], asked: frozenset[str]) -> Sequence[str]:
    """Return the alternatives that a sentence states; two where it says nothing certain."""
    since = SINCE.match(said)
    bare = _ASIDE.sub("", said if since is None else said[since.end() :])
    reasoned = REASON.split(bare)[0]
    whole = _AUXILIARY.search(reasoned) or not reasoned.strip()  # "Not spam"
    *before, clause = SO.split(bare if whole else reasoned)
    if before and (it := _PRONOUN.match(clause)) is not None:  # "A is 5, so it is larger."
        subject = next((item for item, one in patterns.items() if one.match(before[0])), None)
        clause = clause if subject is None else f"{subject} {clause[it.end() :]}"
    head, rest = (_HEAD.split(clause, maxsplit=1) + [""])[:2]
    alone = [item for item, pattern in patterns.items() if pattern.search(head)]
    others = any(pattern.search(rest) for pattern in patterns.values())
    if len(alone) == 1 and rest and not others and not _HEDGED.search(rest):
        left = patterns[alone[0]].sub(" ", head)
        if _NOTHING.fullmatch(left):  # "The cheetah, at up to 110 km/h."
            return alone
    if len(alone) == 1 and rest and not (_DENIES.search(head) or _HEDGED.search(clause)):
        words = {*re.findall(r"\w+", patterns[alone[0]].sub(" ", head).casefold())} - SMALL
        if words and words <= asked:  # "Rome is further north: New York is at 40.7"
            return alone
    if (
        len(_COMPARES.findall(clause)) > 1
        and sum(p.search(clause) is not None for p in patterns.values()) > 1
    ):
        return [*patterns]  # "A is older than C, but B is older than A."
    shorter = _THAN.sub("", clause)
    clause = shorter if shorter.strip() and not _AUXILIARY.search(shorter) else clause
    left, named = clause, list[str]()
    for item, pattern in patterns.items():  # the longest first: "New York" before "York"
        if pattern.search(left):
            named.append(item)
            left = pattern.sub(" ", left)
    if named and any(figure not in asked for figure in re.findall(r"[0-9]+", left)):
        return []  # "5 metres" is no choice of a unit
    if named and (len(said) > _LONGEST_SENTENCE or _DENIES.search(left) or _HEDGED.search(left)):
        return [*patterns]
    compared = {word.casefold() for word in _COMPARATIVE.findall(_than_kept(bare, left))}
    if named and not all(word in asked or _alike(word, asked) for word in compared):
        return [*patterns]
    return named


def _than_kept(said: str, left: str) -> str:
    """Return the words in which a comparison stands, with the sign of one between numbers."""
    sign = re.search(r"[<>]", said)
    return f"{left} {sign[0]}" if sign else left


def _alike(word: str, asked: frozenset[str]) -> bool:
    return any(word in words and words & asked for words in (_MORE, _LESS))
