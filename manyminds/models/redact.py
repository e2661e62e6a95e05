"""The keys that a model was made with, so that they can be taken out of what it says."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][A-Za-z0-9_\-*]{6,}|\bAIza[\w-]{10,}"
    r"|(?i:\bbearer\s+\S+|\bapi[-_ ]?key[\"']?\s*[=:]\s*[\"']?[^\s\"',]+)"
    r"|(?i:(?<=[?&])[\w.-]*(?:key|token|secret|sig|pass|auth|code)[\w.-]*=[^&\s\"']+)"
    r"|(?<=://)(?!\*+@)[^/\s@]+@"
    r"|(?<=/)(?=[\w-]*\d)[\w-]{20,}(?=/v\d)"  # in the path of a URL
)
_SHORTEST = 10  # below it are words that local servers are given, such as `EMPTY` or `ollama`
_MOST = 10_000  # objects looked at: a model may hold a whole data set, but its keys come first


def secrets_in(model: object) -> tuple[str, ...]:
    """Return what is a `SecretStr` in a model, or in one inside it; longest first.

    Use it to take keys out of a text: some servers repeat the key they were given, in an error or
    in an answer. A key that a client reads from the environment when it is called is not seen.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Iterable[object]] = [[model]]
    while waiting and len(seen) < _MOST:
        for one in waiting.pop(0):
            if id(one) in seen or isinstance(one, str | bytes | int | float | None):
                continue
            seen.add(id(one))
            if isinstance(one, SecretStr):
                found.add(one.get_secret_value())
            elif isinstance(one, BaseModel) or (is_dataclass(one) and hasattr(one, "__dict__")):
                waiting.append(vars(one).values())
            elif isinstance(one, Mapping):
                waiting.append(cast("Mapping[object, object]", one).values())
            elif isinstance(one, list | tuple):
                waiting.append(cast("Iterable[object]", one))
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST), key=len, reverse=True))


def without_keys(text: str) -> str:
    """Return a text with a mark in the place of whatever looks like a key."""
    return _KEY.sub("[key]", text)


def shown_url(url: str) -> str:
    """Return an address without password, query and whatever looks like a key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    shown = parts._replace(
        netloc=f"***@{host}" if "@" in parts.netloc else host,
        query="***" if parts.query else "",
    )
    return without_keys(urlunsplit(shown))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text with a mark in the place of each secret."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return text
