r"""Mathematical answers in LaTeX or plain text: find, normalise, compare.

A normaliser for strings settles most pairs at no cost (`\dfrac12` = 0.5, `10\text{ cm}` = 10,
`x = 3` = 3). Where the package math-verify is installed (the extra `math`), answers that still
differ as text are compared symbolically.
"""

import logging
import re
import threading
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from itertools import product

from manyminds.reading import locate as phrases
from manyminds.reading import numbers

_DELIMITER = re.compile(
    r"\\\$|\$\$?|\\[\[\]()]|\\(?:begin|end)\{(?:align|equation|gather|eqnarray)\*?\}"
)
_CLOSES = {"$": "$", "$$": "$$", "\\[": "\\]", "\\(": "\\)", "\\begin": "\\end"}
_LEFT_OF_ANSWER = re.compile(r"(?:=|\\approx|\\equiv|\\Rightarrow|\\implies)(?![^{]*\})")
_COPULA = re.compile(r"\b(?:is|are|equals|be|approximately|exactly|has|have|get)\b:?\s+")
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(?:\s?[ap]\.?m\.?)?")
_DIGIT = re.compile(r"[0-9]")
_LONGEST_WORD = 60
_LONGEST_ANSWER = 4000  # beyond it, no rewriting

_NAMED = re.compile(
    r"^(?:[A-Za-z](?:_\{?\w{1,3}\}?)?(?:\([a-z]\))?|\\?[a-z]{1,8}|[a-z]\^\{?-1\}?\([a-z]\))"
    r"(?:=|\\in(?![a-z]))(?=[^=<>]+$)"
)
_TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mbox|mathbf|operatorname)\s*\{([^{}]*)\}")
_UNITS = re.compile(
    r"^([-+]?[0-9.,/]+|[-+]?\\frac\{[^{}]*\}\{[^{}]*\})\s"
    r"\s*(?:[A-Za-z]{3}[A-Za-z]*|cm|mm|km|kg|ft|in|lb|oz|mi|m|g|s)\b[A-Za-z. ]{0,40}"
    r"(?:\^\{?[23]\}?)?$"
)
_SHORT_FRAC = re.compile(
    r"\\frac(?:\{([^{}]+)\}([0-9A-Za-z])|([0-9])\{([^{}]+)\}|([0-9])([0-9A-Za-z]))"
)
_SHORT_ROOT = re.compile(r"\\sqrt([0-9A-Za-z])")
_SINGLE = re.compile(r"([_^])\{(\w)\}")
_SLASH = re.compile(
    r"^(-?)\(?([0-9A-Za-z]+|[0-9]*\\(?:pi|sqrt\{[0-9]+\}))\)?/\(?([0-9A-Za-z]+)\)?$"
)
_SLASHED = re.compile(r"^(-?)\\frac\{([0-9.]+)\}\{([0-9.]+)\}$")
_MINUS_ABOVE = re.compile(r"^\\frac\{-([^{}+-]+)\}")
_THOUSANDS = re.compile(r"^[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$")
_DROPPED = re.compile(
    r"\\left(?![a-z])|\\right(?![a-z])|\\[,!;: ]|\\q?quad(?![a-z])|~"
    r"|\^\{?\\circ\}?|\\degrees?(?![a-z])|\u00b0|\\?%|\\\$|\$|\\displaystyle"
)
_SYNONYMS = (
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\cfrac", "\\frac"),
    ("\\cdot", "*"),
    ("\\times", "*"),
    ("\\leq", "\\le"),
    ("\\geq", "\\ge"),
    ("\\neq", "\\ne"),
    ("\\lbrace", "\\{"),
    ("\\rbrace", "\\}"),
    ("{,}", ","),
    ("\u2212", "-"),
    ("\u03c0", "\\pi"),
    ("\u221e", "\\infty"),
)

# What is given to sympy comes from a model: nothing long or deep, no tower of powers, no
# factorial, no great power of a sum.
_LONGEST_SYMBOLIC = 160
_DEEPEST = 8
_COSTLY = re.compile(
    r"\^\{?\(?-?[0-9]{3}|[)\]}]\^\{?\(?-?[0-9]{2}|\^[^,;]{0,40}\^[^,;]{0,20}\^|\^\{?[0-9()]*\}?\^"
    r"|(?:[)\]}]\^.*){3}|\\sqrt\[[^\]]{2,}|!|[0-9]{40}|\\(?:sum|prod|int|lim|binom)"
)
_symbolic_lock = threading.Lock()


def extract_boxed(text: str) -> str | None:
    r"""Return what the last balanced `\boxed{}` holds, else what follows "the answer is"."""
    return phrases.boxed(text) or _stated(phrases.after_cue(text) or "")


def extract(text: str) -> str | None:
    r"""Return the answer of a mathematical reply.

    The last balanced `\boxed{}` (nested braces, several lines); else an "answer" field of JSON,
    what follows "the answer is", the last formula of the last sentence, the last number.
    """
    return (
        phrases.boxed(text)
        or phrases.field(text)
        or _stated(phrases.after_cue(text) or _last_sentence(text))
        or numbers.extract(text)
    )


