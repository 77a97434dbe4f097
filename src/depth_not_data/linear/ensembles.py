"""Many linear networks at a time: batches of weights, balanced copies, training to convergence.

A batch is a sequence of L arrays; layer k has shape (n, d_k, d_{k-1}) and holds one matrix for each
of n networks. The loss of each is ``1/2 ||W^L ... W^1 X - Phi||_F^2``. NumPy alone, float64.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear.minimum import jacobian_gram


def symmetric_root(covariance) -> np.ndarray:
    """Symmetric positive square root of a positive semidefinite matrix: inputs for a covariance.

    Parameters
    ----------
    covariance : array_like, shape (d, d)
        Sigma_xx, symmetric.

    Returns
    -------
    numpy.ndarray, float64, shape (d, d)
        X with ``X X^T`` equal to `covariance`.

    Raises
    ------
    ValueError
        If `covariance` is not square, not symmetric or has a negative eigenvalue.

    >>> symmetric_root([[4.0, 0.0], [0.0, 9.0]])
    array([[2., 0.],
           [0., 3.]])
    """
    matrix = _validation.real_array("covariance", covariance)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise ValueError(f"covariance must be a square matrix, got shape {matrix.shape}")
    size = np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > 1e-12 * size:
        raise ValueError("covariance must be symmetric, got a different transpose")
    values, vectors = np.linalg.eigh(matrix)
    if values[0] < -1e-12 * size:
        raise ValueError(f"covariance must have no eigenvalue < 0, got {values[0]:.1e}")
    return vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T


def random_symmetric(size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a symmetric matrix of spectral norm 1: a direction in which to perturb a covariance.

    Parameters
    ----------
    size : int
        Number of rows, >= 1.
    rng : numpy.random.Generator
        Source of the Gaussian entries.

    Returns
    -------
    numpy.ndarray, float64, shape (size, size)

    Raises
    ------
    ValueError
        If `size` is not a positive integer.

    >>> matrix = random_symmetric(3, np.random.default_rng(0))
    >>> round(float(np.linalg.norm(matrix, 2)), 12), bool((matrix == matrix.T).all())
    (1.0, True)
    """
    size = _validation.integer("size", size, minimum=1)
    rng = _validation.random_source("rng", rng)
    matrix = rng.normal(size=(size, size))
    matrix = matrix + matrix.T
    return matrix / np.abs(np.linalg.eigvalsh(matrix)).max()


def end_to_end(weights: Sequence[np.ndarray]) -> np.ndarray:
    """Products ``W^L ... W^1`` of a batch, shape (n, d_L, d_0).

    >>> end_to_end([np.full((1, 1, 1), 2.0), np.full((1, 1, 1), 3.0)])
    array([[[6.]]])
    """
    layers = _validation.layers(weights, axes=3)
    product = layers[0]
    for layer in layers[1:]:
        product = layer @ product
    return product


def balanced_copy(weights: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Balanced layers with the same products and widths, in randomly turned hidden bases.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (n, d_k, d_{k-1})
        W^1, ..., W^L of n networks, no hidden layer narrower than min(d_0, d_L).
    rng : numpy.random.Generator
        Source of the hidden bases.

    Returns
    -------
    list of numpy.ndarray, float64, shapes (n, d_k, d_{k-1})
        Layer k is ``Q_k S Q_{k-1}^T`` with orthonormal columns in each Q_k and one diagonal S: the
        product is that of `weights`, and ``(W^{k+1})^T W^{k+1} = W^k (W^k)^T``.

    Raises
    ------
    ValueError
        If the layers do not chain, are not finite, or a hidden layer is too narrow.

    >>> first, second = balanced_copy([np.ones((1, 1, 1)), np.full((1, 1, 1), 4.0)],
    ...                               np.random.default_rng(0))
    >>> abs(first.item()), (second @ first).item()
    (2.0, 4.0)
    """
    layers = _validation.layers(weights, axes=3)
    rng = _validation.random_source("rng", rng)
    left, sigma, right_t = np.linalg.svd(end_to_end(layers), full_matrices=False)
    smallest = sigma.shape[-1]
    frames = [np.swapaxes(right_t, -1, -2)]
    for k, layer in enumerate(layers[:-1]):
        n, hidden = layer.shape[:2]
        if hidden < smallest:
            raise ValueError(
                f"weights[{k}] must have at least min(d_0, d_L) = {smallest} rows, got {hidden}"
            )
        frames.append(np.linalg.qr(rng.normal(size=(n, hidden, smallest)))[0])
    frames.append(left)
    spectrum = sigma[:, None, :] ** (1 / len(layers))
    return [upper * spectrum @ np.swapaxes(lower, -1, -2) for lower, upper in pairwise(frames)]


def train(
    weights: Sequence[np.ndarray],
    target,
    inputs=None,
    *,
    steps: int,
    tolerance: float = 1e-10,
) -> list[np.ndarray]:
    """Gradient descent for a batch, each network at half the inverse sharpness of its start.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (n, d_k, d_{k-1})
        W^1, ..., W^L; left unchanged.
    target : array_like, shape (d_L, m) or (n, d_L, m)
        Phi, one for all networks or one for each.
    inputs : array_like, shape (d_0, m) or (n, d_0, m), optional
        X; whitened data, the identity, if not given.
    steps : int
        Largest number of updates, >= 0.
    tolerance : float
        Training stops when no residual of any network is larger, asked every 50 updates; > 0.

    Returns
    -------
    list of numpy.ndarray, float64, shapes (n, d_k, d_{k-1})

    Raises
    ------
    ValueError
        If an argument is outside these ranges, not finite, or the shapes do not fit.

    Notes
    -----
    The learning rate is 1/2 over the largest eigenvalue of ``J J^T`` with ``X = I`` at the start,
    or over L if that is larger (the sharpness at the minimum).

    >>> first, second = train([np.full((1, 1, 1), 0.5)] * 2, [[1.0]], steps=2000)
    >>> round((second @ first).item(), 9)
    1.0
    """
    layers = _validation.layers(weights, axes=3)
    steps = _validation.integer("steps", steps, minimum=0)
    tolerance = _validation.number("tolerance", tolerance, above=0.0)
    d_in, d_out = layers[0].shape[-1], layers[-1].shape[-2]
    inputs = _validation.real_array("inputs", np.eye(d_in) if inputs is None else inputs)
    target = _validation.real_array("target", target)
    if inputs.ndim < 2 or inputs.shape[-2] != d_in:
        raise ValueError(f"inputs must have shape (..., {d_in}, m), got {inputs.shape}")
    if target.ndim < 2 or target.shape[-2:] != (d_out, inputs.shape[-1]):
        raise ValueError(
            f"target must have shape (..., {d_out}, {inputs.shape[-1]}), got {target.shape}"
        )
    sharpness = np.linalg.eigvalsh(jacobian_gram(layers))[:, -1]
    lr = (0.5 / np.maximum(sharpness, len(layers)))[:, None, None]
    for t in range(steps):
        states = [np.broadcast_to(inputs, (len(lr), *inputs.shape[-2:]))]
        for layer in layers:
            states.append(layer @ states[-1])
        residual = states[-1] - target
        if t % 50 == 0 and np.abs(residual).max() < tolerance:
            break
        layers = _updated(layers, states, residual, lr)
    return layers


def _updated(layers, states, back, lr):
    updated = []
    for layer, state in zip(reversed(layers), reversed(states[:-1]), strict=True):
        updated.append(layer - lr * back @ np.swapaxes(state, -1, -2))
        back = np.swapaxes(layer, -1, -2) @ back
    return updated[::-1]
