"""The largest Hessian eigenvalues of a linear network by subspace iteration.

A Hessian of 6,000 parameters has far fewer large eigenvalues than rows: at most one for each entry
of the output, besides what the residual adds. The iteration starts from the gradients of the
outputs, which span these directions when the residual is zero, and needs products with the Hessian
only. It uses automatic differentiation and nothing of the theory.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import network


class Leading(NamedTuple):
    """Largest eigenvalues and how far they can be from exact ones.

    >>> Leading(np.array([2.0]), 1e-12).bound
    1e-12
    """

    eigenvalues: np.ndarray
    bound: float


def leading_eigenvalues(
    weights: Sequence[Tensor], target: Tensor, count: int, *, iterations: int = 2
) -> Leading:
    """Largest eigenvalues of the Hessian of ``1/2 ||W^L ... W^1 - Phi||_F^2``.

    Parameters
    ----------
    weights : sequence of Tensor, float64
        W^1, ..., W^L.
    target : Tensor, shape (d_L, d_0)
        Phi.
    count : int
        How many, 1 <= count <= d_L d_0.
    iterations : int
        Of the subspace, >= 1.

    Returns
    -------
    Leading
        `eigenvalues`, descending, and `bound`, the largest norm of a residual ``H v - value v``:
        within it of every value there is an eigenvalue of the Hessian. That no larger one was
        missed is not part of the bound.

    Raises
    ------
    ValueError
        If `count` or `iterations` is outside its range.

    Notes
    -----
    Two scalar layers at the minimum have the eigenvalues 2 and 0:

    >>> ones = [torch.ones(1, 1, dtype=torch.float64)] * 2
    >>> leading_eigenvalues(ones, ones[0], 1).eigenvalues.round(12)
    array([2.])
    """
    count = _validation.integer("count", count, minimum=1)
    iterations = _validation.integer("iterations", iterations, minimum=1)
    network.loss(weights, target)  # refuses what does not fit
    if count > target.numel():
        raise ValueError(f"count must be <= d_L d_0 = {target.numel()}, got {count}")
    point = [layer.detach().clone().requires_grad_(True) for layer in weights]
    output = network.product(point)
    loss = 0.5 * ((output - target) ** 2).sum()
    gradient = torch.autograd.grad(loss, point, create_graph=True)
    flat = torch.cat([part.flatten() for part in gradient])
    identity = torch.eye(output.numel(), dtype=output.dtype)
    basis = _pulled_back(identity, output.flatten(), point)
    for _ in range(iterations):
        basis = torch.linalg.qr(_pulled_back(basis, flat, point).T).Q.T.contiguous()
    image = _pulled_back(basis, flat, point)
    values, vectors = torch.linalg.eigh(basis @ image.T)
    values, vectors = values.flip(0)[:count], vectors.flip(1)[:, :count]
    residual = vectors.T @ image - values[:, None] * (vectors.T @ basis)
    return Leading(values.numpy(), residual.norm(dim=1).max().item())


def _pulled_back(rows, outputs, point):
    """Each row times the derivative of `outputs` in all entries of `point`."""
    parts = torch.autograd.grad(
        outputs, point, rows, is_grads_batched=True, retain_graph=True, materialize_grads=True
    )
    return torch.cat([part.flatten(1) for part in parts], dim=1)
