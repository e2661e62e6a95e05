"""What an explorer of tools writes: a query that it imagines, and whether a trial fulfilled one."""

import re
from collections.abc import Sequence

from manyminds.reading import loose_json
from manyminds.reading.reasoning import visible
from manyminds.reading.roles import reason_of

_VALUE = re.compile(r"\d+(?:[.,:]\d+)*|\"[^\"]+\"")
_LONGEST = 1_000  # characters of a query, and of a reason


def read_query(text: str) -> str | None:
    """Return the query in a reply: of its JSON object, or after `Query:`; None without one."""
    for found in reversed(loose_json.objects(text)):
        value = found.value.get("query") if isinstance(found.value, dict) else None
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())[:_LONGEST]
    _, label, said = visible(text).rpartition("Query:")
    return " ".join(said.split())[:_LONGEST] or None if label else None


def read_solved(text: str) -> tuple[bool, str] | None:
    """Return whether a reflection finds the query fulfilled, and why; None: it does not say."""
    for found in reversed(loose_json.objects(text)):
        value = found.value.get("solved") if isinstance(found.value, dict) else None
        if isinstance(value, bool):
            return value, reason_of(text)[:_LONGEST]
    text = visible(text)
    first = text.strip(" \n*\"'").split(maxsplit=1)[:1]
    word = first[0].strip(".,:;!*").casefold() if first else ""
    return (word == "yes", " ".join(text.split())[:_LONGEST]) if word in ("yes", "no") else None


def is_rewording(text: str, earlier: Sequence[str]) -> bool:
    """Tell whether a query is the first of `earlier` in other words, and none of them again.

    It has all numbers and quoted texts of the first.
    """
    known = {" ".join(one.casefold().split()) for one in earlier}
    kept = set(_VALUE.findall(earlier[0])) <= set(_VALUE.findall(text))
    return kept and " ".join(text.casefold().split()) not in known
