import gzip
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from helpers.growth import LINEAR, growth
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from manyminds.errors import InputError
from manyminds.reading import figures, math_equality
from manyminds.reading.answers import EXTRACTORS, Extractor, extractor, guess

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def recorded(name: str, every: int) -> list[dict[str, object]]:
    path = DATA / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"{path.name} is not here; set MANYMINDS_DATA")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for at, line in enumerate(lines) if at % every == 0]


def agreement(name: str, kind: str, every: int) -> tuple[float, float, float]:
    """Return: recorded as right and found right; recorded as wrong and found right; read at all."""
    read = extractor(kind)
    right = wrong = found_right = found_wrong = nothing = 0
    for row in recorded(name, every):
        gold = str(row["answer"])
        samples = row["samples"]
        assert isinstance(samples, list)
        for sample in samples:
            answer = read.extract(sample["text"])
            nothing += answer is None
            same = answer is not None and read.equivalent(answer, gold)
            right, wrong = right + sample["correct"], wrong + (not sample["correct"])
            found_right += same and sample["correct"]
            found_wrong += same and not sample["correct"]
    return found_right / right, found_wrong / wrong, 1 - nothing / (right + wrong)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so it costs $1,234.50 in all", "1234.50"),
        ("The answer is -7.", "-7"),
        ("it fell to \u22125 degrees", "-5"),
        ("16 - 3 - 4 = 9", "9"),
        ("9 eggs remain of 16-7", None),
        ("a half, that is 1/2", "1/2"),
        ("\\frac{3}{4} of it", "3/4"),
        ("The answer is 3\\frac{1}{2} cups.", "3 1/2"),
        ("The answer is 50% of 80.", "50"),
        ('{"reasoning": "3 + 4 = 7", "answer": "7 apples out of 12"}', "7"),
        ('```json\n{"reasoning": "9", "answer": 70,000}\n```', "70000"),
        ('{"answer": "cannot be known", "tries": 3}', None),
        ("so \\boxed{1{,}200} of 3", "1200"),
        ("so $\\boxed{18\\text{ eggs}}$, 5 fewer", "18"),
        ("6 * 7\n#### 42\n", "42"),
        ("**Step 2:** add 1\n**Total: 11** of 12", "11"),
        ("Final answer: 12. That took 3 steps", "12"),
        ("about 1.2 million people", "1200000"),
        ("6.02e23", "6.02e23"),
        ("-$5", "-5"),
        ("no figure here", None),
        ("", None),
    ],
)
def test_a_number_is_found(text: str, answer: str | None) -> None:
    assert extractor("number").extract(text) == answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/2", "0.5"),
        ("18.00", "18"),
        ("$1,000", "1000"),
        ("3 1/2", "3.5"),
        ("1e3", "1,000"),
        ("2 million", "2000000"),
        ("-0", "0"),
        ("0.30000000000000004", "0.3"),
        ("#### 18", "18"),
    ],
)
def test_numbers_of_equal_value_are_equal(one: str, other: str) -> None:
    assert extractor("number").equivalent(one, other)


def test_numbers_of_other_value_differ_even_when_huge() -> None:
    key = extractor("number").key
    assert key("1234567890123") != key("1234567890124")
    assert key("0.333") != key("1/3")
    assert key("1/0") == "1/0"
    assert isinstance(key("9" * 5000), str)


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("Final answer: (C)", "C"),
        ("(A) is wrong, so (b)", "B"),
        ("either A) or D)", None),
        ("I think it is E because A man is a man", "E"),
        ("The correct answer is **B**. Not (C).", "B"),
        ("the answer is option D", "D"),
        ('{"reasoning": "A or B", "answer": "A"}', "A"),
        ("\\boxed{\\text{C}}", "C"),
        ("c", "C"),
        ("A man I know", None),
        ("none of them", None),
    ],
)
def test_a_choice_is_found(text: str, letter: str | None) -> None:
    assert extractor("choice").extract(text) == letter


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{3} and {x}", "3"),
        ("\\boxed{1} then \\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\boxed{\n \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}\n}", None),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("\\boxed{7} and an open \\boxed{8", "7"),
        ("\\fbox{x+1}", "x+1"),
        ("so $x = 4$. The answer is $\\sqrt{2}$ metres.", "\\sqrt{2}"),
        ("Thus $f(2) = 3 + 4 = 7$.", "7"),
        ("it pays \\$5. Therefore it is worth $\\$60$ if fair.", "\\$60"),
        (
            "\\begin{align*}\nx &= 2 \\\\\n&= 18\n\\end{align*}\nSo the value of $f(2)$ is $18$.",
            "18",
        ),
        ("Therefore, there are 180 ways that win.", "180"),
        ("They will arrive at 4 o'clock. The answer is 4:30 p.m.", "4:30 p.m."),
        ("The day is Tuesday.", "Tuesday"),
        ("", None),
    ],
)
def test_a_mathematical_answer_is_found(text: str, answer: str | None) -> None:
    if answer is None and text:
        answer = "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"
    assert extractor("math").extract(text) == answer


