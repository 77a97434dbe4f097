"""Deep linear networks ``f(x) = W^L ... W^1 x``: loss, Hessian, gradient descent.

Loss: ``1/2 ||W^L ... W^1 X - Phi||_F^2``, summed over outputs and input columns, not averaged;
``X`` is the identity unless stated (whitened data). Everything is float64. The names of
:mod:`depth_not_data.linear.problem` can be had from here too.
"""

from collections.abc import Iterator, Sequence
from functools import reduce

import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear.problem import AlignedProblem as AlignedProblem
from depth_not_data.linear.problem import aligned_problem as aligned_problem
from depth_not_data.linear.problem import balanced_weights as balanced_weights
from depth_not_data.linear.problem import paper_widths as paper_widths
from depth_not_data.linear.problem import rectangular_diagonal as rectangular_diagonal
from depth_not_data.spectra import autograd


def product(weights: Sequence[Tensor]) -> Tensor:
    """Return ``W^L ... W^1``, shape (d_L, d_0), for weights ordered from the input to the output.

    A layer whose shape does not follow from the one before raises a ValueError that names it.

    >>> product([torch.tensor([[2.0]]), torch.tensor([[3.0]])])
    tensor([[6.]])
    """
    weights = chained(weights)
    result = weights[0]
    for layer in weights[1:]:
        result = layer @ result
    return result


def loss(weights: Sequence[Tensor], target: Tensor, inputs: Tensor | None = None) -> Tensor:
    """Half the summed squared error, ``1/2 ||W^L ... W^1 X - Phi||_F^2``.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L, float64 like the other two.
    target : Tensor, shape (d_L, n)
        Phi; n is d_0 when `inputs` is left out.
    inputs : Tensor, shape (d_0, n), optional
        X; the identity when left out.

    Returns
    -------
    Tensor, scalar

    Raises
    ------
    ValueError
        If the shapes do not chain, or an argument is not a float64 tensor.

    Notes
    -----
    Paper, Section 3.

    >>> loss([2 * torch.eye(2, dtype=torch.float64)], torch.eye(2, dtype=torch.float64)).item()
    1.0
    """
    weights, target, inputs = _checked(weights, target, inputs)
    return _loss(weights, target, inputs)


def _loss(weights, target, inputs):
    output = reduce(lambda below, layer: layer @ below, weights)
    if inputs is not None:
        output = output @ inputs
    return 0.5 * ((output - target) ** 2).sum()


def dense_hessian(
    weights: Sequence[Tensor], target: Tensor, inputs: Tensor | None = None
) -> Tensor:
    """Hessian of :func:`loss` in all entries of all layers, by automatic differentiation.

    Parameters
    ----------
    weights, target, inputs
        As in :func:`loss`.

    Returns
    -------
    Tensor, float64, shape (P, P)
        Rows and columns are numbered layer by layer, W^1 first, each layer row by row;
        ``P = sum_k d_k d_{k-1}``.

    Raises
    ------
    ValueError
        As :func:`loss`.
    MemoryError
        If the matrix does not fit in the memory that is free.

    Notes
    -----
    The oracle that the closed forms of this room are compared with. For ``1/2 (w_2 w_1 - 1)^2``
    at (1, 1):

    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> dense_hessian([one, one], one)
    tensor([[1., 1.],
            [1., 1.]], dtype=torch.float64)
    """
    weights, target, inputs = _checked(weights, target, inputs)
    return autograd.dense_hessian(lambda w: _loss(w, target, inputs), weights)


def gradient_descent(
    weights: Sequence[Tensor],
    target: Tensor,
    *,
    lr: float,
    steps: int,
    momentum: float = 0.0,
    inputs: Tensor | None = None,
    every: int = 1,
) -> Iterator[tuple[int, tuple[Tensor, ...]]]:
    """Train by full-batch gradient descent and yield snapshots of the weights.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L, float64; left unchanged.
    target, inputs
        As in :func:`loss`.
    lr : float
        Learning rate eta > 0.
    steps : int
        Number of updates >= 0.
    momentum : float
        Heavy-ball coefficient beta, 0 <= beta < 1, in torch's convention:
        ``v <- beta v + grad``, ``W <- W - eta v``, ``v = 0`` at the start.
    every : int
        Yield at t = 0, every, 2 every, ...

    Yields
    ------
    t : int
        Number of updates done.
    weights : tuple of Tensor
        A copy that later updates do not touch.

    Raises
    ------
    ValueError
        For arguments outside these ranges or of shapes that do not chain, at the call.
    ArithmeticError
        If the training diverges, at the first update after which a weight is not finite. Every
        snapshot before it has been yielded, and every snapshot is finite.

    Examples
    --------
    >>> one = torch.ones(1, 1, dtype=torch.float64)
    >>> [w.item() for _, (w,) in gradient_descent([3 * one], one, lr=0.5, steps=3)]
    [3.0, 2.0, 1.5, 1.25]
    """
    weights, target, inputs = _checked(weights, target, inputs)
    lr = _validation.number("lr", lr, above=0.0)
    steps = _validation.integer("steps", steps, minimum=0)
    momentum = _validation.number("momentum", momentum, minimum=0.0, below=1.0)
    every = _validation.integer("every", every, minimum=1)
    return _descend(weights, target, inputs, lr, steps, momentum, every)


