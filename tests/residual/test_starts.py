"""Spectra at the start, stored."""

import numpy as np
import pytest

from depth_not_data.residual import hessian, network, stored_runs
from depth_not_data.residual.starts import _largest, start_spectra
from depth_not_data.spectra import autograd


def test_they_are_the_largest_of_the_dense_hessian_and_are_stored(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    monkeypatch.setenv("DEPTH_NOT_DATA_SHIPPED_RUNS", str(tmp_path))
    found = start_spectra([(3, 2, 0, 4), (4, 1, 5, 7)], n_jobs=1)
    for values, (n, d, seed) in zip(found, [(3, 2, 0), (4, 1, 5)], strict=True):
        dense = autograd.eigenvalues(
            hessian.hessian(network.zero_residual_student(n, d, seed=seed))
        )
        np.testing.assert_allclose(values, dense[: len(values)], rtol=0, atol=1e-13 * dense[0])
    assert [len(values) for values in found] == [4, 7]
    assert len([*stored_runs.entries(_largest)]) == 2
    monkeypatch.setattr(hessian, "largest_eigenvalues", None)  # not computed again
    np.testing.assert_array_equal(start_spectra([(4, 1, 5, 7)], n_jobs=1)[0], found[1])


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ((1, 1, 0, 1), "n_embd must be an integer >= 2"),
        ((3, 0, 0, 1), "n_block must be an integer >= 1"),
        ((3, 1, -1, 1), "seed must be an integer >= 0"),
        ((3, 1, 0, 0), "count must be an integer >= 1"),
    ],
)
def test_bad_cases_are_named(case, message):
    with pytest.raises(ValueError, match=message):
        start_spectra([case])
