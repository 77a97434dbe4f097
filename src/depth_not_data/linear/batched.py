"""Torch trains many networks of one shape at a time; a batch costs little more than one network.

A batch is a sequence of L tensors with the same leading axes: layer k has shape
(..., d_k, d_{k-1}). X is the identity, and the loss of each network is ``1/2 ||f(I) - Phi||_F^2``.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce

import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import network
from depth_not_data.linear.problem import AlignedProblem


def stacked(problems: Sequence[AlignedProblem]) -> tuple[tuple[Tensor, ...], Tensor]:
    """Weights and targets of several problems of one shape as a batch.

    Parameters
    ----------
    problems : sequence of AlignedProblem
        At least one, all with the same widths.

    Returns
    -------
    weights : tuple of Tensor, shapes (n, d_k, d_{k-1})
    target : Tensor, shape (n, d_L, d_0)

    Raises
    ------
    ValueError
        If there is no problem, or their widths differ.
    """
    problems = _validation.sequence("problems", problems, "problem")
    for k, problem in enumerate(problems):
        if not isinstance(problem, AlignedProblem):
            raise ValueError(
                f"problems[{k}] must be an AlignedProblem, got {type(problem).__name__}"
            )
    shapes = {problem.widths for problem in problems}
    if len(shapes) != 1:
        raise ValueError(f"problems must have the same widths, got {sorted(shapes)}")
    layers = zip(*(problem.weights for problem in problems), strict=True)
    weights = tuple(torch.stack(layer) for layer in layers)
    return weights, torch.stack([problem.target for problem in problems])


def product(weights: Sequence[Tensor]) -> Tensor:
    """``W^L ... W^1`` of every network, shape (..., d_L, d_0).

    >>> product([torch.full((1, 1, 1), 2.0), torch.full((1, 1, 1), 3.0)])
    tensor([[[6.]]])
    """
    return reduce(lambda below, layer: layer @ below, network.chained(weights, batch=True))


def gradient_descent(
    weights: Sequence[Tensor],
    target: Tensor,
    *,
    lr: float,
    momentum: float,
    marks: Iterable[int],
    outputs: Callable[[Sequence[Tensor]], Tensor] = product,
) -> Iterator[tuple[int, tuple[Tensor, ...]]]:
    """Train every network of the batch by full-batch gradient descent with momentum.

    Parameters
    ----------
    weights : sequence of Tensor
        W^1, ..., W^L; left unchanged.
    target : Tensor, shape (..., d_L, d_0)
        Phi.
    lr, momentum
        As in :func:`depth_not_data.linear.network.gradient_descent`.
    marks : iterable of int
        Numbers of updates >= 0 at which the weights are yielded.
    outputs : callable
        Outputs f(I), shape (..., d_L, d_0), from the weights; no layer of one network may reach the
        output of another.

    Yields
    ------
    t : int
        Number of updates done.
    weights : tuple of Tensor
        A copy that later updates do not touch.

    Raises
    ------
    ValueError
        For arguments outside these ranges, at the call.
    ArithmeticError
        If a network of the batch diverges, at the first update after which a weight is not finite.

    Notes
    -----
    One layer with target 0 halves its weight at every step:

    >>> one, zero = torch.ones(1, 1, 1), torch.zeros(1, 1, 1)
    >>> path = gradient_descent([one], zero, lr=0.5, momentum=0.0, marks=[0, 3])
    >>> [(t, layer.item()) for t, (layer,) in path]
    [(0, 1.0), (3, 0.125)]
    """
    lr = _validation.number("lr", lr, above=0.0)
    momentum = _validation.number("momentum", momentum, minimum=0.0, below=1.0)
    wanted = set(_validation.integers("marks", marks, minimum=0))
    weights = network.chained(weights, batch=True)
    shape = *weights[0].shape[:-2], weights[-1].shape[-2], weights[0].shape[-1]
    shared = getattr(target, "ndim", 0) == 2  # one target for all networks
    network.fitting("target", target, shape[-2:] if shared else shape, weights[0].dtype)
    _validation.function("outputs", outputs)
    return _descend(weights, target, lr, momentum, wanted, outputs)


def _descend(weights, target, lr, momentum, wanted, outputs):
    # A generator of its own, so that bad arguments raise at the call and not at the first step.
    weights = [layer.detach().clone().requires_grad_(True) for layer in weights]
    optimiser = torch.optim.SGD(weights, lr=lr, momentum=momentum, foreach=True)
    for t in range(max(wanted) + 1):
        if not all(map(network.is_finite, weights)):
            raise ArithmeticError(
                f"gradient descent of a batch diverges with lr = {lr:g}: "
                f"not finite after {t} updates"
            )
        if t in wanted:
            yield t, tuple(layer.detach().clone() for layer in weights)
        if t < max(wanted):
            optimiser.zero_grad()
            (0.5 * (outputs(weights) - target) ** 2).sum().backward()
            optimiser.step()
