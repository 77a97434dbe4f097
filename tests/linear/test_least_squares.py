import re
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
import torch

from depth_not_data.linear import least_squares, minimum, network


def problem(seed=0, d_in=5, d_out=4, samples=9):
    rng = np.random.default_rng(seed)
    scales = np.geomspace(3, 0.3, d_in)[:, None]
    return scales * rng.normal(size=(d_in, samples)), rng.normal(size=(d_out, samples))


def balanced(second, cross, depth):
    left, sigma, right = least_squares.minimum(second, cross)
    rank = len(sigma)
    product = torch.tensor((left[:, :rank] * sigma) @ right[:, :rank].T)
    widths = (len(right), *[rank] * (depth - 1), len(left))
    return [layer.numpy() for layer in network.balanced_weights(widths, product)]


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_closed_form_is_the_dense_hessian_of_the_data(depth):
    inputs, targets = problem()
    second, cross = least_squares.moments(inputs, targets)
    split = least_squares.at_balanced_minimum(second, cross, depth)
    weights = [torch.tensor(w) for w in balanced(second, cross, depth)]
    x, phi = (torch.tensor(m / np.sqrt(inputs.shape[1])) for m in (inputs, targets))
    found = np.linalg.eigvalsh(network.dense_hessian(weights, phi, x).numpy())[::-1]
    size = min(len(found), len(split.eigenvalues))
    scale = found[0]
    np.testing.assert_allclose(split.eigenvalues[:size], found[:size], atol=1e-12 * scale)
    assert np.abs(found[size:]).max(initial=0) < 1e-12 * scale


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_network_at_the_minimum_has_the_predicted_gap(depth):
    second, cross = least_squares.moments(*problem(1))
    cross[3] = cross[0] + cross[1]  # rank 3 of 4
    split = least_squares.at_balanced_minimum(second, cross, depth)
    found = least_squares.of_network(balanced(second, cross, depth), second, split.rank)
    assert split.rank == 3
    assert found.gap == pytest.approx(split.gap, rel=1e-10)
    np.testing.assert_allclose(found.eigenvalues, split.eigenvalues, atol=1e-12)


def test_teacher_and_aligned_covariance_are_the_older_formula():
    covariance = np.diag([3.0, 2.0, 1.5, 0.5])
    older = minimum.correlated_inputs(covariance, 2, 3, 5)
    cross = np.zeros((3, 4))
    cross[0, 0], cross[1, 1] = 3.0, 2.0
    split = least_squares.at_balanced_minimum(covariance, cross, 5)
    assert split.gap == pytest.approx(older.gap)
    values = np.sort(np.concatenate(older))[::-1]
    np.testing.assert_allclose(split.eigenvalues[: values.size], values)


def test_whitened_gap_is_that_of_an_unequal_target():
    cross = np.zeros((3, 4))
    cross[0, 0], cross[1, 1] = 2.0, 1.5
    for depth in (2, 5):
        gap = least_squares.at_balanced_minimum(np.eye(4), cross, depth).gap
        assert gap == pytest.approx(depth * 0.75 ** (2 - 2 / depth))


def test_sorted_gap_is_at_least_the_gap_and_equal_where_data_are_white():
    for seed in range(5):
        split = least_squares.at_balanced_minimum(*least_squares.moments(*problem(seed, 6, 3)), 4)
        assert split.sorted_gap >= split.gap * (1 - 1e-12)


@pytest.mark.parametrize("factor", [1e-3, 7.0])
def test_units_of_inputs_and_targets_do_not_matter(factor):
    inputs, targets = problem()
    targets[3] = targets[2]
    gap = least_squares.at_balanced_minimum(*least_squares.moments(inputs, targets), 3).gap
    for scaled in ((factor * inputs, targets), (inputs, factor * targets)):
        again = least_squares.at_balanced_minimum(*least_squares.moments(*scaled), 3).gap
        assert again == pytest.approx(gap, rel=1e-9)


def test_inputs_that_never_vary_change_nothing():
    inputs, targets = problem()
    gap = least_squares.at_balanced_minimum(*least_squares.moments(inputs, targets), 3).gap
    more = np.vstack([inputs, np.zeros(inputs.shape[1])])
    again = least_squares.at_balanced_minimum(*least_squares.moments(more, targets), 3).gap
    assert again == pytest.approx(gap, rel=1e-9)


