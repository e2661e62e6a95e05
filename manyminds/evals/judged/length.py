"""The length-controlled win rate of AlpacaEval 2 (arXiv 2404.04475)."""

import math
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import DataError, InputError
from manyminds.evals.statistics.scipy_parts import scipy_part
from manyminds.evals.tables import data_rows

Floats = NDArray[np.float64]
_RIDGE = 0.02  # where all wins fall together with length, the weights would be infinite
_FOLDS, _STRENGTHS = 5, np.logspace(-4, 4, 10)  # the authors' cross-validation
_REWORDED = 0.2 / 2  # weight of a row of each of the two reworded baselines


class WinRate(NamedTuple):
    """How often a method wins against the reference.

    Attributes:
        raw: Share of wins, a tie half.
        controlled: The share that the fitted model expects at equal lengths.
        length_effect: Weight of tanh of the standardised difference of lengths: above 0, longer
            answers win.
        difficulty_effect: Weight of the instructions' difficulty; None where it is not known.
    """

    raw: float
    controlled: float
    length_effect: float
    difficulty_effect: float | None = None


class Published(NamedTuple):
    """What the authors fitted over many published models: `df_gamed.csv` of their data set.

    Attributes:
        difficulty: Difficulty of each instruction, by its place in the authors' file.
        preferences: Wins of the reference model, told to be short or long, against itself.
        lengths: Difference of lengths of these, standardised.
        places: Instruction of these.
    """

    difficulty: dict[int, float]
    preferences: list[float]
    lengths: list[float]
    places: list[int]


def read_published(path: Path) -> Published:
    """Read the authors' file.

    Raises:
        DataError: It cannot be read, or has other columns.
    """
    found = Published({}, [], [], [])
    for where, row in data_rows(path, ("instruction_difficulty",)):
        try:
            place = int(float(row["index"]))
            found.difficulty[place] = float(row["instruction_difficulty"])
            preference = float(row.get("preference") or math.nan)
            length = float(row.get("std_delta_len") or math.nan)
        except (KeyError, TypeError, ValueError):
            raise DataError(
                f"{where}: give df_gamed.csv of AlpacaEval's data set, with index, "
                "instruction_difficulty, preference and std_delta_len"
            ) from None
        if not math.isnan(preference) and not math.isnan(length):
            found.preferences.append(preference)
            found.lengths.append(length)
            found.places.append(place)
    return found


def win_rate(
    wins: Sequence[float],
    lengths: Sequence[tuple[int, int]],
    places: Sequence[int] = (),
    published: Published | None = None,
) -> WinRate:
    """Return the raw and the length-controlled win rate.

    Wins are fitted by logistic regression on a constant (which is better) and on tanh of the
    difference of lengths, in standard deviations; at equal lengths the second is nothing. With
    what the authors published, the third term is the difficulty of each instruction, and the fit is
    theirs: L1 with five-fold cross-validation, and rows of the reworded reference models that hold
    the weights near the reference's. Without it, the terms are two.

    Args:
        wins: For each pair 1, 0, or a share between them, such as 0.5 where two orders disagree.
        lengths: Characters of the method's answer and of the reference.
        places: Place of each instruction in the authors' file.
        published: What the authors fitted; see `read_published`.

    Raises:
        InputError: There is no pair, an instruction has no difficulty, or scipy or scikit-learn is
            not installed.
    """
    if not wins or len(wins) != len(lengths):
        raise InputError("give at least one comparison, and the lengths of both answers of each")
    won: Floats = np.asarray(wins, dtype=np.float64)
    longer = np.array([mine - other for mine, other in lengths], dtype=np.float64)
    # As the authors' table library has it: with n - 1.
    spread = float(longer.std(ddof=1)) if len(longer) > 1 else 0.0
    longer = np.tanh(longer / spread) if spread else np.zeros_like(longer)
    if published is not None:
        return _with_difficulty(won, longer, places, published)

    def loss(values: Floats) -> float:
        logit = values[0] + values[1] * longer
        fitted = np.logaddexp(0, -logit) * won + np.logaddexp(0, logit) * (1 - won)
        return float(fitted.mean() + _RIDGE * (values**2).mean() / len(won) ** 0.5)

    better, effect = scipy_part("optimize").minimize(loss, np.zeros(2), method="BFGS").x
    return WinRate(float(won.mean()), float(_logistic(better)), float(effect))


def _with_difficulty(
    won: Floats, longer: Floats, places: Sequence[int], published: Published
) -> WinRate:
    unknown = [place for place in places if place not in published.difficulty]
    if unknown or len(places) != len(won):
        raise InputError(
            f"instruction {unknown[0] if unknown else len(places)} has no difficulty in the "
            "authors' file: grade alpaca_eval_gpt4_baseline.json itself, in its order"
        )
    hard = np.array([published.difficulty[place] for place in places])
    other = np.array([published.difficulty[place] for place in published.places])
    # The authors' difference of lengths is reference minus method.
    theirs = -np.tanh(np.array(published.lengths, dtype=np.float64))
    features = np.concatenate(
        [
            np.column_stack([theirs, other, np.zeros(len(other))]),
            np.column_stack([longer, hard, np.ones(len(won))]),
        ]
    )
    shares = np.concatenate([np.array(published.preferences, dtype=np.float64), won])
    weights = np.concatenate([np.full(len(other), _REWORDED), np.ones(len(won))])
    effect, difficulty, better = _fitted(features, shares, weights)
    expected = _logistic(better + difficulty * hard)
    return WinRate(float(won.mean()), float(expected.mean()), float(effect), float(difficulty))


def _fitted(features: Floats, shares: Floats, weights: Floats) -> Floats:
    """Fit shares by logistic regression with L1; its strength by five-fold cross-validation."""
    splits = _sklearn("model_selection").GroupKFold(_FOLDS)
    folds = list(splits.split(features, groups=np.arange(len(shares))))
    losses = []
    for strength in _STRENGTHS:
        held = []
        for train, test in folds:
            fitted = _regression(features[train], shares[train], weights[train], strength)
            chance = np.clip(_logistic(features[test] @ fitted), 1e-15, 1 - 1e-15)
            right = shares[test] * np.log(chance) + (1 - shares[test]) * np.log(1 - chance)
            held.append(-float(np.mean(right * weights[test])))
        losses.append(float(np.mean(held)))
    return _regression(features, shares, weights, _STRENGTHS[int(np.argmin(losses))])


def _regression(features: Floats, shares: Floats, weights: Floats, strength: float) -> Floats:
    """Fit shares: each row counts as a win and as a loss, by its share."""
    regression = _sklearn("linear_model").LogisticRegression
    newer = regression().get_params().get("penalty") != "l2"  # the name of the penalty since 1.8
    l1: dict[str, object] = {"l1_ratio": 1.0} if newer else {"penalty": "l1"}
    model = regression(C=strength, solver="liblinear", fit_intercept=False, random_state=123, **l1)
    labels = np.repeat([1, 0], len(shares))
    counted = np.concatenate([shares * weights, (1 - shares) * weights])
    model.fit(np.concatenate([features, features]), labels, sample_weight=counted)
    fitted: Floats = model.coef_[0]
    return fitted


def _sklearn(part: str) -> Any:
    try:
        return import_module(f"sklearn.{part}")
    except ImportError:
        raise InputError(
            'the authors\' length control needs scikit-learn: pip install "manyminds[similarity]"'
        ) from None


def _logistic(x: Any) -> Any:
    return np.exp(-np.logaddexp(0, -x))
