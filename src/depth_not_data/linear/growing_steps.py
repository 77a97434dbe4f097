r"""Gradient descent on the moments of data, from a balanced start, in steps that grow.

A step eta breaks the balance of the layers by eta^2 times the squared gradient, and where some
input directions vary a thousand times more than others, a constant small step does not arrive. So
a step is a fixed share of the training time so far, ``growth * tau``: the fast directions are
learnt in small steps, and when the large ones come only slow directions are left. Where the step
would pass ``1/Lambda_1``, half the edge of stability at the minimum, it stays there and the
momentum beta grows instead, ``eta / (1 - beta) = growth * tau``.
"""

from typing import NamedTuple

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import least_squares

_MOST = 100.0  # largest 1 / (1 - beta)
_CHECK = 50  # updates between two looks at the gradient


class Trained(NamedTuple):
    """A trained network.

    Attributes
    ----------
    weights : list of ndarray
        W^1, ..., W^L; hidden layers have r units.
    updates : int
    gradient : float
        ``|W Sigma_xx - Sigma_yx| / |Sigma_yx|`` at the end, Frobenius norms.
    """

    weights: list[np.ndarray]
    updates: int
    gradient: float


def balanced_start(second, cross, depth: int, *, seed: int, size: float = 0.1) -> list[np.ndarray]:
    """Balanced layers in random directions, small and of the rank of the least-squares map.

    Parameters
    ----------
    second, cross, depth
        As in :func:`depth_not_data.linear.least_squares.at_balanced_minimum`.
    seed : int
        Seed >= 0.
    size : float
        All r singular values of the product, > 0, as a share of the smallest of the
        least-squares map.

    Returns
    -------
    list of numpy.ndarray
        Hidden layers have r units: further ones would start at zero and never move. The outputs are
        in the range of Sigma_yx; a direction outside has target 0 and would die slowly.

    Raises
    ------
    ValueError
        For arguments outside these ranges, or as there.

    >>> layers = balanced_start(np.eye(3), [[2.0, 0.0, 0.0]], 3, seed=0)
    >>> [layer.shape for layer in layers], [round(float(np.linalg.norm(w)), 4) for w in layers]
    ([(1, 3), (1, 1), (1, 1)], [0.5848, 0.5848, 0.5848])
    """
    depth = _validation.integer("depth", depth, minimum=1)
    seed = _validation.integer("seed", seed, minimum=0)
    size = _validation.number("size", size, above=0.0)
    _, sigma, _ = least_squares.minimum(second, cross)
    cross, rank = np.asarray(cross, dtype=np.float64), len(sigma)
    outputs = np.linalg.svd(cross)[0][:, :rank]
    gaussian = np.random.default_rng(seed).normal(size=cross.shape)
    left, _, right = np.linalg.svd(outputs.T @ gaussian, full_matrices=False)
    lam = (size * sigma[-1]) ** (1.0 / depth)
    if depth == 1:
        return [lam * outputs @ left @ right]
    return [lam * right, *[lam * np.eye(rank)] * (depth - 2), lam * outputs @ left]


def train(
    second, cross, depth: int, *, seed: int, steps: int, growth: float = 0.003, tol: float = 1e-9
) -> Trained:
    """Train a deep linear network on the moments of its data.

    Parameters
    ----------
    second, cross, depth, seed
        As in :func:`balanced_start`.
    steps : int
        Largest number >= 0 of updates.
    growth : float
        Step over training time, in (0, 1).
    tol : float
        Relative gradient >= 0 at which training ends.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        For arguments outside these ranges, or as there.

    Notes
    -----
    One scalar layer finds the least-squares slope, 3:

    >>> second, cross = np.diag([1.0, 0.5]), np.array([[3.0, 0.0]])
    >>> done = train(second, cross, 1, seed=0, steps=5000)
    >>> abs(done.weights[0].round(6)), done.gradient < 1e-9
    (array([[3., 0.]]), True)
    """
    steps = _validation.integer("steps", steps, minimum=0)
    growth = _validation.number("growth", growth, above=0.0, below=1.0)
    tol = _validation.number("tol", tol, minimum=0.0)
    weights = balanced_start(second, cross, depth, seed=seed)
    second, cross = (np.asarray(m, dtype=np.float64) for m in (second, cross))
    variances, axes = np.linalg.eigh(second)
    weights[0], turned = weights[0] @ axes, cross @ axes
    sharpness = least_squares.at_balanced_minimum(second, cross, depth).eigenvalues[0]
    weights, updates, gradient = _descend(
        weights, np.maximum(variances, 0.0), turned, 1 / sharpness, growth, steps, tol
    )
    weights[0] = weights[0] @ axes.T
    return Trained(weights, updates, gradient)


def _descend(weights, variances, cross, ceiling, growth, steps, tol):
    # In the principal axes of the inputs, where Sigma_xx is a vector.
    weights = [layer.copy() for layer in weights]
    velocity = [np.zeros_like(layer) for layer in weights]
    tau, scale = ceiling, np.linalg.norm(cross)
    for t in range(steps + 1):
        below = [weights[0]]
        for layer in weights[1:]:
            below.append(layer @ below[-1])
        back = below[-1] * variances - cross
        if t % _CHECK == 0 or t == steps:
            relative = float(np.linalg.norm(back) / scale)
            if relative <= tol or t == steps:
                break
        effective = min(_MOST * ceiling, growth * tau)
        step = min(ceiling, effective)
        tau += effective
        for k in range(len(weights) - 1, -1, -1):
            gradient = back @ below[k - 1].T if k else back
            back = weights[k].T @ back if k else back
            velocity[k] = (1 - step / effective) * velocity[k] + gradient
        for layer, moved in zip(weights, velocity, strict=True):
            layer -= step * moved
    return weights, t, relative
