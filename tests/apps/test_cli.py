import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import manyminds
from manyminds.apps import cli, terminal
from manyminds.errors import QuorumError

RUN = [sys.executable, "-m", "manyminds"]
QUESTION = "Start with 7. Add 5. Multiply by 3. What is the result?"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    out = capsys.readouterr().out
    for name, command in cli.COMMANDS.items():
        assert f"  {name}" in out
        assert command.help in out


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    out = capsys.readouterr().out
    assert f"manyminds {name}" in out
    assert "Raises:" not in out


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    assert "Commands:" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["methods"], ["--version"], ["prompts"]])
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    code = (
        "import sys; from manyminds.apps.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'langgraph', 'langchain_core', 'openai'} & sys.modules.keys(); "
        "sys.exit(code or ', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_takes_less_than_300_ms_of_processor() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([*RUN, "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert any(seconds() < 0.3 for _ in range(3))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["metods"], "methods"),
        (["methods", "--jsn"], "--json"),
        (["prompts", "moa/sinthesis"], "moa/synthesis"),
        (["ask", "-m", "agent-forrest", "x"], "agent-forest"),
        (["ask", "--member", "simulated:", "--samples", "many", "x"], "--samples"),
        (["ask", "--member", "opena:gpt", "x"], "openai:gpt"),
        (["ask", "--member", "recorded:nowhere.jsonl", "x"], "nowhere.jsonl"),
        (["eval", "agent-forest", "--data", "nowhere.jsonl", "--member", "simulated:"], "nowhere"),
    ],
)
def test_bad_input_is_one_sentence_and_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == terminal.WRONG_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and "Traceback" not in err
    assert said in err


def test_a_run_without_an_answer_is_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise QuorumError("nobody\nanswered", ["a: \x1b[31mtimeout"])

    def load(_where: str) -> Callable[[], None]:
        return broken

    monkeypatch.setattr(cli, "_load", load)
    assert cli.main(["methods"]) == terminal.FAILED
    assert capsys.readouterr().err == "manyminds: nobody answered; a: timeout\n"


def test_ctrl_c_anywhere_is_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def load(_where: str) -> Callable[[], None]:
        return interrupted

    monkeypatch.setattr(cli, "_load", load)
    assert cli.main(["methods"]) == terminal.INTERRUPTED
    assert capsys.readouterr().err.strip() == "manyminds: interrupted"


@pytest.mark.integration
def test_as_a_module_in_a_pipe() -> None:
    done = subprocess.run(
        [*RUN, "ask", "--member", "simulated:medium", "--json", "-"],
        input=QUESTION, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["question"] == QUESTION


@pytest.mark.integration
def test_a_reader_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*RUN, "methods", "--json"], stdout=write, stderr=subprocess.PIPE)
    os.close(write)
    assert b"Traceback" not in done.stderr and b"Exception" not in done.stderr


@pytest.mark.integration
def test_a_terminal_without_unicode_gets_something() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*RUN, "ask", "--member", "simulated:medium", QUESTION],
        env=environment, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0 and b"The answer is 36." in done.stdout


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("manyminds 0.")


def test_the_commands_are_where_the_table_says() -> None:
    folder = Path(manyminds.__file__).parent
    for where, _ in cli.COMMANDS.values():
        module, function = where.split(":")
        source = folder.joinpath(*module.split(".")[1:]).with_suffix(".py")
        assert f"def {function}(" in source.read_text(encoding="utf-8")