def key(answer: str) -> float | str:
    """Return the normal form: the value of a number, else the rewritten string."""
    if len(answer) > _LONGEST_ANSWER:
        return " ".join(answer.split())
    text = normalise(answer)
    number = numbers.value(_SLASHED.sub(r"\1\2/\3", text))
    return number if number is not None else text


def normalise(answer: str) -> str:
    """Rewrite an answer so that spelling does not matter: spaces, units, text, fractions, roots."""
    text = answer.strip().strip("$").removeprefix("\\(").removesuffix("\\)").strip()
    for spelled, plain in _SYNONYMS:
        text = text.replace(spelled, plain)
    text = _DROPPED.sub("", text)
    text = _TEXT.sub(lambda m: " " + m[1] if m[1].strip() else "", text)
    text = text.strip().rstrip(".,;:").strip()
    units = _UNITS.match(text)
    text = units[1] if units else text
    text = "".join(text.split())
    text = _NAMED.sub("", text)
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    text = _SHORT_ROOT.sub(r"\\sqrt{\1}", text)
    text = _SHORT_FRAC.sub(_braced, text)
    text = _SINGLE.sub(r"\1\2", text)
    text = _SLASH.sub(r"\1\\frac{\2}{\3}", text)
    text = _MINUS_ABOVE.sub(r"-\\frac{\1}", text)
    return text.casefold() if text.isalpha() else text


def same(one: str, other: str) -> bool:
    """Say whether two answers that differ as text are equal as mathematics.

    Needs math-verify; without it, answers that differ as text differ. Expressions that could keep
    a computer algebra system busy (long ones, towers of powers, factorials, sums) are not tried.
    """
    if max(len(one), len(other)) > _LONGEST_SYMBOLIC:
        return False
    if not isinstance(key(one), str) and not isinstance(key(other), str):
        return False  # two numbers of different value
    pairs = product(_parsed(normalise(one)), _parsed(normalise(other)))
    with _symbolic_lock:  # sympy's caches are not made for threads
        return any(_verified(a, b) for a, b in pairs)


@lru_cache(maxsize=2048)
def _parsed(answer: str) -> tuple[object, ...]:
    if _COSTLY.search(answer) or answer.count("(") + answer.count("[") > _DEEPEST:
        return ()
    try:
        parse: Callable[..., list[object]] = import_module("math_verify").parse
    except ImportError:
        return ()
    # Its timeouts use signals, which only the main thread may: off, hence the limits above.
    logging.getLogger("math_verify").setLevel(logging.CRITICAL)
    with _symbolic_lock:
        found = parse(f"${answer}$", parsing_timeout=0)
    return tuple(item for item in found if not isinstance(item, str))


def _verified(one: object, other: object) -> bool:
    verify: Callable[..., bool] = import_module("math_verify").verify
    return verify(one, other, timeout_seconds=None)


def _braced(match: re.Match[str]) -> str:
    above = match[1] or match[3] or match[5]
    below = match[2] or match[4] or match[6]
    return f"\\frac{{{above}}}{{{below}}}"


def _stated(text: str) -> str | None:
    """Return what a short text that states the answer names: its formula, number or last word."""
    if not text.strip():
        return None
    return _formula(text) or _phrase(text) or numbers.extract(text)


def _last_sentence(text: str) -> str:
    lines = [line for line in text.rstrip().split("\n") if line.strip(' \t}]`"')]
    last = "\n".join(lines[-6:])[-1500:]
    cut = max(last.rfind(". "), last.rfind(".\n"))
    return last[cut + 1 :] if cut >= 0 else last


def _formula(text: str) -> str | None:
    """Return the right-hand side of the last LaTeX formula in a short text."""
    last, closer, start = "", "", 0
    for token in _DELIMITER.finditer(text):
        kind = token[0].partition("{")[0]
        if closer and kind == closer:
            formula = text[start : token.start()].strip()
            last, closer = formula or last, ""
        elif not closer and kind in _CLOSES:
            closer, start = _CLOSES[kind], token.end()
    right = _LEFT_OF_ANSWER.split(last)[-1]
    return right.strip(" \n&").rstrip(".,;\\ ") or None


def _phrase(text: str) -> str | None:
    """Return what follows the last "=" or "is" in plain text: a number, or a single word."""
    parts = _COPULA.split(text.rpartition("=")[2])
    for part in reversed(parts):
        clock = _CLOCK.match(part)
        if clock is not None:
            return clock[0]
        first = part.split(maxsplit=1)[0] if part.strip() else ""
        if numbers.is_number(first):
            return numbers.extract(first)
    last = parts[-1].strip().rstrip(".!").strip(" *`")
    is_word = len(last.split()) == 1 and len(last) <= _LONGEST_WORD
    return last if is_word and not _DIGIT.search(text) else None
