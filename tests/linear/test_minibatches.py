import numpy as np
import pytest
import torch

from depth_not_data.linear import growing_steps, least_squares, minibatches, network


def data(samples=40):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(4, samples))
    inputs -= inputs.mean(axis=1, keepdims=True)
    root = np.linalg.cholesky(inputs @ inputs.T / samples)
    inputs = np.linalg.solve(root, inputs)
    return inputs, np.diag([3.0, 2.0, 1.0]) @ inputs[:3] + 0.1 * rng.normal(size=(3, samples)) + 5


OPTIONS = {"seeds": [0, 1], "excess": 1e-4, "lr": 0.01}


@pytest.mark.parametrize("batch", [None, 10])
def test_every_seed_arrives(batch):
    inputs, targets = data()
    _, cross = least_squares.moments(inputs, targets)
    for first, last in minibatches.train(inputs, targets, 2, batch=batch, **OPTIONS):
        wrong = ((last @ first - cross) ** 2).sum() / (cross**2).sum()
        assert 0 < wrong <= 1e-4


def test_batches_leave_another_trace_than_all_samples_and_are_drawn_once():
    inputs, targets = data()
    full, again, batches = (
        minibatches.train(inputs, targets, 2, batch=b, **OPTIONS)[0][0] for b in (None, None, 10)
    )
    np.testing.assert_array_equal(full, again)
    assert np.abs(full - batches).max() > 1e-4


def test_every_layer_descends_as_torch_says():
    inputs, targets = data()
    second, cross = least_squares.moments(inputs, targets)
    start = growing_steps.balanced_start(second, cross, 3, seed=4)
    target = torch.from_numpy(cross)
    # The second look of the helper at its loss is after 20 updates.
    path = network.gradient_descent(map(torch.from_numpy, start), target, lr=0.01, steps=20)
    weights = dict(path)[20]
    share = 2 * network.loss(weights, target).item() / (cross**2).sum()
    options = {"seeds": [4], "batch": None, "lr": 0.01, "excess": share * (1 + 1e-9)}
    [found] = minibatches.train(inputs, targets, 3, **options)
    for layer, wanted in zip(found, weights, strict=True):
        np.testing.assert_allclose(layer, wanted.numpy(), rtol=0, atol=1e-12)


def test_each_network_is_taken_when_it_arrives():
    inputs, targets = data()
    options = {**OPTIONS, "excess": 1e-3, "lr": 0.005, "batch": None}
    together = minibatches.train(inputs, targets, 3, **options | {"seeds": [0, 1, 2, 3]})
    for seed, found in enumerate(together):
        [alone] = minibatches.train(inputs, targets, 3, **options | {"seeds": [seed]})
        for layer, wanted in zip(found, alone, strict=True):
            np.testing.assert_allclose(layer, wanted, rtol=0, atol=1e-12)


def test_a_batch_of_all_samples_in_the_mean_is_the_full_gradient():
    # Of two equal samples it does not matter which is drawn: every batch has the full gradient.
    inputs, targets = np.ones((1, 2)), np.full((1, 2), 3.0)
    inputs[0, 1] = -1.0
    targets[0, 1] = -3.0
    options = {"seeds": [0], "excess": 1e-4, "lr": 0.1}
    for batch in (1, 3):
        [[found]] = minibatches.train(inputs, targets, 1, batch=batch, **options)
        [[wanted]] = minibatches.train(inputs, targets, 1, batch=None, **options)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 0}, "batch must be"),
        ({"excess": 0}, "excess must be"),
        ({"lr": np.nan}, "lr must be"),
        ({"steps": 1}, "steps must be enough"),
        ({"depth": 0}, "depth must be"),
        ({"inputs": 2 * data()[0]}, "inputs must be whitened"),
    ],
)
def test_bad_arguments(change, message):
    inputs, targets = data()
    options = {"inputs": inputs, "targets": targets, "depth": 2, "batch": None, **OPTIONS}
    with pytest.raises(ValueError, match=message):
        minibatches.train(**{**options, **change})
