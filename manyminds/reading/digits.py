r"""Numbers spelled in other ways, rewritten in plain digits: words, Chinese, LaTeX."""

import re
from fractions import Fraction
from functools import lru_cache

from manyminds.reading import number_words

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORDS = {word: n for n, word in enumerate(_UNITS)} | {w: 20 + 10 * n for n, w in enumerate(_TENS)}
_WORD = "|".join(sorted([*_WORDS, *_SCALES], key=len, reverse=True))
_SPELLED = re.compile(
    r"\b(?!one\s+(?:by|of|another|after|from|in\s+(?:the|between)|with|that|which|who)\b)"
    r"(?<!\bthe )(?<!\bthat )(?<!\bthis )"
    rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
    rf"(?:(?:[- ]|[ ]and[ ])(?:{_WORD}))*\b(?!-)",
    re.IGNORECASE,
)
_HAN_DIGITS = {digit: n for n, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_SCALES = {"十": 10, "百": 100, "千": 1000}
_HAN = re.compile(  # "together", "the same", "certainly" begin with a one
    "(?!一[共起样般定直些切旦致律概边下])[零〇一二两三四五六七八九十百千万亿]+"
)
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_POWER = re.compile("(?<=[0-9A-Za-z)])([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_STARS = re.compile(r"(?<=[0-9])\*\*(?=[0-9])")
_VULGAR = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5",
    "⅘": "4/5", "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_VULGARS = re.compile(f" ?({'|'.join(_VULGAR)})")
_FRAC = re.compile(
    r"\\[dtc]?frac\s?\{(-?[0-9.,]{1,20})\}\s?\{(-?[0-9.,]{1,20})\}|\\[dtc]?frac\s?([0-9])([0-9])"
)
_SPACING = re.compile(r"\\[,!;:() ]|\{,\}|(?<=[0-9]),\s?\\!|\\(?=[$%])|\\(?:left|right)(?![a-z])")
_IN_TEXT = re.compile(r"\\(?:text|mathrm|textbf|mathbf|mbox)\s*\{([^{}]*)\}")
_OVERLINED = re.compile(r"([0-9]{0,9})\.([0-9]{0,6})\\overline\s?\{([0-9]{1,6})\}")
_HALF_A = re.compile(r"\bhalf\s+a\s+(thousand|million|billion|dozen)\b", re.IGNORECASE)
_DEGREES = re.compile(r"\^\{?\\circ\}?|\\degree\b")
_CLOSING_DOLLAR = re.compile(r"(?<=[0-9])\$\s+(?=(?:thousand|million|billion|trillion)\b)", re.I)
_ARROW = re.compile(r"[-=]>|[\u21d2\u27f9\u2234]")
_EXPONENT = re.compile(r"\^\{(-?[0-9]+)\}")
_SIGN_WORD = re.compile(
    r"\b(?:negative|minus|moins|menos|минус)\s+(?=[0-9.$])|[负負]\s?(?=[0-9])", re.IGNORECASE
)
_BELOW_ZERO = re.compile(
    r"(?<![-0-9.,])(?P<number>[0-9]+(?:[.,][0-9]+)?)(?P<unit>\s?(?:\u00b0\s?[CF]?|degrees?|Grad|degr\u00e9s|grados|gradi|graus|graden)?(?:\s+(?:Celsius|Fahrenheit))?)"
    r"\s+(?:below|under|unter|bajo|sotto|abaixo\s+de|au-dessous\s+de|en\s+dessous\s+de|onder)\s+(?:zero|null|cero|z\u00e9ro|nul|0)\b"
    "|(?:\u96f6\u4e0b|\u6c37\u70b9\u4e0b)\\s?(?P<han>[0-9]+(?:[.][0-9]+)?)",
    re.IGNORECASE,
)
_DASH = re.compile(
    r"(?<![0-9\w)\]}])[\u2212\u2013\u2014\u2010\u2011]\s?(?=[$€£¥₹₩₽]?[0-9.])|\u2212"
)


_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6,
    "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10, "eleventh": 11, "twelfth": 12,
    "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16, "seventeenth": 17,
    "eighteenth": 18, "nineteenth": 19, "hundredth": 100, "thousandth": 1000,
}  # fmt: skip
_ENDS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "ninth": 9,
}  # fmt: skip
_PARTS.update({f"{ten[:-1]}ieth": 10 * n for n, ten in enumerate(_TENS, 2)})
_PARTS.update(
    {f"{ten}-{one}": 10 * n + v for n, ten in enumerate(_TENS, 2) for one, v in _ENDS.items()}
)
_UNIT = "|".join(sorted(_UNITS[1:], key=len, reverse=True))
_PART = re.compile(
    rf"\b(?:(?P<whole>(?:{'|'.join(_TENS)})-(?:{'|'.join(_UNITS[1:10])})"
    rf"|{'|'.join(sorted(_WORDS, key=len, reverse=True))}|[0-9]{{1,6}})\s+and\s+)?"
    rf"(?:(?P<above>an?|{_UNIT}|[0-9]{{1,3}})[\s-])?(?<!first )(?<!second )(?<!other )"
    r"(?P<below>half|halves|(?:third|quarter|fourth|fifth|sixth"
    r"|seventh|eighth|ninth|tenth)s?|(?:eleven|twelf|thirteen|fourteen|fifteen|sixteen|seventeen"
    rf"|eighteen|nineteen|hundred|thousand|(?:{'|'.join(ten[:-1] for ten in _TENS)})ie)ths"
    rf"|(?:{'|'.join(_TENS)})-(?:{'|'.join(list(_ENDS)[2:])})s)\b(?!-)",
    re.IGNORECASE,
)
_UNIT_AND_PART = re.compile(
    rf"\b(?P<count>an?|{_UNIT}|[0-9]{{1,6}})\s+(?P<unit>[a-z]{{2,12}})\s+and\s+(?P<part>a\s+(?:half|quarter))\b",
    re.IGNORECASE,
)
_AND_PART = re.compile(r"\b([0-9]{1,6}) and ([1-9]/[1-9][0-9]?)(?![0-9/])")
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fifth": 5, "eighth": 8, "ninth": 9, "twelfth": 12,
    **{f"{word}th": n for n, word in enumerate(_UNITS) if n in {4, 6, 7, 10, 11, *range(13, 20)}},
    **{f"{word[:-1]}ieth": 20 + 10 * n for n, word in enumerate(_TENS)},
}  # fmt: skip
_ORDINAL = re.compile(  # "fifteenth century", "the twenty-first"; "first, we add" is no number
    rf"\b(?:(?P<ten>{'|'.join(_TENS)})[- ])?(?P<one>{'|'.join(_ORDINALS)})\b"
    r"(?=\s+(?:century|place|position|floor|letter|day|month|week|president|element|term|row|power|grade|month)\b|\s*\.?\s*$)",
    re.IGNORECASE,
)
_FEW = 3  # words of a text that is an ordinal
_A_HUNDRED = re.compile(r"\ban?\s+(?=(?:hundred|thousand|million|billion)\b)", re.IGNORECASE)
_PERCENT_OF = re.compile("\u767e\u5206\u4e4b([0-9.]+|[零〇一二两三四五六七八九十百]+)")
_HAN_LARGE = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,8})?)\s?([\u4e07\u4ebf])")
_DOZEN = re.compile(r"\b(?:(half)\s+)?a\s+dozen\b", re.IGNORECASE)


