from manyminds.limits.probe import HalfOpenProbe


def closed() -> HalfOpenProbe:
    """Return the probe of an endpoint that asked for a pause and has answered a call since."""
    probe = HalfOpenProbe()
    probe.closed()
    probe.heard()
    return probe


def test_one_call_is_due_once_another_was_answered() -> None:
    probe = HalfOpenProbe()
    probe.closed()
    assert not probe.due
    probe.heard()
    assert probe.due
    probe.sent(7)
    assert not probe.due


def test_an_answer_to_it_shows_that_places_are_what_is_missing() -> None:
    probe = closed()
    assert not probe.places(6, impossible=False)
    probe.sent(7)
    assert not probe.answered(6) and not probe.places(5, impossible=False)
    assert probe.answered(7)
    probe.over(7)
    assert probe.places(9, impossible=False)


def test_where_it_is_impossible_it_was_not_for_want_of_places() -> None:
    probe = closed()
    probe.sent(7)
    probe.answered(7)
    probe.over(7)
    assert not probe.places(8, impossible=True)
    assert not probe.places(9, impossible=False)


def test_where_it_is_of_no_use_it_is_tried_ever_more_seldom() -> None:
    probe, tried = HalfOpenProbe(), list[int]()
    for closing in range(40):
        probe.closed()
        probe.heard()
        if probe.due:
            tried.append(closing)
            probe.sent(closing + 1)
            assert not probe.places(closing + 1, impossible=False)
            probe.over(closing + 1)
    assert tried == [0, 1, 3, 7, 15, 31]
