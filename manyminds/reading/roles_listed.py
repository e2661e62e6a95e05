# ruff: noqa: E501 - patterns are easier to read in one line
"""Lists that a role's reply holds: the questions of a plan, the roles of a panel."""

import re

from manyminds.reading.loose_json import Json, values
from manyminds.reading.role_text import plain, reply_of, unwrapped

_PLAN_KEYS = ("questions", "subquestions", "steps", "plan", "levels", "tasks", "subtasks")
_ROLE_KEYS = ("roles", "panel", "people", "personas", "members", "descriptions")
_ROLE_TEXTS = (
    "description",
    "roledescription",
    "prompt",
    "systemprompt",
    "instruction",
    "instructions",
    "persona",
)
_LONGEST_ROLE = 2_000
_HEAD = (
    r"(?:role(?:\s+description)?|person|member|panelist|step|sub-?question|question|level|q"
    r"|\u95ee\u9898|\u6b65\u9aa4|\u89d2\u8272|rolle|frage|schritt|r\u00f4le|\u00e9tape|rol|pregunta|paso)"
)
_NUMBERED = re.compile(
    rf"^(?:[ \t]{{0,3}}(?:\(?(\d{{1,2}})[.):\u3001]|\(?[a-h]\)|(?:first|second|third|fourth|fifth)(?:ly)?\s*[:,]|{_HEAD}\s*#?(\d{{1,2}}|(?-i:[A-H]))\s*[.:)\u2014-])[ \t]*|\u7b2c([\u4e00-\u5341\d])[\u6b65\u4e2a]\s*[:\u3001\uff0c,]\s*)",
    re.IGNORECASE | re.MULTILINE,
)
_GENERATED = re.compile(
    r"^[^\n\w]*(?:Generated\s+)?Role\s+(?:Description\s+)?\d{1,2}\s*[\]:.)]*[ \t]*",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = re.compile(r"^[ \t]*\*\*([^*\n]{1,80})\*\*\s*[:\u2014-]?\s*(\S[^\n]*)$", re.MULTILINE)
_TAGGED = re.compile(
    r"<(role|persona|person|member|expert|panelist|step|question|sub_?question|task)\b[^<>]{0,60}>\s*([^<>]{1,4000}?)\s*</\1>",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^[ \t]{0,3}[-*\u2022][ \t]+", re.MULTILINE)


def read_plan(text: str) -> list[str] | None:
    """Return the questions of a plan: a JSON list, tags, numbered lines or bullets.

    A list that ends within a question, or two numbered lists: not read.
    """
    reply = reply_of(text)
    for found in reversed(values(reply)):
        listed = _listed(
            unwrapped(found.value),
            _PLAN_KEYS,
            text_keys=("question", "subquestion", "step", "text", "ask"),
        )
        if listed is not None:
            return (listed or None) if not found.torn else None
    said = plain(reply)
    items = _tagged(said) or _numbered(said, _NUMBERED)
    if items is None:
        items = _split(said, _BULLET) if not _NUMBERED.search(said) else []
    if not items:
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        items = (
            lines
            if len(lines) > 1
            and not _NUMBERED.search(said)
            and all(line.endswith(("?", "\uff1f")) for line in lines)
            else []
        )
    return [" ".join(item.split()) for item in items] or None


def read_roles(text: str, n: int) -> list[str] | None:
    """Return the `n` roles in a reply, each at most 2,000 characters; None where it has more or fewer.

    Read are a JSON list of texts or objects, tags, blocks below numbered headings, numbered lines,
    bullets, lines that begin with a name in bold, and paragraphs that begin with "You are".
    """
    reply = reply_of(text)
    for found in reversed(values(reply)):
        listed = _listed(unwrapped(found.value), _ROLE_KEYS, text_keys=_ROLE_TEXTS)
        if listed is not None:
            return _enough(listed, n)
    said = plain(reply)
    items = (
        _tagged(said)
        or _numbered(said, _GENERATED, loose=True)
        or _numbered(said, _NUMBERED)
        or _split(said, _BULLET)
        or [f"{m[1].strip(': ')}: {m[2]}" for m in _NAMED.finditer(reply)]
    )
    if not items:
        blocks = [block.strip() for block in re.split(r"\n\s*\n", said) if block.strip()]
        items = blocks if len(blocks) == n and all(b.startswith("You are") for b in blocks) else []
    return _enough(items, n)


def _enough(items: list[str], n: int) -> list[str] | None:
    roles = [item.strip()[:_LONGEST_ROLE] for item in items if item.strip()]
    return roles if len(roles) == n else None  # which of more were meant, nobody knows


def _listed(value: Json, keys: tuple[str, ...], text_keys: tuple[str, ...]) -> list[str] | None:
    """Return the texts of the list below one of these keys, or of a list of texts."""
    if isinstance(value, dict):
        named = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in value.items()}
        inner = next((named[key] for key in keys if key in named), None)
        if isinstance(inner, dict):
            inner = list(inner.values())
    else:
        inner = value
        if isinstance(inner, list) and not all(isinstance(one, str | dict) for one in inner):
            return None
    if not isinstance(inner, list):
        return None
    texts = [_text(one, text_keys) for one in inner]
    return [text for text in texts if text]


def _text(value: Json, keys: tuple[str, ...]) -> str:
    if isinstance(value, dict):
        own = {re.sub(r"[^a-z]+", "", key.lower()): one for key, one in value.items()}
        chosen = next((own[key] for key in keys if isinstance(own.get(key), str)), None)
        parts = [chosen] if chosen is not None else list(value.values())
        return " ".join(part for part in parts if isinstance(part, str)).strip()
    return value.strip() if isinstance(value, str) else ""


def _numbered(said: str, head: re.Pattern[str], *, loose: bool = False) -> list[str] | None:
    """Return what follows each heading; None without headings, empty where they do not count up."""
    heads = list(head.finditer(said))
    if not heads:
        return None
    numbers = [re.search(r"\d+|[\u4e00-\u5341]", m[0]) for m in heads]
    digits = [int(m[0]) for m in numbers if m and m[0].isdigit()]
    if digits and digits != [*range(1, len(heads) + 1)]:
        return []
    ends = [m.start() for m in heads[1:]] + [len(said)]
    if len(heads) == 1 and not digits:  # "First, ..." may begin a sentence
        return []
    items = [said[m.end() : end] for m, end in zip(heads, ends, strict=True)]
    if not loose:  # what follows an empty line is no part of the last item
        items = [re.split(r"\n\s*\n|\n[ \t]*[-*\u2022] ", item)[0] for item in items]
        items[-1] = items[-1].split("\n")[0]
    return [item.strip() for item in items if item.strip()]


def _tagged(said: str) -> list[str]:
    """Return what tags of one name hold; nothing where one of them is not closed."""
    found = list(_TAGGED.finditer(said))
    names = {match[1].lower() for match in found}
    opened = sum(len(re.findall(rf"<{name}\b", said, re.IGNORECASE)) for name in names)
    return [match[2] for match in found] if len(names) == 1 and opened == len(found) else []


def _split(said: str, mark: re.Pattern[str]) -> list[str]:
    lines = [line for line in said.splitlines() if mark.match(line)]
    return [mark.sub("", line).strip() for line in lines]
