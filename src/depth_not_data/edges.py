"""The edge of a spectrum: where a ranked curve falls most steeply on logarithmic axes.

A gap is one wide step between neighbours and is found by :mod:`depth_not_data.clusters`. An edge
is spread over several ranks; its position is that of the steepest local slope. Ranks count from
1 at the largest eigenvalue.
"""

import numpy as np

from depth_not_data import _validation, clusters


def local_slopes(eigenvalues, *, first: int, last: int, half_width: float) -> dict[int, float]:
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
    # The neighbour ratios of the range check everything that this function asks of its input.
    clusters.largest_gaps(eigenvalues, 1, first=first, last=last - 1)
    half_width = _validation.number("half_width", half_width, above=0.0)
    factor = np.exp(half_width)
    values = np.log(np.asarray(eigenvalues, dtype=np.float64)[first - 1 : last])
    slopes = {}
    for k in range(int(np.ceil(first * factor)), int(np.floor(last / factor)) + 1):
        low, high = int(np.ceil(k / factor)), int(np.floor(k * factor))
        if high - low < 2:
            continue
        x = np.log(np.arange(low, high + 1))
        x -= x.mean()
        slopes[k] = float(x @ values[low - first : high - first + 1] / (x @ x))
    if not slopes:
        raise ValueError(
            f"last must leave room for a window of half-width {half_width} above first = {first}, "
            f"got {last}"
        )
    return slopes


def steepest_rank(eigenvalues, *, first: int, last: int, half_width: float) -> int:
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
    >>> 98 <= steepest_rank(curve, first=20, last=400, half_width=0.1) <= 103
    True
    """
    slopes = local_slopes(eigenvalues, first=first, last=last, half_width=half_width)
    return min(slopes, key=slopes.get)
