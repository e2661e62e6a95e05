"""What the answers of a graph depend on: results of another method, prompt or member do not mix."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from manyminds.members import Member
from manyminds.models.recorded import RecordedChatModel
from manyminds.records.about import plain


def identity_of(graph: object, name: str = "") -> dict[str, object]:
    """Return what the answers of a graph depend on, as plain data.

    Args:
        graph: The graph, not compiled; one that is not ours is known by its name alone.
        name: Its name.
    """
    return {
        "method": getattr(graph, "method", name),
        "members": list(getattr(graph, "members", {})),
        "member_options": _member_options(graph),
        "options": _options(graph),
        "prompts": _prompts(graph),
    }


def _options(graph: object) -> Mapping[str, Any]:
    """Return the options that a method's builder was given."""
    given: Mapping[str, Any] = getattr(graph, "options", {})
    return {name: value for name, value in sorted(given.items()) if name != "members"}


def _member_options(graph: object) -> dict[str, str]:
    """Return a hash of what else each member is asked with, also of those inside methods."""
    found: dict[str, str] = {}
    members: Mapping[str, Member] = getattr(graph, "members", {})
    for name, one in members.items():
        builder = getattr(one.model, "builder", None)
        inner = (_member_options(builder), _options(builder))
        own = (one.spec, one.role, plain(one.params), one.context, one.max_answer_chars)
        with_it = (*own, one.weight, one.overflow, _content(one.model), inner)
        found[name] = hashlib.sha256(repr(with_it).encode()).hexdigest()[:16]
    return found


def _content(model: object) -> str:
    """Return a hash of the file that a recorded member answers from; empty for any other."""
    if not isinstance(model, RecordedChatModel) or not model.path.is_file():
        return ""
    stat = model.path.stat()
    return _digest(model.path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _digest(path: Path, _mtime_ns: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _prompts(graph: object) -> list[str]:
    """Return name@version#hash of every prompt, also of the methods that are members."""
    members: Mapping[str, Any] = getattr(graph, "members", {})
    inner = [_prompts(getattr(member.model, "builder", None)) for member in members.values()]
    return sorted({*getattr(graph, "prompts", ()), *chain.from_iterable(inner)})
