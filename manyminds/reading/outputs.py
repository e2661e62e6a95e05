"""What a program gives: the questions that ask for it, the errors that replies name."""

import re

from manyminds.reading.cues import DENIES
from manyminds.reading.locate import Found
from manyminds.reading.reasoning import visible

_ASSERTS = re.compile(r"\bassert\b[^\n]{0,500}==\s*\?\?")
_OUTPUT = re.compile(
    r"\bwhat\b(?:[^.?\n]|\.(?=\w)){0,80}\b(?:output|return|returns|returned|print|prints|printed|logs?|logged)\b",
    re.IGNORECASE,
)
_OUTPUT_ELSEWHERE = re.compile(
    r"\b(?:was\s+(?:gibt|druckt|liefert|ergibt|zeigt)|welche\s+ausgabe|(?:was|wie)\s+(?:ist|lautet)\s+die\s+ausgabe|(?:qu['\u2019]|que\s+(?:va\s+)?)(?:est-ce\s+que\s+)?[^?\n]{0,40}(?:affich|renvoi|retourn|imprim)\w*|quelle\s+est\s+la\s+sortie"
    r"|qu\u00e9\s+(?:imprim|muestra|devuelve|retorna)\w*|cu\u00e1l\s+es\s+la\s+salida|(?:che\s+)?cosa\s+(?:stampa|restituisce)|qual\s+\u00e8\s+l['\u2019]output|o\s+que\s+[^?\n]{0,40}(?:imprim|exib|retorn)\w*|qual\s+(?:\u00e9|ser\u00e1)\s+a\s+sa\u00edda"
    r"|wat\s+(?:drukt|print|geeft|toont)|\u0447\u0442\u043e\s+(?:\u0432\u044b\u0432\u0435\u0434\u0435\u0442|\u0432\u044b\u0432\u043e\u0434\u0438\u0442|\u043d\u0430\u043f\u0435\u0447\u0430\u0442\u0430\u0435\u0442|\u0432\u0435\u0440\u043d\u0451?\u0435?\u0442)|co\s+(?:wypisze|wy\u015bwietli|zwr\u00f3ci))(?!\w)"
    "|\u8f93\u51fa(?:\u4ec0\u4e48|\u7684?\u662f|\u7ed3\u679c)|\u6253\u5370\u4ec0\u4e48|\u8fd4\u56de(?:\u4ec0\u4e48|\u503c)|\u51fa\u529b(?:\u306f|\u3055\u308c)|\u4f55(?:\u304c|\u3092)(?:\u51fa\u529b|\u8868\u793a|\u8fd4)",
    re.IGNORECASE,
)
_EVALUATES = re.compile(  # "What does `2 ** 3` give?", "def f(x): ... What is f(3)?"
    r"\bwhat\b[^\n]{0,80}?\b(?:evaluates?\s+to|gives?|yields?|value\s+of|results?\s+(?:of|in))\b[^\n]{0,120}`|"
    r"\bwhat\b[^\n`]{0,60}`[^`\n]{1,200}`\s*(?:evaluate|give|yield|return|print|output|equal)"
    r"|\bwhat(?:'s|\s+is)\s+`[^`\n]{1,200}`\s+in\s+python"
    r"|\b(?:result|value|output)\s+of\b[^\n]{1,200}\bin\s+python\b|\bwhat\b[^\n]{1,200}\b(?:evaluate\s+to|evaluate|return|print|output|yield|give)\s+in\s+python\b"
    r"|\bvalue\s+of\s+`?\w{1,20}`?\s+(?:after|at\s+the\s+end|once|when)\b.{0,2000}\b\w+\s*=\s*[\[{('\"0-9]"
    r"|\bdef\s+(?P<name>\w{1,40})\(.{1,4000}\bwhat(?:'s|\s+is|\s+does)\s+`?(?P=name)\(",
    re.IGNORECASE | re.DOTALL,
)
_PROGRAM = re.compile(
    r"\bdef |\bprint\(|\bconsole\.log\(|```|\blambda\b|\bcode\b|\bsnippet\b|\w\(.*\)|^\s*\w+ = ",
    re.MULTILINE,
)
_RAISES = re.compile(
    r"\b(?:raises?|throws?|causes?|fails\s+with|results?\s+in|gives?)\s+(?:an?\s+)?`?([A-Z]\w*(?:Error|Exception|StopIteration))\b"
)


def asks(question: str) -> bool:
    """Say whether a question asks what a program gives: its answer is a Python literal."""
    output = _OUTPUT.search(question) or _OUTPUT_ELSEWHERE.search(question)
    asks = output and _PROGRAM.search(question) or _EVALUATES.search(question)
    return bool(asks or _ASSERTS.search(question))


def error(text: str) -> Found | None:
    """Return the one error that a reply says a program raises."""
    text = visible(text)
    names = {raised[1] for raised in _RAISES.finditer(text)}
    return Found(names.pop(), "error") if len(names) == 1 and not DENIES.search(text) else None
