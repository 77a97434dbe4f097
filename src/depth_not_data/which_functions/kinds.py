"""What kinds of functions of the input are changes of a network's output: shares by least squares.

The values at one input are flattened to a vector x, and "linear" and "quadratic" are meant in its
entries: the pixels of an image, all numbers of a sequence. Of token ids (integers), x says at each
place which token stands there, so that a linear function is a sum of one term for each place.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from depth_not_data import _validation

KINDS = ("constant", "linear", "quadratic", "rest")
# A kind may use up to a quarter as many functions as there are inputs, or it would fit anything.
ROOM = 4


@dataclass(frozen=True)
class Kinds:
    """Orthonormal functions of each kind, by their values at the inputs.

    Attributes
    ----------
    parts : tuple of Tensor, float64, shapes (n, m)
        Constants, linear and quadratic functions; made orthogonal in this order.
    numbers : int
        Entries of x that vary, up to linear dependence.
    products : int
        Principal components of x whose products are the quadratic functions.
    variance : float
        Share of the variance of x in these.
    """

    parts: tuple[Tensor, Tensor, Tensor]
    numbers: int
    products: int
    variance: float

    def chance(self) -> tuple[float, ...]:
        """Share of a function whose values at the inputs are random, for each of ``KINDS``."""
        n = len(self.parts[0])
        shares = [part.shape[1] / n for part in self.parts]
        return (*shares, 1 - sum(shares))

    def text(self) -> str:
        """Say in a sentence what linear and quadratic mean here."""
        linear = self.parts[1].shape[1]
        which = "all" if linear == self.numbers else f"the {linear} leading principal components of"
        return (
            f"linear: in {which} {self.numbers} independent numbers of an input; quadratic: "
            f"products of {self.products} principal components, {self.variance:.0%} of the variance"
        )

    def shares(self, changes: Tensor) -> Tensor:
        """Share of each change's mean square in each of ``KINDS``.

        Parameters
        ----------
        changes : Tensor, float64, shape (k, n, O)
            Values at the inputs, O numbers at each.

        Returns
        -------
        Tensor, float64, shape (k, 4)
            Rows add to 1; NaN for a change that is zero.
        """
        total = changes.square().sum((1, 2))
        masses = [
            torch.einsum("nm,kno->kmo", part, changes).square().sum((1, 2)) for part in self.parts
        ]
        masses.append((total - sum(masses)).clamp(min=0))  # below 0 by round-off alone
        return torch.stack(masses, dim=1) / total[:, None]


def kinds(features: Tensor, batch_dim: int = 0) -> Kinds:
    """Functions of each kind at the given inputs.

    Parameters
    ----------
    features : Tensor, shape (..., n, ...)
        Real numbers, or integers and booleans, which are taken for names of tokens.
    batch_dim : int
        The dimension of `features` along which the n inputs stand.

    Returns
    -------
    Kinds
        Linear functions of all of x, or of as many principal components as fit; quadratic
        functions are products of two of the leading principal components, again as many as fit:
        each kind has at most n / 4 functions.

    Raises
    ------
    ValueError
        If `features` is not finite, or has no dimension `batch_dim`.

    Examples
    --------
    >>> x = torch.linspace(-1, 1, 40, dtype=torch.float64)[:, None]
    >>> found = kinds(x)
    >>> changes = torch.stack([3 + 0 * x, 2 * x, x**2 - (x**2).mean(), 1 + x])
    >>> found.shares(changes).round(decimals=2)[:3].tolist()
    [[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
    """
    x = _numbers(rows("features", features, batch_dim))
    if not torch.isfinite(x).all():
        raise ValueError("features must be finite, got NaN or infinity among them")
    n = len(x)
    one = torch.full((n, 1), n**-0.5, dtype=torch.float64)
    U, S, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    U = U[:, 1e-10 * max(float(S.max()) if len(S) else 0.0, 1e-300) < S]
    variance = S.square()[: U.shape[1]]
    linear = U[:, : n // ROOM]
    q = min(linear.shape[1], int(((8 * (n // ROOM) + 1) ** 0.5 - 1) / 2))
    i, j = torch.triu_indices(q, q)
    known = torch.cat([one, linear], dim=1)
    products = U[:, i] * U[:, j] * n  # scores of mean square 1
    for _ in range(2):
        products = products - known @ (known.T @ products)
    quadratic, size, _ = torch.linalg.svd(products, full_matrices=False)
    quadratic = quadratic[:, size > 1e-8 * n**0.5]
    share = float(variance[:q].sum() / variance.sum()) if len(variance) else 0.0
    return Kinds((one, linear, quadratic), U.shape[1], q, share)


def rows(name: str, tensor: Tensor, batch_dim: int) -> Tensor:
    """Return values as a matrix on the CPU, a row for each index of `batch_dim`.

    >>> rows("inputs", torch.zeros(5, 2, 3), 1).shape
    torch.Size([2, 15])
    """
    batch_dim = _validation.integer("batch_dim", batch_dim, minimum=0)
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{name} must be a tensor, got {type(tensor).__name__}")
    if not tensor.numel() or tensor.is_complex():
        got = f"shape {tuple(tensor.shape)} of {tensor.dtype}"
        raise ValueError(f"{name} must hold real numbers, got {got}")
    if tensor.ndim <= batch_dim:
        raise ValueError(
            f"{name} must have a dimension batch_dim = {batch_dim}, got shape {tuple(tensor.shape)}"
        )
    moved = tensor.detach().cpu().movedim(batch_dim, 0)
    return moved.reshape(len(moved), -1)


def _numbers(x):
    """Return floats as they are, and a column for each place and token that stands there."""
    if x.is_floating_point():
        return x.double()
    columns = [x == token for token in x.unique()]
    found = torch.cat(columns, dim=1).double()
    return found[:, found.any(0)]
