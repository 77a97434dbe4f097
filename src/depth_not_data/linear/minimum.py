r"""The split at a minimum when one assumption of the theorem is dropped.

At a minimum of ``1/2 ||W^L ... W^1 X - Phi||_F^2`` with invertible ``X X^T`` the Hessian is its
outer-product part ``J^T J``, whose nonzero eigenvalues are those of the Gram matrix

    G = J J^T = sum_k A_k (x) B_k,
    A_k = W^{L:k+1} (W^{L:k+1})^T,    B_k = (W^{k-1:1} X)^T (W^{k-1:1} X),

of size d_L n, whatever the depth and the hidden widths. The functions below diagonalise G in
closed form when layers are unequal or inputs correlated, for a target of rank r. "Dominant" are the
r^2 eigenvalues that are L under the theorem's assumptions, "bulk" those that are 1 there.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation

TASKS = ("teacher", "fixed")
# Copies that differ by round-off, as from R diag(x) R^T, are symmetric enough.
ROUND_OFF = 1e-12


class Split(NamedTuple):
    """Dominant and bulk eigenvalues, each in descending order.

    >>> split = Split(dominant=np.array([4.0, 2.0]), bulk=np.array([1.0, 0.5]))
    >>> split.gap, split.ratio
    (2.0, 4.0)
    """

    dominant: np.ndarray
    bulk: np.ndarray

    @property
    def gap(self) -> float:
        """Smallest dominant over largest bulk eigenvalue; at most 1 where the groups overlap."""
        return float(self.dominant[-1] / self.bulk[0])

    @property
    def ratio(self) -> float:
        """Mean dominant over mean bulk eigenvalue, rho."""
        return float(self.dominant.mean() / self.bulk.mean())


def jacobian_gram(weights: Sequence[np.ndarray], inputs=None) -> np.ndarray:
    """Gram matrix J J^T of the network's outputs, for any weights and a batch of networks.

    Parameters
    ----------
    weights : sequence of ndarray
        W^1, ..., W^L; layer k has shape (..., d_k, d_{k-1}) with common leading axes.
    inputs : array_like, shape (d_0, n), optional
        X; the identity if not given.

    Returns
    -------
    numpy.ndarray, float64, shape (..., d_L n, d_L n)
        Its nonzero eigenvalues are those of the outer-product part of the Hessian. Rows are
        numbered by output first, sample second.

    Raises
    ------
    ValueError
        If the shapes do not chain, or an entry is not finite.

    Notes
    -----
    Paper, the Gram matrix of Kronecker products in Section 4. Two scalar layers give the squared
    length of the gradient of ``w_2 w_1``:

    >>> jacobian_gram([np.array([[3.0]]), np.array([[2.0]])])
    array([[13.]])
    """
    layers = _validation.layers(weights)
    d_in, d_out = layers[0].shape[-1], layers[-1].shape[-2]
    below = np.eye(d_in)  # W^{k-1:1} X
    if inputs is not None:
        below = _validation.real_array("inputs", inputs)
        if below.ndim != 2 or below.shape[0] != d_in:
            raise ValueError(f"inputs must have shape ({d_in}, n), got {below.shape}")
    above = [np.eye(d_out)]  # W^{L:k+1}, from k = L down to k = 1
    for layer in reversed(layers[1:]):
        above.append(above[-1] @ layer)
    gram = np.zeros((*layers[0].shape[:-2], 1, 1, 1, 1))
    for layer, left in zip(layers, reversed(above), strict=True):
        outer = left @ np.swapaxes(left, -1, -2)
        inner = np.swapaxes(below, -1, -2) @ below
        gram = gram + np.einsum("...ab,...mn->...ambn", outer, inner)
        below = layer @ below
    size = gram.shape[-2] * gram.shape[-1]
    return gram.reshape(*gram.shape[:-4], size, size)


def unequal_layers(layer_singular_values, rank: int, d_in: int, d_out: int) -> Split:
    """Split of a network whose layers share their singular vectors but not their singular values.

    Parameters
    ----------
    layer_singular_values : array_like, shape (L, m)
        lam_{k,i} >= 0 of layer k in direction i; 0 in the directions beyond m.
    rank : int
        The first r of the m directions are the target's, 1 <= r <= m.
    d_in, d_out : int
        d_0 and d_L, both >= m, and not both equal to r (the bulk would be empty).

    Returns
    -------
    Split
        ``sum_k prod_{j>k} lam_{j,a}^2 prod_{j<k} lam_{j,c}^2`` over the pairs (a, c): dominant if
        a, c <= r, bulk if one of them is and the other is not. Pairs with neither are the rest,
        and not part of the result.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or of the wrong shape.

    Notes
    -----
    With layers ``theta_k`` times a balanced one and ``prod theta_k = 1`` the values are
    ``sum_k theta_k^-2``, ``theta_1^-2`` and ``theta_L^-2``:

    >>> unequal_layers([[2.0], [0.5]], rank=1, d_in=2, d_out=2)
    Split(dominant=array([4.25]), bulk=array([4.  , 0.25]))
    """
    lam = _validation.real_array("layer_singular_values", layer_singular_values, minimum=0.0)
    if lam.ndim != 2 or 0 in lam.shape:
        raise ValueError(f"layer_singular_values must have shape (L, m), got {lam.shape}")
    rank = _validation.integer(
        "rank", rank, minimum=1, maximum=lam.shape[1], limit="the number of directions"
    )
    d_in = _validation.integer("d_in", d_in, minimum=lam.shape[1])
    d_out = _validation.integer("d_out", d_out, minimum=lam.shape[1])
    _need_bulk(rank, d_in, d_out)
    out, into = (np.zeros((lam.shape[0], d)) for d in (d_out, d_in))
    out[:, : lam.shape[1]] = into[:, : lam.shape[1]] = lam
    above = np.vstack([np.cumprod(out[:0:-1] ** 2, axis=0)[::-1], np.ones((1, d_out))])
    below = np.vstack([np.ones((1, d_in)), np.cumprod(into[:-1] ** 2, axis=0)])
    pairs = above.T @ below
    bulk = np.concatenate([pairs[:rank, rank:].ravel(), pairs[rank:, :rank].ravel()])
    return Split(_descending(pairs[:rank, :rank].ravel()), _descending(bulk))


def correlated_inputs(
    covariance, rank: int, d_out: int, depth: int, *, task: str = "teacher"
) -> Split:
    r"""Exact split at the balanced minimum for any invertible input covariance.

    Parameters
    ----------
    covariance : array_like, shape (d_0, d_0)
        Sigma_xx, symmetric and positive definite, in the basis of the target's right singular
        vectors: the first r coordinates are the target's.
    rank : int
        Rank r of the target, 1 <= r <= min(d_0, d_out), not equal to both.
    d_out, depth : int
        Number of outputs d_L >= 1 and of layers L >= 2.
    task : {"teacher", "fixed"}
        "teacher": Phi = U_r V_r^T X, so that the minimum is W = U_r V_r^T for every covariance.
        "fixed": Phi = U_r V_r^T with X = Sigma_xx^{1/2}, so that it is W = U_r V_r^T X^{-1}.

    Returns
    -------
    Split
        Together all ``r d_0 + r (d_L - r)`` nonzero eigenvalues.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above, not finite, or of the wrong shape.

    Notes
    -----
    Teacher: the eigenvalues of ``M^{1/2} Sigma_xx M^{1/2}``, ``M = diag(L, ..., L, 1, ..., 1)``
    with r entries L, each r times, of which the largest r are dominant; and those of the r x r
    block of Sigma_xx, each d_L - r times. With one target direction of variance 3:

    >>> correlated_inputs(np.diag([3.0, 1.0]), rank=1, d_out=2, depth=4)
    Split(dominant=array([12.]), bulk=array([3., 1.]))
    """
    sigma = _validation.symmetric("covariance", covariance, ROUND_OFF)
    if np.linalg.eigvalsh(sigma)[0] <= 0.0:
        raise ValueError("covariance must be positive definite, got an eigenvalue <= 0")
    rank, d_out, depth = _shape(sigma, rank, d_out, depth)
    task = _validation.choice("task", task, TASKS)
    if task == "teacher":
        root = np.ones(len(sigma))
        root[:rank] = np.sqrt(depth)
        blocks = np.broadcast_to(root[:, None] * sigma * root, (rank, *sigma.shape))
        outside = np.linalg.eigvalsh(sigma[:rank, :rank])
    else:
        # W W^T = U_r Z U_r^T with Z the block of the inverse covariance.
        z, turn = np.linalg.eigh(np.linalg.inv(sigma)[:rank, :rank])
        k = np.arange(2, depth + 1)
        inner = np.einsum(
            "ak,ck->ac", z[:, None] ** ((depth - k) / depth), z[:, None] ** ((k - 1) / depth - 1)
        )
        blocks = z[:, None, None] ** ((depth - 1) / depth) * sigma
        blocks[:, :rank, :rank] += np.einsum("ic,ac,jc->aij", turn, inner, turn)
        outside = z ** (-1 / depth)
    inside = np.linalg.eigvalsh(blocks)[:, ::-1]
    bulk = np.concatenate([inside[:, rank:].ravel(), np.repeat(outside, d_out - rank)])
    return Split(_descending(inside[:, :rank].ravel()), _descending(bulk))


def worst_covariance(kappa: float, rank: int, d_in: int, d_out: int, depth: int) -> tuple:
    """Diagonal covariance whose gap is the smallest for its condition number, teacher's targets.

    Parameters
    ----------
    kappa : float
        Condition number >= 1; equal to 1 where d_in = 1.
    rank, d_in, d_out, depth : int
        r, d_0, d_L and L, as in :func:`correlated_inputs`.

    Returns
    -------
    tuple of numpy.ndarray, shape (d_0,), and float
        Diagonal of the covariance, the r target directions first, and its gap: L / kappa if
        kappa <= L, or if r >= 2 and d_L > r. Otherwise 1, except for d_0 = 2 and r = 1: kappa / L,
        and no more than L if d_L > 1.

    Raises
    ------
    ValueError
        If an argument is outside the ranges above.

    Notes
    -----
    >>> worst_covariance(8.0, rank=2, d_in=2, d_out=3, depth=4)
    (array([8., 1.]), 0.5)
    >>> worst_covariance(8.0, rank=1, d_in=3, d_out=3, depth=4)
    (array([2., 8., 1.]), 1.0)
    """
    kappa = _validation.number("kappa", kappa, minimum=1.0)
    d_in = _validation.integer("d_in", d_in, minimum=1)
    rank, d_out, L = _shape(np.eye(d_in), rank, d_out, depth)
    if d_in == 1 and kappa != 1.0:
        raise ValueError(f"kappa must be 1 for a single input, got {kappa:g}")
    x = np.ones(d_in)
    if rank >= 2 and d_out > rank:  # two target directions; the stronger one is bulk elsewhere
        x[0], gap = kappa, L / kappa
    elif kappa <= L:  # a weak target direction against a strong other input
        x[rank:], gap = kappa, L / kappa
    elif rank >= 2:  # K has the eigenvalue L at ranks r and r + 1
        x[0], x[rank], gap = kappa, L, 1.0
    elif d_in > 2:
        x[0], x[1], gap = kappa / L, kappa, 1.0
    elif d_out > 1 and kappa > L**2:
        x[0], gap = kappa, float(L)
    else:
        x[1], gap = kappa, kappa / L
    return x, gap


def correlated_inputs_first_order(
    perturbation, eps: float, rank: int, d_out: int, depth: int, *, task: str = "teacher"
) -> Split:
    """Split for the covariance I + eps E to first order in eps.

    Parameters
    ----------
    perturbation : array_like, shape (d_0, d_0)
        E, symmetric, in the basis of the target's right singular vectors.
    eps : float
        Size of the perturbation, any finite number.
    rank, d_out, depth, task
        As in :func:`correlated_inputs`.

    Returns
    -------
    Split
        With theta_i the eigenvalues of the r x r block of E and phi_j those of the block outside
        the target, for a "teacher": dominant ``L (1 + eps theta_c)``, r times each; bulk
        ``1 + eps phi_j``, r times, and ``1 + eps theta_c``, d_L - r times. For a "fixed" task:
        ``L + eps ((L+1)/2 theta_c - (L-1)/2 theta_a)`` for all pairs (a, c);
        ``1 + eps (phi_j - (L-1)/L theta_a)``; and ``1 + eps theta_c / L``, d_L - r times.

    Raises
    ------
    ValueError
        If an argument is outside its range, not finite, or of the wrong shape.

    Notes
    -----
    A uniform perturbation multiplies the covariance and with it every eigenvalue:

    >>> correlated_inputs_first_order(np.eye(2), 0.5, rank=1, d_out=2, depth=4)
    Split(dominant=array([6.]), bulk=array([1.5, 1.5]))
    """
    E = _validation.symmetric("perturbation", perturbation, ROUND_OFF)
    eps = _validation.number("eps", eps)
    rank, d_out, L = _shape(E, rank, d_out, depth)
    task = _validation.choice("task", task, TASKS)
    theta = np.linalg.eigvalsh(E[:rank, :rank])
    phi = np.linalg.eigvalsh(E[rank:, rank:])
    a = theta[:, None]
    if task == "teacher":
        dominant, inside, outside = L * theta + 0.0 * a, phi + 0.0 * a, theta
    else:
        dominant = 0.5 * ((L + 1) * theta - (L - 1) * a)
        inside, outside = phi - (L - 1) / L * a, theta / L
    bulk = np.concatenate([inside.ravel(), np.repeat(outside, d_out - rank)])
    return Split(_descending(L + eps * dominant.ravel()), _descending(1.0 + eps * bulk))


def _descending(values):
    return np.sort(values)[::-1]


def _need_bulk(rank, d_in, d_out):
    if d_in == d_out == rank:
        raise ValueError(f"rank must be below d_in or d_out, or the bulk is empty; all are {rank}")


def _shape(matrix, rank, d_out, depth):
    d_out = _validation.integer("d_out", d_out, minimum=1)
    most = min(len(matrix), d_out)
    rank = _validation.integer("rank", rank, minimum=1, maximum=most, limit="min(d_0, d_out)")
    _need_bulk(rank, len(matrix), d_out)
    return rank, d_out, _validation.integer("depth", depth, minimum=2)
