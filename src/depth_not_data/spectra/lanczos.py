"""The largest Hessian eigenvalues of a network too deep for a dense Hessian.

The Lanczos method needs products of the Hessian with vectors only: each costs a few gradients,
and neither the matrix nor the time grows with the square of the number of parameters.
"""

from collections.abc import Iterable

import numpy as np
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor
from torch.nn.utils import parameters_to_vector

from depth_not_data import _validation
from depth_not_data.spectra import autograd


def largest_eigenvalues(loss: Tensor, parameters: Iterable[Tensor], count: int) -> np.ndarray:
    """Largest eigenvalues of the Hessian of a loss.

    Parameters
    ----------
    loss : Tensor
        A scalar, float64, computed from `parameters`.
    parameters : iterable of Tensor
        As from ``model.parameters()``. Those that require no gradient are constants.
    count : int
        How many, from 1 to P - 1, with P entries in the parameters that require gradients.

    Returns
    -------
    numpy.ndarray, float64, shape (count,)
        Descending, converged to round-off. Products with the Hessian are gradients of
        ``gradient . vector``, reverse over reverse.

    Raises
    ------
    ValueError
        If `loss` is not a float64 scalar computed from `parameters`, one of these that requires a
        gradient is not float64, or `count` is outside its range.
    scipy.sparse.linalg.ArpackNoConvergence
        If an eigenvalue has not converged after 10 P products.

    Examples
    --------
    The Hessian of ``x^2 + 3 y^2 + 5 z^2`` has the eigenvalues 10, 6 and 2:

    >>> point = torch.ones(3, dtype=torch.float64, requires_grad=True)
    >>> loss = (torch.tensor([1.0, 3.0, 5.0]) * point**2).sum()
    >>> largest_eigenvalues(loss, [point], 2).round(12)
    array([10.,  6.])
    """
    count = _validation.integer("count", count, minimum=1)
    if not isinstance(loss, Tensor) or loss.numel() != 1 or loss.dtype != torch.float64:
        raise ValueError(f"loss must be a float64 scalar, got {loss!r}")
    free = _free(parameters)
    size = sum(parameter.numel() for parameter in free)
    if count >= size:
        raise ValueError(f"count must be < {size}, the number of parameters, got {count}")
    gradient = parameters_to_vector(
        [d.contiguous() for d in autograd.derivatives("loss", loss, free)]
    )
    if not gradient.requires_grad:  # a loss linear in all parameters
        return np.zeros(count)

    def multiply(vector):
        direction = torch.from_numpy(np.array(vector, dtype=np.float64).ravel())
        product = torch.autograd.grad(
            gradient, free, direction, retain_graph=True, materialize_grads=True
        )
        return parameters_to_vector([p.contiguous() for p in product]).numpy()

    # A start of its own: ARPACK's default is drawn from a global random state.
    start = np.random.default_rng(0).standard_normal(size)
    if not multiply(start).any():  # ARPACK refuses the zero matrix
        return np.zeros(count)
    operator = LinearOperator((size, size), matvec=multiply, dtype=np.float64)
    values = eigsh(operator, k=count, which="LA", v0=start, return_eigenvectors=False)
    return np.sort(values)[::-1]


def _free(parameters):
    """Return the parameters that require gradients, which must be float64 tensors."""
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise ValueError(f"parameters must be a sequence of tensors, got {parameters!r}")
    free = []
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, Tensor):
            kind = type(parameter).__name__
            raise ValueError(f"parameters[{index}] must be a tensor, got {kind}")
        if parameter.requires_grad:
            free.append(parameter)
            if parameter.dtype != torch.float64:
                raise ValueError(f"parameters[{index}] must be float64, got {parameter.dtype}")
    if not free:
        raise ValueError("parameters must hold one that requires a gradient, got none")
    return free
