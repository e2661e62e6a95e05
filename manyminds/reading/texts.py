# ruff: noqa: E501 - patterns are easier to read in one line
"""Answers in words: what a reply states, and which of two wordings name the same thing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from manyminds.reading import answer_field, dates, locate, names, opinions
from manyminds.reading.answers import Extractor, find_final, finding, text_key
from manyminds.reading.cues import ANSWER_IS, CORRECTION
from manyminds.reading.cut_off import is_cut_off
from manyminds.reading.discourse import so
from manyminds.reading.locate import Found
from manyminds.reading.markup import plain_formula
from manyminds.reading.reasoning import readable
from manyminds.reading.stems import SMALL

_ARTICLE = re.compile(
    r"^(?:(?:on|in|at|by)\s+)?(?:(?:the|a|an|der|die|das|le|la|les|el|los|las|il|lo|gli)\s+|l['\u2019])?"
)
_SAINT = re.compile(r"(?:^|(?<=\bmount )|(?<=\bof ))st\.?\s+(?=[a-z])")
_PORTUGUESE = re.compile(r"^(?:o|os|as)\s+(?=[A-Z\u00c0-\u00de])")  # "o Rio de Janeiro"
_ASIDE = re.compile(  # "f(x)" has none
    r"(?:(?<![a-zA-Z0-9_])\s*\(|\uff08)[^()\uff08\uff09]{0,80}[)\uff09]\s*$"
)
_REASON = re.compile(
    r"\s[-\u2013\u2014]\s(?:the|it|they|its|this|an?|one)\s.*|(?<=[a-z]),\s+(?:an?|the)\s+(?!.*\band\b).*|,\s+(?:(?:between|from|in|around|circa|about|by|since|um|vers|hacia)\s+){1,2}[0-9].*|[,;]?\s+(?:because|since|as it|weil|parce que|porque)\b.*",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^(?:(?:most\s+likely|probably|mostly|mainly|definitely|certainly|clearly|surely"
    r"|it(?:'|\u2019)?s|it is|that(?:'|\u2019)?s|(?:that|it)(?:(?:'|\u2019)d| would) (?:have been|be)|this is|i(?: would|'?d) say|i think"
    r"|i believe|i guess|i say|the (?:output|result|value) is|c['\u2019](?:est|\u00e9tait)|(?:das|es|dies) (?:ist|war)"
    r"|es|fue|foi|\u00e9|\u00e8|\u044d\u0442\u043e)\s+){1,2}",
    re.IGNORECASE,
)
DENIES = re.compile(
    r"\b(?:not|never|nor|wrong|incorrect|instead|rather|\w+n't|nicht|kein\w*|niet|geen|pas|no es|não|non|nie|inte|ikke)\b"
    r"|不是|并非|ではな|ではありません|じゃな|아니|아닙|не\s",
    re.IGNORECASE,
)
_COPULA = re.compile(
    r"\b(?:is|are|was|were|it's|that's|has|have|called|ist|sind|war|est|sont|es|son|fue)\b|[是はが]|[은는이가]\s|\s[\u2014-]\s",
    re.IGNORECASE,
)
_SET = re.compile(r"\\?\{(?P<items>[^{}]+?)\\?\}")
_AND = re.compile(r"\s*,?\s+(?:and|&|und|et|y)\s+|\s*,(?!(?<=[0-9],)[0-9])\s*")
_RANGE = re.compile(r"(?<=[0-9])\s*(?:[-\u2013\u2014~]|\bto\b|\bbis\b|\u81f3|\u5230)\s*(?=[0-9])")
_BULLET = re.compile(r"^(?:[-*\u2022]\s+|[0-9]{1,2}[.)]\s+(?=\D))")
_VERSION = re.compile(r"^v(?=[0-9]+\.[0-9])")
_SCORE = re.compile(r"(?<=[0-9]) ?: ?(?=[0-9]{1,3}$)")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_]{2})")  # "O-negative"
_NOT_OTHERS = re.compile(
    r"(?:(?:,|\s[\u2013\u2014-])\s*(?:and\s+|und\s+|et\s+|y\s+)?(?:not|nicht|pas|no|non|n\u00e3o|\u043d\u0435)\s|[,\uff0c]\s*(?:\u800c)?\u4e0d\u662f)[^.;!?\n\u3002]{1,80}(?=[.!\u3002]?\s*$)",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^#+\s+")
_WITH = re.compile(
    r",\s+(?:with|which|who|whose|where|at|followed|though|although|while)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_ADVERB = re.compile(  # "However, with ..."
    r"^(?:however|well|yes|no|indeed|overall|finally|then|so|thus|still|also|first|sure|here|there|note|\w+ly|in|on|at|by|for|as|if|when)\b|[,:;!?]",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"(?:explanation|analysis|answer|solution|step|reason\w*|overview|introduction|summary|conclusion|background|discussion|given|hint|option|erkl\u00e4rung|l\u00f6sung|antwort|r\u00e9ponse|solution|respuesta)\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"\W*[A-Z]?\w+\W*(?:\n|$)")  # another name alone
_NAME = 3  # words of a first paragraph that is the answer
_CLASS = re.compile(r"<class '([\w.]{1,60})'>")
_PRODUCT = re.compile(r"[0-9]\s*(?:[\u00d7\u00b7*^\u00b2\u00b3]|\\cdot|\\times)")
_TIMES = re.compile(r"\s*(?:[\u00d7\u00b7*]|\\cdot|\\times)\s*")
_CALLED = re.compile(r"\+?[0-9(][0-9() .-]{5,20}[0-9]")
_FEWEST_DIGITS = 7
_NOTE = re.compile(r"(?P<name>[a-g])\s?(?:(?P<sharp>#|sharp)|flat)")
_POLITE = re.compile(
    "(?:\u3067\u3059|\u3067\u3057\u305f|\u3067\u3042\u308b|\u3060|\uc785\ub2c8\ub2e4|\uc774\uc5d0\uc694|\uc608\uc694)$"
)
EITHER = re.compile(  # two answers
    r"\beither\b|(?<!\bone)(?<!\bmore)\s(?:or|oder|ou)\s(?!(?:so|more|less|not)\b)", re.IGNORECASE
)
_NOT = re.compile(
    r"(?:not|nicht|pas|no\s+es|non\s+\u00e8|n\u00e3o\s+\u00e9)\s(?!sure\b)", re.IGNORECASE
)
_IT_IS_NOT = re.compile(
    r"(?:it|he|she|this|that|they)\s*(?:['\u2019]s|\s(?:is|was|are|were|did|does))\s+not\b|(?:it|he|she|this|that|they)\s+\w+n['\u2019]t\b(?![^.]*\bbut\b)",
    re.IGNORECASE,
)
_LABELS = re.compile(r"^\w[\w ]*:[^;:\n]+(?:[;\n]|\.\s)\s*\w[\w ]*:\s")  # "Largest: A; smallest: B"
_PICTURE = re.compile(
    "[\u2190-\u21ff\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]"
)  # arrows, emoji
_NAMED = re.compile(
    r"^(?:[\w'\"() ]{2,80}\s(?:is|ist|est|es)\s*:|[\w'\" ]{2,60}(?:\s*[\u2192=]|\s->))\s*(?P<said>[^\s:=\u2192]{1,60}(?:[ \t][^\s:=\u2192]{1,60}){0,5})[ \t]*$"
)
_LABELLED = re.compile(  # "Author: M. Bulgakov"
    r"[*_]{0,2}(?:author|writer|composer|painter|artist|inventor|director|capital|city|country|river|planet|element|winner|person|language|currency|animal|name|location|place"
    r"|autorin?|hauptstadt|stadt|land|fluss|auteur|capitale|ville|pays|autor|capital|ciudad|pa\u00eds|autore|citt\u00e0|\u4f5c\u8005|\u9996\u90fd|\u8457\u8005|\u0430\u0432\u0442\u043e\u0440|\u0441\u0442\u043e\u043b\u0438\u0446\u0430)[*_]{0,2}\s*[:\uff1a][*_]{0,2}\s*(?P<said>[^:\n]{1,60})",
    re.IGNORECASE,
)
_LOWER = re.compile(r"_\{?([0-9]{1,3})\}?")
LOWERED = {0x2080 + n: str(n) for n in range(10)}  # H\u2082O
_NATION = re.compile(
    r"(?:[Tt]he\s+)?[A-Z][a-z]+(?:ese|ian|ean|ish|can)\s+"
)  # Japanese yen, African elephant
_COUNTRY = re.compile(
    r"\b(?:country|nation|state|province|continent|region)\b|\bin\s+welchem\s+land\b|\bpays\b|\bpa\u00eds\b",
    re.IGNORECASE,
)
_SITE = re.compile(  # a building or part of a town, as the last word of a name
    r"\b(?:house|hall|palace|castle|hospital|hotel|abbey|tower|villa|stadium|arena|museum|church|cathedral|square|theat(?:re|er)|opera|prison)$"
)
_SHORTEST_PLURAL = 3  # letters
_GIVES = re.compile(
    r"\b(?:gives?|yields?|results?\s+in|makes?|forms?|spells?|get|becomes?|returns?|prints?|outputs?"
    r"|(?:result|output|value|string|word)\s+is|ergibt|donne|da)\b:?\s+(?P<quote>[\"'`\u201c])(?P<said>[^\"`\u201c\u201d\n]{1,80})[\"'`\u201d]\s*[.!]?$"
)
_LANDS = re.compile(
    r"\b(?:brings?|takes?|gets?|lands?|leads?|puts?|arrives?|kommt|landet|f\u00e4llt|tombe|arrive|m\u00e8ne|cae|lleva|llegamos|cade|arriva|porta|cai|leva)\b[^.;\n]{0,30}\s"
    r"(?P<said>(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|mi\u00e9rcoles|jueves|viernes|s\u00e1bado|domingo|luned\u00ec|marted\u00ec|mercoled\u00ec|gioved\u00ec|venerd\u00ec|sabato|domenica|segunda-feira|ter\u00e7a-feira|quarta-feira|quinta-feira|sexta-feira)\W*$",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(
    r"(?!(?:Hello|Hi|Hey|Thanks?|Sure|Okay|Ok|Hmm|Well|Wow|Interesting|Great|Good|Nice|Right|Correct|Exactly|Step|Given|Note|Yes|No|Hallo|Ja|Nein|Oui|Non|Bonjour|Hola|Ciao|True|False)\b)"
    r"(?:(?:The|Der|Die|Das|Le|La|El|Il|Los|Les|O|De|Het)\s+)?[A-Z\u00c0-\u00de\u0410-\u042f][\w'\u2019-]+(?:\s+(?:of|de|von|[A-Z\u00c0-\u00de\u0410-\u042f][\w'\u2019-]*)){0,2}"
)
_SO = re.compile(
    r"[,;:]\s+(?:and\s+)?(?:so|thus|hence|therefore|also|daher|donc|por\s+lo\s+tanto)\b,?\s+",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"(?:it|that|this|they|he|she|we|i|you|there|the\s+answer)\b", re.IGNORECASE)
_MOST_CORRECTED = 14  # words of a reply that takes something back
_AUXILIARY = re.compile(
    r"\s(?:is|are|was|were|do|does|did|can|could|will|would|has|have|ist|sind|est|es)$", re.I
)
_FEW = 4  # words of what it states then
_SHORT = 6  # words of a whole reply that can be an answer
MOST_WORDS = 10  # of a statement in which "or" joins two answers
OPEN = re.compile(r"\?|\b(?:or|maybe|might|could|perhaps|either|oder|ou|quiz\w+)\b", re.IGNORECASE)


def stated(text: str) -> Found | None:
    """Return the words in which a reply states its answer."""
    text = _CLASS.sub(r"\1", text)
    place = find_final(text)
    text = readable(text)
    label = _LABELLED.fullmatch(text.strip())
    text = text if label is None else label["said"]
    place = place or locate.found(locate.bold(text), "bold text")
    whole = text.strip()
    place = place or locate.found(opinions.held(whole), "cue, opinion")
    place = place or _last_words(whole) or _commented(whole) or _opening(whole)
    ended = not whole.endswith("?") and not is_cut_off(whole)
    short = len(_ASIDE.sub("", whole).split()) <= _SHORT and ended
    if place is None and short and not (DENIES.search(whole) and ANSWER_IS.search(whole)):
        place = _first_name(whole) or Found(whole, "whole reply")
    if place is not None and place.where == "whole reply" and answer_field.only_reasons(whole):
        return None
    if place is not None and place.where == "whole reply" and _IT_IS_NOT.match(whole):
        return None  # "It wasn't Marlowe."
    if place is not None and place.where == "whole reply" and _NOT.match(whole):
        return None  # "Not Marlowe."
    if place is None or place.where == "whole reply" and _LABELS.search(whole):
        return None
    place = Found(_WITH.sub("", without_others(place.answer)), place.where)
    if EITHER.search(place.answer) and len(place.answer.split()) <= MOST_WORDS:
        return None
    plain = locate.plain(place.answer)
    if place.where == "whole reply" and _AUXILIARY.search(plain) and plain != place.answer:
        return None  # "A shark is not a mammal."
    said = _OPENING.sub("", _REASON.sub("", plain))
    said = _HEADING.sub("", said).strip(" .,:;!*_>\"'`\u3002")  # "C#" keeps its sign
    return locate.found(said or None, place.where)


def without_others(text: str) -> str:
    """Return a text without what it says not to mean at its end: "Bern, not Basel or Chur."."""
    return _NOT_OTHERS.sub("", text)


def _last_words(whole: str) -> Found | None:
    """Return what a reply without a cue ends in after a colon, an arrow, "but", "so" or "gives"."""
    lands = None if DENIES.search(whole) or OPEN.search(whole) else _LANDS.search(whole)
    if lands is not None:  # "..., and three more days bring you to Sunday."
        return Found(lands["said"], "last words")
    for form in (_NAMED, _GIVES):  # "good morning -> buenos días", "Joining them gives 'er'."
        if (named := form.search(whole)) is not None:
            return Found(named["said"].strip(), "last words")
    if len(whole.split()) > _MOST_CORRECTED:
        return None
    turns = [*CORRECTION.finditer(whole), *_SO.finditer(whole)]
    said = whole[max(turn.end() for turn in turns) :] if turns else ""
    vague = _PRONOUN.match(said) or DENIES.search(said)
    vague = vague or _COPULA.search(said)  # "..., so Fe is iron"
    short = 0 < len(said.split()) <= _FEW
    return Found(said.strip(), "last words") if short and not vague else None


def _commented(whole: str) -> Found | None:
    """Return the name before a comment on it: "India, with 1.4 billion people."."""
    head = _WITH.sub("", whole).strip()
    if (
        head == whole
        or len(locate.sentences(whole)) != 1
        or _ADVERB.search(head)
        or not 0 < len(head.split()) <= _FEW
    ):
        return None
    return Found(head, "first words") if head[:1].isupper() and not speaks(head) else None


def _first_name(whole: str) -> Found | None:
    """Return the name that is the first of two short sentences: "The Pacific. It is vast."."""
    first, *further = locate.sentences(whole) or [""]
    name = first.rstrip(".")
    if not further or not _FIRST_NAME.fullmatch(name) or any(map(so, further)):
        return None
    return None if DENIES.search(whole) or OPEN.search(whole) else Found(name, "first sentence")


def _opening(whole: str) -> Found | None:
    """Return the first paragraph of a reply where it is a name that the rest explains."""
    first, blank, rest = whole.partition("\n\n")
    name = first.strip(" *_.!")
    heading = _ADVERB.search(name) or _TITLE.match(name) or "\n" in name or first.startswith("#")
    if not blank or heading or not 0 < len(name.split()) <= _NAME:
        return None
    concludes = any(map(so, locate.sentences(rest))) or _BARE.match(rest.lstrip())
    return None if concludes or speaks(name) else Found(name, "first paragraph")


def plain_key(answer: str) -> str:
    """Return a text answer without case, article, quotes, aside and punctuation.

    A date becomes year, month and day; a set its sorted elements; a list is joined by "&".
    """
    day = dates.key(answer)
    if (day[:4].isdigit() or day.startswith("--")) and day[4:5] == "-":
        return day
    items = _SET.fullmatch(answer.strip())
    if items is not None:
        return "{" + ", ".join(sorted({item.strip() for item in items["items"].split(",")})) + "}"
    answer = _PORTUGUESE.sub("", answer).replace("\u266f", "#").replace("\u266d", " flat")
    if "\\" in answer or answer.startswith("$"):
        answer = plain_formula(answer)
    if _PRODUCT.search(answer):
        answer = _TIMES.sub(" * ", answer.replace("\u00b2", "^2").replace("\u00b3", "^3"))
    answer = _LOWER.sub(r"\1", _PICTURE.sub("", answer).translate(LOWERED))
    key = _ASIDE.sub("", text_key(_POLITE.sub("", _BULLET.sub("", answer.strip())))).strip(
        "\u201e\u201a\u00ab\u00bb\u2039\u203a\u300c\u300d\u300e\u300f$\"'`\u201c\u201d\u2018\u2019 .,:;!\u3002\u00a1\u00bf"
    )
    key = _as_written(_RANGE.sub("-", key))
    parts = _AND.split(key)
    if len(parts) > 2 or len(parts) == 2 and "," not in key:
        key = " & ".join(parts)
    key = _ARTICLE.sub("", key) or key
    key = _SAINT.sub("saint ", key)
    return names.SAME.get(key.replace(".", ""), key)


TEXT = finding("text", stated, plain_key)
"""Reads what a reply states in words."""


def _as_written(key: str) -> str:
    """Return one spelling of versions, scores, telephone numbers and notes: v1.2 is 1.2."""
    if _CALLED.fullmatch(key) and sum(map(str.isdigit, key)) >= _FEWEST_DIGITS:
        return "".join(char for char in key if char.isdigit() or char == "+")
    note = _NOTE.fullmatch(key)
    if note is not None:
        return f"{note['name']}{'#' if note['sharp'] else 'b'}"
    return _HYPHEN.sub(" ", _SCORE.sub("-", _VERSION.sub("", key)))


def speaks(text: str) -> bool:
    """Return whether a text is a sentence.

    It has a verb such as "is", or a full stop and a word that is no name.
    """
    words = text.split()
    plain = any(word.isalpha() and word.islower() and word not in SMALL for word in words)
    ended = len(words) > 2 and text.rstrip().endswith((".", "!")) and plain
    return _COPULA.search(text) is not None or ended


def in_words(question: str) -> Extractor:
    """Return the reader of answers in words to a question, which tells what may be left out."""
    return replace(TEXT, together=partial(contained, question=question))


def contained(distinct: Sequence[str], question: str = "") -> dict[str, str]:
    """Merge "Paris, France" and "the city of Paris" into "Paris", "New York" not into "York"."""
    first: dict[str, str] = {}
    for answer in distinct:
        first.setdefault(plain_key(answer), answer)
    merged = names.merged(list(first), question)
    bare_keys = {names.without_accents(key): key for key in reversed(first)}
    for key in first:
        plain = bare_keys[names.without_accents(key)]
        if plain != key:  # "Brasília" and "Brasilia"
            merged[key] = merged[plain]
    for key in first:
        shorter = key.removesuffix("s") if len(key) > _SHORTEST_PLURAL else key
        if shorter != key and shorter in first:  # "diamonds" and "diamond"
            merged[key] = merged[shorter]
        nation = _NATION.match(first[key])
        bare = "" if nation is None else plain_key(first[key][nation.end() :])
        bare = names.without_accents(bare)
        if bare in bare_keys and _only_one(bare, bare_keys):
            merged[key] = merged[bare_keys[bare]]
    for key in first:
        held = [other for other in first if other != key and _qualifies(key, other, question)]
        within = held and key.endswith(f", {held[0]}")  # one place of it at most
        if within and sum(other.endswith(f", {held[0]}") for other in first) > 1:
            continue
        if len(held) == 1 and not DENIES.search(key):
            merged[key] = merged[held[0]]
    return {answer: first[merged[plain_key(answer)]] for answer in distinct}


def _only_one(bare: str, answers: Iterable[str]) -> bool:
    """Say whether one answer of a ballot at most adds a word to another: one kind of yen."""
    return sum(answer.endswith(f" {bare}") for answer in answers) == 1


def _qualifies(key: str, inner: str, question: str) -> bool:
    if key.endswith(f", {inner}"):  # "Agra, India" where a country is asked for; a house in a town
        site = _SITE.search(key.removesuffix(f", {inner}"))
        return (site or _COUNTRY.search(question)) is not None
    return key.startswith((f"{inner}, ", f"{inner} in ")) or key.endswith(f" of {inner}")
