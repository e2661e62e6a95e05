# ruff: noqa: E501 - patterns are easier to read in one line
"""Answers that a program gives: Python literals."""

import ast
import re
from collections.abc import Hashable

from manyminds.reading import answer_field
from manyminds.reading import locate as phrases
from manyminds.reading.asides import without_asides
from manyminds.reading.cues import DENIES, REASON
from manyminds.reading.discourse import supposes
from manyminds.reading.locate import Found, found
from manyminds.reading.reasoning import LONGEST, visible

_OUTPUTS = re.compile(r"\b(?:print|output|return|evaluate|display|show)\w{0,3}\b", re.IGNORECASE)
_COMMENTED = re.compile(  # the last line: `print(x)  # 3`
    r"\)\s*;?\s*(?://|#)\s*(?:(?:=>|->|\u2192|outputs?:?|prints?:?)\s*)?(?P<said>[^\n]{1,200}?)\s*\Z",
    re.IGNORECASE,
)
_IN_BOLD = re.compile(r"\*\*([^*\n]{1,200})\*\*")
_SHOWN = re.compile(  # "The program prints:" or "## Output", and a fence
    r"(?:(?:\b(?:print|output|return|result|evaluate|display|show|log)s?(?:ed)?|\bausgegeben|\bgibt|\bausgabe|\bimprime|\baffiche|\bsalida|\bsortie"
    r"|\u8f93\u51fa|\u6253\u5370|\u51fa\u529b|\u8868\u793a)[^\n.]{0,40}[:\uff1a]|^[#*_ \t]*(?:(?:expected|final|console)\s+)?(?:output|result|ausgabe|ergebnis|sortie|r\u00e9sultat|salida|resultado|uscita|risultato|sa\u00edda|uitvoer|\u0432\u044b\u0432\u043e\u0434|\u8f93\u51fa|\u7ed3\u679c|\u51fa\u529b))"
    r"[*_ \t]*\n+[ \t]*```[a-z]{0,12}[ \t]*\n([^`]{1,2000}?)\s*```",
    re.IGNORECASE | re.MULTILINE,
)
_OPENS = re.compile(  # "This prints `3 2`."
    r"\W{0,3}(?:(?:it|this|that|the\s+\w+(?:\s+\w+)?|das|dies\w*|der\s+\w+|cela|\u00e7a|le\s+\w+|esto|el\s+\w+|questo|il\s+\w+|isso|o\s+\w+|dit|het\s+\w+|\u8fd9\u6bb5?\w{0,4}?|\u3053\u306e\w{0,8}?)?\s*"
    r"(?:will\s+|would\s+|should\s+|se\s+)?(?:prints?|outputs?|returns?|displays?|logs?|shows?|gibt|druckt|affiche|imprime|renvoie|devuelve|muestra|stampa|restituisce|exibe|retorna|\u8f93\u51fa|\u6253\u5370|\u51fa\u529b)"
    r"|(?:the\s+output|the\s+result|die\s+ausgabe|das\s+ergebnis|la\s+sortie|le\s+r\u00e9sultat|la\s+salida|l['\u2019]output|a\s+sa\u00edda|\u8f93\u51fa\u7ed3?\u679c?|\u51fa\u529b)\s*(?:is|will\s+be|would\s+be|ist|lautet|est|sera|es|ser\u00e1|\u00e8|\u00e9|\u662f|\u4e3a|\u306f)):?\s*"
    r"[*_]{0,3}`(?P<said>[^`\n]{1,200})`[*_]{0,3}(?=\s*(?:[.,;(\u2014\u2013\u3002\uff0c]|aus\b|zur\u00fcck\b|because\b|since\b|as\b|weil\b|car\b|porque\b|\Z))",
    re.IGNORECASE,
)
_THEN_PRINTS = re.compile(  # "It prints `0`. Then it prints `1`."
    r"`[^`\n]{1,80}`[^.\n]{0,40}\.\s+(?:then|next|after\s+that|afterwards?|dann|danach|ensuite|puis|luego|despu\u00e9s)\b[^.\n`]{0,40}\b(?:print|output|log|display|gibt|affiche|imprime)\w*\s+`",
    re.IGNORECASE,
)
_PRINTS_MORE = re.compile(
    r"\b(?:then|next|finally|so|after\s+that|afterwards?|wait|actually|second|dann|danach|ensuite|luego|despu\u00e9s)\b[^.\n]{0,80}\b(?:print|output|return|display|log|show|gibt|affiche|imprime)|`\s*(?:and|then)\s|\b(?:output|result)\s+(?:is|will\s+be)\b",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"[\[<]ANSWER[\]>](.*?)(?:[\[<]/ANSWER[\]>]|\Z)", re.DOTALL | re.IGNORECASE)
