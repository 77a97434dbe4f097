"""Ranges in which gaps and edges are looked for: a narrower one went unseen."""

import numpy as np
import pytest

from depth_not_data.presentation.predictions import observed_edge
from depth_not_data.spectra import gaps


@pytest.mark.parametrize("last", [110, 140, 199])
def test_a_gap_far_down_in_the_upper_half_is_found(last):
    k = np.arange(1.0, 401.0)
    steps = np.select([k <= 1, k <= 4, k <= last], [8.0, 4.0, 2.0], 1.0)
    assert gaps.landmarks(steps * k**-0.1).gaps == (1, 4, last)


def test_a_gap_behind_the_upper_half_is_not_found():
    k = np.arange(1.0, 401.0)
    steps = np.select([k <= 1, k <= 4, k <= 201], [8.0, 4.0, 2.0], 1.0)
    assert gaps.landmarks(steps * k**-0.1).gaps[2] != 201


@pytest.mark.parametrize("edge", [26, 40, 55])
def test_an_edge_just_beyond_the_clusters_is_found(edge):
    k = np.arange(1.0, 401.0)
    curve = np.where(k <= edge, 3.0, 1.0) * k**-0.5
    assert abs(observed_edge([curve], 10) - edge) <= 1
