"""Number words of German, French, Spanish, Italian, Portuguese and Russian, as digits."""

import re
from functools import lru_cache

# From 0; "-" where the word is an article, an English word, or the same elsewhere.
_UNITS: tuple[str, ...] = (
    "null eins zwei drei vier f\u00fcnf sechs sieben acht neun zehn - zw\u00f6lf dreizehn vierzehn "
    "f\u00fcnfzehn sechzehn siebzehn achtzehn neunzehn",
    "z\u00e9ro - deux trois quatre cinq - - huit neuf dix onze douze treize quatorze quinze seize "
    "dix-sept dix-huit dix-neuf",
    "cero - dos tres cuatro cinco seis siete ocho nueve diez - doce trece catorce quince "
    "diecis\u00e9is diecisiete dieciocho diecinueve",
    "- - - tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici "
    "quindici sedici diciassette diciotto diciannove",
    "- - dois tr\u00eas - - - sete oito - dez - doze treze catorze quinze dezesseis dezessete "
    "dezoito dezenove",
    "\u043d\u043e\u043b\u044c - \u0434\u0432\u0430 \u0442\u0440\u0438 "
    "\u0447\u0435\u0442\u044b\u0440\u0435 \u043f\u044f\u0442\u044c "
    "\u0448\u0435\u0441\u0442\u044c \u0441\u0435\u043c\u044c "
    "\u0432\u043e\u0441\u0435\u043c\u044c \u0434\u0435\u0432\u044f\u0442\u044c "
    "\u0434\u0435\u0441\u044f\u0442\u044c "
    "\u043e\u0434\u0438\u043d\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0434\u0432\u0435\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0442\u0440\u0438\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0447\u0435\u0442\u044b\u0440\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u043f\u044f\u0442\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0448\u0435\u0441\u0442\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0441\u0435\u043c\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0432\u043e\u0441\u0435\u043c\u043d\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0434\u0435\u0432\u044f\u0442\u043d\u0430\u0434\u0446\u0430\u0442\u044c",
)
_TENS: tuple[str, ...] = (  # from 20
    "zwanzig drei\u00dfig vierzig f\u00fcnfzig sechzig siebzig achtzig neunzig",
    "vingt trente quarante cinquante soixante - quatre-vingt -",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "venti trenta quaranta cinquanta sessanta settanta ottanta novanta",
    "vinte - quarenta cinquenta sessenta setenta oitenta -",
    "\u0434\u0432\u0430\u0434\u0446\u0430\u0442\u044c "
    "\u0442\u0440\u0438\u0434\u0446\u0430\u0442\u044c \u0441\u043e\u0440\u043e\u043a "
    "\u043f\u044f\u0442\u044c\u0434\u0435\u0441\u044f\u0442 "
    "\u0448\u0435\u0441\u0442\u044c\u0434\u0435\u0441\u044f\u0442 "
    "\u0441\u0435\u043c\u044c\u0434\u0435\u0441\u044f\u0442 "
    "\u0432\u043e\u0441\u0435\u043c\u044c\u0434\u0435\u0441\u044f\u0442 "
    "\u0434\u0435\u0432\u044f\u043d\u043e\u0441\u0442\u043e",
)
_HUNDREDS = {
    "\u0441\u0442\u043e": 100, "cent": 100, "ciento": 100, "cento": 100, "doscientos": 200,
    "einhundert": 100, "trescientos": 300,
    "cuatrocientos": 400, "quinientos": 500, "seiscientos": 600, "setecientos": 700,
    "ochocientos": 800, "novecientos": 900, "duzentos": 200, "trezentos": 300, "quatrocentos": 400,
    "quinhentos": 500, "seiscentos": 600, "setecentos": 700, "oitocentos": 800, "novecentos": 900,
}  # fmt: skip
_SCALES = {
    "hundert": 100, "cents": 100, "cientos": 100, "tausend": 10**3, "mille": 10**3, "mila": 10**3,
    "mil": 10**3, "millionen": 10**6, "millions": 10**6, "millones": 10**6, "milioni": 10**6,
    "\u0442\u044b\u0441\u044f\u0447": 10**3,
}  # fmt: skip

