"""Predictions for networks that nobody has looked at, and what became of them.

The predictions are the file ``new_networks.yml`` beside this module, with the rules by which they
are judged; its history in the repository shows that they were written before the runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml

from depth_not_data.presentation import knock_outs, predictions
from depth_not_data.residual import relatives_training
from depth_not_data.spectra import gaps as spectra_gaps


@dataclass(frozen=True)
class Network:
    """A network and what is expected of it.

    Attributes
    ----------
    id, what, reason : str
    n_embd, n_block : int
    options, task : dict
        Of :class:`depth_not_data.residual.relatives.Relative` and of
        :class:`depth_not_data.residual.relatives_training.Task`.
    gaps : tuple of int
        Ranks, ascending.
    edge : int or None
    levels : tuple of float or None
        Of the first and second cluster, in units of 2 / N.
    last : int
        Last rank at which a gap counts.
    seen : bool
        Whether something of the outcome was known; it does not count then.
    """

    id: str
    what: str
    reason: str
    n_embd: int
    options: dict
    task: dict
    gaps: tuple[int, ...]
    levels: tuple[float, ...] | None
    n_block: int = 2
    edge: int | None = None
    last: int = 0
    seen: bool = False

    @property
    def rival(self) -> tuple[int, ...]:
        """Gaps by three lines that know no level.

        >>> networks()["softmax"].rival, networks()["shared-gain"].rival
        ((2,), (9, 18))
        """
        outputs = self.options.get("n_out")
        if outputs:
            return (outputs - (self.task.get("loss") == "cross-entropy"),)
        return self.n_embd - 1, 2 * (self.n_embd - 1)


@dataclass(frozen=True)
class Outcome:
    """A network's prediction and its runs, one for each seed.

    Attributes
    ----------
    network : Network
    runs : list of depth_not_data.residual.relatives_training.Leading
    """

    network: Network
    runs: Sequence = field(repr=False)

    @property
    def ratios(self) -> np.ndarray:
        """Median over seeds of the ratio of neighbours, ranks 1 to `last`."""
        last = self.network.last
        return np.median(
            [spectra_gaps.neighbour_ratios(run.eigenvalues[: last + 1]) for run in self.runs],
            axis=0,
        )

    @property
    def gaps(self) -> tuple[int, ...]:
        """Observed ranks, by the rule of the predictions."""
        return tuple(int(k) for k in spectra_gaps.wide_gaps(self.ratios))

    @property
    def hit(self) -> bool:
        """Whether the set of gaps is the predicted one."""
        return self.gaps == self.network.gaps

    @property
    def edge(self) -> float | None:
        """Observed rank of the edge, where one was predicted."""
        if self.network.edge is None:
            return None
        return predictions.observed_edge(
            [run.eigenvalues for run in self.runs], self.network.n_embd
        )

    @property
    def levels(self) -> tuple[float, ...] | None:
        """Mean eigenvalues between the predicted gaps times N / 2, median over the seeds."""
        if self.network.levels is None:
            return None
        first, second = self.network.gaps
        parts = (slice(first), slice(first, second))
        means = [[run.eigenvalues[part].mean() for part in parts] for run in self.runs]
        return tuple(np.median(means, axis=0) * self.network.n_embd / 2)

    @property
    def level_hits(self) -> list[bool]:
        """Whether each predicted level is within the tolerance; empty without a prediction."""
        if self.network.levels is None:
            return []
        tolerance = rules()["level_tolerance"]
        pairs = zip(self.levels, self.network.levels, strict=True)
        return [bool(abs(found / wanted - 1) <= tolerance) for found, wanted in pairs]


@cache
def networks() -> dict[str, Network]:
    """Every prediction by its id, in the order in which they were written.

    >>> networks()["group-2"].gaps
    (8, 16)
    """
    found = {}
    for entry in map(dict, _document()["networks"]):
        ranks, levels = tuple(entry.pop("gaps")), entry.pop("levels")
        last = entry.pop("last", entry["n_embd"] ** 2 // 2)
        levels = None if levels is None else tuple(levels)
        found[entry["id"]] = Network(gaps=ranks, levels=levels, last=last, **entry)
    return found


def rules() -> dict:
    """Return the rules of scoring.

    >>> rules()["level_tolerance"]
    0.2
    """
    return _document()["scoring"]


def outcome(network: Network, *, n_jobs: int = -1) -> Outcome:
    """Train one network over the seeds, or load it.

    Parameters
    ----------
    network : Network
    n_jobs : int
        As in joblib.
    """
    runs = relatives_training.relative_sweep(
        network.n_embd,
        network.n_block,
        rules()["seeds"],
        count=None if network.edge else network.last + 1,
        task=network.task,
        n_jobs=n_jobs,
        **network.options,
    )
    return Outcome(network, runs)


def outcomes() -> dict[str, Outcome]:
    """Train, or load, every network; by id, in the order of the file."""
    return {name: outcome(network) for name, network in networks().items()}


def table(found: Sequence[Outcome]) -> pd.DataFrame:
    """Set predictions, findings and the rival rule beside each other, one network a row."""
    rows = []
    for o in found:
        n = o.network
        levels = edge = ""
        if n.levels:
            pairs = zip(n.levels, o.levels, strict=True)
            levels = ", ".join(f"{wanted} / {seen:.1f}" for wanted, seen in pairs)
        if n.edge:
            edge = f"{n.edge} / {o.edge:.0f}"
        ranks = [", ".join(map(str, r)) or "none" for r in (n.gaps, o.gaps, n.rival)]
        score = ["✓" if hit else "✗ miss" for hit in (o.hit, n.rival == o.gaps)]
        rows.append([n.id + "*" * n.seen, n.what, *ranks, *score, levels, edge])
    names = ["id", "network", "gaps", "found", "three lines", "score", "theirs", "levels", "edge"]
    return pd.DataFrame(rows, columns=names).set_index("id")


def compare(found: Sequence[Outcome], *, shuffles: int = 10_000, seed: int = 0) -> dict:
    """Score predictions beside the three lines and beside shuffled predictions.

    Parameters
    ----------
    found : sequence of Outcome
    shuffles, seed : int
        Predictions change places among networks of equal width, so many times.

    Returns
    -------
    dict
        ``hits``, ``total``, ``rival`` (hits), ``ours_alone``, ``rival_alone``, ``sign_p``,
        ``shuffled`` (hits of each shuffle).

    Raises
    ------
    ValueError
        If there is no outcome.
    """
    if not len(found):
        raise ValueError("found must hold at least one outcome, got none")
    ours = [o.hit for o in found]
    theirs = [o.network.rival == o.gaps for o in found]
    alone = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    rival_alone = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    return {
        "hits": sum(ours),
        "total": len(ours),
        "rival": sum(theirs),
        "ours_alone": alone,
        "rival_alone": rival_alone,
        "sign_p": knock_outs.sign_test(alone, rival_alone),
        "shuffled": predictions.shuffled_scores(
            [o.network for o in found], [o.gaps for o in found], shuffles=shuffles, seed=seed
        ),
    }


@cache
def _document():
    path = files("depth_not_data.presentation") / "new_networks.yml"
    return yaml.safe_load(path.read_text("utf-8"))
