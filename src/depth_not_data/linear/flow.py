r"""Gradient flow of the recursion in closed form: learning times, and the Hessian's groups at one.

The flow is ``d lam / d tau = -lam^(L-1) (lam^L - s)`` with the training time ``tau = eta t``.
Measured in units of the fixed point, ``u = lam / s^(1/L)``, it reads
``d tau = s^(-(2-2/L)) du / (u^(L-1) (1 - u^L))``: :func:`learning_time` integrates it.

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


def learning_time(lam0, lam1, target, depth: int) -> np.ndarray:
    r"""Training time that gradient flow needs to bring a layer's singular value from lam0 to lam1.

    Parameters
    ----------
    lam0, lam1 : array_like
        Singular values per layer at the start and at the end, ``0 < lam0 <= lam1 < s^(1/L)``;
        ``lam0 = 0`` is allowed for a single layer only, for deeper networks it is a fixed point.
    target : array_like
        Singular values s > 0 of the target. The three arrays broadcast.
    depth : int
        Number of layers L >= 1.

    Returns
    -------
    numpy.ndarray, float64
        tau = eta t, in the broadcast shape; the number of updates is about ``tau / eta``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    Equation derived in this book; for L = 2 it is the logistic law of Saxe, McClelland and
    Ganguli (2014). With ``u = lam / s^(1/L)`` and the L-th roots of unity ``w``, tau is
    ``s^(-(2-2/L)) (F(u1) - F(u0))`` where

    ``F(u) = u^(2-L) / (2-L) - 1/L sum_w w^2 log(1 - u/w)``,

    with ``log u`` in place of the first term for L = 2, and ``F(u) = -log(1 - u)`` for L = 1.
    Two layers, in terms of the product sigma = lam^2, need
    ``1/(2s) log(sigma1 (s - sigma0) / (sigma0 (s - sigma1)))``:

    >>> learning_time(0.1**0.5, 0.9**0.5, target=1.0, depth=2).round(12) == np.log(81).round(12) / 2
    np.True_
    """
    lam0 = _validation.real_array("lam0", lam0, minimum=0.0)
    lam1 = _validation.real_array("lam1", lam1, minimum=0.0)
    target = _validation.real_array("target", target, above=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    _validation.broadcast(lam0=lam0, lam1=lam1, target=target)
    if depth > 1 and np.any(lam0 == 0):
        raise ValueError(f"lam0 must be > 0 for depth >= 2, where 0 is a fixed point, got {lam0!r}")
    fixed_point = target ** (1 / depth)
    if np.any(lam0 > lam1) or np.any(lam1 >= fixed_point):
        raise ValueError(
            f"lam1 must be >= lam0 and < target**(1/depth) everywhere, got lam1 = {lam1!r} "
            f"for lam0 = {lam0!r} and target = {target!r}"
        )
    integral = _antiderivative(lam1 / fixed_point, depth) - _antiderivative(
        lam0 / fixed_point, depth
    )
    return np.asarray(target ** (2 / depth - 2) * integral)


def _antiderivative(u, depth):
    """Antiderivative of 1 / (u^(L-1) (1 - u^L)) on 0 < u < 1."""
    if depth == 1:
        return -np.log1p(-u)
    # 1/(u^(L-1) (1 - u^L)) = u^(1-L) + u/(1 - u^L), and partial fractions for the second term.
    # |u/w| < 1, so the principal branch is continuous.
    roots = np.exp(2j * np.pi * np.arange(depth) / depth)
    tail = -np.sum(roots**2 * np.log(1 - np.asarray(u)[..., None] / roots), axis=-1).real / depth
    return tail + (np.log(u) if depth == 2 else u ** (2.0 - depth) / (2 - depth))


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
    _validation.broadcast(lam0=lam0, tau=tau)
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
    mu = _validation.real_array("mu", mu)
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
    rank = _validation.integer("rank", rank, minimum=1, maximum=min(widths), limit="min(widths)")
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
    share = _validation.number("share", share, minimum=0.0, maximum=1.0)
    excess = bulk_eigenvalue(mu, depth) - 1.0
    if excess.ndim == 0 or excess.shape[-1] == 0:
        raise ValueError(f"mu must have at least one direction, got shape {excess.shape}")
    return depth / (1.0 + share * excess.mean(axis=-1))
