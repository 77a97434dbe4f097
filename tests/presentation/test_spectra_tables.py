"""Tables of spectra: what they count is what was planted."""

import numpy as np
import pandas as pd
import pytest

from depth_not_data.presentation.spectra_tables import compare, landmarks
from depth_not_data.residual.sweeps import Run

RANKS = np.arange(1.0, 301.0)
STEPS = np.select([RANKS <= 5, RANKS <= 12, RANKS <= 40], [8.0, 4.0, 2.0], 1.0) * RANKS**-0.1


def runs(*factors):
    return [Run(3, 1, seed, f * STEPS, np.zeros(2)) for seed, f in enumerate(factors)]


def test_landmarks_are_listed_by_seed():
    table = landmarks(runs(1.0, 2.0))
    assert table["gaps"].tolist() == ["5, 12, 40", "5, 12, 40"]
    assert table["clusters"].tolist() == [2, 2]
    assert table["Λ₁"].tolist() == ["8.00", "16.00"]


def test_a_curve_above_the_seeds_is_seen_as_far_as_it_is():
    values = pd.Series(1.1 * STEPS[:10], index=range(1, 11))
    found = compare(values, runs(0.95, 1.0, 1 / 0.95))
    assert found.mean == pytest.approx(0.1)
    assert found.largest == pytest.approx(0.1)
    assert found.distance == pytest.approx(np.log(1.1))
    assert found.scatter == pytest.approx(-np.log(0.95))
    assert (found.inside, found.count) == (0, 10)
    assert compare(values, runs(0.95, 1.0, 1 / 0.95), error=0.05).inside == 10


def test_ranks_are_those_of_the_index():
    values = pd.Series(STEPS[[3, 99]], index=[4, 100])
    assert compare(values, runs(1.0, 1.0)).distance == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("values", [[], [1.0, 0.0]])
def test_values_that_have_no_logarithm_are_refused(values):
    with pytest.raises(ValueError, match="values must hold"):
        compare(pd.Series(values, index=range(1, len(values) + 1), dtype=float), runs(1.0, 2.0))


def test_one_run_has_no_scatter():
    with pytest.raises(ValueError, match="runs must be two or more, got 1"):
        compare(pd.Series([1.0], index=[1]), runs(1.0))
