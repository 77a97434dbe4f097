"""Every Hessian eigenvalue of wide residual blocks with zero output weights, in closed form.

Blocks ``h -> gain * norm(h + W_2 relu(W_1 h)) + bias`` with W_2 = 0, gain 1 and bias 0, inputs
spread evenly over a sphere, and a zero residual: as the hidden width grows, the Hessian becomes an
operator on functions, and rotations sort them. The norm subtracts the mean over coordinates, or
divides by the root mean square, or both (LayerNorm), or neither. Where it divides, functions are
tangent to the sphere, and levels those of gradients and of divergence-free fields of spherical
harmonics; where it does not, those of the harmonics. Gain and bias add to diagonal maps and
constants.
"""

import math
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation
from depth_not_data.spectra import gaps

CONSTANTS, GAINS = "constants", "diagonal maps"
SYMMETRIC, ANTISYMMETRIC = "symmetric maps", "antisymmetric maps"
LAST_BLOCK, LAST_GAINS, LAST_CONSTANTS = "last block", "last gains", "last constants"
IDENTITY, LINEAR, QUADRATIC = "identity", "linear maps", "quadratic"
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


def levels(
    n_embd: int,
    n_block: int,
    *,
    n_hidden: int | None = None,
    subtract: bool = True,
    divide: bool = True,
) -> list[Level]:
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
    subtract, divide : bool
        What the norm does: both is LayerNorm, dividing alone RMSNorm, subtracting alone centring.

    Returns
    -------
    list of Level
        All kinds of functions down to the quadratic ones; the others lie lower.

    Raises
    ------
    ValueError
        If an argument is not an integer in its range, or not a bool.

    Examples
    --------
    >>> [(level.functions, level.count) for level in levels(10, 2)[:2]]
    [('constants', 9), ('diagonal maps', 9)]
    >>> [(level.functions, level.count) for level in levels(10, 2, subtract=False)[:2]]
    [('constants', 10), ('diagonal maps', 9)]
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=4)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    if n_hidden is None:
        n_hidden = 4 * n_embd
    n_hidden = _validation.integer("n_hidden", n_hidden, minimum=1)
    for name, value in {"subtract": subtract, "divide": divide}.items():
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be True or False, got {value!r}")
    n = n_embd - subtract
    # Mean of relu(W_1 y)^2 over both signs, times the number of hidden units and blocks.
    scale = n_block * n_hidden / 6
    k = [scale * kernel_eigenvalue(degree, n) for degree in range(5)]
    find = _tangent if divide else _all_directions
    found = find(k, n, n_block, [1 / n] if subtract else [])
    scaled = [level._replace(eigenvalue=2 / n_embd * level.eigenvalue) for level in found]
    return sorted((level for level in scaled if level.count), key=lambda level: -level.eigenvalue)


def _tangent(k, n, n_block, mean):
    """Levels where the norm divides; `mean` is the share of a diagonal map that centring takes."""
    gradients = [((n + d - 2) * k[d - 1] + d * k[d + 1]) / (n + 2 * d - 2) for d in (1, 2, 3)]
    n_embd = n + len(mean)
    # Shares along the state itself: of a constant 1/n, of a diagonal map of trace 0 the variance
    # of its quadratic form.
    radial = 2 * (n_embd - 2) / (n_embd**2 - 1) if mean else 2 / (n_embd + 2)
    constant, last_constant = _with_affine(gradients[0], n_block, [1 / n])
    gain, last_gain = _with_affine(gradients[1], n_block, [*mean, radial])
    return [
        Level(CONSTANTS, constant, n),
        Level(GAINS, gain, n_embd - 1),
        Level(SYMMETRIC, gradients[1], n * (n + 1) // 2 - 1 - (n_embd - 1)),
        Level(ANTISYMMETRIC, k[1], n * (n - 1) // 2),
        Level(LAST_BLOCK, 1.0, 1 + len(mean)),
        Level(LAST_GAINS, last_gain, n_embd - 1),
        Level(LAST_CONSTANTS, last_constant, n),
        Level(CURL_FREE, gradients[2], n * (n + 4) * (n - 1) // 6),
        Level(DIVERGENCE_FREE, k[2], n * (n + 2) * (n - 2) // 3),
    ]


def _all_directions(k, n, n_block, mean):
    """Levels where the norm does not divide."""
    n_embd = n + len(mean)
    gain, last_gain = _with_affine(k[1], n_block, mean)
    return [
        Level(CONSTANTS, k[0] + n_block, n),
        Level(IDENTITY, k[1] + n_block, 1),
        Level(GAINS, gain, n_embd - 1),
        Level(LINEAR, k[1], n * n - n_embd),
        Level(LAST_BLOCK, 1.0, len(mean)),
        Level(LAST_GAINS, last_gain, (n_embd - 1) * len(mean)),
        Level(QUADRATIC, k[2], n * (n * (n + 1) // 2 - 1)),
    ]


def _with_affine(kernel, n_block, lost):
    """Both nonzero levels of functions that W_2 and an affine part make together.

    `lost` are the shares of the mean square that the norm behind the function takes away: the
    last block keeps them.
    """
    kept = 1 - sum(lost)
    parts = np.sqrt([kept, *lost])
    matrix = np.diag([kernel + (n_block - 1) * kept] + [0.0] * len(lost)) + np.outer(parts, parts)
    smaller, larger = np.linalg.eigvalsh(np.pad(matrix, (1, 0)))[-2:]
    return float(larger), float(smaller)


def gap_ranks(
    found: list[Level], *, threshold: float = gaps.GAP, last: int | None = None
) -> tuple[int, ...]:
    """Ranks behind which the levels fall by a factor of `threshold` or more.

    Parameters
    ----------
    found : list of Level
        As from :func:`levels`.
    threshold : float
        > 1.
    last : int, optional
        No rank beyond it, >= 1.

    Returns
    -------
    tuple of int
        Ascending.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Examples
    --------
    >>> gap_ranks(levels(10, 1), last=50), gap_ranks(levels(10, 4), last=50)
    ((9, 20), (9, 18))
    """
    threshold = _validation.number("threshold", threshold, above=1.0)
    ends = np.cumsum([level.count for level in found])
    last = int(ends[-1]) if last is None else _validation.integer("last", last, minimum=1)
    pairs = zip(ends, found, found[1:], strict=False)
    wide = [int(k) for k, a, b in pairs if a.eigenvalue >= threshold * b.eigenvalue]
    return tuple(k for k in wide if k <= last)
