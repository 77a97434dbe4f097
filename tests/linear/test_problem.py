"""Balanced weights and the aligned problem: one description of widths, depth, rank and target."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import recursion, spectrum
from depth_not_data.spectra import autograd

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
        (gaussian(2, 3) * 1j, "product must hold floating-point numbers, got torch.complex128"),
        (torch.ones(2, 3, dtype=torch.bool), "product must hold floating-point numbers"),
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


def test_the_papers_widths():
    assert linear_network.paper_widths(1) == (16, 10)
    assert linear_network.paper_widths(5) == (16, 32, 32, 32, 32, 10)


@pytest.mark.parametrize("depth", [0, -1, 2.0, True, "3", None])
def test_a_bad_depth_of_the_paper_is_named(depth):
    with pytest.raises(ValueError, match=r"^depth must be an integer >= 1, got "):
        linear_network.paper_widths(depth)


@given(st.data(), st.integers(1, 6), st.integers(1, 6))
def test_rectangular_diagonal_holds_its_values_and_nothing_else(data, rows, columns):
    values = data.draw(st.lists(st.floats(-3, 3), max_size=min(rows, columns)))
    expected = np.zeros((rows, columns))
    for i, value in enumerate(values):
        expected[i, i] = value
    for given_as in (values, np.array(values), torch.tensor(values, dtype=torch.float64)):
        matrix = linear_network.rectangular_diagonal(given_as, rows, columns)
        assert matrix.dtype == torch.float64
        np.testing.assert_array_equal(matrix, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1.0, 1.0, 1.0], 2, 3), r"values must hold at most min\(rows, columns\) = 2 .* got 3"),
        (([[1.0]], 2, 3), "values must be one-dimensional"),
        (([1j], 2, 3), "values must be an array of real numbers"),
        ((torch.tensor([1j]), 2, 3), "values must be an array of real numbers"),
        (([math.nan], 2, 3), "values must be finite"),
        (([1.0], 0, 3), "rows must be an integer >= 1, got 0"),
        (([1.0], 2, 3.0), "columns must be an integer >= 1, got 3.0"),
    ],
)
def test_bad_diagonals_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        linear_network.rectangular_diagonal(*arguments)


@pytest.mark.parametrize("widths", SHAPES)
def test_a_problem_describes_itself(widths):
    for rank in range(1, min(widths) + 1):
        problem = linear_network.aligned_problem(widths, rank, seed=0)
        assert problem.widths == widths
        assert problem.depth == len(widths) - 1
        assert problem.rank == rank == torch.linalg.matrix_rank(problem.target)
        torch.testing.assert_close(problem.inputs, torch.eye(widths[0], dtype=torch.float64))
        with_inputs = linear_network.loss(problem.weights, problem.target, problem.inputs)
        assert with_inputs == linear_network.loss(problem.weights, problem.target)


@pytest.mark.parametrize("widths", SHAPES)
def test_a_problem_is_trained_and_curved_as_it_says(widths):
    problem = linear_network.aligned_problem(widths, 1, seed=3, variance=0.5)
    path = problem.trajectory(lr=0.05, steps=40, momentum=0.5)
    run = linear_network.gradient_descent(
        problem.weights, problem.target, lr=0.05, steps=40, momentum=0.5
    )
    for t, weights in run:
        for layer in linear_network.in_singular_basis(weights, problem.left, problem.right):
            expected = linear_network.rectangular_diagonal(path[t], *layer.shape)
            torch.testing.assert_close(layer, expected, rtol=0, atol=1e-12)
    for lam, layers in ((None, problem.weights), (path[-1], weights)):
        dense = linear_network.dense_hessian(layers, problem.target)
        by_blocks = problem.hessian_eigenvalues(lam)
        np.testing.assert_allclose(by_blocks, autograd.eigenvalues(dense), rtol=0, atol=1e-11)


def test_a_problem_hands_on_what_it_is_asked():
    problem = linear_network.aligned_problem((3, 4, 2), 1, seed=0)
    lam, s = problem.layer_singular_values.numpy(), problem.target_singular_values.numpy()
    np.testing.assert_array_equal(
        problem.hessian_eigenvalues(lam, part="functional"),
        spectrum.hessian_eigenvalues(lam, s, (3, 4, 2), part="functional"),
    )
    np.testing.assert_array_equal(
        problem.trajectory(0.1, 7), recursion.trajectory(lam, s, 2, 0.1, 7)
    )
    with pytest.raises(ValueError, match="layer_singular_values must have length 2, got length 3"):
        problem.hessian_eigenvalues([1.0, 1.0, 1.0])
