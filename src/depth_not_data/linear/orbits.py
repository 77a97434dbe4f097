r"""Where the recursion goes beyond its edge: the order of events, and orbits off the real line.

For target 1 and learning rates ``eta = product / L`` the recursion
``lam <- lam - eta lam^(L-1) (lam^L - 1)`` is stable up to the product 2.
:func:`first_events` follows one orbit past that edge. :func:`complex_trajectory` lets several equal
target directions rotate, which one real number cannot show.
"""

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import stability

_LONGEST_PERIOD, _WINDOW = 32, 200
# Up to this product an orbit without a period is one that settles slowly, next to a doubling.
_SETTLES_SLOWLY = 2.5


def first_events(depth: int, products, *, updates: int = 4000) -> dict[str, float]:
    """Learning rates, times depth, at which an orbit first does something new.

    The orbit starts at the maximum of the recursion with target 1. No orbit from below the
    maximum's value gets further down, so this one is the first to reach zero.

    Parameters
    ----------
    depth : int
        Number of layers L >= 2.
    products : array_like, shape (n,)
        Values of ``eta L`` > 0, ascending.
    updates : int
        Updates to follow, at least 200; periods are those of the last 200 values.

    Returns
    -------
    dict of str to float
        For each event the smallest of the `products` at which it happens, NaN if it happens at
        none of them: ``period 2``, ``period 4``, ``aperiodic`` (no period up to 32, beyond a
        product of 2.5), ``below 0``, ``back above 0`` (passes zero from below, without escaping),
        ``diverges``; for odd depths also ``beyond the trap``: the third value is below minus
        :func:`depth_not_data.linear.stability.trap_edge`.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite, or `products` do not ascend.

    Notes
    -----
    Two layers have closed forms: period 2 at 2, period 4 at ``2 sqrt(5) - 2``, orbits through zero
    from ``3 sqrt(3) - 2``, escape at 4.

    >>> first_events(2, [1.9, 2.1, 2.48, 3.1, 3.2, 4.1])["below 0"]
    3.2
    """
    depth = _validation.integer("depth", depth, minimum=2)
    products = _validation.vector("products", products)
    if products.size == 0 or np.any(products <= 0) or np.any(np.diff(products) <= 0):
        raise ValueError(f"products must hold ascending values > 0, got {products!r}")
    updates = _validation.integer("updates", updates, minimum=_WINDOW)
    lr = products / depth
    start = stability.maximum(1.0, depth, lr)
    orbits = stability.attractor(start, 1.0, depth, lr, transient=0, keep=updates)
    periods = stability.period(orbits[-_WINDOW:], longest=_LONGEST_PERIOD, tolerance=1e-6)
    bounded = np.isfinite(orbits).all(axis=0)
    events = {
        "period 2": periods == 2,
        "period 4": periods == 4,
        "aperiodic": bounded & (periods == 0) & (products > _SETTLES_SLOWLY),
        "below 0": (orbits < 0).any(axis=0),
        "back above 0": bounded & returns(orbits),
        "diverges": ~bounded,
    }
    if depth % 2:
        events["beyond the trap"] = orbits[2] < -stability.trap_edge(1.0, depth, lr)
    return {
        name: float(products[np.argmax(happens)]) if happens.any() else float("nan")
        for name, happens in events.items()
    }


def returns(orbits) -> np.ndarray:
    """Whether an orbit passes zero from below.

    Parameters
    ----------
    orbits : array_like, shape (T, n)
        Signed iterates, T >= 2, for instance from
        :func:`depth_not_data.linear.stability.attractor`; ``inf`` where an orbit has escaped.

    Returns
    -------
    numpy.ndarray, bool, shape (n,)

    Raises
    ------
    ValueError
        If `orbits` has another shape or holds NaN.

    >>> returns([[0.5, 0.5], [-0.5, -0.5], [-0.4, 0.3]])
    array([False,  True])
    """
    orbits = _validation.real_array("orbits", orbits, infinite=True)
    if orbits.ndim != 2 or len(orbits) < 2:
        raise ValueError(f"orbits must be a (T, n) array, T >= 2, got shape {orbits.shape}")
    return ((orbits[:-1] < 0) & (orbits[1:] > 0)).any(axis=0)


def complex_trajectory(
    start, target: float, depth: int, lr: float, updates: int, *, escape: float = 1e3
) -> np.ndarray:
    r"""Iterate the recursion of a pair of equal target directions that may rotate.

    All layers equal one normal matrix whose eigenvalues are ``z`` and its conjugate; on the real
    line it is the recursion of one direction.

    Parameters
    ----------
    start : array_like, complex, shape (n,)
        Eigenvalues at the start.
    target : float
        Singular value s >= 0 of both directions.
    depth : int
        Number of layers L >= 1.
    lr : float
        Learning rate eta > 0.
    updates : int
        Number of updates T >= 0.
    escape : float
        A value larger than this in absolute value counts as diverged.

    Returns
    -------
    numpy.ndarray, complex128, shape (T + 1, n)
        From the update at which a column escapes on it is ``inf``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite.

    Notes
    -----
    ``z <- z - eta conj(z)^(L-1) (z^L - s)``, derived in this book.

    >>> complex_trajectory([1j], target=1.0, depth=2, lr=0.25, updates=1)[1]
    array([0.+0.5j])
    """
    array = _validation.as_array("start", start)
    if array.dtype.kind == "c":
        z = _validation.vector("start", array.real) + 1j * _validation.vector("start", array.imag)
    else:
        z = _validation.vector("start", start).astype(np.complex128)
    target = _validation.number("target", target, minimum=0.0)
    depth = _validation.integer("depth", depth, minimum=1)
    lr = _validation.number("lr", lr, above=0.0)
    updates = _validation.integer("updates", updates, minimum=0)
    escape = _validation.number("escape", escape, above=0.0)
    path = np.empty((updates + 1, z.size), dtype=np.complex128)
    path[0] = z
    for t in range(updates):
        inside = np.abs(path[t]) <= escape
        z = np.where(inside, path[t], 0.0)
        following = z - lr * np.conj(z) ** (depth - 1) * (z**depth - target)
        path[t + 1] = np.where(inside, following, np.inf)
    path[np.abs(path) > escape] = np.inf
    return path
