# ruff: noqa: E501 - replies are easier to read in one line
"""JSON replies: the answer in them, whatever code and objects stand around it."""

import json

import pytest

from manyminds.reading.answers import EXTRACTORS
from manyminds.reading.together import read_all

PROGRAM = """[PYTHON]
def f(text, a, b):
    if a < b:
        return text.replace(b, a)
    return (b, a)
assert f('oooo', 'o', 'u') == ??
[/PYTHON]"""


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        (
            '{"reasoning": "It groups them.", "answer": {"1": ["0"], "2": []}}',
            '{"1": ["0"], "2": []}',
        ),
        ('```json\n{"reasoning": "x", "answer": [[1, 2], {"a": 3}]\n}\n```', '[[1, 2], {"a": 3}]'),
        (
            '{"reasoning": "The loop ends at\n```\n[1, 2, 3]\n```\nand returns its key.", "answer": "\'key\'"}',
            "'key'",
        ),
        (
            '{"reasoning": "It should be\n```\ndef f(x):\n    return x\n```\n", "answer": "abc"}',
            "abc",
        ),
        (
            '{"reasoning": "Two fit.", "answer": "[1, 3]"}\n\nMended, it would be:\n```python\n# without the bug\n```',
            "[1, 3]",
        ),
    ],
)
def test_the_answer_field_is_read_whole_whatever_stands_in_the_reasons(
    text: str, literal: str
) -> None:
    found = EXTRACTORS["literal"].extract(text)
    assert found is not None and EXTRACTORS["literal"].equivalent(found, literal)


def test_calls_and_tuples_in_a_question_are_no_options() -> None:
    replies = [
        json.dumps({"reasoning": "It swaps.", "answer": one}) for one in ("'oo'", "'oo'", "'uu'")
    ]
    reading = read_all(replies, question=PROGRAM)
    assert (reading.kind, reading.answers) == ("literal", ["'oo'", "'oo'", "'uu'"])
    options = "Which is a mammal? a) a trout b) a bat (c) an eel"
    assert read_all(["The answer is b)."], question=options).answers == ["B"]


@pytest.mark.parametrize("fence", ["```", "```text", "```output"])
def test_an_output_shown_in_a_fence_is_the_answer_whatever_follows(fence: str) -> None:
    text = (
        f"After the loop, the program prints:\n\n{fence}\n27\n```\n\n### With break\n\nIt would print 3.\n\n"
        "```python\nprint(sum(range(3)))\n```\nThis version is shorter."
    )
    assert EXTRACTORS["literal"].extract(text) == "27"
