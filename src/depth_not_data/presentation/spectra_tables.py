"""Tables of spectra for the chapters on the residual network."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from depth_not_data.residual.sweeps import Run
from depth_not_data.spectra import gaps


class Comparison(NamedTuple):
    """How published eigenvalues compare with those of several seeds, on logarithmic axes.

    Attributes
    ----------
    mean, largest : float
        Published over the seeds' geometric mean, less 1: over all ranks, and where it is largest.
    scatter : float
        Standard deviation of the logarithms among the seeds, mean over ranks.
    distance : float
        Root-mean-square difference of logarithms from the seeds' mean.
    inside, count : int
        Published values within the seeds' range widened by the reading error, and all of them.
    """

    mean: float
    largest: float
    scatter: float
    distance: float
    inside: int
    count: int


def landmarks(runs: Sequence[Run]) -> pd.DataFrame:
    """Gaps with their ratios, clusters, edge and largest eigenvalue of each run, by its seed.

    `runs` hold whole spectra; the rules are those of :func:`depth_not_data.spectra.gaps.landmarks`.
    """
    rows = {}
    for run in runs:
        found = gaps.landmarks(run.eigenvalues)
        rows[run.seed] = {
            "gaps": ", ".join(map(str, found.gaps)),
            "ratios": ", ".join(f"{ratio:.2f}" for ratio in found.ratios),
            "clusters": found.clusters,
            "edge": found.edge,
            "Λ₁": f"{run.eigenvalues[0]:.2f}",
        }
    return pd.DataFrame(rows).T.rename_axis(index="seed")


def compare(values: pd.Series, runs: Sequence[Run], error=0.0) -> Comparison:
    """Compare published eigenvalues with those of our seeds at the same ranks.

    Parameters
    ----------
    values : pandas.Series
        Published eigenvalues > 0, indexed by rank from 1.
    runs : sequence of depth_not_data.residual.sweeps.Run
        Two or more.
    error : float or pandas.Series
        Relative reading error of `values`, of all or of each.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If `values` is empty or holds a number <= 0, or there are fewer than two runs.
    """
    if len(values) == 0 or not (values > 0).all():
        raise ValueError("values must hold one or more numbers > 0")
    if len(runs) < 2:
        raise ValueError(f"runs must be two or more, got {len(runs)}")
    logs = np.log([run.eigenvalues[values.index.to_numpy() - 1] for run in runs])
    deviation = np.log(values.to_numpy()) - logs.mean(0)
    outside = np.maximum(
        np.log(values.to_numpy()) - logs.max(0), logs.min(0) - np.log(values.to_numpy())
    )
    return Comparison(
        mean=float(np.expm1(deviation.mean())),
        largest=float(np.expm1(deviation[np.argmax(np.abs(deviation))])),
        scatter=float(logs.std(0, ddof=1).mean()),
        distance=float(np.sqrt(np.mean(deviation**2))),
        inside=int(np.sum(outside <= error)),
        count=len(values),
    )
