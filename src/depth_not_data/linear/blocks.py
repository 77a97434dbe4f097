r"""Which parameters share a block of the Hessian, and all eigenvalues of a uniform start.

In the singular bases the Hessian of an aligned, balanced network couples the entries (a, c) and
(c, a) of all layers, and nothing else: one block for each unordered pair of directions.
:mod:`depth_not_data.linear.spectrum` diagonalises the blocks for any singular values. Here they are
put in order, and diagonalised in closed form where the learnt directions share one singular value.
"""

from collections.abc import Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation


class PairOrder(NamedTuple):
    """Parameters sorted by pairs of directions.

    Attributes
    ----------
    order : ndarray of int, shape (P,)
        Numbers of the parameters, pair by pair; counted layer by layer and row by row, as in
        :func:`depth_not_data.linear.network.dense_hessian`.
    sizes : ndarray of int
        Number of parameters of each pair.
    pairs : tuple of tuple of int
        The pairs (a, c) with a <= c, counted from 0.

    >>> PairOrder(np.array([0]), np.array([1]), ((0, 0),)).sizes
    array([1])
    """

    order: np.ndarray
    sizes: np.ndarray
    pairs: tuple[tuple[int, int], ...]


def pair_order(widths: Sequence[int]) -> PairOrder:
    """Order of the parameters in which the Hessian of a balanced network is block diagonal.

    Parameters
    ----------
    widths : sequence of int
        (d_0, ..., d_L).

    Returns
    -------
    PairOrder
        Within a pair a < c: entry (a, c) of every layer that has it, then entry (c, a).

    Raises
    ------
    ValueError
        If `widths` are not at least two positive integers.

    Notes
    -----
    Two layers of two by two, entries 11, 12, 21, 22 of each: those of one place side by side.

    >>> pair_order((2, 2, 2)).order
    array([0, 4, 1, 5, 2, 6, 3, 7])
    >>> pair_order((2, 2, 2)).sizes
    array([2, 4, 2])
    """
    widths = _validation.widths(widths)
    shapes = [(above, below) for below, above in pairwise(widths)]
    entries = [(k, a, c) for k, shape in enumerate(shapes) for a, c in np.ndindex(shape)]

    def place(number):
        k, a, c = entries[number]
        return min(a, c), max(a, c), a > c, k

    order = sorted(range(len(entries)), key=place)
    found = {pair: len(list(run)) for pair, run in groupby(order, lambda n: place(n)[:2])}
    return PairOrder(np.array(order), np.array(list(found.values())), tuple(found))


class Level(NamedTuple):
    """One eigenvalue and how often it occurs.

    >>> Level(2.0, 3).count
    3
    """

    eigenvalue: float
    count: int


def uniform_levels(lam: float, target: float, rank: int, widths: Sequence[int]) -> list[Level]:
    """All Hessian eigenvalues when r directions share one singular value and the others are empty.

    Parameters
    ----------
    lam : float
        Per-layer singular value >= 0 of the r directions.
    target : float
        Their target s >= 0.
    rank : int
        r, 1 <= r <= min(widths).
    widths : sequence of int
        (d_0, ..., d_L), L >= 2.

    Returns
    -------
    list of Level
        Six, in the order of the theorem; eigenvalues may coincide and counts may be 0. The counts
        add up to the number of parameters.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Notes
    -----
    "Six eigenvalues", for whitened data. With e = lam^L - s:
    ``L lam^(2L-2) +- (L-1) e lam^(L-2)``, ``lam^(2L-2)``, ``-+ e lam^(L-2)`` and 0.

    At a minimum with two layers, one learnt direction of two: 2, then 1 twice, and zeros.

    >>> [(level.eigenvalue, level.count) for level in uniform_levels(1.0, 1.0, 1, (2, 2, 2))]
    [(2.0, 1), (2.0, 0), (1.0, 2), (0.0, 2), (0.0, 1), (0.0, 2)]
    """
    lam = _validation.number("lam", lam, minimum=0.0)
    target = _validation.number("target", target, minimum=0.0)
    widths = _validation.widths(widths)
    rank = _validation.integer("rank", rank, minimum=1)
    depth = len(widths) - 1
    if depth < 2:
        raise ValueError(f"widths must describe at least two layers, got {widths}")
    if rank > min(widths):
        raise ValueError(f"rank must be <= min(widths) = {min(widths)}, got {rank}")
    top = lam ** (2 * depth - 2)
    coupling = (lam**depth - target) * lam ** (depth - 2)
    pairs, unused = rank * (rank - 1) // 2, rank * sum(h - rank for h in widths[1:-1])
    return [
        Level(depth * top + (depth - 1) * coupling, pairs + rank),
        Level(depth * top - (depth - 1) * coupling, pairs),
        Level(top, (widths[0] + widths[-1] - 2 * rank) * rank),
        Level(0.0 - coupling, (depth - 1) * (pairs + rank) + unused),
        Level(0.0 + coupling, (depth - 1) * pairs + unused),
        Level(0.0, sum((a - rank) * (b - rank) for a, b in pairwise(widths))),
    ]


def with_multiplicity(levels: Sequence[Level]) -> np.ndarray:
    """Spread levels out into a list of eigenvalues.

    Parameters
    ----------
    levels : sequence of Level
        At least one.

    Returns
    -------
    numpy.ndarray, float64, shape (sum of the counts,)
        Descending.

    Raises
    ------
    ValueError
        If there is no level.

    >>> with_multiplicity([Level(0.0, 2), Level(3.0, 1)])
    array([3., 0., 0.])
    """
    levels = _validation.sequence("levels", levels, "level")
    for k, level in enumerate(levels):
        if not isinstance(level, tuple) or len(level) != 2:
            raise ValueError(f"levels[{k}] must be an eigenvalue and its count, got {level!r}")
    values = [_validation.number("levels: eigenvalue", value) for value, _ in levels]
    counts = [_validation.integer("levels: count", count, minimum=0) for _, count in levels]
    return np.sort(np.repeat(np.array(values), counts))[::-1]
