"""Sentence BLEU of every pair of texts at once, equal to sacrebleu's (Post, arXiv 1804.08771).

A text is written as the set of its n-grams numbered by occurrence ("the third `x =`"): the clipped
matches of two texts are then the features they share, and one pass over the features counts the
matches of all pairs. Numpy only: a sparse product of scipy takes as long, and 0.3 s to import.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Counts = NDArray[np.float32]  # exact for whole numbers below 2 ** 24

ORDERS = 4
_PIECE = 1 << 20  # numbers in one working array, whatever the number of texts

# Tokenisation "13a" of mteval. Apostrophe and dash stay; full stop and comma depend on digits.
_SPACED = {ord(mark): f" {mark} " for mark in '!"#$%&()*+/:;<=>?@[\\]^_`{|}~'}
_ENTITIES = (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"))
_POINT_AFTER_OTHER = re.compile(r"([^0-9])([.,])")
_POINT_BEFORE_OTHER = re.compile(r"([.,])([^0-9])")
_DASH_AFTER_DIGIT = re.compile(r"([0-9])-")
# Ideographs, kana and their punctuation: scripts that put no space between words.
UNSPACED = (
    "[\u2e80-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe10-\ufe1f\ufe30-\ufe4f"
    "\uff00-\uffef\U00020000-\U0003ffff]"
)
_UNSPACED = re.compile(f"({UNSPACED})")


def spaced(text: str) -> str:
    """Return a text with every Chinese and Japanese character as a word of its own.

    sacrebleu's tokenizer "zh" does the same for Chinese.
    """
    return text if text.isascii() else _UNSPACED.sub(r" \1 ", text)


def tokenize(text: str) -> list[str]:
    """Split a text into the lower-case tokens that BLEU compares.

    They are those of sacrebleu's "13a", and of its "zh" where a text has Chinese characters.
    """
    text = spaced(text)
    line = text.lower().rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, mark in _ENTITIES:
        line = line.replace(entity, mark)
    line = f" {line} ".translate(_SPACED)
    line = _POINT_AFTER_OTHER.sub(r"\1 \2 ", line)
    line = _POINT_BEFORE_OTHER.sub(r" \1 \2", line)
    return _DASH_AFTER_DIGIT.sub(r"\1 - ", line).split()


def scorer(texts: Sequence[str]) -> Callable[[slice], Floats]:
    """Return a function from a slice of the texts to their rows of BLEU against all texts.

    Use it through `manyminds.votes.similarity`, unless rows are wanted one block at a time.
    `scorer(texts)(slice(i, i + 1))[0, j]` is, to 1e-9, what sacrebleu gives as
    `sentence_bleu(texts[i], [texts[j]], lowercase=True).score`: exponential smoothing, effective
    order, orders 1 to 4, scale 0 to 100. Texts are indexed once; a block of b rows takes memory for
    a few arrays of b x n.
    """
    tokens = [tokenize(text) for text in texts]
    lengths = np.array([len(line) for line in tokens], dtype=np.int64)
    indices = [_index(row, gram, len(texts)) for row, gram in _grams(tokens, lengths)]

    def rows(part: slice) -> Floats:
        block = range(len(texts))[part]
        matches = [index.matches(block.start, block.stop) for index in indices]
        return _bleu(matches, lengths[part], lengths)

    return rows


def _grams(tokens: Sequence[Sequence[str]], lengths: Ints) -> list[tuple[Ints, Ints]]:
    """Return, for each order, the text and the number of every n-gram."""
    known: dict[str, int] = {}
    words = [known.setdefault(word, len(known)) for word in chain.from_iterable(tokens)]
    gram = last = np.array(words, dtype=np.int64)
    row = np.repeat(np.arange(len(lengths)), lengths)
    grams = [(row, gram)]
    for _ in range(1, ORDERS):
        inside = row[:-1] == row[1:]
        row, last = row[1:][inside], last[1:][inside]
        longer = gram[:-1][inside] * len(known) + last
        gram = np.unique(longer, return_inverse=True)[1].astype(np.int64)
        grams.append((row, gram))
    return grams


@dataclass(frozen=True)
class _Index:
    """Which texts have each feature, for the n-grams of one order.

    Attributes:
        texts: number of texts.
        rare: features of few texts, grouped by how many: arrays [features, texts that have it].
        common: (text, feature) of the features of many texts.
        width: number of common features.
    """

    texts: int
    rare: Sequence[Ints]
    common: tuple[Ints, Ints]
    width: int

    def matches(self, start: int, stop: int) -> Counts:
        """Count the features that each text of the block shares with every text."""
        found = np.zeros((stop - start, self.texts), dtype=np.float32)
        row, column = self.common
        step = max(1, _PIECE // max(1, self.texts))
        for left in range(0, self.width, step):
            here = (column >= left) & (column < left + step)
            has = np.zeros((self.texts, min(step, self.width - left)), dtype=np.float32)
            has[row[here], column[here] - left] = 1
            found += has[start:stop] @ has.T
        flat = found.reshape(-1)
        for group in self.rare:
            feature, place = np.nonzero((group >= start) & (group < stop))
            step = max(1, _PIECE // group.shape[1])
            for at in range(0, len(feature), step):
                sharing = group[feature[at : at + step]]
                mine = group[feature[at : at + step], place[at : at + step], np.newaxis] - start
                np.add.at(flat, (mine * self.texts + sharing).reshape(-1), np.float32(1))
        return found


def _index(row: Ints, gram: Ints, texts: int) -> _Index:
    """Index the n-grams of one order by feature: the n-gram and its place among equal ones."""
    kinds = int(gram.max(initial=0)) + 1
    pair, times = np.unique(row * kinds + gram, return_counts=True)
    occurrence = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
    row, gram = np.divmod(np.repeat(pair, times), kinds)
    _, feature, holders = np.unique(
        occurrence * kinds + gram, return_inverse=True, return_counts=True
    )
    # Pairs of the texts that share a feature grow with its square; a matrix product does not.
    few = max(2, texts // 16)
    common = holders > few
    is_common = common[feature]
    numbered = np.cumsum(common) - 1
    by_feature = np.argsort(feature, kind="stable")
    sorted_row, size = row[by_feature], holders[feature[by_feature]]
    sizes = np.unique(holders[~common])
    return _Index(
        texts=texts,
        rare=[sorted_row[size == held].reshape(-1, int(held)) for held in sizes],
        common=(row[is_common], numbered[feature[is_common]]),
        width=int(np.count_nonzero(common)),
    )


def _bleu(matches: Sequence[Counts], hypothesis: Ints, reference: Ints) -> Floats:
    """Return BLEU from the clipped matches of each order and the lengths in tokens."""
    size = np.maximum(hypothesis, 1)[:, np.newaxis]
    product = np.ones(matches[0].shape)
    smooth = np.ones(matches[0].shape)
    for order, matched in enumerate(matches):
        total = hypothesis - order
        has = np.flatnonzero(total > 0)  # effective order: texts shorter than that leave it out
        hits = matched[has]
        missed = hits == 0
        smooth[has] = np.where(missed, smooth[has] / 2, smooth[has])
        product[has] *= np.where(missed, smooth[has], hits) / total[has, np.newaxis]
    score: Floats = 100 * product ** (1 / np.minimum(size, ORDERS))
    score *= np.exp(np.minimum(0, 1 - reference / size))  # brevity penalty
    return np.where(matches[0] > 0, np.minimum(score, 100), 0)
