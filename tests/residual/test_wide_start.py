"""Exact Hessians of wide blocks at zero output weights."""

import numpy as np
import pytest

from depth_not_data.residual import wide_limit, wide_start


def test_a_wider_layer_is_nearer_to_the_levels(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    levels = wide_limit.levels(4, 1)
    narrow, wide = wide_start.spectra(4, 1, [1, 8], n_samples=1000)
    assert [len(narrow), len(wide)] == [72, 520]
    spread = [np.std(values[:3]) / levels[0].eigenvalue for values in (narrow, wide)]
    assert spread[1] < spread[0]
    assert wide[:3].mean() == pytest.approx(levels[0].eigenvalue, rel=0.15)
    assert narrow.sum() == pytest.approx(wide.sum(), rel=0.15)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="multiples must be integers >= 1"):
        wide_start.spectra(4, 1, [0])
    with pytest.raises(ValueError, match="n_samples must be"):
        wide_start.spectra(4, 1, [1], n_samples=0)
