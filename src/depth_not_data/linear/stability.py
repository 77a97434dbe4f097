r"""How large a step the recursion bears: fixed points, slopes, attractors and transverse growth.

The recursion is ``lam <- lam - eta lam^(L-1) (lam^L - s)``. A step longer than the distance to zero
crosses it, and this module follows the signed value: gradient descent does not know about the
sign, the diagonal entry of every layer becomes negative and the same formula holds. (For even L
the recursion is odd and the product, lam^L, does not see the sign. For odd L the negative side is
another place, see :func:`trap_edge`.)
"""

import numpy as np

from depth_not_data import _validation


def slope(lam, target, depth: int, lr) -> np.ndarray:
    """Differentiate the recursion: the factor by which a small displacement grows in one step.

    Parameters
    ----------
    lam : array_like
        Signed diagonal entry, the same in all `depth` layers.
    target : array_like
        Singular values s >= 0 of the target.
    depth : int
        Number of layers L >= 1.
    lr : array_like
        Learning rates eta > 0; `lam`, `target` and `lr` broadcast.

    Returns
    -------
    numpy.ndarray, float64
        ``1 - eta ((2L-1) lam^(2L-2) - (L-1) s lam^(L-2))``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    Derivative of the paper's eq. (37). At its fixed point ``lam = s^(1/L)`` it is
    ``1 - eta L s^(2-2/L)``:

    >>> slope(1.0, target=1.0, depth=5, lr=0.1)
    array(0.5)
    """
    lam, target, depth, lr = _checked("lam", lam, target, depth, lr)
    # For L = 1 the second term has the factor 0; its exponent -1 must not meet lam = 0.
    second = (depth - 1) * target * lam ** max(depth - 2, 0)
    return np.asarray(1 - lr * ((2 * depth - 1) * lam ** (2 * depth - 2) - second))


