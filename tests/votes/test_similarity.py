import gzip
import json
import math
import os
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu import sentence_bleu

from manyminds.errors import InputError
from manyminds.votes import bleu, similarity
from manyminds.votes.similarity import consensus_scores, matrix
from manyminds.votes.votes import consensus

DATA = Path(os.environ.get("MANYMINDS_DATA", Path(__file__).parents[3] / "shared" / "data"))
HUMANEVAL = DATA / "humaneval_codegen16b_s00-49.jsonl.gz"
METRICS = ["bleu", "rouge", "levenshtein", "tfidf"]
SNIPPETS = [
    "def f(x):\n    return x+1",
    "def f(x):\n    y = x + 1\n    return y",
    "def f(n):\n    return n*2",
    "def f(x):\n    return x+1",
]
THEIR_TOKENS: Any = import_module("sacrebleu.tokenizers.tokenizer_13a").Tokenizer13a()
# What the tokeniser treats by rules of its own, whole words, and white space of every kind.
PIECES = [
    *["a", "B", "cat", "1", "23", "\u00e9", "\u0130", "\u4e2d", "'", "-", ".", ",", "\n", "-\n"],
    *["&amp;", "&lt;", "&quot;", "&gt;", "lt;", "<skipped>", " ", "  ", "\t", "\u00a0"],
    *["\u2028", "\r", "(", ")", "{", "~", "^", "/", "@", "$", "\\", "_", "\x00", "\x1f"],
]
TRICKY = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
TEXTS = st.lists(TRICKY | st.text(max_size=20), max_size=5)


def recorded(problems: int | None = None) -> list[list[str]]:
    """The recorded samples of each problem, distinct ones once."""
    if not HUMANEVAL.exists():
        pytest.skip(f"no recorded samples at {HUMANEVAL}")
    with gzip.open(HUMANEVAL, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line)["samples"] for line in islice(lines, problems)]
    return [list(dict.fromkeys(samples)) for samples in rows]