def _part(match: re.Match[str]) -> str:
    """Return "three quarters" as 3/4 and "two and a half" as 2 1/2; an ordinal stays."""
    above, below = (match["above"] or "").casefold(), match["below"].casefold()
    if not above and below != "half":
        return match[0]
    count = _WORDS.get(above, int(above) if above.isdigit() else 1)
    part = f"{count}/{_PARTS.get(below) or _PARTS[below.removesuffix('s')]}"
    ten, _, one = (match["whole"] or "").casefold().rpartition("-")
    whole = _WORDS.get(ten, 0) + _WORDS[one] if one in _WORDS else one
    return f"{whole} {part}" if one else part


def _han_large(match: re.Match[str]) -> str:
    """Return digits with a Chinese scale, such as "1.5" and ten thousand, as one number."""
    value = Fraction(match[1]) * (10**4 if match[2] == "\u4e07" else 10**8)
    return str(value.numerator) if value.denominator == 1 else match[0]


_HAN_MIXED = re.compile(
    "(?:[0-9]{1,8}(?:\\.[0-9]{1,4})?[\u5341\u767e\u5343\u4e07\u4ebf]){2,5}(?:[0-9]{1,4})?(?![0-9])"
)
_HAN_PART = re.compile("([0-9.]+)([\u5341\u767e\u5343\u4e07\u4ebf])?")
_HAN_SIZE = {"\u5341": 10, "\u767e": 100, "\u5343": 1000, "\u4e07": 10**4, "\u4ebf": 10**8, "": 1}


def _han_mixed(match: re.Match[str]) -> str:
    """Return "3 ten thousands and 5 thousands" in Chinese as 35000."""
    parts = _HAN_PART.findall(match[0])
    total = sum(Fraction(figure.rstrip(".")) * _HAN_SIZE[scale] for figure, scale in parts)
    return str(total.numerator) if total.denominator == 1 else match[0]


@lru_cache(maxsize=4_096)
def spelled(text: str) -> str:
    """Return a short text with its number words, English and Chinese, as digits."""
    text = _A_HUNDRED.sub("one ", _HALF_A.sub(_halves, text))
    text = _PERCENT_OF.sub(lambda m: f"{m[1]}%", text)
    text = _HAN_MIXED.sub(_han_mixed, text)
    text = _HAN_LARGE.sub(_han_large, text)
    text = _DOZEN.sub(lambda m: "6" if m[1] else "12", text)
    text = _ORDINAL.sub(_ordinal, _PART.sub(_part, text))
    text = _SPELLED.sub(_english, number_words.in_digits(text))
    return _HAN.sub(_han_token, text)


