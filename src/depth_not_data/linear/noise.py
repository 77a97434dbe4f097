r"""How much of the gap depth can make when the target is not exactly of low rank.

Whitened data, balanced layers at the minimum, a target with r singular values 1 and all others at
most nu > 0, the largest equal to nu. With ``mu = nu^(2/L)`` the pairs of directions have the
eigenvalues L (both of the target), ``1 + mu + ... + mu^(L-1)`` (one of it) and ``L mu^(L-1)``
(neither), see :func:`depth_not_data.linear.spectrum.pair_eigenvalues`. The gap is the smallest of
the first over the largest of the second kind,

``g(L, nu) = L / (1 + mu + ... + mu^(L-1)) = L (1 - nu^(2/L)) / (1 - nu^2)``.

It grows with L, but not beyond ``2 ln(1/nu) / (1 - nu^2)``. Noise can be Gaussian, with an edge
that Marchenko and Pastur tell (:func:`gaussian_level`), or what unfinished training leaves
(:func:`of_training_time`).
"""

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import flow


def gap(depth, noise) -> np.ndarray:
    """Smallest eigenvalue of the r^2 dominant pairs over the largest of the bulk pairs.

    Parameters
    ----------
    depth : array_like of int
        Numbers of layers L >= 1.
    noise : array_like
        nu, 0 < nu <= 1: largest singular value of the target beyond the r that are 1 (in general,
        over the r that are equal). The two arrays broadcast.

    Returns
    -------
    numpy.ndarray, float64, the broadcast shape
        ``L (1 - nu^(2/L)) / (1 - nu^2)``, which is 1 for nu = 1 and for L = 1.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    Equation derived in this book. Four layers that hold a half each in the noisy direction have a
    bulk eigenvalue ``1 + 1/4 + 1/16 + 1/64``:

    >>> gap([1, 4], [0.5, 0.5**4]) * [1, 85 / 64]
    array([1., 4.])
    """
    depth = _depths(depth)
    noise = _noise(noise)
    _validation.broadcast(depth=depth, noise=noise)
    exponent = 2.0 * np.log(noise)
    return np.asarray(depth * _quotient(exponent / depth, exponent, 1.0 / depth))


def ceiling(noise) -> np.ndarray:
    """Limit of :func:`gap` as the depth goes to infinity, which no depth exceeds.

    Parameters
    ----------
    noise : array_like
        nu, 0 < nu <= 1.

    Returns
    -------
    numpy.ndarray, float64, the shape of `noise`
        ``2 ln(1/nu) / (1 - nu^2)``, which is 1 for nu = 1.

    Raises
    ------
    ValueError
        If `noise` is outside its range or not finite.

    Notes
    -----
    >>> ceiling([1.0, np.exp(-50)]).round(12)
    array([  1., 100.])
    """
    exponent = 2.0 * np.log(_noise(noise))
    return np.asarray(_quotient(exponent, exponent, 1.0, of_one=lambda x: x))


def half_depth(noise) -> np.ndarray:
    """Depth at which the gap is half of the depth, not rounded to whole layers.

    Parameters
    ----------
    noise : array_like
        nu, 0 < nu <= 1.

    Returns
    -------
    numpy.ndarray, float64, the shape of `noise`
        ``2 ln(1/nu) / ln(2 / (1 + nu^2))``, nearly ``2 log2(1/nu)`` for small nu, 2 for nu = 1.

    Raises
    ------
    ValueError
        If `noise` is outside its range or not finite.

    Notes
    -----
    >>> half_depth(1e-3).round(2), (2 * np.log2(1e3)).round(2)
    (np.float64(19.93), np.float64(19.93))
    """
    noise = _noise(noise)
    exponent = 2.0 * np.log(noise)
    # ln((1 + nu^2)/2) = log1p((nu^2 - 1)/2), and nu^2 - 1 = expm1(exponent).
    return np.asarray(_quotient(exponent, 0.5 * np.expm1(exponent), 2.0, lambda x: x, np.log1p))


