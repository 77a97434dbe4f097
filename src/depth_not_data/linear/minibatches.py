r"""Deep linear networks trained on minibatches with squared error, several seeds at a time.

The loss is the mean over samples, ``1/(2n) ||W^L ... W^1 X - Y||_F^2``; the start is balanced, that
of :func:`depth_not_data.linear.growing_steps.balanced_start`.
"""

from collections.abc import Sequence

import numpy as np

from depth_not_data import _validation
from depth_not_data.linear import growing_steps, least_squares

_CHECK = 20  # updates between two looks at the loss


def train(
    inputs,
    targets,
    depth: int,
    *,
    seeds: Sequence[int],
    batch: int | None,
    excess: float,
    lr: float,
    steps: int = 20_000,
) -> list[list[np.ndarray]]:
    """Train until the loss is near its minimum.

    Parameters
    ----------
    inputs : array_like, shape (d_0, n)
        Whitened: ``inputs inputs^T / n`` is the identity.
    targets : array_like, shape (d_L, n)
    depth : int
        L >= 1.
    seeds : sequence of int
        Each draws a start and, with all others in a common stream, its batches.
    batch : int or None
        Samples in a batch, drawn with replacement; None: all samples.
    excess : float
        Training ends for a seed where the loss above its minimum is at most this share, > 0, of
        what the minimum explains.
    lr : float
        Learning rate > 0.
    steps : int
        Largest number of updates, >= 1.

    Returns
    -------
    list of list of numpy.ndarray
        W^1, ..., W^L of each seed.

    Raises
    ------
    ValueError
        For arguments outside these ranges, inputs that are not whitened, or if a seed does not
        arrive.

    >>> x, y = np.array([[-1.0, 1.0]]), np.array([[-3.0, 3.0]])
    >>> [weights] = train(x, y, 1, seeds=[0], batch=None, excess=1e-6, lr=0.5)
    >>> round(float(weights[0][0, 0]), 2)
    3.0
    """
    second, cross = least_squares.moments(inputs, targets)
    if np.abs(second - np.eye(len(second))).max() > 1e-9:
        raise ValueError("inputs must be whitened, got another second moment than the identity")
    batch = None if batch is None else _validation.integer("batch", batch, minimum=1)
    excess = _validation.number("excess", excess, above=0.0)
    lr = _validation.number("lr", lr, above=0.0)
    steps = _validation.integer("steps", steps, minimum=1)
    seeds = _validation.integers("seeds", seeds, minimum=0)
    starts = [growing_steps.balanced_start(second, cross, depth, seed=seed) for seed in seeds]
    weights = [np.stack(layer) for layer in zip(*starts, strict=True)]
    samples = np.asarray(inputs, dtype=np.float64).T, np.asarray(targets, dtype=np.float64).T
    samples = samples[0], samples[1] - samples[1].mean(axis=0)
    rng = np.random.default_rng([depth, *seeds])
    arrived: list[list[np.ndarray] | None] = [None] * len(seeds)
    for t in range(steps):
        below = [weights[0]]
        for layer in weights[1:]:
            below.append(layer @ below[-1])
        residual = below[-1] - cross
        if t % _CHECK == 0:
            near = (residual**2).sum(axis=(1, 2)) <= excess * (cross**2).sum()
            for s in np.flatnonzero(near):
                arrived[s] = arrived[s] or [layer[s].copy() for layer in weights]
            if all(arrived):
                return arrived
        back = residual if batch is None else _gradient(below[-1], samples, batch, rng)
        for k in range(len(weights) - 1, -1, -1):
            gradient = back @ np.swapaxes(below[k - 1], 1, 2) if k else back
            back = np.swapaxes(weights[k], 1, 2) @ back if k else back
            weights[k] = weights[k] - lr * gradient
    raise ValueError(f"steps must be enough to arrive, got {steps}")


def _gradient(product, samples, batch, rng):
    """Slope of the loss of one batch for each network."""
    chosen = rng.integers(len(samples[0]), size=(len(product), batch))
    x, y = samples[0][chosen], samples[1][chosen]
    wrong = x @ np.swapaxes(product, 1, 2) - y
    return np.swapaxes(wrong, 1, 2) @ x / batch