_RETURNED = re.compile(
    r"\b(?:output|result|answer|value|solution|list|tuple|string|it)\b[*_]{0,3}\s*(?:is|will\s+be|would\s+be|[:=])[*_:]{0,3}\s*"
    r"|\bhas\s+the\s+value[*_:]{0,3}\s+|\b(?:returns?(?!\s+(?:statement|value|type|keyword|call)s?\b)|outputs?|prints?|evaluates\s+to|yields|gives)[*_]{0,3}:?\s+"
    r"|\b(?:ausgabe|ergebnis|r\u00fcckgabewert|sortie|r\u00e9sultat|salida|resultado|risultato|sa\u00edda|uitvoer|\u0432\u044b\u0432\u043e\u0434|\u0440\u0435\u0437\u0443\u043b\u044c\u0442\u0430\u0442)[*_]{0,3}\s*(?:(?:ist|lautet|est|es|\u00e8|\u00e9|is)\s+|[:=])[*_:]{0,3}\s*"
    r"|\b(?:gibt|druckt|liefert|affiche|renvoie|retourne|imprime|muestra|devuelve|stampa|restituisce|exibe|retorna|drukt|geeft|\u0432\u044b\u0432\u0435\u0434\u0435\u0442|\u0432\u044b\u0432\u043e\u0434\u0438\u0442|\u0432\u0435\u0440\u043d\u0435\u0442)[*_]{0,3}:?\s+(?=[*`\[({'\"0-9TFN-])"
    r"|(?:\u8f93\u51fa|\u6253\u5370|\u8fd4\u56de|\u7ed3\u679c|\u51fa\u529b|\u7d50\u679c|\u7b54\u6848)(?:\u7684?(?:\u7ed3\u679c)?(?:\u662f|\u4e3a)|\u306f|[:\uff1a=])?\s*(?=[*`\[({'\"0-9TFN-])",
    re.IGNORECASE,
)
_PROSE = re.compile(  # a sentence, which no program printed
    r"\b(?:\w*(?:Error|Exception)|error|exception)\b.*\b(?:raised?|thrown|throws?|raises|occurs?)\b|\braises?\s+\w*(?:Error|Exception)\b"
    r"|^(?:the|it|this|that)\s+(?:program|code|function|script|output|call|result|loop|method|snippet)\b(?=.*\s.*\s)"
    r"|^(?:the|it|this|that|we|i|so|since|therefore|thus|first|to|if|in|after|let(?:'s)?)\b.*\b(?:is|are|will|would|raises?"
    r"|returns?|iterates?|can|cannot|can't|do|does|have|has|need|get|be|then|trace|look|go|start|run|evaluate)\b",
    re.IGNORECASE,
)
_TICKED = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")
_TICKED_LAST = re.compile(r"(?<!`)`([^`\n]{1,200})`[.!*]{0,3}\s*\Z")
_TICKED_ALONE = re.compile(r"`([^`\n]{1,200})`[.!]?")
_PARTICLE = re.compile(
    r"(?<=[\s*`\])}'\"0-9])\s?(?:aus|zur\u00fcck|af|terug|\u3067\u3059|\u3092\u8fd4\u3057\u307e\u3059)\s*[.!\u3002]?$"
)
_THEN = re.compile(r"\s(?:afterwards?|then|now|at\s+the\s+end|in\s+the\s+end|after\s.*)$")
_ABOUT = re.compile(  # says what an output is like
    r"undefined|correct|wrong|incorrect|printed|returned|shown|displayed|empty|nothing|unchanged|expected|an?|the",
    re.IGNORECASE,
)
_TYPE = re.compile(  # "the tuple (1, 2)"
    r"(?:the|an?)\s+(?:\w+\s+)?(?:tuple|list|string|set|dict(?:ionary)?|boolean|bool|integer|int|float|number|value)\s+"
    r"(?=[`\[({'\"0-9TFN-])"
)
_SO = re.compile(
    r",\s+(?:so|thus|hence|therefore)\s+(?:(?:it|this|that)\s+(?:is|returns|prints|gives)\s+)?"
)
_BECAUSE = re.compile(r"\b(?:because|since|as|given\s+that)\b(?![^\n]*[.!]\s)", re.IGNORECASE)
_SENTENCE = re.compile(  # in a language, not printed
    r"[A-Za-z`][\w'`-]*(?:[ ,]+[\w'`\"-]+){0,30}?\s(?:is|are|was|were|has|have|can)\s"
    r"[\w'` ,-]{3,300}[.!]?"
)
_MOST_LINES = 100
_IS = re.compile(r"\s(?:is|are|equals|=|(?:will|would)\s+be|becomes)\s(?!not\b)")
_LONGEST_END = 400  # characters of a last line that may end in a literal
_ONE_WORD = re.compile(r"[^\s.]+")
_WRAPPER = re.compile(r"\[/?(?:PYTHON|ANSWER|THOUGHT|OUTPUT)\]", re.IGNORECASE)
_OPENED = re.compile(r"(?:\[[^\]]*|\([^)]*|\{[^}]*|'[^']*|\"[^\"]*)")
_CLOSING = re.compile(r"[}\])`\s]{1,5}")
_ONLY_ANSWER = re.compile(r'\{\s*"(?:answer|output|result|return(?:ed)?[_ ]value)"\s*:')
_LONGEST_LITERAL = 10_000
_STRING_OR_NUMBER = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|['"].*|(?<!\w)[0-9.]+(?:[eE][-+]?[0-9]+)?(?!\w)""",
    re.DOTALL,
)
_WORD = re.compile(r"\w+")
_LITERAL_WORDS = frozenset({"True", "False", "None", "set", "b", "u"})
_ESCAPE = re.compile(r"\\(?:([\n\\'\"abfnrtvxuUN]|[0-3][0-7]{2}|[0-7]{1,2}(?![0-7]))|.)", re.DOTALL)


