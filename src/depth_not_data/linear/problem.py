"""The problem of the paper: a balanced deep linear network and a target aligned with it.

The loss is that of :mod:`depth_not_data.linear.network`. Everything is float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from depth_not_data import _validation
from depth_not_data.linear import recursion, spectrum


@dataclass(frozen=True)
class AlignedProblem:
    """A balanced network together with a target in its own singular basis, whitened data.

    The depth, the widths and the rank are read off the weights and the target; nothing that
    takes the problem needs to be told them again.

    Attributes
    ----------
    weights : tuple of Tensor
        W^1, ..., W^L; ``weights[k]`` has shape (d_{k+1}, d_k).
    target : Tensor, shape (d_L, d_0)
        ``Phi = left[:, :r] @ right[:, :r].T``.
    left, right : Tensor, shapes (d_L, d_L) and (d_0, d_0)
        Orthogonal; the product of the weights is ``left @ diag(lam**L) @ right.T``.
    layer_singular_values : Tensor, shape (d*,)
        lam, descending, the same in all layers; d* is the smallest width.
    target_singular_values : Tensor, shape (d*,)
        r ones, then zeros.
    """

    weights: tuple[Tensor, ...]
    target: Tensor
    left: Tensor
    right: Tensor
    layer_singular_values: Tensor
    target_singular_values: Tensor

    @property
    def widths(self) -> tuple[int, ...]:
        """Layer widths (d_0, ..., d_L)."""
        return (self.weights[0].shape[1], *(layer.shape[0] for layer in self.weights))

    @property
    def depth(self) -> int:
        """Number of layers L."""
        return len(self.weights)

    @property
    def rank(self) -> int:
        """Rank r of the target."""
        return int(torch.count_nonzero(self.target_singular_values))

    @property
    def inputs(self) -> Tensor:
        """X, the identity of size d_0: whitened data."""
        return torch.eye(self.widths[0], dtype=torch.float64)

    def trajectory(self, lr: float, steps: int, *, momentum: float = 0.0) -> np.ndarray:
        """Per-layer singular values under gradient descent, by the recursion, shape (T + 1, d*).

        Arguments, errors and result as in :func:`depth_not_data.linear.recursion.trajectory`.

        >>> aligned_problem((3, 4, 2), rank=1, seed=0).trajectory(lr=0.1, steps=500)[-1].round(6)
        array([1.      , 0.094347])
        """
        return recursion.trajectory(
            self.layer_singular_values.numpy(),
            self.target_singular_values.numpy(),
            self.depth,
            lr,
            steps,
            momentum=momentum,
        )

    def hessian_eigenvalues(self, layer_singular_values=None, *, part: str = "full") -> np.ndarray:
        """All Hessian eigenvalues where every layer holds these singular values, shape (P,).

        At the start if they are not given. Errors and result as in
        :func:`depth_not_data.linear.spectrum.hessian_eigenvalues`.

        >>> aligned_problem((1, 1, 1), rank=1, seed=0).hessian_eigenvalues([1.0])
        array([2., 0.])
        """
        if layer_singular_values is None:
            layer_singular_values = self.layer_singular_values.numpy()
        return spectrum.hessian_eigenvalues(
            layer_singular_values, self.target_singular_values.numpy(), self.widths, part=part
        )


def paper_widths(depth: int) -> tuple[int, ...]:
    """Layer widths of the paper's experiments, ``(16, 32, ..., 32, 10)``.

    Parameters
    ----------
    depth : int
        Number of layers L >= 1.

    Returns
    -------
    tuple of int
        (d_0, ..., d_L): 16 inputs, L - 1 hidden layers of 32 units, 10 outputs.

    Raises
    ------
    ValueError
        If `depth` is not a positive integer.

    Notes
    -----
    Paper, Section 5 and the authors' published defaults.

    >>> paper_widths(3)
    (16, 32, 32, 10)
    """
    depth = _validation.integer("depth", depth, minimum=1)
    return (16, *[32] * (depth - 1), 10)


def rectangular_diagonal(values, rows: int, columns: int) -> Tensor:
    """Matrix of any shape with the given values on its diagonal and zeros elsewhere.

    Parameters
    ----------
    values : array_like or Tensor, shape (n,)
        Entries (i, i) for i = 1, ..., n with n <= min(rows, columns); the rest of the diagonal
        is 0.
    rows, columns : int
        Shape >= 1 of the matrix.

    Returns
    -------
    Tensor, float64, shape (rows, columns)

    Raises
    ------
    ValueError
        If there are more values than the diagonal holds, or an argument is outside its range.

    Notes
    -----
    The layers and the target of an aligned problem, in its singular bases.

    >>> rectangular_diagonal([2.0, 1.0], rows=2, columns=3)
    tensor([[2., 0., 0.],
            [0., 1., 0.]], dtype=torch.float64)
    """
    rows = _validation.integer("rows", rows, minimum=1)
    columns = _validation.integer("columns", columns, minimum=1)
    if isinstance(values, Tensor):
        values = values.detach().numpy()
    entries = torch.tensor(_validation.vector("values", values))
    if len(entries) > min(rows, columns):
        raise ValueError(
            f"values must hold at most min(rows, columns) = {min(rows, columns)} entries, "
            f"got {len(entries)}"
        )
    matrix = torch.zeros(rows, columns, dtype=torch.float64)
    matrix.diagonal()[: len(entries)] = entries
    return matrix


def balanced_weights(widths: Sequence[int], product: Tensor) -> tuple[Tensor, ...]:
    """Split a matrix into L layers that all carry the same singular values.

    Parameters
    ----------
    widths : sequence of int
        (d_0, d_1, ..., d_L).
    product : Tensor, shape (d_L, d_0)
        The end-to-end matrix ``U diag(sigma) V^T``; its rank must not exceed min(widths).

    Returns
    -------
    tuple of Tensor, float64
        ``W^1 = S V^T``, ``W^k = S``, ``W^L = U S`` with ``S = diag(sigma^(1/L))``, each padded
        with zeros to shape (d_k, d_{k-1}); their product is `product` up to round-off.

    Raises
    ------
    ValueError
        If `widths` or the shape or the rank of `product` do not fit together, or `product` is not
        finite or not of floating-point numbers.

    Notes
    -----
    Paper, Definition of balanced initialisation and eqs. (28)-(30).

    >>> first, second = balanced_weights((1, 1, 1), torch.tensor([[4.0]]))
    >>> (first * second).item(), first.abs().item()
    (4.0, 2.0)
    """
    return _split(widths, product)[0]


def _split(widths, product):
    widths = _validation.widths(widths)
    if not isinstance(product, Tensor) or tuple(product.shape) != (widths[-1], widths[0]):
        shape = tuple(product.shape) if hasattr(product, "shape") else product
        raise ValueError(
            "product must be a tensor of shape (d_L, d_0) = "
            f"{(widths[-1], widths[0])}, got {shape!r}"
        )
    if not product.is_floating_point():
        raise ValueError(f"product must hold floating-point numbers, got {product.dtype}")
    product = product.to(torch.float64)
    if not torch.isfinite(product).all():
        raise ValueError("product must be finite, got NaN or infinity among its entries")
    left, sigma, right_t = torch.linalg.svd(product, full_matrices=True)
    smallest = min(widths)
    if (sigma[smallest:] > 1e-12 * sigma[0]).any():
        raise ValueError(
            f"product must have rank <= min(widths) = {smallest}, "
            f"got rank {torch.linalg.matrix_rank(product).item()}"
        )
    depth = len(widths) - 1
    lam = sigma[:smallest] ** (1.0 / depth)
    layers = [rectangular_diagonal(lam, d_out, d_in) for d_in, d_out in pairwise(widths)]
    layers[0] = layers[0] @ right_t
    layers[-1] = left @ layers[-1]
    return tuple(layers), left, lam, right_t.T


def aligned_problem(
    widths: Sequence[int], rank: int, *, seed: int, variance: float = 0.01
) -> AlignedProblem:
    """Draw the paper's problem: a balanced random start and a rank-r target aligned with it.

    Parameters
    ----------
    widths : sequence of int
        (d_0, d_1, ..., d_L); the paper's are (16, 32, ..., 32, 10).
    rank : int
        Rank r of the target, 1 <= r <= min(widths).
    seed : int
        Seed >= 0 of the Gaussian start.
    variance : float
        Variance > 0 of the entries of the Gaussian matrix that is split into balanced layers.
        Where a hidden layer is narrower than d_0 and d_L, its best rank-min(widths)
        approximation is split.

    Returns
    -------
    AlignedProblem

    Raises
    ------
    ValueError
        For arguments outside these ranges.

    Notes
    -----
    Paper, Section 3 and the authors' published defaults: variance 0.01, ``Phi = U_r V_r^T``.

    >>> problem = aligned_problem((3, 4, 2), rank=1, seed=0)
    >>> torch.linalg.matrix_rank(problem.target).item()
    1
    """
    widths = _validation.widths(widths)
    smallest = min(widths)
    rank = _validation.integer("rank", rank, minimum=1, maximum=smallest, limit="min(widths)")
    seed = _validation.integer("seed", seed, minimum=0)
    variance = _validation.number("variance", variance, above=0.0)
    generator = torch.Generator().manual_seed(seed)
    gaussian = torch.randn(widths[-1], widths[0], generator=generator, dtype=torch.float64)
    left, sigma, right_t = torch.linalg.svd(variance**0.5 * gaussian, full_matrices=False)
    start = (left[:, :smallest] * sigma[:smallest]) @ right_t[:smallest]
    weights, left, lam, right = _split(widths, start)
    return AlignedProblem(
        weights=weights,
        target=left[:, :rank] @ right[:, :rank].T,
        left=left,
        right=right,
        layer_singular_values=lam,
        target_singular_values=(torch.arange(smallest) < rank).to(torch.float64),
    )
