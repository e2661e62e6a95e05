import json
import tomllib
from pathlib import Path

import pytest

from manyminds.apps import doctor
from manyminds.apps.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _found(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENROUTER_API_KEY", "TOGETHER_API_KEY", "OPENAI_BASE_URL", "MANYMINDS_PROMPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr(doctor, "discover", lambda: ["openai:gpt-4o-mini", "ollama:llama3.1:8b"])


def test_the_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(doctor.EXTRAS) == set(project["optional-dependencies"])


def test_what_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    out = capsys.readouterr().out
    assert "sk-secret" not in out
    found = json.loads(out)
    assert found["usable"] == ["openai:gpt-4o-mini", "ollama:llama3.1:8b"]
    assert found["endpoints"]["openai"]["key"] is True
    assert found["endpoints"]["together"]["key"] is False
    assert found["endpoints"]["ollama"]["models"] == ["ollama:llama3.1:8b"]
    assert found["packages"]["langgraph"].startswith("1.")
    assert found["folders"]["temporary"]["writable"] is True


def test_a_screen_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "sk-secret" not in out
    assert "set TOGETHER_API_KEY" in out
    assert out.rstrip().endswith("manyminds ask would ask openai:gpt-4o-mini.")


def test_what_is_missing_and_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "discover", list[str])
    really = doctor.installed

    def installed(package: str) -> str | None:
        return None if package in ("math-verify", "aiohttp") else really(package)

    monkeypatch.setattr(doctor, "installed", installed)
    extras = doctor.examine()["extras"]
    assert extras["math"]["missing"] == ["math-verify"]
    assert extras["aiohttp"]["missing"] == ["aiohttp"]  # found through an extra of openai
    assert main(["doctor"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "pip install 'manyminds[math]'" in out
    assert "No model is set up" in out


def test_a_wrong_prompt_folder_is_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MANYMINDS_PROMPTS", "/nowhere")
    assert main(["doctor"]) == 0
    assert "/nowhere, which is no folder" in capsys.readouterr().out
