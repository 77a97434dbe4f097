r"""The linear residual network as tensors: aligned weights, dense spectra, and two ways to start.

The map is ``M_L ... M_1`` with ``M_k = alpha I + W_k``, or ``M_k = alpha I + B_k A_k`` with two
layers in a block, the loss ``1/2 ||M_L ... M_1 - Phi||_F^2`` on whitened data. What
:mod:`depth_not_data.linear.residual` has in closed form is compared with this.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.spectra import autograd

STARTS = ("zero output", "balanced")


def random_rotation(size: int, generator: torch.Generator) -> Tensor:
    """Orthogonal matrix from the QR decomposition of a Gaussian one, float64, shape (size, size).

    Raises
    ------
    ValueError
        If `size` is not an integer >= 1.

    Examples
    --------
    >>> turn = random_rotation(3, torch.Generator().manual_seed(0))
    >>> bool(torch.allclose(turn @ turn.T, torch.eye(3, dtype=torch.float64)))
    True
    """
    size = _validation.integer("size", size, minimum=1)
    if not isinstance(generator, torch.Generator):
        raise ValueError(f"generator must be a torch.Generator, got {generator!r}")
    return torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64)).Q


def aligned_layers(factors, *, skip: float, basis: Tensor | None = None) -> list[Tensor]:
    """Weights ``W_k`` with which every ``M_k`` is diagonal in one basis.

    Parameters
    ----------
    factors : array_like, shape (L, d)
        Entries f_ka of ``M_k``.
    skip : float
        Residual scale alpha.
    basis : torch.Tensor, float64, shape (d, d), optional
        Orthogonal, directions in its columns; the coordinates if not given.

    Returns
    -------
    list of torch.Tensor, float64, shape (d, d)
        ``W_k = Q diag(f_k - alpha) Q^T``, k = 1..L.

    Raises
    ------
    ValueError
        If `factors` is not a finite two-dimensional array, or `basis` has another shape.

    Examples
    --------
    >>> aligned_layers([[1.0, 0.5]], skip=1.0)[0].diagonal().tolist()
    [0.0, -0.5]
    """
    factors = _table("factors", factors)
    skip = _validation.number("skip", skip)
    basis = _basis(basis, factors.shape[1])
    return [basis @ torch.diag(row - skip) @ basis.T for row in factors]


def aligned_blocks(
    inner, outer, *, n_hidden: int, generator: torch.Generator, basis: Tensor | None = None
) -> list[Tensor]:
    """Weights ``A_1, B_1, ..., A_L, B_L`` of two-layer blocks that are diagonal in one basis.

    Parameters
    ----------
    inner, outer : array_like, shape (L, d)
        Diagonals p_ka of A_k and q_ka of B_k, so that ``M_k`` has the factor alpha + q_ka p_ka.
    n_hidden : int
        Hidden width m >= d.
    generator : torch.Generator
        Draws a basis for each hidden layer.
    basis : torch.Tensor, optional
        As in :func:`aligned_layers`.

    Returns
    -------
    list of torch.Tensor, float64
        Shapes (m, d) and (d, m) in turn.

    Raises
    ------
    ValueError
        If shapes do not match or `n_hidden` is below d.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> first, second = aligned_blocks([[2.0]], [[0.5]], n_hidden=3, generator=generator)
    >>> round((second @ first).item(), 12)
    1.0
    """
    inner, outer = _table("inner", inner), _table("outer", outer)
    if inner.shape != outer.shape:
        raise ValueError(
            f"outer must have the shape of inner, {tuple(inner.shape)}, got {tuple(outer.shape)}"
        )
    d = inner.shape[1]
    n_hidden = _validation.integer("n_hidden", n_hidden, minimum=d)
    basis, weights = _basis(basis, d), []
    for p, q in zip(inner, outer, strict=True):
        hidden = random_rotation(n_hidden, generator)[:, :d]
        weights += [hidden @ torch.diag(p) @ basis.T, basis @ torch.diag(q) @ hidden.T]
    return weights


def end_to_end(weights: Sequence[Tensor], *, skip: float, two_layer: bool = False) -> Tensor:
    """Return the map ``M_L ... M_1`` of a linear residual network.

    Parameters
    ----------
    weights : sequence of torch.Tensor
        ``W_1, ..., W_L``, or ``A_1, B_1, ..., A_L, B_L`` if `two_layer`.
    skip : float
        Residual scale alpha.
    two_layer : bool
        Whether a block has two layers.

    Returns
    -------
    torch.Tensor, shape (d, d)

    Raises
    ------
    ValueError
        If there is no weight, or an odd number of them with `two_layer`.

    Examples
    --------
    >>> half = torch.tensor([[0.5]], dtype=torch.float64)
    >>> end_to_end([half, half], skip=1.0).item(), end_to_end([half, half], skip=1, two_layer=True)
    (2.25, tensor([[1.2500]], dtype=torch.float64))
    """
    weights = _validation.sequence("weights", weights, "layer")
    skip = _validation.number("skip", skip)
    two_layer = _validation.flag("two_layer", two_layer)
    for k, layer in enumerate(weights):
        _matrix(f"weights[{k}]", layer)
    if two_layer and len(weights) % 2:
        raise ValueError(f"weights must be pairs of matrices, got {len(weights)}")
    return _end_to_end(weights, skip, two_layer)


def _end_to_end(weights, skip, two_layer):
    if two_layer:
        weights = [b @ a for a, b in zip(weights[::2], weights[1::2], strict=True)]
    total = None
    for weight in weights:
        layer = weight + skip * torch.eye(len(weight), dtype=weight.dtype)
        total = layer if total is None else layer @ total
    return total


def dense_eigenvalues(
    weights: Sequence[Tensor], target: Tensor, *, skip: float, two_layer: bool = False
) -> np.ndarray:
    """All Hessian eigenvalues of ``1/2 ||M_L ... M_1 - Phi||_F^2`` by automatic differentiation.

    Parameters
    ----------
    weights, skip, two_layer
        As in :func:`end_to_end`.
    target : torch.Tensor, float64, shape (d, d)

    Returns
    -------
    numpy.ndarray, float64, shape (P,)
        Descending.

    Raises
    ------
    ValueError
        As :func:`end_to_end`, and if `target` has another shape than the map.

    Examples
    --------
    One layer, one direction: the curvature is 1.

    >>> zero = torch.zeros(1, 1, dtype=torch.float64)
    >>> dense_eigenvalues([zero], zero + 1, skip=1.0)
    array([1.])
    """
    shape = tuple(end_to_end(weights, skip=skip, two_layer=two_layer).shape)
    _matrix("target", target)
    if tuple(target.shape) != shape:
        raise ValueError(f"target must have shape {shape}, got {tuple(target.shape)}")
    for k, layer in enumerate(weights):
        if layer.dtype != torch.float64:
            raise ValueError(f"weights[{k}] must be a float64 tensor, got {layer.dtype}")
    if target.dtype != torch.float64:
        raise ValueError(f"target must be a float64 tensor, got {target.dtype}")

    def loss(w):
        residual = _end_to_end(w, skip, two_layer) - target
        return 0.5 * residual.square().sum()

    return autograd.eigenvalues(autograd.dense_hessian(loss, weights))


def conserved_factors(target, depth: int, *, imbalance: float) -> tuple[np.ndarray, np.ndarray]:
    """Factors p, q of equal two-layer blocks that fit a target and have ``p^2 - q^2`` given.

    Gradient flow of aligned blocks with skip 1 keeps ``p_ka^2 - q_ka^2``: both derivatives are
    ``-2 p q`` times the derivative of the loss by the block's factor ``1 + q p``.

    Parameters
    ----------
    target : array_like, shape (d,)
        Singular values s_a > 0 of the end-to-end map.
    depth : int
        L >= 1 blocks.
    imbalance : float
        ``p^2 - q^2`` >= 0: 1 for input weights 1 and output weights 0 at the start, 0 for two
        layers that start equal.

    Returns
    -------
    tuple of numpy.ndarray, float64, shape (L, d)
        p and q with ``1 + q p = s_a^(1/L)``.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> p, q = conserved_factors([4.0], 2, imbalance=0.0)
    >>> p.tolist(), q.tolist()
    ([[1.0], [1.0]], [[1.0], [1.0]])
    """
    target = _validation.vector("target", target)
    if np.any(target <= 0):
        raise ValueError(f"target must be > 0 everywhere, got a minimum of {target.min()!r}")
    depth = _validation.integer("depth", depth, minimum=1)
    imbalance = _validation.number("imbalance", imbalance, minimum=0.0)
    product = target ** (1 / depth) - 1
    q_squared = (np.sqrt(imbalance**2 + 4 * product**2) - imbalance) / 2
    ones = np.ones((depth, 1))
    return ones * np.sqrt(q_squared + imbalance), ones * np.sqrt(q_squared) * np.sign(product)


def mean_curvature_after_descent(target, depth: int, *, start: str, n_hidden: int = 16) -> float:
    """Mean nonzero Hessian eigenvalue where gradient descent from Gaussian weights ends.

    Parameters
    ----------
    target : array_like, shape (d,)
        Singular values s_a > 0 of the end-to-end map, in a random basis.
    depth : int
        L >= 1 two-layer blocks with skip 1; it is also the seed.
    start : {"zero output", "balanced"}
        Input weights of variance 1/12 and output weights 0, or a hundredth of such weights in
        both.
    n_hidden : int
        Hidden width m >= d.

    Returns
    -------
    float
        Trace of ``J J^T``, J the Jacobian of the end-to-end map, over d^2: the eigenvalues of the
        outer-product part, which is the Hessian at zero residual.

    Raises
    ------
    ValueError
        If an argument is outside its range, or the loss has not fallen to 1e-8 in 3000 steps.
    """
    target = _validation.vector("target", target)
    if not target.size:
        raise ValueError("target must hold at least one singular value, got none")
    depth = _validation.integer("depth", depth, minimum=1)
    start = _validation.choice("start", start, STARTS)
    n_hidden = _validation.integer("n_hidden", n_hidden, minimum=len(target))
    generator = torch.Generator().manual_seed(depth)
    basis = random_rotation(len(target), generator)
    goal = basis @ torch.diag(torch.as_tensor(target)) @ basis.T
    weights = _gaussian_start(len(target), depth, n_hidden, start, generator)
    weights = _descend(weights, goal, 0.3 / depth if start == "zero output" else 0.2)
    jacobian = torch.autograd.functional.jacobian(
        lambda *w: _end_to_end(w, 1.0, True), tuple(weights)
    )
    return sum(part.square().sum() for part in jacobian).item() / len(target) ** 2


def _gaussian_start(d, depth, n_hidden, start, generator):
    weights = []
    for _ in range(depth):
        normal = torch.randn(2, n_hidden, d, generator=generator, dtype=torch.float64) / 12**0.5
        inner, outer = normal if start == "zero output" else 0.01 * normal
        outer = torch.zeros(d, n_hidden, dtype=torch.float64) if start == "zero output" else outer
        weights += [inner, outer.reshape(d, n_hidden)]
    return weights


def _descend(weights, target, lr, steps=3000):
    for _ in range(steps):
        weights = [w.detach().requires_grad_() for w in weights]
        loss = 0.5 * (_end_to_end(weights, 1.0, True) - target).square().sum()
        if loss < 1e-16:
            break
        gradients = torch.autograd.grad(loss, weights)
        weights = [w - lr * g for w, g in zip(weights, gradients, strict=True)]
    if not loss < 1e-8:
        raise ValueError(f"target must be reached in {steps} steps, got the loss {loss.item():.1e}")
    return [w.detach() for w in weights]


def _table(name, value):
    array = _validation.real_array(name, value)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} must have shape (L, d), both at least 1, got {array.shape}")
    return torch.from_numpy(array)


def _matrix(name, value):
    if not isinstance(value, Tensor) or value.ndim != 2 or not value.numel():
        got = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"{name} must be a tensor with two axes, got {got}")
    if not value.is_floating_point():
        raise ValueError(f"{name} must hold floating-point numbers, got {value.dtype}")
    if not torch.isfinite(value).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity among its entries")


def _basis(basis, size):
    if basis is None:
        return torch.eye(size, dtype=torch.float64)
    _matrix("basis", basis)
    if basis.dtype != torch.float64:
        raise ValueError(f"basis must be a float64 tensor, got {basis.dtype}")
    if tuple(basis.shape) != (size, size):
        raise ValueError(f"basis must have shape {(size, size)}, got {tuple(basis.shape)}")
    return basis
