r"""Heights of the three groups of eigenvalues at the start of the toy residual network.

A level is the mean Hessian eigenvalue of a group: ranks 1 to N - 1, N to 2(N - 1), 2N - 1 to N^2.
The loss is a mean squared error with residual zero, so that N/2 times the Hessian is the operator
``A* A``, where A turns a step in the parameters into a change of the function. Inside this module
levels are in units of 2/N. The calculation is that of the chapter "From counting to values":

* one unit step for each source (the weights of a block, its bias, its gain) makes a function; the
  mean inner products of these functions are a Gram matrix, its largest eigenvalue is the level;
* what the mean leaves out comes back to second order. Functions with the Gram matrix B that are
  mixed in with mean-square inner products C C^T raise or lower the level to the largest eigenvalue
  of ``G + C (level - B)^-1 C^T``;
* groups spread, and where they overlap ranks count through their union.
"""

import itertools
from collections.abc import Collection
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from depth_not_data import _validation
from depth_not_data.residual.signal_propagation import BlockMoments, block_moments

TERMS = ("mean", "scale", "aside", "turning", "samples", "order")
# Even functions that a unit step in W_2 or in W_1 makes beside a linear map, weighted by the
# strengths 1/3 and 1/12 of the two.
EVEN = (4 / 5) * (1 - 2 / np.pi) / 12 + (1 / 5) / 48
# Variance of W_1^T W_1 / 4 and of W_2 W_2^T / 4 about their means 1/3 and 1/12, over the square of
# the sum of the means.
WISHART = (1 / 36 + 1 / 576) / (1 / 3 + 1 / 12) ** 2


class Levels(NamedTuple):
    """Mean Hessian eigenvalue of each group."""

    first: float
    second: float
    linear: float


