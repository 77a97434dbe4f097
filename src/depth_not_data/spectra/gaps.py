"""Gaps and the edge of a spectrum, by rules that do not know where they should be.

A gap is one wide step between neighbours. An edge is spread over several ranks; its position is
that of the steepest fall on logarithmic axes. Ranks count from 1 at the largest eigenvalue, as on
the axes of the blog's figures.
"""

from dataclasses import dataclass

import numpy as np

from depth_not_data import _validation
from depth_not_data.spectra import _ranks

# Fixed with two of the blog's curves in view (N = 10, D = 2 and 4), before any spectrum of ours
# was. A gap: between their narrowest gap, 1.37, and their widest ratio inside a cluster, 1.16. An
# edge: a tenth of its rank to either side, about the width over which these curves fall near rank
# 100. The other curves were read later: the second gap at N = 15 is 1.21, and at D = 8 a ratio
# inside the first cluster is 1.24, so no threshold tells gaps from chance in all five.
GAP = 1.25
HALF_WIDTH = 0.1


def neighbour_ratios(eigenvalues) -> np.ndarray:
    """Ratio of each eigenvalue to the next smaller one.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Positive, descending, at least two.

    Returns
    -------
    numpy.ndarray, float64, shape (n - 1,)
        Entry k - 1 is ``Lambda_k / Lambda_(k+1)``, at least 1.

    Raises
    ------
    ValueError
        If `eigenvalues` is not a finite, descending, positive sequence of two or more.

    Examples
    --------
    >>> neighbour_ratios([8.0, 4.0, 1.0])
    array([2., 4.])
    """
    eigenvalues = _ranks.descending("eigenvalues", eigenvalues)
    return _ratios(eigenvalues, 1, len(eigenvalues) - 1)


def wide_gaps(ratios, *, threshold: float = GAP) -> np.ndarray:
    """Ranks of the ratios of neighbours that are wide enough to be called gaps.

    Parameters
    ----------
    ratios : array_like, shape (n,)
        As from :func:`neighbour_ratios`, or a mean or median of several; all >= 1.
    threshold : float
        > 1. A gap is a ratio of at least this.

    Returns
    -------
    numpy.ndarray, int
        Ranks, ascending.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> wide_gaps([1.1, 1.25, 1.2, 3.0])
    array([2, 4])
    """
    ratios = _validation.vector("ratios", ratios, minimum=1.0)
    threshold = _validation.number("threshold", threshold, above=1.0)
    return np.flatnonzero(ratios >= threshold) + 1


def largest_gaps(eigenvalues, count: int, *, first: int, last: int) -> tuple[int, ...]:
    """Ranks of the widest gaps: the largest ratios of neighbours in a range of ranks.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Descending; positive down to rank ``last + 1``.
    count : int
        Number of gaps, from 1 to ``last - first + 1``.
    first, last : int
        A gap at rank k lies between rank k and rank k + 1; only ``first <= k <= last`` count,
        with ``1 <= first <= last < n``. Near zero ratios of neighbours are arbitrary, so the
        range is part of any statement about gaps.

    Returns
    -------
    tuple of int
        `count` ranks, ascending. Of equal ratios the one at the smaller rank is taken.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    Two clusters of two above a continuum:

    >>> largest_gaps([9.0, 8.0, 4.0, 3.5, 1.0, 0.9, 0.8], 2, first=1, last=6)
    (2, 4)
    """
    eigenvalues = _ranks.descending("eigenvalues", eigenvalues)
    first, last = _ranks.rank_range(first, last, len(eigenvalues) - 1)
    count = _validation.integer("count", count, minimum=1)
    ratios = _ratios(eigenvalues, first, last)
    if count > len(ratios):
        raise ValueError(f"count must be <= last - first + 1 = {len(ratios)}, got {count}")
    order = np.argsort(-ratios, kind="stable")[:count]
    return tuple(int(k) + first for k in np.sort(order))


def local_slopes(
    eigenvalues, *, first: int, last: int, half_width: float = HALF_WIDTH
) -> dict[int, float]:
    """Slope of ``log Lambda`` against ``log k`` around each rank, by least squares.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Descending; positive down to rank `last`.
    first, last : int
        Ranks used, ``1 <= first <= last <= n``.
    half_width : float
        > 0. Around rank k the line is fitted to the ranks within a factor ``exp(half_width)``.

    Returns
    -------
    dict of int to float
        The slope at every rank whose whole window lies in `first` to `last`, and holds three or
        more ranks.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, or no window fits between `first` and `last`.

    Examples
    --------
    >>> k = np.arange(1.0, 101.0)
    >>> slopes = local_slopes(k**-2.0, first=10, last=60, half_width=0.2)
    >>> min(slopes), max(slopes), round(slopes[30], 12)
    (13, 49, -2.0)
    """
    eigenvalues = _ranks.descending("eigenvalues", eigenvalues)
    first, last = _ranks.rank_range(first, last, len(eigenvalues))
    values = np.log(_ranks.positive("eigenvalues", eigenvalues, first, last))
    half_width = _validation.number("half_width", half_width, above=0.0)
    windows = _windows(first, last, half_width)
    if not windows:
        raise ValueError(
            f"last must leave room for a window of half-width {half_width} above first = {first}, "
            f"got {last}"
        )
    slopes = {}
    for k, low, high in windows:
        x = np.log(np.arange(low, high + 1))
        x -= x.mean()
        slopes[k] = float(x @ values[low - first : high - first + 1] / (x @ x))
    return slopes