def _descend(weights, target, inputs, lr, steps, momentum, every):
    # A generator of its own, so that bad arguments raise at the call and not at the first step.
    weights = [layer.detach().clone() for layer in weights]
    optimiser = torch.optim.SGD(weights, lr=lr, momentum=momentum)
    for layer in weights:
        layer.requires_grad_(True)
    for t in range(steps + 1):
        if not all(map(is_finite, weights)):
            raise ArithmeticError(
                f"gradient descent diverges with lr = {lr:g}: not finite after {t} updates"
            )
        if t % every == 0:
            yield t, tuple(layer.detach().clone() for layer in weights)
        if t < steps:
            optimiser.zero_grad()
            _loss(weights, target, inputs).backward()
            optimiser.step()


def in_singular_basis(weights: Sequence[Tensor], left: Tensor, right: Tensor) -> list[Tensor]:
    """Rotate the outer layers so that a balanced network becomes rectangular diagonal.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L.
    left, right : Tensor, shapes (d_L, d_L) and (d_0, d_0)
        Orthogonal matrices U and V.

    Returns
    -------
    list of Tensor
        ``W^1 V``, W^2, ..., ``U^T W^L`` (for L = 1: ``U^T W^1 V``). Diagonal entries are the
        layers' singular values; an entry off the diagonal measures how far the layer's singular
        vectors have turned away from U and V.

    >>> problem = aligned_problem((3, 4, 2), rank=1, seed=0)
    >>> first, _ = in_singular_basis(problem.weights, problem.left, problem.right)
    >>> bool((first.diagonal()[:2] - problem.layer_singular_values).abs().max() < 1e-15)
    True
    """
    rotated = list(chained(weights))
    dtype, d_in, d_out = rotated[0].dtype, rotated[0].shape[1], len(rotated[-1])
    fitting("left", left, (d_out, d_out), dtype)
    fitting("right", right, (d_in, d_in), dtype)
    rotated[0] = rotated[0] @ right
    rotated[-1] = left.T @ rotated[-1]
    return rotated


def chained(weights: Sequence[Tensor], *, batch: bool = False) -> tuple[Tensor, ...]:
    """Weights as a tuple of finite floating-point tensors whose shapes chain.

    Two axes each, or with `batch` the same leading axes before them. A ``ValueError`` names the
    layer that does not fit.

    >>> chained([torch.ones(3, 2), torch.ones(2, 3)])[1].shape
    torch.Size([2, 3])
    """
    batch = _validation.flag("batch", batch)
    weights = tuple(_validation.sequence("weights", weights, "layer"))
    for k, layer in enumerate(weights):
        fits = isinstance(layer, Tensor) and (layer.ndim >= 2 if batch else layer.ndim == 2)
        if not fits:
            shape = tuple(layer.shape) if isinstance(layer, Tensor) else type(layer).__name__
            raise ValueError(f"weights[{k}] must be a tensor with two axes, got {shape}")
        _refuse_what_is_not_finite(f"weights[{k}]", layer)
        if layer.dtype != weights[0].dtype:
            wanted = str(weights[0].dtype).removeprefix("torch.")
            raise ValueError(f"weights[{k}] must be a {wanted} tensor, got {layer.dtype}")
    _validation.chain(weights)
    return weights


def _refuse_what_is_not_finite(name, tensor):
    if not tensor.is_floating_point():
        raise ValueError(f"{name} must hold floating-point numbers, got {tensor.dtype}")
    if not tensor.numel() or not is_finite(tensor):
        what = "NaN or infinity among them" if tensor.numel() else f"shape {tuple(tensor.shape)}"
        raise ValueError(f"{name} must hold finite numbers, got {what}")


def is_finite(tensor: Tensor) -> bool:
    """Whether every entry is finite.

    >>> is_finite(torch.tensor([1.0, 2.0])), is_finite(torch.tensor([1.0, torch.inf]))
    (True, False)
    """
    # A finite sum has finite terms and is found several times as fast; an infinite one may too.
    return bool(tensor.detach().sum().isfinite()) or bool(torch.isfinite(tensor).all())


def fitting(name: str, tensor: Tensor, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return a finite tensor of this shape and type, or say by its name what it is instead.

    >>> fitting("target", torch.ones(2, 3), (2, 3), torch.float32).shape
    torch.Size([2, 3])
    """
    if not isinstance(tensor, Tensor) or tensor.dtype != dtype:
        kind = tensor.dtype if isinstance(tensor, Tensor) else type(tensor).__name__
        raise ValueError(f"{name} must be a {str(dtype).removeprefix('torch.')} tensor, got {kind}")
    if tuple(tensor.shape) != tuple(shape):
        wanted = ", ".join(map(str, shape))
        raise ValueError(f"{name} must have shape ({wanted}), got {tuple(tensor.shape)}")
    _refuse_what_is_not_finite(name, tensor)
    return tensor


def _checked(weights, target, inputs):
    """Arguments of the loss, if they are float64 tensors whose shapes chain."""
    weights = chained(weights)
    d_in, d_out = weights[0].shape[1], weights[-1].shape[0]
    for k, layer in enumerate(weights):
        fitting(f"weights[{k}]", layer, layer.shape, torch.float64)
    samples = d_in
    if inputs is not None:
        samples = inputs.shape[1] if getattr(inputs, "ndim", 0) == 2 else "n"
        fitting("inputs", inputs, (d_in, samples), torch.float64)
    fitting("target", target, (d_out, samples), torch.float64)
    return weights, target, inputs
