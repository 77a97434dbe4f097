"""The largest eigenvalues of a symmetric operator, with eigenvectors and certified residuals.

Lanczos with full orthogonalisation and thick restarts, on the device and in the precision of the
operator. One starting vector sees one member of each eigenspace: so what was found is taken out
and the rest searched from a new random start, until nothing larger is left.
"""

from collections.abc import Callable
from dataclasses import dataclass

import psutil
import torch
from torch import Tensor

from depth_not_data import _validation

# The residual that a pair must reach, over the largest eigenvalue in absolute value.
TOLERANCE = {torch.float64: 1e-8, torch.float32: 1e-4}
# The search for what was missed stops at values that exceed the smallest found by less than this.
SLACK = 1e-3


class NotConverged(ArithmeticError):  # noqa: N818
    """The eigenvalues asked for could not be found to the tolerance."""


@dataclass(frozen=True)
class Pairs:
    """Eigenvalues, descending; orthonormal eigenvectors as rows; ``|H v - lambda v|``; products."""

    values: Tensor
    vectors: Tensor
    residuals: Tensor
    products: int


def leading(
    multiply: Callable[[Tensor], Tensor],
    start: Tensor,
    count: int,
    *,
    tolerance: float,
    max_products: int,
) -> Pairs:
    """Largest eigenvalues (algebraically) of a symmetric operator on vectors like `start`.

    Parameters
    ----------
    multiply : callable
        Maps a vector, shape (P,), to its product.
    start : Tensor, float32 or float64, shape (P,)
        Only its length, type and device count.
    count : int
        How many, 1 to P.
    tolerance : float
        Largest residual, over the largest eigenvalue in absolute value.
    max_products : int
        Products that the search may use.

    Returns
    -------
    Pairs
        `values` and `residuals` are float64; residuals are computed from fresh products. What the
        search from random starts missed exceeds the smallest value by less than a thousandth.

    Raises
    ------
    NotConverged
        If the products do not suffice, or a residual stays above the tolerance.
    MemoryError
        If the vectors do not fit in the memory that is free.

    Examples
    --------
    Five equal eigenvalues, of which one start sees one:

    >>> diagonal = torch.tensor([3.0] * 5 + [1.0] * 45, dtype=torch.float64)
    >>> found = leading(lambda v: diagonal * v, diagonal, 6, tolerance=1e-8, max_products=500)
    >>> found.values.round(decimals=8).tolist(), found.residuals.max().item() < 1e-8
    ([3.0, 3.0, 3.0, 3.0, 3.0, 1.0], True)
    """
    _validation.function("multiply", multiply)
    if not isinstance(start, Tensor) or start.ndim != 1 or start.dtype not in TOLERANCE:
        got = f"shape {tuple(start.shape)}" if isinstance(start, Tensor) else type(start).__name__
        raise ValueError(f"start must be a vector of float32 or float64, got {got}")
    count = _validation.integer("count", count, minimum=1, maximum=len(start), limit="len(start)")
    tolerance = _validation.number("tolerance", tolerance, above=0.0)
    max_products = _validation.integer("max_products", max_products, minimum=1)
    search = _Search(multiply, start, tolerance, max_products)
    _refuse_if_too_large(start, count)
    vectors = search.run(start.new_empty(0, len(start)), count)
    pairs = search.certified(vectors)
    while count < len(start) and not search.complete:
        bound = pairs.values[-1] + max(SLACK * abs(pairs.values[-1]), tolerance * search.scale)
        missed = search.run(pairs.vectors, 1, bound=float(bound))
        if missed is None:
            break
        pairs = search.certified(torch.cat([pairs.vectors, missed]), count)
    if search.scale and pairs.residuals.max() > tolerance * search.scale:
        raise NotConverged(
            f"the largest residual is {pairs.residuals.max() / search.scale:.1e} of the largest "
            f"eigenvalue, allowed {tolerance:.0e}: raise tolerance, or take float64"
        )
    return Pairs(pairs.values, pairs.vectors, pairs.residuals, search.products)


def _basis_size(size, count):
    """Vectors that are kept between two restarts."""
    return min(size, max(2 * count + 20, 40))