def sharpness_at_minimum(target, depth: int) -> float:
    """Largest Hessian eigenvalue of the balanced network that has learnt its target.

    Parameters
    ----------
    target : array_like, shape (n,)
        Singular values s_i >= 0 of the target, at least one of them > 0; whitened data.
    depth : int
        Number of layers L >= 1.

    Returns
    -------
    float
        ``L max(s)^(2-2/L)``. No other global minimum has less, whatever the widths; gradient
        descent with a learning rate above 2 over this number is linearly unstable at every one.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite.

    Notes
    -----
    The paper's dominant eigenvalue for s = 1, here for any target:

    >>> sharpness_at_minimum([1.0, 0.5], depth=7), sharpness_at_minimum([4.0], depth=2)
    (7.0, 8.0)
    """
    target = _validation.vector("target", target, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    if not np.any(target > 0):
        raise ValueError(f"target must hold a singular value > 0, got {target!r}")
    return float(depth * target.max() ** (2 - 2 / depth))


def attractor(
    lam0, target: float, depth: int, lr, *, transient: int, keep: int, escape: float = 1e6
) -> np.ndarray:
    """Late iterates of the recursion for many learning rates: one column of the diagram each.

    Parameters
    ----------
    lam0 : float or array_like
        Start; broadcasts against `lr`.
    target, depth, lr
        As in :func:`slope`; `lr` has shape (n,).
    transient : int
        Updates >= 0 that are thrown away.
    keep : int
        Iterates >= 1 that are kept.
    escape : float
        An iterate larger than this in absolute value counts as diverged.

    Returns
    -------
    numpy.ndarray, float64, shape (keep, n)
        Signed iterates. From the update at which a column escapes on it is ``inf``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    Iterates of the paper's eq. (37). Two layers: eta = 0.9 settles on the target, eta = 1.1
    alternates between two values, eta = 2.1 diverges.

    >>> attractor(0.5, 1.0, depth=2, lr=[0.9, 1.1, 2.1], transient=2000, keep=2).round(3)
    array([[1.   , 1.116,   inf],
           [1.   , 0.815,   inf]])
    """
    lam, target, depth, lr = _checked("lam0", lam0, target, depth, lr)
    transient = _validation.integer("transient", transient, minimum=0)
    keep = _validation.integer("keep", keep, minimum=1)
    escape = _validation.number("escape", escape, above=0.0)
    lam = np.array(np.broadcast_to(lam, np.broadcast_shapes(lam.shape, lr.shape)))
    kept = np.empty((keep, *lam.shape))
    for t in range(transient + keep):
        if t >= transient:
            kept[t - transient] = lam
        inside = np.abs(lam) <= escape
        # An escaped value stays where it is: the formula would turn it into inf - inf.
        finite = np.where(inside, lam, 0.0)
        following = finite - lr * finite ** (depth - 1) * (finite**depth - target)
        lam = np.where(inside, following, np.inf)
    kept[np.abs(kept) > escape] = np.inf
    return kept


def maximum(target: float, depth: int, lr) -> np.ndarray:
    """Find the maximum of the recursion on the positive side.

    Parameters
    ----------
    target, depth, lr
        As in :func:`slope`, with L >= 2: one layer is linear.

    Returns
    -------
    numpy.ndarray, float64, the shape of `lr`
        Root of ``eta ((2L-1) lam^(2L-2) - (L-1) s lam^(L-2)) = 1``, by bisection to round-off.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    For two layers ``lam^2 = (1 + eta s) / (3 eta)``:

    >>> maximum(1.0, depth=2, lr=[0.5, 2.0]).round(12) ** 2
    array([1. , 0.5])
    """
    depth = _validation.integer("depth", depth, minimum=2)
    _, target, depth, lr = _checked("lam", 0.0, target, depth, lr)
    return _root(lambda lam: -slope(lam, target, depth, lr), 1 + target + 1 / lr)


def trap_edge(target: float, depth: int, lr) -> np.ndarray:
    """How far below zero the recursion of an odd depth can go and stay negative for ever.

    Parameters
    ----------
    target, depth, lr
        As in :func:`slope`, with L >= 3, odd: for even L the negative side is the mirror image.

    Returns
    -------
    numpy.ndarray, float64, the shape of `lr`
        Root of ``eta edge^(L-2) (edge^L + s) = 1``. A value between -edge and 0 climbs to zero
        without passing it; below -edge the next value is positive.

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not broadcast.

    Notes
    -----
    Derived in this book. With s = 0 it is ``eta^(-1/(2L-2))``:

    >>> trap_edge(0.0, depth=3, lr=16.0).round(12)
    np.float64(0.5)
    """
    depth = _validation.integer("depth", depth, minimum=3)
    if depth % 2 == 0:
        raise ValueError(f"depth must be odd, got {depth}")
    _, target, depth, lr = _checked("lam", 0.0, target, depth, lr)
    return _root(lambda x: lr * x ** (depth - 2) * (x**depth + target) - 1, 1 + 1 / lr)


def _root(increasing, upper):
    """Root between 0 and `upper`, elementwise, of a function that is negative below it only."""
    low, high = np.zeros_like(upper), upper
    for _ in range(100):
        below = increasing((low + high) / 2) < 0
        low, high = np.where(below, (low + high) / 2, low), np.where(below, high, (low + high) / 2)
    return (low + high) / 2


def period(orbit, *, longest: int, tolerance: float = 1e-8) -> np.ndarray:
    """Smallest period of each column of an orbit.

    Parameters
    ----------
    orbit : array_like, shape (T, n)
        Iterates, for instance from :func:`attractor`; ``T > longest``. Columns that hold ``inf``
        are diverged.
    longest : int
        Longest period >= 1 looked for.
    tolerance : float
        Two iterates closer than this count as the same.

    Returns
    -------
    numpy.ndarray, int, shape (n,)
        The period; 0 where none up to `longest` was found (longer, aperiodic, not settled, or
        diverged).

    Raises
    ------
    ValueError
        If an argument is outside these ranges or `orbit` holds NaN.

    Examples
    --------
    >>> period([[1.0, 3.0], [1.0, 4.0], [1.0, 3.0]], longest=2)
    array([1, 2])
    """
    longest = _validation.integer("longest", longest, minimum=1)
    tolerance = _validation.number("tolerance", tolerance, above=0.0)
    orbit = _validation.real_array("orbit", orbit, infinite=True)
    if orbit.ndim != 2 or len(orbit) <= longest:
        raise ValueError(
            f"orbit must be a (T, n) array, T > longest = {longest}, got shape {orbit.shape}"
        )
    finite = np.isfinite(orbit).all(axis=0)
    settled = np.where(finite, orbit, 0.0)
    found = np.zeros(orbit.shape[1], dtype=int)
    for length in range(longest, 0, -1):
        repeats = np.abs(settled[length:] - settled[:-length]).max(axis=0) < tolerance
        found[repeats & finite] = length
    return found


def imbalance_multiplier(orbit, target: float, depth: int, lr: float) -> float:
    """Growth over one period of a small difference between the layers in one direction.

    Parameters
    ----------
    orbit : array_like, shape (n,)
        One period lam_1, ..., lam_n of the recursion, nonzero entries.
    target, depth, lr
        As in :func:`slope`, scalars.

    Returns
    -------
    float
        ``prod_i (1 + a_i)`` with ``a_i = eta lam_i^(L-2) (lam_i^L - s)``. Because
        ``lam_(i+1) = lam_i (1 - a_i)`` it equals ``prod_i (1 - a_i^2)``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite, or `orbit` does not close to 1e-6.

    Notes
    -----
    Derived in this book. At the fixed point differences between the layers stay as they are:

    >>> imbalance_multiplier([1.0], target=1.0, depth=3, lr=0.1)
    1.0
    """
    _, relative = _one_period(orbit, target, depth, lr)
    return float(np.prod(1 + relative))


def rotation_multiplier(orbit, target: float, depth: int, lr: float) -> float:
    """Growth over one period of a rotation of two learnt directions with the same orbit.

    Parameters
    ----------
    orbit, target, depth, lr
        As in :func:`imbalance_multiplier`.

    Returns
    -------
    float
        ``prod_i (1 - eta L lam_i^(2L-2) + (L-1) a_i)``, a_i as in :func:`imbalance_multiplier`:
        the factor of a perturbation ``delta_k[a, c] = -delta_k[c, a]``, the same in all layers.

    Raises
    ------
    ValueError
        As in :func:`imbalance_multiplier`.

    Notes
    -----
    Derived in this book. At the fixed point it is the slope of the recursion, ``1 - eta L``:

    >>> rotation_multiplier([1.0], target=1.0, depth=4, lr=0.125)
    0.5
    """
    lam, relative = _one_period(orbit, target, depth, lr)
    return float(np.prod(1 - lr * depth * lam ** (2 * depth - 2) + (depth - 1) * relative))


def _one_period(orbit, target, depth, lr):
    """Return the orbit and the relative steps a_i = eta lam_i^(L-2) (lam_i^L - s)."""
    orbit = _validation.vector("orbit", orbit)
    target = _validation.number("target", target, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    lr = _validation.number("lr", lr, above=0.0)
    if orbit.size == 0 or np.any(orbit == 0):
        raise ValueError(f"orbit must hold nonzero values, got {orbit!r}")
    relative = lr * orbit ** (depth - 2.0) * (orbit**depth - target)
    gap = np.abs(orbit * (1 - relative) - np.roll(orbit, -1)).max()
    if not gap <= 1e-6:
        raise ValueError(f"orbit must close under the recursion to 1e-6, got a gap of {gap:.1e}")
    return orbit, relative


def _checked(name, lam, target, depth, lr):
    """Arguments as the functions use them; `name` is what the caller knows `lam` by."""
    lam = _validation.real_array(name, lam)
    target = _validation.real_array("target", target, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    lr = _validation.real_array("lr", lr, above=0.0)
    _validation.broadcast(**{name: lam}, target=target, lr=lr)
    return lam, target, depth, lr