def literal(text: str) -> str | None:
    """Return the Python literal a reply ends in."""
    return phrases.answer_of(find_literal(text))


def find_literal(text: str) -> Found | None:
    """Return the Python literal a reply ends in, and where it is.

    The whole of it, a tagged or fenced answer, what an assertion compares with, or the last line.
    """
    shown = visible(text)
    if "\n" not in shown[-LONGEST:] and len(shown) > LONGEST:
        return None
    text = without_asides(shown[-LONGEST:])
    tagged = _TAGGED.findall(text)
    plainly = None if tagged else _plainly(text)
    if plainly is not None:
        return plainly
    fenced = None if tagged else phrases.fenced(text)
    where = "[ANSWER]" if tagged else "code fence" if fenced else "whole reply"
    reply = (str(tagged[-1]) if tagged else fenced or text).strip()
    if _literal(reply) is not _NOTHING and not _wrapped(reply):
        return found(reply or None, where)
    lines = reply.split("\n")
    if 1 < len(lines) <= _MOST_LINES and all(map(is_literal, lines)):  # printed line by line
        return Found(reply, where)
    wrapped = _wrapped(reply) or "reasoning" in text[:200]
    stated = answer_field.field(reply) or answer_field.field(text) if wrapped else None
    if stated is not None:
        return _in_field(stated)
    if not tagged and not fenced and _THEN_PRINTS.search(text[-_LONGEST_END:]):
        return None
    cued = None if tagged else _ticked_last(text) or _after_cue(text)
    if cued is not None:
        return Found(cued, "cue")
    reply = _WRAPPER.sub("", reply).strip()
    if "\n" in reply:
        reply, where = reply.rpartition("\n")[2].strip(), "last line"
    if _CLOSING.fullmatch(reply):  # of JSON around the answer
        return found(answer_field.field(text), "JSON field")
    return _in_line(reply, where)


