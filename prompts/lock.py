"""The lock on released prompts: a file of hashes, so that a released text never changes.

`python -m manyminds.prompts.lock` adds the prompts that are new and refuses to change an entry.
"""

import sys
from pathlib import Path

from manyminds.errors import PromptError
from manyminds.prompts.loader import FOLDER, read_folder

LOCK_FILE = "prompts.lock"


def problems(folder: Path = FOLDER) -> list[str]:
    """Compare a folder's prompts with its lock file; return the differences, one line each."""
    locked, present = _locked(folder), _present(folder)
    changed = [
        f"{key} was edited after its release: undo that, and put the new text into "
        f"{_next_version(key, present)} with `version` raised"
        for key in locked
        if key in present and present[key] != locked[key]
    ]
    gone = [f"{key} was released and is gone: put its file back" for key in locked.keys() - present]
    new = [
        f"{key} is not locked: run `python -m manyminds.prompts.lock`"
        for key in present.keys() - locked
    ]
    return sorted([*changed, *gone, *new])


def add(folder: Path = FOLDER) -> list[str]:
    """Lock the prompts that are new.

    Returns:
        The new entries, as name@version.

    Raises:
        PromptError: a locked prompt was edited or is gone; nothing is written.
    """
    locked, present = _locked(folder), _present(folder)
    new = sorted(present.keys() - locked)
    broken = [line for line in problems(folder) if line.split(" ", 1)[0] not in new]
    if broken:
        raise PromptError("; ".join(broken))
    lines = sorted(f"{key} {digest}\n" for key, digest in {**locked, **present}.items())
    (folder / LOCK_FILE).write_text("".join(lines), encoding="utf-8", newline="\n")
    return new


def _locked(folder: Path) -> dict[str, str]:
    path = folder / LOCK_FILE
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        key, _, digest = line.partition(" ")
        if len(digest) != 64 or key in entries:
            raise PromptError(f"{path}, line {number}: expected `name@version sha256`, once a name")
        entries[key] = digest
    return entries


def _present(folder: Path) -> dict[str, str]:
    return {f"{p.name}@{p.version}": p.sha256 for p in read_folder(folder)}


def _next_version(key: str, present: dict[str, str]) -> str:
    name = key.rpartition("@")[0]
    versions = [int(k.rpartition("@")[2]) for k in present if k.rpartition("@")[0] == name]
    return f"{name}.v{max(versions) + 1}.md"


def main(folder: Path = FOLDER) -> int:
    """Lock new prompts and print their names; the exit code is 2 if a released one changed."""
    try:
        new = add(folder)
    except PromptError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(f"locked {key}" for key in new) or "nothing new to lock")
    return 0


if __name__ == "__main__":
    sys.exit(main())
