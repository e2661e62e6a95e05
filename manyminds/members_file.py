"""Members in a file, with weights: `manyminds select` writes it and every builder reads it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from manyminds.errors import DataError
from manyminds.json_lines import MAX_LINE, parse
from manyminds.models.strings import ENDPOINTS

FIELDS = (
    *("model", "name", "weight", "role", "params", "timeout", "retries", "price", "context"),
    *("concurrency", "requests_per_minute", "tokens_per_minute", "max_answer_chars", "overflow"),
    "samples_per_request",
)


def read_members(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """Return the model string and the `Member` options of each member in a file.

    The file is a JSON object with "members", a list of objects with "model" and, where wanted,
    options of `Member` that JSON can hold (`FIELDS`); other keys are notes.

    Raises:
        DataError: the file cannot be read, or a member in it has no model.
    """
    try:
        with path.open("rb") as file:
            text = file.read(MAX_LINE + 1)
        if len(text) > MAX_LINE:
            raise ValueError(f"larger than {MAX_LINE >> 20} MiB")
        content = parse(text.removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise DataError(f"{path} is no file of members: {error}") from None
    listed = content.get("members")
    if not isinstance(listed, list) or not listed:
        raise DataError(f'{path} has no "members": write them with `manyminds select --out {path}`')
    return [_member(path, number, each) for number, each in enumerate(listed, 1)]


def _member(path: Path, number: int, given: object) -> tuple[str, dict[str, Any]]:
    if not isinstance(given, Mapping) or not isinstance(given.get("model"), str):
        raise DataError(f'{path}, member {number}: give it a "model", such as openai:gpt-4o-mini')
    fields = cast("Mapping[str, Any]", given)
    if _sends_a_secret(fields["model"]):
        raise DataError(
            f"{path}, member {number}: a file may not send a key to an address of its own; give "
            "this member in the program or on the command line"
        )
    return fields["model"], {name: fields[name] for name in FIELDS[1:] if name in fields}


def _sends_a_secret(model: str) -> bool:
    """Return whether a model string names both an address and a key, or an endpoint with a key."""
    name, at, _url = model.strip().partition("@http")
    return bool(at) and ("#key=" in model or name.partition(":")[0] in ENDPOINTS)
