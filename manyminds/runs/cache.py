"""The keys by which calls find earlier answers, and the cache that holds answers for all runs.

Calls are keyed by member, prompt, parameters and draw number.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage

from manyminds.protocols import Cache
from manyminds.state import NO_TOKENS, Candidate

_NAMESPACE = ("manyminds", "answers")

as_json = json.JSONEncoder(default=str).encode
"""Encodes anything as JSON. One encoder for all: creating it takes longer than encoding."""


class Cached:
    """Answers in one of LangGraph's caches, for all runs: a repeated run costs nothing.

    Args:
        cache: such as `InMemoryCache()` or `SqliteCache(path=...)`.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def get(self, key: str) -> Candidate | None:
        """Return the answer to a call, as one that cost nothing."""
        full = (_NAMESPACE, key)
        found = (await self._cache.aget([full])).get(full)
        if found is None or not _is_answer(found):  # a foreign entry is replaced
            return None
        free = {"usage": dict(NO_TOKENS), "cost": 0.0, "attempts": 0, "reused": "cache"}
        return Candidate(**{**found, **free})  # type: ignore[typeddict-item]  # as it was put

    async def put(self, key: str, candidate: Candidate) -> None:
        """Keep an answer; one of a method is not kept, for those of its members are."""
        if "nested" not in candidate:
            await self._cache.aset({(_NAMESPACE, key): (dict(candidate), None)})


_FORMS: Mapping[str, type] = {"text": str, "content": list, "tool_calls": list, "reasoning": str}


def _is_answer(found: object) -> bool:
    """Return whether an entry of a cache is the answer of a call, as one was put."""
    if not isinstance(found, Mapping):
        return False
    entry = cast("Mapping[str, object]", found)
    whole = entry.get("status") == "ok" and {"text", "member"} <= entry.keys()
    return whole and all(isinstance(entry.get(key, of()), of) for key, of in _FORMS.items())


def cache_key(prompt: Sequence[BaseMessage], params: Mapping[str, Any]) -> str:
    """Return a hash of the prompt and the sampling parameters."""
    return key_from_hash(prompt_hash(prompt), params)


def key_from_hash(prompt: str, params: Mapping[str, Any]) -> str:
    """Return the key of `cache_key`, from a prompt's hash."""
    return _hash(prompt, *chain.from_iterable(sorted(params.items())))


def prompt_hash(prompt: Sequence[BaseMessage]) -> str:
    """Return a hash of a prompt; messages count by role and content, not by id."""
    return _hash(*[(one.type, one.name, one.content, *_calls(one)) for one in prompt])


def _calls(message: BaseMessage) -> tuple[object, ...]:
    return (message.tool_calls,) if isinstance(message, AIMessage) and message.tool_calls else ()


def _hash(*parts: object) -> str:
    try:
        return _hash_of(*parts)
    except TypeError:  # images, tool calls and lists of stop words cannot be looked up
        return _hash_of.__wrapped__(*parts)


# The samples of a question are asked alike, one after the other. Typed, because 1.0 is not 1.
@lru_cache(128, typed=True)
def _hash_of(*parts: object) -> str:
    return hashlib.sha256(as_json(parts).encode()).hexdigest()[:32]
