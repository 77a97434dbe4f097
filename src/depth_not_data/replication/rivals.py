"""Rivals of the post's network on fresh seeds."""

import numpy as np

from depth_not_data.presentation import published
from depth_not_data.residual.rivals import rival_sweep
from depth_not_data.spectra import gaps

N, D = 10, 2
EIGHTH = 1640 // 8  # of the parameters of the post's network
RIVALS = {
    **{f"initialisation {i}": {"initialisation": i} for i in ("lecun", "he", "xavier", "gpt")},
    **{f"W2 times {scale}": {"w2_scale": scale} for scale in (0.5, 2.0)},
    **{
        f"{i}, gelu": {"initialisation": i, "activation": "gelu"} for i in ("lecun", "he", "xavier")
    },
    **{a: {"activation": a} for a in ("elu", "softplus")},
    "norm in the branch": {"placement": "branch"},
    "norm at the ends": {"placement": "ends"},
}
TWINS = {
    "leaky ReLU": {"activation": "leaky-relu"},
    "uniform inputs": {"inputs": "uniform"},
    "weight decay": {"weight_decay": 0.01},
}
NETWORKS = [(15, 2), (20, 2), (10, 4), (10, 8)]
CLOSE = ("W2 times 0.5", "norm at the ends")


def passes(name: str, seed: int) -> dict:
    """Whether one rival has the post's gaps, edge and height."""
    [run] = rival_sweep(N, D, [seed], n_jobs=1, **(RIVALS | TWINS)[name])
    three = gaps.largest_gaps(run.eigenvalues, 3, first=1, last=EIGHTH)
    [edge] = gaps.largest_gaps(run.eigenvalues, 1, first=19, last=EIGHTH)
    height = _distance(run.eigenvalues, published.blog_markers(N, D))
    return {"passes": [{9, 18} <= set(three) and abs(edge - 100) <= 2 and height <= 0.1]}


def distances(name: str, n_embd: int, n_block: int, seed: int) -> dict:
    """Distance of one rival at another size from the post's markers."""
    markers = published.blog_markers(n_embd, n_block)
    [run] = rival_sweep(n_embd, n_block, [seed], count=len(markers), n_jobs=1, **RIVALS[name])
    return {"distance": [_distance(run.eigenvalues, markers)]}


def passed(*found: dict) -> list[int]:
    """Numbers of rivals and of twins that pass."""
    hits = [v["passes"][0] for v in found]
    return [sum(hits[: len(RIVALS)]), sum(hits[len(RIVALS) :])]


def worst(*found: dict) -> list[float]:
    """Largest distance of each of the two close rivals."""
    values = [v["distance"][0] for v in found]
    return [max(values[: len(NETWORKS)]), max(values[len(NETWORKS) :])]


def _distance(eigenvalues, markers):
    logs = np.log(eigenvalues[: len(markers)] / markers.to_numpy())
    return np.sqrt(np.mean(logs**2))
