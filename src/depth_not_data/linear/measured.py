"""Spectra of a linear network by automatic differentiation alone, whatever its weights.

The closed forms of this room are compared with these: nothing here knows of singular values.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from depth_not_data.linear import network
from depth_not_data.spectra import autograd


def jacobian(weights: Sequence[Tensor], inputs: Tensor | None = None) -> Tensor:
    """Differentiate the outputs ``W^L ... W^1 X`` in all entries of all layers: J.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L.
    inputs : Tensor, shape (d_0, n), optional
        X; the identity if not given.

    Returns
    -------
    Tensor, shape (d_L n, P)
        Rows are numbered by output first, sample second; columns as in
        :func:`depth_not_data.linear.network.dense_hessian`.

    Notes
    -----
    The output ``w_2 w_1`` of two scalar layers has the gradient ``(w_2, w_1)``:

    >>> first, second = (torch.tensor([[w]], dtype=torch.float64) for w in (2.0, 3.0))
    >>> jacobian([first, second])
    tensor([[3., 2.]], dtype=torch.float64)
    """
    weights = network.chained(weights)
    if inputs is not None:
        samples = inputs.shape[1] if getattr(inputs, "ndim", 0) == 2 else "n"
        network.fitting("inputs", inputs, (weights[0].shape[1], samples), weights[0].dtype)

    def outputs(*layers):
        product = network.product(layers)
        return product if inputs is None else product @ inputs

    parts = torch.autograd.functional.jacobian(outputs, weights, vectorize=True)
    return torch.cat([part.flatten(2).flatten(0, 1) for part in parts], dim=1)


def outer_eigenvalues(weights: Sequence[Tensor], inputs: Tensor | None = None) -> np.ndarray:
    """Eigenvalues of ``J J^T``: those of the outer-product part ``H_o = J^T J``, but for zeros.

    Parameters
    ----------
    weights, inputs
        As in :func:`jacobian`.

    Returns
    -------
    numpy.ndarray, float64, shape (d_L n,)
        Descending. One eigenvalue for each output entry, whatever the number of parameters.

    Notes
    -----
    Two directions, of which the first is learnt: the depth, two ones, and zero.

    >>> layer = torch.diag(torch.tensor([1.0, 0.0], dtype=torch.float64))
    >>> outer_eigenvalues([layer] * 5).round(12) + 0.0
    array([5., 1., 1., 0.])
    """
    derivative = jacobian(weights, inputs)
    return autograd.eigenvalues(derivative @ derivative.T)


def hessian_eigenvalues(
    weights: Sequence[Tensor], target: Tensor, inputs: Tensor | None = None
) -> np.ndarray:
    """All P eigenvalues of the dense Hessian of the loss.

    Rows that are exactly zero, those of hidden units that carry nothing, have one eigenvalue zero
    each and are left out of the decomposition.

    Parameters
    ----------
    weights, target, inputs
        As in :func:`depth_not_data.linear.network.loss`.

    Returns
    -------
    numpy.ndarray, float64, shape (P,)
        Descending.

    Raises
    ------
    ValueError, MemoryError, ArithmeticError
        As :func:`depth_not_data.spectra.autograd.dense_hessian`.

    Notes
    -----
    At the saddle point of ``1/2 (w_2 w_1 - 1)^2``:

    >>> zero, one = torch.zeros(1, 1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
    >>> hessian_eigenvalues([zero, zero], one)
    array([ 1., -1.])
    """
    matrix = network.dense_hessian(weights, target, inputs)
    used = (matrix != 0).any(dim=1)
    values = autograd.eigenvalues(matrix[used][:, used]) if used.any() else np.empty(0)
    zeros = np.zeros(int((~used).sum()))
    return np.sort(np.concatenate([values, zeros]))[::-1]
