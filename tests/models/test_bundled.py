import pytest

from manyminds.apps.demo_recorded import SIZES, recorded_figures
from manyminds.models.bundled import bundled, bundled_names
from manyminds.models.recorded import open_recorded, recorded_names


def test_the_bundled_set_names_its_source_and_licence() -> None:
    data = bundled("gsm8k-44")
    assert bundled_names() == ["gsm8k-44"]
    assert "ZeroEval" in data.source and data.licence == "Apache-2.0"
    assert len(data.ids) == len(data.gold) == 1319 and len(data.answers) == 44
    assert {len(column) for column in data.answers.values()} == {1319}


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
