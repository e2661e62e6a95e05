import pytest

from manyminds.apps.demo_recorded import SIZES, recorded_figures
from manyminds.evals.resample import Resampling
from manyminds.evals.samples import bundled_samples
from manyminds.models.bundled import bundled, bundled_names
from manyminds.models.recorded import open_recorded, recorded_names


def test_the_bundled_set_names_its_source_and_licence() -> None:
    data = bundled("gsm8k-44")
    assert bundled_names() == ["gsm8k-44", "smollm2"]
    assert "ZeroEval" in data.source and data.licence == "Apache-2.0"
    assert len(data.ids) == len(data.gold) == 1319 and len(data.answers) == 44
    assert {len(column) for column in data.answers.values()} == {1319}


async def test_a_set_of_one_model_has_its_replies_by_draw() -> None:
    data = bundled("smollm2")
    assert "live.py" in data.source and data.licence == "Apache-2.0"
    (name,) = data.replies
    assert len(data.ids) == len(set(data.ids)) == len(data.gold) == len(data.groups) >= 150
    assert {len(given) for given in data.replies[name]} == {27}
    assert data.answers[name][0] == (data.replies[name][0][0].answer or "")
    model = open_recorded("smollm2")
    for draw in (0, 26):
        reply = await model.ainvoke(data.ids[0], config={"metadata": {"draw": draw}})
        said = data.replies[name][0][draw].answer
        assert reply.text == (f"The answer is {said}." if said else "No answer.")
    drawn = bundled_samples(data)
    assert [len(one.labels) for one in drawn] == [27] * len(data.ids)
    assert all(tokens > 0 for one in drawn for tokens in one.tokens)
    # A vote of a model that is right more often than it repeats one error gains.
    run = Resampling(drawn, orders=3, most=27)
    assert run.size(27).accuracy > run.size(1).accuracy + 0.1


def test_an_unknown_set_is_no_set() -> None:
    with pytest.raises(KeyError):
        bundled("gsm8k-45")


async def test_a_model_of_the_set_is_a_member() -> None:
    data = bundled("gsm8k-44")
    name = recorded_names("gsm8k-44")[0]
    model = open_recorded("gsm8k-44", name)
    reply = await model.ainvoke(data.ids[0])
    assert reply.text == f"The answer is {data.answers[name][0]}."


def test_more_models_are_right_more_often() -> None:
    # Reference figures of an independent count over 20 random orders.
    *votes, best = recorded_figures()
    assert len(votes) == len(SIZES) and best.accuracy > 0.95
    expected = (0.878, 0.956, 0.965, 0.969, 0.969)
    for figure, reference in zip(votes, expected, strict=True):
        assert abs(figure.accuracy - reference) < 0.015 and figure.questions == 1319