def made(n: int, *, words: int = 12) -> list[str]:
    """Texts that share some words with all the others and some with few."""
    draw = random.Random(0)
    names = [f"name{i}" for i in range(200)]
    usual = ["def", "return", "if", "for", "x", "=", "1", "2.5", "(", ")", ",", "."]
    return [
        " ".join(draw.choices(usual, k=words) + draw.choices(names, k=words // 2)) for _ in range(n)
    ]


def by_sacrebleu(texts: Sequence[str]) -> list[list[float]]:
    texts = [bleu.spaced(text) for text in texts]
    return [[sentence_bleu(hyp, [ref], lowercase=True).score for ref in texts] for hyp in texts]


def assert_like_sacrebleu(texts: Sequence[str]) -> None:
    ours = matrix(texts)
    expected = np.array(by_sacrebleu(texts)).reshape(len(texts), len(texts))
    assert ours.dtype == np.float64
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


@given(TRICKY | st.text())
def test_tokens_are_those_of_13a(text: str) -> None:
    assert bleu.tokenize(text) == THEIR_TOKENS(bleu.spaced(text).lower().rstrip()).split()


CHINESE = [
    "\u7b54\u6848\u662f42\uff0c\u56e0\u4e3a6\u4e58\u4ee57\u7b49\u4e8e42\u3002",
    "\u5317\u4eac\u662f\u4e2d\u56fd\u7684\u9996\u90fd and GPT-4, ok.",
    "\u5317\u4eac\u662f\u9996\u90fd\uff0c\u4eba\u53e3\u4e24\u5343\u4e07\u3002",
]


def test_bleu_of_chinese_is_that_of_the_tokenizer_zh() -> None:
    theirs = [
        [sentence_bleu(one, [other], lowercase=True, tokenize="zh").score for other in CHINESE]
        for one in CHINESE
    ]
    np.testing.assert_allclose(matrix(CHINESE), np.array(theirs), rtol=0, atol=1e-9)


JAPANESE = (
    "\u6771\u4eac\u3067\u3059\u3002",
    "\u6771\u4eac\u3067\u3059\u306d\u3002",
    "\u5927\u962a\u306a\u306e\u3060",
)


@pytest.mark.parametrize("metric", ["bleu", "rouge", "levenshtein", "tfidf"])
def test_likeness_of_japanese_counts_characters(metric: str) -> None:
    rows = matrix(JAPANESE, metric)
    assert rows[0, 1] > 50 > rows[0, 2]
    assert consensus(JAPANESE, metric=metric)["winner"] in (0, 1)


@pytest.mark.parametrize("metric", ["bleu", "rouge", "levenshtein", "tfidf"])
def test_a_vote_on_long_texts_compares_their_beginnings_and_says_so(metric: str) -> None:
    texts = [f"{n} " + "word " * 100_000 for n in range(8)]
    ballot = consensus(texts, metric=metric)
    assert ballot["voters"] == 8 and ballot["winner"] is not None
    (note,) = ballot.get("notes", [])
    assert "characters of each reply" in note


def test_a_vote_on_many_texts_compares_the_most_frequent_and_says_so() -> None:
    texts = [f"text {n}" for n in range(3000)] + ["the last text"] * 2
    ballot = consensus(texts, metric="levenshtein")
    assert "1000 of 3001" in ballot.get("notes", [""])[0]
    assert ballot["scores"][-1] is not None and ballot["scores"][2999] is None


def test_a_short_vote_has_no_notes() -> None:
    assert "notes" not in consensus(["a b", "a c"])


@given(TEXTS)
def test_bleu_of_any_texts_is_that_of_sacrebleu(texts: list[str]) -> None:
    assert_like_sacrebleu(texts)


@pytest.mark.parametrize("n", [2, 40])
def test_bleu_of_many_texts_is_that_of_sacrebleu(n: int) -> None:
    assert_like_sacrebleu(made(n))


@pytest.mark.integration
def test_bleu_of_recorded_programs_is_that_of_sacrebleu() -> None:
    for samples in recorded(problems=1):
        assert_like_sacrebleu(samples)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_bleu_of_every_recorded_pair_is_that_of_sacrebleu() -> None:
    for samples in recorded():
        assert_like_sacrebleu(samples)


def test_rows_are_hypotheses() -> None:
    short, long = "a b c d", "a b c d e f g h"
    rows = matrix([short, long])
    assert rows[0, 1] == pytest.approx(100 * math.exp(1 - 8 / 4))  # all found, but too short
    assert rows[1, 0] == pytest.approx(sentence_bleu(long, [short]).score)


def test_consensus_of_the_published_code() -> None:
    scores = consensus_scores(SNIPPETS)
    assert scores == pytest.approx([176.32, 114.60, 67.77, 176.32], abs=0.005)
    assert int(np.argmax(scores)) == 0


@pytest.mark.parametrize("metric", METRICS)
def test_consensus_sums_the_matrix_without_its_diagonal(metric: str) -> None:
    texts = [*made(30), *made(7), "", ""]
    pairs = matrix(texts, metric)
    np.fill_diagonal(pairs, 0)
    np.testing.assert_allclose(consensus_scores(texts, metric), pairs.sum(axis=1), atol=1e-8)


@pytest.mark.parametrize("metric", METRICS)
def test_similarities_lie_between_0_and_100(metric: str) -> None:
    texts = [*made(20), "name1 \u00e9 -1", "?", ""]
    pairs = matrix(texts, metric)
    assert pairs.shape == (23, 23)
    assert pairs.min() >= 0
    assert pairs.max() <= 100
    assert np.diag(pairs)[:20] == pytest.approx(100)


@pytest.mark.parametrize("metric", METRICS)
def test_equal_texts_have_equal_rows_and_columns(metric: str) -> None:
    pairs = matrix(["a b c", "a b d", "x y", "a b c"], metric)
    assert (pairs[0] == pairs[3]).all()
    assert (pairs[:, 0] == pairs[:, 3]).all()
    assert pairs[0, 3] == pytest.approx(100)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("texts", [[], ["a b"], ["", ""], ["+", "-"]], ids=str)
def test_few_texts_and_texts_without_words(metric: str, texts: list[str]) -> None:
    n = len(texts)
    assert matrix(texts, metric).shape == (n, n)
    assert consensus_scores(texts, metric).shape == (n,)
    if n == 1:
        assert consensus_scores(texts, metric)[0] == 0


def test_duplicates_vote_for_each_other() -> None:
    texts = ["alpha beta gamma", "delta epsilon", "delta epsilon"]
    assert consensus_scores(texts) == pytest.approx([0, 100, 100])


@given(st.permutations([*SNIPPETS, "x = 1", "1 = x", "pass", ""]))
def test_order_changes_no_score(texts: list[str]) -> None:
    scores = dict(zip(texts, consensus_scores(texts), strict=True))
    expected = consensus_scores(sorted(texts))
    assert scores == dict(zip(sorted(texts), expected, strict=True))


@pytest.mark.parametrize("metric", METRICS)
def test_blocks_change_nothing(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = made(50)
    whole, sums = matrix(texts, metric), consensus_scores(texts, metric)
    monkeypatch.setattr(similarity, "_CELLS", 350)  # seven rows a block, the last one short
    monkeypatch.setattr(bleu, "_PIECE", 150)  # three common features at a time
    np.testing.assert_allclose(matrix(texts, metric), whole, rtol=0, atol=1e-10)
    np.testing.assert_allclose(consensus_scores(texts, metric), sums, rtol=0, atol=2e-9)


@pytest.mark.integration
def test_consensus_never_holds_all_pairs() -> None:
    texts = list(dict.fromkeys(made(4000, words=2)))
    tracemalloc.start()
    try:
        consensus_scores(texts)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * len(texts) ** 2 / 2, f"{peak >> 20} MB"


@pytest.mark.parametrize("texts", [made(6), SNIPPETS, ["The cat's 2 hats!", "the CAT", ""]])
def test_rouge_is_that_of_rouge_score(texts: list[str]) -> None:
    scorer: Any = import_module("rouge_score.rouge_scorer").RougeScorer(["rougeL"])
    expected = [[100 * scorer.score(ref, hyp)["rougeL"].fmeasure for ref in texts] for hyp in texts]
    np.testing.assert_allclose(matrix(texts, "rouge"), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("kitten", "sitting", 100 * (1 - 3 / 7)), ("abc", "", 0), ("Abc", "abc", 100 * 2 / 3)],
)
def test_levenshtein(one: str, other: str, expected: float) -> None:
    pairs = matrix([one, other], "levenshtein")
    assert pairs[0, 1] == pytest.approx(expected)
    assert pairs[1, 0] == pairs[0, 1]


def test_tfidf_weighs_rare_words_more_and_counts_repeated_texts() -> None:
    def cosine(copies: int) -> float:
        # Weights of scikit-learn: ln((1 + texts) / (1 + texts with the word)) + 1.
        shared = 1.0
        own = math.log((1 + 2 + copies) / 2) + 1
        other = math.log((1 + 2 + copies) / (2 + copies)) + 1
        return 100 * shared / (math.hypot(shared, own) * math.hypot(shared, other))

    assert matrix(["x = 3", "x = 4"], "tfidf")[0, 1] == pytest.approx(cosine(0))
    assert matrix(["x = 3", "x = 4", "x = 4"], "tfidf")[0, 1] == pytest.approx(cosine(1))


def test_an_embedding_sees_each_text_once_and_is_compared_by_cosine() -> None:
    seen: list[list[str]] = []
    vectors = {"east": [2.0, 0.0], "north": [0.0, 1.0], "both": [3.0, 3.0], "west": [-1.0, 0.0]}

    def embed(texts: list[str]) -> list[list[float]]:
        seen.append(texts)
        return [vectors.get(text, [0.0, 0.0]) for text in texts]

    rows = matrix(["east", "north", "both", "west", "east", "unknown"], embed)
    assert seen == [["east", "north", "both", "west", "unknown"]]
    assert rows[0] == pytest.approx([100, 0, 100 * math.sqrt(0.5), 0, 100, 0])
    assert rows[5] == pytest.approx([0] * 6)
    assert matrix([], embed).shape == (0, 0)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "vectors",
    [[[1.0, 2.0]], [1.0, 1.0], [[1.0], [1.0, 2.0]], [[math.nan], [1.0]], [["much"], ["little"]]],
    ids=str,
)
def test_what_is_no_embedding_is_refused(vectors: Any) -> None:
    with pytest.raises(InputError, match="one finite vector for each text"):
        consensus_scores(["a", "b"], lambda texts: vectors)


def test_an_unknown_metric_is_refused_with_those_known() -> None:
    with pytest.raises(InputError, match=r"no metric 'blue'; use 'bleu', 'rouge'"):
        matrix(["a"], "blue")


def test_one_text_is_no_list_of_texts() -> None:
    with pytest.raises(InputError, match="list of texts"):
        matrix("abc")


@pytest.mark.parametrize(
    ("metric", "module"),
    [
        ("rouge", "rapidfuzz.process"),
        ("levenshtein", "rapidfuzz.process"),
        ("tfidf", "sklearn.feature_extraction.text"),
    ],
)
def test_a_missing_package_is_named(
    metric: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    package = module.partition(".")[0]
    with pytest.raises(InputError, match=rf'{package}.*pip install "manyminds\[similarity\]"'):
        matrix(["a b", "b c"], metric)


def test_bleu_needs_numpy_only() -> None:
    code = (
        "import sys; from manyminds.votes import similarity\n"
        "assert similarity.matrix(['a b', 'a c']).shape == (2, 2)\n"
        "print([m for m in ('scipy', 'sklearn', 'rapidfuzz', 'langgraph') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
