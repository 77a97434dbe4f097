"""The steps of a spectrum beyond its clusters, by the rule of the note on the third step."""

import numpy as np

from depth_not_data.residual.sweeps import sweep
from depth_not_data.spectra import gaps

REACH, PROMINENCE = 1.25, 0.5


def steps(eigenvalues: np.ndarray, n_embd: int) -> list[int]:
    """Ranks at which a spectrum steps down: the rule of claim E13."""
    last = int(0.9 * np.sum(eigenvalues > 1e-10))
    slopes = gaps.local_slopes(eigenvalues, first=2 * n_embd - 1, last=last)
    ranks, slope = np.array(list(slopes)), np.array(list(slopes.values()))
    found = []
    for k in ranks[(ranks >= ranks[0] * REACH) & (ranks <= ranks[-1] / REACH)]:
        here = slopes[k]
        left = slope[(ranks >= k / REACH) & (ranks < k)]
        right = slope[(ranks > k) & (ranks <= k * REACH)]
        steepest = here < left.min() and here <= right.min()
        if steepest and min(left.max(), right.max()) - here >= PROMINENCE:
            found.append(int(k))
    return found


def third(found: list[int], n_embd: int) -> int:
    """Last step beyond 1.25 N^2, 0 without one.

    >>> third([100, 600], 10), third([100], 10)
    (600, 0)
    """
    return max((k for k in found if k > REACH * n_embd**2), default=0)


def position(found: list[int], n_embd: int) -> float:
    """Place of the third step between its two counts, -1 without one.

    >>> position([496], 10), position([100], 10)
    (0.0, -1.0)
    """
    low, high = (n_embd**2 + (n_embd - 1) * (n_embd * (n_embd + sign) // 2 - 1) for sign in (-1, 1))
    last = third(found, n_embd)
    return (last - low) / (high - low) if last else -1.0


def of_network(n_embd: int, n_block: int, options: dict, seed: int) -> dict:
    """Train one network and find its steps."""
    [run] = sweep([n_embd], [n_block], [seed], n_jobs=1, progress=False, **options)
    return {"steps": steps(run.eigenvalues, n_embd)}
