"""Gaps, clusters and knees of a spectrum, found by rules that do not know where they should be.

Ranks count from 1 at the largest eigenvalue, as on the axes of the blog's figures.
"""

from collections.abc import Sequence

import numpy as np

from depth_not_data import _validation


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
    eigenvalues = _descending("eigenvalues", eigenvalues)
    return _ratios(eigenvalues, 1, len(eigenvalues) - 1)


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
    ratios, first = _ratios_in_range(eigenvalues, first, last)
    count = _validation.integer("count", count, minimum=1)
    if count > len(ratios):
        raise ValueError(f"count must be <= last - first + 1 = {len(ratios)}, got {count}")
    order = np.argsort(-ratios, kind="stable")[:count]
    return tuple(int(k) + first for k in np.sort(order))


def cluster_sizes(eigenvalues, *, min_ratio: float, first: int, last: int) -> tuple[int, ...]:
    """Sizes of the clusters above the last gap of at least a given width.

    Parameters
    ----------
    eigenvalues, first, last
        As in :func:`largest_gaps`.
    min_ratio : float
        > 1. A gap is a ratio of neighbours of at least this.

    Returns
    -------
    tuple of int
        Number of eigenvalues up to the first gap, from there to the second, and so on; empty
        without a gap. Its length is the number of clusters.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    >>> cluster_sizes([9.0, 8.0, 4.0, 3.5, 3.0, 1.0, 0.9], min_ratio=1.5, first=1, last=6)
    (2, 3)
    """
    ratios, first = _ratios_in_range(eigenvalues, first, last)
    min_ratio = _validation.number("min_ratio", min_ratio, above=1.0)
    ranks = np.flatnonzero(ratios >= min_ratio) + first
    return tuple(int(size) for size in np.diff(ranks, prepend=0))


def knee(eigenvalues, *, first: int, last: int) -> int:
    """Rank at which the log-log curve bends: the best fit by two joined straight lines.

    Parameters
    ----------
    eigenvalues : array_like, shape (n,)
        Descending; positive down to rank `last`.
    first, last : int
        Ranks of the fit, ``1 <= first``, ``last <= n``, at least 5 of them.

    Returns
    -------
    int
        The rank strictly inside the range at which the continuous broken line through
        ``(log k, log Lambda_k)`` that breaks there has the least squared error. Ranks are
        weighted by 1/k, so that equal lengths of the logarithmic axis count equally. A curve
        without a bend has no knee and any rank may be returned.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    A power law that turns from k^-1/2 to k^-3 at rank 40:

    >>> k = np.arange(1.0, 201.0)
    >>> curve = np.where(k <= 40, k**-0.5, 40**2.5 * k**-3.0)
    >>> knee(curve, first=5, last=150)
    40
    """
    eigenvalues = _descending("eigenvalues", eigenvalues)
    first, last = _range(first, last, len(eigenvalues))
    if last - first < 4:
        raise ValueError(f"first to last must span at least 5 ranks, got {first} to {last}")
    ranks = np.arange(first, last + 1)
    x, y = np.log(ranks), np.log(_positive(eigenvalues[first - 1 : last], first))
    weight = 1.0 / np.sqrt(ranks)

    # Project the straight line out once; each candidate then adds one column, the ramp
    # max(x - x_k, 0), and lowers the squared error by its projection on what is left.
    line, _ = np.linalg.qr(weight[:, None] * np.stack([np.ones_like(x), x], axis=1))
    ramps = weight[:, None] * np.maximum(x[:, None] - x[None, 1:-1], 0.0)
    ramps -= line @ (line.T @ ramps)
    rest = weight * y
    rest -= line @ (line.T @ rest)
    gain = (ramps.T @ rest) ** 2 / np.sum(ramps**2, axis=0)
    return int(ranks[1 + np.argmax(gain)])