def of_training_time(depth: int, tau, *, start: float = 1.0) -> np.ndarray:
    """Level of noise that training for a time leaves of a direction with target 0.

    Parameters
    ----------
    depth : int
        L >= 2.
    tau : array_like
        Training time eta t / (1 - beta) >= 0.
    start : float
        Singular value > 0 of the product in that direction at the start.

    Returns
    -------
    numpy.ndarray, float64, the shape of `tau`
        nu = mu^(L/2) with mu from :func:`depth_not_data.linear.flow.decaying_square`; late it is
        ``((2L-2) tau)^(-L/(2L-2))``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above or not finite.

    Notes
    -----
    Put into :func:`gap` it gives the law of finite training time:

    >>> mu = flow.decaying_square(1.0, depth=3, tau=6.0)
    >>> gap(3, of_training_time(3, 6.0)).round(12) == (3 / flow.bulk_eigenvalue(mu, 3)).round(12)
    np.True_
    """
    depth = _validation.integer("depth", depth, minimum=2)
    start = _validation.number("start", start, above=0.0)
    return flow.decaying_square(start ** (1 / depth), depth, tau) ** (depth / 2)


def gaussian_level(d_out: int, d_in: int, deviation) -> np.ndarray:
    """Noise level of a target that Gaussian noise has been added to, in the limit of large sizes.

    Parameters
    ----------
    d_out, d_in : int
        Rows and columns of the target, >= 1.
    deviation : array_like
        Standard deviation sigma >= 0 of every entry of the noise; ``sigma^4 d_out d_in < 1``, or
        the singular values 1 of the target do not stand out of the noise.

    Returns
    -------
    numpy.ndarray, float64, the shape of `deviation`
        Edge of the noise over the place to which it moves a singular value 1:
        ``sigma (sqrt(d_out) + sqrt(d_in)) / sqrt((1 + sigma^2 d_out) (1 + sigma^2 d_in))``.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above or not finite.

    Notes
    -----
    The edge is that of Marchenko and Pastur (1967), the place that of Benaych-Georges and
    Nadakuditi (2012). Labels with noise of deviation s on n samples have ``sigma = s / sqrt(n)``.

    >>> gaussian_level(100, 100, [0.0, 0.005, 0.0999]).round(4)
    array([0.    , 0.0998, 1.    ])
    """
    d_out = _validation.integer("d_out", d_out, minimum=1)
    d_in = _validation.integer("d_in", d_in, minimum=1)
    sigma = _validation.real_array("deviation", deviation, minimum=0.0)
    if np.any(sigma**4 * (d_out * d_in) >= 1):
        raise ValueError(
            f"deviation must be < (d_out d_in)**(-1/4) = {(d_out * d_in) ** -0.25:.4g}, "
            f"got a maximum of {sigma.max()}"
        )
    place = np.sqrt((1 + sigma**2 * d_out) * (1 + sigma**2 * d_in))
    return np.asarray(sigma * (d_out**0.5 + d_in**0.5) / place)


def _quotient(above, below, at_zero, of_one=np.expm1, of_other=np.expm1):
    """of_one(above) / of_other(below), with its limit where both exponents are 0."""
    above, below = np.broadcast_arrays(above, below)
    divisor = np.where(below == 0, 1.0, of_other(below))
    return np.where(below == 0, at_zero, of_one(above) / divisor)


def _noise(noise):
    noise = _validation.real_array("noise", noise, above=0.0)
    if np.any(noise > 1):
        raise ValueError(f"noise must be <= 1 everywhere, got a maximum of {noise.max()}")
    return noise


def _depths(depth):
    values = _validation.real_array("depth", depth, minimum=1.0)
    if np.asarray(depth).dtype.kind not in "iu":
        raise ValueError(f"depth must be integers >= 1, got {depth!r}")
    return values
