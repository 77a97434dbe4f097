"""Dense Hessians of torch losses, exact to round-off, and their spectra.

Rows come from reverse-over-reverse differentiation. ``torch.func.hessian`` is not used: it is
forward-over-reverse through ``jacrev`` and returns a wrong, asymmetric matrix for networks with
affine LayerNorm (torch 2.13), without a warning.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation

# Two derivatives of the same function in different order differ by round-off only. A larger
# asymmetry means that the derivative itself is wrong.
SYMMETRY_TOLERANCE = 1e-10


def dense_hessian(
    loss: Callable[[Sequence[Tensor]], Tensor],
    parameters: Sequence[Tensor],
    *,
    chunk_size: int = 64,
) -> Tensor:
    """Hessian of a scalar loss in all parameters, as one dense matrix.

    Parameters
    ----------
    loss : callable
        Maps a sequence of tensors, shaped like `parameters`, to a scalar tensor.
    parameters : sequence of Tensor
        float64 tensors, at least one; the point of evaluation. Row-major flattening, in this order,
        numbers the rows and columns.
    chunk_size : int
        Rows computed at once, >= 1: more is faster and takes more memory.

    Returns
    -------
    Tensor, float64, shape (P, P)
        P is the total number of entries of `parameters`.

    Raises
    ------
    ValueError
        If `parameters` are not float64 tensors, the loss is not a float64 scalar computed from
        them, or `chunk_size` is not a positive integer.
    MemoryError
        If the matrix does not fit in the memory that is free; the message says how much it needs.
    ArithmeticError
        If the matrix is not finite, or not symmetric to 1e-10 of its largest entry.

    Notes
    -----
    Every tensor in `parameters` counts, whether or not it requires gradients: leave out what is
    frozen.

    Examples
    --------
    The Hessian of ``x^2 y`` at (1, 2) is [[2y, 2x], [2x, 0]]:

    >>> x, y = torch.tensor([1.0, 2.0], dtype=torch.float64)
    >>> dense_hessian(lambda p: p[0] ** 2 * p[1], [x, y])
    tensor([[4., 2.],
            [2., 0.]], dtype=torch.float64)
    """
    chunk_size = _validation.integer("chunk_size", chunk_size, minimum=1)
    if isinstance(parameters, Tensor) or not isinstance(parameters, Iterable):
        raise ValueError(f"parameters must be a sequence of tensors, got {parameters!r}")
    parameters = list(parameters)
    if not parameters:
        raise ValueError("parameters must hold at least one tensor, got none")
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, Tensor) or parameter.dtype != torch.float64:
            kind = parameter.dtype if isinstance(parameter, Tensor) else type(parameter).__name__
            raise ValueError(f"parameters[{index}] must be a float64 tensor, got {kind}")
        if not torch.isfinite(parameter).all():
            raise ValueError(f"parameters[{index}] must be finite, got NaN or infinity in it")
    size = sum(parameter.numel() for parameter in parameters)
    _validation.hessian_in_memory(size)

    _validation.function("loss", loss)
    point = [parameter.detach().clone().requires_grad_(True) for parameter in parameters]
    value = loss(point)
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise ValueError(f"loss must return a scalar tensor, got {value!r}")
    if value.dtype != torch.float64:
        raise ValueError(f"loss must return a float64 tensor, got {value.dtype}")
    gradient = derivatives("loss", value, point)
    flat_gradient = torch.cat([g.reshape(-1) for g in gradient])
    if not flat_gradient.requires_grad:  # a loss linear in all parameters
        return torch.zeros(size, size, dtype=torch.float64)

    matrix = torch.empty(size, size, dtype=torch.float64)
    for start in range(0, size, chunk_size):
        stop = min(start + chunk_size, size)
        selector = torch.zeros(stop - start, size, dtype=torch.float64)
        selector[range(stop - start), range(start, stop)] = 1.0
        rows = torch.autograd.grad(
            flat_gradient,
            point,
            selector,
            retain_graph=True,
            is_grads_batched=True,
            allow_unused=True,
        )
        # A parameter that the gradient does not depend on has zero second derivatives. They are
        # filled in here because materialize_grads=True leaves out the batch dimension.
        blocks = [
            p.new_zeros(stop - start, p.numel()) if row is None else row.reshape(stop - start, -1)
            for row, p in zip(rows, point, strict=True)
        ]
        matrix[start:stop] = torch.cat(blocks, dim=1)

    if not torch.isfinite(matrix).all():
        raise ArithmeticError("the Hessian is not finite: it has NaN or infinity among its entries")
    asymmetry = relative_asymmetry(matrix)
    if asymmetry > SYMMETRY_TOLERANCE:
        raise ArithmeticError(
            f"the Hessian is not symmetric: relative asymmetry {asymmetry:.1e}, "
            f"allowed {SYMMETRY_TOLERANCE:.0e}"
        )
    return matrix


def relative_asymmetry(matrix: Tensor) -> float:
    """Largest ``|H - H^T|`` over the largest ``|H|``; 0 for the zero matrix.

    `matrix` is real, of shape (P, P) with P >= 1. A symmetric matrix gives 0, an antisymmetric
    one 2.

    >>> relative_asymmetry(torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    2.0
    """
    _square("matrix", matrix)
    if not torch.isfinite(matrix).all():
        raise ValueError("matrix must be finite, got NaN or infinity among its entries")
    largest = matrix.abs().max().item()
    return (matrix - matrix.T).abs().max().item() / largest if largest else 0.0


def eigenvalues(matrix: Tensor | np.ndarray) -> np.ndarray:
    """All eigenvalues of a symmetric matrix, descending, float64.

    Parameters
    ----------
    matrix : Tensor or ndarray, shape (P, P)
        Real, symmetric to 1e-10 of its largest entry.

    Returns
    -------
    numpy.ndarray, float64, shape (P,)

    Raises
    ------
    ValueError
        If `matrix` is not real, square, finite and symmetric.

    Examples
    --------
    >>> eigenvalues(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([3., 1.])
    """
    return torch.linalg.eigvalsh(symmetric("matrix", matrix)).flip(0).numpy()


def symmetric(name: str, matrix) -> Tensor:
    """Return a real symmetric matrix as a float64 tensor, or say what is wrong with it.

    Shape (P, P) with P >= 1. A ``ValueError`` names the argument as `name` if it is not real,
    square, finite and symmetric to 1e-10 of its largest entry.

    >>> symmetric("matrix", [[2, 1], [1, 2]])
    tensor([[2., 1.],
            [1., 2.]], dtype=torch.float64)
    """
    if isinstance(matrix, Tensor):
        _square(name, matrix)
        matrix = matrix.detach().to(torch.float64)
    else:
        matrix = torch.from_numpy(_validation.real_array(name, matrix))
        _square(name, matrix)
    if not torch.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity among its entries")
    asymmetry = relative_asymmetry(matrix)
    if asymmetry > SYMMETRY_TOLERANCE:
        raise ValueError(
            f"{name} must be symmetric to {SYMMETRY_TOLERANCE:.0e}, "
            f"got relative asymmetry {asymmetry:.1e}"
        )
    return matrix


def derivatives(name: str, value: Tensor, point: Sequence[Tensor]) -> list[Tensor]:
    """Gradient of a scalar at leaf tensors, with the graph of its own derivatives.

    A tensor that `value` does not depend on has the gradient zero; a ``ValueError`` names `value`
    as `name` if it depends on none of them.

    >>> x, idle = torch.ones(2, dtype=torch.float64, requires_grad=True), torch.ones(1)
    >>> found = derivatives("loss", x.square().sum(), [x, idle.requires_grad_()])
    >>> [gradient.tolist() for gradient in found]
    [[2.0, 2.0], [0.0]]
    """
    if not isinstance(value, Tensor):
        raise ValueError(f"{name} must be a tensor, got {type(value).__name__}")
    found = [None]
    if value.requires_grad and point:
        found = torch.autograd.grad(value, point, create_graph=True, allow_unused=True)
    if all(gradient is None for gradient in found):
        raise ValueError(f"{name} must be computed from the parameters, got one that is not")
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, point, strict=True)]


def _square(name, matrix):
    if not isinstance(matrix, Tensor):
        raise ValueError(f"{name} must be a tensor, got {type(matrix).__name__}")
    if matrix.is_complex() or matrix.dtype == torch.bool:
        raise ValueError(f"{name} must be real, got {matrix.dtype}")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not len(matrix):
        raise ValueError(f"{name} must be square, got shape {tuple(matrix.shape)}")
