"""JSON Lines: what is appended is read back, a torn end is dropped, and nothing in a file is too
much for the reader."""

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from manyminds.errors import DataError
from manyminds.json_lines import (
    MAX_DEPTH,
    MAX_LINE,
    LineFile,
    drop_torn_line,
    encoded,
    json_lines,
    last_line,
    parse,
    whole_lines,
)


def rows(path: Path) -> list[dict[str, Any]]:
    return [dict(row) for _, row in json_lines(path)]


def test_lines_of_several_threads_do_not_mix(tmp_path: Path) -> None:
    file = LineFile(tmp_path / "new" / "lines.jsonl")

    def write(thread: int) -> None:
        for n in range(200):
            file.append({"thread": thread, "n": n, "text": "é" * 500})

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    file.close()
    found = rows(file.path)
    assert len(found) == 800 and {len(row["text"]) for row in found} == {500}


@pytest.mark.parametrize("torn", [b"{", b'{"a": 2}', b"\xff", b'{"a": "' + b"x" * 200_000])
def test_a_torn_end_is_left_out_and_dropped(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n' + torn)
    with path.open("rb") as lines:
        assert [json.loads(line) for line in whole_lines(lines)] == [{"a": 1}]
    assert last_line(path) == b'{"a": 1}'
    drop_torn_line(path)
    assert path.read_bytes() == b'{"a": 1}\n'
    file = LineFile(path)
    file.append({"a": 3}, head={"never": "written"})
    file.close()
    assert rows(path) == [{"a": 1}, {"a": 3}]


def test_a_file_without_a_whole_line_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a"')
    assert last_line(path) is None
    file = LineFile(path)
    file.append({"a": 1}, head={"kind": "head"})
    file.close()
    assert rows(path) == [{"kind": "head"}, {"a": 1}]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [{"x": (float("-inf"), 1)}]])
def test_what_json_lacks_becomes_null(value: object) -> None:
    line = encoded({"value": value, "kept": 1.5})
    assert b"NaN" not in line and b"Infinity" not in line
    assert b"null" in line and parse(line)["kept"] == 1.5


def test_half_a_surrogate_pair_survives() -> None:
    line = encoded({"text": "a \ud83d b"})
    assert line.decode("utf-8") and parse(line) == {"text": "a \ud83d b"}


BAD = {
    "text": b"hello",
    "list": b"[1]",
    "number": b"12",
    "null": b"null",
    "deep list": b"[" * 200_000,
    "deep object": b'{"a":' * 200_000,
    "deep and whole": b'{"a":' + b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1) + b"}",
    "many digits": b'{"a": ' + b"9" * 5000 + b"}",
    "no UTF-8": b'{"a": "\xff\xfe"}',
    "torn": b'{"a": ',
    "zeros": b"\x00" * 100,
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_a_bad_line_is_one_sentence(tmp_path: Path, name: str, suffix: str) -> None:
    path = tmp_path / f"bad{suffix}"
    data = b'{"a": 1}\n' + BAD[name] + b"\n"
    path.write_bytes(gzip.compress(data) if suffix.endswith("gz") else data)
    with pytest.raises(DataError) as raised:
        rows(path)
    text = str(raised.value)
    assert text.startswith(f"{path} line 2: ") and len(text) < 400 and "\n" not in text


def test_lists_side_by_side_are_not_deep() -> None:
    assert parse(json.dumps({"a": [[n] for n in range(1000)]}).encode())


@pytest.mark.integration
def test_a_line_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.jsonl"
    with path.open("wb") as file:
        file.write(b'{"a": "')
        file.truncate(MAX_LINE + 2)
    with pytest.raises(DataError, match="longer than 64 MiB"):
        rows(path)
    with path.open("rb") as lines, pytest.raises(ValueError, match="longer than 64 MiB"):
        list(whole_lines(lines))


@pytest.mark.integration
def test_a_compressed_file_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(70):
            file.write(b" " * (1 << 20) + b"\n")
    assert path.stat().st_size < 1 << 20
    with pytest.raises(DataError, match="as large as the compressed file"):
        rows(path)


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"a": 1}\n{"a": 2}')
    assert rows(path) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("name", ["missing.jsonl", "folder"])
def test_what_cannot_be_read_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="cannot read"):
        rows(tmp_path / name)
