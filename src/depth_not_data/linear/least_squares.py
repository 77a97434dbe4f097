r"""The Hessian at the balanced minimum for any inputs and any targets, from their moments alone.

The loss is ``1/2 ||W X - Phi||_F^2`` with W = W^L ... W^1. All that it takes from the data is
``Sigma_xx = X X^T`` and ``Sigma_yx = Phi X^T``; the minimum of least norm is
``W = Sigma_yx Sigma_xx^+ = U diag(sigma) V^T``, of rank r. With balanced layers a change of the
pair (a, c) of an output direction u_a and an input direction v_c weighs
``w_ac = sum_k sigma_a^(2(L-k)/L) sigma_c^(2(k-1)/L)``
(:func:`depth_not_data.linear.spectrum.pair_eigenvalues`), and the nonzero eigenvalues of the
Hessian are those of the d_L matrices

    K_a = D_a (V^T Sigma_xx V) D_a,    D_a = diag_c(sqrt(w_ac)).

Dominant directions are the r^2 pairs with a, c <= r; all others are orthogonal to them, and those
with exactly one of the two are the bulk (for L >= 2 the rest has no curvature). The gap between
directions is the smallest curvature of a unit vector of the first kind over the largest of one
orthogonal to all of them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import spectrum

# Singular values below this share of the largest one are zero.
_RANK = 1e-9


class Split(NamedTuple):
    """What the Hessian at one point has to say about depth and data.

    Attributes
    ----------
    eigenvalues : ndarray, shape (d_0 d_L,)
        Descending; all nonzero eigenvalues are among them.
    rank : int
        r.
    gap : float
        Smallest curvature of the dominant directions over the largest of all others.
    """

    eigenvalues: np.ndarray
    rank: int
    gap: float

    @property
    def sorted_gap(self) -> float:
        """Eigenvalue number r^2 over the next one; at least `gap`."""
        return float(self.eigenvalues[self.rank**2 - 1] / self.eigenvalues[self.rank**2])


def moments(inputs, targets) -> tuple[np.ndarray, np.ndarray]:
    """Second moment of the inputs and their cross moment with the targets, means over samples.

    Parameters
    ----------
    inputs : array_like, shape (d_0, n)
    targets : array_like, shape (d_L, n)

    Returns
    -------
    second : numpy.ndarray, shape (d_0, d_0)
        Sigma_xx of X = inputs / sqrt(n).
    cross : numpy.ndarray, shape (d_L, d_0)
        Sigma_yx of the same X and Phi = targets / sqrt(n).

    Raises
    ------
    ValueError
        If the shapes do not fit together, or an entry is not finite.
    MemoryError
        If Sigma_xx does not fit in the memory that is free; the message says how much it needs.

    >>> moments([[1.0, -1.0]], [[3.0, 1.0]])
    (array([[1.]]), array([[1.]]))
    """
    inputs = _validation.real_array("inputs", inputs)
    targets = _validation.real_array("targets", targets)
    if inputs.ndim != 2 or not inputs.size:
        raise ValueError(f"inputs must have shape (d_0, n), got {inputs.shape}")
    if targets.ndim != 2 or targets.shape[1] != inputs.shape[1] or not targets.size:
        raise ValueError(f"targets must have shape (d_L, {inputs.shape[1]}), got {targets.shape}")
    # The sum over samples and the mean stand side by side.
    _validation.in_memory(f"the second moment of {len(inputs)} inputs", 2 * len(inputs) ** 2)
    return inputs @ inputs.T / inputs.shape[1], targets @ inputs.T / inputs.shape[1]


def minimum(second, cross) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Singular value decomposition of the least-squares map of least norm.

    Parameters
    ----------
    second, cross
        As :func:`moments` returns them; `second` need not be invertible.

    Returns
    -------
    left : numpy.ndarray, shape (d_L, d_L)
        U.
    sigma : numpy.ndarray, shape (r,)
        Singular values > 0, descending.
    right : numpy.ndarray, shape (d_0, d_0)
        V; columns beyond r complete a basis.

    Raises
    ------
    ValueError
        If `second` is not symmetric, the shapes do not fit together, an entry is not finite, or
        the map is zero.

    >>> _, sigma, right = minimum(np.diag([4.0, 1.0]), [[2.0, 0.0]])
    >>> sigma, abs(right[:, 0])
    (array([0.5]), array([1., 0.]))
    """
    second, cross = _moments(second, cross)
    left, sigma, right = np.linalg.svd(_least_squares(second, cross))
    rank = int(np.sum(sigma > _RANK * sigma[0]))
    if not rank:
        raise ValueError("cross must not be zero: there is nothing to learn")
    return left, sigma[:rank], right.T


def at_balanced_minimum(second, cross, depth: int) -> Split:
    """Exact spectrum and gap at the balanced minimum; the prediction for a trained network.

    Parameters
    ----------
    second, cross
        As :func:`moments` returns them.
    depth : int
        L >= 1.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        As :func:`minimum`, if there is no bulk (r = d_0 = d_L), or `depth` is outside its range.

    Notes
    -----
    Whitened inputs and one target direction of two, whatever its size s: L s^(2-2/L) against
    s^(2-2/L).

    >>> split = at_balanced_minimum(np.eye(2), [[8.0, 0.0]], depth=3)
    >>> split.eigenvalues.round(9), round(split.gap, 9)
    (array([48., 16.]), 3.0)
    """
    depth = _validation.integer("depth", depth, minimum=1)
    left, sigma, right = minimum(second, cross)
    rank, rotated = len(sigma), right.T @ np.asarray(second, dtype=np.float64) @ right
    out, into = np.zeros(len(left)), np.zeros(len(right))
    out[:rank] = into[:rank] = sigma ** (1.0 / depth)
    root = np.sqrt(spectrum.pair_eigenvalues(out, into, depth))
    K = root[:, :, None] * rotated * root[:, None, :]
    dominant = np.linalg.eigvalsh(K[:rank, :rank, :rank])[:, 0].min()
    others = [block for block in (K[:rank, rank:, rank:], K[rank:]) if block.size]
    bulk = [np.linalg.eigvalsh(block)[:, -1].max() for block in others]
    if not bulk:
        raise ValueError("second and cross must leave a bulk, got r = d_0 = d_L")
    values = np.sort(np.linalg.eigvalsh(K).ravel())[::-1]
    return Split(values, rank, float(dominant / max(bulk)))


