"""Keys and passwords: those that a model was made with, and texts that look like one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, SecretStr

_SECRETS = (
    r"secret|passw(?:or)?d|credential|cookie|access[-_]?key"
    r"|(?:access|auth|bearer|refresh|session|security)[-_]?token"
)
_WORD = r"[^\s\"',;]"
_MIXED = rf"(?={_WORD}{{0,64}}\d)(?={_WORD}{{0,64}}[a-z]){_WORD}"  # with a letter and a digit
_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key)[-_][A-Za-z0-9_\-*]{6,}|\bAIza[\w-]{10,}"
    r"|(?i:\bbearer\s+\S{6,}|\bauthorization[\"']?\s*[=:]\s*[\"']?(?:\w+ )?\S{6,})"
    r"|(?i:\bapi[-_ ]?key[\"']?\s*[=:]\s*[\"']?[^\s\"',]+)"
    rf"|(?i:(?:{_SECRETS})[\w-]{{0,40}}[\"']?\s{{0,9}}"
    rf"(?:=\s{{0,9}}[\"']?{_WORD}{{6,}}|:\s{{0,9}}[\"']?{_MIXED}{{10,}}))"
    rf"|(?i:(?<![\w-])token[\"']?\s{{0,9}}[=:]\s{{0,9}}[\"']?{_MIXED}{{16,}})"
    r"|(?i:(?<=[?&])[\w.-]{0,40}(?:key|token|secret|sig|pass|auth|code)[\w.-]{0,40}=[^&\s\"']+)"
    r"|(?<=://)(?!\*+@)[^/\s@]+@"
    r"|(?<=/)(?=[\w-]*\d)[\w-]{20,}(?=/v\d)"  # in the path of a URL
)
# A part of a URL's path that no person named: a long run of letters and digits.
_IN_PATH = re.compile(
    r"(?<=/)(?:[\w-]{0,64}-)?(?=[A-Za-z_]{0,64}\d)(?=\d{0,64}[A-Za-z_])\w{16,}[\w-]*(?=[/?#]|$)"
)
_URL = re.compile(r"\b[a-z][a-z\d+.-]{0,20}://[^\s\"'`<>()]+", re.IGNORECASE)
_NAMES = re.compile(
    r"api[-_]?key|secret|passw|authorization|credential|cookie|headers|(?:^|[-_])key$"
    r"|^token$|(?:access|auth|bearer|id|refresh|session|security)[-_]?token",
    re.IGNORECASE,
)
_HEADERS = re.compile(
    r"auth|key|token|cookie|secret|signature|passw|credential|session", re.IGNORECASE
)
_SHORTEST = 10  # below it are words that local servers are given, such as `EMPTY` or `ollama`
_MOST = 10_000  # objects looked at: a model may hold a whole data set, but its keys come first


def secrets_in(model: object) -> tuple[str, ...]:
    """Return each `SecretStr` in a model, or in one inside it; longest first.

    So is the text in a mapping or a URL where keys and passwords do. Use it to take keys out of
    a text: some servers repeat the key they were given, in an error or in an answer. A key that a
    client reads from the environment when it is called is not seen.
    """
    found: set[str] = set()
    seen: set[int] = set()
    waiting: list[Iterable[object]] = [[model]]
    while waiting and len(seen) < _MOST:
        for one in waiting.pop(0):
            if isinstance(one, str) and "://" in one:
                found |= {_password(one), *_IN_PATH.findall(one)}
            if id(one) in seen or isinstance(one, str | bytes | int | float | None):
                continue
            seen.add(id(one))
            if isinstance(one, SecretStr):
                found.add(one.get_secret_value())
            elif isinstance(one, BaseModel) or (is_dataclass(one) and hasattr(one, "__dict__")):
                waiting.append(vars(one).values())
            elif isinstance(one, Mapping):
                given = cast("Mapping[object, object]", one)
                found |= {part for name, value in given.items() for part in _named(name, value)}
                waiting.append(given.values())
            elif isinstance(one, list | tuple):
                waiting.append(cast("Iterable[object]", one))
    return tuple(sorted((s for s in found if len(s) >= _SHORTEST), key=len, reverse=True))


def _named(name: object, value: object) -> list[str]:
    """Return a text whose name says that it is a key, and the part after `Bearer` in it."""
    if not (isinstance(name, str) and isinstance(value, str)):
        return []
    is_secret = _HEADERS.search(name) if "-" in name else _NAMES.search(name)
    return [value, value.rpartition(" ")[2]] if is_secret else []


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters without those that are keys or may hold one, at any depth."""
    return {name: _plain(value) for name, value in values.items() if not _NAMES.search(str(name))}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return without_secrets(cast("Mapping[str, Any]", value))
    return [_plain(one) for one in value] if isinstance(value, list) else value


def without_keys(text: str) -> str:
    """Return a text with a mark in the place of everything that looks like a key."""
    text = _KEY.sub("[key]", text)
    return _URL.sub(_without_token, text) if "://" in text else text


def _without_token(url: re.Match[str]) -> str:
    return _IN_PATH.sub("[key]", url[0])


def shown_url(url: str) -> str:
    """Return an address without password, query and all that looks like a key."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    shown = parts._replace(
        netloc=f"***@{host}" if "@" in parts.netloc else host,
        query="***" if parts.query else "",
        fragment="",
    )
    return without_keys(urlunsplit(shown))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return a text with a mark in the place of each secret."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    return text
