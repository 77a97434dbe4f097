"""Functions of every kind that `wide_limit` lists, written down from their definitions.

A function of a kind is drawn at random and the operator applied to it: no spectrum, no symmetry and
no closed form but the level itself is used on the way.
"""

import numpy as np

from depth_not_data import _validation
from depth_not_data.residual import wide_limit, wide_operator


def states(rng: np.random.Generator, n_embd: int, subtract: bool, samples: int) -> np.ndarray:
    """Draw states evenly from the sphere of radius sqrt(N), shape (samples, N).

    Without their mean over coordinates if `subtract`.
    """
    rng = _validation.random_source("rng", rng)
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    subtract = _validation.flag("subtract", subtract)
    samples = _validation.integer("samples", samples, minimum=1)
    y = rng.standard_normal((samples, n_embd))
    y -= y.mean(axis=1, keepdims=True) if subtract else 0.0
    return y / np.sqrt((y**2).mean(axis=1, keepdims=True))


def _projected(y, vectors, subtract, divide):
    behind = wide_operator.projections(y, subtract=subtract, divide=divide)
    return np.einsum("sij,sj->si", behind, vectors)


def _frame(rng, n_embd, subtract):
    """Draw orthonormal vectors that span the states."""
    gaussian = rng.standard_normal((n_embd, n_embd))
    if subtract:
        gaussian -= gaussian.mean(axis=0)
    return np.linalg.svd(gaussian)[0][:, : n_embd - subtract].T


def _without_mean(rng, n):
    g = rng.standard_normal(n)
    return g - g.mean()


def _symmetric(rng, e):
    """Draw a traceless symmetric map of the states, orthogonal to all diagonal maps."""
    n_embd = e.shape[1]
    centre = e.T @ e
    b = rng.standard_normal((n_embd, n_embd))
    b = centre @ (b + b.T) @ centre
    parts = [centre @ np.diag(row) @ centre for row in np.eye(n_embd)]
    basis = np.linalg.qr(np.array([p.ravel() for p in [*parts, centre]]).T)[0]
    rank = np.linalg.matrix_rank(np.array([p.ravel() for p in [*parts, centre]]))
    return (b.ravel() - basis[:, :rank] @ (basis[:, :rank].T @ b.ravel())).reshape(b.shape)


def _pieces(field, subtract, divide):
    """Split a field: what the norm keeps, what it takes away along the mean and the state."""
    kept = lambda y: _projected(y, field(y), subtract, divide)  # noqa: E731
    lost = []
    if subtract:
        lost.append(lambda y: np.repeat(field(y).mean(1, keepdims=True), y.shape[1], axis=1))
    if divide:
        lost.append(lambda y: y * (y * field(y)).mean(1, keepdims=True))
    return [kept, *lost]


def _random_field(kind, rng, n_embd, subtract, divide):
    e = _frame(rng, n_embd, subtract)
    if kind in (wide_limit.CONSTANTS, wide_limit.LAST_CONSTANTS):
        u = e.T @ rng.standard_normal(len(e))
        return lambda y: np.broadcast_to(u, y.shape)
    if kind in (wide_limit.GAINS, wide_limit.LAST_GAINS):
        g = _without_mean(rng, n_embd)
        return lambda y: g * y
    if kind == wide_limit.IDENTITY:
        return lambda y: y
    if kind == wide_limit.LAST_BLOCK:
        mean, scale = subtract * rng.standard_normal(), divide * rng.standard_normal()
        return lambda y: mean + scale * y
    if kind == wide_limit.ANTISYMMETRIC:
        b = rng.standard_normal((n_embd, n_embd))
        b = e.T @ e @ (b - b.T) @ e.T @ e
        return lambda y: y @ b.T
    if kind in (wide_limit.SYMMETRIC, wide_limit.LINEAR):
        b = _symmetric(rng, e)
        return lambda y: y @ b.T
    if kind == wide_limit.DIVERGENCE_FREE:
        return lambda y: (
            (y @ e[0])[:, None] * ((y @ e[1])[:, None] * e[2] - (y @ e[2])[:, None] * e[1])
        )
    if kind == wide_limit.QUADRATIC:
        u = e.T @ rng.standard_normal(len(e))
        return lambda y: np.outer((y @ e[0]) * (y @ e[1]), u)
    assert kind == wide_limit.CURL_FREE

    def gradient(y):
        a, b, c = (y @ e[0]), (y @ e[1]), (y @ e[2])
        return np.stack([b * c, a * c, a * b], axis=1) @ e[:3]

    return gradient


def residual(
    level: wide_limit.Level,
    n_embd: int,
    n_block: int,
    rng: np.random.Generator,
    *,
    subtract: bool = True,
    divide: bool = True,
) -> float:
    """Compare the operator times a random function of a kind with level times function.

    Parameters
    ----------
    level : wide_limit.Level
        Kind and level, as from :func:`depth_not_data.residual.wide_limit.levels`.
    n_embd, n_block, subtract, divide
        As there.
    rng : numpy.random.Generator
        Draws the function and the point.

    Returns
    -------
    float
        Distance at the point, over the level and the root mean square of the function.

    Examples
    --------
    >>> constants = wide_limit.levels(5, 2)[0]
    >>> residual(constants, 5, 2, np.random.default_rng(0)) < 1e-10
    True
    """
    rng = _validation.random_source("rng", rng)
    n_embd = _validation.integer("n_embd", n_embd, minimum=4)
    norm = {
        "subtract": _validation.flag("subtract", subtract),
        "divide": _validation.flag("divide", divide),
    }
    field = _random_field(level.functions, rng, n_embd, subtract, divide)
    y = states(rng, n_embd, subtract, 1)[0]
    points, weights = wide_operator._sphere(y, subtract)
    kept, *lost = _pieces(field, subtract, divide)
    with_affine = level.functions in (
        wide_limit.CONSTANTS,
        wide_limit.LAST_CONSTANTS,
        wide_limit.GAINS,
        wide_limit.LAST_GAINS,
    )
    phi = kept
    if level.functions == wide_limit.LAST_BLOCK:
        phi = field
    elif with_affine and lost:
        # Lost pieces come from the last block alone: K phi = 2/N c (field) there, c = <phi, field>
        # for a unit step. So phi = kept + x (lost) with x the root of a quadratic; take it from
        # the level: level * x = kept share + x * lost share, in units of one step.
        one = float(weights @ np.sum(field(points) ** 2, axis=1))
        kept_share = float(weights @ np.sum(kept(points) ** 2, axis=1)) / one
        value = level.eigenvalue * n_embd / 2
        x = kept_share / (value - (1 - kept_share))
        phi = lambda z: kept(z) + x * sum(part(z) for part in lost)  # noqa: E731
    found = wide_operator.apply(phi, y, n_block, **norm)
    wanted = level.eigenvalue * phi(y[None])[0]
    size = np.sqrt(weights @ np.sum(phi(points) ** 2, axis=1))
    return float(np.linalg.norm(found - wanted) / (level.eigenvalue * size))
