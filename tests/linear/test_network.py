"""Balanced weights, the aligned problem, the loss and gradient descent."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network

SHAPES = [(4, 3), (3, 5, 2), (2, 5, 4, 3), (4, 2, 2, 3), (5, 3, 3, 3, 5), (1, 1)]


def gaussian(rows, columns, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator, dtype=torch.float64)


def product_of_rank(widths):
    left, right = gaussian(widths[-1], min(widths), 1), gaussian(min(widths), widths[0], 2)
    return left @ right


@pytest.mark.parametrize("widths", SHAPES)
def test_balanced_weights_multiply_to_the_product(widths):
    target = product_of_rank(widths)
    weights = linear_network.balanced_weights(widths, target)
    assert [tuple(w.shape) for w in weights] == list(zip(widths[1:], widths[:-1], strict=True))
    assert all(w.dtype == torch.float64 for w in weights)
    torch.testing.assert_close(linear_network.product(weights), target, rtol=0, atol=1e-13)


@pytest.mark.parametrize("widths", SHAPES)
def test_balanced_weights_share_their_singular_values(widths):
    target = product_of_rank(widths)
    smallest = min(widths)
    for layer in linear_network.balanced_weights(widths, target):
        expected = torch.zeros(min(layer.shape), dtype=torch.float64)
        expected[:smallest] = torch.linalg.svdvals(target)[:smallest] ** (1 / (len(widths) - 1))
        torch.testing.assert_close(torch.linalg.svdvals(layer), expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("widths", [(3, 5, 2), (2, 5, 4, 3), (4, 2, 2, 3)])
def test_neighbouring_layers_are_balanced(widths):
    weights = linear_network.balanced_weights(widths, product_of_rank(widths))
    for lower, upper in pairwise(weights):
        torch.testing.assert_close(lower @ lower.T, upper.T @ upper, rtol=0, atol=1e-12)


@pytest.mark.parametrize("widths", SHAPES)
def test_aligned_problem_shares_one_singular_basis(widths):
    problem = linear_network.aligned_problem(widths, rank=1, seed=5)
    smallest, depth = min(widths), len(widths) - 1
    lam, s = problem.layer_singular_values, problem.target_singular_values
    for basis in (problem.left, problem.right):
        torch.testing.assert_close(
            basis.T @ basis, torch.eye(len(basis), dtype=torch.float64), rtol=0, atol=1e-13
        )
    for matrix, diagonal in (
        (linear_network.product(problem.weights), lam**depth),
        (problem.target, s),
    ):
        expected = torch.zeros_like(matrix)
        expected[range(smallest), range(smallest)] = diagonal
        rotated = problem.left.T @ matrix @ problem.right
        torch.testing.assert_close(rotated, expected, rtol=0, atol=1e-13)
    assert s.tolist() == [1.0] + [0.0] * (smallest - 1)


def test_aligned_problem_is_set_by_its_seed_and_variance():
    def start(**arguments):
        settings = {"seed": 0, "variance": 0.01} | arguments
        problem = linear_network.aligned_problem((300, 200), rank=1, **settings)
        return linear_network.product(problem.weights)

    torch.testing.assert_close(start(), start(), rtol=0, atol=0)
    assert (start() - start(seed=1)).abs().max() > 0.1
    # 60,000 entries: the sample variance has a relative standard error of 0.6%.
    assert start().var().item() == pytest.approx(0.01, rel=0.03)
    torch.testing.assert_close(start(variance=0.04), 2 * start(), rtol=0, atol=1e-12)


def test_drawing_a_problem_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    linear_network.aligned_problem((3, 2), rank=1, seed=0)
    assert torch.equal(before, torch.get_rng_state())


def test_narrow_hidden_layer_keeps_the_best_approximation():
    wide = linear_network.aligned_problem((5, 6, 4), rank=2, seed=0)
    narrow = linear_network.aligned_problem((5, 2, 4), rank=2, seed=0)
    difference = linear_network.product(wide.weights) - linear_network.product(narrow.weights)
    dropped = wide.layer_singular_values[2:] ** 2
    torch.testing.assert_close(torch.linalg.svdvals(difference)[:2], dropped, rtol=0, atol=1e-13)


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


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ((), "widths must hold at least d_0 and d_L"),
        ((3,), "widths must hold at least d_0 and d_L"),
        (3, "widths must be a sequence"),
        ((3, 0, 2), r"widths\[1\] must be an integer >= 1, got 0"),
        ((3, -1, 2), r"widths\[1\] must be an integer >= 1, got -1"),
        ((3, 2.0, 2), r"widths\[1\] must be an integer >= 1, got 2.0"),
        ((3, True, 2), r"widths\[1\] must be an integer >= 1, got True"),
        ((3, float("nan"), 2), r"widths\[1\] must be an integer >= 1, got nan"),
    ],
)
def test_bad_widths_are_named(widths, message):
    with pytest.raises(ValueError, match=message):
        linear_network.balanced_weights(widths, gaussian(2, 3))
    with pytest.raises(ValueError, match=message):
        linear_network.aligned_problem(widths, rank=1, seed=0)


@pytest.mark.parametrize(
    ("product", "message"),
    [
        (
            gaussian(3, 2),
            r"product must be a tensor of shape \(d_L, d_0\) = \(2, 3\), got \(3, 2\)",
        ),
        (gaussian(2, 3).numpy(), "product must be a tensor"),
        (None, "product must be a tensor .* got None"),
        (gaussian(2, 3) * math.nan, "product must be finite"),
        (gaussian(2, 3), r"product must have rank <= min\(widths\) = 1, got rank 2"),
    ],
)
def test_bad_products_are_named(product, message):
    with pytest.raises(ValueError, match=message):
        linear_network.balanced_weights((3, 1, 2), product)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rank": 0}, "rank must be an integer >= 1, got 0"),
        ({"rank": 3}, r"rank must be <= min\(widths\) = 2, got 3"),
        ({"rank": 1.0}, "rank must be an integer >= 1, got 1.0"),
        ({"rank": True}, "rank must be an integer >= 1, got True"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"seed": 0.5}, "seed must be an integer >= 0, got 0.5"),
        ({"seed": None}, "seed must be an integer >= 0, got None"),
        ({"variance": 0.0}, "variance must be a finite number > 0, got 0.0"),
        ({"variance": -1.0}, "variance must be a finite number > 0, got -1.0"),
        ({"variance": math.nan}, "variance must be a finite number > 0, got nan"),
    ],
)
def test_bad_problem_arguments_are_named(changes, message):
    arguments = {"rank": 1, "seed": 0, "variance": 0.01} | changes
    with pytest.raises(ValueError, match=message):
        linear_network.aligned_problem((3, 4, 2), **arguments)


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
