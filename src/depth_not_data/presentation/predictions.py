"""The predictions of Part III, written before the runs that test them, and their score.

The predictions are the file ``predictions.yml`` beside this module, with the rules by which they
are judged; its history in the repository shows what was written when.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from depth_not_data import _validation
from depth_not_data.spectra import _ranks, gaps

ROUNDS = ("interventions", "fresh", "last")


@dataclass(frozen=True)
class Prediction:
    """One intervention and what is expected of it.

    Attributes
    ----------
    id, what, reason : str
    round : int
        1, 2 or 3, in the order in which they were written.
    options : dict
        Options of :func:`depth_not_data.residual.network.train_student`.
    gaps : tuple of int
        Ranks, ascending.
    edge : int or None
        Rank, or None where the edge was not predicted.
    seen : bool
        Whether the outcome was known when the prediction was written; it does not count then.
    seen_note : str or None
        For an entry that was first marked as unseen and counted: what had been printed.
    n_embd, n_block : int
    """

    id: str
    what: str
    reason: str
    round: int
    options: dict
    gaps: tuple[int, ...]
    edge: int | None
    seen: bool
    n_embd: int = 10
    n_block: int = 2
    seen_note: str | None = None


@cache
def predictions() -> dict[str, Prediction]:
    """Every prediction by its id, in the order in which they were written.

    >>> predictions()["gain-frozen"].gaps
    (9,)
    """
    found = {}
    for number, name in enumerate(ROUNDS, start=1):
        for entry in _document()[name]:
            ranks = tuple(entry.pop("gaps"))
            found[entry["id"]] = Prediction(round=number, gaps=ranks, **entry)
    return found


def rules(name: str) -> dict:
    """Return the rules for "scoring" knock-outs or for "masses" in function space.

    >>> rules("scoring")["gap_ratio"]
    1.25
    """
    return _document()[_validation.choice("name", name, ("scoring", "masses"))]


def observed_gaps(spectra: Sequence, n_embd: int) -> tuple[int, ...]:
    """Ranks up to N^2 / 2 at which the median ratio of neighbours is a gap.

    Parameters
    ----------
    spectra : sequence of array_like
        One spectrum for each seed, each descending and positive up to rank N^2 / 2 + 1.
    n_embd : int
        Width N >= 2.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If there is no spectrum, or one is too short, not descending or not positive.

    Examples
    --------
    A gap that only one of three seeds has does not count:

    >>> observed_gaps([[9.0, 3.0, 2.9], [9.0, 3.0, 2.9], [9.0, 3.0, 1.0]], 2)
    (1,)
    """
    return tuple(int(k) for k in gaps.wide_gaps(median_ratios(spectra, n_embd)))


def median_ratios(spectra: Sequence, n_embd: int) -> np.ndarray:
    """Median over seeds of each ratio of neighbours, ranks 1 to N^2 / 2.

    Arguments and errors as for :func:`observed_gaps`; shape (N^2 // 2,).
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    last = n_embd**2 // 2 + 1
    return np.median([gaps.neighbour_ratios(s[:last]) for s in _read(spectra, last)], axis=0)


def observed_edge(spectra: Sequence, n_embd: int) -> float:
    """Median over seeds of the rank of the steepest fall beyond rank 2 N.

    Parameters
    ----------
    spectra : sequence of array_like
        One whole spectrum for each seed, descending.
    n_embd : int
        Width N >= 2.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there is no spectrum, or one of them is too short or not descending.
    """
    n_embd = _validation.integer("n_embd", n_embd, minimum=2)
    first = 2 * n_embd + 1
    ranks = []
    for index, spectrum in enumerate(_read(spectra, first)):
        last = min(len(spectrum) // 2, int(np.sum(spectrum > 0)))
        try:
            ranks.append(gaps.steepest_rank(spectrum, first=first, last=last))
        except ValueError as error:
            raise ValueError(
                f"spectra[{index}] must be long enough for an edge beyond rank {first - 1}, "
                f"got {len(spectrum)} eigenvalues"
            ) from error
    return float(np.median(ranks))


def cluster_masses(functions) -> tuple[float, float, float]:
    """Shares of the predicted kinds in the three groups of one student's eigenvectors.

    Parameters
    ----------
    functions : depth_not_data.residual.eigenfunctions.Eigenfunctions

    Returns
    -------
    tuple of float
        Constants in ranks 1 to N - 1; linear maps of the mean-free input in ranks N to 2(N - 1);
        constants and linear maps from there to N^2. Means over the eigenvectors.
    """
    n, kinds = functions.n_embd, functions.kinds
    affine = kinds["constant"] + kinds["linear, mean-free"] + kinds["linear, mean"]
    return (
        float(np.mean(kinds["constant"][: n - 1])),
        float(np.mean(kinds["linear, mean-free"][n - 1 : 2 * (n - 1)])),
        float(np.mean(affine[2 * (n - 1) : n**2])),
    )


def gaps_hit(prediction: Prediction, observed: Sequence[int]) -> bool:
    """Whether the observed gaps are exactly the predicted ones.

    >>> gaps_hit(predictions()["gain-frozen"], (9,)), gaps_hit(predictions()["gain-frozen"], ())
    (True, False)
    """
    return tuple(observed) == prediction.gaps


def rival_gaps(prediction: Prediction) -> tuple[int, ...]:
    """Gaps by a rule of three lines that knows neither levels nor activations nor inputs.

    N - 1 constants if the output's mean is subtracted, else N; a second gap N - 1 ranks further if
    there is a gain behind the block. Of several readings of these lines it is one that scores best.

    >>> rival_gaps(predictions()["rms-15"]), rival_gaps(predictions()["gain-frozen"])
    ((15, 29), (9,))
    """
    n, options = prediction.n_embd, prediction.options
    norm, post = options.get("norm", "layer"), options.get("placement", "post") == "post"
    first = n - 1 if post and norm != "rms" else n
    gain = post and norm != "layer-plain" and "gain" not in options.get("frozen", ())
    return (first, first + n - 1) if gain else (first,)


def shuffled_scores(
    chosen: Sequence[Prediction],
    observed: Sequence[Sequence[int]],
    *,
    shuffles: int = 10_000,
    seed: int = 0,
) -> np.ndarray:
    """Hits when each intervention is given the prediction of another one, drawn at random.

    Predictions change places among interventions of equal width only: at another width a set of
    ranks is wrong for a trivial reason.

    Parameters
    ----------
    chosen : sequence of Prediction
    observed : sequence of sequence of int
        The gaps of each, in the same order.
    shuffles, seed : int
        Number of permutations >= 1, and seed >= 0.

    Returns
    -------
    numpy.ndarray, int, shape (shuffles,)

    Raises
    ------
    ValueError
        If the lengths differ or a number is outside its range.

    Examples
    --------
    >>> two = [predictions()[name] for name in ("gain-frozen", "rotated")]
    >>> sorted(set(shuffled_scores(two, [(9,), (9, 18)]).tolist()))
    [0, 2]
    """
    shuffles = _validation.integer("shuffles", shuffles, minimum=1)
    seed = _validation.integer("seed", seed, minimum=0)
    if len(chosen) != len(observed):
        raise ValueError(f"observed must have {len(chosen)} entries, got {len(observed)}")
    hits = np.array([[gaps_hit(p, ranks) for ranks in observed] for p in chosen]).astype(int)
    widths = np.array([p.n_embd for p in chosen])
    groups = [np.flatnonzero(widths == width) for width in np.unique(widths)]
    rng = np.random.default_rng(seed)
    scores = np.zeros(shuffles, dtype=int)
    for k in range(shuffles):
        scores[k] = sum(hits[group, rng.permutation(group)].sum() for group in groups)
    return scores


def edge_hit(prediction: Prediction, observed: float) -> bool | None:
    """Whether the observed edge is within the rule's tolerance; None without a prediction.

    >>> edge_hit(predictions()["gain-frozen"], 103), edge_hit(predictions()["gain-frozen"], 104)
    (True, False)
    """
    if prediction.edge is None:
        return None
    tolerance = rules("scoring")["edge_tolerance"] * prediction.n_embd
    return bool(abs(observed - prediction.edge) <= tolerance)


def _read(spectra, last):
    """Return spectra that are positive and descending down to rank `last`, as arrays."""
    if not isinstance(spectra, Collection) or not len(spectra):
        raise ValueError(f"spectra must hold at least one spectrum, got {spectra!r}")
    arrays = [_ranks.descending(f"spectra[{i}]", s) for i, s in enumerate(spectra)]
    for i, array in enumerate(arrays):
        if len(array) < last:
            raise ValueError(f"spectra[{i}] must have {last} entries, got {len(array)}")
        _ranks.positive(f"spectra[{i}]", array, 1, last)
    return arrays


def _document():
    return yaml.safe_load(
        (files("depth_not_data.presentation") / "predictions.yml").read_text("utf-8")
    )
