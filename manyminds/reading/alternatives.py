"""Answers that a question names itself: "a cat, a dog or a fish?", "positive or negative?"."""

import re
from collections.abc import Sequence
from functools import lru_cache, partial

from manyminds.reading import compared, locate, measures, option_texts
from manyminds.reading.alternatives_asked import NOT_IT, OPPOSITE, OPPOSITES, plain
from manyminds.reading.answers import Extractor, finding
from manyminds.reading.cues import CONCLUDES, REASON
from manyminds.reading.cut_off import is_cut_off, whole_sentences
from manyminds.reading.discourse import SINCE
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.number_places import SO
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL, WORD

_BECAUSE = re.compile(r",?\s+(?:because|since|as)\s", re.IGNORECASE)
_ODD = re.compile(
    r"\bodd\s+(?:one|man|word|number|item)\s+out\b|\bout\s+of\s+place\b|\boutlier\b", re.I
)
_RECOMMENDS = re.compile(
    r"\W*i(?:['\u2019]d|\s+would)?\s+(?:\w+\s+)?(?:recommend|choose|pick|take|suggest|go\s+(?:with|for)|prefer|say)\b",
    re.I,
)
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
_NAMED_BY_LETTER = re.compile(r"(?P<noun>[^\W\d_]{2,20})\s?(?P<mark>[A-Z])")
_MARK = re.compile(  # not the article of "A plan"
    r"(?<![\w'\u2019-])(?:[B-HJ-Z](?![\w'\u2019-])|A(?=\s*[,.:;!*]|\s+(?:is|was|costs?|has|wins|ist|kostet|est|co\u00fbte|es|cuesta)\b|\s*$))"
)
_BY = re.compile(  # how much it is cheaper
    r",?\s+(?:by|um|saving(?:\s+you)?|which\s+saves(?:\s+you)?|de)\s+(?:about\s+|exactly\s+|only\s+)?[$\u20ac\u00a3]?[0-9][0-9.,]*",
    re.IGNORECASE,
)
_NEAR = 3  # words behind "after"
_LONGEST_SENTENCE = 400
_LAST_SENTENCES = 8


@lru_cache(maxsize=64)
def reader(items: tuple[str, ...], question: str) -> Extractor:
    """Return the reader of replies that choose one of the alternatives of a question."""
    patterns = {item: _pattern(item) for item in sorted(items, key=len, reverse=True)}
    if OPPOSITES.issuperset(items):
        return finding("text", partial(_opposite, patterns=patterns, question=question), str)
    verb = _VERB.search(question)
    verbs = {item: None if verb is None else _with_verb(item, verb["verb"]) for item in items}
    asked = frozenset(re.findall(r"\w+|[<>]", question.casefold()))

    own_words = {item: _own_words(item, items) for item in items}
    odd = _ODD.search(question) is not None
    exception = odd or option_texts.asked_for_the_exception(question)

    def find(text: str) -> Found | None:
        said = _with_names(plain_formula(readable(text)), items)
        if exception:
            said = "\n".join(_as_asked(line, question) for line in locate.sentences(said))
        found = _find(said, patterns, verbs, asked, question)
        if found is None and not any(pattern.search(said) for pattern in patterns.values()):
            return _find(said, own_words, verbs, asked, question)
        return found

    return finding("text", find, lambda answer: plain(answer).casefold())


def _opposite(text: str, patterns: dict[str, re.Pattern[str]], question: str) -> Found | None:
    """Return which of "before" and "after" a reply says: alone, or before the question's words.

    "Add it after it boils" says "after" to "before or after the water boils?".
    """
    said = readable(text).strip(" *_\"'")
    opens = [item for item, pattern in patterns.items() if pattern.match(said)]
    first = said[len(opens[0]) :].lstrip("*_") if opens else ""
    if opens and (not first or first[0] in ".!,;:\u2014\u2013\n" or first.startswith(" -")):
        return Found(opens[0], "first word")
    clause = OPPOSITE.split(question)[-1]
    asked = frozenset(WORD.findall(clause.casefold())) - SMALL
    behind = {
        item
        for item, pattern in patterns.items()
        for m in pattern.finditer(said)
        if any(word in asked for word in WORD.findall(said[m.end() :].casefold())[:_NEAR])
    }
    fine = len(behind) == 1 and not (_DENIES.search(said) or _HEDGED.search(said))
    return Found(behind.pop(), "whole reply") if fine else None


def _with_names(said: str, items: Sequence[str]) -> str:
    """Return a reply that calls "Plan B" only "B" with the whole names."""
    names = [_NAMED_BY_LETTER.fullmatch(item) for item in items]
    nouns = {name["noun"].casefold() for name in names if name is not None}
    if None in names or len(nouns) != 1 or nouns.pop() in said.casefold():
        return said
    marks = {name["mark"]: name[0] for name in names if name is not None}
    return _MARK.sub(lambda m: marks.get(m[0], m[0]), said)


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
    if (turned := NOT_IT.match(item)) is not None:
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
    sentences = whole_sentences(text)
    alone = [item for item, one in patterns.items() if one.fullmatch(_bare(sentences))]
    if alone and not any(map(_concludes, sentences[1:])):  # "Bern. Basel is larger, though."
        return Found(alone[0], "first sentence")
    lines = sentences[-_LAST_SENTENCES:]
    found = [_compared(line, patterns, question) or _named(line, patterns, asked) for line in lines]
    distinct = {name for named in found for name in named}
    where = "whole reply" if len(lines) == 1 else "last sentence"
    does = [item for item, does in verbs.items() if does is not None and does.search(text)]
    if len(distinct) > 1 and len(does) == 1 and not (_DENIES.search(text) or _HEDGED.search(text)):
        return Found(does[0], "does what the question asks")
    if len(distinct) > 1 and len(found[-1]) == 1 and _concludes(lines[-1]):
        return Found(found[-1][0], where)
    if len(distinct) > 1 and (own := _of_what_is_asked(lines, found, patterns, asked)) is not None:
        return Found(own, "sentence that repeats the question")
    return Found(distinct.pop(), where) if len(distinct) == 1 else None


def _of_what_is_asked(
    lines: Sequence[str],
    found: Sequence[Sequence[str]],
    patterns: dict[str, re.Pattern[str]],
    asked: frozenset[str],
) -> str | None:
    """Return the alternative of the only sentence with words of the question, if there is one.

    "Forte means loud. Soft is piano." says "loud" to "What does forte mean, loud or soft?".
    """
    words = asked - SMALL - {word for item in patterns for word in WORD.findall(item.casefold())}
    repeat = [
        named
        for line, named in zip(lines, found, strict=True)
        if named and not words.isdisjoint(WORD.findall(line.casefold()))
    ]
    return repeat[0][0] if len(repeat) == 1 and len(repeat[0]) == 1 else None


def _bare(sentences: Sequence[str]) -> str:
    return plain(sentences[0].strip(" .!*_\"'`\u3002")) if len(sentences) > 1 else ""


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
    if named and any(figure not in asked for figure in re.findall(r"[0-9]+", _BY.sub(" ", left))):
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
