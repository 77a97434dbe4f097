"""With the chapters' seeds an experiment gives the chapters' numbers."""

import json
from pathlib import Path

import numpy as np
import pytest
import seeds

from depth_not_data.presentation import claims
from depth_not_data.replication.registry import CLAIMS, EXPERIMENTS

ROOT = Path(__file__).parents[2]
# Seeds of the chapter, and how it takes several together: those that are drawn by one seed.
CASES = {
    "E24": (range(5), np.sum),
    "T12": (range(5), lambda values, axis: np.ceil(100 * np.max(values, axis=axis)) / 100),
    "T13": (range(1), np.max),
    "T53": (range(10), np.median),
    "T55": (range(1), np.max),
}


def recorded(claim_id):
    path = ROOT / f"{claims.get(claim_id).chapter}.ipynb"
    found = {r["id"]: r["measured"] for r in claims.records(json.loads(path.read_text("utf-8")))}
    return found[claim_id]


@pytest.mark.parametrize("claim_id", CASES)
def test_the_chapters_seeds_give_the_chapters_number(claim_id):
    chosen, together = CASES[claim_id]
    replica = CLAIMS[claim_id]
    runs = [[seeds.one(EXPERIMENTS[name], seed) for name in replica.needs] for seed in chosen]
    measured = [np.atleast_1d(replica.measured(*(r["values"] for r in row))) for row in runs]
    assert together(np.array(measured, dtype=float), axis=0) == pytest.approx(
        recorded(claim_id), rel=1e-6
    )
