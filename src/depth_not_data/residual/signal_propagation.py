r"""What a block of the toy residual network does to its state and to displacements, at the start.

The network is ``h <- LN(h + W_2 relu(W_1 h))``, width N, hidden width 4N, PyTorch's initial weights
(variance 1/3 over fan-in). Its input has no preferred direction, and the network does not change
when an input is multiplied by a positive number, so inputs have length sqrt(N). Means over the
weights are taken to relative order 1/N.
"""

from typing import NamedTuple

import numpy as np

from depth_not_data import _validation

# |W_2 relu(W_1 h)|^2 / |h|^2 at the start: 4N/(12N) of W_2 times 1/2 of ReLU times 1/3 of W_1.
BRANCH = 1 / 18


class BlockMoments(NamedTuple):
    """Numbers that describe the D blocks at the start, arrays of shape (D,).

    Attributes
    ----------
    mean : squared mean ``|E h|^2 / N`` of the state behind the block
    inverse_scale, inverse_square : E[1/sigma], E[1/sigma^2] of its LayerNorm
    keep : squared length that a displacement has behind the block, over that before it
    constant_carry, linear_carry : overlap of a constant (of a linear map of the state) before the
        block with the same one behind it
    turning : mean square of the part of ``W_2 D W_1`` that is the same for all samples
    constants : squared length of a constant from a unit step in the weights
    drift : the same for the linear function along the state's mean that comes with it
    hidden : variance of a hidden unit over samples
    linear : squared length of a linear map from a unit step in the weights
    rest : sum over the remaining functions, for each output
    """

    mean: np.ndarray
    inverse_scale: np.ndarray
    inverse_square: np.ndarray
    keep: np.ndarray
    constant_carry: np.ndarray
    linear_carry: np.ndarray
    turning: np.ndarray
    constants: np.ndarray
    drift: np.ndarray
    hidden: np.ndarray
    linear: np.ndarray
    rest: np.ndarray


def arc_cosine(correlation, degree: int) -> np.ndarray:
    """Mean product of two ReLUs (degree 1) or of their slopes (0), over that at correlation 1.

    Parameters
    ----------
    correlation : float or array_like
        Correlation of the two Gaussian arguments, from -1 to 1.
    degree : {0, 1}

    Returns
    -------
    numpy.ndarray
        ``(sin a + (pi - a) cos a) / pi`` or ``(pi - a) / pi`` with a the angle.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    Cho and Saul 2009, eqs. (4) and (6).

    >>> float(arc_cosine(1.0, 1)), float(arc_cosine(0.0, 0)), float(arc_cosine(0.0, 1) * np.pi)
    (1.0, 0.5, 1.0)
    """
    cosine = _validation.real_array("correlation", correlation)
    if np.any(np.abs(cosine) > 1):
        raise ValueError(f"correlation must be between -1 and 1, got {correlation!r}")
    angle = np.arccos(cosine)
    if _validation.choice("degree", degree, (0, 1)) == 0:
        return 1 - angle / np.pi
    return (np.sin(angle) + (np.pi - angle) * cosine) / np.pi