def steepest_rank(eigenvalues, *, first: int, last: int, half_width: float = HALF_WIDTH) -> int:
    """Rank at which the log-log curve falls most steeply.

    Parameters
    ----------
    eigenvalues, first, last, half_width
        As in :func:`local_slopes`.

    Returns
    -------
    int
        Of equal slopes the smallest rank. For a single step between k and k + 1 on a straight
        curve it is k or k + 1: the least-squares slope is largest with the step in the middle of
        its window.

    Raises
    ------
    ValueError
        As :func:`local_slopes`.

    Examples
    --------
    A power law that loses two thirds of its height, spread over ranks 95 to 105:

    >>> k = np.arange(1.0, 401.0)
    >>> curve = k**-0.5 * np.interp(k, [95, 105], [3.0, 1.0])
    >>> 98 <= steepest_rank(curve, first=20, last=400) <= 103
    True
    """
    slopes = local_slopes(eigenvalues, first=first, last=last, half_width=half_width)
    return min(slopes, key=slopes.get)


def between_readings(ranks, values) -> np.ndarray:
    """Fill in a curve that was read at some ranks only, by straight lines on logarithmic axes.

    Parameters
    ----------
    ranks : array_like, shape (n,)
        Ascending integers >= 1, at least two.
    values : array_like, shape (n,)
        Positive, descending.

    Returns
    -------
    numpy.ndarray, float64, shape (ranks[-1],)
        One value for each rank from 1 on. Before the first reading the curve is flat, so that
        :func:`steepest_rank` can be asked from there.

    Raises
    ------
    ValueError
        If `ranks` are not ascending integers >= 1, or `values` not positive and descending, one for
        each rank.

    Examples
    --------
    >>> between_readings([2, 8], [4.0, 1.0]).round(2).tolist()
    [4.0, 4.0, 2.67, 2.0, 1.6, 1.33, 1.14, 1.0]
    """
    whole = _validation.real_array("ranks", ranks)
    if whole.ndim != 1 or len(whole) < 2 or whole[0] < 1 or np.any(np.diff(whole) <= 0):
        raise ValueError(f"ranks must be two or more ascending integers >= 1, got {ranks!r}")
    if np.any(whole != np.round(whole)):
        raise ValueError(f"ranks must be integers, got {ranks!r}")
    values = _validation.real_array("values", values)
    if values.shape != whole.shape or np.any(values <= 0) or np.any(np.diff(values) > 0):
        raise ValueError(f"values must be {len(whole)} positive descending numbers, got {values!r}")
    every = np.log(np.arange(1, int(whole[-1]) + 1))
    return np.exp(np.interp(every, np.log(whole), np.log(values)))


@dataclass(frozen=True)
class Landmarks:
    """Where one spectrum has its gaps and its edge.

    Attributes
    ----------
    gaps : tuple of int
        Ranks k, ascending, of the three largest ratios ``Lambda_k / Lambda_(k+1)`` among the
        upper half of the eigenvalues.
    ratios : tuple of float
        These three ratios.
    clusters : int
        Number of ratios of ``GAP`` or more above the last of the three gaps.
    edge : int
        Rank of the steepest fall behind the second gap, in the upper half of the eigenvalues.
    """

    gaps: tuple[int, int, int]
    ratios: tuple[float, float, float]
    clusters: int
    edge: int


def landmarks(eigenvalues) -> Landmarks:
    """Find gaps and edge of a whole spectrum, knowing nothing but its length.

    Parameters
    ----------
    eigenvalues : array_like, shape (P,)
        All eigenvalues, descending, the upper half of them positive.

    Returns
    -------
    Landmarks

    Raises
    ------
    ValueError
        If `eigenvalues` is not finite, descending, long enough, or positive in its upper half.

    Examples
    --------
    Clusters of 5 and 7 above a group that ends at rank 40, in a spectrum of 300:

    >>> k = np.arange(1.0, 301.0)
    >>> steps = np.select([k <= 5, k <= 12, k <= 40], [8.0, 4.0, 2.0], 1.0)
    >>> found = landmarks(steps * k**-0.1)
    >>> found.gaps, found.clusters, abs(found.edge - 40) <= 1
    ((5, 12, 40), 2, True)
    """
    eigenvalues = _ranks.descending("eigenvalues", eigenvalues)
    half = len(eigenvalues) // 2
    if half < 3:
        raise ValueError(
            "eigenvalues must be long enough for three gaps in the upper half of them, "
            f"got {len(eigenvalues)} of them"
        )
    found = largest_gaps(eigenvalues, 3, first=1, last=half)
    if not _windows(found[1] + 1, half, HALF_WIDTH):
        raise ValueError(
            f"eigenvalues must be long enough for an edge between the second gap, at {found[1]}, "
            f"and half their number, got {len(eigenvalues)} of them"
        )
    ratios = _ratios(eigenvalues, 1, half)
    return Landmarks(
        gaps=found,
        ratios=tuple(float(ratios[k - 1]) for k in found),
        clusters=len(wide_gaps(ratios[: found[2] - 1])),
        edge=steepest_rank(eigenvalues, first=found[1] + 1, last=half),
    )


def _ratios(eigenvalues, first, last):
    values = _ranks.positive("eigenvalues", eigenvalues, first, last + 1)
    return values[:-1] / values[1:]


def _windows(first, last, half_width):
    """Rank k, and the first and last rank within a factor ``exp(half_width)`` of it."""
    factor = np.exp(half_width)
    inside = range(int(np.ceil(first * factor)), int(np.floor(last / factor)) + 1)
    windows = [(k, int(np.ceil(k / factor)), int(np.floor(k * factor))) for k in inside]
    return [window for window in windows if window[2] - window[1] >= 2]