@pytest.mark.parametrize("depth", [2, 4])
def test_functional_bound_holds(depth):
    second, cross = least_squares.moments(*problem(2))
    rng = np.random.default_rng(3)
    sizes = (5, *[3] * (depth - 1), 4)
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    root = np.linalg.cholesky(second)
    torch_weights = [torch.tensor(w) for w in weights]
    target = torch.tensor(np.linalg.solve(root, cross.T).T)
    full = network.dense_hessian(torch_weights, target, torch.tensor(root)).numpy()
    blocks, below = [], root
    for k, layer in enumerate(weights):
        above = np.eye(4)
        for upper in weights[:k:-1]:
            above = above @ upper
        blocks.append(np.kron(above, below.T))
        below = layer @ below
    outer = np.hstack(blocks)
    rest = np.linalg.norm(full - outer.T @ outer, 2)
    bound = least_squares.functional_bound(weights, second, cross)
    assert 0.05 * bound < rest <= bound * (1 + 1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: least_squares.moments(np.ones(3), np.ones((1, 3))), r"inputs must have shape"),
        (lambda: least_squares.moments(np.ones((2, 3)), np.ones((1, 4))), r"targets must have"),
        (lambda: least_squares.moments([[np.nan]], [[1.0]]), "inputs must be finite"),
        (lambda: least_squares.minimum(np.eye(2), np.zeros((1, 2))), "cross must not be zero"),
        (lambda: least_squares.minimum([[1.0, 2.0], [0.0, 1.0]], [[1.0, 0.0]]), "symmetric"),
        (lambda: least_squares.minimum(np.eye(2), np.ones((1, 3))), r"cross must have shape"),
        (lambda: least_squares.at_balanced_minimum(np.eye(2), [[1.0, 0.0]], 0), "depth must be"),
        (lambda: least_squares.at_balanced_minimum([[1.0]], [[1.0]], 2), "must leave a bulk"),
        (lambda: least_squares.of_network([], np.eye(2), 1), "at least one layer"),
        (lambda: least_squares.of_network([np.ones((2, 3))], np.eye(2), 1), "must have 2 columns"),
        (lambda: least_squares.of_network([np.eye(2)], np.eye(2), 3), "rank must be <="),
        (lambda: least_squares.of_network([np.ones((1, 2))], np.eye(2), 2), "rank must be <= "),
        (lambda: least_squares.minimum(np.ones((2, 3)), np.ones((1, 3))), r"got shape \(2, 3\)"),
        (lambda: least_squares.minimum(np.ones((0, 0)), np.ones((1, 0))), r"got shape \(0, 0\)"),
        (lambda: least_squares.minimum(np.ones(2), np.ones((1, 2))), r"got shape \(2,\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_more_inputs_than_fit_in_memory_are_refused_with_the_figure(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))
    wide = np.ones((20_000, 1))
    message = "the second moment of 20000 inputs needs 6.0 GiB, 1.0 GiB are free"
    with pytest.raises(MemoryError, match=re.escape(message)):
        least_squares.moments(wide, wide[:1])


def test_sorted_gap_is_the_quotient_at_rank_squared():
    second, cross = least_squares.moments(*problem(d_in=5, d_out=4))
    split = least_squares.at_balanced_minimum(second, cross, 2)
    assert split.rank == 4
    assert split.sorted_gap == split.eigenvalues[15] / split.eigenvalues[16]


def test_inputs_that_are_zero_have_no_map_and_three_axes_are_named():
    with pytest.raises(ValueError, match="cross must not be zero"):
        least_squares.minimum(np.zeros((2, 2)), np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"cross must have shape \(d_L, 2\), got \(1, 2, 2\)"):
        least_squares.minimum(np.eye(2), np.ones((1, 2, 2)))


def test_the_bound_takes_spectral_norms():
    # Two layers of norm 1 and one of sqrt(2); the gradient is that one less a target of zeros.
    layers = [np.eye(2), np.eye(2), np.array([[1.0, 0.0], [1.0, 0.0]])]
    found = least_squares.functional_bound(layers, np.eye(2), np.zeros((2, 2)))
    assert found == pytest.approx(np.sqrt(2) * (1 + np.sqrt(2)), rel=1e-12)
