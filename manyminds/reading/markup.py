"""Replies without the marks that only show: emphasis, ticks, signs of formulas, pictures."""

import re
from functools import lru_cache

_EMPHASIS = re.compile(r"\*\*|(?<!\w)__|__(?!\w)|(?<![\w*])\*(?=[^\s*])|(?<=[^\s*])\*(?![\w*])")
_TICKS = re.compile(r"`{1,3}")
_DOLLARS = re.compile(r"(?<!\\)\$(?![0-9]+(?:[.,][0-9]+)*(?:\s|[.,;!?)]|$))|\\[()\[\]]")
_IN_TEXT = re.compile(r"\\(?:text|textbf|mathrm|mathbf|mbox|operatorname)\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\(?=(?:sin|cos|tan|cot|sec|csc|ln|log|exp|pi|infty|max|min)(?![a-z]))")
_FRACTION = re.compile(r"\\[dtc]?frac\s?\{([^{}]{1,20})\}\s?\{([^{}]{1,20})\}")
_FORMULA = re.compile(r"(?<!\\)\$(?=\S)((?:\\.|[^$\\\n]){1,200})(?<=\S)\$(?![0-9])")
_PICTURE = re.compile(
    "[ \t]*[\u2600-\u27bf\ufe0f\u200d\U0001f000-\U0001faff]+"  # emoji, check marks
)


@lru_cache(maxsize=1_024)
def bare(text: str) -> str:
    """Return a text without emphasis, ticks and pictures, its formulas without dollar signs.

    Args:
        text: A reply. Amounts such as $5 keep their sign.
    """
    text = _PICTURE.sub("", _TICKS.sub("", _EMPHASIS.sub("", text)))
    return _DOLLARS.sub("", text)


def without_formula_signs(text: str) -> str:
    r"""Return a text whose formulas have no dollar signs: `80 km` for `$80 km$`; "$5 or $6" stays.

    The opening sign has no space behind it, the closing one none before it and no digit behind it.
    """
    return _FORMULA.sub(r"\1", text) if text.count("$") > 1 else text


def plain_formula(text: str) -> str:
    r"""Return a text without markup, with LaTeX in plain signs: 3/4 for `\frac{3}{4}`."""
    text = _COMMAND.sub("", _IN_TEXT.sub(r"\1", bare(text)))
    return _FRACTION.sub(r"\1/\2", text).replace("\u2212", "-")
