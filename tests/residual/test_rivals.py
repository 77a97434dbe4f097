"""The rivals of the blog's network."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from depth_not_data.residual import hessian as residual_hessian
from depth_not_data.residual.hessian import largest_eigenvalues
from depth_not_data.residual.network import train_student
from depth_not_data.residual.rivals import (
    ACTIVATIONS,
    INITIALISATIONS,
    PLACEMENTS,
    RivalNetwork,
    rival_sweep,
    spectrum,
    train_rival,
)
from depth_not_data.spectra import autograd


def network(n_embd=6, n_block=3, seed=0, **options):
    return RivalNetwork(n_embd, n_block, generator=torch.Generator().manual_seed(seed), **options)


def test_the_default_is_the_network_of_the_other_candidates():
    theirs = train_student(3, 2, seed=4, steps=30, n_samples=40)
    ours = train_rival(3, 2, seed=4, steps=30, n_samples=40)
    torch.testing.assert_close(ours.inputs, theirs.inputs, rtol=0, atol=0)
    np.testing.assert_allclose(ours.loss_history, theirs.loss_history, rtol=1e-9)
    expected = autograd.eigenvalues(residual_hessian.hessian(theirs))
    assert np.max(np.abs(spectrum(ours) - expected)) < 1e-8 * expected[0]


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_spectrum_is_that_of_the_row_by_row_hessian(placement, activation):
    student = train_rival(
        3, 2, seed=1, steps=5, n_samples=30, placement=placement, activation=activation
    )
    names, values = zip(*student.model.named_parameters(), strict=True)

    def loss(parameters):
        weights = dict(zip(names, parameters, strict=True))
        outputs = torch.func.functional_call(student.model, weights, (student.inputs,))
        return functional.mse_loss(outputs, student.targets)

    expected = autograd.eigenvalues(autograd.dense_hessian(loss, [p.detach() for p in values]))
    np.testing.assert_allclose(spectrum(student), expected, rtol=0, atol=1e-13 * expected[0])


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_rival_has_the_published_number_of_parameters(placement):
    count = sum(p.numel() for p in network(10, 2, placement=placement).parameters())
    assert count == 1640


@pytest.mark.parametrize("placement", PLACEMENTS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_forward_pass_is_the_one_written_in_its_docstring(placement, activation):
    rival = network(placement=placement, activation=activation)
    with torch.no_grad():
        for p in rival.parameters():
            p += 0.1 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1)).double()
    h = torch.randn(7, 6, generator=torch.Generator().manual_seed(2), dtype=torch.float64)

    def norm(index, x):
        module = rival.norms[index]
        y = (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, correction=0, keepdim=True) + 1e-5)
        return module.gain * y + module.bias

    expected = norm(0, h) if placement == "ends" else h
    for b in range(3):
        change = ACTIVATIONS[activation](expected @ rival.w1[b].T) @ rival.w2[b].T
        expected = {
            "post": lambda h, c, b=b: norm(b, h + c),
            "branch": lambda h, c, b=b: h + norm(b, c),
            "ends": lambda h, c: h + c,
        }[placement](expected, change)
    expected = norm(1, expected) if placement == "ends" else expected
    torch.testing.assert_close(rival(h), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_the_weights_have_the_spread_of_their_initialisation(initialisation):
    rival = network(200, 3, initialisation=initialisation)
    w1, w2 = {
        "pytorch": (1 / math.sqrt(600), 1 / math.sqrt(2400)),
        "lecun": (1 / math.sqrt(200), 1 / math.sqrt(800)),
        "he": (0.1, 0.05),
        "xavier": (math.sqrt(2 / 1000), math.sqrt(2 / 1000)),
        "gpt": (0.02, 0.02 / math.sqrt(3)),
    }[initialisation]
    # Of 160,000 draws the standard deviation is known to 0.2%.
    assert abs(rival.w1[0].std().item() / w1 - 1) < 0.01
    assert abs(rival.w2[0].std().item() / w2 - 1) < 0.01


def test_torch_calls_the_first_three_the_same():
    generator = torch.Generator().manual_seed(0)
    weights = torch.empty(800, 200, dtype=torch.float64)
    for name, draw in (("he", nn.init.kaiming_normal_), ("xavier", nn.init.xavier_normal_)):
        draw(weights, generator=generator)
        expected = INITIALISATIONS[name](200, 800, 1, False)
        assert abs(weights.std().item() / expected - 1) < 0.01
    linear = nn.Linear(200, 800).weight
    assert abs(linear.std().item() / INITIALISATIONS["pytorch"](200, 800, 1, False) - 1) < 0.01


def test_the_scale_of_w2_scales_w2_alone():
    once, twice = network(), network(w2_scale=2.0)
    for a, b in zip(once.w1, twice.w1, strict=True):
        assert torch.equal(a, b)
    for a, b in zip(once.w2, twice.w2, strict=True):
        torch.testing.assert_close(2 * a, b, rtol=1e-14, atol=0)


def test_uniform_inputs_have_the_variance_of_gaussian_ones():
    x = train_rival(5, 1, seed=0, steps=0, n_samples=40_000, inputs="uniform").inputs
    assert x.abs().max().item() <= math.sqrt(3)
    assert abs(x.var().item() - 1) < 0.01


def test_weight_decay_is_decoupled():
    plain = train_rival(3, 1, seed=0, steps=1, n_samples=20)
    decayed = train_rival(3, 1, seed=0, steps=1, n_samples=20, weight_decay=0.5)
    start = train_rival(3, 1, seed=0, steps=0, n_samples=20)
    for p, q, at in zip(*(s.model.parameters() for s in (plain, decayed, start)), strict=True):
        torch.testing.assert_close(q, p - 1e-3 * 0.5 * at, rtol=1e-9, atol=1e-12)


def test_a_sweep_stores_spectra_whole_or_their_largest(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    options = {"steps": 5, "n_samples": 20, "placement": "ends", "n_jobs": 1}
    whole = rival_sweep(3, 1, [0, 1], **options)
    largest = rival_sweep(3, 1, [0, 1], count=4, **options)
    assert [run.seed for run in whole] == [0, 1]
    for a, b in zip(whole, largest, strict=True):
        assert len(a.eigenvalues) == 84  # 8 N^2 D + 4 N
        np.testing.assert_allclose(b.eigenvalues, a.eigenvalues[:4], rtol=1e-9)
    assert rival_sweep(3, 1, [0], **options)[0].eigenvalues[0] == whole[0].eigenvalues[0]
    assert largest_eigenvalues(train_rival(3, 1, seed=0, steps=5, n_samples=20), 2).size == 2


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"n_embd": 1}, "n_embd"),
        ({"n_block": 0}, "n_block"),
        ({"placement": "pre"}, "placement"),
        ({"activation": "cube"}, "activation"),
        ({"initialisation": "zero"}, "initialisation"),
        ({"w2_scale": -1.0}, "w2_scale"),
        ({"inputs": "binary"}, "inputs"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"steps": -1}, "steps"),
        ({"n_samples": 0}, "n_samples"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_input_is_named(options, name):
    arguments = {"n_embd": 3, "n_block": 1, "seed": 0, "steps": 1, "n_samples": 5} | options
    with pytest.raises(ValueError, match=name):
        train_rival(arguments.pop("n_embd"), arguments.pop("n_block"), **arguments)


def test_a_default_spelt_out_is_the_same_rival(tmp_path, monkeypatch):
    monkeypatch.setenv("DEPTH_NOT_DATA_CACHE", str(tmp_path))
    options = {"steps": 2, "n_samples": 5, "n_jobs": 1}
    rival_sweep(3, 1, [0], **options)
    rival_sweep(3, 1, [0], placement="post", w2_scale=1.0, weight_decay=0.0, **options)
    assert len(list(tmp_path.rglob("*.run"))) == 1
    rival_sweep(3, 1, [0], placement="ends", **options)
    assert len(list(tmp_path.rglob("*.run"))) == 2


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ((1, 1, [0]), "n_embd"),
        (("3", 1, [0]), "n_embd"),
        ((3, 0, [0]), "n_block"),
        ((3, 1, [-1]), "seeds"),
        ((3, 1, 0), "seeds"),
    ],
    ids=str,
)
def test_bad_cases_of_a_sweep_are_named(arguments, name):
    with pytest.raises(ValueError, match=f"{name} must be"):
        rival_sweep(*arguments, n_jobs=1, steps=0, n_samples=5)
    with pytest.raises(ValueError, match="count must be"):
        rival_sweep(3, 1, [0], count=0, n_jobs=1, steps=0, n_samples=5)
