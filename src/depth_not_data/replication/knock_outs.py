"""The knock-outs and the networks that nobody had looked at, on fresh seeds."""

import numpy as np

from depth_not_data.presentation import knock_outs, new_networks, predictions
from depth_not_data.residual import relatives_training, sweeps

UNSEEN = [p for p in predictions.predictions().values() if not p.seen]
NETWORKS = list(new_networks.networks().values())
NEW = [n for n in NETWORKS if not n.seen]


def knocked_out(name: str, seed: int) -> dict:
    """Gaps of one knocked-out network, by the rule of the predictions."""
    p = predictions.predictions()[name]
    options = predictions.rules("scoring")["training"] | p.options
    [run] = sweeps.sweep([p.n_embd], [p.n_block], [seed], n_jobs=1, progress=False, **options)
    return {"gaps": predictions.observed_gaps([run.eigenvalues], p.n_embd)}


def relative(name: str, seed: int) -> dict:
    """Gaps, levels, shares of the gain and residuals of one of the new networks."""
    n = new_networks.networks()[name]
    options = {"count": n.last + 1, "task": n.task, "n_jobs": 1, **n.options}
    [run] = relatives_training.relative_sweep(n.n_embd, n.n_block, [seed], **options)
    outcome = new_networks.Outcome(n, [run])
    found = {"gaps": outcome.gaps, "levels": outcome.level_hits, "ratios": outcome.ratios}
    if name == "shared-gain-deep":
        gain = run.shares["gain"]
        found["gain"] = [gain[:7].mean(), gain[7:14].mean()]
    return found | {"residual": [run.residuals.max() / run.eigenvalues[0]]}


def hit_share(rounds: tuple[int, ...], *found: dict) -> float:
    """Share of hits among the unseen knock-outs of some rounds."""
    pairs = zip(UNSEEN, found, strict=True)
    hits = [predictions.gaps_hit(p, v["gaps"]) for p, v in pairs if p.round in rounds]
    return float(np.mean(hits))


def against_rivals(*found: dict) -> list[float]:
    """Shares of shuffles, and sign test against the rule of three lines, as E27 takes them."""
    observed = [tuple(v["gaps"]) for v in found]
    ours = [predictions.gaps_hit(p, g) for p, g in zip(UNSEEN, observed, strict=True)]
    theirs = [predictions.rival_gaps(p) == g for p, g in zip(UNSEEN, observed, strict=True)]
    shuffled = predictions.shuffled_scores(UNSEEN, observed)
    share = (1 + np.sum(shuffled >= sum(ours))) / (1 + len(shuffled))
    wins = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    losses = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    return [float(share), knock_outs.sign_test(wins, losses)]


def new_hits(*found: dict) -> float:
    """Share of hits among the new networks."""
    return float(np.mean([n.gaps == tuple(v["gaps"]) for n, v in zip(NEW, found, strict=True)]))


def new_against_rivals(*found: dict) -> list[float]:
    """Hits less those of the three lines, and share of shuffles with fewer, as E61 takes them."""
    observed = [tuple(v["gaps"]) for v in found]
    ours = sum(n.gaps == g for n, g in zip(NEW, observed, strict=True))
    theirs = sum(n.rival == g for n, g in zip(NEW, observed, strict=True))
    return [ours - theirs, float(np.mean(predictions.shuffled_scores(NEW, observed) < ours))]


def new_levels(*found: dict) -> float:
    """Share of the predicted levels that are found within their tolerance."""
    return float(np.mean([hit for values in found for hit in values["levels"]]))


def two_hessians(batch: dict, held: dict) -> list[int]:
    """Count gaps with batch statistics; the two gaps with them held, zeros if not two."""
    pair = held["gaps"] if len(held["gaps"]) == 2 else (0, 0)
    return [len(batch["gaps"]), *pair]


def letters(values: dict) -> list[float]:
    """Ratio at rank 26 of the language model, and its largest relative residual."""
    return [values["ratios"][25], values["residual"][0]]
