r"""Equality of mathematical answers: as a reader says, in both orders, at once."""

import gzip
import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyminds.reading import algebra, math_equality
from manyminds.reading.answers import extractor

_MOST_SECONDS = 4.0  # for a pair, of which the comparison may take 1.8
_THREADS = 4

_COSTLY = [
    (
        "The equation is $(x/3)^3 - 3x^2 + 81x - 793 = 0$",
        "So it is $y^3 - 27y^2 + 243y - 793 = 0$",
    ),
    ("(x/3)^3 - 3x^2 + 81x - 793 = 0", "y^3 - 27y^2 + 243y - 793 = 0"),
    (r"(P + \frac{an^2}{V^2})(V - nb) = nRT", r"(P - \frac{an^2}{V^2})(V - nb) = nRT"),
    (
        "The compound interest is P(1 + r/n)^{nt} - P = 1500",
        "The compound interest formula gives P(1 + r/n)^{nt} = 1500 + P",
    ),
    (
        "The amount after t years is A = P(1 + r)^t = 2P",
        "The amount after t years is A = P e^{rt} = 2P",
    ),
    (r"\sin(x)=\cos(5x)+\frac{1}{3}", r"\sin(x)=\cos(7x)+\frac{1}{3}"),
    (r"\sin(x)+\cos(2x)+\tan(3x)=1", r"\sin(x)+\cos(2x)-\tan(3x)=1"),
    (
        "The maximum value of the expression (a+b)^3 - 27abc = 0 occurs at equality",
        "The maximum value occurs when (a+b+c)^3 = 27abc holds with equality in AM-GM",
    ),
    (
        "The profit is maximised where the derivative 3x^2 - 12x + 9 = 0",
        "The maximum profit is found by setting the derivative 3x^2 - 12x + 9 = 0 and solving",
    ),
    (
        "The rectangle has dimensions x by 2x + 3 with area 2x^2 + 3x = 90",
        "The dimensions of the rectangle are x and 2x + 3 with area 2x^2 + 3x = 90.",
    ),
    (
        "The equation has no closed form: solve 2^x + x = 5 for x",
        "Solve the equation 2^x + x = 5 numerically for x",
    ),
    (r"\sin(7x)+\cos(5x)=x", r"\sin(7x)-\cos(5x)=x"),
    (
        "The remainder when P(x) is divided by x^2 - 1 is ax + b = 3x + 2",
        "When P(x) is divided by (x - 1)(x + 1) the remainder is 3x + 2 = ax + b",
    ),
    (
        "The ellipse has the equation (x-2)^2/9 + (y+1)^2/4 = 1",
        "The equation of the ellipse is (x-2)^2/4 + (y+1)^2/9 = 1",
    ),
    (
        r"\text{no real solution since } x^2+x+1=0",
        r"\text{no real roots because } x^2+x+1=0",
    ),
    ("2^x + 3^x = 35", "2^x + 3^{x+1} = 35"),
    ("10^{9*10^9}", "10^{9*10^8}"),
    ("9^{9*9^9}", "9^{8*9^9}"),
    ("10^{10*99*99*99*99}", "10^{10*99*99*99*98}"),
    ("2^{x+99*99*99*99*99}", "2^{x+98*99*99*99*99}"),
    (r"\sin(\tan(-4x^2-3)^3)", r"\sin(\tan(4x^2+3)^3)"),
    (r"\int_0^1 \sin(x^x)^{9} dx", r"\int_0^1 \cos(x^x)^{9} dx"),
    (r"\sum_{n=1}^{99999} n^{n^n}", r"\sum_{n=1}^{99998} n^{n^n}"),
]