def log_spread(spectra, *, first: int, last: int) -> float:
    """Root-mean-square distance of several spectra from their common curve, in log units.

    Parameters
    ----------
    spectra : sequence of array_like
        Two or more spectra, each descending and positive down to rank `last`; their lengths
        may differ.
    first, last : int
        Ranks compared, ``1 <= first <= last``, and `last` at most the shortest length.

    Returns
    -------
    float
        ``sqrt(mean((log Lambda_k - mean over spectra of log Lambda_k)**2))`` over ranks and
        spectra. A spread of 0.1 is a relative deviation of about 10%.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Examples
    --------
    Two spectra a factor e^2 apart lie e^1 from their common curve:

    >>> float(round(log_spread([[np.e**2, 1.0], [1.0, np.e**-2]], first=1, last=2), 12))
    1.0
    """
    logs = np.log(_aligned(spectra, first, last))
    return float(np.sqrt(np.mean((logs - logs.mean(axis=0)) ** 2)))


def collapse_quality(spectra, scales: Sequence[float], *, first: int, last: int) -> float:
    """Measure how well spectra fall on one curve when each is divided by its scale.

    Parameters
    ----------
    spectra, first, last
        As in :func:`log_spread`.
    scales : sequence of float
        One number > 0 for each spectrum, such as its network's depth.

    Returns
    -------
    float
        ``1 - (spread of the scaled spectra / spread of the unscaled ones)**2`` with
        :func:`log_spread`: the share of the variance between the spectra that the scales
        explain. 1 is a perfect collapse, 0 no gain, negative a loss.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, or if the unscaled spectra are equal.

    Examples
    --------
    >>> base = np.array([3.0, 2.0, 1.0])
    >>> collapse_quality([2 * base, 4 * base], [2, 4], first=1, last=3)
    1.0
    >>> collapse_quality([2 * base, 4 * base], [4, 2], first=1, last=3)
    -3.0
    """
    scales = _validation.real_array("scales", scales)
    if scales.shape != (len(spectra),) or np.any(scales <= 0):
        raise ValueError(f"scales must be {len(spectra)} numbers > 0, got {scales!r}")
    unscaled = log_spread(spectra, first=first, last=last)
    if unscaled == 0:
        raise ValueError("spectra must differ before they are scaled, got equal ones")
    scaled = [np.asarray(s, dtype=np.float64) / c for s, c in zip(spectra, scales, strict=True)]
    return 1.0 - (log_spread(scaled, first=first, last=last) / unscaled) ** 2


def _descending(name, value):
    array = _validation.real_array(name, value)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"{name} must hold two or more numbers in a row, got shape {array.shape}")
    if np.any(np.diff(array) > 0):
        k = int(np.argmax(np.diff(array) > 0)) + 1
        raise ValueError(f"{name} must be descending, got {array[k - 1]} before {array[k]}")
    return array


def _range(first, last, limit):
    first = _validation.integer("first", first, minimum=1)
    last = _validation.integer("last", last, minimum=first)
    if last > limit:
        raise ValueError(f"last must be <= {limit} here, got {last}")
    return first, last


def _positive(values, first):
    if values[-1] <= 0:
        k = first + int(np.argmax(values <= 0))
        raise ValueError(
            f"eigenvalues must be positive up to rank {first + len(values) - 1}, "
            f"got {values[k - first]} at rank {k}"
        )
    return values


def _ratios(eigenvalues, first, last):
    values = _positive(eigenvalues[first - 1 : last + 1], first)
    return values[:-1] / values[1:]


def _ratios_in_range(eigenvalues, first, last):
    eigenvalues = _descending("eigenvalues", eigenvalues)
    first, last = _range(first, last, len(eigenvalues) - 1)
    return _ratios(eigenvalues, first, last), first


def _aligned(spectra, first, last):
    if len(spectra) < 2:
        raise ValueError(f"spectra must hold two or more spectra, got {len(spectra)}")
    arrays = [_descending(f"spectra[{i}]", s) for i, s in enumerate(spectra)]
    first, last = _range(first, last, min(len(a) for a in arrays))
    return np.stack([_positive(a[first - 1 : last], first) for a in arrays])
