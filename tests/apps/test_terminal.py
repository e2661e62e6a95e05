import json

import pytest
from helpers.growth import LINEAR, growth
from rich.text import Text

from manyminds.apps import terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext é 漢 😀", "plain\n\ttext é 漢 😀"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b2Jcleared", "cleared"),
        ("\x1b]0;new title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;never ended, still seen", "0;never ended, still seen"),
        ("\x1bPsixel\x1b\\after", "after"),
        ("\x1bcreset", "reset"),
        ("a\rb\x08c\x00\x07", "abc"),
        ("line\r\nend", "line\nend"),
        ("\u202etxet\u202c", "txet"),
        ("half \ud83d", "half "),
        ("\x1b[\x1b[31m31m", "31m"),
    ],
)
def test_nothing_that_steers_a_terminal_gets_through(text: str, shown: str) -> None:
    assert terminal.clean(text) == shown


@pytest.mark.timed
@pytest.mark.parametrize("piece", ["\x1b]", "\x1b[", "\x1b[0;", "\x9d0", "\x1b"])
def test_cleaning_takes_linear_time(piece: str) -> None:
    assert growth(terminal.clean, piece, 400_000) < LINEAR


def test_one_line_is_cut_visibly() -> None:
    assert terminal.one_line("a\n b\tc") == "a b c"
    assert terminal.one_line("x" * 50, 10) == "x" * 9 + "…"


def test_json_is_one_ascii_object(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"text": "\x1b[31m é \ud83d", "nan": float("nan"), "list": (1, float("inf"))}
    terminal.print_json(value)
    out = capsys.readouterr().out
    assert out.isascii() and "\x1b" not in out
    assert json.loads(out) == {"text": "\x1b[31m é \ud83d", "nan": None, "list": [1, None]}


def test_no_markup_no_emoji_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("label", Text("[bold]kept[/] :smile:")), ("x", Text("short"))]
    terminal.put(terminal.console(), terminal.facts(rows))
    assert capsys.readouterr().out == "label  [bold]kept[/] :smile:\nx      short\n"


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "cost unknown"),
        (0.0, "$0.00"),
        (0.00001, "less than $0.0001"),
        (0.0123, "$0.0123"),
        (1234.5, "$1,234.50"),
    ],
)
def test_dollars(cost: float | None, shown: str) -> None:
    assert terminal.dollars(cost) == shown
