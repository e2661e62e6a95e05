from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyminds.errors import InputError
from manyminds.models.simulated.hanoi import SimulatedStepper
from manyminds.tasks import Hanoi, RedFlag

RIGHT = SimulatedStepper(accuracy=1.0)
MIDDLE: Any = {"pegs": "BAAC", "moves": 5}  # disk 1 on B, 2 and 3 on A, 4 on C


def test_the_question_or_the_argument_says_how_many_disks() -> None:
    assert Hanoi().start("Solve it with 3 disks.") == {"pegs": "AAA", "moves": 0}
    assert Hanoi().start("Just 1 disk") == {"pegs": "A", "moves": 0}
    assert Hanoi(2).start("Solve it with 3 disks.") == {"pegs": "AA", "moves": 0}
    with pytest.raises(InputError, match="ask for a number, such as '10 disks'"):
        Hanoi().start("Solve it.")
    for disks in (0, 65):
        with pytest.raises(InputError, match=f"disks={disks}: give 1 to 64"):
            Hanoi(disks)


@pytest.mark.parametrize("disks", range(1, 9))
def test_following_the_rule_of_the_prompt_takes_the_fewest_moves(disks: int) -> None:
    task = Hanoi(disks)
    state: Any = task.start("")
    while not task.done(state):
        reply = RIGHT.invoke(task.prompt(state)).text
        state = task.apply(state, task.parse(reply, state))
    assert state == {"pegs": "C" * disks, "moves": 2**disks - 1}
    assert task.answer(state) == f"All {disks} disks are on peg C after {2**disks - 1} moves."


def test_the_prompt_shows_pegs_number_and_cycle() -> None:
    asked = Hanoi().prompt(MIDDLE)[-1].text
    assert "upwards: B A A C\n" in asked
    assert "Move number: 6\n" in asked and asked.endswith("A, B, C")
    assert Hanoi().prompt({**MIDDLE, "pegs": "BAA"})[-1].text.endswith("A, C, B")


@pytest.mark.parametrize(
    ("reply", "step"),
    [
        ("move: 1 B C", "1 B C"),
        ("I turn disk 1 on.\nmove: 1 B A\n \n", "1 B A"),
        ("  move: 2 A C  ", "2 A C"),
    ],
)
def test_the_last_line_is_the_move(reply: str, step: str) -> None:
    assert Hanoi().parse(reply, MIDDLE) == step


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "the last line is not `move: DISK FROM TO`"),
        ("Move disk 1 to C", "the last line"),
        ("move: 1 B C, I think", "the last line"),
        ("move: 1 B C\nThat is it.", "the last line"),
        ("move: 1 b c", "the last line"),
        ("move: 0 A B", "the last line"),
        ("move: 1 B D", "the last line"),
        ("move: 5 A B", "that disk is not there"),
        ("move: 1 A C", "that disk is not there"),
        ("move: 1 B B", "that disk is not there"),
        ("move: 2 A B", "a smaller disk is in the way"),
        ("move: 3 A C", "a smaller disk is in the way"),
    ],
)
def test_a_wrong_form_and_an_illegal_move_are_flagged(reply: str, reason: str) -> None:
    with pytest.raises(RedFlag, match=reason):
        Hanoi().parse(reply, MIDDLE)


@given(
    st.text("ABC", min_size=1, max_size=8),
    st.integers(1, 9),
    st.sampled_from("ABC"),
    st.sampled_from("ABC"),
)
def test_no_move_that_breaks_the_rules_is_taken(
    pegs: str, disk: int, source: str, target: str
) -> None:
    state: Any = {"pegs": pegs, "moves": 7}
    towers = {peg: [n for n, at in enumerate(pegs, 1) if at == peg] for peg in "ABC"}
    allowed = (
        source != target
        and towers[source][:1] == [disk]
        and (not towers[target] or towers[target][0] > disk)
    )
    task = Hanoi()
    if not allowed:
        with pytest.raises(RedFlag):
            task.parse(f"move: {disk} {source} {target}", state)
        return
    after: Any = task.apply(state, task.parse(f"move: {disk} {source} {target}", state))
    assert state == {"pegs": pegs, "moves": 7}
    assert after["moves"] == 8 and after["pegs"][disk - 1] == target
    assert [a for n, a in enumerate(after["pegs"], 1) if n != disk] == [
        b for n, b in enumerate(pegs, 1) if n != disk
    ]
