# ruff: noqa: E501 - patterns are easier to read in one line
"""Answers chosen from few: the letter of an option, a square of the chess board."""

import re
from collections.abc import Mapping
from functools import lru_cache, partial
from types import MappingProxyType

from manyminds.reading import languages, locate, option_texts
from manyminds.reading.cues import CONCLUDES, DENIED, DENIES, answers_in
from manyminds.reading.locate import Found, found
from manyminds.reading.revised import settled

_OPEN, _SHUT = (
    r"[\s(\[{<*#\"'`$\u2705\u2714\u2713\u2192\ufe0f\U0001f000-\U0001faff]*",
    r"[\s)\]}>*\"'`$.:!,]*",
)
_WHOLE = re.compile(rf"{_OPEN}([A-Z]){_SHUT}", re.IGNORECASE)
_CALLED_WHOLE = re.compile(
    rf"(?:option|choice|answer|letter)\s+{_OPEN}([a-j]){_SHUT}", re.IGNORECASE
)
_NAMED = (
    r"(?:(?:(?:the|la|le|el|die|der|das|a|o|\u00e0|\u00e8|de|het)\s+)?(?:(?:option|choice|letter|answer|ans\."
    rf"|{languages.OPTIONS})(?!\w)|\u9009\u9879?|\u9078\u9805?|\u9078\u629e\u80a2)\s*|(?:la|le|el|die)\s+)"
)
_MARK = r"(?:(?:the\s+)?(?:option|choice|answer|letter|antwort|r\u00e9ponse|respuesta|opci\u00f3n|\u0432\u0430\u0440\u0438\u0430\u043d\u0442)|\u9009\u9879|\u9078\u629e\u80a2)"
_EDGE = r"(?![A-Za-z0-9_'\u00c0-\u04ff])"  # a letter of Chinese or Japanese may follow
_OPENING = re.compile(
    rf"^{_OPEN}(?i:{_NAMED})?[(\[{{<*\"'`$]*(?P<letter>[A-Z]){_EDGE}(?P<rest>.*)", re.DOTALL
)
_LOWER = re.compile(rf"^{_OPEN}{_NAMED}?\(?([a-z])\)(?!\w)", re.IGNORECASE)
_IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}")
_BRACKETED = re.compile(r"\(([A-Za-z])\)")
_OPTION = re.compile(rf"(?<!\w){_NAMED}[(\[*\"']*([A-Z]){_EDGE}", re.IGNORECASE)
_MORE = re.compile(
    r"^[)\]*\"'\s]*(?:,|and|or|&|/|-|–|und|oder|et|ou|y|o|и|или|和|或|、|か|または)[\s(\[*\"']*[A-Z]"
    rf"{_EDGE}"
)
_GOES_ON = re.compile(
    r"^[)\]}>*\"'`$]*(?:$|\s*$|\s*[.):,;!\-–—→\u2019'\u3001\u3002\u3040-\u30ff\u4e00-\u9fff]"
    r"|\s+(?:because|since|as|is\s+(?:the\s+|my\s+)?(?:correct|right|best|true|answer|choice)|and\s+the|it|with|\(|based|\u015f\u0131k\w*|se\u00e7ene\w*)\b|\s*\n|\s+\()",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(
    r"(?:\b(?:[Tt]hus|[Ss]o|[Tt]herefore|[Hh]ence|must\s+be|[Pp]ick|[Cc]hoose|chose|[Ss]elect|go\s+(?:with|for)"
    r"|[Ii]t(?:'s|\s+is)|[Ii]\s+think|would\s+say|'d\s+say|leaves(?:\s+us)?(?:\s+with)?(?:\s+only)?|should\s+be|would\s+be|wähle|choisis"
    r"|[Ee]lijo|[Ee]scojo|выбираю|(?:[Bb]est|[Cc]orrect|[Rr]ight)\s+(?:option|choice|one)\s+is"
    r"|[Ii]\s+believe|[Dd]efinitely|[Cc]learly|[Yy]es|O[Kk]|[Gg]oing\s+with|(?:[Rr]ichtig|[Kk]orrekt)\s+ist|[Cc]orrecta?\s+es|(?:letter|pick|choice)\s+is"
    r"|[Pp]robably|[Mm]ost\s+likely|has\s+to\s+be|leaving|(?:holds|fits|works|applies|remains)\s+is|[Bb]y\s+elimination"
    r"|(?:left|remaining)\s+is|(?:[Cc]hoice|[Oo]ption|[Pp]ick|[Ss]election)(?::(?!\s*\n)|\s*\u2192)|[Cc]['\u2019]est|lean(?:ing)?\s+towards?|[Aa]ns\.)"
    rf"|(?i:{languages.option_is_right()})|,\s+but|\b(?:[Nn]o,\s+)?(?:[Ww]ait|[Aa]ctually)\b,?(?:\s+no)?|[\u9078\u9009](?:\u62e9|\u9805|\u9879)?|\u6545\u9009|\u56e0\u6b64\u9009|\u6b63\u786e(?:\u7684)?\u9009\u9879[\u662f\u4e3a:])[,:]?\s*(?:the\s+)?"
    rf"(?i:{_NAMED})?[*]*(?:[(\[]([A-Za-z])[)\]]|([A-Z]){_EDGE})",
)
_IS_CORRECT = re.compile(
    r"(?:(?:^|[\n.:;,!?。，、])\s{0,4}|\b(?:option|choice|answer|letter|statement|sentence|aussage|so|thus|and|but|that|hence|therefore|think"
    r"|believe|(?<!not )only|antwort|opción|réponse|вариант)\s+|选项\s*|選択肢\s*)[*(]*((?-i:[A-HJ-Z]))[*)]*(?:\s+(?:is|must\s+be|should\s+be|would\s+be|seems|looks|appears)\s+(?:to\s+be\s+)?(?:the\s+)?(?:correct|right|true|best|better|most\s+\w+)\b"
    r"|\s+best\s+\w+s\b|:\s*(?:correct|right)\b|\s+it\s+is\b"
    r"|\s+(?:ist|est|es)\s+(?:die\s+|la\s+)?(?:richtig|korrekt|correcte?|bonne|correcta)"
    r"|\s*[是项]?(?:正确|对的)|\s*が正し|\s+(?:—\s+)?(?:верн|правильн))",
    re.IGNORECASE,
)
_VARIANT = re.compile(
    r"\b(?:neither|nor|not)\b[^.\n]{1,60}[;,]\s*(?:but\s+)?(?:option\s+)?\(?([A-Z])\)?\s+(?:is|does|works|fits)\s*[.!]?\s*$"
    r"|\b(?:верный|правильный)\s+вариант\s*[:—-]?\s*\(?([A-Z])\b"
    r"|\(([A-Z])\)\s+is\s+(?:the\s+)?(?:correct|right)\b"
    rf"|\b(?<!not )(?:only|just)\s+{_NAMED}?(?:\(([A-Z])\)|((?-i:[A-HJ-Z])))\s+(?:is(?!n't|\s+(?:not|wrong|false|in))|fits|matches|works|satisf(?:ies|y)|meets|makes|gives|holds|remains)\b"
    rf"|\b(?:best|most|correct|right|match\w*|true|fits|statement|option|choice|exception|explanation|odd\s+one\s+out)\b[^.:\n]{{0,60}}\sis\s+[*]*{_NAMED}?[*(]*((?-i:[A-HJ-Z]))[*)]*(?=\s*:|\s*[.!]?\s*(?:\n|\Z))"
    rf"|(?:,|\b(?:(?:corresponds|points|leads)\s+to|matches|which\s+is|that\s+is|i\.e\.,?|choose|pick|select|say|with|is)|\s[\u2013\u2014-])\s+{_MARK}\s*\(?([A-J])\)?\s*[.!]?\s*\Z",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b([A-Z])\s+and\s+([A-Z])\b(?!\s+are\s+(?:both\s+)?(?:wrong|incorrect|false))")
_CALLED = re.compile(rf"{_NAMED}[*]*[A-Z]$", re.IGNORECASE)
_SEEMS = re.compile(r"\b(?:seems|looks|appears)\b", re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:wrongly|mistakenly|incorrectly|erroneously|people|students|learners|others|tempt\w+|trap)\b[^.!?;\n]*$",
    re.IGNORECASE,
)
_IS_NOT = re.compile(languages.IS_NOT, re.IGNORECASE)
_YET = re.compile(r"\b(?:but|however|though|yet)\b", re.IGNORECASE)
_INITIAL = re.compile(r"\s*(?:[A-Z]\.[A-Za-z]|I\b)")  # U.S., I. Newton
_DENIED = re.compile(r"(?:\bnot|n't|\bnever|\bcannot)\s+(?:\w+\s+){0,2}$")
_LONGEST_DENIAL = 40  # characters before a choice
_BEHIND = re.compile(r"[^()\n?]{1,60}\s\((?:option\s+)?([A-J])\)\s*\.?\s*", re.IGNORECASE)
_SENTENCE = 4  # words
_SO = re.compile(r",\s+(?:and\s+)?(?:so|thus|hence|therefore|also|donc)\s+", re.IGNORECASE)
_GIVES = re.compile(r"\b(?:gives|yields|leaves|equals|(?:we|you)\s+get)\b|=", re.IGNORECASE)
_UNLIKE = re.compile(
    r",\s+(?:unlike|not)\s[^.;]{1,80},\s+(?=(?:is|are|was|were|does|do|has|have)\b)", re.IGNORECASE
)
_LAST_LETTER = re.compile(r"[(*]{0,3}([A-HJ-Z])[)*.]{0,4}")
_POINTED = re.compile(r"(?:[\u2192\u21d2\u27f9]|[=-]>)\s*[(*]{0,3}([A-HJ-Z])[)*.]{0,4}\s*\Z")
_LISTED = re.compile(r"^[ \t*(-]*([A-Za-z])[).:]\s", re.MULTILINE)
_FOREIGN = re.compile(
    "\\A[^A-Za-z]*[\u0370-\u1fff\u3040-\u9fff\uac00-\ud7af][^A-Za-z]{0,60}\\([A-Z]\\)[^A-Za-z]*\\Z"
)
_DENIED_AFTER = re.compile(  # Korean, Japanese and Chinese deny at the end
    "(?:\uc544\ub2c8|\uc544\ub2d9|\ud2c0\ub838|\u3067\u306f\u306a|\u3067\u306f\u3042\u308a|\u3058\u3083\u306a|\u4e0d\u5bf9|\u4e0d\u6b63|\u9519)[^\\n]{0,8}$"
)
_BULLET = re.compile(r"\s*\(?([a-j])\)\s+\S")
_OPTIONS = re.compile(
    r"(?:^|[\s(?\uff1f\uff1a\u3002])\(?([A-J])[).:\u3001]\s*(.+?)(?=\s*(?:[\s(,;]\(?[A-J][).:]\s|\n|$))",
    re.MULTILINE,
)
_LOWER_OPTIONS = re.compile(
    r"(?:(?:^|\s)\(?([a-j])\)|^[ \t]*([a-j])\.)\s+(.+?)(?=\s*(?:\s\(?[a-j]\)\s|\n|$))", re.MULTILINE
)
_BY_TEXT = "text of an option"
_MOST_WORDS = 40  # of a reply that names an option by its text
_DENIES = re.compile(
    r"\b(?:not|cannot|neither|nor|nicht|kein\w*|pas|\u043d\u0435)\b|n't\b|\u4e0d\u662f|\u4e0d\u5c5e|\u3067\u306f\u306a|\u3058\u3083\u306a|\uc544\ub2c8",
    re.IGNORECASE,
)
_NOT_OTHERS = re.compile(r",\s+(?:and\s+)?(?:not|nicht|pas|no)\s[^,]*$", re.IGNORECASE)
_ONLY = re.compile(r"(?:the\s+)?only\b", re.IGNORECASE)  # "Only 468 is divisible by 9."
_LAST_WORD = re.compile(r"final|####", re.IGNORECASE)
_MOST_CUES = 20
_LONGEST = 400  # characters of a place that states the answer
_END = 20_000  # characters of a reply's end in which a conclusion is looked for
_ALSO_WORDS = "AI"  # "A" and "I" start prose


def letter(text: str, options: Mapping[str, str] | None = None) -> str | None:
    """Return the option letter a reply chooses, in upper case; None where it chooses none or two.

    Args:
        text: the reply.
        options: the options' texts by letter; a reply that states a text chooses its letter.
    """
    return locate.answer_of(find(text, options))


def find(text: str, options: Mapping[str, str] | None = None, question: str = "") -> Found | None:
    """Return the option letter a reply chooses, and where it is.

    Args:
        text: the reply.
        options: the options' texts by letter; a reply that states a text chooses its letter.
        question: the question; one that asks which option is not something may be repeated.
    """
    return settled(partial(_find, options=options, question=question), text)


def _find(text: str, options: Mapping[str, str] | None, question: str) -> Found | None:
    if _contradicts(text, options):
        return None
    for place, where in locate.stated(text):
        if place.casefold().strip() == "null" or place.startswith("not "):
            return None
        place = place if where != "box" else _IN_TEXT.sub(r"\1", place[:_LONGEST])
        mark = _in_place(place[:_LONGEST])
        if mark is None or options and mark not in options:  # the x of "cos(x)"
            mark = option_texts.named(place, options) or mark
            mark = mark or option_texts.by_own_word(place, options)
        chosen = found(mark, where)
        break
    else:
        place, chosen = text, _unmarked(text) or _by_text(text, options, question)
    if chosen is not None and options and _names_another(place, chosen.answer, options):
        return None
    return chosen if chosen is None or not options or chosen.answer in options else None


def _by_text(text: str, options: Mapping[str, str] | None, question: str) -> Found | None:
    """Return the letter of the option that a reply without a cue names by its text."""
    if not options:
        return None
    clause = text.partition(";")[0]  # "Argon (C) is a noble gas; the others are not."
    if _denies(clause, options, question):
        clause = _NOT_OTHERS.sub("", clause)  # "Oxygen, not helium."
    clause = _UNLIKE.sub(" ", clause)
    said = len(text.split()) <= _MOST_WORDS and not _denies(clause, options, question)
    ending = locate.sentences(text)[-1:]
    ends = ending and (CONCLUDES.match(ending[0]) or _ONLY.match(ending[0]))
    if ends and (_denies(clause, options, question) or option_texts.named(clause, options) is None):
        # "Not Sydney. It's Canberra."
        clause, said = ending[0], not _denies(ending[0], options, question)
    mark = option_texts.named(clause, options) or option_texts.by_own_word(clause, options)
    if said and mark is None:  # "Green, because ...", "Sad is an antonym, so glad."
        parts = [locate.plain(clause), *(end.split(clause)[-1] for end in (_SO, _GIVES))]
        named = [(part, one) for part in parts if (one := option_texts.named(part, options))]
        mark = next((one for part, one in named if option_texts.is_all(part, one, options)), None)
    return found(mark if said else None, _BY_TEXT)


def _denies(clause: str, options: Mapping[str, str], question: str) -> bool:
    """Say whether a clause denies something, other than what the question asks to be denied."""
    if not _DENIES.search(option_texts.masked(clause, options)):
        return False
    exception = option_texts.asked_for_the_exception(question)
    return not (exception and option_texts.denies_what_is_asked(clause, question))


def _contradicts(text: str, options: Mapping[str, str] | None) -> bool:
    """Say whether a reply calls different options its answer, and none of them the final one."""
    cues = answers_in(text)[-_MOST_CUES:]
    if len(cues) < 2 or _LAST_WORD.search(cues[-1][0]):
        return False
    said = [text[cue.end() : cue.end() + _LONGEST].lstrip(" *:=").split("\n")[0] for cue in cues]
    said = [one for one in said if not DENIED.match(one)]
    named = {
        _in_place(locate.plain(one)) or option_texts.named(locate.plain(one), options)
        for one in said
    }
    return len(named - {None}) > 1


@lru_cache(maxsize=64)
def options_in(question: str) -> Mapping[str, str]:
    """Return the lettered options of a question: "(A) Paris (B) Lyon"; fewer than two are none."""
    question = question[-20_000:]
    options = {m[1]: m[2].strip(" .;,") for m in _OPTIONS.finditer(question)}
    if not options:
        found = _LOWER_OPTIONS.finditer(question)
        own = [m for m in found if not _closes_a_bracket(question, m)]
        options = {(m[1] or m[2]).upper(): m[3].strip(" .;,") for m in own}
    wanted = [chr(ord("A") + n) for n in range(len(options))]
    fine = len(options) > 1 and sorted(options) == wanted
    return MappingProxyType(options if fine else {})


def _closes_a_bracket(question: str, option: re.Match[str]) -> bool:
    """Say whether what looks like an option ends a call or a tuple: "return (b, a)"."""
    line = question[question.rfind("\n", 0, option.start()) + 1 : option.start()]
    return "(" not in option[0].partition(")")[0] and line.count("(") > line.count(")")


def _in_place(place: str) -> str | None:
    """Return the letter that a statement of the answer names."""
    place = place.rpartition("→")[2].strip()
    whole = _WHOLE.fullmatch(place)
    if whole:
        return None if place in ("I", "I.") else whole[1].upper()
    opening = _OPENING.match(place)
    if opening:
        rest = opening["rest"]
        if _MORE.match(rest):
            return None
        bracketed = place[: opening.start("letter")].rstrip().endswith(("(", "[", "**", "<"))
        if bracketed or _GOES_ON.match(rest) or opening["letter"] not in _ALSO_WORDS:
            return opening["letter"]
        return None
    lower = _LOWER.match(place)
    if lower:
        return lower[1].upper()
    for pattern in (_OPTION, _BRACKETED):
        named = {mark.upper() for mark in pattern.findall(place)}
        if named:
            return named.pop() if len(named) == 1 else None
    return None


def _names_another(place: str, mark: str, options: Mapping[str, str]) -> bool:
    """Return whether a letter has the text of another option: "(B) Chair" or "chair (B)" for C."""
    for own_mark, said in options.items():
        behind = re.search(rf"\b{re.escape(said)}\s*\(([A-J])\)", place, re.IGNORECASE)
        if said and behind is not None and behind[1] != own_mark:
            return True
    after = re.search(rf"(?<!\w)\(?{re.escape(mark)}[).:]+\s*(?P<text>[^.,;\n]+)", place)
    if after is None:
        return False
    text, own = after["text"].casefold().strip(" *"), options.get(mark, "").casefold().strip()
    others = [said.casefold().strip() for other, said in options.items() if other != mark]
    return not text.startswith(own) and any(
        said and re.match(rf"{re.escape(said)}\b", text) for said in others
    )


def _unmarked(text: str) -> Found | None:
    """Return the letter of a reply that does not say "answer"."""
    whole = _WHOLE.fullmatch(text.strip()) or _CALLED_WHOLE.fullmatch(text.strip())
    if whole:
        return None if whole[1] == "I" else Found(whole[1].upper(), "whole reply")
    text = text[-_END:]
    if (ticked := option_texts.ticked(text)) is not None:
        return Found(ticked, "tick")
    concluded = [m for m in _CONCLUSION.finditer(text) if _chosen(text, m)]
    if concluded:
        last = concluded[-1]
        more = _MORE.match(text[last.end() :])
        return None if more else Found((last[1] or last[2]).upper(), "conclusion")
    correct = {
        next(group for group in m.groups() if group).upper()
        for pattern in (_IS_CORRECT, _VARIANT)
        for m in pattern.finditer(text)
        if not _DENIED.search(text, max(0, m.start() - _LONGEST_DENIAL), m.start())
        and not (_SEEMS.search(m[0]) and _YET.search(text, m.end()))
    }
    if correct:
        pairs = _PAIR.findall(text)
        alone = len(correct) == 1 and not any(correct & set(pair) for pair in pairs)
        return Found(correct.pop(), "conclusion") if alone else None
    lines = [line for line in text.strip().split("\n") if line.strip()]
    ending = locate.sentences(text)[-1:]
    named = set(_OPTION.findall(ending[0])) if ending and CONCLUDES.match(ending[0]) else set()
    if len(named) == 1 and not _DENIES.search(ending[0]):  # "Therefore carbon, option B."
        return Found(named.pop().upper(), "last sentence")
    last_line = _WHOLE.fullmatch(lines[-1].strip()) if lines else None
    last_line = last_line or _POINTED.search(text)  # "4 * 2 = 8 -> B"
    before = locate.sentences(text)[-2:-1]
    if last_line is None and before and len(before[0].split()) >= _SENTENCE:  # "... mammals. B."
        last_line = _LAST_LETTER.fullmatch(ending[0].strip())
    if last_line:
        return Found(last_line[1].upper(), "last line")
    several = len(set(_LISTED.findall(text))) > 1 or len(options_in(text)) > 1
    return None if several else _alone(text)


def _alone(text: str) -> Found | None:
    """Return the only letter of a reply that has no conclusion and lists no options."""
    bracketed = {mark for mark in _BRACKETED.findall(text) if mark.isupper()}
    if len(bracketed) == 1 and _FOREIGN.search(text) and not DENIES.search(text):
        return Found(bracketed.pop(), "only letter")  # in a script of other letters
    behind = _BEHIND.fullmatch(text)
    if behind:
        return Found(behind[1].upper(), "last words")
    bullet = _BULLET.match(text)
    if bullet:
        return Found(bullet[1].upper(), "first words")
    opening = _OPENING.match(text[:_LONGEST])
    if (
        opening
        and not _DENIED_AFTER.search(text)
        and not _INITIAL.match(text)
        and _GOES_ON.match(opening["rest"])
        and not _MORE.match(opening["rest"])
    ):
        return Found(opening["letter"], "first words")
    return None


def _chosen(text: str, match: re.Match[str]) -> bool:
    """Return whether a concluding letter is one: "A" and "I" before a word are none."""
    if _DENIED.search(text, max(0, match.start() - _LONGEST_DENIAL), match.start()):
        return False
    if _IS_NOT.search(match[0]) or _OTHERS.search(text, max(0, match.start() - 80), match.end()):
        return False
    mark = match[2]
    if _CALLED.search(match[0]):
        return True
    return mark is None or mark not in _ALSO_WORDS or bool(_GOES_ON.match(text[match.end() :]))
