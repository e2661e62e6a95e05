"""Commands that pay say after Ctrl-C what they keep, and do not pay for it again."""

import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.answers import write_rows
from helpers.server import Server

from manyminds.apps.cli import main
from manyminds.apps.eval_progress import EvalProgress, counting
from manyminds.evals.eval_log import Outcome
from manyminds.models.simulated.arithmetic import questions

COMMANDS: dict[str, list[str]] = {
    "eval": ["eval", "agent-forest", "--samples=2"],
    "compare": ["compare", "--methods=agent-forest", "--budget-calls=3"],
    "roles": ["roles", "--proposals=2"],
}


def pressed_after(rows: int, add: Callable[[EvalProgress, Outcome], None]) -> Callable[..., None]:
    def adding(progress: EvalProgress, outcome: Outcome) -> None:
        add(progress, outcome)
        if progress.rows == rows:
            signal.raise_signal(signal.SIGINT)

    return adding


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_kept_is_said_and_not_paid_again(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(6, 2, 1)])
    with Server(lambda _body, _k: "The answer is 4.") as server:
        members = [f"--member={name}@{server.url}" for name in ("a", "b")]
        asked = [*COMMANDS[command], *members, f"--data={data}", "--concurrency=1"]
        assert main([*asked, f"--out={tmp_path / 'whole'}"]) == 0
        alone, out = len(server.requests), tmp_path / "out"
        server.clear()
        with monkeypatch.context() as patch:
            patch.setattr(EvalProgress, "add", pressed_after(3, EvalProgress.add))
            assert main([*asked, f"--out={out}"]) == 130
        said = capsys.readouterr().err
        assert "interrupted; 3 rows of" in said
        assert f"are kept in {out}: the same command continues from there" in said
        assert main([*asked, f"--out={out}"]) == 0
        # The question in flight may have been sent; roles shares proposals within a process.
        again = 2 * 3 if command == "roles" else 0
        assert alone <= len(server.requests) <= alone + again + 3


def test_what_is_not_kept_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(tmp_path / "sums.jsonl", [dict(row) for row in questions(6, 2, 1)])
    monkeypatch.setattr(EvalProgress, "add", pressed_after(3, EvalProgress.add))
    asked = [*COMMANDS["eval"], "--member=simulated:small", f"--data={data}"]
    assert main(asked) == 130
    said = capsys.readouterr().err
    assert re.search("interrupted after [3-6] rows of 6; --out DIR would have kept them", said)


@pytest.mark.parametrize(
    ("out", "option", "said"),
    [
        (None, None, " after 2 items of 5; nothing was kept"),
        (None, "--keep FILE", " after 2 items of 5; --keep FILE would have kept them"),
        (Path("x"), "--out DIR", "; 2 items of 5 are kept in x: the same command continues"),
    ],
)
def test_counting_says_what_was_done(out: Path | None, option: str | None, said: str) -> None:
    with (
        pytest.raises(KeyboardInterrupt) as pressed,
        counting("item", 5, out, option=option) as one,
    ):
        one()
        one()
        raise KeyboardInterrupt
    assert str(pressed.value).startswith(said)
