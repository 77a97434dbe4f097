r"""The Hessian's groups at finite training time, predicted from the recursion.

A direction with target 0 that the data fill decays, in every layer, like a power of the training
time ``tau = eta t / (1 - beta)`` (learning rate eta, momentum beta, t updates). With
``mu = lam^2``, gradient flow gives ``dmu/dtau = -2 mu^L``, hence
``mu^-(L-1) = mu_0^-(L-1) + (2L-2) tau``. A learnt direction (lam = 1) and a decaying one share
two eigenvalues of the bulk, ``1 + mu + ... + mu^(L-1)`` each, split by the residual. What the
paper measures as the bulk at the end of training is therefore above its limit 1, the more so the
deeper the network.
"""

from collections.abc import Sequence

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear.learning_time import learning_time as learning_time


def decaying_square(lam0, depth: int, tau) -> np.ndarray:
    """Squared per-layer singular value of a direction with target 0, after gradient flow.

    Parameters
    ----------
    lam0 : array_like
        Initial per-layer singular values >= 0.
    depth : int
        Number of layers L >= 2; a single layer decays exponentially instead.
    tau : array_like
        Training time eta t / (1 - beta) >= 0; broadcasts against `lam0`.

    Returns
    -------
    numpy.ndarray, float64
        ``mu = mu_0 / (1 + (2L - 2) tau mu_0^(L-1))^(1/(L-1))`` with ``mu_0 = lam0^2``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or the shapes do not broadcast.

    Notes
    -----
    Solution of ``dmu/dtau = -2 mu^L``, the flow of the recursion with s = 0. With two layers
    mu falls like a hyperbola, and a direction that starts at zero stays there:

    >>> decaying_square([1.0, 0.0], depth=2, tau=1.5)
    array([0.25, 0.  ])
    """
    lam0 = _validation.real_array("lam0", lam0, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=2)
    tau = _validation.real_array("tau", tau, minimum=0.0)
    try:
        np.broadcast_shapes(lam0.shape, tau.shape)
    except ValueError as error:
        raise ValueError(
            f"tau must broadcast against lam0 of shape {lam0.shape}, got shape {tau.shape}"
        ) from error
    mu0 = lam0**2
    return mu0 / (1.0 + (2 * depth - 2) * tau * mu0 ** (depth - 1)) ** (1.0 / (depth - 1))


def bulk_eigenvalue(mu, depth: int) -> np.ndarray:
    """Mean of the two bulk eigenvalues that a learnt and a decaying direction share.

    Parameters
    ----------
    mu : array_like
        Squared per-layer singular values >= 0 of the decaying directions.
    depth : int
        Number of layers L >= 1.

    Returns
    -------
    numpy.ndarray, float64, the shape of `mu`
        ``1 + mu + ... + mu^(L-1)``; exact for H_o, and for H up to second order in the residual
        ``mu^(L/2)``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above or not finite.

    Notes
    -----
    A direction that has decayed leaves 1; one that is as large as a learnt one counts all layers:

    >>> bulk_eigenvalue([0.0, 0.5, 1.0], depth=3)
    array([1.  , 1.75, 3.  ])
    """
    mu = _validation.real_array("mu", mu, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    return (mu[..., None] ** np.arange(depth)).sum(axis=-1)


def largest_bulk_eigenvalue(mu, depth: int) -> np.ndarray:
    """Upper of the two bulk eigenvalues that a learnt and a decaying direction share.

    Parameters
    ----------
    mu, depth
        As in :func:`bulk_eigenvalue`, with depth >= 2.

    Returns
    -------
    numpy.ndarray, float64, the shape of `mu`
        ``g + mu^(L/2) (1 + 2 mu + ... + (L-1) mu^(L-2)) / g`` with
        ``g = 1 + mu + ... + mu^(L-1)``: first order in the residual ``mu^(L/2)``.

    Raises
    ------
    ValueError
        As in :func:`bulk_eigenvalue`.

    Notes
    -----
    For two layers the residual is mu itself, and ``g = 1 + mu``:

    >>> largest_bulk_eigenvalue([1.0], depth=2)
    array([2.5])
    """
    depth = _validation.integer("depth", depth, minimum=2)
    centre = bulk_eigenvalue(mu, depth)
    mu = np.asarray(mu, dtype=np.float64)
    order = np.arange(depth - 1)
    coupling = ((order + 1) * mu[..., None] ** order).sum(axis=-1)
    return centre + mu ** (depth / 2) * coupling / centre


def decaying_share(widths: Sequence[int], rank: int) -> float:
    """Share omega of the bulk eigenvalues that belong to a decaying direction.

    Parameters
    ----------
    widths : sequence of int
        (d_0, ..., d_L); the data fill all d_0 directions.
    rank : int
        Rank r of the target, 1 <= r <= min(widths).

    Returns
    -------
    float
        ``2 (d* - r) / (d_0 + d_L - 2r)`` with d* the smallest width.

    Raises
    ------
    ValueError
        For arguments outside these ranges, and for ``d_0 = d_L = r``: there is no bulk then.

    Notes
    -----
    Of the (d_0 + d_L - 2r) r bulk eigenvalues, 2 (d* - r) r pair a learnt direction with a
    decaying one; the others belong to directions in which the product is zero from the start.

    >>> decaying_share((16, 32, 10), rank=5)
    0.625
    """
    widths = _validation.widths(widths)
    rank = _validation.integer("rank", rank, minimum=1)
    if rank > min(widths):
        raise ValueError(f"rank must be <= min(widths) = {min(widths)}, got {rank}")
    outside = widths[0] + widths[-1] - 2 * rank
    if outside == 0:
        raise ValueError(f"rank must be < {rank} for widths {widths}: there is no bulk, got {rank}")
    return 2 * (min(widths) - rank) / outside


def ratio_of_means(mu, depth: int, share: float) -> np.ndarray:
    """Ratio of the mean dominant to the mean bulk eigenvalue, all target directions learnt.

    Parameters
    ----------
    mu : array_like, shape (..., n)
        Squared per-layer singular values >= 0 of the n decaying directions.
    depth : int
        Number of layers L >= 1.
    share : float
        omega, 0 <= omega <= 1, see :func:`decaying_share`; 1 if only decaying directions are
        averaged.

    Returns
    -------
    numpy.ndarray, float64, shape (...)
        ``L / (1 + omega <mu + ... + mu^(L-1)>)``, the mean taken over the n directions.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above or not finite.

    Notes
    -----
    >>> float(ratio_of_means([0.0], depth=7, share=0.625))
    7.0
    """
    share = _validation.number("share", share, minimum=0.0)
    if share > 1.0:
        raise ValueError(f"share must be a number between 0 and 1, got {share!r}")
    excess = bulk_eigenvalue(mu, depth) - 1.0
    if excess.ndim == 0 or excess.shape[-1] == 0:
        raise ValueError(f"mu must have at least one direction, got shape {excess.shape}")
    return depth / (1.0 + share * excess.mean(axis=-1))