def levels(
    n_embd: int, n_block: int, *, n_samples: int = 1000, without: Collection[str] = ()
) -> Levels:
    """Predicted mean eigenvalue of ranks 1 to N - 1, N to 2(N - 1), 2N - 1 to N^2 at the start.

    Parameters
    ----------
    n_embd, n_block : int
        Width N >= 5 and number of blocks D >= 1.
    n_samples : int
        Number of inputs >= 1 over which the loss is a mean.
    without : collection of str
        Terms to leave out, of ``TERMS``: "mean" of the state, fluctuation of the LayerNorm's
        "scale", what a unit step makes "aside" of its kind, "turning" of functions by the weights,
        finite number of "samples", "order" of the eigenvalues where groups overlap.

    Returns
    -------
    Levels
        In the units of the Hessian of the mean squared error.

    Raises
    ------
    ValueError
        If an argument is outside its range.

    Notes
    -----
    For one block and large N the first level is 2/N times ``2N / (3 pi) 18/19``, from W_2:

    >>> wide = levels(1000, 1, without=TERMS).first
    >>> bool(abs(wide / (24 / (19 * np.pi)) - 1) < 0.01)
    True
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=5)
    n_block = _validation.integer("n_block", n_block, minimum=1)
    n_samples = _validation.integer("n_samples", n_samples, minimum=1)
    if isinstance(without, str) or not isinstance(without, Collection):
        raise ValueError(f"without must be a collection of terms, got {without!r}")
    for term in without:
        _validation.choice("without", term, TERMS)
    moments = block_moments(
        n_embd, n_block, with_mean="mean" not in without, with_spread="scale" not in without
    )
    groups = _groups(n_embd, moments, without)
    if "samples" not in without:
        groups = _sampled(groups, n_embd, moments, n_samples)
    if "order" in without:
        values = np.concatenate([np.full(group.count, group.mean) for group in groups[:5]])
    else:
        values = np.sort(np.concatenate([_quantiles(*group) for group in groups]))[::-1]
    parts = np.split(values[: n_embd**2], [n_embd - 1, 2 * (n_embd - 1)])
    return Levels(*(float(2 / n_embd * part.mean()) for part in parts))


class _Group(NamedTuple):
    """Eigenvalues in units of 2/N: their mean, relative standard deviation and number."""

    mean: float
    spread: float
    count: int


def _groups(n_embd: int, moments: BlockMoments, without: Collection[str]) -> list[_Group]:
    """Constants, diagonal maps, other linear maps, what one block makes alone, quadratic maps."""
    n, n_block = n_embd - 1, len(moments.mean)
    block, ones = np.arange(n_block), np.ones(n_block)
    weights, affine = slice(0, n_block), slice(n_block, None)
    kept = np.array([np.prod(moments.keep[b + 1 :]) for b in range(n_block)])
    behind = moments.inverse_square * kept
    # What a LayerNorm leaves of a constant, of a gain's function, of a symmetric map.
    left, left_gain, left_map = (n - 1) / n, (n - 1) / (n + 2), n / (n + 2)
    aside = 0.0 if "aside" in without else 1.0
    turning = np.zeros(n_block) if "turning" in without else moments.turning

    # Gram matrices. Sources: the weights of each block, then its bias (constants) or gain (maps).
    constants = left * _overlaps(moments.constant_carry, moments.inverse_square, kept)
    maps = _overlaps(moments.linear_carry, moments.inverse_square, kept)
    drift = left * np.outer(moments.drift**0.5, moments.drift**0.5) * maps[weights, weights]
    step = np.sqrt(np.r_[moments.constants, ones])
    shared = np.zeros_like(maps)  # the constant part of what a gain does to a state with a mean
    shared[:, affine] = step[:, None] * constants[:, affine]
    shared[:, affine] *= np.sqrt(moments.mean * left_gain / left)
    constants *= np.outer(step, step)
    step = np.sqrt(np.r_[moments.linear * left_map, left_gain * ones])
    maps *= np.outer(step, step)
    centred = np.sqrt(1 - moments.mean[np.minimum.outer(block, block)])
    maps[weights, affine] *= centred
    maps[affine, weights] *= centred.T

    # Block b turns what was made before it (left) and the state that later maps act on (right).
    before = np.r_[block, block] < block[:, None]
    after = np.r_[block, block + 1] > block[:, None]
    constants_turned = _turned(constants, before, turning)
    maps_turned = _turned(maps, before, turning) + _turned(maps, after, turning)
    # A diagonal map stays diagonal where both turnings meet in one coordinate.
    both = np.array([mask[:, None] + mask.astype(float) for mask in before + after.astype(float)])
    in_place = np.sqrt(turning / n)[:, None, None] * both * maps
    others = [coupling[:, weights] for coupling in maps_turned]

    constants[weights, weights] += drift
    constants[block, block] += aside * left * moments.hidden * behind
    maps[block, block] += aside * EVEN * left_map * behind
    constants[-1, -1] = maps[-1, -1] = 1  # no LayerNorm behind the last bias and the last gain
    rest = maps[weights, weights].copy()
    spreads = [_spread(constants, constants_turned), _spread(maps, in_place)]
    wishart = aside * WISHART * n / n_embd
    uneven = [np.sqrt(wishart) * np.diag(np.diag(rest) * (block == b)) for b in block]
    rest_turned = [coupling[weights] for coupling in others]
    spreads.append(_spread(rest, rest_turned + uneven))

    bare = _top(maps)[0]
    maps[block, block] += wishart * moments.linear * left_map * behind
    for b in block:
        others.append(
            np.sqrt(wishart) * maps[:, weights] * (np.r_[block, -1 - block] == b)[:, None]
        )
    outside = [(coupling, rest) for coupling in others]
    first = _pushed(constants, [(shared, maps)])[0] + _second_order(constants, constants_turned)
    second, share = _pushed(maps, [*outside, (shared.T, constants)])
    linear = _top(rest)[0] + _second_order(rest, rest_turned)

    # Antisymmetric maps lose nothing to the LayerNorm; what diagonal maps gain, the others lose.
    n_symmetric, n_antisymmetric = n * (n + 1) // 2 - 1 - n, n * (n - 1) // 2
    n_other = n_symmetric + n_antisymmetric
    linear *= (n_symmetric + n_antisymmetric / left_map) / n_other
    linear -= n / n_other * (_pushed(maps, outside)[0] - bare)
    alone = left * behind[0] * (5 / 12 + aside * EVEN)  # maps of the input's mean: first block
    quadratic = n_embd / (np.pi * n * (n + 2)) * behind.sum()
    per_output = n * (n + 1) // 2 - 1
    features = (4 / 9) * per_output / (4 * n_embd * n_block)
    return [
        _Group(first, spreads[0] * _top(constants)[0] / first, n),
        _Group(second, share * spreads[1] * bare / second, n),
        _Group(linear, spreads[2], n_other),
        _Group(1.0, 0.0, 2),  # the last bias along (1, ..., 1) and the last gain as a whole
        _Group(alone, 0.0, n),
        _Group(
            quadratic, np.sqrt(1.5 * _spread(rest, rest_turned) ** 2 + features), n * per_output
        ),
    ]


def _overlaps(carry, together, kept):
    """Overlap of unit functions of one kind from 2D sources: before and behind each LayerNorm."""
    n_block = len(carry)
    places = [*itertools.product(range(n_block), (0, 1))]
    places = sorted(places, key=lambda place: place[1])
    overlaps = np.empty((2 * n_block, 2 * n_block))
    for (i, one), (j, other) in itertools.product(enumerate(places), repeat=2):
        (s, x), (t, y) = sorted([one, other])
        through = np.prod(carry[s + x : t + y])
        overlaps[i, j] = through * (1 if y else together[t]) * kept[t]
    return overlaps


def _turned(gram, masks, turning):
    """Root-mean-square inner products with what each block's turning makes of a source."""
    rows = [np.sqrt(z) * gram * mask[:, None] for z, mask in zip(turning, masks, strict=True)]
    return rows + [row.T for row in rows]


