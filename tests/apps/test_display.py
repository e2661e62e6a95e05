import io

import pytest
from langchain_core.messages import AIMessageChunk
from rich.console import Console

from manyminds.apps.display import live, picture
from manyminds.views.progress import Progress


def drawn(progress: Progress, width: int, height: int = 24) -> list[str]:
    screen = Console(
        file=io.StringIO(), width=width, height=height, markup=False, emoji=False, highlight=False
    )
    with screen.capture() as captured:
        screen.print(picture(progress, screen))
    return [line.rstrip() for line in captured.get().splitlines()]


def busy(members: int = 3) -> Progress:
    progress = Progress()
    for number in range(members):
        member = {"member": f"model-{number}-with-a-long-name-from-its-maker", "role": "proposer"}
        for event in ("asked", "asked", "answered"):
            told = {"event": event, "run": "r", "method": "moa", "seconds": 1.0, "cost": 0.01}
            progress.event({**told, **member})
    progress.event({"event": "voted", "run": "r", "counts": [4, 2, 1]})
    return progress


@pytest.mark.parametrize("width", [20, 40, 80])
def test_every_line_fits(width: int) -> None:
    lines = drawn(busy(), width)
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("moa")
    assert sum("model" in line for line in lines) == 3
    assert "1 of 2" in lines[1]


def test_votes_and_cost_so_far() -> None:
    lines = drawn(busy(), 80)
    assert "3 of 6 answers" in lines[0] and "$0.0300" in lines[0]
    assert "  votes  4 : 2 : 1" in lines


def test_many_members_on_a_low_terminal() -> None:
    lines = drawn(busy(40), 80, height=12)
    assert len(lines) <= 12
    assert "  and 34 more" in lines


def test_the_answer_as_it_is_written_is_only_text() -> None:
    progress = busy(1)
    for word in ("[bold]so[/] ", "\x1b[31mred\x1b[0m ", "\x1b]0;t\x07end ", ":smile:"):
        progress.token(AIMessageChunk(content=word, id="1"))
    assert drawn(progress, 80)[-1] == "[bold]so[/] red end :smile:"


def test_only_the_end_of_a_long_answer() -> None:
    progress = busy(1)
    progress.token(AIMessageChunk(content="\n".join(map(str, range(5000))), id="1"))
    assert drawn(progress, 80)[-1] == "4999"
    assert len(drawn(progress, 80)) <= 24


def test_nothing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with live(busy()) as watched:
        assert not watched
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("role", "word"), [("proposer", "layer"), ("debater", "round"), ("sampler", "wave")]
)
def test_which_layer_it_is_and_how_many_were_kept(role: str, word: str) -> None:
    progress = Progress()
    for event in ({"event": "layer", "layer": 1}, {"event": "kept", "layer": 1, "kept": [2, 0]}):
        progress.event({"run": "r", "method": "m", **event})
    progress.event({"event": "asked", "run": "r", "method": "m", "member": "a", "role": role})
    assert word not in drawn(progress, 80)[0]
    progress.event({"event": "layer", "run": "r", "method": "m", "layer": 2})
    assert f"{word} 2, 2 kept" in drawn(progress, 80)[0]


def test_failures_are_named_and_no_time_is_left_that_is_no_second() -> None:
    progress = busy()
    progress.event({"event": "planned", "run": "r", "calls": 6})
    told = {"run": "r", "member": "model-0", "role": "proposer", "kind": "timeout", "cost": None}
    for event in ("asked", "failed"):
        progress.event({"event": event, "seconds": 1.0, **told})
    line = drawn(progress, 100)[0]
    assert "3 of 7 answers, 1 failed" in line and "0 s left" not in line


@pytest.mark.parametrize(
    ("method", "role", "word"),
    [("moa", "proposer", "layer"), ("debate", "debater", "round"), ("cascade", "stage", "stage"),
     ("stepwise-voting", "sampler", "step")],
)  # fmt: skip
def test_parts_are_named_as_the_method_names_them(method: str, role: str, word: str) -> None:
    progress = Progress()
    asked = {"event": "asked", "run": "r", "method": method, "member": "a", "role": role}
    progress.event(asked)
    progress.event({"event": "layer", "run": "r", "layer": 2})
    assert f"{method}  {word} 2" in drawn(progress, 80)[0]
