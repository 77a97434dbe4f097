r"""How long gradient flow takes to learn a mode of a balanced deep linear network, in closed form.

The flow of the recursion is ``d lam / d tau = -lam^(L-1) (lam^L - s)`` with the training time
``tau = eta t``. Measured in units of the fixed point, ``u = lam / s^(1/L)``, it reads
``d tau = s^(-(2-2/L)) du / (u^(L-1) (1 - u^L))``.
"""

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
    target = _validation.real_array("target", target)
    depth = _validation.integer("depth", depth, minimum=1)
    if np.any(target <= 0):
        raise ValueError(f"target must be > 0 everywhere, got {target!r}")
    try:
        np.broadcast_shapes(lam0.shape, lam1.shape, target.shape)
    except ValueError as error:
        raise ValueError(
            f"lam1 must broadcast against lam0 and target of shapes {lam0.shape} and "
            f"{target.shape}, got shape {lam1.shape}"
        ) from error
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