def _in_line(reply: str, where: str) -> Found | None:
    """Return the literal that a line states, or the line as a program printed it."""
    said = _asserted(reply)
    if is_literal(said.strip("`*")):
        return Found(said.strip("`*"), where if said == reply else "equation")
    after = said.rpartition(": ")[2].rstrip(".!`* ") if ": " in said else ""
    behind = _IS.split(REASON.split(said[-_LONGEST_END:])[0])[1:]  # "..., so 7 // 2 is 3."
    concluded = _SO.split(said[-_LONGEST_END:])[1:]
    behind += [one for one in concluded[-1:] if is_literal(one.strip(".!`* "))]
    closed = said.strip("`*").rstrip(".")  # "[1, 2]."
    behind = [closed if closed[-1:] in "])}'\"" else "", *behind]
    reasoned = REASON.split(said)[0].strip(" .*`")  # "True, because ..."
    for stands in (after, behind[0], reasoned, *(one.strip(".!`* ") for one in behind[-1:])):
        if is_literal(stands):
            return Found(stands, "cue")
    return _in_bold(said[-_LONGEST_END:]) or _printed(said, where)


def _in_bold(said: str) -> Found | None:
    """Return the only bold words of a sentence about an output: "..., so **3** is printed"."""
    bold = [one.strip("`") for one in _IN_BOLD.findall(said)]
    states = len(bold) == 1 and (
        _OUTPUTS.search(said) or bold[0][:1] in "\"'" and is_literal(bold[0])
    )
    return Found(bold[0], "bold text") if states else None


def _plainly(text: str) -> Found | None:
    """Return the JSON answer that ends a reply, or the output in its first words or a fence."""
    alone = answer_field.without_reasons(text)
    stated = answer_field.field(alone) if alone != text else None
    if stated is not None:
        return _in_field(stated)
    opens = _OPENS.match(text)
    if opens is not None and not _PRINTS_MORE.search(text, opens.end()):
        return Found(opens["said"].strip(), "first sentence")
    printed = {one.strip() for one in _SHOWN.findall(text)}
    shown_alone = text.strip().startswith("```") and text.rstrip().endswith("```")
    commented = _COMMENTED.search((shown_alone and phrases.fenced(text)) or "")
    if commented is not None and is_literal(commented["said"]):
        return Found(commented["said"], "code fence")
    shown = len(printed) == 1 and is_literal(*printed)
    return Found(printed.pop(), "code fence") if shown else None


def _in_field(stated: str) -> Found:
    """Return the literal in a JSON field; one of spaces alone is a string of them."""
    said = _asserted(stated)
    return Found(said if said.strip() else repr(said), "JSON field")


def _ticked_last(text: str) -> str | None:
    """Return the literal in backticks that ends a reply, unless it stands in a reason."""
    last = _TICKED_LAST.search(text)
    if last is None or not is_literal(last[1]) or supposes(phrases.sentences(text)[-1]):
        return None
    cues = [cue.end() for cue in _RETURNED.finditer(text, 0, last.start())]
    begins = cues[-1] if cues else text.rfind("\n", 0, last.start()) + 1
    further = cues and re.search(r"[.!?]\s", text[begins : last.start()])
    return None if further or _gives_reason(text, begins, last.start()) else last[1]


def _after_cue(text: str) -> str | None:
    """Return the literal, or the one word, after the last cue such as "it prints"."""
    cues = [cue for cue in _RETURNED.finditer(text) if not _is_supposed(text, cue)]
    while len(cues) > 1 and _gives_reason(text, cues[-2].end(), cues[-1].start()):
        cues.pop()
    if not cues:
        return None
    line = _TYPE.sub("", text[cues[-1].end() :].strip().split("\n")[0].strip(" *"))
    line = _PARTICLE.sub("", line).strip(" *")  # "gibt 7 aus"
    if (alone := _TICKED_ALONE.fullmatch(line)) is not None:
        return alone[1]
    place = line.strip("`")
    reasoned = REASON.split(place)[0].strip(" *`.")
    ticked = _TICKED.match(line)
    so = _THEN.sub("", _SO.split(reasoned)[-1].strip(" `*"))
    ways = [place, place.rstrip(".!`* "), place.split(", ")[0], reasoned, so]
    for said in (*ways, ticked[1] if ticked else ""):
        if said and _literal(said) is not _NOTHING:
            return said
    if cues[-1].start() == 0 and cues[-1][0].rstrip().endswith(":") and "\n" not in text.strip():
        return place or None  # "Output: 0 1 2"
    word = place if cues[-1][0].rstrip().endswith(":") else place.rstrip(".!")
    return word.strip("`") if _ONE_WORD.fullmatch(word) and not _ABOUT.fullmatch(word) else None