def test_boxed_takes_no_formula_that_is_not_stated_as_the_answer() -> None:
    text = "First $x = 3$ and then $y = 4$"
    assert extractor("boxed").extract(text) is None
    assert extractor("math").extract(text) == "4"
    assert extractor("boxed").extract("The answer is $12$.") == "12"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0.5", "\\frac12"),
        ("\\dfrac{1}{2}", "1/2"),
        ("\\frac{-1}{2}", "-\\frac{1}{2}"),
        ("\\sqrt3", "\\sqrt{3}"),
        ("10\\text{ cm}", "10"),
        ("54,000 square meters", "54000"),
        ("30^\\circ", "30"),
        ("\\left( 1, \\frac{9}{2} \\right)", "(1,\\frac{9}{2})"),
        ("x = 2", "2"),
        ("f^{-1}(x)=\\frac{x+2}{7}", "\\frac{x+2}{7}"),
        ("\\text{Tuesday}", "tuesday"),
        ("$\\$3800$", "3800"),
        ("25\\%", "25"),
        ("x \\in (-7,-2)", "(-7,-2)"),
        ("42_{5}", "42_5"),
    ],
)
def test_mathematics_spelled_otherwise_is_equal(one: str, other: str) -> None:
    assert extractor("math").equivalent(one, other)
    assert extractor("math").equivalent(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 \\pi", "12"),
        ("2xy", "2"),
        ("x^2+y^2=13", "13"),
        ("(1,234)", "1234"),
        ("\\frac{1}{3}", "0.33"),
        ("x+1", "x-1"),
    ],
)
def test_other_mathematics_differs(one: str, other: str) -> None:
    assert not extractor("math").equivalent(one, other)


def test_math_verify_refines_equality() -> None:
    pytest.importorskip("math_verify")
    same = extractor("math").equivalent
    assert math_equality.key("2x+1") != math_equality.key("1+2x")
    assert same("2x+1", "1+2x")
    assert same("\\frac{\\sqrt{2}}{2}", "\\frac{1}{\\sqrt{2}}")
    assert not same("2x+1", "2x+2")


@pytest.mark.timed
@pytest.mark.parametrize(
    "text",
    [
        "9^{9^{9^9}}",
        "99999!",
        "2^{99999999}",
        "(x+y+z)^{99}",
        "\\sqrt[999]{7^{999}+1}",
        "(" * 40 + "x" + ")" * 40,
        "x" * 5000,
        "{" * 300,
    ],
)
def test_no_expression_keeps_the_comparison_busy(text: str) -> None:
    started = time.perf_counter()
    assert not math_equality.same(text, "7x+1")
    assert time.perf_counter() - started < 5


def test_a_square_is_found() -> None:
    read = extractor("square")
    assert read.extract("e2, or e4. Final Answer: d5, not d6") == "d5"
    assert read.extract("Nf3 then e2e4") == "e4"
    assert read.extract("castle") is None


