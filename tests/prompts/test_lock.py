import shutil
from pathlib import Path

import pytest

from manyminds.errors import PromptError
from manyminds.prompts.loader import FOLDER
from manyminds.prompts.lock import LOCK_FILE, add, main, problems


@pytest.fixture
def released(tmp_path: Path) -> Path:
    shutil.copytree(FOLDER / "moa", tmp_path / "moa")
    add(tmp_path)
    return tmp_path


def test_every_prompt_of_the_package_is_locked_and_as_it_was_released() -> None:
    assert problems() == []


def test_the_command_says_what_it_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.v1.md"
    path.write_text("Answer in one word.")
    assert main(tmp_path) == 0 and capsys.readouterr().out == "locked x@1\n"
    assert main(tmp_path) == 0 and capsys.readouterr().out == "nothing new to lock\n"
    path.write_text("Answer in two words.")
    assert main(tmp_path) == 2 and "x@1 was edited" in capsys.readouterr().err


def test_an_edited_prompt_is_found_and_the_lock_does_not_follow(released: Path) -> None:
    path = released / "moa" / "synthesis.v1.md"
    path.write_text(path.read_text().replace("Several", "Some"))
    lock = (released / LOCK_FILE).read_text()
    (line,) = problems(released)
    assert "moa/synthesis@1 was edited" in line and "moa/synthesis.v2.md" in line
    with pytest.raises(PromptError, match="was edited after its release"):
        add(released)
    assert (released / LOCK_FILE).read_text() == lock


def test_other_line_ends_are_no_edit(released: Path) -> None:
    path = released / "moa" / "synthesis.v1.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert problems(released) == []


def test_a_missing_prompt_is_found(released: Path) -> None:
    (released / "moa" / "synthesis.v1.md").unlink()
    assert problems(released) == ["moa/synthesis@1 was released and is gone: put its file back"]


def test_a_new_version_is_reported_then_added(released: Path) -> None:
    old = (released / "moa" / "synthesis.v1.md").read_text()
    (released / "moa" / "synthesis.v2.md").write_text(old.replace("version: 1", "version: 2"))
    (line,) = problems(released)
    assert line.startswith("moa/synthesis@2 is not locked: run `python -m manyminds.prompts.lock`")
    assert add(released) == ["moa/synthesis@2"]
    assert problems(released) == []
    keys = [entry.split()[0] for entry in (released / LOCK_FILE).read_text().splitlines()]
    assert keys == ["moa/continue@1", "moa/synthesis@1", "moa/synthesis@2"]


def test_a_damaged_lock_file_is_refused_by_line(released: Path) -> None:
    (released / LOCK_FILE).write_text("moa/synthesis@1 abc\n")
    with pytest.raises(PromptError, match="line 1"):
        problems(released)
