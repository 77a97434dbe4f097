r"""Deep linear networks with softmax cross-entropy, several seeds at a time.

The loss is the mean over samples of ``-ln p(class)`` with ``p = softmax(W^L ... W^1 x)``. It has no
minimum where classes can be told apart, so networks are compared at equal training loss. The
outer-product part of the Hessian is ``J^T M J`` with J the derivative of the end-to-end map in the
weights and ``M = (1/n) sum_i (diag p_i - p_i p_i^T) (x) x_i x_i^T``.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation


class Trained(NamedTuple):
    """The weights of one seed where the loss first reached the wanted one.

    `loss` is the loss there, `updates` the number of updates.
    """

    weights: list[np.ndarray]
    updates: int
    loss: float


def train(
    inputs,
    targets,
    widths: Sequence[int],
    *,
    seeds: Sequence[int],
    loss: float,
    lr: float,
    steps: int = 10_000,
) -> list[Trained]:
    """Train by full-batch gradient descent from Gaussian layers of variance 1 / fan-in.

    Parameters
    ----------
    inputs : array_like, shape (d_0, n)
    targets : array_like, shape (d_L, n)
        One-hot columns.
    widths : sequence of int
        (d_0, ..., d_L).
    seeds : sequence of int
    loss : float
        Training ends for a seed where its loss is at most this, > 0.
    lr : float
        Learning rate > 0.
    steps : int
        Largest number of updates, >= 1.

    Returns
    -------
    list of Trained
        One for each seed.

    Raises
    ------
    ValueError
        For arguments outside these ranges, or if a seed does not arrive.

    >>> x, y = np.array([[-1.0, 1.0]]), np.eye(2)
    >>> [done] = train(x, y, (1, 2), seeds=[0], loss=0.1, lr=0.5)
    >>> done.loss <= 0.1, done.weights[0].shape
    (True, (2, 1))
    """
    inputs, targets = _data(inputs, targets)
    widths = _validation.widths(widths)
    if (widths[0], widths[-1]) != (len(inputs), len(targets)):
        raise ValueError(
            f"widths must lead from {len(inputs)} inputs to {len(targets)} outputs, got {widths}"
        )
    seeds = _validation.integers("seeds", seeds, minimum=0)
    goal = _validation.number("loss", loss, above=0.0)
    lr = _validation.number("lr", lr, above=0.0)
    steps = _validation.integer("steps", steps, minimum=1)
    weights = [
        np.stack([_gaussian(seed, k, rows, columns) for seed in seeds])
        for k, (columns, rows) in enumerate(pairwise(widths))
    ]
    arrived: list[Trained | None] = [None] * len(seeds)
    for t in range(steps):
        below = [weights[0]]
        for layer in weights[1:]:
            below.append(layer @ below[-1])
        logits = below[-1] @ inputs
        shares = _softmax(logits)
        losses = -np.log((shares * targets).sum(axis=1)).mean(axis=1)
        for s in np.flatnonzero(losses <= goal):
            if arrived[s] is None:
                arrived[s] = Trained([layer[s].copy() for layer in weights], t, float(losses[s]))
        if all(arrived):
            return arrived
        back = (shares - targets) @ inputs.T / inputs.shape[1]
        for k in range(len(weights) - 1, -1, -1):
            gradient = back @ np.swapaxes(below[k - 1], 1, 2) if k else back
            back = np.swapaxes(weights[k], 1, 2) @ back if k else back
            weights[k] = weights[k] - lr * gradient
    raise ValueError(f"steps must be enough to arrive at a loss of {goal:g}, got {steps}")


def outer_eigenvalues(weights: Sequence[np.ndarray], inputs) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues of the outer-product part, and over how many layers each one is spread.

    Parameters
    ----------
    weights : sequence of ndarray
        W^1, ..., W^L of one network.
    inputs : array_like, shape (d_0, n)

    Returns
    -------
    values : numpy.ndarray, shape (d_0 d_L,)
        Descending.
    layers : numpy.ndarray, shape (d_0 d_L,)
        ``1 / sum_k m_k^2`` with m_k the mass of the eigenvector in layer k: L if all layers take
        an equal part, 1 if one layer is alone; 0 where the eigenvalue is zero.

    Raises
    ------
    ValueError
        If the shapes do not chain, or an entry is not finite.

    Notes
    -----
    Two scalar layers (1, 1) in front of two classes, at p = 1/2: ``p (1 - p) x^2`` for the
    difference of the outputs, shared by the layers.

    >>> first, second = np.array([[1.0]]), np.array([[1.0], [-1.0]])
    >>> values, layers = outer_eigenvalues([0 * first, second], [[1.0, 1.0]])
    >>> values.round(9) + 0.0, layers.round(9)
    (array([1., 0.]), array([1., 0.]))
    """
    weights = _validation.layers(weights, axes=2)
    inputs = _matrix("inputs", inputs)
    if len(inputs) != weights[0].shape[1]:
        raise ValueError(f"inputs must have {weights[0].shape[1]} rows, got shape {inputs.shape}")
    below = [np.eye(len(inputs))]
    for layer in weights:
        below.append(layer @ below[-1])
    above = [np.eye(len(below[-1]))]
    for layer in reversed(weights[1:]):
        above.append(above[-1] @ layer)
    root = _root(_curvature(_softmax(below[-1] @ inputs), inputs))
    parts = [np.kron(a @ a.T, b.T @ b) for a, b in zip(reversed(above), below[:-1], strict=True)]
    values, vectors = np.linalg.eigh(root @ sum(parts) @ root)
    values, turned = values[::-1], root @ vectors[:, ::-1]
    mass = np.stack([np.einsum("ij,ij->j", turned, part @ turned) for part in parts])
    there = values > 1e-9 * values[0]
    layers = np.zeros_like(values)
    layers[there] = 1 / ((mass[:, there] / values[there]) ** 2).sum(axis=0)
    return values, layers


def _curvature(shares, inputs):
    classes, d_in = len(shares), len(inputs)
    matrix = np.empty((classes, d_in, classes, d_in))
    for a in range(classes):
        for b in range(a + 1):
            weight = shares[a] * ((a == b) - shares[b]) / inputs.shape[1]
            matrix[a, :, b] = matrix[b, :, a] = (inputs * weight) @ inputs.T
    return matrix.reshape(classes * d_in, -1)


def _root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=-2, keepdims=True))
    return powers / powers.sum(axis=-2, keepdims=True)


def _gaussian(seed, layer, rows, columns):
    rng = np.random.default_rng([seed, layer])
    return rng.normal(size=(rows, columns)) / np.sqrt(columns)


def _data(inputs, targets):
    inputs, targets = _matrix("inputs", inputs), _matrix("targets", targets)
    if inputs.shape[1] != targets.shape[1]:
        raise ValueError(f"targets must have one column a sample, got shape {targets.shape}")
    if not np.isin(targets, (0.0, 1.0)).all() or not (targets.sum(axis=0) == 1.0).all():
        raise ValueError("targets must be one-hot columns, got other numbers among them")
    return inputs, targets


def _matrix(name, value):
    array = _validation.real_array(name, value)
    if array.ndim != 2 or not array.size:
        raise ValueError(f"{name} must have one column a sample, got shape {array.shape}")
    return array