def test_code_is_the_last_python_block() -> None:
    read = extractor("code")
    text = "```python\na = 1\n```\nbetter:\n```python\na = 2\n\nb = 3  \n```\n```text\nout\n```"
    assert read.extract(text) == "a = 2\n\nb = 3"
    assert read.extract("[impl]def f(): pass") == "def f(): pass"
    assert read.extract("def f(): pass") == "def f(): pass"
    assert read.equivalent("a = 2\n\nb = 3  ", "a = 2\nb = 3\n")
    assert read.extract(" \n") is None


def test_json_is_compared_as_a_value() -> None:
    read = extractor("json")
    found = read.extract('Here {it} is: {"b": [1, 2.0], "a": "\u00e9"} done')
    assert found == '{"b":[1,2],"a":"\u00e9"}'
    assert read.equivalent(found, '{"a": "\\u00e9", "b": [1.0, 2]}')
    assert not read.equivalent('{"a": true}', '{"a": 1}')
    assert read.extract("{broken") is None
    assert read.extract("17") is None


class Verdict(BaseModel):
    name: str
    score: float = 0.5


def test_a_pydantic_class_reads_and_refuses() -> None:
    read = extractor(Verdict)
    assert read.name == "Verdict"
    assert read.extract('```json\n{"name": "x"}\n```') == '{"name":"x","score":0.5}'
    assert read.extract('{"score": 1}') is None
    one, other = read.extract('{"name":"x","score":1}'), read.extract('{"score": 1.0, "name":"x"}')
    assert one and other and read.equivalent(one, other)


@pytest.mark.parametrize(
    ("text", "gold", "same"),
    [
        ("'abc'", "abc", True),
        ('["a", 1]', "['a',1]", True),
        ("{1: 2, 3: [4]}", "{3: [4], 1: 2}", True),
        ("(1, 2)", "[1, 2]", False),
        ("The result:\n[1, 2]", "[1,2]", True),
        ("[ANSWER]True[/ANSWER]", "True", True),
        ("assert f('x') == {'k': None}", "{'k': None}", True),
        ("''", "", True),
        ("'yes '", "yes ", True),
        ("'yes'", "yes ", False),
        ("1zd", "1zd", True),
        (r"'\d\x41'", r"'\\dA'", True),
    ],
)
def test_literals_are_compared_as_values(text: str, gold: str, same: bool) -> None:
    read = extractor("literal")
    found = read.extract(text)
    assert found is not None
    assert read.equivalent(found, gold) is same


@pytest.mark.parametrize(
    ("text", "other", "same"),
    [
        ("The answer is $18.00.", "18", True),
        ("#### \\frac12", "0.5", True),
        ("The answer is Paris.", "paris", True),
        ("The answer is Paris.", "Rome", False),
    ],
)
def test_a_final_answer_is_a_number_a_formula_or_text(text: str, other: str, same: bool) -> None:
    read = extractor("final")
    found = read.extract(text)
    assert found is not None
    assert read.equivalent(found, other) is same


def test_text_ignores_case_spacing_and_the_full_stop() -> None:
    read = extractor("text")
    assert read.equivalent("New  York.", "new york")
    assert not read.equivalent("York", "New York")
    assert read.extract(" \n") is None


def test_a_function_is_an_extractor() -> None:
    def first_word(text: str) -> str | None:
        return text.split()[0] if text.split() else None

    read = extractor(first_word)
    assert (read.name, read.extract("Yes it is"), read.extract("")) == ("first_word", "Yes", None)
    assert extractor(read) is read


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputError, match="'number'"):
        extractor("numbers")
    with pytest.raises(InputError, match="BaseModel"):
        extractor(dict)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (["18", "-3", "1,000", "1/2", "$5"], "number"),
        (["so 3\n#### 18", "2\n#### 5"], "number"),
        (["A", "(C)", "J"], "choice"),
        (["12", "\\frac{1}{2}", "x+2", "7"], "math"),
        (["[1, 2]", "abc", "True", "12"], "literal"),
        (["Paris", "the Nile"], "text"),
        ([], "text"),
    ],
)
def test_the_extractor_for_a_column_is_guessed(column: list[str], name: str) -> None:
    assert guess(column) == name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("gsm8k_zeroeval_44models", "number"),
        ("math_dylan_gpt35_4agents", "math"),
        ("crux_output_codellama7b_10", "literal"),
    ],
)
def test_the_extractor_for_recorded_answers_is_guessed(name: str, kind: str) -> None:
    column = [str(row["answer"]) for row in recorded(name, 7)]
    assert guess(column) == guess(column[:20]) == kind


