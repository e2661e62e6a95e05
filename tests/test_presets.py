"""Presets: panels and roles from prices, the same for every method that takes one."""

from typing import Any

import pytest
from helpers.graphs import user

from manyminds import InputError, Member, Price, create_moa
from manyminds.presets import Preset, by_price, cheapest_first, panel_and_writer
from manyminds.testing import ScriptedChatModel


def member(name: str, dollars: float) -> Member:
    return Member(ScriptedChatModel("x"), name=name, price=Price(input=dollars, output=dollars))


FOUR = [member(name, dollars) for name, dollars in (("d", 40), ("b", 2), ("a", 1), ("c", 9))]


@pytest.mark.parametrize(
    ("preset", "panel", "writer"),
    [("budget", "ab", "b"), ("balanced", "ab", "d"), ("quality", "abcd", "d")],
)
async def test_moa_by_preset(preset: Preset, panel: str, writer: str) -> None:
    result: dict[str, Any] = (
        await create_moa(FOUR, preset=preset, layers=2).compile().ainvoke(user())
    )
    report = result["report"]
    assert report["preset"]["members"] == list(panel)
    assert report["preset"]["roles"] == {"aggregator": writer}
    assert report["roles_played_by"]["aggregator"] == [writer]
    assert report["calls"] == len(panel) + 1


async def test_without_a_preset_the_report_says_nothing_of_one() -> None:
    result: dict[str, Any] = await create_moa(FOUR, layers=2).compile().ainvoke(user())
    assert "preset" not in result["report"]


def test_one_member_is_panel_and_writer() -> None:
    panel, writer = panel_and_writer(FOUR[0], "budget")
    assert [one.name for one in panel] == ["d"] and writer.name == "d"


def test_free_members_come_first_and_those_without_a_price_last() -> None:
    free, unknown = Member("simulated:small"), Member(ScriptedChatModel("x"), name="unknown")
    ordered = by_price([unknown, *FOUR, free])
    assert [one.name for one in ordered] == ["small", "a", "b", "c", "d", "unknown"]
    assert cheapest_first([unknown, *FOUR]) == [unknown, *FOUR], "as given: one has no price"
    with pytest.raises(InputError, match="needs the price of every member, and that of unknown"):
        create_moa([*FOUR, unknown], preset="quality")
