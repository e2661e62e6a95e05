"""Recorded answers that come with the package: `recorded:NAME`.

A bundled set holds final answers only, in columns: the questions' ids and accepted answers, and for
each model its answers to each question. Questions of others have no text and are known by their id.
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, cast

_SUFFIX = ".json.gz"


class Reply(NamedTuple):
    """One recorded reply.

    Attributes:
        answer: Final answer; None where the reply held none.
        tokens: Tokens of the call, in and out; 0 where they were not recorded.
    """

    answer: str | None
    tokens: int = 0


@dataclass(frozen=True)
class BundledSet:
    """Final answers of models to the questions of one data set.

    Attributes:
        about: Contents of the set, and how it was made.
        source: Where the answers come from.
        licence: Licence of the source.
        kind: How answers are compared; see `extractor`.
        ids: Id of each question.
        gold: Accepted answer of each question.
        groups: Kind of each question, by which figures are broken down; empty: they have none.
        replies: For each model and question, the replies by draw; none where it was not recorded.
        methods: For each method that was run next to the models, its reply to each question; None
            where it was not run.
    """

    about: str
    source: str
    licence: str
    kind: str
    ids: list[str]
    gold: list[str]
    groups: list[str]
    replies: Mapping[str, Sequence[Sequence[Reply]]]
    methods: Mapping[str, Sequence[Reply | None]]

    @cached_property
    def answers(self) -> dict[str, list[str | None]]:
        """Each model's first answer to each question. None: not recorded. Empty: it held none."""
        return {
            model: [given[0].answer or "" if given else None for given in column]
            for model, column in self.replies.items()
        }

    def rows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield place and row of each question, in the form of a file of recorded answers."""
        for place, id in enumerate(self.ids):
            samples = [
                {"model": model, "draw": draw, "text": _said(reply.answer)}
                for model, column in self.replies.items()
                for draw, reply in enumerate(column[place])
            ]
            yield f"question {place + 1}", {"id": id, "question": id, "samples": samples}


def _said(answer: str | None) -> str:
    return f"The answer is {answer}." if answer else "No answer."


def bundled_names() -> list[str]:
    """List the sets that come with the package."""
    folder = files("manyminds.models") / "recordings"
    return sorted(
        item.name.removesuffix(_SUFFIX) for item in folder.iterdir() if item.name.endswith(_SUFFIX)
    )


@lru_cache
def bundled(name: str) -> BundledSet:
    """Load a set that comes with the package, such as `gsm8k-44`.

    Raises:
        KeyError: No set has this name; `bundled_names` lists them.
    """
    path = files("manyminds.models") / "recordings" / f"{name}{_SUFFIX}"
    if not path.is_file():
        raise KeyError(name)
    found = cast("dict[str, Any]", json.loads(gzip.decompress(path.read_bytes())))
    return BundledSet(
        about=found["about"],
        source=found["source"],
        licence=found["licence"],
        kind=found.get("kind", "number"),
        ids=found["ids"],
        gold=found["gold"],
        groups=found.get("groups", []),
        replies={name: _replies(column) for name, column in found["models"].items()},
        methods={
            name: [None if one is None else _reply(*one) for one in column]
            for name, column in found.get("methods", {}).items()
        },
    )


def _replies(column: Sequence[Any]) -> list[list[Reply]]:
    """Return the replies to each question: one answer, or a list of [answer, tokens]."""
    return [
        [_reply(*one) for one in given]
        if isinstance(given, list)
        else [] if given is None else [_reply(given)]
        for given in column
    ]  # fmt: skip


def _reply(answer: str | None, tokens: int = 0) -> Reply:
    return Reply(answer or None, tokens)