def _is_supposed(text: str, cue: re.Match[str]) -> bool:
    """Say whether a cue tells what would be: "you'd have to write f(x), which gives 3"."""
    before = re.split(r"\. |\n", text[max(0, cue.start() - _LONGEST_END) : cue.end()])[-1]
    return cue[0].strip() == "gives" and supposes(before)


def _gives_reason(text: str, begin: int, end: int) -> bool:
    """Say whether the words between two cues begin a reason for the first: ", because"."""
    return _BECAUSE.search(text, begin, end) is not None


def _printed(said: str, where: str) -> Found | None:
    """Return a last line as a program printed it; None for a sentence about the program."""
    ticked = _TICKED.findall(said)
    if ticked:  # "..., so it prints `HEL`."
        if said.rstrip(" .!").endswith("`"):
            return Found(ticked[-1], "inline code")
        literals = [one for one in ticked if is_literal(one)]  # "`d` ends up as `[1]`, as asked"
        alone = len(literals) == 1 and not DENIES.search(said)
        return Found(literals[0], "inline code") if alone else None
    cut = _OPENED.fullmatch(said.rpartition("==")[2].strip())  # a literal that does not end
    prose = cut or said.startswith("I ") or phrases.refuses(said) or _PROSE.search(said)
    prose = prose or _SENTENCE.fullmatch(said)
    return None if prose else found(said.strip("`*") or None, where)


def _asserted(text: str) -> str:
    """Return what an assertion compares with, else the text."""
    right = text.rpartition(" == ")[2].strip()
    right = right if is_literal(right) else right.strip(" .*`")
    compares = " == " in text and (text.lstrip().startswith("assert ") or is_literal(right))
    return right if compares else text


def _wrapped(reply: str) -> bool:
    """Return whether a reply is the JSON of an answer, alone or with its reasoning."""
    if not reply.startswith("{") or answer_field.field(reply) is None:
        return False
    return "reason" in reply[:200] or _ONLY_ANSWER.match(reply) is not None


def literal_key(answer: str) -> Hashable:
    """Return a key equal for literals that are equal in Python, however they are written.

    A string and the same text without quotes are one, because columns of reference answers have
    lost the quotes.
    """
    value = _literal(answer.strip())
    if isinstance(value, str):
        inner = _literal(value.strip())
        value = value if inner is _NOTHING else inner
    return answer if value is _NOTHING else _hashable(value)


def is_literal(text: str) -> bool:
    """Return whether the text is a Python literal as it would be printed."""
    return _literal(text.strip()) is not _NOTHING


_NOTHING = object()
"""No literal: None itself is one."""


def _literal(text: str) -> object:
    if len(text) > _LONGEST_LITERAL:
        return _NOTHING
    words = _WORD.findall(_STRING_OR_NUMBER.sub(" ", text))
    if not _LITERAL_WORDS.issuperset(words):  # no literal; the parser would warn about 1zd
        return _NOTHING
    text = _ESCAPE.sub(_kept, text)
    try:
        value: object = ast.literal_eval(text)
        _hashable(value)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return _NOTHING
    return value


def _kept(escape: re.Match[str]) -> str:
    """Return an escape that means nothing in Python with its backslash doubled: it reads the same,
    and the parser does not warn.
    """
    return escape[0] if escape[1] else "\\" + escape[0]


def _hashable(value: object) -> Hashable:
    if isinstance(value, dict):
        return "dict", frozenset((_hashable(k), _hashable(v)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return type(value).__name__, tuple(_hashable(item) for item in value)
    if isinstance(value, set):
        return "set", frozenset(_hashable(item) for item in value)
    hash(value)
    if isinstance(value, bool):
        return "bool", value  # True is not 1
    return value if isinstance(value, Hashable) else None
