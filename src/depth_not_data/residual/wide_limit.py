"""Every Hessian eigenvalue of wide residual blocks with zero output weights, in closed form.

Blocks ``h -> LayerNorm(h + W_2 relu(W_1 h))`` with W_2 = 0, gain 1 and bias 0, inputs spread
evenly over the sphere that a LayerNorm maps to, and a zero residual: as the hidden width grows,
the Hessian becomes an operator on functions that are tangent to this sphere, and rotations sort
them. Its levels are those of gradients and of divergence-free fields of spherical harmonics; gain
and bias add to the gradients of degree 1 (constants) and 2 (diagonal maps).
"""

import math
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation

CONSTANTS, GAINS = "constants", "diagonal maps"
SYMMETRIC, ANTISYMMETRIC = "symmetric maps", "antisymmetric maps"
LAST_BLOCK, LAST_GAINS, LAST_CONSTANTS = "last block", "last gains", "last constants"
CURL_FREE, DIVERGENCE_FREE = "quadratic, gradients", "quadratic, divergence-free"


class Level(NamedTuple):
    """Eigenvalue of one kind of functions, and how many functions there are."""

    functions: str
    eigenvalue: float
    count: int


def kernel_eigenvalue(degree: int, dimension: int) -> float:
    """Eigenvalue of the arc-cosine kernel of ReLU on spherical harmonics.

    The kernel ``(sin a + (pi - a) cos a) / pi``, with a the angle between two points, is the mean
    of ``2 relu(w . x) relu(w . y)`` over standard Gaussian w for unit vectors x and y.

    Parameters
    ----------
    degree : int
        Degree of the harmonics, >= 0.
    dimension : int
        n >= 3; the sphere lies in R^n.

    Returns
    -------
    float
        The factor by which averaging with the kernel over the sphere multiplies the harmonics.

    Raises
    ------
    ValueError
        If an argument is not an integer in its range.

    Examples
    --------
    The linear part of ReLU, and its odd part beyond:

    >>> round(18 * kernel_eigenvalue(1, 9), 12)
    1.0
    >>> kernel_eigenvalue(3, 9)
    0.0
    """
    degree = _validation.integer("degree", degree, minimum=0)
    n = _validation.integer("dimension", dimension, minimum=3)
    if degree > 1 and degree % 2:
        return 0.0
    return 2 * n * _relu_coefficient(degree, n) ** 2


def _relu_coefficient(degree, n):
    """Mean of relu(t) times the Legendre polynomial of this degree over the sphere in R^n."""
    previous, polynomial = np.zeros(1), np.ones(1)
    for k in range(degree):
        # (k + n - 2) P_(k+1) = (2k + n - 2) t P_k - k P_(k-1); coefficients, constant first.
        longer = (2 * k + n - 2) * np.append(0.0, polynomial)
        longer[: len(previous)] -= k * previous
        previous, polynomial = polynomial, longer / (k + n - 2)
    powers = np.arange(len(polynomial)) + 1
    moments = [
        math.exp(math.lgamma(n / 2) + math.lgamma((p + 1) / 2) - math.lgamma((n + p) / 2))
        for p in powers
    ]
    return float(polynomial @ np.array(moments)) / (2 * math.sqrt(math.pi))


def levels(n_embd: int, n_block: int, *, n_hidden: int | None = None) -> list[Level]:
    """Levels of the Hessian in the limit of wide blocks, largest first, down to degree 3.

    The loss is the mean over samples and outputs of the squared error; the weights of W_1 have the
    variance 1 / (3 N) of PyTorch's default.

    Parameters
    ----------
    n_embd : int
        N >= 4.
    n_block : int
        D >= 1.
    n_hidden : int, optional
        Hidden width that scales the level of W_2, >= 1; 4 N unless given. In the limit the mean
        over hidden units is taken, and this is what it is multiplied by.

    Returns
    -------
    list of Level
        Nine kinds of functions; all others lie below the quadratic ones.

    Raises
    ------
    ValueError
        If an argument is not an integer in its range.

    Examples
    --------
    >>> [(level.functions, level.count) for level in levels(10, 2)[:2]]
    [('constants', 9), ('diagonal maps', 9)]
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=4)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    if n_hidden is None:
        n_hidden = 4 * n_embd
    n_hidden = _validation.integer("n_hidden", n_hidden, minimum=1)
    n = n_embd - 1
    # Mean of relu(W_1 y)^2 over both signs, times the number of hidden units and blocks.
    scale = n_block * n_hidden / 6
    k = [scale * kernel_eigenvalue(degree, n) for degree in range(5)]
    gradients = [((n + d - 2) * k[d - 1] + d * k[d + 1]) / (n + 2 * d - 2) for d in (1, 2, 3)]
    constant, last_constant = _with_affine(gradients[0], n_block, [1 / n])
    radial = 2 * (n_embd - 2) / (n_embd**2 - 1)
    gain, last_gain = _with_affine(gradients[1], n_block, [1 / n, radial])
    found = [
        Level(CONSTANTS, constant, n),
        Level(GAINS, gain, n),
        Level(SYMMETRIC, gradients[1], n * (n + 1) // 2 - 1 - n),
        Level(ANTISYMMETRIC, k[1], n * (n - 1) // 2),
        Level(LAST_BLOCK, 1.0, 2),
        Level(LAST_GAINS, last_gain, n),
        Level(LAST_CONSTANTS, last_constant, n),
        Level(CURL_FREE, gradients[2], n * (n + 4) * (n - 1) // 6),
        Level(DIVERGENCE_FREE, k[2], n * (n + 2) * (n - 2) // 3),
    ]
    scaled = [level._replace(eigenvalue=2 / n_embd * level.eigenvalue) for level in found]
    return sorted(scaled, key=lambda level: -level.eigenvalue)


def _with_affine(kernel, n_block, lost):
    """Both nonzero levels of functions that W_2 and an affine part make together.

    `lost` are the shares of the mean square that a LayerNorm behind the function takes away: the
    last block keeps them.
    """
    kept = 1 - sum(lost)
    parts = np.sqrt([kept, *lost])
    matrix = np.diag([kernel + (n_block - 1) * kept] + [0.0] * len(lost)) + np.outer(parts, parts)
    smaller, larger = np.linalg.eigvalsh(matrix)[-2:]
    return float(larger), float(smaller)
