from manyminds.limits.probe import HalfOpenProbe


def closed() -> HalfOpenProbe:
    """Return one of an endpoint that wants to be left alone and has answered a call since."""
    probing = HalfOpenProbe()
    probing.closed()
    probing.heard()
    return probing


def test_one_call_is_due_once_another_was_answered() -> None:
    probing = HalfOpenProbe()
    probing.closed()
    assert not probing.due
    probing.heard()
    assert probing.due
    probing.sent(7)
    assert not probing.due


def test_an_answer_to_it_shows_that_places_are_what_is_missing() -> None:
    probing = closed()
    assert not probing.places(6, impossible=False)
    probing.sent(7)
    assert not probing.answered(6) and not probing.places(5, impossible=False)
    assert probing.answered(7)
    probing.over(7)
    assert probing.places(9, impossible=False)


def test_where_it_is_impossible_it_was_not_for_want_of_places() -> None:
    probing = closed()
    probing.sent(7)
    probing.answered(7)
    probing.over(7)
    assert not probing.places(8, impossible=True)
    assert not probing.places(9, impossible=False)


def test_where_it_is_of_no_use_it_is_tried_ever_more_seldom() -> None:
    probing, tried = HalfOpenProbe(), list[int]()
    for closing in range(40):
        probing.closed()
        probing.heard()
        if probing.due:
            tried.append(closing)
            probing.sent(closing + 1)
            assert not probing.places(closing + 1, impossible=False)
            probing.over(closing + 1)
    assert tried == [0, 1, 3, 7, 15, 31]