def _ordinal(match: re.Match[str]) -> str:
    """Return "twenty-first" as 21st."""
    ten = 20 + 10 * _TENS.index(match["ten"].casefold()) if match["ten"] else 0
    value = ten + _ORDINALS[match["one"].casefold()]
    at_end = match.end() == len(match.string.rstrip(" ."))
    if at_end and (value <= 10 or len(match.string.split()) > _FEW):
        return match[0]  # "a third", "He came in second"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(value % 10 if value // 10 != 1 else 0, "th")
    return f"{value}{ending}"


def _moved(match: re.Match[str]) -> str:
    """Return "an hour and a half" as "one and a half hour"."""
    count = "one" if match["count"].casefold() in ("a", "an") else match["count"]
    return f"{count} and {match['part']} {match['unit']}"


def mixed(text: str) -> str:
    """Return "3 and a half" and "three hours and a half" as 3 1/2."""
    text = _UNIT_AND_PART.sub(_moved, text)
    text = _AND_PART.sub(r"\1 \2", text)
    return _PART.sub(lambda m: _part(m) if m["whole"] else m[0], text)


_REPEATING = re.compile(
    r"(?<![0-9.,])(?P<whole>[0-9]{1,9})\.(?P<first>[0-9]{0,6}?)(?P<again>[0-9]{1,6}?)(?P=again)+(?:\.{3}|\u2026)"
)


def _repeated(match: re.Match[str]) -> str:
    """Return 0.333... as 1/3, and 8.1666... as 49/6."""
    first, again = match["first"], match["again"]
    tail = Fraction(int(again), (10 ** len(again) - 1) * 10 ** len(first))
    return str(Fraction(f"{match['whole']}.{first}0") + tail)


def _halves(match: re.Match[str]) -> str:
    return f"0.5 {match[1]}"


def _overlined(match: re.Match[str]) -> str:
    """Return a repeating decimal as a fraction: 220/3 for 73 1/3 in decimals."""
    whole, start, again = match[1] or "0", match[2], match[3]
    above = int(whole + start + again) - int(whole + start)
    return str(Fraction(above, int("9" * len(again) + "0" * len(start))))


@lru_cache(maxsize=4_096)
def plain(text: str) -> str:
    """Return the text with LaTeX, raised digits, fractions and signs in plain characters."""
    text = _REPEATING.sub(_repeated, text)
    if "\\" in text or "{" in text:
        text = _OVERLINED.sub(_overlined, _SPACING.sub("", text.replace("{,}", ",")))
        text = _IN_TEXT.sub(r" \1", text)
        text = _EXPONENT.sub(r"^\1", text)
        text = _FRAC.sub(_slashed, text)
        text = re.sub(r"\\(?:times|cdot)\s?", "×", text)
        text = text.replace("\\approx", "≈").replace("\\pm", "±")
        text = _DEGREES.sub("\u00b0", text)
    text = _CLOSING_DOLLAR.sub(" ", text)
    text = _ARROW.sub("\u2192", text)
    text = _POWER.sub(lambda m: f"^{m[1].translate(_RAISED)}", text)
    text = _STARS.sub("^", text)
    text = _VULGARS.sub(lambda m: f" {_VULGAR[m[1]]}", text)
    text = _BELOW_ZERO.sub(lambda m: f"-{m['han'] or m['number']}{m['unit'] or ''}", text)
    return _SIGN_WORD.sub("-", _DASH.sub("-", text))


def _slashed(frac: re.Match[str]) -> str:
    """Return a LaTeX fraction as a/b, apart from a whole number before it (3 1/2)."""
    above, below = frac[1] or frac[3], frac[2] or frac[4]
    if below.startswith("-"):
        above, below = f"-{above}".replace("--", ""), below[1:]
    mixed = frac.start() > 0 and frac.string[frac.start() - 1].isdigit()
    return f"{' ' * mixed}{above}/{below}"


def _english(match: re.Match[str]) -> str:
    """Return number words in digits; words that make no number, such as "twenty twenty", stay."""
    total = part = 0
    for word in re.split(r"[- ]+", match[0].casefold()):
        if word in _WORDS:
            free = 100 if part % 100 == 0 else 10 if part % 10 == 0 and part % 100 >= 20 else 0
            if _WORDS[word] >= free:
                return match[0]
            part += _WORDS[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
    return str(total + part)


def _han_token(match: re.Match[str]) -> str:
    """Return Chinese digits as a number; words such as one in "unified" stay."""
    word = match[0]
    before = match.string[match.start() - 1 : match.start()]
    if before.isdigit():  # 3万: the scale of a number in digits
        scale = {"万": "0000", "亿": "00000000"}.get(word)
        return scale if scale else word
    total = part = digit = 0
    for mark in word:
        if mark in _HAN_DIGITS:
            digit = _HAN_DIGITS[mark]
        elif mark in _HAN_SCALES:
            part, digit = part + max(digit, 1) * _HAN_SCALES[mark], 0
        else:
            size = 10**4 if mark == "万" else 10**8
            total, part, digit = (total + part + digit) * size, 0, 0
    return str(total + part + digit)
