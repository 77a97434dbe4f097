"""The four halves of LayerNorm: against torch, against the levels, against the theorems."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from depth_not_data.residual import two_by_two, wide_limit
from depth_not_data.spectra import autograd


def draw(shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def test_both_halves_are_torchs_layer_norm():
    h = draw((6, 5))
    torch.testing.assert_close(
        two_by_two.normalised(h, "LayerNorm"), functional.layer_norm(h, (5,))
    )
    torch.testing.assert_close(
        two_by_two.normalised(h, "RMSNorm"), functional.rms_norm(h, (5,), eps=1e-5)
    )
    torch.testing.assert_close(two_by_two.normalised(h, "centring"), h - h.mean(1, keepdim=True))
    assert two_by_two.normalised(h, "nothing") is h


def test_start_is_pytorchs_default():
    parameters = two_by_two.draw(10, 2, torch.Generator().manual_seed(0))
    assert [tuple(p.shape) for p in parameters] == [(40, 10), (10, 40), (10,), (10,)] * 2
    assert 0.31 < parameters[0].abs().max() <= 10**-0.5
    assert 0.15 < parameters[1].abs().max() <= 40**-0.5


@pytest.mark.parametrize("cell", two_by_two.CELLS)
def test_clusters_at_the_start_have_the_levels(cell, monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    subtract, divide = two_by_two.CELLS[cell]
    values = two_by_two.start_spectra(5, 2, [0], cell, n_samples=1000)[0]
    start = 0
    for level in wide_limit.levels(5, 2, subtract=subtract, divide=divide)[:2]:
        found = values[start : start + level.count].mean()
        assert found == pytest.approx(level.eigenvalue, rel=0.25), level.functions
        start += level.count


@pytest.mark.parametrize("cell", two_by_two.CELLS)
@pytest.mark.parametrize("start", [0, 1])
def test_the_spectrum_is_that_of_the_row_by_row_hessian(cell, start):
    parameters = two_by_two.draw(4, 2, torch.Generator().manual_seed(0))
    free = parameters if start == 0 else [p for k, p in enumerate(parameters) if k % 4]
    x, y = draw((30, 4)), draw((30, 4), seed=1)

    def loss(values):
        moved = dict(zip(free, values, strict=True))
        return functional.mse_loss(
            two_by_two.outputs([moved.get(p, p) for p in parameters], x, cell), y
        )

    expected = autograd.eigenvalues(autograd.dense_hessian(loss, free))
    found = two_by_two.spectrum(parameters, free, x, y, cell)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13 * expected[0])


def test_training_lowers_the_loss_and_is_stored(monkeypatch, tmp_path):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    options = {"steps": 20, "n_samples": 30}
    first = two_by_two.trained_spectra(3, 1, [0, 1], "centring", **options)
    again = two_by_two.trained_spectra(3, 1, [0, 1], "centring", **options)
    assert [len(v) for v in first] == [78, 78]
    np.testing.assert_array_equal(first, again)
    untrained = two_by_two.trained_spectra(3, 1, [0], "centring", steps=0, n_samples=30)
    assert not np.allclose(untrained[0], first[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: two_by_two.normalised(draw(3), "batch"), "cell must be one of"),
        (lambda: two_by_two.trained_spectra(3, 1, [0], "batch"), "cell must be one of"),
        (
            lambda: two_by_two.trained_spectra(1, 1, [0], "RMSNorm"),
            "n_embd must be an integer >= 2",
        ),
        (lambda: two_by_two.trained_spectra(3, 1, [0], "RMSNorm", lr=0), "lr must be"),
        (lambda: two_by_two.start_spectra(3, 1, [0], "RMSNorm", n_samples=0), "n_samples must be"),
        (lambda: two_by_two.draw(3, 0, torch.Generator()), "n_block must be an integer >= 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
