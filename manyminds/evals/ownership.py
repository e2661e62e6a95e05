"""Who may write to a folder or file of results: one command at a time, of one configuration."""

import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from manyminds.errors import DataError, InputError
from manyminds.json_lines import parse

try:
    import fcntl
except ImportError:  # Windows has no flock
    fcntl = None  # type: ignore[assignment]


class WriterLock:
    """Lock of a folder, or of a file, which this process holds until `close`.

    A killed process holds it no longer.

    Args:
        path: A folder that exists, or a file, which is made if it is missing.
        what: What writes to it, for the message.
        option: Option that chooses another one, for the message.

    Raises:
        InputError: Another process or run writes to it.
        OSError: It cannot be written.
    """

    def __init__(self, path: Path, *, what: str = "command", option: str = "--out") -> None:
        self._file: FileIO | None = (path / "lock" if path.is_dir() else path).open(
            "ab", buffering=0
        )
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise InputError(
                f"another {what} is writing to {path}: wait until it ends, or choose another "
                f"{'folder' if path.is_dir() else 'file'} with {option}"
            ) from None
        except OSError:  # a file system without locks
            pass

    def close(self) -> None:
        """Release it."""
        if self._file is not None:
            self._file.close()
            self._file = None


@contextmanager
def one_writer(
    path: Path | None, *, what: str = "command", option: str = "--out", folder: bool = False
) -> Generator[None]:
    """Hold the lock of a folder or file while the block runs; None: nothing is kept.

    Args:
        path: The folder or file; what is missing is made.
        what: What writes to it, for the message.
        option: Option that chooses another one, for the message.
        folder: Whether it is a folder.

    Raises:
        InputError: Another process or run writes to it, or it cannot be written.
    """
    if path is None:
        yield
        return
    try:
        (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
        lock = WriterLock(path, what=what, option=option)
    except OSError as error:
        raise InputError(
            f"cannot write to {path}: {error.strerror}; choose another with {option}"
        ) from None
    try:
        yield
    finally:
        lock.close()


def claim(
    path: Path, config: Mapping[str, object], *, results: Path, holds: str, other: str
) -> None:
    """Write the configuration of results, or check that it is the same as that of those there.

    Args:
        path: File of the configuration.
        config: What the results depend on.
        results: File of the results; an empty one belongs to nobody yet.
        holds: Where the results are, and of what they are, for the message.
        other: What to do instead, for the message.

    Raises:
        InputError: There are results of another configuration, or it cannot be written.
        DataError: The file is damaged.
    """
    plain = json.loads(json.dumps(config))
    try:
        begun = results.stat().st_size > 0
        if not path.exists() or (not path.stat().st_size and not begun):
            write_whole(path, json.dumps(plain, indent=2) + "\n")
            return
        known = parse(path.read_bytes())
    except OSError as error:
        raise InputError(f"cannot write to {path}: {error.strerror}; {other}") from None
    except ValueError:
        raise DataError(f"{path} is not valid JSON: {other}") from None
    differ = [key for key in {**known, **plain} if known.get(key) != plain.get(key)]
    if differ and not begun:
        write_whole(path, json.dumps(plain, indent=2) + "\n")
    elif differ:
        raise InputError(f"{holds}, with a different {', '.join(differ)}: {other}")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that no process ever sees a part of it."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
