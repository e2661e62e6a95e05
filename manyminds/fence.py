"""The fence around members' answers: numbered blocks that no text can leave, open or forge.

A block is `<answer number="1">`, the text, `</answer>`. Inside a text, whatever reads like such a
tag gets its bracket written as an entity, and nothing else is touched: code and mathematics stay
as they are, the same text always gives the same prompt, and the way back is exact.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, repeat

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff"
)
_BRACKETS = "<\u02c2\u2039\u27e8\u3008\ufe64\uff1c"
_SLASHES = r"/\\\u2044\u2215\u29f8\uff0f"
# Blocks of Unicode that hold look-alikes of Latin letters (superscript, circled, wide, bold, ...).
_LOOKALIKE_BLOCKS = [
    (0x00AA, 0x0180),
    (0x02B0, 0x02E5),
    (0x1D2C, 0x1DC0),
    (0x2070, 0x209D),
    (0x2100, 0x2150),
    (0x24B6, 0x24EA),
    (0xFF21, 0xFF5B),
    (0x1D400, 0x1D6A4),
]
_OTHER_SCRIPTS = {"a": "аА", "e": "еЕ", "s": "ѕЅ", "w": "ԝԜ", "n": "ո"}


def _letters(word: str) -> list[str]:
    """Give, for each letter of a word, a character class of everything that looks like it."""
    alike = {letter: letter + letter.upper() + _OTHER_SCRIPTS.get(letter, "") for letter in word}
    for first, end in _LOOKALIKE_BLOCKS:
        for char in map(chr, range(first, end)):
            plain = unicodedata.normalize("NFKC", char).casefold()
            if plain in alike:
                alike[plain] += char
    return [f"[{alike[letter]}]" for letter in word]


# Possessive quantifiers (*+) keep every pattern linear: nothing is tried twice.
_GAP = rf"[\s{_INVISIBLE}]*+"
_WORD = f"[{_INVISIBLE}]*+".join(_letters("answer"))
_TAG_FOLLOWS = rf"(?={_GAP}(?:[{_SLASHES}]{_GAP})*+{_WORD})"
_ENTITY = rf"(?:amp;)*+(?:lt|{'|'.join(f'#{ord(c)}' for c in _BRACKETS[1:])});"

# A pattern that starts with one plain class is searched three times as fast as one that does not.
_DANGER = re.compile(rf"[{_BRACKETS}&](?:(?<!&)|{_ENTITY}){_TAG_FOLLOWS}")
_ESCAPED = re.compile(rf"&{_ENTITY}{_TAG_FOLLOWS}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_EDGE = re.compile(
    r'<answer number="([0-9]{1,9})"(?: given-by="([0-9]{1,9}) of [0-9]{1,9}")?>\n|\n</answer>'
)


FENCE = '<answer number="'
"""How a numbered block begins."""
_OPENING = re.compile(r'<answer number="?[0-9]{1,9}"?(?: given-by="[0-9 of]{1,24}")?>[ \t]*\n?')
_ECHO = re.compile(rf"{_OPENING.pattern}|</answer>")
_CUT_MARK = 40  # bytes that say how much of a text was left out
_OTHERS = re.compile(r"<answer\s*>")


def numbered(
    texts: Iterable[str],
    *,
    start: int = 1,
    limit: int = 100_000,
    given_by: Sequence[int] | None = None,
    members: int = 0,
) -> str:
    r"""Write answers as numbered, fenced blocks for a prompt.

    Use it in every prompt in which one model reads what another wrote. Whatever a text holds
    (closing tags in any disguise, other numbers, instructions), as many blocks come out as texts
    went in.

    Args:
        texts: the answers, in the order of their numbers.
        start: the first number.
        limit: the longest text, in characters; a longer one is cut, with a mark.
        given_by: number of members that gave each answer, where equal answers are shown once.
        members: number of members that answered, with `given_by`.

    Returns:
        The blocks, one `<answer number="1">\n...\n</answer>` after the other, a newline between.
    """
    marks = chain((f' given-by="{count} of {members}"' for count in given_by or []), repeat(""))
    return "\n".join(
        f'<answer number="{number}"{mark}>\n{escaped(text, limit=limit)}\n</answer>'
        for (number, text), mark in zip(enumerate(texts, start), marks, strict=False)
    )


@lru_cache(maxsize=64)  # each reviewer of a council is shown the same answers
def escaped(text: str, *, limit: int = 100_000) -> str:
    """Make one text safe for a prompt, inside a block or outside the blocks.

    Use it for other text that a model wrote: a role, a lesson, a remark. Control characters other
    than newline and tab are removed, as are lone surrogates, which no request can carry.

    Args:
        text: text that a model wrote.
        limit: the longest text, in characters; a longer one is cut, with a mark.

    Returns:
        The text, with an entity in place of the bracket of everything that reads like our tag.
    """
    text = _CONTROL.sub("", text)
    if len(text) > limit:
        text = f"{text[:limit]}\n[cut here: {len(text) - limit} more characters]"
    return _DANGER.sub(_escape, text)


def parse_numbered(text: str) -> list[tuple[int, str]]:
    """Read numbered blocks back out of a prompt.

    The inverse of `numbered`: texts without control characters and within the limit come back
    exactly. An opening tag without its end is passed over.

    Args:
        text: a prompt, or any text.

    Returns:
        Number and text of each block, in order of appearance.
    """
    return [(int(opening[1]), inside) for opening, inside in _blocks(text)]


def counts(text: str) -> Mapping[int, int]:
    """Read by how many members each numbered answer in a prompt was given; 1 where it does not say.

    Args:
        text: a prompt.
    """
    return {int(opening[1]): int(opening[2] or 1) for opening, _ in _blocks(text)}


def block_sizes(text: str) -> list[int]:
    """Return the bytes of each numbered block in a prompt."""
    return [
        len(text[opening.end() : end].encode(errors="replace")) for opening, end in _spans(text)
    ]


def with_short_blocks(text: str, limit: int) -> str:
    """Return a prompt whose numbered blocks have at most about `limit` bytes each.

    A longer one keeps its beginning and its end, where an answer usually stands, and says between
    them how much was left out.

    Args:
        text: A prompt.
        limit: Bytes of a block.
    """
    parts, done = [], 0
    for opening, end in _spans(text):
        inside = text[opening.end() : end].encode(errors="replace")
        if len(inside) > limit:
            half = max(0, limit - _CUT_MARK) // 2
            head, tail = inside[:half], inside[len(inside) - half :]
            first, last = head.decode(errors="ignore"), tail.decode(errors="ignore")
            left = end - opening.end() - len(first) - len(last)
            parts += [text[done : opening.end()], f"{first}\n[{left} characters left out]\n{last}"]
            done = end
    return "".join([*parts, text[done:]])


def _spans(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield the opening tag of each block, and where its text ends."""
    opening: re.Match[str] | None = None
    for edge in _EDGE.finditer(text):
        if edge[1]:
            opening = edge
        elif opening:
            yield opening, edge.start()
            opening = None


def _blocks(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """Yield the opening tag and the text of each block."""
    for opening, end in _spans(text):
        yield opening, _ESCAPED.sub(_unescape, text[opening.end() : end])


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith("&"):  # the text itself says &lt;answer: one level deeper
        return "&amp;" + found[1:]
    return "&lt;" if found == "<" else f"&#{ord(found)};"


def _unescape(match: re.Match[str]) -> str:
    found = match[0]
    if found.startswith("&amp;"):
        return "&" + found[5:]
    return "<" if found == "&lt;" else chr(int(found[2:-1]))


def without_fence(text: str) -> str:
    """Return a reply without the tags of manyminds that it repeats; the text between them stays.

    Use it on replies to prompts with numbered blocks only: small models copy the form. A tag
    `<answer>` without a number is not ours, so its end stays as well.

    Args:
        text: Text that a model wrote.
    """
    if not _ECHO.search(text):
        return text
    ours = _OPENING if _OTHERS.search(text) else _ECHO
    return ours.sub("", text).strip()


def in_one_line(text: str) -> str:
    """Return model-written text escaped and in one line, for lists in which a line is an item.

    A text with line breaks could pose as further items, or as the instruction after the list.
    """
    return " ".join(escaped(text).split())
