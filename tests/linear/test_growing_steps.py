from itertools import pairwise

import numpy as np
import pytest

from depth_not_data.linear import growing_steps, least_squares

SECOND = np.diag([9.0, 1.0, 0.1]) + 0.05
CROSS = np.array([[2.0, 0.3, 0.2], [0.1, -0.5, 0.1], [-2.1, 0.2, -0.3]])  # columns sum to 0


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_start_is_balanced_of_the_rank_of_the_map_and_of_its_outputs(depth):
    layers = growing_steps.balanced_start(SECOND, CROSS, depth, seed=1, size=0.2)
    product = layers[0]
    for lower, upper in pairwise(layers):
        np.testing.assert_allclose(lower @ lower.T, upper.T @ upper, atol=1e-12)
        product = upper @ product
    sigma = least_squares.minimum(SECOND, CROSS)[1]
    found = np.linalg.svd(product, compute_uv=False)
    np.testing.assert_allclose(found, [0.2 * sigma[-1], 0.2 * sigma[-1], 0], atol=1e-12)
    np.testing.assert_allclose(product.sum(axis=0), 0, atol=1e-12)


def test_seeds_differ():
    one, two = (growing_steps.balanced_start(SECOND, CROSS, 2, seed=s) for s in (0, 1))
    assert np.abs(one[0] - two[0]).max() > 0.1


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_training_arrives_at_the_balanced_minimum(depth):
    done = growing_steps.train(SECOND, CROSS, depth, seed=0, steps=10_000)
    assert done.gradient <= 1e-9
    split = least_squares.at_balanced_minimum(SECOND, CROSS, depth)
    found = least_squares.of_network(done.weights, SECOND, split.rank)
    assert found.gap == pytest.approx(split.gap, rel=0.02)


def test_smaller_growth_keeps_the_layers_better_balanced():
    wrong = []
    for growth in (0.03, 0.003):
        done = growing_steps.train(SECOND, CROSS, 3, seed=0, steps=10_000, growth=growth)
        first, second, _ = done.weights
        wrong.append(np.abs(first @ first.T - second.T @ second).max())
    assert wrong[1] < wrong[0] / 5


def test_training_ends_at_the_first_look_at_which_the_gradient_is_small():
    options = {"depth": 2, "seed": 0}
    done = growing_steps.train(SECOND, CROSS, **options, steps=10_000, tol=1e-3)
    assert 0 < done.updates < 10_000
    # A look earlier it was larger.
    looks = growing_steps._CHECK
    assert done.updates % looks == 0
    before = growing_steps.train(SECOND, CROSS, **options, steps=done.updates - looks, tol=1e-3)
    assert before.gradient > 1e-3 >= done.gradient
    exact = growing_steps.train(SECOND, CROSS, **options, steps=10_000, tol=done.gradient)
    assert exact.updates == done.updates


def test_a_budget_is_kept_and_told():
    done = growing_steps.train(SECOND, CROSS, 2, seed=0, steps=7)
    assert done.updates == 7
    assert done.gradient > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 0}, "depth must be"),
        ({"seed": -1}, "seed must be"),
        ({"steps": -1}, "steps must be"),
        ({"growth": 1.0}, "growth must be"),
        ({"tol": -1.0}, "tol must be"),
    ],
)
def test_bad_arguments(change, message):
    options = {"depth": 2, "seed": 0, "steps": 10, **change}
    with pytest.raises(ValueError, match=message):
        growing_steps.train(SECOND, CROSS, **options)
