import pytest

from manyminds import InputError
from manyminds.nodes.debater import TOPOLOGIES, readings


@pytest.mark.parametrize("name", TOPOLOGIES)
@pytest.mark.parametrize("debaters", range(1, 6))
def test_nobody_reads_itself_and_all_are_heard(name: str, debaters: int) -> None:
    (round,) = readings(name, debaters, 2)
    assert len(round) == debaters
    assert all(place not in read for place, read in enumerate(round))
    if debaters > 1:
        assert {place for read in round for place in read} == set(range(debaters))


def test_a_ring_of_two_reads_its_one_neighbour_once() -> None:
    assert readings("ring", 2, 2) == [[[1], [0]]]


def test_a_function_is_asked_for_every_round_but_the_first() -> None:
    seen: list[int] = []

    def later(place: int, debaters: int, round: int) -> list[int]:
        seen.append(round)
        return [(place + 1) % debaters] * 2

    assert readings(later, 2, 3) == [[[1], [0]], [[1], [0]]]
    assert seen == [2, 2, 3, 3]
    assert readings(later, 2, 1) == []


@pytest.mark.parametrize("place", [-1, 0, 3])
def test_places_that_do_not_exist_are_refused(place: int) -> None:
    with pytest.raises(InputError, match=f"debater 0 cannot read {place}"):
        readings(lambda _i, _n, _r: [place], 3, 2)
