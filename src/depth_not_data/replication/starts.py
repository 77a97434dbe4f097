"""The levels at the start on fresh seeds, over the two calculations of the note on levels."""

import numpy as np

from depth_not_data.replication.post import group_means
from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual import levels as calculated
from depth_not_data.residual import network as residual_network

SIGMA2 = 19 / 18  # variance of a state behind a LayerNorm, in the first calculation
DEPTHS = (1, 2, 4, 8, 16)
CASES = [(n, d) for n in (10, 15, 20, 30) for d in DEPTHS if n * d < 480]
# Depths at which the linear maps are measured too, by N.
LINEAR = {10: DEPTHS, 15: DEPTHS[:4], 20: DEPTHS[:2], 30: ()}


def start(n_embd: int, n_block: int, seed: int) -> dict:
    """Cluster means at zero residual before any training."""
    student = residual_network.zero_residual_student(n_embd, n_block, seed=seed)
    count = n_embd**2 if n_block in LINEAR[n_embd] else 2 * (n_embd - 1)
    return {"means": group_means(residual_hessian.largest_eigenvalues(student, count), n_embd)}


def first_level(n_embd: int, n_block: int) -> float:
    """Constants, by the first calculation.

    >>> round(first_level(10, 2), 3)
    1.164
    """
    kept = (n_embd - 2) / (n_embd - 1)
    norms = []
    for b in range(n_block):
        n = n_embd if b == 0 else n_embd - 1
        weights = 2 * n_embd / (3 * np.pi) * (1 + 1 / (2 * n)) + 1 / (6 * np.pi)
        norms += [weights * kept / SIGMA2 * n / (n_embd - 1), kept]
    norms[-1] = 1
    return float(2 / n_embd * _largest(norms, np.sqrt(37 / 38), kept))


def second_level(n_embd: int, n_block: int) -> float:
    """Diagonal maps, by the first calculation.

    >>> round(second_level(10, 2), 3)
    0.443
    """
    kept = (n_embd - 2) / (n_embd + 1)
    norms = [5 / 12 / SIGMA2 * n_embd / (n_embd + 1), kept] * n_block
    norms[-1] = 1
    return float(2 / n_embd * _largest(norms, 18 / 19, kept))


def linear_level(n_embd: int, n_block: int) -> float:
    """Mean over the eigenvalues 2N - 1 to N^2, by the first calculation.

    >>> round(linear_level(10, 2), 3)
    0.15
    """
    n, weights = n_embd - 1, 5 / 12 / SIGMA2
    block = np.arange(n_block)
    gram = (37 / 38) ** np.abs(np.subtract.outer(block, block))
    every = weights * np.linalg.eigvalsh(gram)[-1]
    symmetric, antisymmetric = n * (n + 1) // 2 - 1 - n, n * (n - 1) // 2
    total = every * n_embd * (symmetric / (n_embd + 1) + antisymmetric / n)
    total += n * weights * n_embd * (n_embd - 2) / n**2 + 2
    return float(2 / n_embd * total / (n**2 + 1))


FIRST = (first_level, second_level, linear_level)


def over_first(values: dict, case: tuple[int, int], group: int) -> float:
    """Measured level over that of the first calculation."""
    return values["means"][group] / FIRST[group](*case)


def over_second(values: dict, case: tuple[int, int], group: int) -> float:
    """Measured level over that of the second calculation, residual.levels."""
    return values["means"][group] / calculated.levels(*case)[group]


def _largest(norms, correlation, kept):
    block = np.arange(len(norms)) // 2
    corr = correlation ** np.abs(np.subtract.outer(block, block))
    last = np.arange(len(norms)) == len(norms) - 1
    corr *= np.where(np.not_equal.outer(last, last), np.sqrt(kept), 1)
    return np.linalg.eigvalsh(corr * np.sqrt(np.outer(norms, norms)))[-1]
