"""The leading eigenvectors as functions on fresh seeds."""

import numpy as np

from depth_not_data.presentation.predictions import cluster_masses, rules
from depth_not_data.residual import eigenfunctions
from depth_not_data.spectra import gaps

SIZES = [(10, 2), (10, 4), (10, 8), (15, 2), (20, 2)]
AFFINE = ("constant", "linear, mean-free", "linear, mean")


def analysed(n_embd: int, n_block: int, seed: int) -> dict:
    """Train one student as the chapter does, and keep shares of its eigenvectors."""
    scoring = rules("scoring")
    [s] = eigenfunctions.analyse([(n_embd, n_block, seed)], n_jobs=1, **scoring["training"])
    first, second = slice(0, n_embd - 1), slice(n_embd - 1, 2 * (n_embd - 1))
    places = (("FC2", first), ("bias", first), ("gain", second))
    parts = [
        sum(share for (p, _), share in s.parts.items() if p == name)[ranks].mean()
        for name, ranks in places
    ]
    last = len(s.eigenvalues)
    edge = gaps.steepest_rank(
        s.eigenvalues, first=2 * n_embd + 1, last=last, half_width=scoring["edge_half_width"]
    )
    ends = (n_embd**2 - n_embd, n_embd**2, n_embd**2 + n_embd, last)
    return {
        "masses": cluster_masses(s)[:2],
        "missing": [s.constant_along_mean[first].mean(), s.identity[second].mean()],
        "parts": parts,
        "edge": [edge],
        "affine": [sum(s.kinds[k][end - n_embd : end].mean() for k in AFFINE) for end in ends],
        "diagonal": [s.diagonal[second].mean()],
    }


def shares_off(*found: dict) -> list[float]:
    """Largest deviations from the predicted shares of W_2, bias and gain, as E3 takes them."""
    masses = rules("masses")
    off = {}
    for (n, d), values in zip(SIZES, found, strict=True):
        predicted = [*masses["first_cluster_shares"][n], masses["second_cluster_gain_share"]]
        off[n, d] = np.abs(np.subtract(values["parts"], predicted))
    in_first = np.max([off[size][:2] for size in SIZES if size[1] == 2], axis=0)
    return [*in_first, max(o[2] for o in off.values())]


def contrast(*found: dict) -> list[float]:
    """Shares of affine functions before and beyond N^2, as E18 takes them."""
    ends = {size: values["affine"] for size, values in zip(SIZES, found, strict=True)}
    two = [ends[size] for size in SIZES if size[1] == 2]
    return [
        min(e[1] for e in two),
        max(e[2] for e in two),
        ends[10, 8][1],
        min(e[0] for e in ends.values()),
        max(e[3] for e in ends.values()),
    ]
