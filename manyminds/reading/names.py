"""Which answers in words of one ballot name the same: "Shakespeare" and "William Shakespeare".

Words are only left out between answers that both occur, and only where one longer answer can be
meant: "York" and "New York", "Henry IV" and "Henry V" stay apart.
"""

import re
import unicodedata
from collections.abc import Sequence

_WHO = re.compile(
    r"\b(?:who(?:m|se)?|wer|wem|wen|wessen|qui|qui\u00e9n(?:es)?|chi|quem|kto|kogo|wie\s+(?:schreef|schilderde|componeerde|heeft)|\u043a\u0442\u043e|\u043a\u0435\u043c"
    r"|(?:author|composer|painter|inventor|president|scientist|physicist|person|king|queen|actor"
    r"|actress|director|discoverer|founder|explorer|poet|writer|artist|emperor|leader|assistant|friend|husband|wife|father|mother|son|daughter"
    r"|brother|sister|hero|heroine|detective|character|singer|player|captain|teacher|monarch|ruler|pharaoh|philosopher|mathematician|chemist|biologist"
    r"|astronaut|composer|novelist|playwright|sculptor|architect))\b|\u8c01|\u8ab0|\u3060\u308c",
    re.IGNORECASE,
)
_TITLES = re.compile(
    r"^(?:(?:president|prime\s+minister|chancellor|professor|prof|doctor|dr|mr|mrs|ms|miss|sir|lord|lady"
    r"|king|queen|emperor|pope|captain|general|saint|st|herr|frau|monsieur|madame|se\u00f1ora?|person)\.?\s+)+"
)
SAME = {
    "usa": "united states", "us": "united states", "united states of america": "united states",
    "uk": "united kingdom", "uae": "united arab emirates", "ussr": "soviet union",
    "nyc": "new york city", "washington dc": "washington", "washington, dc": "washington",
    "gray": "grey",
    "jan": "january", "feb": "february", "apr": "april", "jun": "june", "jul": "july",
    "aug": "august", "sep": "september", "sept": "september", "oct": "october",
    "nov": "november", "dec": "december",
}  # fmt: skip
"""Short names, in lower case, of what has a longer one."""
_LETTER = r"[^\W\d_]"
_INITIAL = re.compile(rf"(?<={_LETTER}{_LETTER}) (?:{_LETTER}\. ?)+(?={_LETTER}{{2}})")
_DOTTED = re.compile(rf"(?<!{_LETTER})({_LETTER})\.(?={_LETTER})")
_SIGNED_LAST = re.compile(
    rf"(?P<last>{_LETTER}{{3,}}),? (?P<first>{_LETTER}\.(?: {_LETTER}\.)*)(?P<open> {_LETTER})?$"
)
_WHOLE_LETTERS = str.maketrans(
    {
        "\u0142": "l",
        "\u00f8": "o",
        "\u0111": "d",
        "\u0131": "i",
        "\u00df": "ss",
        "\u00e6": "ae",
        "\u0153": "oe",
        "\u0451": "\u0435",
    }
)
"""Letters with a mark that is no accent of its own."""
_ACCENT = re.compile("[\u0300-\u036f]")
_NUMERAL = re.compile(r"(?:[ivx]{1,5}|jr\.?|sr\.?|junior|senior|[0-9]+)")
_PATRONYMIC = re.compile(
    r"(?:\u043e\u0432\u0438\u0447|\u0435\u0432\u0438\u0447|\u0438\u0447|\u043e\u0432\u043d\u0430|\u0435\u0432\u043d\u0430|\u0438\u0447\u043d\u0430|ovi[ct]h|evi[ct]h|ievi[ct]h|ovna|evna)$"
)
_PARTICLES = frozenset(("de", "del", "y", "da", "do", "dos", "e", "di"))
_BASE_END = "\u0430\u044f\u0439\u044c"
_CASES = frozenset(  # endings of names in Russian, behind the stem
    ["а", "у", "ом", "ым", "е", "я", "ю", "ем", "и", "ы", "ой", "ей", "ого", "его", "ому", "ему"]
)
_SEVERAL = re.compile(r"\b(?:and|or)\b|&")
_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
_LONGEST_QUESTION = 1_000  # characters at its end that tell what is asked for
_MOUNT = re.compile(r"(?:mount|mt)\.?\s")
_SMALL = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "that",
        "this",
        "which",
        "what",
        "who",
        "when",
        "where",
        "how",
        "are",
        "was",
        "were",
        "has",
        "have",
    ]
)


def merged(keys: Sequence[str], question: str) -> dict[str, str]:
    """Return for each answer the answer of the same ballot that it stands for.

    Args:
        keys: Distinct answers in lower case, without articles.
        question: The question; without one nothing is left out.
    """
    same = {key: key for key in keys}
    question = question[-_LONGEST_QUESTION:]
    if not question:
        return same
    nouns = frozenset(_WORD.findall(question)) - _SMALL  # in lower case: "ocean", not "New"
    for key in keys:
        shorter = _without(key, nouns)
        longer = [other for other in keys if _without(other, nouns) == shorter and other != shorter]
        mount = _MOUNT.match(key) is not None
        if shorter != key and shorter in same and (mount or longer == [key]):
            same[key] = shorter
    if _WHO.search(question):
        _merge_people(same)
    return same