@pytest.mark.parametrize("every", [41, pytest.param(9, marks=pytest.mark.integration)])
def test_recorded_numbers_are_read_as_recorded(every: int) -> None:
    right, wrong, _ = agreement("gsm8k_zeroeval_44models", "number", every)
    assert right >= 0.999  # 13 of 50,369 in the whole file are read otherwise
    assert wrong <= 0.02  # right answers that the recorded extraction missed


def test_recorded_mathematics_is_read_as_recorded() -> None:
    right, wrong, read = agreement("math_dylan_gpt35_4agents", "math", 4)
    assert right >= 0.995
    assert wrong <= 0.08  # its extraction knew no sentences: "is", "x" in "the value of $x$ is 8"
    assert read >= 0.975  # prose is no formula: such a reply abstains


def test_recorded_literals_are_read_as_recorded() -> None:
    right, wrong, _ = agreement("crux_output_codellama7b_10", "literal", 3)
    assert right == 1
    assert wrong <= 0.01


NASTY = st.text(
    st.sampled_from("\\boxed{}[]()\"'answer: =.,0123456789$*`/eE-\n \t#ABI"), max_size=200
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=200), NASTY))
def test_no_text_makes_an_extractor_raise(text: str) -> None:
    for read in (*EXTRACTORS.values(), extractor(Verdict)):
        answer = read.extract(text)
        assert answer is None or answer.strip()
        hash(read.key(text if answer is None else answer))


LONG = 15_000
PATTERNS = [
    "{", "\\", "\\boxed{", "\\boxed{{", "}", '{"a":', "[", '"', "'", "\\'", '\\"', '"answer": ',
    '"answer":"\\', "answer is ", "answer", " ", "\n", "*", "**", "$", "$$", "```", "```python\n",
    "1", "1,", "1,234", "1/", "1.", "1 1/", ".", "-", "(", "(A", "A)", "A ", "e4", "\\frac",
    "\\frac{1}", "\\text{", "\\[", "x=", "^", "[ANSWER]", "is ", "final  ", "#", "-1e", "\u00e9",
    "'a' ", "not ",
]  # fmt: skip


@pytest.mark.timed
@pytest.mark.parametrize("name", list(EXTRACTORS))
def test_long_texts_take_linear_time(name: str) -> None:
    read = EXTRACTORS[name]
    for pattern in PATTERNS:
        assert growth(partial(_vote, read), pattern, LONG) < LINEAR, (name, pattern)


def _vote(read: Extractor, run: str) -> None:
    text = f"answer {run}"
    answer = read.extract(text)
    read.key(text if answer is None else answer)


@given(st.integers(-(10**12), 10**12))
def test_every_integer_is_read_back(number: int) -> None:
    read = extractor("number")
    for text in (f"The answer is {number:,}.", f"so\n#### {number}", f"\\boxed{{{number}}}"):
        answer = read.extract(text)
        assert answer is not None
        assert read.key(answer) == number
    assert figures.value(str(number)) == number


@pytest.mark.parametrize("name", ["final", "number", "math", "boxed", "choice"])
def test_an_extractor_can_be_called(name: str) -> None:
    text = "So it is (B).\nThe answer is B." if name == "choice" else "The answer is \\boxed{4}."
    read = extractor(name)
    assert read(text) == read.extract(text) == ("B" if name == "choice" else "4")


def test_an_extractor_of_ones_own_can_be_given() -> None:
    mine = Extractor("even", lambda text: text or None, lambda answer: int(answer) % 2)
    assert extractor(mine).equivalent("2", "4")


def test_votes_import_without_heavy_packages() -> None:
    code = (
        "import sys; from manyminds.reading import answers; "
        "from manyminds.votes import votes, stopping; "
        "heavy = {'numpy', 'langgraph', 'langchain_core', 'pydantic', 'sympy', 'math_verify'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
