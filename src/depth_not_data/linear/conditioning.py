r"""Depth against data: which directions the leading eigenvalues of a linear network belong to.

Everything is in the singular bases of the target, so that the first r coordinates of inputs and
outputs are the target's. A "target pair" is an entry (a, c) with a, c <= r of the end-to-end map,
which all L layers move together: these r^2 pairs are the dominant group. A "bulk" pair has exactly
one target direction and is moved by one layer alone. Groups are told apart by these directions, or
by size; the two ways agree only while the groups do not overlap.
A dense Hessian is that of :func:`depth_not_data.linear.network.dense_hessian`, as an array.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from depth_not_data import _validation

# Eigenvalues closer than this count as one level, smaller ones as zero.
_LEVEL = 1e-8
# Of a matrix that was computed entry by entry.
ROUND_OFF = 1e-10


def bulk_size(widths: Sequence[int], rank: int) -> int:
    """Count the bulk pairs, ``r (d_0 + d_L - 2r)``.

    Parameters
    ----------
    widths : sequence of int
        (d_0, ..., d_L), none below r.
    rank : int
        Rank r >= 1 of the target.

    Raises
    ------
    ValueError
        If an argument is outside these ranges.

    >>> bulk_size((8, 9, 6), rank=3)
    24
    """
    widths, rank = _problem(widths, rank)
    return rank * (widths[0] + widths[-1] - 2 * rank)


def target_pairs(widths: Sequence[int], rank: int) -> np.ndarray:
    """Which parameters move a target pair.

    Parameters
    ----------
    widths, rank
        As in :func:`bulk_size`.

    Returns
    -------
    numpy.ndarray, bool, shape (P,)
        True for the entries (a, c) with a, c <= r of every layer, in the Hessian's order.

    Raises
    ------
    ValueError
        As :func:`bulk_size`.

    >>> target_pairs((2, 1, 2), rank=1)
    array([ True, False,  True, False])
    """
    widths, rank = _problem(widths, rank)
    masks = []
    for d_in, d_out in pairwise(widths):
        mask = np.zeros((d_out, d_in), dtype=bool)
        mask[:rank, :rank] = True
        masks.append(mask.ravel())
    return np.concatenate(masks)


def leading_mass(hessian, widths: Sequence[int], rank: int) -> float:
    """Mass that the r^2 leading eigenvectors have in target pairs moved by all layers together.

    Parameters
    ----------
    hessian : array_like, shape (P, P)
        Symmetric; layers aligned with the coordinates.
    widths, rank
        As in :func:`bulk_size`.

    Returns
    -------
    float
        Mean squared length of the projections on ``L^(-1/2) sum_k delta_k[a, c]``, a, c <= r. If
        the target pairs lead it is 1, or a little less where the layers weigh differently in
        them; each pair that does not lead takes ``1/r^2`` away.

    Raises
    ------
    ValueError
        If `hessian` is not symmetric or has another size, or as :func:`bulk_size`.

    Notes
    -----
    Two scalar layers at ``w_1 = w_2 = 1``, all of whose curvature is in the sum of the layers:

    >>> round(leading_mass([[1.0, 1.0], [1.0, 1.0]], (1, 1, 1), rank=1), 12)
    1.0
    """
    hessian, inside = _matrix_and_mask(hessian, widths, rank)
    leading = np.linalg.eigh(hessian)[1][inside, -(rank**2) :]
    together = leading.reshape(len(widths) - 1, rank**2, -1).sum(axis=0)
    return float((together**2).sum() / (len(widths) - 1) / rank**2)


def turning_point(
    hessian_at: Callable[[float], np.ndarray],
    widths: Sequence[int],
    rank: int,
    low: float,
    high: float,
    *,
    tolerance: float = 1e-9,
) -> float:
    """Where, between two values of a parameter, the target pairs begin or cease to lead.

    Parameters
    ----------
    hessian_at : callable
        Maps the parameter to the dense Hessian.
    widths, rank
        As in :func:`bulk_size`.
    low, high : float
        The target pairs lead at exactly one of the two, that is have more than
        ``1 - 1/(2 r^2)`` of the leading mass; ``low < high``.
    tolerance : float
        Length > 0 of the interval at which the bisection stops.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the target pairs lead at both ends or at neither, or an argument is outside its range.

    Notes
    -----
    One target direction of two, L = 2: pairs with the eigenvalues 2 and t change places at t = 2.

    >>> diagonal = lambda t: np.array([[1.0, 0, 1, 0], [0, t, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])
    >>> round(turning_point(diagonal, (2, 1, 2), 1, 1.0, 4.0), 6)
    2.0
    """
    tolerance = _validation.number("tolerance", tolerance, above=0.0)
    high = _validation.number("high", high)
    low = _validation.number("low", low, below=high)
    _validation.function("hessian_at", hessian_at)

    def leads(value):
        return leading_mass(hessian_at(value), widths, rank) > 1 - 0.5 / rank**2

    first = leads(low)
    if leads(high) == first:
        where = "both ends" if first else "neither end"
        raise ValueError(f"low and high must enclose a change: the target pairs lead at {where}")
    while high - low > tolerance:
        middle = (low + high) / 2
        low, high = (middle, high) if leads(middle) == first else (low, middle)
    return (low + high) / 2


def ratio_by_pairs(hessian, widths: Sequence[int], rank: int) -> float:
    """Ratio rho of the mean dominant to the mean bulk eigenvalue, told apart by directions.

    Parameters
    ----------
    hessian, widths, rank
        As in :func:`leading_mass`, at a minimum and with a bulk that is not empty.

    Returns
    -------
    float
        Both means come from traces, so that overlapping groups do no harm.

    Raises
    ------
    ValueError
        As :func:`leading_mass`, or if the bulk is empty.

    Notes
    -----
    Of two directions one is learnt: 1 + 1 on the target pair, one on each of two bulk pairs.

    >>> ratio_by_pairs(np.eye(4), (2, 1, 2), rank=1)
    2.0
    """
    bulk = _some_bulk(widths, rank)
    hessian, inside = _matrix_and_mask(hessian, widths, rank)
    curvature = np.diag(hessian)
    half = _half_learnt(widths, rank)
    return float(curvature[inside].sum() / rank**2 / (curvature[half].sum() / bulk))


def ratio_by_size(eigenvalues, rank: int, bulk: int) -> np.ndarray:
    """Mean of the r^2 largest eigenvalues over the mean of the next ones.

    Parameters
    ----------
    eigenvalues : array_like, shape (..., n)
        One spectrum or a batch of them, in any order.
    rank, bulk : int
        r >= 1, and the number >= 1 of eigenvalues in the second group; ``n >= r^2 + bulk``.

    Returns
    -------
    numpy.ndarray, float64, shape (...)

    Raises
    ------
    ValueError
        If there are fewer eigenvalues, or an argument is outside its range.

    >>> ratio_by_size([1.0, 3.0, 0.0, 2.0], rank=1, bulk=2)
    array(2.)
    """
    rank = _validation.integer("rank", rank, minimum=1)
    bulk = _validation.integer("bulk", bulk, minimum=1)
    values = _validation.real_array("eigenvalues", eigenvalues)
    if values.ndim < 1 or values.shape[-1] < rank**2 + bulk:
        raise ValueError(
            f"eigenvalues must have a last axis of at least rank^2 + bulk = {rank**2 + bulk}, "
            f"got shape {values.shape}"
        )
    values = np.sort(values, axis=-1)[..., ::-1]
    second = values[..., rank**2 : rank**2 + bulk].mean(axis=-1)
    return np.asarray(values[..., : rank**2].mean(axis=-1) / second)


def gap_by_eigenvectors(hessian, widths: Sequence[int], rank: int) -> float:
    """Smallest dominant over largest bulk eigenvalue, told apart by their eigenvectors.

    Parameters
    ----------
    hessian, widths, rank
        As in :func:`leading_mass`, at a minimum.

    Returns
    -------
    float
        Below 1 where the groups overlap. Equal eigenvalues share a space; the trace of its
        projection on the target pairs is the number of dominant ones among them.

    Raises
    ------
    ValueError
        As :func:`leading_mass`, or if one of the groups has no nonzero eigenvalue.

    Notes
    -----
    Two scalar layers' worth of target pair, 2, under a bulk eigenvalue of 4:

    >>> h = np.array([[1.0, 0, 1, 0], [0, 4.0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]])
    >>> round(gap_by_eigenvectors(h, (2, 1, 2), rank=1), 12)
    0.5
    """
    hessian, inside = _matrix_and_mask(hessian, widths, rank)
    values, vectors = np.linalg.eigh(hessian)
    mass = (vectors[inside] ** 2).sum(axis=0)[values > _LEVEL]
    values = values[values > _LEVEL]
    starts = np.flatnonzero(np.diff(values, prepend=0.0) > _LEVEL)
    dominant = np.add.reduceat(mass, starts) if starts.size else np.zeros(0)
    total = np.diff(starts, append=values.size)
    in_target, in_bulk = starts[dominant > 0.5], starts[total - dominant > 0.5]
    if not in_target.size or not in_bulk.size:
        raise ValueError("hessian must have a nonzero eigenvalue in both groups")
    return float(values[in_target.min()] / values[in_bulk.max()])


def depth_share(covariance, rank: int, d_out: int, depth: int) -> float:
    """Share of depth in the r^2 leading eigenvectors, for a teacher's targets.

    Parameters
    ----------
    covariance : array_like, shape (d_0, d_0)
        Sigma_xx, symmetric, in the basis of the target's right singular vectors.
    rank, d_out, depth : int
        r <= min(d_0, d_out), d_L and L >= 1.

    Returns
    -------
    float
        Mean squared length of the projections of the r^2 leading eigenvectors on the directions in
        which all layers move a target pair together. 1 if depth decides what leads. Equal
        eigenvalues of a single layer share their mass.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or of the wrong shape.

    Notes
    -----
    One target direction beside another of variance 3: two layers are too few, four are enough.

    >>> [depth_share(np.diag([1.0, 3.0]), 1, 2, depth) for depth in (2, 4)]
    [0.0, 1.0]
    """
    sigma = _validation.symmetric("covariance", covariance, ROUND_OFF)
    d_out = _validation.integer("d_out", d_out, minimum=1)
    _, rank = _problem((len(sigma), d_out), rank)
    depth = _validation.integer("depth", depth, minimum=1)
    root = np.ones(len(sigma))
    root[:rank] = np.sqrt(depth)
    values, vectors = np.linalg.eigh(root[:, None] * sigma * root)
    mass = (vectors[:rank] ** 2).sum(axis=0)
    if depth == 1:  # every output has the whole covariance; r of them belong to target pairs
        values, mass = np.repeat(values, d_out), np.repeat(mass * rank / d_out, d_out)
    else:
        outside = np.repeat(np.linalg.eigvalsh(sigma[:rank, :rank]), d_out - rank)
        values = np.concatenate([np.repeat(values, rank), outside])
        mass = np.concatenate([np.repeat(mass, rank), np.zeros(outside.size)])
    return float(mass[np.argsort(-values, kind="stable")[: rank**2]].mean())


def _problem(widths, rank):
    widths = _validation.widths(widths)
    rank = _validation.integer("rank", rank, minimum=1)
    if rank > min(widths):
        raise ValueError(f"rank must be <= min(widths) = {min(widths)}, got {rank}")
    return widths, rank


def _some_bulk(widths, rank):
    bulk = bulk_size(widths, rank)
    if not bulk:
        raise ValueError(f"rank must be below d_0 or d_L, or the bulk is empty; all are {rank}")
    return bulk


def _half_learnt(widths, rank):
    """Which parameters move a bulk pair: the entries (a, c) with one of a, c <= r and one not."""
    learnt = [np.arange(width) < rank for width in widths]
    return np.concatenate([np.not_equal.outer(b, a).ravel() for a, b in pairwise(learnt)])


def _matrix_and_mask(hessian, widths, rank):
    inside = target_pairs(widths, rank)
    matrix = _validation.symmetric("hessian", hessian, ROUND_OFF)
    if len(matrix) != inside.size:
        raise ValueError(
            f"hessian must have P = {inside.size} rows for these widths, got {len(matrix)}"
        )
    return matrix, inside
