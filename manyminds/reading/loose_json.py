"""JSON as models write it: in prose, with Python's quotes, comments, bare words, or cut off.

    objects("Sure! {'stop': True, // they agree")
    -> [Found({'stop': True}, torn=False, closed=False)]

One pass over the text, whatever it holds.
"""

import math
import re
from typing import NamedTuple, TypeAlias, cast

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


class Found(NamedTuple):
    """An object or array in a text.

    Attributes:
        value: Its value, as far as it could be read. A key with two different values is None.
        torn: The text ends within a string of it.
        closed: Its closing bracket is there, and all before it could be read.
    """

    value: "dict[str, Json] | list[Json]"
    torn: bool
    closed: bool


def values(text: str) -> list[Found]:
    """Return the objects and arrays in a text, in order; inner ones belong to the outer one."""
    text = text[-_LONGEST:]
    found: list[Found] = []
    work, opening = 0, _OPENING.search(text)
    while opening is not None and work <= 2 * len(text) + 1_000:
        reader = _Reader(text, opening.start())
        value = reader.value(top=True)
        if isinstance(value, dict | list) and value:
            found.append(Found(value, reader.torn, reader.closed))
            end = reader.at
        else:
            work += _COST + reader.at - opening.start()
            end = opening.end()
        opening = _OPENING.search(text, end)
    return found


def objects(text: str) -> list[Found]:
    """Return the objects in a text, in order, those in a top-level array too."""
    found: list[Found] = []
    for value, torn, closed in values(text):
        inner = value if isinstance(value, list) else [value]
        found += [Found(one, torn, closed) for one in inner if isinstance(one, dict)]
    return found


_LONGEST = 100_000
_DEEPEST = 12
_COST = 20  # of an attempt, in characters
_OPENING = re.compile(r"[{\[]")
_SPACE = re.compile(r"(?:\s++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z))*+")
_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u300c": "\u300d"}
_NAME = re.compile(r"[A-Za-z_][\w-]{0,60}(?=\s*:)")
_BARE = re.compile(r"(?:[^\s,{}\[\]\"/]|/(?!/)| (?! *//))++")
_NUMBER = re.compile(r"[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?")
_WORDS: dict[str, Json] = {"true": True, "false": False, "null": None, "none": None, "nan": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_AFTER_KEY = re.compile(r"\s*:")
_AFTER_FIELD = re.compile(
    r"\s*(?:[}\]]|$|//|/\*|,\s*(?:[\"'\u201c\u2018}]|[A-Za-z_]\w{0,60}\s*:|//|/\*|$)"
    r"|[\"']\w{1,60}[\"']\s*:)"
)
_AFTER_ITEM = re.compile(
    r"\s*(?:[}\]]|$|//|/\*|,\s*(?:[\"'\u201c\u2018\u300c{\[\]\d.-]|true|false|null|None|//|/\*|$))",
    re.IGNORECASE,
)


class _BrokenError(Exception):
    """The text is no JSON here, nor anything like it."""


class _Reader:
    """Reads one value; `at` is where it stopped, `torn` and `closed` are as in `Found`."""

    def __init__(self, text: str, at: int) -> None:
        self.text, self.at, self.torn, self.closed = text, at, False, True

    def value(self, *, top: bool = False, depth: int = 0) -> Json:
        """Read the value that begins here; raises only below the top."""
        opening = self.text[self.at : self.at + 1]
        if opening in ("{", "["):
            if depth > _DEEPEST:
                raise _BrokenError
            self.at += 1
            whole: dict[str, Json] | list[Json] = {} if opening == "{" else []
            try:
                self._fill(whole, depth)
            except _BrokenError:
                self.closed = False
                if not top and not self._ended():
                    raise
            return whole
        if opening in _QUOTES:
            return self._string(_AFTER_ITEM)
        return self._bare()

    def _fill(self, whole: "dict[str, Json] | list[Json]", depth: int) -> None:
        closing = "}" if isinstance(whole, dict) else "]"
        while True:
            self._skip()
            if self.text[self.at : self.at + 1] == closing:
                self.at += 1
                return
            if isinstance(whole, dict):
                self._field(whole, depth)
            else:
                self._item(whole, depth)
            self._skip()
            if self.text[self.at : self.at + 1] == ",":
                self.at += 1
            elif self.text[self.at : self.at + 1] not in (closing, *_QUOTES):
                raise _BrokenError

    def _field(self, whole: dict[str, Json], depth: int) -> None:
        name = _NAME.match(self.text, self.at)
        if name is not None:
            key, self.at = name[0], name.end()
        elif self.text[self.at : self.at + 1] in _QUOTES:
            key = self._string(_AFTER_KEY)
        else:
            raise _BrokenError
        self._skip()
        if self.text[self.at : self.at + 1] != ":":
            raise _BrokenError
        self.at += 1
        self._skip()
        quoted = self.text[self.at : self.at + 1] in _QUOTES
        value = self._string(_AFTER_FIELD) if quoted else self.value(depth=depth + 1)
        if not (self.torn and isinstance(value, str)):
            whole[key] = value if key not in whole or whole[key] == value else None

    def _item(self, whole: list[Json], depth: int) -> None:
        value = self.value(depth=depth + 1)
        if isinstance(value, _Bare):
            raise _BrokenError
        if not (self.torn and isinstance(value, str)):
            whole.append(value)

    def _string(self, after: re.Pattern[str]) -> str:
        """Read a string; a quote that nothing may follow is part of it."""
        closing, start = _QUOTES[self.text[self.at]], self.at + 1
        parts: list[str] = []
        at = start
        stops = _STOPS[closing]
        while (stop := stops.search(self.text, at)) is not None:
            parts.append(self.text[at : stop.start()])
            at = stop.end()
            if stop[0] != closing:
                parts.append(_unescaped(stop[0]))
            elif after.match(self.text, at):
                self.at = at
                return "".join(parts)
            else:
                parts.append(closing)
        self.at, self.torn = len(self.text), True
        return "".join(parts)

    def _bare(self) -> Json:
        found = _BARE.match(self.text, self.at)
        if found is None:
            raise _BrokenError
        self.at = found.end()
        word = found[0].strip()
        if word.lower() in _WORDS:
            return _WORDS[word.lower()]
        if _NUMBER.fullmatch(word):
            number = float(word)
            if not math.isfinite(number):
                return None
            return int(number) if number.is_integer() and "." not in word else number
        return _Bare(word)

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        self.at = space.end() if space else self.at

    def _ended(self) -> bool:
        return self.at >= len(self.text)


class _Bare(str):
    """A word without quotes."""

    __slots__ = ()


_STOPS = {
    closing: re.compile(rf"{re.escape(closing)}|\\(?:u[0-9a-fA-F]{{4}}|.)", re.DOTALL)
    for closing in _QUOTES.values()
}


def _unescaped(escape: str) -> str:
    if len(escape) == 6:
        return chr(int(escape[2:], 16))
    return _ESCAPES.get(escape[1], escape[1])


def as_objects(value: Json) -> "list[dict[str, Json]]":
    """Return the objects in a list; empty for anything else, or if it holds something else."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return []
    return cast("list[dict[str, Json]]", value)