def _top(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return values[-1], vectors[:, -1]


def _spread(gram, couplings):
    """Relative standard deviation of the levels of a kind, to first order in the couplings."""
    level, vector = _top(gram)
    return np.sqrt(sum((vector @ coupling @ vector) ** 2 for coupling in couplings)) / level


def _second_order(gram, couplings):
    """Mean shift of the largest eigenvalue by couplings to the other eigenvectors of the kind."""
    values, vectors = np.linalg.eigh(gram)
    parts = [(vectors[:, :-1].T @ coupling.T @ vectors[:, -1]) ** 2 for coupling in couplings]
    return sum((part / (values[-1] - values[:-1])).sum() for part in parts)


def _pushed(gram, outside):
    """Largest eigenvalue of G + sum of C (level - B)^-1 C^T, and the weight left inside G."""
    level = new = _top(gram)[0]
    for step in range(200):
        if step and abs(new - level) < 1e-12 * level:
            break
        level = (level + new) / 2
        matrix = gram.copy()
        for coupling, other in outside:
            matrix += coupling @ np.linalg.solve(level * np.eye(len(other)) - other, coupling.T)
        new, vector = _top(matrix)
    lost = 0.0
    for coupling, other in outside:
        inner = np.linalg.solve(level * np.eye(len(other)) - other, coupling.T @ vector)
        lost += inner @ inner
    return level, 1 / (1 + lost)


def _sampled(groups, n_embd, moments, n_samples):
    """Add what the spread of a mean over n_samples inputs does: eigenvalues repel each other."""
    traces = np.array([group.mean * group.count for group in groups[:3]]) / (n_embd - 1)
    others = (moments.rest * moments.inverse_square).sum()
    shifted = list(groups)
    for i, group in enumerate(groups[:3]):
        shift = others
        for j, trace in enumerate(traces):
            if j != i:
                shift += trace * group.mean / (group.mean - groups[j].mean)
        shifted[i] = group._replace(mean=group.mean + shift / n_samples)
    return shifted


def _quantiles(mean, spread, count):
    """`count` equally likely values of a log-normal distribution, descending."""
    width = np.sqrt(np.log1p(spread**2))
    levels = [NormalDist().inv_cdf(1 - (i + 0.5) / count) for i in range(count)]
    values = np.exp(width * np.array(levels))
    return mean * values / values.mean()
