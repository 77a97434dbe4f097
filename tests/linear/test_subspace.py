"""Subspace iteration against a dense Hessian."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import network, subspace
from depth_not_data.spectra import autograd

WIDTHS, RANK = (5, 7, 7, 4), 2
GROUPS = RANK**2 + (5 + 4 - 2 * RANK) * RANK


def trained(steps):
    problem = network.aligned_problem(WIDTHS, RANK, seed=0, variance=0.1)
    path = network.gradient_descent(problem.weights, problem.target, lr=0.05, steps=steps, every=1)
    *_, (_, weights) = path
    return weights, problem.target


def test_leading_eigenvalues_of_a_trained_network():
    weights, target = trained(1500)
    dense = autograd.eigenvalues(network.dense_hessian(weights, target))
    found = subspace.leading_eigenvalues(weights, target, GROUPS)
    assert found.bound < 1e-6
    # A residual of this size moves an eigenvalue by less than its square over the distance.
    np.testing.assert_allclose(found.eigenvalues, dense[:GROUPS], atol=1e-10)


def test_the_bound_sees_what_has_not_converged():
    weights, target = trained(3)
    found = subspace.leading_eigenvalues(weights, target, GROUPS, iterations=1)
    dense = autograd.eigenvalues(network.dense_hessian(weights, target))
    distance = np.abs(found.eigenvalues[:, None] - dense).min(axis=1)
    assert found.bound > 1e-3
    assert distance.max() < found.bound


@pytest.mark.parametrize(("count", "message"), [(0, "count must be"), (21, "count must be <= d_L")])
def test_bad_count(count, message):
    weights, target = trained(1)
    with pytest.raises(ValueError, match=message):
        subspace.leading_eigenvalues(weights, target, count)


def test_bad_iterations():
    with pytest.raises(ValueError, match="iterations must be"):
        subspace.leading_eigenvalues([torch.ones(1, 1)], torch.ones(1, 1), 1, iterations=0)
