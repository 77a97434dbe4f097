"""Heavy-ball momentum in the recursion, against torch and against closed forms."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion

SETTING = {"lr": 0.01, "steps": 300}


def deviation(momentum_of_recursion, depth=3, weights=None):
    """Largest distance between torch with momentum 0.9 and diag(recursion), any layer, any step."""
    problem = linear_network.aligned_problem((6, *[8] * (depth - 1), 5), rank=2, seed=1)
    path = recursion.trajectory(
        problem.layer_singular_values.numpy(),
        problem.target_singular_values.numpy(),
        depth,
        **SETTING,
        momentum=momentum_of_recursion,
    )
    run = linear_network.gradient_descent(
        weights or problem.weights, problem.target, **SETTING, momentum=0.9
    )
    worst = 0.0
    for t, snapshot in run:
        rotated = linear_network.in_singular_basis(snapshot, problem.left, problem.right)
        for layer in rotated:
            expected = torch.zeros_like(layer)
            expected.diagonal()[: path.shape[1]] = torch.from_numpy(path[t])
            worst = max(worst, (layer - expected).abs().max().item())
    return worst


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_balanced_network_follows_the_recursion(depth):
    assert deviation(0.9, depth) < 1e-12


def test_another_momentum_is_seen():
    assert deviation(0.89) > 1e-4
    assert deviation(0.0) > 1e-2


def test_an_unbalanced_start_is_seen():
    problem = linear_network.aligned_problem((6, 8, 8, 5), rank=2, seed=1)
    first, *others = problem.weights
    assert deviation(0.9, weights=(1.01 * first, *others)) > 1e-3


def test_without_momentum_it_iterates_step():
    lam = np.array([0.3, 0.8])
    path = recursion.trajectory(lam, [1.0, 0.0], 3, 0.05, 4)
    for row in path:
        np.testing.assert_array_equal(row, lam)
        lam = recursion.step(lam, [1.0, 0.0], 3, 0.05)


def test_heavy_ball_is_a_plain_step_of_the_extrapolated_point():
    # y = lam + beta / (1 - beta) (lam - previous lam) moves by eta / (1 - beta) times the slope.
    lr, beta, depth = 0.01, 0.8, 4
    lam = recursion.trajectory(0.7, 1.0, depth, lr, 50, momentum=beta)
    y = lam[1:] + beta / (1 - beta) * np.diff(lam)
    slope = lam[1:-1] ** (depth - 1) * (lam[1:-1] ** depth - 1.0)
    np.testing.assert_allclose(np.diff(y), -lr / (1 - beta) * slope, atol=1e-14)


@pytest.mark.parametrize("momentum", [-0.1, 1.0, float("nan"), True, "0.9", None])
def test_momentum_outside_its_range(momentum):
    with pytest.raises(ValueError, match="momentum must be"):
        recursion.trajectory(0.5, 1.0, 2, 0.1, 1, momentum=momentum)
