r"""Residual blocks without normalisation, with a leaky ReLU: from linear maps to ReLU.

``h <- h + W_2 phi(W_1 h)`` with ``phi(z) = max(z, zeta z)``: linear at slope zeta = 1, ReLU at 0.
At zero output weights all blocks see the input, and the outer-product part of the Hessian is, for
each of the N outputs, the second moment of all 4 N D hidden features.
"""

import math

import numpy as np
import torch
from torch.nn import functional

from depth_not_data import _validation
from depth_not_data.spectra import autograd


def harmonic_levels(slope, n_embd: int, n_block: int) -> np.ndarray:
    r"""Levels of the spherical harmonics of degree 0, 1 and 2 at zero output weights.

    Parameters
    ----------
    slope : array_like, shape (...)
        Slope zeta of the leaky ReLU below zero.
    n_embd, n_block : int
        Width N >= 2 and number of blocks D >= 1.

    Returns
    -------
    numpy.ndarray, float64, shape (3, ...)
        ``4/3 N^2 D E[phi(t) P_j(t)]^2`` for j = 0, 1, 2, t a component of a random unit vector: the
        functions ``|x|``, the linear maps, the quadratic ones. With many hidden units of random
        directions each level has the multiplicity of its harmonics times N outputs.

    Raises
    ------
    ValueError
        If an argument is not finite or outside its range.

    Examples
    --------
    Linear blocks make linear maps alone, ``4 D / 3`` each:

    >>> harmonic_levels(1.0, 10, 3).round(9)
    array([0., 4., 0.])
    """
    slope = _validation.real_array("slope", slope)
    n = _validation.integer("n_embd", n_embd, minimum=2)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    even = n_block / 3 * (n * mean_component(n) * (1 - slope)) ** 2
    return np.array([even, n_block / 3 * (1 + slope) ** 2, even / (n + 1) ** 2])


def mean_component(n_embd: int) -> float:
    r"""Mean absolute value c_N of a component of a random unit vector in N dimensions.

    ``Gamma(N / 2) / (sqrt(pi) Gamma((N + 1) / 2))``. On the circle it is 2 / pi:

    >>> round(mean_component(2) * math.pi, 12)
    2.0

    Raises
    ------
    ValueError
        If `n_embd` is not an integer >= 1.
    """
    n = _validation.integer("n_embd", n_embd, minimum=1)
    return math.exp(math.lgamma(n / 2) - math.lgamma((n + 1) / 2)) / math.sqrt(math.pi)


def feature_spectrum(slope: float, n_embd: int, n_block: int, *, seed: int) -> np.ndarray:
    """Eigenvalues of the second moment of the hidden features over Gaussian inputs, exactly.

    Parameters
    ----------
    slope : float
        Slope zeta of the leaky ReLU below zero.
    n_embd, n_block : int
        Width N >= 1 and number of blocks D >= 1.
    seed : int
        Seed >= 0 of the input weights, uniform between +-1/sqrt(N).

    Returns
    -------
    numpy.ndarray, float64, shape (4 N D,)
        Descending. At zero output weights the outer-product part of the Hessian has each of them
        N times.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    ``phi(z) = (1 + zeta)/2 z + (1 - zeta)/2 |z|``, and for two Gaussians of variance 1 and
    correlation c, ``E |u v| = 2/pi (sqrt(1 - c^2) + c arcsin c)``.

    Examples
    --------
    The features of linear blocks span N functions:

    >>> int((feature_spectrum(1.0, 3, 2, seed=0) > 1e-12).sum())
    3
    """
    slope = _validation.number("slope", slope)
    n = _validation.integer("n_embd", n_embd, minimum=1)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    seed = _validation.integer("seed", seed, minimum=0)
    w = np.random.default_rng(seed).uniform(-1, 1, (4 * n * n_block, n)) / np.sqrt(n)
    norms = np.outer(*[np.linalg.norm(w, axis=1)] * 2)
    cosine = np.clip(w @ w.T / norms, -1, 1)
    absolute = 2 / np.pi * (np.sqrt(1 - cosine**2) + cosine * np.arcsin(cosine))
    moment = ((1 + slope) / 2) ** 2 * w @ w.T + ((1 - slope) / 2) ** 2 * norms * absolute
    return np.linalg.eigvalsh(moment)[::-1]


def trained_spectrum(
    slope: float,
    n_embd: int,
    n_block: int,
    *,
    n_samples: int = 300,
    steps: int = 300,
    lr: float = 3e-3,
    seed: int = 0,
) -> np.ndarray:
    """All Hessian eigenvalues of a student without normalisation, trained on a teacher.

    Parameters
    ----------
    slope : float
        Slope zeta of the leaky ReLU below zero.
    n_embd, n_block, n_samples : int
        Width, number of blocks and number of Gaussian inputs, all >= 1.
    steps : int
        Steps of Adam >= 1.
    lr : float
        Learning rate > 0.
    seed : int
        >= 0; draws teacher, student and inputs.

    Returns
    -------
    numpy.ndarray, float64, shape (8 N^2 D,)
        Descending; of ``1/2`` times the mean over samples of the squared error.

    Raises
    ------
    ValueError
        If an argument is outside its range.
    """
    slope = _validation.number("slope", slope)
    n = _validation.integer("n_embd", n_embd, minimum=1)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    n_samples = _validation.integer("n_samples", n_samples, minimum=1)
    steps = _validation.integer("steps", steps, minimum=1)
    lr = _validation.number("lr", lr, above=0.0)
    seed = _validation.integer("seed", seed, minimum=0)
    generator = torch.Generator().manual_seed(seed)
    teacher, student = _draw(n, n_block, generator), _draw(n, n_block, generator)
    x = torch.randn(n_samples, n, generator=generator, dtype=torch.float64)
    y = _outputs(teacher, x, slope)

    def loss(weights):
        return (_outputs(weights, x, slope) - y).square().sum() / (2 * n_samples)

    optimiser = torch.optim.Adam([w.requires_grad_() for w in student], lr=lr, fused=True)
    for _ in range(steps):
        optimiser.zero_grad()
        loss(student).backward()
        optimiser.step()
    return autograd.eigenvalues(autograd.dense_hessian(loss, student))


def _draw(n, n_block, generator):
    """Input weights and output weights of all blocks, uniform between +-1/sqrt(fan_in)."""
    sizes = [(n_block, 4 * n, n), (n_block, n, 4 * n)]
    draws = [torch.rand(*size, generator=generator, dtype=torch.float64) for size in sizes]
    return [(2 * u - 1) / u.shape[2] ** 0.5 for u in draws]


def _outputs(weights, x, slope):
    for first, second in zip(*weights, strict=True):
        x = x + functional.leaky_relu(x @ first.T, slope) @ second.T
    return x
