r"""How many updates a direction takes to be learnt under the optimisers of this room."""

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import optimizers


def learning_times(
    name: str, lam0, target, depth: int, lrs, *, window: float = 0.05, longest: int, **hyper
) -> np.ndarray:
    """Count updates until every direction has learnt its target, for many learning rates at once.

    Parameters
    ----------
    name, lam0, target, depth, **hyper
        As in :func:`depth_not_data.linear.optimizers.trajectory`.
    lrs : array_like, shape (n,)
        Learning rates eta > 0.
    window : float
        A direction with target s > 0 has learnt it when ``|lam^L / s - 1| <= window`` < 1;
        directions with target 0 are not asked.
    longest : int
        Updates >= 1 after which the search ends.

    Returns
    -------
    numpy.ndarray, float64, shape (n,)
        The first update from which all products are inside the window for as long again and 100
        updates more. ``inf`` where this is not so before `longest`, or where the run diverges.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite.

    Notes
    -----
    Muon needs ``(s^(1/L) - lam0) / eta`` updates up to the window:

    >>> learning_times("muon", [0.5], [1.0], 1, [0.15, 0.03], window=0.04, longest=500)
    array([inf, 16.])
    """
    return _search(*_arguments(name, lam0, target, depth, lrs, window, longest, hyper), np.all)


def _arguments(name, lam0, target, depth, lrs, window, longest, hyper):
    chosen = optimizers.settings(name, hyper)
    lrs = _validation.vector("lrs", lrs, above=0.0)
    if not lrs.size:
        raise ValueError("lrs must hold at least one learning rate, got none")
    window = _validation.number("window", window, above=0.0, below=1.0)
    longest = _validation.integer("longest", longest, minimum=1)
    lam, target, depth, _, _ = optimizers.checked(lam0, target, depth, 1.0, 0)
    if not np.any(target > 0):
        raise ValueError(f"target must hold a singular value > 0, got {target!r}")
    return name, lam, target, depth, lrs, window, longest, chosen


def _search(name, lam, target, depth, lrs, window, longest, chosen, enough):
    learnt, state = target > 0, {}
    lam = np.tile(lam, (lrs.size, 1))
    times = np.zeros(lrs.size)  # one more than the last update outside the window
    settled = np.zeros(lrs.size, dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(longest + 1):
            error = np.abs(lam[:, learnt] ** depth / target[learnt] - 1)
            times[~settled & ~(error <= window).all(axis=1)] = t + 1
            settled |= t >= 2 * times + 100
            if enough(settled) or np.all(settled | ~np.isfinite(lam).all(axis=1)):
                break
            direction = optimizers.direction(name, lam, target, depth, state, chosen)
            lam = lam - lrs[:, None] * direction
    return np.where(settled, times, np.inf)


def fastest(
    name: str, lam0, target, depth: int, lrs, *, window: float = 0.05, longest: int, **hyper
) -> tuple[float, float]:
    """Find the smallest learning time over learning rates, and the largest rate that attains it.

    Parameters
    ----------
    name, lam0, target, depth, lrs, window, longest, **hyper
        As in :func:`learning_times`.

    Returns
    -------
    updates : float
        ``inf`` if no rate learns before `longest`.
    lr : float

    Raises
    ------
    ValueError
        As :func:`learning_times`.

    Notes
    -----
    >>> fastest("muon", [0.5], [1.0], 1, [0.15, 0.03], window=0.04, longest=500)
    (16.0, 0.03)
    """
    arguments = _arguments(name, lam0, target, depth, lrs, window, longest, hyper)
    # The first rate that has settled is the fastest: a faster one would have settled before.
    times = _search(*arguments, np.any)
    best = float(times.min())
    return best, float(np.max(arguments[4][times == best]))


def muon_updates(sigma0, depth: int, window: float = 0.05) -> np.ndarray:
    """Count the updates until Muon is inside the window for good, at the largest safe step size.

    Parameters
    ----------
    sigma0 : array_like
        Product of the layers at the start over the target, 0 < sigma0 < 1 - window.
    depth : int
        Number of layers L >= 1.
    window : float
        Relative error 0 < window < 1 that the product may have.

    Returns
    -------
    numpy.ndarray, float64
        ``ceil(((1 - window)^(1/L) - sigma0^(1/L)) / ((1 + window)^(1/L) - 1))``: the step
        ``(1 + window)^(1/L) - 1``, in units of s^(1/L), is the largest that never leaves the
        window again wherever it comes in. The limit of many layers is
        ``log((1 - window) / sigma0) / log(1 + window)``.

    Raises
    ------
    ValueError
        If an argument is outside these ranges.

    Notes
    -----
    >>> muon_updates([0.01, 0.0001], depth=2), muon_updates(0.01, depth=10**6)
    (array([36., 40.]), array(94.))
    """
    depth = _validation.integer("depth", depth, minimum=1)
    window = _validation.number("window", window, above=0.0, below=1.0)
    sigma0 = _validation.real_array("sigma0", sigma0, above=0.0)
    if np.any(sigma0 >= 1 - window):
        raise ValueError(f"sigma0 must be < 1 - window = {1 - window:g}, got {sigma0.max()}")
    low, safe = np.log1p(-window) / depth, np.expm1(np.log1p(window) / depth)
    return np.asarray(np.ceil((np.exp(low) - np.exp(np.log(sigma0) / depth)) / safe))