@pytest.mark.timed
@pytest.mark.parametrize(("one", "other"), _COSTLY)
def test_a_costly_pair_is_not_the_same_within_two_seconds(one: str, other: str) -> None:
    began = time.perf_counter()
    assert not math_equality.same(one, other)
    assert not math_equality.same(other, one)
    assert time.perf_counter() - began < 2 * _MOST_SECONDS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\frac{1}{2^{99}}", r"\frac{1}{2^{98}}"),
        (r"\frac{1}{10^{20}}", r"\frac{1}{10^{21}}"),
        ("x=2 or x=3", "x=3"),
        (r"x = 2 \text{ or } x = 3", "x = 3"),
        (r"x=1331 \text{ or } x=1728", "x=1728"),
        ("BAC", "ABC"),
        ("AB", "BA"),
        (r"\text{CAB}", r"\text{ABC}"),
        (r"1:2:3:\ldots", r"1:4:9:\ldots"),
        ("7:30 am", "7:30 pm"),
        ("8:15 a.m.", "8:15 p.m."),
        ("3 m", "3 cm"),
        ("2 kg", "2 g"),
        (r"4 \text{ ft}", r"4 \text{ in}"),
        ("2 1/3", "21/3"),
        ("1 2 3", "123"),
        ("(1,2)", "(2,1)"),
        ("(0,1)", "[0,1]"),
        ("x>3", "x<3"),
        (r"x \le 3", "x<3"),
        ("|x|", "x"),
        ("5, -5", "5"),
        ("2^{100}", "2^{100}+1"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
        ("3:4", "4:3"),
        ("x=5", "x=-5"),
        (r"\frac{a}{b}", r"\frac{b}{a}"),
    ],
)
def test_different_answers_are_not_the_same_in_either_order(one: str, other: str) -> None:
    kind = extractor("math")
    assert not kind.equivalent(one, other)
    assert not kind.equivalent(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2 1/3", "7/3"),
        (r"2\frac{1}{3}", "7/3"),
        (r"1\frac12", "1.5"),
        ("1 000 000", "1000000"),
        ("3 m", "3"),
        ("3 meters", "3 m"),
        ("x>2", r"(2,\infty)"),
        (r"x \geq 2", r"[2, \infty)"),
        ("1<x<3", "(1,3)"),
        ("3<x", "x>3"),
        ("(6,7)", "6, 7"),
        ("5,-5", "-5, 5"),
        (r"\pm 5", "-5, 5"),
        (r"x = \pm 5", r"x=5 \text{ or } x=-5"),
        (r"\{1,2,3\}", r"\{3,2,1\}"),
        (r"6\text{ and }7", "6,7"),
        ("2x+1=y", "y=2x+1"),
        ("y=2x+1", "2x+1"),
        ("x+y=3", "2y+2x=6"),
        ("x^2+2x+1", "(x+1)^2"),
        (r"\frac{n^2+n}{2}", r"\frac{n(n+1)}{2}"),
        (r"n(n+1)/2", r"\frac{n(n+1)}{2}"),
        (r"\log_2 3", r"\frac{\ln 3}{\ln 2}"),
        ("5!", "120"),
        ("2^{10}", "1024"),
        (r"\sqrt[3]{8}", "2"),
        (r"\frac{\sqrt2}{2}", r"\frac{1}{\sqrt{2}}"),
        (r"\sin 30^\circ", r"\frac12"),
        ("4i+3", "3+4i"),
        (r"\sqrt{-4}", "2i"),
        (r"\left(\frac{1}{2}, 3\right)", "(0.5,3)"),
        (r"(-\infty,2)\cup(3,\infty)", r"(3,\infty) \cup (-\infty, 2)"),
        (r"\begin{pmatrix}1/2\\2\end{pmatrix}", r"\begin{pmatrix}0.5\\2\end{pmatrix}"),
        (r"\sqrt{ab}", r"\sqrt{a}\sqrt{b}"),
        (r"-\begin{pmatrix}2\\-11\end{pmatrix}", r"\begin{pmatrix}-2\\11\end{pmatrix}"),
        (r"\frac12\begin{pmatrix}2\\4\end{pmatrix}", r"\begin{pmatrix}1\\2\end{pmatrix}"),
        (r"\binom{5}{2}", "10"),
        ("5=x", "5"),
    ],
)
def test_equal_answers_are_the_same_in_both_orders(one: str, other: str) -> None:
    kind = extractor("math")
    assert kind.equivalent(one, other)
    assert kind.equivalent(other, one)


@pytest.mark.timed
def test_threads_do_not_wait_for_each_other_for_long() -> None:
    pairs = [(rf"\int_0^{n} \sin(x^x)^9 dx", rf"\int_0^{n} \cos(x^x)^9 dx") for n in range(1, 9)]
    began = time.perf_counter()
    with ThreadPoolExecutor(_THREADS) as pool:
        assert not any(pool.map(math_equality.same, *zip(*pairs, strict=True)))
    assert time.perf_counter() - began < _MOST_SECONDS * len(pairs) / _THREADS


def test_what_evaluation_cannot_tell_is_compared_symbolically(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("math_verify")
    monkeypatch.setattr(algebra, "SECONDS", 20.0)  # this machine may be busy
    monkeypatch.setattr(algebra, "_LONGEST_WAIT", 40.0)
    one, other = r"\mathbb{R}", r"(-\infty,\infty)"
    until = time.monotonic() + 60
    while (verdict := algebra.same(one, other)) is None and time.monotonic() < until:
        time.sleep(0.1)
    assert verdict
    assert math_equality.same(one, other)


_atoms = st.sampled_from(
    ["x", "y", "n", "2", "10", "99", "0.5", r"\pi", "e", "i", r"\infty", r"\text{cm}", "the", "="]
)
_formulas = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.builds(r"\frac{{{}}}{{{}}}".format, inner, inner),
        st.builds(r"\sqrt{{{}}}".format, inner),
        st.builds(r"\sin({})".format, inner),
        st.builds("{}^{{{}}}".format, inner, inner),
        st.builds("({} + {})".format, inner, inner),
        st.builds("{}{}!".format, inner, inner),
        st.builds(r"{}, \pm {}".format, inner, inner),
        st.builds(r"{} \le {}".format, inner, inner),
        st.builds(r"\{{{}, {}\}}".format, inner, inner),
    ),
    max_leaves=12,
)


