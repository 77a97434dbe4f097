"""The post's networks on fresh seeds: gaps, edge, growth with depth, distance from its markers."""

from itertools import pairwise

import numpy as np

from depth_not_data.presentation import published
from depth_not_data.replication import third_step
from depth_not_data.residual.rivals import rival_sweep
from depth_not_data.residual.sweeps import sweep, top_sweep
from depth_not_data.spectra import collapse, gaps

KEPT = 820  # eigenvalues that are kept of N = 10, for the collapse on depth


def group_means(eigenvalues: np.ndarray, n_embd: int) -> list[float]:
    """Means of the eigenvalues 1 to N-1, N to 2(N-1), 2N-1 to N^2, as far as they are given.

    >>> group_means(np.array([4.0, 2.0, 1.0, 1.0]), 2)
    [4.0, 2.0, 1.0]
    """
    ends = [0, n_embd - 1, 2 * (n_embd - 1), n_embd**2]
    return [float(eigenvalues[a:b].mean()) for a, b in pairwise(ends) if b <= len(eigenvalues)]


def trained(n_embd: int, n_block: int, seed: int) -> dict:
    """Train one network as the chapters of Part II do, and keep what their claims look at."""
    [run] = sweep([n_embd], [n_block], [seed], n_jobs=1, progress=False)
    values = run.eigenvalues
    found = gaps.landmarks(values)
    return {
        "widest": gaps.largest_gaps(values, 2, first=1, last=len(values) // 2),
        "gaps": found.gaps,
        "edge": [found.edge],
        "clusters": [found.clusters],
        "steps": third_step.steps(values, n_embd),
        "means": group_means(values, n_embd),
        "top": values[: KEPT if n_embd == 10 and n_block > 1 else 60],
    }


def deep(n_embd: int, n_block: int, count: int, seed: int) -> dict:
    """Cluster means of a trained network that is too large for its whole Hessian."""
    [run] = top_sweep(n_embd, n_block, [seed], count, n_jobs=1)
    return {"means": group_means(run.eigenvalues, n_embd)[:2]}


def weak(n_embd: int, n_block: int, seed: int) -> dict:
    """Leading eigenvalues with W_2 at half its size at the start."""
    [run] = rival_sweep(
        n_embd, n_block, [seed], count=2 * n_embd + 5, steps=1000, w2_scale=0.5, n_jobs=1
    )
    return {"top": run.eigenvalues}


def in_place(values: dict, n_embd: int) -> bool:
    """Whether N - 1 and 2 (N - 1) are among the three widest gaps."""
    return {n_embd - 1, 2 * (n_embd - 1)} <= set(values["gaps"])


def unchanged(two: dict, *deeper: dict) -> list[bool]:
    """Whether deeper networks keep the two widest gaps and the edge of D = 2."""
    edge = two["edge"][0]
    return [
        set(two["widest"]) <= set(values["gaps"]) and abs(values["edge"][0] / edge - 1) <= 0.1
        for values in deeper
    ]


def exponent(*by_depth: dict) -> float:
    """Exponent of the largest eigenvalue against D = 2, 4, 8."""
    logs = np.log([values["top"][0] for values in by_depth])
    return np.polyfit(np.log([2, 4, 8]), logs, 1)[0]


def collapses(*by_depth: dict) -> list[float]:
    """Share of the variance between log spectra of D = 2, 4, 8 that division by D removes."""
    spectra = [np.array(values["top"]) for values in by_depth]
    return [collapse.collapse_quality(spectra, (2, 4, 8), first=1, last=k) for k in (100, KEPT)]


def distance(values: dict, n_embd: int, n_block: int) -> float:
    """Root-mean-square logarithm of the post's markers over this network's eigenvalues."""
    markers = published.blog_markers(n_embd, n_block)
    ours = np.array(values["top"])[markers.index.to_numpy() - 1]
    return float(np.sqrt(np.mean(np.log(markers.to_numpy() / ours) ** 2)))
