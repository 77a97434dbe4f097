"""What became of each prediction of the knock-outs: spectra, gaps, hits, and a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from depth_not_data.presentation import predictions
from depth_not_data.presentation.predictions import Prediction
from depth_not_data.residual import sweeps


@dataclass(frozen=True)
class Outcome:
    """A prediction and the spectra of the networks it is about.

    Attributes
    ----------
    prediction : Prediction
    spectra : list of numpy.ndarray
        One for each seed, descending.
    """

    prediction: Prediction
    spectra: Sequence = field(repr=False)

    @property
    def gaps(self) -> tuple[int, ...]:
        """Observed ranks, by the rule of the predictions."""
        return predictions.observed_gaps(self.spectra, self.prediction.n_embd)

    @property
    def edge(self) -> float:
        """Observed rank of the edge."""
        return predictions.observed_edge(self.spectra, self.prediction.n_embd)

    @property
    def hit(self) -> bool:
        """Whether the set of gaps is the predicted one."""
        return predictions.gaps_hit(self.prediction, self.gaps)

    @property
    def edge_hit(self) -> bool | None:
        """Whether the edge is near the predicted one; None where none was predicted."""
        return predictions.edge_hit(self.prediction, self.edge)

    @property
    def name(self) -> str:
        """Id, with a star if the outcome had been seen before."""
        return self.prediction.id + ("*" if self.prediction.seen else "")


@dataclass(frozen=True)
class Comparison:
    """Score of the predictions beside shuffled ones and a rule of three lines.

    Attributes
    ----------
    early, hits, total : (int, int), int, int
        Hits and number in the first two rounds, hits in all, and their number.
    shuffled : numpy.ndarray
        Hits of each shuffle.
    shuffled_p : float
        Share of the shuffles, and the score itself, with as many hits.
    rival : int
        Hits of :func:`depth_not_data.presentation.predictions.rival_gaps`.
    ours_alone, rival_alone : int
        Interventions that only one of the two hits.
    sign_p : float
        Two-sided sign test between them.
    """

    early: tuple[int, int]
    hits: int
    total: int
    shuffled: np.ndarray = field(repr=False)
    shuffled_p: float
    rival: int
    ours_alone: int
    rival_alone: int
    sign_p: float

    def row(self) -> dict[str, str]:
        """Return the entries of a table of scores."""
        return {
            "rounds 1, 2": "{} of {}".format(*self.early),
            "all": f"{self.hits} of {self.total}",
            "shuffled, mean (most)": f"{self.shuffled.mean():.1f} ({self.shuffled.max()})",
            "p": f"{self.shuffled_p:.4f}",
            "three lines": str(self.rival),
            "ours alone : theirs alone": f"{self.ours_alone} : {self.rival_alone}",
            "p ": f"{self.sign_p:.3f}",
        }


def spectra_of(n_embd: int, n_block: int, options: Mapping | None = None) -> list[np.ndarray]:
    """Spectra of one network over the seeds, trained as the rules of the predictions say.

    Parameters
    ----------
    n_embd, n_block : int
    options : mapping, optional
        Of :func:`depth_not_data.residual.network.train_student`; the unchanged network by default.
    """
    rules = predictions.rules("scoring")
    training = rules["training"] | dict(options or {})
    runs = sweeps.sweep([n_embd], [n_block], rules["seeds"], progress=False, **training)
    return [run.eigenvalues for run in runs]


def outcomes() -> dict[str, Outcome]:
    """Train, or load, the networks of every prediction; by id, in the order of the file."""
    return {
        p.id: Outcome(p, spectra_of(p.n_embd, p.n_block, p.options))
        for p in predictions.predictions().values()
    }


def table(found: Sequence[Outcome]) -> pd.DataFrame:
    """Set predicted and found gaps and edges of some outcomes beside each other, one a row."""
    marks = {True: "✓", False: "✗ miss", None: ""}
    rows = []
    for o in found:
        p = o.prediction
        edge = "" if p.edge is None else f"{p.edge} / {o.edge:.0f}"
        gaps = [", ".join(map(str, ranks)) or "none" for ranks in (p.gaps, o.gaps)]
        rows.append([o.name, p.what, *gaps, marks[o.hit], edge, marks[o.edge_hit]])
    names = ["id", "intervention", "gaps", "found", "score", "edge / found", "score "]
    return pd.DataFrame(rows, columns=names).set_index("id")


def compare(found: Sequence[Outcome]) -> Comparison:
    """Compare the score of some predictions with shuffled ones and with three lines.

    Parameters
    ----------
    found : sequence of Outcome

    Raises
    ------
    ValueError
        If there is no outcome.
    """
    if not len(found):
        raise ValueError("found must hold at least one outcome, got none")
    chosen, gaps = [o.prediction for o in found], [o.gaps for o in found]
    ours = [o.hit for o in found]
    rival = [predictions.rival_gaps(p) == g for p, g in zip(chosen, gaps, strict=True)]
    early = [hit for p, hit in zip(chosen, ours, strict=True) if p.round < 3]
    shuffled = predictions.shuffled_scores(chosen, gaps)
    alone = sum(a and not b for a, b in zip(ours, rival, strict=True))
    theirs = sum(b and not a for a, b in zip(ours, rival, strict=True))
    return Comparison(
        early=(sum(early), len(early)),
        hits=sum(ours),
        total=len(ours),
        shuffled=shuffled,
        shuffled_p=(1 + int(np.sum(shuffled >= sum(ours)))) / (1 + len(shuffled)),
        rival=sum(rival),
        ours_alone=alone,
        rival_alone=theirs,
        sign_p=sign_test(alone, theirs),
    )


def sign_test(wins: int, losses: int) -> float:
    """Two-sided p-value of a fair coin for `wins` against `losses`, ties left out.

    >>> round(sign_test(12, 3), 4), sign_test(0, 0)
    (0.0352, 1.0)
    """
    return float(binomtest(wins, wins + losses).pvalue) if wins or losses else 1.0