def _refuse_if_too_large(start, count):
    rows = 2 * _basis_size(len(start), count) + 3 * count
    needed = rows * len(start) * start.element_size()
    free = psutil.virtual_memory().available
    if start.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(start.device)
    if needed > free:
        raise MemoryError(
            f"{count} eigenvectors of {len(start)} parameters need {needed / 2**30:.1f} GiB, "
            f"{free / 2**30:.1f} GiB are free: ask for fewer (count)"
        )


class _Search:
    """Runs of the method that share a budget of products and a scale."""

    def __init__(self, multiply, start, tolerance, max_products):
        self.multiply, self.like = multiply, start
        self.tolerance, self.max_products = tolerance, max_products
        self.generator = torch.Generator().manual_seed(0)
        self.products, self.scale, self.complete = 0, 0.0, False

    def product(self, vector):
        self.products += 1
        return self.multiply(vector)

    def run(self, locked, count, bound=None):
        """Eigenvectors (rows) orthogonal to the locked ones; None if all lie below the bound."""
        size = len(self.like) - len(locked)
        m = _basis_size(size, count)
        V = self.like.new_empty(m, len(self.like))
        T = torch.zeros(m, m, dtype=torch.float64)
        V[0] = self._fresh(locked, V[:0])
        j = 0
        while True:
            if self.products >= self.max_products:
                rough = ", or take float64" if self.like.dtype == torch.float32 else ""
                raise NotConverged(
                    f"{self.max_products} products with the Hessian did not suffice for {count} "
                    f"eigenvectors: raise max_products or tolerance{rough}, or ask for fewer "
                    "(count)"
                )
            w = self.product(V[j])
            w, h = _orthogonal(w, locked, V[: j + 1])
            T[: j + 1, j] = T[j, : j + 1] = h
            beta, broken = float(w.norm()), False
            if beta <= 10 * torch.finfo(w.dtype).eps * max(self.scale, float(h.norm())):
                beta, broken = 0.0, True
            j += 1
            if j == m or (j >= max(count, 10) and j % 5 == 0 and not broken):
                theta, Y = torch.linalg.eigh(T[:j, :j])
                theta, Y = theta.flip(0), Y.flip(1)
                self.scale = max(self.scale, float(theta.abs().max()))
                residuals = beta * Y[-1].abs()
                if j == size:
                    self.complete |= not len(locked)
                    residuals = torch.zeros_like(residuals)
                # A bound alone does not need the residual to be small.
                if bound is not None and theta[0] + residuals[0] <= bound:
                    return None
                if (residuals[:count] <= 0.3 * self.tolerance * self.scale).all():
                    if bound is not None and theta[0] <= bound:
                        return None
                    return Y[:, :count].T.to(V) @ V[:j]
                if j == m:
                    j = count + (m - count) // 2
                    V[:j] = Y[:, :j].T.to(V) @ V
                    T.zero_()
                    T[range(j), range(j)] = theta[:j]
            V[j] = self._fresh(locked, V[:j]) if broken else w / beta

    def certified(self, vectors, count=None):
        """Best pairs in the span of the rows, with residuals from fresh products."""
        Q = torch.linalg.qr(vectors.T).Q.T.contiguous()
        W = torch.stack([self.product(v) for v in Q])
        T = (Q @ W.T).double().cpu()
        values, Y = torch.linalg.eigh((T + T.T) / 2)
        Y = Y.flip(1)[:, :count].to(Q)
        values = values.flip(0)[:count]
        vectors = Y.T @ Q
        off = Y.T @ W - values.to(Q)[:, None] * vectors
        self.scale = max(self.scale, float(values.abs().max()))
        return Pairs(values, vectors, off.norm(dim=1).double().cpu(), self.products)

    def _fresh(self, locked, basis):
        """Return a random unit vector orthogonal to all that is there."""
        draw = torch.randn(len(self.like), generator=self.generator, dtype=torch.float64)
        w, _ = _orthogonal(draw.to(self.like), locked, basis)
        w, _ = _orthogonal(w / w.norm(), locked, basis)
        return w / w.norm()


def _orthogonal(w, locked, basis):
    """Subtract the parts along the rows of both, twice; return the coefficients of the second."""
    total = torch.zeros(len(basis), dtype=torch.float64)
    for _ in range(2):
        if len(locked):
            w = w - (locked @ w) @ locked
        if len(basis):
            h = basis @ w
            w = w - h @ basis
            total += h.double().cpu()
    return w, total