def scale_moments(n_embd: int, *, first: bool) -> tuple[float, float, float]:
    """E[sigma^2], E[1/sigma], E[1/sigma^2] of a LayerNorm at the start.

    Parameters
    ----------
    n_embd : int
        Width N >= 5; below, E[1/sigma^2] of the first block is close to diverging.
    first : bool
        Whether the block's input is the network's, which has a mean over coordinates.

    Raises
    ------
    ValueError
        If `n_embd` is too small.

    Notes
    -----
    ``N sigma^2 = (sqrt(N s) + g)^2 + chi^2``: the centred state has the squared length N s, and the
    branch adds N - 1 Gaussian numbers of variance 1/18, g along the state and the others across.
    s = 1, and for the first block the Beta variable of a random direction less its mean.

    >>> square, inverse, inverse_square = scale_moments(10**6, first=False)
    >>> bool(abs(square - 19 / 18) < 1e-6 and abs(inverse_square - 18 / 19) < 1e-6)
    True
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=5)
    first = _validation.flag("first", first)
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    share, chance = np.ones(1), np.ones(1)
    if first:
        reach = min(np.pi / 2, 10 / np.sqrt(n_embd))
        angle = reach * ((np.arange(400) + 0.5) / 200 - 1)
        share, chance = np.cos(angle) ** 2, np.cos(angle) ** (n_embd - 2)
    along = np.sqrt(share)[:, None] + nodes * np.sqrt(BRANCH / n_embd)
    n_across = n_embd - 2
    across = BRANCH / n_embd * (n_across + np.sqrt(2 * n_across) * np.array([-1, 1]))
    square = along[..., None] ** 2 + across
    chance = chance[:, None, None] * weights[:, None] * np.ones(2)
    chance /= chance.sum()
    moments = [(chance * square**power).sum() for power in (1, -0.5, -1)]
    return tuple(float(moment) for moment in moments)


def block_moments(
    n_embd: int, n_block: int, *, with_mean: bool = True, with_spread: bool = True
) -> BlockMoments:
    """Follow the state's mean through the blocks and collect what each block does.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 5 and number of blocks D >= 1.
    with_mean : bool
        Carry the mean that the state acquires; else it stays zero.
    with_spread : bool
        Let the scale of a LayerNorm fluctuate; else sigma^2 is its mean.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    The squared mean obeys ``m <- (m + (N-1)/N E k_1(q) / 18) / E[sigma^2]``, k_1 the arc-cosine
    kernel at the correlation q of two samples, of mean m and variance (1 - m)^2 / (N - 1). Its
    first step starts from 0:

    >>> n_embd = 10**6
    >>> mean = block_moments(n_embd, 1).mean
    >>> bool(abs(mean[0] - 1 / (19 * np.pi)) < 1e-6)
    True
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=5)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    with_mean = _validation.flag("with_mean", with_mean)
    with_spread = _validation.flag("with_spread", with_spread)
    n, share = n_embd - 1, BRANCH * (n_embd - 1) / n_embd
    rows, mean = [], 0.0
    for block in range(n_block):
        first = block == 0
        spread = n_embd**-0.5 if first else (1 - mean) * n**-0.5
        pairs = mean + spread * np.array([-1, 1])
        k0, k1 = arc_cosine(pairs, 0), arc_cosine(pairs, 1).mean()
        square, inverse, inverse_square = scale_moments(n_embd, first=first)
        if not with_spread:
            inverse, inverse_square = square**-0.5, 1 / square
        strength = n_embd * (2 * k1 / 3 + (pairs * k0).mean() / 6)
        slope = arc_cosine(mean, 0) + mean / (5 * np.pi * np.sqrt(1 - mean**2))
        linear = 5 / 6 * slope * (1 - mean) * (1 if first else n_embd / n)
        tilt = 2 / 3 * n_embd * arc_cosine(mean, 0)
        before, mean = mean, (mean + share * k1) / square if with_mean else 0.0
        row = BlockMoments(
            mean=mean,
            inverse_scale=inverse,
            inverse_square=inverse_square,
            keep=inverse_square * (1 + share) - BRANCH * (2 + share) / n_embd / square**2,
            constant_carry=inverse * (1 - BRANCH / n_embd / square),
            linear_carry=inverse_square - 2 * BRANCH / n_embd / square**2,
            turning=n / n_embd * k0.mean() / 18,
            constants=strength,
            drift=tilt**2 * before * (1 - before) / n / (2 / 3 * n_embd * k1),
            hidden=(1 - k1) / 6,
            linear=linear,
            rest=5 / 6 * n_embd - strength - n * linear,
        )
        rows.append(row)
    moments = BlockMoments(*np.array(rows).T)
    moments.linear_carry[0] *= np.sqrt(n / n_embd)  # the first LayerNorm removes a mean
    return moments
