"""Recorded answers that come with the package: `recorded:NAME`.

A bundled set holds final answers only, in columns: ids and accepted answers of the questions, and
one answer per model and question. It has no texts: a question is known by its id.
"""

import gzip
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple, cast

_SUFFIX = ".json.gz"


class BundledSet(NamedTuple):
    """Final answers of several models to the questions of one data set.

    Attributes:
        about: What the set holds.
        source: Where the answers were published, with commit and folder.
        licence: Licence of the source.
        ids: Id of each question.
        gold: Accepted answer of each question.
        answers: For each model, its answer to each question. None: not recorded. Empty: the model's
            reply held no answer.
    """

    about: str
    source: str
    licence: str
    ids: list[str]
    gold: list[str]
    answers: Mapping[str, list[str | None]]

    def rows(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield place and row of each question, in the form of a file of recorded answers."""
        for position, id in enumerate(self.ids):
            samples = [
                {"model": model, "text": f"The answer is {answer}." if answer else "No answer."}
                for model, column in self.answers.items()
                if (answer := column[position]) is not None
            ]
            yield f"question {position + 1}", {"id": id, "question": id, "samples": samples}


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
        ids=found["ids"],
        gold=found["gold"],
        answers=found["models"],
    )
