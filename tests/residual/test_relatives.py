"""Relatives of the toy network against what they replace, and their spectra against dense ones."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from depth_not_data.residual import heads, network, relatives
from depth_not_data.residual import relatives_training as training
from depth_not_data.spectra import autograd

SMALL = training.Task(n_samples=30, steps=3)


def _relative(n_embd, n_block, **options):
    generator = torch.Generator().manual_seed(1)
    return relatives.Relative(n_embd, n_block, generator=generator, **options)


def _inputs(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_unchanged_options_give_the_toy_network():
    toy = network.ResidualNetwork(4, 2, generator=torch.Generator().manual_seed(1))
    x = _inputs(7, 4)
    torch.testing.assert_close(_relative(4, 2)(x), toy(x))


def test_norms_are_those_of_torch():
    h = _inputs(9, 6) * 3 + 1
    group = functional.group_norm(h, 3, eps=relatives.EPSILON)
    batch = functional.batch_norm(h, None, None, training=True, eps=relatives.EPSILON)
    torch.testing.assert_close(relatives.Norm(6, "group", 3)(h), group)
    torch.testing.assert_close(relatives.Norm(6, "batch")(h), batch)


def test_attention_is_that_of_torch():
    generator = torch.Generator().manual_seed(3)
    ours, h = relatives.Attention(4, generator, causal=False), _inputs(2, 5, 4)
    theirs = nn.MultiheadAttention(4, 1, bias=False, batch_first=True, dtype=torch.float64)
    theirs.in_proj_weight.data = torch.cat([ours.query, ours.key, ours.value])
    theirs.out_proj.weight.data = ours.output
    torch.testing.assert_close(ours(h), theirs(h, h, h, need_weights=False)[0])


def test_causal_attention_does_not_see_what_follows():
    ours = relatives.Attention(4, torch.Generator().manual_seed(3), causal=True)
    h = _inputs(2, 5, 4)
    later = h.clone()
    later[:, 3:] += 1
    torch.testing.assert_close(ours(h)[:, :3], ours(later)[:, :3])
    assert (ours(h)[:, 3:] - ours(later)[:, 3:]).abs().min() > 1e-6


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"shared": "gain"}, 2 * (8 * 16 + 4) + 4),
        ({"shared": "all"}, 8 * 16 + 8),
        ({"block": "transformer"}, 2 * (12 * 16 + 16)),
        ({"placement": "pre-final"}, 2 * (8 * 16 + 8) + 8),
        ({"n_in": 5, "n_out": 3}, 2 * (8 * 16 + 8) + 20 + 15),
    ],
)
def test_number_of_parameters(options, count):
    assert sum(p.numel() for p in _relative(4, 2, **options).parameters()) == count


def test_fixed_statistics_change_derivatives_and_no_outputs():
    model, x = _relative(4, 2, norm="batch"), _inputs(20, 4)
    before = model(x)
    model.fix_statistics(x)
    torch.testing.assert_close(model(x), before)
    shifted = model(x + 1) - before
    assert shifted.abs().min() > 1e-6


def test_dropout_in_training_only():
    model, x = _relative(4, 1, dropout=0.5), _inputs(6, 4)
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize(
    ("name", "value"),
    [("block", "mlp"), ("norm", "none"), ("placement", "end"), ("shared", "w1"), ("n_groups", 3)],
)
def test_refusals(name, value):
    with pytest.raises(ValueError, match=name):
        _relative(4, 1, **{name: value})


@pytest.mark.parametrize("options", [{}, {"shared": "gain"}, {"norm": "batch"}, {"n_out": 2}])
def test_leading_pairs_are_those_of_the_dense_hessian(options):
    trained = training.train(3, 2, seed=0, task=SMALL, **options)
    whole = training.whole_spectrum(trained)
    named = dict(trained.model.named_parameters())
    values, residuals, shares = training.leading_pairs(trained.loss(), named, 5)
    np.testing.assert_allclose(values, whole[:5], rtol=1e-8)
    assert residuals.max() < 1e-9 * values[0]
    np.testing.assert_allclose(sum(shares.values()), 1.0)


def test_cross_entropy_of_own_probabilities_has_no_gradient():
    task = training.Task(n_samples=30, steps=0, loss="cross-entropy")
    trained = training.train(3, 1, seed=0, task=task, n_out=3)
    with torch.no_grad():
        own = trained.model(trained.inputs).softmax(-1)
    loss = training._loss(task, trained.model(trained.inputs), own)
    gradient = autograd.derivatives("loss", loss, list(trained.model.parameters()))
    assert max(g.abs().max().item() for g in gradient) < 1e-12


def test_digits_are_whitened_and_letters_followed_by_the_next():
    task = training.Task(inputs="digits", n_samples=1797)
    inputs, labels = training._data(task, 5, torch.Generator())
    np.testing.assert_allclose(inputs.T @ inputs / 1797, np.eye(5), atol=1e-10)
    assert labels.shape == (1797, 10)
    task = training.Task(inputs="text", n_tokens=6, n_samples=4)
    inputs, following = training._data(task, 33, torch.Generator().manual_seed(0))
    assert inputs.shape == (4, 6, 33)
    assert torch.equal(inputs[:, 1:, :27], following[:, :-1])


def test_a_head_spreads_constants_as_its_singular_values():
    n, curvature = 6, np.eye(2)
    rng = np.random.default_rng(4)
    head = rng.uniform(-1 / np.sqrt(n), 1 / np.sqrt(n), (2, n))
    head -= head.mean(axis=1, keepdims=True)
    wanted = 1 + (1 + heads.RELU_CONSTANT * n) * np.linalg.svd(head)[1] ** 2
    found = heads.levels(n, 1, curvature, norms=1, seed=4)
    assert len(found) == 2 * (2 * n + 1)
    assert all(np.abs(found - w).min() < 1e-12 for w in wanted)


def test_a_softmax_takes_one_constant():
    curvature = (np.eye(3) - 1 / 3) / 3
    found = heads.levels(6, 1, curvature, norms=1, seed=0)
    assert np.sum(found > 1e-10) == 2 + 2 * 5
