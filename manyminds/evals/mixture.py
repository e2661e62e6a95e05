"""The best weights for a vote, by integer programming: what a greedy choice is compared with.

"Best-of-infinity" (arXiv 2509.21091): with infinitely many samples a mixture of members answers
with the answer of the greatest weight, so the best mixture on given questions is a mixed integer
linear program: as many questions as possible on which the right answer outweighs every other one.
It fits its questions perfectly well; whether it is better on others has to be measured.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from manyminds.errors import InputError
from manyminds.evals.statistics.scipy_parts import scipy_part

_MARGIN = 1e-3  # of the total weight by which the right answer must lead
_NODES = 3_000  # of the search tree; a limit in seconds would give other weights elsewhere
RIGHT = 0


class Mixture(NamedTuple):
    """Weights of members.

    Attributes:
        weights: One a member, at least 0, sum 1.
        right: Questions on which the weighted vote is right, of those it was fitted to.
        bound: Most questions that any weights could get right there, as far as the search proved.
    """

    weights: NDArray[np.float64]
    right: int
    bound: int

    @property
    def proved(self) -> bool:
        """Whether no weights are better on these questions."""
        return self.right >= self.bound


def optimal_mixture(codes: NDArray[np.int64], *, nodes: int = _NODES) -> Mixture:
    """Return the weights with which a vote is right on most questions.

    Args:
        codes: Answers as `manyminds.votes.selection.encoded` numbers them, members by questions: 0
            is right, -1 none.
        nodes: Nodes of the search tree at most; the best weights found so far are returned.

    Raises:
        InputError: There is no member or no question, or scipy is not installed.
    """
    members, questions = codes.shape
    if not members or not questions:
        raise InputError("optimal_mixture: give at least one member and one question")
    decided = np.array([len({*column.tolist()} - {-1}) < 2 for column in codes.T])
    free = int(((codes == RIGHT).any(axis=0) & decided).sum())  # right whatever the weights
    disputed = codes[:, ~decided]
    open = disputed[:, (disputed == RIGHT).any(axis=0)]
    if not open.shape[1]:
        return Mixture(np.full(members, 1 / members), free, free)
    found = _solved(open, nodes)
    led = np.round(np.asarray(found.x[members:])) == 1
    weights = _widest(open[:, led]) if led.any() else np.full(members, 1 / members)
    bound = free + int(np.floor(-float(found.mip_dual_bound) + 1e-6))
    return Mixture(weights, free + _won(open, weights), bound)


def _leads(open: NDArray[np.int64]) -> tuple[NDArray[np.float64], list[int]]:
    """Return the members for the right answer and for each wrong one, question by question."""
    rows, of = list[NDArray[np.float64]](), list[int]()
    for question, column in enumerate(open.T):
        mine = (column == RIGHT).astype(np.float64)
        for wrong in sorted({*column.tolist()} - {-1, RIGHT}):
            rows.append(mine - (column == wrong))
            of.append(question)
    return np.array(rows), of


def _widest(open: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the weights whose least lead on these questions is greatest.

    Many weights are right on the same questions; these depend on no search order, and keep best on
    other questions.
    """
    leads, _ = _leads(open)
    members = len(open)
    found = scipy_part("optimize").linprog(
        np.concatenate([np.zeros(members), [-1.0]]),
        A_ub=np.column_stack([-leads, np.ones(len(leads))]),
        b_ub=np.zeros(len(leads)),
        A_eq=np.concatenate([np.ones(members), [0.0]])[None],
        b_eq=[1.0],
        bounds=[(0, 1)] * members + [(-1, 1)],
    )
    weights = np.maximum(np.asarray(found.x[:members], dtype=np.float64), 0.0)
    result: NDArray[np.float64] = weights / weights.sum()
    return result


@contextmanager
def _aside() -> Generator[None]:
    """Send what the solver prints to standard error: a command's output may be JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _solved(open: NDArray[np.int64], nodes: int) -> Any:
    """Solve for weights w and, for each question, z = 1 where its right answer leads."""
    optimize, sparse = scipy_part("optimize"), scipy_part("sparse")
    members, questions = open.shape
    leads, of = _leads(open)
    chosen = np.zeros((len(leads), questions))
    # Without z the lead may be anything from -1 on.
    chosen[np.arange(len(leads)), of] = -(1 + _MARGIN)
    rows = sparse.csr_array(np.hstack([leads, chosen]))
    total = np.concatenate([np.ones(members), np.zeros(questions)])
    with _aside():
        found = optimize.milp(
            np.concatenate([np.zeros(members), -np.ones(questions)]),
            integrality=np.concatenate([np.zeros(members), np.ones(questions)]),
            bounds=optimize.Bounds(0, 1),
            constraints=[
                optimize.LinearConstraint(rows, -1, np.inf),
                optimize.LinearConstraint(total, 1, 1),
            ],
            options={"node_limit": nodes},
        )
    if found.x is None:
        raise InputError("optimal_mixture: no weights were found: give more nodes")
    return found


def _won(open: NDArray[np.int64], weights: NDArray[np.float64]) -> int:
    won = 0
    for column in open.T:
        totals = np.bincount(column[column >= 0], weights=weights[column >= 0])
        won += bool(totals[RIGHT] > totals[1:].max(initial=0.0))
    return won
