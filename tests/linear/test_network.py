"""The loss, its Hessian and gradient descent."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depth_not_data.linear import network as linear_network
from depth_not_data.spectra import autograd

SHAPES = [(4, 3), (3, 5, 2), (2, 5, 4, 3), (4, 2, 2, 3), (5, 3, 3, 3, 5), (1, 1)]


def gaussian(rows, columns, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)


def test_loss_is_half_the_summed_square():
    weights, inputs, target = (
        [gaussian(3, 4), gaussian(2, 3, 1)],
        gaussian(4, 7, 2),
        gaussian(2, 7, 3),
    )
    expected = 0.5 * np.linalg.norm(weights[1] @ weights[0] @ inputs - target) ** 2
    assert linear_network.loss(weights, target, inputs).item() == pytest.approx(expected, rel=1e-14)
    assert linear_network.loss(weights, target @ inputs.T).item() == pytest.approx(
        linear_network.loss(weights, target @ inputs.T, torch.eye(4, dtype=torch.float64)).item(),
        rel=1e-14,
    )


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("whitened", [True, False])
def test_gradient_descent_against_hand_written_updates(momentum, whitened):
    inputs = torch.eye(4, dtype=torch.float64) if whitened else gaussian(4, 6, 2)
    target = gaussian(2, inputs.shape[1], 3)
    first, second = gaussian(3, 4), gaussian(2, 3, 1)
    snapshots = list(
        linear_network.gradient_descent(
            [first, second],
            target,
            lr=0.01,
            steps=5,
            momentum=momentum,
            inputs=None if whitened else inputs,
        )
    )
    velocity = [torch.zeros_like(first), torch.zeros_like(second)]
    assert [t for t, _ in snapshots] == [0, 1, 2, 3, 4, 5]
    for _, weights in snapshots:
        torch.testing.assert_close(weights, (first, second), rtol=0, atol=1e-13)
        residual = (second @ first @ inputs - target) @ inputs.T
        gradients = second.T @ residual, residual @ first.T
        velocity = [momentum * v + g for v, g in zip(velocity, gradients, strict=True)]
        first, second = first - 0.01 * velocity[0], second - 0.01 * velocity[1]


def test_snapshots_come_every_so_often_and_are_copies():
    problem = linear_network.aligned_problem((3, 4, 2), rank=1, seed=0)
    start = [w.clone() for w in problem.weights]
    snapshots = list(
        linear_network.gradient_descent(problem.weights, problem.target, lr=0.1, steps=7, every=3)
    )
    assert [t for t, _ in snapshots] == [0, 3, 6]
    torch.testing.assert_close(snapshots[0][1], tuple(start), rtol=0, atol=0)
    torch.testing.assert_close(problem.weights, tuple(start), rtol=0, atol=0)
    assert (snapshots[1][1][0] - snapshots[0][1][0]).abs().max() > 1e-3
    assert not any(w.requires_grad for _, weights in snapshots for w in weights)


@pytest.mark.parametrize("widths", SHAPES)
def test_singular_basis_makes_the_start_rectangular_diagonal(widths):
    problem = linear_network.aligned_problem(widths, rank=1, seed=0)
    for layer in linear_network.in_singular_basis(problem.weights, problem.left, problem.right):
        expected = torch.zeros_like(layer)
        expected[range(min(widths)), range(min(widths))] = problem.layer_singular_values
        torch.testing.assert_close(layer, expected, rtol=0, atol=1e-14)


def test_turned_singular_vector_shows_off_the_diagonal():
    problem = linear_network.aligned_problem((4, 4, 4), rank=1, seed=0)
    angle = 0.01
    turn = torch.eye(4, dtype=torch.float64)
    turn[:2, :2] = torch.tensor(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    )
    first, second = problem.weights
    rotated = linear_network.in_singular_basis((first @ turn, second), problem.left, problem.right)
    off_diagonal = rotated[0] - torch.diag(rotated[0].diagonal())
    assert off_diagonal.abs().max() > 1e-4


@pytest.mark.parametrize("widths", SHAPES)
@pytest.mark.parametrize("whitened", [True, False])
def test_dense_hessian_is_that_of_the_loss_written_out(widths, whitened):
    weights = [gaussian(b, a, a + b) for a, b in pairwise(widths)]
    inputs = torch.eye(widths[0], dtype=torch.float64) if whitened else gaussian(widths[0], 3, 8)
    target = gaussian(widths[-1], inputs.shape[1], 9)

    def written_out(layers):
        output = inputs
        for layer in layers:
            output = layer @ output
        return 0.5 * (output - target).square().sum()

    found = linear_network.dense_hessian(weights, target, None if whitened else inputs)
    torch.testing.assert_close(
        found, autograd.dense_hessian(written_out, weights), rtol=0, atol=1e-12
    )


GOOD = {
    "weights": [gaussian(3, 4), gaussian(2, 3)],
    "target": gaussian(2, 5),
    "inputs": gaussian(4, 5),
}


def by_descent(weights, target, inputs):
    return linear_network.gradient_descent(weights, target, inputs=inputs, lr=0.1, steps=1)


@pytest.mark.parametrize(
    "helper",
    [linear_network.loss, linear_network.dense_hessian, by_descent],
    ids=["loss", "dense_hessian", "descent"],
)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weights": []}, "weights must hold at least one layer, got none"),
        ({"weights": [np.eye(4)]}, r"weights\[0\] must be a tensor with two axes, got ndarray"),
        ({"weights": [gaussian(3, 4)[0]]}, r"weights\[0\] .* two axes, got \(4,\)"),
        (
            {"weights": [gaussian(3, 4), gaussian(2, 4)]},
            r"weights\[1\] must have 3 columns to follow weights\[0\], got shape \(2, 4\)",
        ),
        (
            {"weights": [gaussian(3, 4).float(), gaussian(2, 3).float()]},
            r"weights\[0\] must be a float64 tensor, got torch.float32",
        ),
        (
            {"weights": [gaussian(3, 4), gaussian(2, 3).float()]},
            r"weights\[1\] must be a float64 tensor, got torch.float32",
        ),
        ({"target": gaussian(2, 5).float()}, "target must be a float64 tensor, got torch.float32"),
        ({"target": gaussian(2, 5) * 1j}, "target must be a float64 tensor, got torch.complex128"),
        ({"target": 1.0}, "target must be a float64 tensor, got float"),
        ({"inputs": gaussian(4, 5).numpy()}, "inputs must be a float64 tensor, got ndarray"),
        ({"target": gaussian(1, 5)}, r"target must have shape \(2, 5\), got \(1, 5\)"),
        ({"target": gaussian(2, 1)}, r"target must have shape \(2, 5\), got \(2, 1\)"),
        ({"inputs": None}, r"target must have shape \(2, 4\), got \(2, 5\)"),
        ({"inputs": gaussian(3, 5)}, r"inputs must have shape \(4, 5\), got \(3, 5\)"),
        ({"inputs": gaussian(4, 5)[0]}, r"inputs must have shape \(4, n\), got \(5,\)"),
    ],
)
def test_shapes_and_types_that_do_not_fit_are_named(helper, changes, message):
    helper(**GOOD)
    with pytest.raises(ValueError, match=f"^{message}"):
        helper(**GOOD | changes)


def test_layers_that_do_not_chain_are_named_by_the_product():
    with pytest.raises(ValueError, match=r"weights\[1\] must have 3 columns"):
        linear_network.product([gaussian(3, 4), gaussian(2, 4)])


@given(lr=st.floats(1.0, 30.0), every=st.integers(1, 3))
def test_a_diverging_descent_stops_and_says_where(lr, every):
    weights, target = [2 * torch.eye(2, dtype=torch.float64)] * 3, torch.eye(2, dtype=torch.float64)
    seen = []
    with pytest.raises(ArithmeticError, match=f"diverges with lr = {lr:g}: not finite") as stopped:
        seen.extend(linear_network.gradient_descent(weights, target, lr=lr, steps=500, every=every))
    updates = int(re.search(r"after (\d+) updates", str(stopped.value)).group(1))
    assert [t for t, _ in seen] == list(range(0, updates, every))
    assert all(torch.isfinite(layer).all() for _, layers in seen for layer in layers)
    # One update fewer is finite, and says nothing.
    list(linear_network.gradient_descent(weights, target, lr=lr, steps=updates - 1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lr": 0.0}, "lr must be a finite number > 0, got 0.0"),
        ({"lr": math.nan}, "lr must be a finite number > 0, got nan"),
        ({"lr": True}, "lr must be a finite number > 0, got True"),
        ({"steps": -1}, "steps must be an integer >= 0, got -1"),
        ({"steps": 1.5}, "steps must be an integer >= 0, got 1.5"),
        ({"momentum": -0.1}, "momentum must be a finite number >= 0 and < 1, got -0.1"),
        ({"momentum": 1.0}, "momentum must be a finite number >= 0 and < 1, got 1.0"),
        ({"momentum": math.nan}, "momentum must be a finite number >= 0 and < 1, got nan"),
        ({"every": 0}, "every must be an integer >= 1, got 0"),
        ({"every": 2.0}, "every must be an integer >= 1, got 2.0"),
    ],
)
def test_bad_descent_arguments_are_named_at_the_call(changes, message):
    problem = linear_network.aligned_problem((3, 2), rank=1, seed=0)
    arguments = {"lr": 0.1, "steps": 3} | changes
    with pytest.raises(ValueError, match=message):
        linear_network.gradient_descent(problem.weights, problem.target, **arguments)
