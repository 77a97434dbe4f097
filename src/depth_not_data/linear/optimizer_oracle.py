r"""The optimisers of :mod:`depth_not_data.linear.optimizers` on the network itself, in torch.

Nothing here knows of singular directions of the start or of a recursion: torch differentiates the
loss, and the update is torch's own (SGD, Adam) or written from the paper of the method: Muon with
the exact polar factor and with its Newton-Schulz iteration (Jordan 2024), RMNP (Deng et al. 2026),
Shampoo without grafting, preconditioners of every update (Gupta et al. 2018), sharpness-aware
minimisation (Foret et al. 2021). No weight decay, and no factor for the shape of a layer.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import network, optimizers

Weights = tuple[Tensor, ...]


def train(
    name: str, weights: Sequence[Tensor], target: Tensor, *, lr: float, steps: int, **hyper
) -> Iterator[Weights]:
    """Train a deep linear network on whitened data and yield its weights after every update.

    Parameters
    ----------
    name, lr, steps, **hyper
        As in :func:`depth_not_data.linear.optimizers.trajectory`.
    weights : sequence of Tensor
        W^1, ..., W^L, float64; left unchanged.
    target : Tensor, shape (d_L, d_0)
        Phi.

    Yields
    ------
    tuple of Tensor
        T + 1 times; first the start. Later updates do not touch them.

    Raises
    ------
    ValueError
        For arguments outside these ranges or unknown to the optimiser, at the call.

    Examples
    --------
    >>> half = torch.full((1, 1), 0.5, dtype=torch.float64)
    >>> path = train("muon", [half, half], torch.ones(1, 1, dtype=torch.float64), lr=0.2, steps=3)
    >>> [round(w.item(), 12) for _, w in path]
    [0.5, 0.7, 0.9, 1.1]
    """
    settings = optimizers.settings(name, hyper)
    lr = _validation.number("lr", lr, above=0.0)
    steps = _validation.integer("steps", steps, minimum=0)
    network.loss(weights, target)  # raises if the shapes do not chain
    return _train(name, weights, target, lr, steps, settings)


def _train(name, weights, target, lr, steps, settings):
    weights = [layer.detach().clone().requires_grad_(True) for layer in weights]
    update = _update(name, weights, lr, settings)
    for t in range(steps + 1):
        yield tuple(layer.detach().clone() for layer in weights)
        if t < steps:
            update(lambda: _gradients(weights, target))


def _gradients(weights, target):
    for layer in weights:
        layer.grad = None
    network.loss(weights, target).backward()
    return [layer.grad for layer in weights]


def _update(name, weights, lr, settings):
    """Return what moves the weights once, given the function for the gradients."""
    if name in ("gd", "heavy-ball", "nesterov", "adam"):
        return _by_torch(name, weights, lr, settings)
    if name == "sam":
        return lambda gradients: _sam(weights, gradients, lr, settings["rho"])
    states = [{} for _ in weights]
    direction = _shampoo if name == "shampoo" else _momentum(NORMALISED[name])

    def update(gradients):
        for layer, gradient, state in zip(weights, gradients(), states, strict=True):
            with torch.no_grad():
                layer -= lr * direction(gradient, state, settings)

    return update


def _by_torch(name, weights, lr, settings):
    if name == "adam":
        optimiser = torch.optim.Adam(weights, lr=lr, **settings)
    else:
        optimiser = torch.optim.SGD(weights, lr=lr, nesterov=name == "nesterov", **settings)

    def update(gradients):
        gradients()
        optimiser.step()

    return update


def _sam(weights, gradients, lr, rho):
    first = gradients()
    size = sum((gradient**2).sum() for gradient in first).sqrt()
    ascent = [rho * gradient / size if size > 0 else gradient for gradient in first]
    with torch.no_grad():
        for layer, away in zip(weights, ascent, strict=True):
            layer += away
    second = gradients()
    with torch.no_grad():
        for layer, away, gradient in zip(weights, ascent, second, strict=True):
            layer -= away + lr * gradient


def _momentum(normalised):
    def direction(gradient, state, settings):
        velocity = state.get("velocity", torch.zeros_like(gradient))
        velocity = state["velocity"] = settings["momentum"] * velocity + gradient
        if settings["nesterov"]:
            velocity = gradient + settings["momentum"] * velocity
        return normalised(velocity, settings)

    return direction


def polar_factor(matrix: Tensor, cutoff: float = 1e-12) -> Tensor:
    """Return the partial isometry ``U V^T`` of the singular value decomposition ``U D V^T``.

    Parameters
    ----------
    matrix : Tensor, shape (m, n)
    cutoff : float
        Singular values up to `cutoff` times the largest count as zero. Their directions are left
        out, so that nothing moves in the kernel of the matrix: an orthogonal factor, which fills
        the kernel, is not unique.

    Returns
    -------
    Tensor, shape (m, n)

    >>> polar_factor(torch.tensor([[0.0, -2.0], [0.0, 0.0]], dtype=torch.float64))
    tensor([[ 0., -1.],
            [ 0.,  0.]], dtype=torch.float64)
    """
    _matrix(matrix)
    cutoff = _validation.number("cutoff", cutoff, minimum=0.0, below=1.0)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    kept = (values > cutoff * values.max()).to(matrix.dtype)
    return (left * kept) @ right


def newton_schulz(matrix: Tensor, steps: int = 5) -> Tensor:
    """Apply Muon's iteration to a matrix, in its own precision (torch's optimiser uses bfloat16).

    >>> newton_schulz(torch.tensor([[3.0, 0.0], [0.0, 4.0]], dtype=torch.float64), steps=0)
    tensor([[0.6000, 0.0000],
            [0.0000, 0.8000]], dtype=torch.float64)
    """
    _matrix(matrix)
    steps = _validation.integer("steps", steps, minimum=0)
    a, b, c = optimizers.NEWTON_SCHULZ
    size = matrix.norm()
    x = matrix / size if size > 0 else matrix
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


def row_normalised(matrix: Tensor, eps: float = 0.0) -> Tensor:
    """Divide every row by its length; rows of zeros stay.

    >>> row_normalised(torch.tensor([[3.0, 4.0], [0.0, 0.0]], dtype=torch.float64))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]], dtype=torch.float64)
    """
    _matrix(matrix)
    eps = _validation.number("eps", eps, minimum=0.0)
    size = matrix.norm(dim=1, keepdim=True).clamp(min=eps)
    return torch.where(size > 0, matrix / size, torch.zeros_like(matrix))


def _matrix(matrix):
    if not isinstance(matrix, Tensor) or matrix.ndim != 2:
        got = tuple(matrix.shape) if isinstance(matrix, Tensor) else type(matrix).__name__
        raise ValueError(f"matrix must be a tensor with two axes, got {got}")
    network.fitting("matrix", matrix, matrix.shape, matrix.dtype)


def _shampoo(gradient, state, settings):
    outer, inner = gradient @ gradient.T, gradient.T @ gradient
    state["left"] = state.get("left", settings["eps"] * torch.eye(len(outer), dtype=outer.dtype))
    state["right"] = state.get("right", settings["eps"] * torch.eye(len(inner), dtype=inner.dtype))
    state["left"], state["right"] = state["left"] + outer, state["right"] + inner
    return _fourth_root(state["left"]) @ gradient @ _fourth_root(state["right"])


def _fourth_root(matrix):
    """Inverse fourth root of a positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    return (vectors * values.clamp(min=values.max() * 1e-18) ** -0.25) @ vectors.T


NORMALISED = {
    "muon": lambda velocity, settings: polar_factor(velocity),
    "newton-schulz": lambda velocity, settings: newton_schulz(velocity, settings["ns_steps"]),
    "rmnp": lambda velocity, settings: row_normalised(velocity, settings["eps"]),
}
