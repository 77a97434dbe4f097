r"""The operator whose eigenvalues `wide_limit` lists, by quadrature and on samples.

At zero output weights a block adds functions ``Pi dW_2 relu(W_1 y)``, and ``Pi (dg * y + db)`` from
gain and bias, with Pi the derivative of its norm at the state y, a projection; behind the last
block stands ``dg * y + db`` as it is. The Hessian is 2/N times the mean of their squares, and has
the eigenvalues of ``(K phi)(y) = 2/N E[K(y, y') phi(y')]`` with

    K(y, y') = D h/6 kappa(y . y' / N) Pi Pi' + (D - 1) Pi A(y, y') Pi' + A(y, y'),

``A(y, y') = diag(y * y') + 1``, h the number of hidden units that the level is scaled to and kappa
the arc-cosine kernel of degree 1.
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy import special

from depth_not_data import _validation

NODES = 400
# Cosines come from products of vectors of length 1.
ROUND_OFF = 1e-9


def arc_cosine(cosine) -> np.ndarray:
    """Return ``(sin a + (pi - a) cos a) / pi``, twice the mean of the product of two ReLUs.

    >>> arc_cosine([-1.0, 0.0, 1.0]).round(4).tolist()
    [0.0, 0.3183, 1.0]
    """
    cosine = _validation.real_array("cosine", cosine)
    if np.any(np.abs(cosine) > 1 + ROUND_OFF):
        raise ValueError(f"cosine must be from -1 to 1, got {np.abs(cosine).max()} among it")
    angle = np.arccos(np.clip(cosine, -1, 1))
    return (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi


def projections(y: np.ndarray, *, subtract: bool = True, divide: bool = True) -> np.ndarray:
    """Differentiate the norm at states `y`, shape (n_samples, N), of length sqrt(N).

    Returns an array of shape (n_samples, N, N): the mean over coordinates is taken away where the
    norm subtracts it, the part along y where it divides.
    """
    y, subtract, divide = _states(y, subtract, divide)
    n = y.shape[1]
    unit = np.eye(n) - (1 / n if subtract else 0.0)
    behind = np.broadcast_to(unit, (len(y), n, n))
    return behind - np.einsum("si,sj->sij", y, y) / n if divide else behind


def apply(
    field: Callable,
    y: np.ndarray,
    n_block: int,
    *,
    n_hidden: int | None = None,
    subtract: bool = True,
    divide: bool = True,
) -> np.ndarray:
    """Value at `y` of the operator times a field, for inputs evenly on the sphere.

    Parameters
    ----------
    field : callable
        Maps points, shape (m, N), to vectors of the same shape. Exact to about 1e-8 for polynomials
        of degree 4 or less.
    y : array_like, shape (N,)
        Of length sqrt(N), N >= 4; without a mean where the norm subtracts it.
    n_block : int
        D >= 1.
    n_hidden, subtract, divide
        As in :func:`depth_not_data.residual.wide_limit.levels`.

    Returns
    -------
    numpy.ndarray, shape (N,)

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    Without a norm, two blocks give the identity twice 1 + 1/3, times 2/N:

    >>> y = np.array([1.0, 1.0, -1.0, 1.0])
    >>> apply(lambda points: points, y, 2, subtract=False, divide=False).round(6).tolist()
    [1.333333, 1.333333, -1.333333, 1.333333]
    """
    y = _validation.vector("y", y)
    _validation.function("field", field)
    subtract = _validation.flag("subtract", subtract)
    divide = _validation.flag("divide", divide)
    n_embd = len(y)
    if n_embd < 4 or abs(y @ y / n_embd - 1) > 1e-9 or (subtract and abs(y.mean()) > 1e-9):
        raise ValueError(f"y must have length sqrt(N), N >= 4, and no mean if subtracted, got {y}")
    n_block = _validation.integer("n_block", n_block, minimum=1)
    points, weights = _sphere(y, subtract)
    hidden = 4 * n_embd
    if n_hidden is not None:
        hidden = _validation.integer("n_hidden", n_hidden, minimum=1)
    norm = {"subtract": subtract, "divide": divide}
    here, there = projections(y[None], **norm)[0], projections(points, **norm)
    values = np.asarray(field(points))
    behind = np.einsum("sij,sj->si", there, values)

    def affine(vectors):
        return y * (weights @ (points * vectors)) + weights @ vectors

    kernel = weights * arc_cosine(points @ y / n_embd) * n_block * hidden / 6
    found = here @ (kernel @ behind + (n_block - 1) * affine(behind)) + affine(values)
    return 2 / n_embd * found


def _sphere(y, subtract):
    """Points and weights: Gauss-Gegenbauer along y, a rule of degree 5 around it."""
    n_embd = len(y)
    fixed = [y, np.ones(n_embd)] if subtract else [y]
    # An orthonormal basis of what is orthogonal to y (and to the mean).
    basis = np.linalg.svd(np.array(fixed))[2][len(fixed) :]
    m = len(basis)
    cosines, along = special.roots_gegenbauer(NODES, (m - 1) / 2)
    i, j = np.triu_indices(m, 1)
    pairs = np.concatenate([basis[i] + basis[j], basis[i] - basis[j]]) / math.sqrt(2)
    around = np.concatenate([basis, -basis, pairs, -pairs])
    # Stroud, U_m 5-2.
    share = np.full(len(around), 1 / (m * (m + 2)))
    share[: 2 * m] = (4 - m) / (2 * m * (m + 2))
    sines = np.sqrt(1 - cosines**2) * math.sqrt(n_embd)
    points = cosines[:, None, None] * y + sines[:, None, None] * around
    return points.reshape(-1, n_embd), np.outer(along / along.sum(), share).ravel()


def kernel_matrix(
    y: np.ndarray,
    n_block: int,
    *,
    first: Sequence[np.ndarray] | None = None,
    subtract: bool = True,
    divide: bool = True,
) -> np.ndarray:
    """Operator on functions given at samples, in the limit or at a finite hidden width.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples, N)
        States of length sqrt(N).
    n_block : int
        D >= 1.
    first : sequence of numpy.ndarray, shape (H, N), optional
        W_1 of every block, with entries of variance 1 / (3 N); the output weights are scaled by
        sqrt(4 N / H). The limit unless given.
    subtract, divide : bool
        What the norm does.

    Returns
    -------
    numpy.ndarray, shape (n_samples N, n_samples N)
        Its eigenvalues are those of the Hessian, zeros apart.

    Raises
    ------
    ValueError
        If `first` does not hold one matrix for every block.
    """
    y, subtract, divide = _states(y, subtract, divide)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    samples, n_embd = y.shape
    if first is None:
        features = n_block * 4 * n_embd / 6 * arc_cosine(y @ y.T / n_embd)
    elif len(first) != n_block:
        raise ValueError(f"first must hold one matrix for each of {n_block} blocks")
    else:
        hidden = [np.maximum(y @ w.T, 0) * math.sqrt(4 * n_embd / len(w)) for w in first]
        features = sum(a @ a.T for a in hidden)
    behind = projections(y, subtract=subtract, divide=divide)
    affine = np.einsum("si,ti,ij->sitj", y, y, np.eye(n_embd))
    affine = affine + np.eye(n_embd)[None, :, None, :]
    both = np.einsum("st,ij->sitj", features, np.eye(n_embd)) + (n_block - 1) * affine
    whole = np.einsum("sij,sjtk,tkl->sitl", behind, both, behind, optimize=True) + affine
    return 2 / n_embd / samples * whole.reshape(samples * n_embd, -1)


def rate_constant(
    y: np.ndarray, n_block: int, *, subtract: bool = True, divide: bool = True
) -> float:
    """Mean squared Hilbert-Schmidt distance from the limit, times the hidden width.

    Parameters
    ----------
    y, n_block, subtract, divide
        As in :func:`kernel_matrix`; W_1 is Gaussian.

    Returns
    -------
    float
        C such that the mean over W_1 of ``|K_H - K|^2`` is C / H.

    Notes
    -----
    The mean of ``relu(u)^2 relu(v)^2`` over Gaussians of variance 1 at angle a is
    ``(3 sin a cos a + (pi - a) (1 + 2 cos^2 a)) / (2 pi)``, the arc-cosine kernel of degree 2.
    """
    y, subtract, divide = _states(y, subtract, divide)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    n_embd = y.shape[1]
    cosine = np.clip(y @ y.T / n_embd, -1, 1)
    angle = np.arccos(cosine)
    fourth = 3 * np.sin(angle) * cosine + (np.pi - angle) * (1 + 2 * cosine**2)
    variance = fourth / (2 * np.pi) / 9 - (arc_cosine(cosine) / 6) ** 2
    behind = projections(y, subtract=subtract, divide=divide)
    overlap = np.einsum("sij,tij->st", behind, behind, optimize=True)
    return float(64 * n_block * (variance * overlap).mean())


def _states(y, subtract, divide):
    y = _validation.real_array("y", y)
    if y.ndim != 2 or not y.size:
        raise ValueError(f"y must have shape (n_samples, N), got {y.shape}")
    return y, _validation.flag("subtract", subtract), _validation.flag("divide", divide)
