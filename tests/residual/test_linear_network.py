"""The linear residual network as tensors, against closed forms."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import residual as closed
from depth_not_data.residual import linear_network

TARGET = np.array([2.0, 1.5, 0.75, 0.5])


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("skip", [0.0, 0.3, 1.0])
def test_aligned_layers_have_the_factors_asked_for_whatever_the_skip(skip):
    factors = np.random.default_rng(1).normal(size=(4, 3))
    basis = linear_network.random_rotation(3, generator())
    weights = linear_network.aligned_layers(factors, skip=skip, basis=basis)
    total = basis.T @ linear_network.end_to_end(weights, skip=skip) @ basis
    assert np.allclose(total, np.diag(factors.prod(axis=0)))


def test_aligned_blocks_have_the_factors_asked_for():
    p, q = np.random.default_rng(2).normal(size=(2, 3, 2))
    weights = linear_network.aligned_blocks(p, q, n_hidden=5, generator=generator())
    assert [tuple(w.shape) for w in weights] == [(5, 2), (2, 5)] * 3
    total = linear_network.end_to_end(weights, skip=0.5, two_layer=True)
    assert np.allclose(total, np.diag((0.5 + p * q).prod(axis=0)))


def test_layers_are_multiplied_in_the_order_in_which_they_act():
    first, second = torch.randn(2, 3, 3, generator=generator(), dtype=torch.float64)
    assert torch.equal(linear_network.end_to_end([first, second], skip=0.0), second @ first)
    both = linear_network.end_to_end([first, second], skip=0.0, two_layer=True)
    assert torch.equal(both, second @ first)


def test_dense_eigenvalues_are_those_of_the_blocks():
    factors = np.array([[1.2, 0.4], [0.7, -0.3], [1.1, 0.9]])
    weights = linear_network.aligned_layers(factors, skip=0.6)
    target = torch.diag(torch.tensor([1.0, 0.2], dtype=torch.float64))
    dense = linear_network.dense_eigenvalues(weights, target, skip=0.6)
    assert np.allclose(dense, closed.hessian_eigenvalues(factors, [1.0, 0.2]))


@pytest.mark.parametrize("imbalance", [0.0, 0.4, 1.0])
def test_conserved_factors_fit_the_target_and_keep_the_imbalance(imbalance):
    p, q = linear_network.conserved_factors(TARGET, 6, imbalance=imbalance)
    assert np.allclose((1 + p * q).prod(axis=0), TARGET)
    assert np.allclose(p**2 - q**2, imbalance)


@pytest.mark.parametrize(("start", "imbalance"), [("balanced", 0.0)])
def test_descent_from_small_weights_ends_where_the_conserved_quantity_says(start, imbalance):
    p, q = linear_network.conserved_factors(TARGET, 8, imbalance=imbalance)
    expected = closed.block_hessian_eigenvalues(p, q, TARGET, part="outer")[:16].mean()
    found = linear_network.mean_curvature_after_descent(TARGET, 8, start=start)
    assert found == pytest.approx(expected, rel=0.01)


def test_large_input_weights_make_the_spectrum_grow():
    small, large = (
        linear_network.mean_curvature_after_descent(TARGET, depth, start="zero output")
        for depth in (4, 8)
    )
    assert large / small == pytest.approx(2, rel=0.1)


def test_a_descent_that_does_not_arrive_is_not_taken_for_a_minimum():
    with pytest.raises(ValueError, match="target must be reached"):
        linear_network.mean_curvature_after_descent([1e6], 1, start="balanced")


ONE = torch.ones(1, 1, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_network.random_rotation(0, generator()), "size must be"),
        (lambda: linear_network.aligned_layers([1.0], skip=1.0), "factors must have shape"),
        (lambda: linear_network.aligned_layers([[1.0, 2.0]], skip=1.0, basis=ONE), "basis must"),
        (
            lambda: linear_network.aligned_blocks(
                [[1.0]], [[1.0, 2.0]], n_hidden=2, generator=generator()
            ),
            "outer must have the shape of inner",
        ),
        (
            lambda: linear_network.aligned_blocks(
                [[1.0, 1.0]], [[1.0, 2.0]], n_hidden=1, generator=generator()
            ),
            "n_hidden must be",
        ),
        (lambda: linear_network.end_to_end([], skip=1.0), "weights must hold at least one layer"),
        (lambda: linear_network.end_to_end([ONE], skip=1.0, two_layer=True), "weights must be"),
        (
            lambda: linear_network.dense_eigenvalues([ONE], torch.eye(2), skip=1.0),
            "target must have shape",
        ),
        (lambda: linear_network.conserved_factors([0.0], 2, imbalance=1.0), "target must be > 0"),
        (lambda: linear_network.conserved_factors([1.0], 2, imbalance=-1.0), "imbalance must be"),
        (
            lambda: linear_network.mean_curvature_after_descent([1.0], 2, start="zero"),
            "start must be",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
