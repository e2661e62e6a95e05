import pytest
from helpers.graphs import call, every_way, shown, user
from helpers.growth import LINEAR, growth
from hypothesis import given
from hypothesis import strategies as st

from manyminds import create_agent_forest, create_spp
from manyminds.graphs.spp import UNREADABLE, final_answer
from manyminds.testing import Metadata, ScriptedChatModel, ScriptedReply

TALK = """Participants: AI Assistant (you); Mathematician

Start collaboration!

Mathematician: I first thought that it is 36.
Final answer: 36, you say?
AI Assistant (you): No: six times seven.

Finish collaboration!

Final answer: 42,
which is 6 * 7."""
ANSWER = "42,\nwhich is 6 * 7."


@every_way
async def test_only_what_follows_the_last_heading_is_the_answer(way: str) -> None:
    model = ScriptedChatModel(ScriptedReply(TALK, id="m1"))
    result = await call(create_spp(model).compile(), way, user())
    assert len(model.calls) == result["report"]["calls"] == 1
    assert "Participants:" in model.calls[0].messages[0].text
    assert result["answer"] == result["messages"][-1].text == ANSWER
    assert result["candidates"][0]["text"] == TALK
    assert result["report"]["degraded"] is None


async def test_a_stream_shows_the_answer_and_not_the_talk() -> None:
    seen = await shown(
        create_spp(ScriptedChatModel(ScriptedReply(TALK, id="m1"))).compile(), user()
    )
    assert seen.texts(whole=False) == []
    assert seen.texts(whole=True) == [ANSWER]


async def test_without_a_heading_the_whole_reply_is_the_answer_marked() -> None:
    result = await create_spp(ScriptedChatModel("It is 42.")).compile().ainvoke(user())
    assert result["answer"] == "It is 42."
    assert result["report"]["degraded"] == UNREADABLE
    seen = await shown(create_spp(ScriptedChatModel("It is 42.")).compile(), user())
    assert seen.texts(whole=True) == ["It is 42."] and not seen.texts(whole=False)


async def test_an_agent_forest_samples_it() -> None:
    texts = ["Final answer: 41", "Final answer: 42", "**Final answer:** 42"]

    def script(_messages: object, data: Metadata) -> str:
        return texts[data["draw"]]

    model = ScriptedChatModel(script)
    result = await create_agent_forest([create_spp(model)], samples=3).compile().ainvoke(user())
    assert result["answer"] == "42"
    assert result["report"]["calls"] == len(model.calls) == 3
    assert result["report"]["tokens"] == {"input": 30, "output": 15}
    assert list(result["report"]["members"]) == ["spp"]


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        ("final answer: 7", "7"),
        ("FINAL ANSWER:\n\n7\n8", "7\n8"),
        ("## Final answer: 7", "7"),
        ("**Final answer**: 7", "7"),
        ("Final answer: 5\nAI Assistant: no.\nFinal answer: 7", "7"),
        ("Finish collaboration!\nFinal answer: 7\nFinal answer: is a heading", None),
        ("The final answer: 7", None),
        ("Final answer:   \n", None),
        ("", None),
    ],
)
def test_what_is_read(reply: str, answer: str | None) -> None:
    if reply.startswith("Finish"):
        answer = "7\nFinal answer: is a heading"
    assert final_answer(reply) == answer


@given(st.text() | st.text(alphabet="FINALanswer: *#>\n", max_size=400))
def test_any_reply_is_read_without_raising(reply: str) -> None:
    answer = final_answer(reply)
    assert answer is None or (answer == answer.strip() and answer in reply)


@pytest.mark.timed
@pytest.mark.parametrize("piece", ["Final answer:", "finish collaboration", "*", " ", "\n"])
def test_a_long_reply_is_read_in_linear_time(piece: str) -> None:
    assert growth(final_answer, piece, 200_000) < LINEAR