_JOINED_UNITS = {  # behind a ten, by language
    (2, 1): "uno", (3, 1): "uno", (4, 1): "um", (4, 4): "quatro", (4, 5): "cinco", (4, 6): "seis",
    (4, 9): "nove", (5, 1): "\u043e\u0434\u0438\u043d",
}  # fmt: skip


@lru_cache(maxsize=1)
def _values() -> dict[str, int]:
    """Return the words up to a hundred with their values."""
    known = {"\u0434\u0432\u0435": 2, "quatro": 4, "cien": 100, "quatre-vingts": 80} | {
        "veintid\u00f3s": 22, "veintitr\u00e9s": 23, "veintis\u00e9is": 26
    }  # fmt: skip
    for language, (units, tens) in enumerate(zip(_UNITS, _TENS, strict=True)):
        names = units.split()
        known |= {word: n for n, word in enumerate(names) if word != "-"}
        for ten, word in enumerate(tens.split(), 2):
            if word == "-":
                continue
            known |= {word: 10 * ten}
            for one in range(1, 20 if word in ("soixante", "quatre-vingt") else 10):
                known |= {joined: 10 * ten + one for joined in _joined(language, word, one, names)}
    known.pop("-", None)
    return known | {word.casefold(): value for word, value in known.items()}  # dreissig


def _joined(language: int, ten: str, one: int, names: list[str]) -> list[str]:
    """Return how a language writes a ten with a unit: einundzwanzig, vingt et un, treinta y dos."""
    if language == 0:
        return [f"{'ein' if one == 1 else names[one]}und{ten}"]
    if language == 1:
        unit = {1: "un", 6: "six", 7: "sept"}.get(one, names[one])
        return [f"{ten}-{unit}", f"{ten} et {unit}", f"{ten}-et-{unit}", f"{ten} {unit}"]
    unit = _JOINED_UNITS.get((language, one), names[one])
    if unit == "-":
        return []
    if language == 2:
        return [f"veinti{unit}"] if ten == "veinte" else [f"{ten} y {unit}"]
    return [
        f"{ten}{unit}" if language == 3 else f"{ten} e {unit}" if language == 4 else f"{ten} {unit}"
    ]


@lru_cache(maxsize=1)
def _word() -> str:
    return _either(sorted({*_values(), *_HUNDREDS, *_SCALES}))


def _either(words: list[str]) -> str:
    """Return the pattern of the longest of some words, letter by letter: they are a thousand."""
    after: dict[str, list[str]] = {}
    for word in words:
        after.setdefault(word[:1], []).append(word[1:])
    ends = after.pop("", None)
    parts = [re.escape(letter) + _either(rest) for letter, rest in after.items()]
    joined = "|".join([*parts, ""] if ends else parts)
    return joined if len(parts) + bool(ends) < 2 else f"(?:{joined})"


@lru_cache(maxsize=1)
def _words() -> re.Pattern[str]:
    """Return what finds number words in a row; built when the first reply is read."""
    word = _word()
    return re.compile(rf"\b{word}(?:(?:\s?-?|\s(?:et|y|e)\s){word})*\b(?!-)", re.IGNORECASE)


@lru_cache(maxsize=1)
def _parts() -> re.Pattern[str]:
    return re.compile(_word(), re.IGNORECASE)


def in_digits(text: str) -> str:
    """Return a short text with its number words as digits: "cuatro mil" is 4000.

    Words that are also English, or articles (elf, once, un, sept), stay.
    """
    return _words().sub(_digits, text)


def _digits(match: re.Match[str]) -> str:
    words = [word.casefold() for word in _parts().findall(match[0])]
    if len(words) == 1 and words[0] in (*_SCALES, "cent"):
        return match[0]
    total = part = 0
    for word in words:
        size = _SCALES.get(word)
        if size is None:
            own = _HUNDREDS[word] if word in _HUNDREDS else _values()[word]
            if part and own >= 100 and word in _HUNDREDS and part < 100:
                own, part = part * own, 0  # deux cent
            elif part and (part % 100 or own >= 100):  # two numbers in a row
                return match[0]
            part += own
        elif size == 100:
            part *= 100
        else:
            total, part = total + max(part, 1) * size, 0
    return str(total + part)
