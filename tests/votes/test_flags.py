import pytest

from manyminds.errors import InputError
from manyminds.votes.flags import RedFlags


@pytest.mark.parametrize(
    ("flags", "reply", "answer", "reason"),
    [
        (RedFlags(longest=5), "12345", None, None),
        (RedFlags(longest=5), "123456", None, "longer than 5 characters"),
        (RedFlags(form=r"^Answer: \d+$"), "Well.\nAnswer: 7\nBye", None, None),
        (RedFlags(form=r"^Answer: \d+$"), "So the Answer: 7", None, "not in the form asked for"),
        (RedFlags(unread=True), "anything", "7", None),
        (RedFlags(unread=True), "anything", None, "no answer can be read"),
        (RedFlags(check=str.isdigit), "77", None, None),
        (RedFlags(check=str.isdigit), "7.", None, "the check failed"),
        (RedFlags(longest=3, unread=True), "12345", None, "longer than 3 characters"),
    ],
)
def test_reasons(flags: RedFlags, reply: str, answer: str | None, reason: str | None) -> None:
    assert flags.reason(reply, answer) == reason


def test_flags_must_flag_something_and_forms_be_regular_expressions() -> None:
    with pytest.raises(InputError, match="give longest=, form=, check= or unread=True"):
        RedFlags()
    with pytest.raises(InputError, match="longest=0: give at least 1 character"):
        RedFlags(longest=0)
    with pytest.raises(InputError, match=r"form='\(' is no regular expression"):
        RedFlags(form="(")
