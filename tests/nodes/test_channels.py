from itertools import permutations
from typing import Any

import pytest
from helpers.graphs import a_run

from manyminds import Candidate, Member
from manyminds.calls.ask import blank
from manyminds.nodes.channels import add_notes, all_waves, latest_layer, usable
from manyminds.testing import ScriptedChatModel


def made(
    index: int, *, layer: int = 1, run: str = "r", text: str = "", ok: bool = True
) -> Candidate:
    one = blank(Member(ScriptedChatModel()), a_run(), role="x", index=index, draw=0, layer=layer)
    one["run"], one["text"], one["status"] = (
        run,
        text or f"{layer}-{index}",
        "ok" if ok else "failed",
    )
    return one


def texts(candidates: list[Candidate]) -> list[str]:
    return [candidate["text"] for candidate in candidates]


@pytest.mark.parametrize("reducer", [latest_layer, all_waves])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_order_is_by_index_whoever_finished_first(reducer: Any, order: tuple[int, ...]) -> None:
    state: list[Candidate] = []
    for index in order:
        state = reducer(state, [made(index)])
    assert texts(state) == ["1-0", "1-1", "1-2", "1-3"]


def test_a_new_layer_or_run_replaces_the_old_one() -> None:
    first = [made(0), made(1), made(2)]
    assert texts(latest_layer(first, [made(1, layer=2)])) == ["2-1"]
    assert texts(latest_layer(first, [made(0, run="s", text="new")])) == ["new"]
    assert latest_layer(first, []) == first and latest_layer(None, []) == []


def test_an_edit_merges_by_index() -> None:
    assert texts(latest_layer([made(0), made(1)], [made(1, text="edited")])) == ["1-0", "edited"]
    waves = all_waves([made(0), made(1)], [made(2, layer=2), made(3, layer=2)])
    assert texts(all_waves(waves, [made(1, text="edited")])) == ["1-0", "edited", "2-2", "2-3"]


def test_waves_are_kept_in_any_order_of_arrival() -> None:
    late, early = [made(2, layer=2)], [made(0), made(1)]
    assert texts(all_waves(late, early)) == texts(all_waves(early, late)) == ["1-0", "1-1", "2-2"]
    assert texts(all_waves(early, [made(0, run="s", text="new")])) == ["new"]
    assert all_waves(None, []) == [] and all_waves(early, []) == early


def test_notes_are_kept_once() -> None:
    assert add_notes(["a"], ["b", "a"]) == ["a", "b"] and add_notes(None, []) == []


def test_usable_are_the_good_ones_and_of_these_the_kept_in_their_order() -> None:
    state = {"candidates": [made(0), made(1, ok=False), made(2), made(3)]}
    assert texts(usable(state)) == ["1-0", "1-2", "1-3"]
    assert texts(usable({**state, "kept": [3, 0, 1]})) == ["1-3", "1-0"]
    assert texts(usable({**state, "kept": [1]})) == ["1-0", "1-2", "1-3"]
    assert usable({}) == []