@pytest.mark.timed
@settings(max_examples=150, deadline=None)
@given(_formulas, _formulas)
def test_generated_formulas_are_compared_at_once_and_in_both_orders(one: str, other: str) -> None:
    began = time.perf_counter()
    found = math_equality.same(one, other)
    assert time.perf_counter() - began < _MOST_SECONDS
    assert math_equality.same(other, one) == found


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="x2+-^{}()[]\\,=<>|!_fracsqt ;:&", max_size=40), _formulas)
def test_any_text_is_compared_without_an_error(one: str, other: str) -> None:
    assert isinstance(math_equality.same(one, other), bool)
    assert math_equality.same(one, one)


DATA = Path(__file__).parents[2].parent / "shared" / "data" / "math_dylan_gpt35_4agents.jsonl.gz"
_MOST_OF_A_PAIR = 3.0  # seconds, of which the comparison may take 1.8
_PAIRS = 1_500


def _slowest(pairs: Sequence[tuple[str, str]]) -> tuple[float, tuple[str, str]]:
    """Compare pairs in threads; return the seconds of the slowest, and which it was."""

    def timed(pair: tuple[str, str]) -> tuple[float, tuple[str, str]]:
        began = time.perf_counter()
        extractor("math").equivalent(*pair)
        return time.perf_counter() - began, pair

    with ThreadPoolExecutor(_THREADS) as pool:
        return max(pool.map(timed, pairs))


@pytest.mark.timed
@pytest.mark.skipif(not DATA.exists(), reason="the recorded answers are not here")
def test_pairs_of_recorded_replies_are_compared_at_once_from_threads() -> None:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in islice(lines, 0, None, 8)]
    texts = [sample["text"] for row in rows for sample in row["samples"]]
    read = [answer for text in texts if (answer := extractor("math").extract(text)) is not None]
    drawn = random.Random(3)
    pairs = [(drawn.choice(read), drawn.choice(read)) for _ in range(_PAIRS)]
    pairs += [(drawn.choice(texts), drawn.choice(texts)) for _ in range(_PAIRS // 10)]
    seconds, pair = _slowest(pairs)
    assert seconds < _MOST_OF_A_PAIR, pair


_SIGNS = ("+", "-", r"\cdot ", "/", "^", "=", r"\le ", ", ", r"\cup ", r"\pm ", " ")
_PARTS = (
    "x", "y^2", "99^{99}", r"\frac{1}{x}", r"\sqrt{y}", r"\int_0^1 x^x dx",
    r"\sum_{k=1}^{9999} k^k", r"\lim_{n\to\infty} n!", r"\prod_{k=1}^{99} k", r"\mathbb{R}",
    r"\sin(x^x)", "10^{9*10^9}", r"\binom{n}{500}", r"\begin{pmatrix}1\\2\end{pmatrix}",
    r"\{1, 2\}", "(1, 2]", "500!", r"\log_2(x)", r"\text{cm}", "|x-1|",
)  # fmt: skip


@pytest.mark.timed
def test_generated_latex_is_compared_at_once_from_threads() -> None:
    drawn = random.Random(11)

    def formula() -> str:
        parts = [drawn.choice(_PARTS) + drawn.choice(_SIGNS) for _ in range(drawn.randint(1, 6))]
        return "".join(parts) + drawn.choice(_PARTS)

    seconds, pair = _slowest([(formula(), formula()) for _ in range(60)])
    assert seconds < _MOST_OF_A_PAIR, pair


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("f'(x) = 2x\\ln x + x", "2x\\ln x + x", True),
        ("y' = 6x", "6x", True),
        ("\\frac{dy}{dx} = 6x", "dy/dx = 6x", True),
        ("P(A) = 3/8", "\\frac{3}{8}", True),
        ("f''(x) = 2", "2x", False),
        ("x + y = 2", "2", False),
    ],
)
def test_the_name_of_a_derivative_or_a_probability_is_no_part_of_its_value(
    one: str, other: str, *, same: bool
) -> None:
    assert extractor("math").equivalent(one, other) is same
