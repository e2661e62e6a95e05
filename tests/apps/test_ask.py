import io
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from manyminds.apps import choose
from manyminds.apps.cli import main
from manyminds.apps.flags import Limits
from manyminds.models import strings
from manyminds.registry import methods
from manyminds.server.config import Ensemble
from manyminds.state import TokenUsage

QUESTION = "Start with 7. Add 5. Multiply by 3. What is the result?"
RUN = [sys.executable, "-m", "manyminds", "ask"]
SMALL = ["--member", "simulated:small"]


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    """Ask with --json and return the object."""
    assert main(["ask", "--json", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    found: dict[str, object] = json.loads(out)
    return found


@pytest.fixture(autouse=True)
def _nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "discover", list[str])


def test_prints_the_answer_then_how_it_came_about(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--member", "simulated:large", "--samples", "20", QUESTION]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    answer, how = out.split("\n\n")
    assert "The answer is 36." in answer
    assert "20 calls to large" in how
    assert re.search(r"votes +36 █+ +\d+", how)
    assert "no real model was" in how
    assert "tokens" in how and "cost unknown" in how


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, *SMALL, "--samples", "7", "--price", "1,2", QUESTION)
    assert found["question"] == QUESTION
    assert found["method"] == "agent-forest"
    assert found["simulated"] is True and found["degraded"] is None
    assert found["calls"] == 7
    assert isinstance(found["cost"], float) and found["cost"] > 0
    votes = found["votes"]
    assert isinstance(votes, list)
    assert sorted(i for group in votes for i in group["indices"]) == list(range(7))


def test_a_price_that_was_given_wins_over_the_listed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    chosen, _ = choose.choose_method(None, ["openai:gpt-4o-mini"], {})
    usage = TokenUsage(input_tokens=1_000_000, output_tokens=0)

    def cost(prices: list[str]) -> float | None:
        limits = Limits(dollars=1, price=prices)
        graph = choose.build(chosen, ["openai:gpt-4o-mini"], {}, limits=limits)
        return graph.members["gpt-4o-mini"].cost_of(usage)

    assert cost(["7,1"]) == 7
    assert cost(["gpt-4o-mini=6,1", "7,1"]) == 6
    assert cost([]) == pytest.approx(0.15)


@pytest.mark.parametrize("provider", ["simulated:", ""])
def test_a_preset_takes_the_prices_of_models_with_or_without_provider(
    capsys: pytest.CaptureFixture[str], provider: str
) -> None:
    prices = {"small": "0.1,0.2", "medium": "1,2", "large": "5,15"}
    members = [text for name in prices for text in ("--member", f"simulated:{name}")]
    priced = [
        text for name, price in prices.items() for text in ("--price", f"{provider}{name}={price}")
    ]
    given = ["-m", "fusion", "--set", "preset=balanced", *members, *priced]
    assert main(["ask", "--no-record", *given, QUESTION]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "preset balanced: small ($0.0002), medium ($0.0020) for a call" in out
    assert main(["plan", *given, "--rehearse", "1"]) == 0, "a plan knows them, too"
    capsys.readouterr()
    assert (
        main(["ask", "--no-record", "-m", "moa", "--set", "preset=budget", *members, QUESTION]) == 2
    )
    assert (
        "simulated:small, simulated:medium, simulated:large is unknown" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "method"),
    [
        (SMALL, "agent-forest"),
        ([*SMALL, *SMALL], "agent-forest"),
        ([*SMALL, "--member", "simulated:large"], "moa"),
        ([*SMALL, "--member", "simulated:large", "--samples", "4"], "agent-forest"),
        ([*SMALL, "--layers", "2"], "moa"),
        (["--method", "self-moa", *SMALL, "--samples", "3"], "self-moa"),
        (["--method", "auto", *SMALL], "agent-forest"),
        (["--method", "auto", *SMALL, "--member", "simulated:large"], "cascade"),
        (["--method", "auto", *SMALL, "--member", "simulated:large", "--cut"], "agent-forest"),
    ],
)
def test_the_method_suits_members_and_options(
    arguments: list[str], method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(capsys, *arguments, QUESTION)["method"] == method


@pytest.mark.parametrize("name", methods())
def test_every_method_answers(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "-m", name, "--member", "simulated:large", QUESTION]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "no real model was asked" in " ".join(out.split())


def test_any_option_can_be_set(capsys: pytest.CaptureFixture[str]) -> None:
    debaters = ["--member", "simulated:small", "--member", "simulated:large"]
    options = ["-s", "rounds=3", "--set", "consensus=false", "-s", "summarize=simulated:large"]
    found = asked(capsys, "-m", "debate", *debaters, *options, "--judge", "simulated:medium", "q?")
    roles, played = found["roles"], found["roles_played_by"]
    assert isinstance(roles, dict) and isinstance(played, dict)
    assert roles["debater"]["calls"] == 6
    assert played["judge"] == ["medium"] and played["summarizer"] == ["large"]


def test_a_simulated_judge_is_said_to_be_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps({"id": "1", "question": "q?", "samples": ["The answer is 1."] * 4}))
    judges = "judge=simulated:small,simulated:large"
    options = ["-m", "debate", "--member", f"recorded:{file}", "-s", judges]
    assert asked(capsys, *options, "q?")["simulated"] is True


def test_a_proposer_that_aggregates_is_one_member(capsys: pytest.CaptureFixture[str]) -> None:
    both = [*SMALL, "--member", "simulated:large"]
    found = asked(capsys, "-m", "moa-lite", *both, "--aggregator", "simulated:large", QUESTION)
    members = found["members"]
    assert isinstance(members, dict)
    assert {name: row["calls"] for name, row in members.items()} == {"small": 1, "large": 2}


def test_the_seed_decides_the_order(capsys: pytest.CaptureFixture[str]) -> None:
    both = [*SMALL, "--member", "simulated:large", "--method", "agent-forest", "--samples", "3"]

    def calls(seed: int) -> list[tuple[str, int]]:
        members = asked(capsys, *both, "--seed", str(seed), QUESTION)["members"]
        assert isinstance(members, dict)
        return sorted((name, row["calls"]) for name, row in members.items())

    assert calls(3) == calls(3)
    assert len({str(calls(seed)) for seed in range(6)}) == 2


def test_what_is_missing_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    members = ["--member", "simulated:large", "--member", "simulated:bad?skill=0.5&fail=1"]
    assert main(["ask", "-m", "agent-forest", "--timeout", "0.2", *members, QUESTION]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Degraded: 5 of 10 calls gave no answer (")
    assert "5 of 10 gave no vote" in out
    assert "bad: " in out and "5 failed" in out


def test_a_budget_ends_the_run_with_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, *SMALL, "--budget-calls", "3", QUESTION)
    assert found["calls"] == 3
    assert "budget of 3 calls" in str(found["degraded"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layers", "2", "-m", "agent-forest"], "does not take layers: it takes samples"),
        (["--layers", "2", "--vote", "bleu"], "does not take layers"),
        (["-m", "debate", "-s", "round=3"], "does not take round (did you mean rounds?)"),
        (["-m", "debate", "-s", "rounds=x"], "debate: rounds=x is not understood: give a whole"),
        (["-m", "debate", "-s", "judge=gtp"], "gtp"),
        (["-s", "rounds"], "--set rounds is not understood: write NAME=VALUE"),
        (["--samples", "3", "-s", "samples=4"], "samples is given twice"),
        (["--budget-dollars", "1"], "needs prices: add --price"),
        (["--price", "cheap"], "--price cheap"),
        (["--price", "1,-2"], "--price 1,-2"),
        (["--price", "lage=1,2"], "no member lage; there is simulated:small"),
        (["--budget-seconds", "nan"], "--budget-seconds nan: give more than 0"),
        (["--budget-calls", "0"], "--budget-calls 0: give more than 0"),
        (["--timeout", "0"], "timeout"),
        (["--stop", "bta:0.9"], "beta"),
        (["--vote", "mayority"], "majority"),
        (["--extract", "numbr"], "number"),
        (["--member", "simulated:large", "-m", "self-moa"], "give --member once"),
    ],
)
def test_options_that_do_not_fit(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", *SMALL, *arguments, QUESTION]) == 2
    out, err = capsys.readouterr()
    assert out == "" and said in err and err.count("\n") == 1


def test_a_small_model_is_introduced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strings, "discover", lambda: ["local:smollm2"])
    monkeypatch.setenv("MANYMINDS_MODELS", "/nowhere")
    assert main(["ask", QUESTION]) == 2  # its weights are gone by now
    err = capsys.readouterr().err
    assert err.startswith("asking local:smollm2") and "135 million parameters" in err


def test_without_a_model_three_lines_say_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", QUESTION]) == 2
    err = capsys.readouterr().err.splitlines()
    assert len(err) == 3
    assert "manyminds models get smollm2" in err[0]
    assert "OPENAI_API_KEY" in err[1] and "ollama:" in err[1]
    assert "simulated:medium" in err[2]
    # What it proposes works.
    question = re.search(r"'(.*)'", err[2])
    assert question and main(["ask", "--member", "simulated:medium", question[1]]) == 0
    assert "The answer is 12." in capsys.readouterr().out


def test_the_first_model_found_is_asked_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(strings, "discover", lambda: ["simulated:large", "simulated:small"])
    assert choose.choose_members([]) == ["simulated:large"]
    assert main(["ask", QUESTION]) == 0
    out, err = capsys.readouterr()
    assert err == "asking simulated:large, the first model found\n"
    assert "calls to large" in out


@pytest.mark.parametrize(
    ("given", "arguments", "said"),
    [
        (b"  \n", ["-"], "empty"),
        (b"\xff\xfe", ["-"], "UTF-8"),
        (b"", ["what", "is", "this"], "quotes"),
    ],
)
def test_questions_that_are_none(
    given: bytes,
    arguments: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    assert main(["ask", *SMALL, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_pipe_is_read_without_being_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + QUESTION.encode()))
    )
    assert asked(capsys, *SMALL)["question"] == QUESTION


def test_escapes_of_a_model_never_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "[bold]The answer is \x1b]0;title\x07\x1b[2J\x9b31m7\x1b[0m. :smile:"
    file = tmp_path / "evil.jsonl"
    file.write_text(json.dumps({"id": "1", "question": "q?", "samples": [evil] * 3}) + "\n")
    options = ["--member", f"recorded:{file}", "--samples", "3", "q?"]
    assert main(["ask", *options]) == 0
    out = capsys.readouterr().out
    assert out.startswith("[bold]The answer is 7. :smile:\n")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", out)
    found = asked(capsys, *options)
    assert found["answer"] == evil and found["simulated"] is False


@pytest.mark.integration
def test_ctrl_c_says_what_was_in() -> None:
    parent, child = pty.openpty()
    command = [*RUN, "--member", "simulated:large?latency=30", QUESTION]
    environment = {**os.environ, "TERM": "xterm"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=child, env=environment
    ) as process:
        os.close(child)
        said = b""
        while b"0 of 10 answers" not in said:
            assert select.select([parent], [], [], 60)[0], "nothing shown for a minute"
            said += os.read(parent, 65536)
        process.send_signal(signal.SIGINT)
        said += rest(parent)
        assert process.stdout is not None and process.stdout.read() == b""
    os.close(parent)
    assert process.returncode == 130
    assert b"Traceback" not in said
    last = shown(said.decode())
    assert "manyminds: interrupted with 0 of 10 answers in; nothing was kept" in last
    assert said.endswith(b"kept\r\n") and b"\x1b[?25h" in said


@pytest.mark.integration
@pytest.mark.parametrize("columns", [40, 80])
def test_the_live_display_leaves_nothing_behind(columns: int) -> None:
    members = ["--member", "simulated:medium?latency=0.3", "--member", "simulated:a-rather-long-"
               "name-for-a-model-that-is-cut?skill=0.9&latency=0.4"]  # fmt: skip
    code, raw = in_terminal([*RUN, "-m", "moa-lite", *members, QUESTION], columns)
    assert code == 0
    text = raw.decode()
    assert "of 3 answers" in text and "(aggr" in text[: text.rindex("\x1b[?25h")]
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is back
    screen = shown(text)
    assert screen[0].startswith(("36", "7 + 5", "My own"))
    assert "of 3 answers" not in "\n".join(screen)
    # The answer and the last line, a command, are left to the terminal to wrap, so that they can be
    # copied; what stands between is not.
    last = next(n for n, line in enumerate(screen) if line.startswith("look at it"))
    assert all(len(line) <= columns for line in screen[screen.index("") : last])


@pytest.mark.integration
def test_no_color_means_none() -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    _, raw = in_terminal([*RUN, *SMALL, QUESTION], 80, environment)
    assert not re.search(rb"\x1b\[[0-9;]*3[0-7]m", raw)


def in_terminal(
    command: list[str], columns: int, environment: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Run a command in a terminal of 24 lines and return its exit code and what it wrote."""
    parent, child = pty.openpty()
    env = {**(environment or os.environ), "TERM": "xterm-256color", "COLUMNS": str(columns)}
    env.pop("FORCE_COLOR", None)
    with subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, env={**env, "LINES": "24"}
    ) as process:
        os.close(child)
        out = rest(parent)
    os.close(parent)
    return process.returncode, out


def rest(terminal: int) -> bytes:
    """Read what a terminal is sent until its other end is closed."""
    out = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        out += piece
    return out


def shown(text: str) -> list[str]:
    """Return what a terminal shows at the end, for the few sequences that are used here."""
    lines, row = [""], 0
    for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", text):
        if piece == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece == "\x1b[1A":
            row -= 1
        elif piece == "\x1b[2K":
            lines[row] = ""
        elif not piece.startswith("\x1b") and piece != "\r":
            lines[row] += piece
    return lines


def test_a_server_that_is_not_there_is_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert (
        main(["ask", "--member", f"llama@http://127.0.0.1:{port}/v1", "--samples", "1", "q"]) == 1
    )
    err = capsys.readouterr().err
    assert "llama: connection: Cannot connect" in err and err.count("\n") == 1


def test_a_ballot_without_short_answers_names_the_members(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = ["small", "medium", "large"]
    members = [part for name in names for part in ("--member", f"simulated:{name}")]
    assert main(["ask", "--no-record", "--method", "council", *members, QUESTION]) == 0
    votes = capsys.readouterr().out.partition("votes")[2].partition("members")[0]
    assert "as written" not in votes and all(name in votes for name in names)


def test_auto_asks_one_model_no_more_often_than_it_has_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def calls(*arguments: str) -> object:
        return asked(capsys, *arguments, "--member", "simulated:large", QUESTION)["calls"]

    assert calls() == 10
    assert cast("int", calls("--method", "auto")) < 10


def test_auto_is_one_rule_wherever_a_method_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "q.jsonl"
    data.write_text(json.dumps({"question": QUESTION, "answer": "1"}), encoding="utf-8")

    def told(*arguments: str) -> Any:
        assert main([*arguments, "--member", "simulated:large", "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    measured = told("eval", str(data))
    assert measured["method"] == "agent-forest" and measured["options"]["stop"] == "beta:0.95"
    planned = told("plan", "--method", "auto", "--accuracy", "1")
    assert planned["calls"] < 10
    ensemble = Ensemble(method="auto", members=["simulated:large"]).build()
    assert len(ensemble.invoke({"messages": [("user", QUESTION)]})["candidates"]) < 10
    several = Ensemble(method="auto", members=["simulated:large", "simulated:small"]).build()
    assert "stages" in several.invoke({"messages": [("user", QUESTION)]})


def test_auto_puts_named_members_in_order_of_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    named = ["openai:gpt-4o", "openai:gpt-4o-mini", "simulated:small"]
    assert choose.choose_members(named, method="auto") == named[::-1]
    assert choose.choose_members(named, method="moa") == named
    dear = Limits(price=["openai:gpt-4o-mini=90,90"])
    assert choose.choose_members(named[:2], method="auto", limits=dear) == named[:2]
    unknown = ["openai:gpt-4o", "openai:not-listed", "simulated:small"]
    assert choose.choose_members(unknown, method="auto") == unknown, "as named: one has no price"


def test_auto_asks_all_that_are_found_cheapest_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = ["openai:gpt-4o", "openai:gpt-4o-mini", "simulated:small"]
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setattr(strings, "discover", lambda: found)
    assert choose.choose_members([], method="auto") == [found[2], found[1], found[0]]
    assert choose.choose_members([]) == found[:1]
    monkeypatch.setattr(strings, "discover", lambda: ["simulated:small", "simulated:large"])
    assert main(["ask", "--method", "auto", "--no-record", QUESTION]) == 0
    assert "asking simulated:small, simulated:large" in capsys.readouterr().err