def same_person(one: str, other: str, question: str) -> bool:
    """Return whether two names, of which a question asks for one, are one person's."""
    return bool(_WHO.search(question)) and (
        _bare(one) == _bare(other)
        or _part_of(_bare(one), _bare(other))
        or _part_of(_bare(other), _bare(one))
    )


def names_person(sentence: str, name: str, question: str) -> bool:
    """Return whether a sentence names the person whose full name this is by the last name alone."""
    *given, last = name.split() or [""]
    if not _WHO.search(question) or not given or len(last) < 4:
        return False
    said = re.search(rf"(?:(?P<before>\w+\.?)\s+)?\b{re.escape(last)}\b", sentence, re.IGNORECASE)
    if said is None:
        return False
    before = said["before"] or ""
    return not before[:1].isupper() or before.casefold() == given[-1].casefold()


def _merge_people(same: dict[str, str]) -> None:
    bare: dict[str, str] = {}
    for key in same:
        bare.setdefault(_bare(key), same[key])
    for part in (_in_another_case, _without_patronymic, _by_initials, _part_of):
        for name in sorted(bare, key=lambda one: -len(one)):
            fuller = {bare[other] for other in bare if part(name, other)}
            if len(fuller) == 1:
                bare[name] = fuller.pop()
    for key in same:
        same[key] = bare[_bare(key)]


def _without_patronymic(name: str, fuller: str) -> bool:
    """Return whether a name is a fuller one without its patronymic or family names: "Lev Tolstoy".

    Family names have "de" or "y" between them. Other middle names tell people apart: John Adams
    is not John Quincy Adams.
    """
    words, others = name.split(), fuller.split()
    if len(words) != 2 or len(others) < 3 or [others[0], others[-1]] != words:
        return False
    middle = others[1:-1]
    return (
        len(middle) == 1
        and bool(_PATRONYMIC.search(middle[0]))
        or not _PARTICLES.isdisjoint(middle)
    )


def _by_initials(name: str, fuller: str) -> bool:
    """Return whether a name is a fuller one with its first names cut to initials."""
    words, others = name.split(), fuller.split()
    if _only_initials(words) and _initials_fit(words, others):
        return True
    if len(words) != len(others) or words[-1] != others[-1]:
        return False
    pairs = list(zip(words, others, strict=True))
    shortened = [one != other and one == f"{other[0]}." for one, other in pairs]
    alike = all(one == other or short for (one, other), short in zip(pairs, shortened, strict=True))
    return alike and any(shortened)


def _only_initials(words: Sequence[str]) -> bool:
    """Return whether all words of a name but the last one are initials: "L. N. Tolstoy"."""
    return len(words) > 1 and all(len(word) == 2 and word[1] == "." for word in words[:-1])


def _initials_fit(words: Sequence[str], others: Sequence[str]) -> bool:
    """Return whether initials are those of a name that may leave out its last first names."""
    if len(others) < 2 or _only_initials(others) or words[-1] != others[-1]:
        return False
    return all(one[0] == other[0] for one, other in zip(words[:-1], others[:-1], strict=False))


def _in_another_case(name: str, other: str) -> bool:
    """Return whether a Russian name is another one, of two words or more, in another case."""
    words, others = name.split(), other.split()
    if len(words) < 2 or len(words) != len(others):
        return False
    pairs = [(one, base, base.rstrip(_BASE_END)) for one, base in zip(words, others, strict=True)]
    return all(
        one != base and one.startswith(stem) and one[len(stem) :] in _CASES
        for one, base, stem in pairs
    )


def _turned(signed: re.Match[str]) -> str:
    """Return a name with its initials in front, the last one with its full stop."""
    open_ = f"{signed['open']}." if signed["open"] else ""
    return f"{signed['first']}{open_} {signed['last']}"


def _bare(name: str) -> str:
    """Return a name in lower case without titles, middle initials and accents."""
    name = _DOTTED.sub(r"\1. ", name)  # "j.r.r. tolkien"
    name = _SIGNED_LAST.sub(_turned, name)  # "tolstoy l. n."
    return without_accents(_INITIAL.sub(" ", _TITLES.sub("", name))) or name


def without_accents(text: str) -> str:
    """Return a text with its letters bare: a for \u00e1."""
    decomposed = unicodedata.normalize("NFD", text.translate(_WHOLE_LETTERS))
    return unicodedata.normalize("NFC", _ACCENT.sub("", decomposed))


def _part_of(name: str, fuller: str) -> bool:
    """Return whether a name is the first or the last words of a fuller one, without its number."""
    if name == fuller or len(name) < 3 or _SEVERAL.search(fuller):
        return False
    if fuller.endswith(f" {name}"):
        return not _NUMERAL.fullmatch(name)
    rest = fuller.removeprefix(f"{name} ")
    return rest != fuller and not any(_NUMERAL.fullmatch(word) for word in rest.split())


def _without(key: str, nouns: frozenset[str]) -> str:
    """Return an answer without a common noun of the question at its start or end."""
    words = key.split()
    if len(words) < 2:
        return key  # also an answer of marks only, which has no words
    if words[-1] in nouns:
        return " ".join(words[:-1])
    short = f"{words[0]}e" in nouns  # the Italian "mar" of "mare"
    first = words[0] in nouns or short or _MOUNT.match(key) is not None
    return " ".join(words[1:]) if first else key
