r"""Why a measured ratio of the two groups falls short of the depth, and what that says on the time.

:mod:`depth_not_data.linear.flow` has the law for one network: the ratio of the mean dominant to the
mean bulk eigenvalue is ``L / (1 + omega <mu + ... + mu^(L-1)>)``. Here eigenvalues are grouped by
size, as a reader without the theorem would do it, and the law is taken over several depths and set
against printed numbers, which leave the training time and the share omega open.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import flow

ROUNDING = 0.005
"""Half a unit of the last digit that the paper prints."""


class Groups(NamedTuple):
    """Eigenvalues by size: the largest r^2, the next (d_0 + d_L - 2r) r, and the rest.

    >>> float(Groups(np.array([2.0]), np.array([1.0]), np.array([0.0])).ratio)
    2.0
    """

    dominant: np.ndarray
    bulk: np.ndarray
    rest: np.ndarray

    @property
    def ratio(self):
        """Mean dominant over mean bulk eigenvalue, along the last axis."""
        return self.dominant.mean(axis=-1) / self.bulk.mean(axis=-1)


def groups(eigenvalues, widths: Sequence[int], rank: int) -> Groups:
    """Split descending eigenvalues into the three groups of the paper's theorem, by size alone.

    Parameters
    ----------
    eigenvalues : array_like, shape (..., n)
        Descending; n at least the number of dominant and bulk eigenvalues.
    widths : sequence of int
        (d_0, ..., d_L); the data fill all d_0 directions.
    rank : int
        Rank r of the target, 1 <= r <= min(widths).

    Returns
    -------
    Groups

    Raises
    ------
    ValueError
        If an argument is outside these ranges, or the eigenvalues are not descending or too few.

    Notes
    -----
    Two layers, one learnt direction of two, at the minimum:

    >>> groups([2.0, 1.0, 1.0, 0.0], (2, 2, 2), rank=1)
    Groups(dominant=array([2.]), bulk=array([1., 1.]), rest=array([0.]))
    """
    values = _validation.real_array("eigenvalues", eigenvalues)
    widths = _validation.widths(widths)
    rank = _validation.integer("rank", rank, minimum=1)
    if rank > min(widths):
        raise ValueError(f"rank must be <= min(widths) = {min(widths)}, got {rank}")
    first = rank**2
    second = first + (widths[0] + widths[-1] - 2 * rank) * rank
    if values.ndim == 0 or values.shape[-1] < second:
        raise ValueError(f"eigenvalues must be at least {second}, got shape {values.shape}")
    if np.any(np.diff(values, axis=-1) > 0):
        raise ValueError("eigenvalues must be descending, got an increase")
    return Groups(values[..., :first], values[..., first:second], values[..., second:])


def training_time(updates, lr: float, momentum: float) -> np.ndarray:
    """Time of the gradient flow that heavy-ball training has reached.

    Parameters
    ----------
    updates : array_like
        Numbers t >= 0 of updates.
    lr : float
        Learning rate eta > 0.
    momentum : float
        beta, 0 <= beta < 1.

    Returns
    -------
    numpy.ndarray, float64, the shape of `updates`
        ``tau = eta t / (1 - beta)``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    >>> training_time([0, 100], lr=0.5, momentum=0.75)
    array([  0., 200.])
    """
    lr = _validation.number("lr", lr, above=0.0)
    momentum = _validation.number("momentum", momentum, minimum=0.0, below=1.0)
    return lr * _validation.real_array("updates", updates, minimum=0.0) / (1.0 - momentum)


def excess(tau, depth: int, *, product: float = 1.0, extra_layers: int = 0) -> np.ndarray:
    """How far a bulk eigenvalue with a decaying direction is above 1 after a training time.

    Parameters
    ----------
    tau : array_like
        Training time >= 0.
    depth : int
        L >= 2.
    product : float
        Singular value sigma >= 0 of the product in that direction at the start.
    extra_layers : int
        A deliberately wrong law, for comparison: the direction decays as in a network with so many
        layers >= 0 more, mu ~ tau^(-1/(L - 1 + extra)).

    Returns
    -------
    numpy.ndarray, float64, the shape of `tau`
        ``mu + ... + mu^(L-1)``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    >>> excess([0.0, 1.5], depth=2)
    array([1.  , 0.25])
    """
    depth = _validation.integer("depth", depth, minimum=2)
    product = _validation.number("product", product, minimum=0.0)
    extra_layers = _validation.integer("extra_layers", extra_layers, minimum=0)
    mu = flow.decaying_square(product ** (1 / depth), depth + extra_layers, tau)
    return flow.bulk_eigenvalue(mu, depth) - 1.0


def ratios(tau, share, depths: Sequence[int], **law) -> np.ndarray:
    """Ratio of means for several depths, by the law.

    Parameters
    ----------
    tau : array_like
        Training time >= 0, common to all depths.
    share : array_like
        omega >= 0, see :func:`depth_not_data.linear.flow.decaying_share`; broadcasts against `tau`.
    depths : sequence of int
        Each >= 2.
    **law
        `product` and `extra_layers` of :func:`excess`.

    Returns
    -------
    numpy.ndarray, float64, the broadcast shape and then (len(depths),)

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    >>> ratios(1.5, 1.0, [2])
    array([1.6])
    """
    share = _validation.real_array("share", share, minimum=0.0)
    depths = _validation.integers("depths", depths, minimum=2)
    found = [depth / (1.0 + share * excess(tau, depth, **law)) for depth in depths]
    return np.stack(np.broadcast_arrays(*found), axis=-1)


def consistent(tau, share, depths: Sequence[int], printed_ratios, printed_bulk, **law):
    """Whether a training time and a share reproduce every printed digit.

    Parameters
    ----------
    tau, share, depths, **law
        As in :func:`ratios`.
    printed_ratios, printed_bulk : array_like, shape (len(depths),)
        Ratios and mean bulk eigenvalues, rounded to two decimals.

    Returns
    -------
    numpy.ndarray of bool, the broadcast shape of `tau` and `share`
        True where law and print differ by at most half a unit of the last digit, for all depths.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    >>> consistent([1.5, 3.0], 1.0, [2], [1.6], [1.25])
    array([ True, False])
    """
    depths = _validation.integers("depths", depths, minimum=2)
    printed = {"printed_ratios": printed_ratios, "printed_bulk": printed_bulk}
    ratio, bulk = (
        _validation.vector(name, value, lengths=[len(depths)]) for name, value in printed.items()
    )
    predicted = ratios(tau, share, depths, **law)
    near = (np.abs(predicted - ratio) <= ROUNDING + 1e-9) & (
        np.abs(depths / predicted - bulk) <= ROUNDING + 1e-9
    )
    return near.all(axis=-1)
