r"""Layers that are not balanced: what gradient flow conserves, and what it bounds.

Gradient flow on ``1/2 ||W^L ... W^1 X - Phi||_F^2`` does not change the matrices
``D_k = (W^{k+1})^T W^{k+1} - W^k (W^k)^T``, whatever X and Phi are. Their spectral norms add up to
the balancedness defect Delta, 0 for balanced layers. At a minimum with whitened data and a target
with r singular values 1 and the rest 0, Delta bounds every eigenvalue of the Hessian.

The bounds follow from one lemma. For a unit vector v let ``p_j = |W^j ... W^1 v|^2``. A layer
stretches a vector at least as much as the one below it did, up to Delta: the ratios
``q_j = p_j / p_{j-1}`` have ``q_{j+1} >= q_j - ||D_j||``. Hence ``g = p_j^(1/j)`` obeys
``g^j (g - Delta)^(L-j) <= |Wv|^2``: p_j is at most Delta^j where Wv = 0, and at most
:func:`growth` where ``|Wv| = 1``.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation


class Bound(NamedTuple):
    """Limits of the three groups of eigenvalues at a minimum.

    >>> Bound(2.0, 4.0, 0.5, 1.6, 0.1).gap
    1.25
    """

    dominant_low: float
    dominant_high: float
    bulk_low: float
    bulk_high: float
    rest_high: float

    @property
    def gap(self) -> float:
        """Guaranteed ratio of the smallest dominant to the largest bulk eigenvalue."""
        return self.dominant_low / self.bulk_high


def conserved(weights: Sequence) -> list[np.ndarray]:
    """Matrices ``(W^{k+1})^T W^{k+1} - W^k (W^k)^T`` that gradient flow does not change.

    Parameters
    ----------
    weights : sequence of array_like, shapes (..., d_k, d_{k-1})
        W^1, ..., W^L of one network or of a batch.

    Returns
    -------
    list of numpy.ndarray, float64, shapes (..., d_k, d_k)
        For k = 1, ..., L - 1.

    Raises
    ------
    ValueError
        If there is no layer, the layers do not chain, or an entry is not finite.

    Notes
    -----
    Arora, Cohen and Hazan (2018); Du, Hu and Lee (2018).

    >>> conserved([[[1.0]], [[3.0]]])
    [array([[8.]])]
    """
    pairs = pairwise(_validation.layers(weights))
    return [np.swapaxes(b, -1, -2) @ b - a @ np.swapaxes(a, -1, -2) for a, b in pairs]


def defect(weights: Sequence) -> np.ndarray:
    """Balancedness defect Delta, the sum of the spectral norms of :func:`conserved`.

    Parameters
    ----------
    weights : sequence of array_like, shapes (..., d_k, d_{k-1})
        As in :func:`conserved`.

    Returns
    -------
    numpy.ndarray, float64, shape (...)

    Raises
    ------
    ValueError
        As :func:`conserved`.

    Notes
    -----
    Orthogonal layers are balanced, a layer scaled by 2 and its neighbour are not:

    >>> turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    >>> defect([turn, turn, turn]).round(12), defect([turn, 2 * turn, turn]).round(12)
    (np.float64(0.0), np.float64(6.0))
    """
    norms = [np.linalg.norm(matrix, 2, axis=(-2, -1)) for matrix in conserved(weights)]
    return sum(norms) if norms else np.zeros(np.shape(weights[0])[:-2])


def growth(layers: int, depth: int, defect) -> np.ndarray:
    """Largest squared length that the first layers can give a unit vector that all L keep.

    Parameters
    ----------
    layers : int
        How many layers j, 0 <= j <= depth.
    depth : int
        L >= 1.
    defect : array_like
        Delta >= 0.

    Returns
    -------
    numpy.ndarray, float64, the shape of `defect`
        ``P_j = g^j`` with the g >= 1 that solves ``g^j (g - Delta)^(L-j) = 1``; at most
        ``(1 + Delta)^j``, and 1 for j = 0 and j = L.

    Raises
    ------
    ValueError
        If an argument is outside these ranges or not finite.

    Notes
    -----
    One of two layers: ``g (g - Delta) = 1``.

    >>> growth(1, 2, 1.5)
    array(2.)
    """
    depth = _validation.integer("depth", depth, minimum=1)
    j = _validation.integer("layers", layers, minimum=0, maximum=depth, limit="depth")
    delta = _validation.real_array("defect", defect, minimum=0.0)
    if j in (0, depth):
        return np.ones_like(delta)
    # In y = ln(g - Delta) the logarithm of the left side grows and is convex: Newton's steps from
    # y = 0, which is at or above the root, come down to it.
    y = np.zeros_like(delta)
    for _ in range(60):
        g = np.exp(y) + delta
        y = y - (j * np.log(g) + (depth - j) * y) / (j * np.exp(y) / g + depth - j)
    g = np.exp(y) + delta
    return np.asarray(g**j)


def bound(depth: int, defect: float) -> Bound:
    """Limits for every eigenvalue of the Hessian at a minimum, by the balancedness defect.

    Parameters
    ----------
    depth : int
        L >= 2.
    defect : float
        Delta >= 0 of the layers, see :func:`defect`.

    Returns
    -------
    Bound
        For whitened data and W = Phi with r singular values 1, the rest 0: the r^2 largest
        eigenvalues are between `dominant_low` and `dominant_high`, the next r (d_0 + d_L - 2r)
        between `bulk_low` and `bulk_high`, all others between 0 and `rest_high`.

    Raises
    ------
    ValueError
        If an argument is outside its range or not finite.

    Notes
    -----
    Theorem of the note on the balancedness defect. Balanced layers leave no room:

    >>> bound(5, 0.0)
    Bound(dominant_low=5.0, dominant_high=5.0, bulk_low=1.0, bulk_high=1.0, rest_high=0.0)
    """
    L = _validation.integer("depth", depth, minimum=2)
    delta = _validation.number("defect", defect, minimum=0.0)
    P = [float(growth(j, L, delta)) for j in range(L + 1)]
    inner = range(2, L)
    mixed = sum(P[L - k] * delta ** (k - 1) + delta ** (L - k) * P[k - 1] for k in inner)
    return Bound(
        dominant_low=sum(1 / (P[k] * P[L + 1 - k]) for k in range(1, L + 1)),
        dominant_high=sum(P[L - k] * P[k - 1] for k in range(1, L + 1)),
        bulk_low=1 / P[1],
        bulk_high=P[L - 1] + mixed + (L + 1) * delta ** (L - 1),
        rest_high=L * delta ** (L - 1),
    )


def safe(depth: int) -> float:
    """Defect below which :func:`bound` keeps the dominant and the bulk eigenvalues apart.

    Parameters
    ----------
    depth : int
        L >= 2.

    Returns
    -------
    float
        The defect at which `dominant_low` equals `bulk_high`.

    Raises
    ------
    ValueError
        If `depth` is not an integer >= 2.

    >>> round(bound(3, safe(3)).gap, 12)
    1.0
    """
    depth = _validation.integer("depth", depth, minimum=2)
    low, high = 0.0, 1.0  # at 1 the bulk's limit exceeds 2 L and the dominant one is below L
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if bound(depth, middle).gap > 1 else (low, middle)
    return low
