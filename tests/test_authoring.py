"""What an author's graph says of itself, and what it refuses."""

import pytest
from helpers.graphs import user

from manyminds import InputError, create_moa, create_self_refine
from manyminds.testing import ScriptedChatModel


def test_a_graph_shows_its_method_and_shape() -> None:
    models = [ScriptedChatModel("a"), ScriptedChatModel("b")]
    assert repr(create_moa(models)) == "<moa: 2 proposers, 3 layers>"
    assert repr(create_self_refine(models[0])) == "<self-refine: 1 member, 1 refinement>"


async def test_a_blank_question_is_refused_before_anybody_is_asked() -> None:
    model = ScriptedChatModel("a")
    with pytest.raises(InputError, match="no question"):
        await create_moa([model]).compile().ainvoke(user("  "))
    assert not model.calls
