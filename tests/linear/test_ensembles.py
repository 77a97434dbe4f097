from itertools import pairwise

import numpy as np
import pytest
import torch

from depth_not_data.linear import ensembles, minimum
from depth_not_data.linear import network as linear_network

WIDTHS = (4, 6, 5, 3)


def gaussian(seeds=3, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return [scale * rng.normal(size=(seeds, b, a)) / a**0.5 for a, b in pairwise(WIDTHS)]


def test_a_balanced_copy_keeps_the_function_and_evens_out_the_layers():
    weights = gaussian()
    copy = ensembles.balanced_copy(weights, np.random.default_rng(1))
    assert [layer.shape for layer in copy] == [layer.shape for layer in weights]
    np.testing.assert_allclose(
        ensembles.end_to_end(copy), ensembles.end_to_end(weights), atol=1e-12
    )
    for lower, upper in pairwise(copy):
        left, right = np.swapaxes(upper, 1, 2) @ upper, lower @ np.swapaxes(lower, 1, 2)
        np.testing.assert_allclose(left, right, atol=1e-12)
    assert np.abs(copy[1][0, :3, :3] - np.diag(np.diag(copy[1][0, :3, :3]))).max() > 0.1


@pytest.mark.parametrize("with_inputs", [False, True])
def test_training_is_gradient_descent_for_each_network(with_inputs):
    weights, target = gaussian(), np.eye(3, 4)
    inputs = None
    if with_inputs:
        inputs = np.stack([np.diag([1.0, 1.1, 0.9, 1.2 + i]) for i in range(3)])
    trained = ensembles.train(weights, target, inputs, steps=40)
    for i in range(3):
        top = np.linalg.eigvalsh(minimum.jacobian_gram([w[i] for w in weights]))[-1]
        (*_, (_, found)) = linear_network.gradient_descent(
            [torch.tensor(w[i]) for w in weights],
            torch.tensor(target),
            lr=0.5 / max(top, 3),
            steps=40,
            inputs=None if inputs is None else torch.tensor(inputs[i]),
        )
        for layer, expected in zip(trained, found, strict=True):
            np.testing.assert_allclose(layer[i], expected.numpy(), atol=1e-12)


def test_training_stops_at_convergence_and_leaves_its_input():
    weights = gaussian()
    before = [layer.copy() for layer in weights]
    trained = ensembles.train(weights, np.eye(3, 4), steps=5000)
    assert np.abs(ensembles.end_to_end(trained) - np.eye(3, 4)).max() < 1e-10
    again = ensembles.train(trained, np.eye(3, 4), steps=5000)
    for layer, same, start, kept in zip(trained, again, weights, before, strict=True):
        np.testing.assert_array_equal(layer, same)
        np.testing.assert_array_equal(start, kept)


def test_a_root_has_the_covariance():
    rng = np.random.default_rng(2)
    covariance = np.eye(5) + 0.5 * ensembles.random_symmetric(5, rng)
    root = ensembles.symmetric_root(covariance)
    np.testing.assert_allclose(root @ root.T, covariance, atol=1e-13)
    np.testing.assert_allclose(root, root.T, atol=1e-13)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ensembles.symmetric_root(np.ones(3)), "covariance must be a square matrix"),
        (lambda: ensembles.symmetric_root([[1.0, 2.0], [0.0, 1.0]]), "covariance must be symm"),
        (lambda: ensembles.symmetric_root(np.diag([1.0, -1.0])), "no eigenvalue < 0, got -1.0e"),
        (
            lambda: ensembles.random_symmetric(0, np.random.default_rng(0)),
            "size must be an integer >= 1",
        ),
        (lambda: ensembles.end_to_end([]), "weights must hold at least one layer"),
        (lambda: ensembles.end_to_end([np.eye(2)]), r"weights\[0\] must have shape"),
        (
            lambda: ensembles.end_to_end([np.ones((2, 1, 1)), np.ones((3, 1, 1))]),
            r"weights\[1\] must have the leading axes",
        ),
        (
            lambda: ensembles.end_to_end([np.ones((2, 3, 1)), np.ones((2, 1, 2))]),
            r"weights\[1\] must have 3 columns",
        ),
        (
            lambda: ensembles.balanced_copy(
                [np.ones((1, 1, 2)), np.ones((1, 2, 1))], np.random.default_rng(0)
            ),
            r"weights\[0\] must have at least min\(d_0, d_L\) = 2 rows, got 1",
        ),
        (lambda: ensembles.train(gaussian(), np.eye(4), steps=1), "target must have shape"),
        (
            lambda: ensembles.train(gaussian(), np.eye(3, 4), np.eye(3), steps=1),
            "inputs must have shape",
        ),
        (lambda: ensembles.train(gaussian(), np.eye(3, 4), steps=-1), "steps must be an integer"),
        (
            lambda: ensembles.train(gaussian(), np.eye(3, 4), steps=1, tolerance=0.0),
            "tolerance must be a finite number > 0",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_root_of_a_matrix_without_full_rank():
    # Its other eigenvalues are zero, computed a little below it for some.
    rng = np.random.default_rng(0)
    for _ in range(20):
        tall = rng.normal(size=(6, 2))
        root = ensembles.symmetric_root(tall @ tall.T)
        np.testing.assert_allclose(root @ root.T, tall @ tall.T, atol=1e-12)


def test_more_samples_than_inputs():
    weights, rng = gaussian(), np.random.default_rng(0)
    inputs = np.linalg.qr(rng.normal(size=(7, 4)))[0].T
    trained = ensembles.train(weights, np.eye(3, 4) @ inputs, inputs, steps=30)
    wanted = ensembles.train(weights, np.eye(3, 4), steps=30)
    for layer, expected in zip(trained, wanted, strict=True):
        np.testing.assert_allclose(layer, expected, atol=1e-12)