def of_network(weights: Sequence[np.ndarray], second, rank: int) -> Split:
    """Measure the same at the weights of a network: outer-product part of its Hessian.

    Parameters
    ----------
    weights : sequence of ndarray
        W^1, ..., W^L, any.
    second : array_like, shape (d_0, d_0)
        Sigma_xx.
    rank : int
        r >= 1: the directions u_a and v_c are the leading singular vectors of the product W, and a
        change of the pair (a, c) is a step along the gradient of ``u_a^T W v_c``.

    Returns
    -------
    Split
        Nothing is assumed of the layers. Where the gradient is zero the outer-product part is the
        Hessian; :func:`functional_bound` bounds the rest elsewhere.

    Raises
    ------
    ValueError
        If the shapes do not chain, an entry is not finite, or `rank` is outside its range.

    >>> round(of_network([np.diag([1.0, 0.0]), np.diag([1.0, 0.0])], np.eye(2), rank=1).gap, 9)
    2.0
    """
    layers = _validation.layers(weights, axes=2)
    second = _symmetric("second", second)
    above, below = _products(layers, len(second))
    left, _, right = np.linalg.svd(below[-1])
    most = min(len(left), len(right))
    rank = _validation.integer("rank", rank, minimum=1, maximum=most, limit="min(d_0, d_L)")
    values, vectors = np.linalg.eigh(second)
    x = vectors * np.sqrt(np.maximum(values, 0.0))  # X, up to a rotation of the samples
    pieces = list(zip(above, below[:-1], strict=True))
    J = np.hstack([np.kron(top, (bottom @ x).T) for top, bottom in pieces])
    pairs = [
        np.concatenate([np.outer(t.T @ u, b @ v).ravel() for t, b in pieces])
        for u in left.T[:rank]
        for v in right[:rank]
    ]
    Q = np.linalg.qr(np.transpose(pairs))[0]
    inside = J @ Q
    outside = J - inside @ Q.T
    dominant = np.linalg.eigvalsh(inside.T @ inside)[0]
    bulk = np.linalg.eigvalsh(outside @ outside.T)[-1]
    return Split(np.linalg.eigvalsh(J @ J.T)[::-1], rank, float(dominant / bulk))


def functional_bound(weights: Sequence[np.ndarray], second, cross) -> float:
    """Bound on the spectral norm of the functional part of the Hessian.

    Parameters
    ----------
    weights, second, cross
        As in :func:`of_network` and :func:`moments`.

    Returns
    -------
    float
        The largest row sum of the norms of its blocks, one for each pair of layers: that of the
        gradient ``W Sigma_xx - Sigma_yx`` times those of the L - 2 other layers.

    Raises
    ------
    ValueError
        As :func:`of_network` and :func:`minimum`.

    Notes
    -----
    At the saddle point of ``1/2 (w_2 w_1 - 1)^2`` the functional part has norm 1:

    >>> functional_bound([np.zeros((1, 1)), np.zeros((1, 1))], [[1.0]], [[1.0]])
    1.0
    """
    layers = _validation.layers(weights, axes=2)
    second, cross = _moments(second, cross)
    _, below = _products(layers, len(second))
    gradient = np.linalg.norm(below[-1] @ second - cross, 2)
    norms = np.array([np.linalg.norm(layer, 2) for layer in layers])
    rows = [
        sum(np.delete(norms, (k, other)).prod() for other in range(len(norms)) if other != k)
        for k in range(len(norms))
    ]
    return float(gradient * max(rows))


def _products(layers, d_in):
    """W^{L:k+1} for k = 1, ..., L and W^{k:1} for k = 0, ..., L."""
    if layers[0].shape[1] != d_in:
        raise ValueError(f"weights[0] must have {d_in} columns, got shape {layers[0].shape}")
    below = [np.eye(d_in)]
    for layer in layers:
        below.append(layer @ below[-1])
    above = [np.eye(len(below[-1]))]
    for layer in reversed(layers[1:]):
        above.append(above[-1] @ layer)
    return above[::-1], below


def _least_squares(second, cross):
    values, vectors = np.linalg.eigh(second)
    there = values > len(values) * np.finfo(float).eps * values[-1]
    axes = vectors[:, there]
    return (cross @ axes / values[there]) @ axes.T


def _symmetric(name, value):
    matrix = _validation.real_array(name, value)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"{name} must be a square matrix, got shape {matrix.shape}")
    if np.abs(matrix - matrix.T).max() > 1e-12 * np.abs(matrix).max():
        raise ValueError(f"{name} must be symmetric, got a different transpose")
    return (matrix + matrix.T) / 2


def _moments(second, cross):
    second = _symmetric("second", second)
    cross = _validation.real_array("cross", cross)
    if cross.ndim != 2 or cross.shape[1] != len(second) or not cross.size:
        raise ValueError(f"cross must have shape (d_L, {len(second)}), got {cross.shape}")
    return second, cross
