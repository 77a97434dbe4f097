"""A trained network beside the recursion: agreement, and that a disagreement would show."""

import dataclasses

import numpy as np
import pytest
import torch

from depth_not_data.linear import network, training

WIDTHS = (4, 5, 6, 3)


def problem(seed=0, widths=WIDTHS):
    return network.aligned_problem(widths, rank=2, seed=seed, variance=0.1)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("filled", [None, 1, 2, 3, 4])
def test_network_follows_the_recursion(momentum, filled):
    run = training.follow(problem(), lr=0.02, steps=300, momentum=momentum, filled=filled)
    assert run.deviation.shape == (301,)
    assert run.deviation.max() < 1e-13
    assert np.abs(run.entries[-1] - run.entries[0]).max() > 0.01


def test_directions_without_data_keep_their_value():
    run = training.follow(problem(), lr=0.02, steps=300, filled=2)
    assert np.abs(run.entries[:, :, 2:] - run.entries[0, :, 2:]).max() < 1e-14
    assert np.array_equal(run.recursion[0, 2:], run.recursion[-1, 2:])


def test_a_network_that_does_not_follow_shows():
    start = problem()
    turned = dataclasses.replace(start, target=torch.roll(start.target, 1, dims=1))
    assert training.follow(turned, lr=0.02, steps=300).deviation.max() > 1e-3
    weights = (1.01 * start.weights[0], start.weights[1], start.weights[2] / 1.01)
    unequal = dataclasses.replace(start, weights=weights)
    assert training.follow(unequal, lr=0.02, steps=300).deviation.max() > 1e-3


def test_snapshots_and_what_is_kept():
    run = training.follow(problem(), lr=0.02, steps=20, every=5, keep=(0, 7, 20), decompose=True)
    assert run.times.tolist() == [0, 5, 10, 15, 20]
    assert run.recursion.shape == (5, 3)
    assert run.entries.shape == run.singular_values.shape == (5, 3, 3)
    assert sorted(run.weights) == [0, 7, 20]
    basis = network.in_singular_basis(run.weights[20], run.problem.left, run.problem.right)
    for layer, diagonal in zip(basis, run.entries[-1], strict=True):
        assert np.array_equal(layer.diagonal()[:3].numpy(), diagonal)
    descending = np.sort(run.entries, axis=2)[:, :, ::-1]
    assert np.abs(run.singular_values - descending).max() < 1e-13
    assert training.follow(problem(), lr=0.02, steps=1).singular_values is None


def test_inputs_and_target_belong_together():
    run = training.follow(problem(), lr=0.02, steps=0, filled=2)
    torch.testing.assert_close(run.inputs, run.problem.right[:, :2])
    torch.testing.assert_close(run.target, run.problem.target @ run.inputs)
    whole = training.follow(problem(), lr=0.02, steps=0)
    torch.testing.assert_close(whole.inputs, torch.eye(4, dtype=torch.float64))


def test_the_paper_s_network():
    run = training.paper_run(3, 1, lr=0.05, steps=5)
    expected = network.aligned_problem((16, 32, 32, 10), 5, seed=1)
    assert run.entries.shape == (6, 3, 10)
    assert torch.equal(run.problem.target, expected.target)


@pytest.mark.parametrize(
    ("argument", "value"),
    [("filled", 0), ("filled", 5), ("every", 0), ("keep", (21,)), ("keep", (-1,)), ("steps", -1)],
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=argument):
        training.follow(problem(), **({"lr": 0.1, "steps": 20} | {argument: value}))
