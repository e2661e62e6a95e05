"""`manyminds plan`: no key, no model, no network."""

import json
from pathlib import Path

import pytest
from helpers.answers import write_rows

from manyminds.apps.cli import main
from manyminds.models.simulated.arithmetic import questions

FAST = ["--rehearse", "8"]


def planned(capsys: pytest.CaptureFixture[str], *given: str) -> dict[str, object]:
    assert main(["plan", *given, *FAST, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_models_without_a_key_are_planned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    members = ["--member", "openai:gpt-4o-mini", "--member", "openai:gpt-4o"]
    options = ["--layers", "3", "--price", "1,2", "--price", "openai:gpt-4o=10,20"]
    found = planned(capsys, "-m", "moa", *members, *options, "--questions", "50")
    assert (found["calls"], found["most"], found["bounded"]) == (5, 5, True)
    total = found["total"]
    assert isinstance(total, dict) and total["calls"] == 250
    assert isinstance(found["dollars"], float) and found["dollars"] > 0
    cheap = planned(capsys, "-m", "moa", *members, "--layers", "3", "--price", "1,2")
    assert isinstance(cheap["dollars"], float) and cheap["dollars"] < found["dollars"]


def test_an_unknown_price_is_said_and_accuracy_is_called_simulated(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--member", "ollama:llama3.1", "--accuracy", "0.9", "--samples", "5"]
    assert main(["plan", "-m", "agent-forest", *given, *FAST]) == 0
    out = capsys.readouterr().out
    assert "unknown: add --price IN,OUT" in out and "SIMULATED" in out
    assert "5.0 a question, 5 at least, 5 at most by its formula" in out


def test_a_pilot_gives_accuracy_length_and_the_vote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(20, 5, 1)])
    pilot = ["--member", "simulated:large", "--samples", "5", "--out", str(tmp_path / "pilot")]
    assert main(["eval", "agent-forest", "--data", str(data), *pilot, "--no-record"]) == 0
    capsys.readouterr()
    given = ["--member", "openai:gpt-4o-mini", "--pilot", str(tmp_path / "pilot")]
    found = planned(capsys, "-m", "agent-forest", *given, "--samples", "3", "--data", str(data))
    assert found["questions"] == 20 and isinstance(found["pilot_accuracy"], float)
    assert found["pilot_accuracy"] > 0.8
    assert isinstance(found["output_tokens"], float) and 3 * 20 < found["output_tokens"] < 3 * 80
    more = planned(capsys, "-m", "agent-forest", *given, "--samples", "9")
    assert more["pilot_accuracy"] is None, "the pilot has five samples only"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--accuracy", "much"], "write [MODEL=]SHARE"),
        (["--accuracy", "3"], "give a share from 0 to 1"),
        (["--price", "cheap"], "--price cheap is not understood"),
        (["--pilot", "nowhere"], "give a folder that `manyminds eval`"),
        (["--set", "layer=3"], "did you mean layers?"),
    ],
)
def test_what_cannot_be_planned(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "-m", "moa", "--member", "simulated:small", *given, *FAST]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_auto_puts_models_without_a_key_in_order_of_price_and_names_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    named = ["openai:gpt-4o", "openai:gpt-4o-mini"]
    members = [word for name in named for word in ("--member", name)]
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    with_key = planned(capsys, "-m", "auto", *members)
    monkeypatch.delenv("OPENAI_API_KEY")
    without = planned(capsys, "-m", "auto", *members)
    assert without["members"] == with_key["members"] == named[::-1]
    assert isinstance(without["dollars"], float), "listed prices need no key"
    assert main(["plan", "-m", "auto", *members, *FAST]) == 0
    assert "openai:gpt-4o-mini, openai:gpt-4o" in capsys.readouterr().out
