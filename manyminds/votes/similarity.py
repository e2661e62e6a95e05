"""How alike texts are, for choosing the one most like the others (Agent Forest, arXiv 2402.05120).

`matrix` gives all pairs, `consensus_scores` each text's sum over the others, in bounded memory.
BLEU and own embeddings need numpy only, the other metrics the extra `similarity`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from manyminds.errors import InputError
from manyminds.votes import bleu

Floats = NDArray[np.float64]
Embedding = Callable[[list[str]], ArrayLike]
Rows = Callable[[slice], Floats]

# The words of rouge-score, and the characters of scripts without spaces.
_ROUGE_WORD = re.compile(rf"[a-z0-9]+|{bleu.UNSPACED}")
_QUADRATIC = ("rouge", "levenshtein")
_SHORT = 20_000  # characters of all texts, which such a metric compares in some milliseconds
_CELLS = 1 << 19  # similarities in one block of rows; BLEU works in about 70 bytes for each


def matrix(texts: Sequence[str], metric: str | Embedding = "bleu") -> Floats:
    """Return the similarity of every pair of texts, 0 (nothing in common) to 100 (the same).

    Use it to see how texts relate; to choose one of many, `consensus_scores` needs less memory.
    Each distinct text is compared once, however often it occurs.

    Args:
        texts: n texts.
        metric: "bleu", sacrebleu's sentence BLEU, lower case (rows are hypotheses, columns
            references; not symmetric); "rouge", the F1 of ROUGE-L (Lin, 2004), equal to
            rouge-score's without stemming (knows a to z, digits, Chinese and Japanese only);
            "levenshtein", 1 - edits / length of the longer text, in characters; "tfidf", the cosine
            of word weights fitted to these texts; or an embedding, a function from d distinct texts
            to d vectors (`embed_documents` of LangChain, for instance), compared by cosine, where
            opposite counts as 0.

    Returns:
        float64, [n, n].

    Raises:
        InputError: the metric is unknown, its package is not installed, or the embedding does not
            give one finite vector for each text.
    """
    distinct, place = _distinct(texts)
    pairs = np.zeros((len(distinct), len(distinct)))
    for part, rows in _blocks(texts, distinct, metric):
        pairs[part] = rows
    return pairs if len(distinct) == len(texts) else pairs[np.ix_(place, place)]


def consensus_scores(texts: Sequence[str], metric: str | Embedding = "bleu") -> Floats:
    """Return each text's summed similarity to all the others; the highest is the consensus.

    Algorithm 1 of Agent Forest (arXiv 2402.05120). Equal texts count as votes for each other. Sums
    are rounded to 1e-9, so that what is a tie on paper is a tie here. The matrix of all pairs is
    never held: memory grows with the texts, not with their square.

    Args:
        texts: n texts.
        metric: as for `matrix`.

    Returns:
        float64, [n]: 0 to 100 * (n - 1).

    Raises:
        InputError: as for `matrix`.
    """
    distinct, place = _distinct(texts)
    votes = np.bincount(place, minlength=len(distinct)).astype(np.float64)
    sums = np.zeros(len(distinct))
    for part, rows in _blocks(texts, distinct, metric):
        own = rows[np.arange(len(rows)), np.arange(len(distinct))[part]]
        sums[part] = rows @ votes - own
    scores: Floats = np.round(sums, 9)[place]
    return scores


def _distinct(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """Return the distinct texts in order, and for each text its place among them."""
    if isinstance(texts, str):
        raise InputError("give a list of texts to compare, not one text")
    known: dict[str, int] = {}
    place = [known.setdefault(text, len(known)) for text in texts]
    return list(known), np.array(place, dtype=np.int64)


def _blocks(
    texts: Sequence[str], distinct: list[str], metric: str | Embedding
) -> Iterator[tuple[slice, Floats]]:
    """Yield the rows of the distinct texts, some at a time, with where they belong."""
    rows = _rows(texts, distinct, metric)
    size = max(1, _CELLS // max(1, len(distinct)))
    if metric in _QUADRATIC and sum(map(len, distinct)) > _SHORT:
        size = 1  # one call of rapidfuzz keeps all other threads waiting
    for start in range(0, len(distinct), size):
        part = slice(start, min(start + size, len(distinct)))
        yield part, rows(part)


def _rows(texts: Sequence[str], distinct: list[str], metric: str | Embedding) -> Rows:
    if callable(metric):
        return _embedded(distinct, metric)
    if metric == "tfidf":
        return _tfidf(texts, distinct)
    if metric in _METRICS:
        return _METRICS[metric](distinct)
    names = ", ".join(map(repr, [*_METRICS, "tfidf"]))
    raise InputError(f"there is no metric {metric!r}; use {names} or an embedding function")


def _rouge(texts: Sequence[str]) -> Rows:
    """F1 of the longest common subsequence of words: 2 * common / (words of both)."""
    process = _package("rapidfuzz.process", "rouge")
    common = _package("rapidfuzz.distance", "rouge").LCSseq.similarity
    lines = [_ROUGE_WORD.findall(text.lower()) for text in texts]
    known: dict[str, int] = {}  # numbers are compared faster than words
    coded = [[known.setdefault(word, len(known)) for word in line] for line in lines]
    lengths = np.array([len(line) for line in lines])

    def rows(part: slice) -> Floats:
        shared: Floats = process.cdist(coded[part], coded, scorer=common, dtype=np.float64)
        scores: Floats = 200 * shared / np.maximum(lengths[part, np.newaxis] + lengths, 1)
        return scores

    return rows


def _levenshtein(texts: Sequence[str]) -> Rows:
    process = _package("rapidfuzz.process", "levenshtein")
    same = _package("rapidfuzz.distance", "levenshtein").Levenshtein.normalized_similarity

    def rows(part: slice) -> Floats:
        shares: Floats = process.cdist(texts[part], texts, scorer=same, dtype=np.float64)
        return 100 * shares

    return rows


def _tfidf(texts: Sequence[str], distinct: Sequence[str]) -> Rows:
    """Cosine of TF-IDF; a word's rarity is measured on all texts, repeated ones included."""
    module = _package("sklearn.feature_extraction.text", "tfidf")
    texts, distinct = [bleu.spaced(text) for text in texts], [bleu.spaced(t) for t in distinct]
    if not any(re.search(r"\w", text) for text in texts):
        return lambda part: np.zeros((len(distinct[part]), len(distinct)))
    # Words of one character count: `x = 3` is not `x = 4`.
    weights = module.TfidfVectorizer(token_pattern=r"\w+").fit(texts).transform(distinct)

    def rows(part: slice) -> Floats:
        cosines: Floats = (weights[part] @ weights.T).toarray()
        return 100 * np.minimum(cosines, 1)

    return rows


def _embedded(texts: list[str], embed: Embedding) -> Rows:
    vectors = _vectors(embed(texts) if texts else [[]], max(1, len(texts)))
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / np.where(norms == 0, 1, norms)
    return lambda part: 100 * np.clip(units[part] @ units.T, 0, 1)


def _vectors(given: ArrayLike, n: int) -> Floats:
    advice = f"the embedding must give one finite vector for each text, an array [{n}, d]"
    try:
        vectors = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{advice}: {error}") from error
    if vectors.ndim != 2 or len(vectors) != n:
        raise InputError(f"{advice}, not {list(vectors.shape)}")
    if not np.isfinite(vectors).all():
        raise InputError(f"{advice}; some of its numbers are not finite")
    return vectors


_METRICS: Mapping[str, Callable[[Sequence[str]], Rows]] = {
    "bleu": bleu.scorer,
    "rouge": _rouge,
    "levenshtein": _levenshtein,
}


def _package(name: str, metric: str) -> ModuleType:
    """Import a module of the extra `similarity`, only when a metric needs it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        package = name.partition(".")[0]
        raise InputError(
            f"the metric {metric!r} needs {package}, which is not installed: "
            'pip install "manyminds[similarity]"'
        ) from error
