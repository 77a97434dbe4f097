import numpy as np
import pytest
import torch

from depth_not_data.linear import network as linear_network
from depth_not_data.linear import spectrum
from depth_not_data.linear.minimum import (
    Split,
    correlated_inputs,
    correlated_inputs_first_order,
    jacobian_gram,
    unequal_layers,
    worst_covariance,
)
from depth_not_data.spectra import autograd

D_IN, HIDDEN, D_OUT, RANK = 5, 6, 4, 2


def widths(depth):
    return (D_IN, *[HIDDEN] * (depth - 1), D_OUT)


def target_map():
    target = torch.zeros(D_OUT, D_IN, dtype=torch.float64)
    target[range(RANK), range(RANK)] = 1.0
    return target


def dense_spectrum(weights, target, inputs=None):
    matrix = linear_network.dense_hessian(weights, target, inputs)
    return autograd.eigenvalues(matrix)


def diagonal_layers(lam):
    layers = []
    for row, d_in, d_out in zip(lam, widths(len(lam)), widths(len(lam))[1:], strict=False):
        layer = torch.zeros(d_out, d_in, dtype=torch.float64)
        layer[range(len(row)), range(len(row))] = torch.as_tensor(row)
        layers.append(layer)
    return layers


def random_covariance(rng, kappa=20.0):
    basis = np.linalg.qr(rng.normal(size=(D_IN, D_IN)))[0]
    return basis * np.geomspace(kappa, 1.0, D_IN) @ basis.T


def minimum(covariance, depth, task):
    values, vectors = np.linalg.eigh(covariance)
    inputs = torch.as_tensor(vectors * np.sqrt(values) @ vectors.T)
    phi, product = target_map() @ inputs, target_map()
    if task == "fixed":
        phi, product = target_map(), target_map() @ torch.linalg.inv(inputs)
    return linear_network.balanced_weights(widths(depth), product), phi, inputs


def nonzero(split):
    return np.sort(np.concatenate(split))[::-1]


def assert_spectrum(dense, split):
    expected = nonzero(split)
    np.testing.assert_allclose(dense[: expected.size], expected, atol=1e-12 * dense[0])
    np.testing.assert_allclose(dense[expected.size :], 0.0, atol=1e-12 * dense[0])


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_jacobian_gram_is_the_outer_product_part(depth):
    # Random weights that fit their targets exactly: the functional part is zero.
    generator = torch.Generator().manual_seed(depth)
    weights = [
        torch.randn(b, a, generator=generator, dtype=torch.float64)
        for a, b in zip(widths(depth), widths(depth)[1:], strict=False)
    ]
    inputs = torch.randn(D_IN, 3, generator=generator, dtype=torch.float64)
    dense = dense_spectrum(weights, linear_network.product(weights) @ inputs, inputs)
    gram = jacobian_gram([w.numpy() for w in weights], inputs.numpy())
    assert gram.shape == (3 * D_OUT, 3 * D_OUT)
    expected = autograd.eigenvalues(gram)[: dense.size]
    np.testing.assert_allclose(dense[: expected.size], expected, atol=1e-12 * dense[0])


def test_jacobian_gram_of_a_batch_is_the_gram_of_each():
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(7, b, a)) for a, b in zip((3, 4, 5), (4, 5, 2), strict=True)]
    batch = jacobian_gram(weights)
    for i in (0, 6):
        np.testing.assert_allclose(batch[i], jacobian_gram([w[i] for w in weights]), rtol=1e-13)


@pytest.mark.parametrize("depth", [2, 3, 5])
def test_unbalanced_layers_match_autograd_and_the_closed_form(depth):
    scales = np.exp(np.random.default_rng(depth).normal(size=depth))
    scales /= scales.prod() ** (1 / depth)
    lam = np.outer(scales, np.ones(RANK))
    split = unequal_layers(lam, RANK, D_IN, D_OUT)
    weights = diagonal_layers(lam)
    assert_spectrum(dense_spectrum(weights, linear_network.product(weights)), split)
    np.testing.assert_allclose(split.dominant, (scales**-2.0).sum(), rtol=1e-13)
    assert split.dominant[0] >= depth
    bulk = [scales[0] ** -2] * RANK * (D_IN - RANK) + [scales[-1] ** -2] * RANK * (D_OUT - RANK)
    np.testing.assert_allclose(split.bulk, np.sort(bulk)[::-1], rtol=1e-13)


def test_exchanging_the_outer_scales_is_seen():
    # The bulk values carry different multiplicities, so c_1 and c_L must not be mixed up.
    scales = np.array([2.0, 1.0, 0.5])
    lam = np.outer(scales, np.ones(RANK))
    right, swapped = (unequal_layers(v, RANK, D_IN, D_OUT) for v in (lam, lam[::-1]))
    dense = dense_spectrum(diagonal_layers(lam), linear_network.product(diagonal_layers(lam)))
    assert_spectrum(dense, right)
    with pytest.raises(AssertionError):
        assert_spectrum(dense, swapped)


def test_equal_layers_give_the_spectrum_of_the_theorem():
    lam = np.array([1.0, 0.8, 0.3, 0.1])
    split = unequal_layers(np.tile(lam, (4, 1)), RANK, D_IN, D_OUT)
    pairs = spectrum.pair_eigenvalues(lam, np.append(lam, 0.0), 4)
    np.testing.assert_allclose(split.dominant, np.sort(pairs[:2, :2].ravel())[::-1])
    bulk = np.concatenate([pairs[:2, 2:].ravel(), pairs[2:, :2].ravel()])
    np.testing.assert_allclose(split.bulk, np.sort(bulk)[::-1])


@pytest.mark.parametrize("task", ["teacher", "fixed"])
@pytest.mark.parametrize("depth", [2, 3, 5])
def test_correlated_inputs_match_autograd(depth, task):
    covariance = random_covariance(np.random.default_rng(depth))
    split = correlated_inputs(covariance, RANK, D_OUT, depth, task=task)
    assert split.dominant.size == RANK**2
    assert_spectrum(dense_spectrum(*minimum(covariance, depth, task)), split)


def test_the_two_tasks_differ_and_the_check_sees_it():
    covariance = random_covariance(np.random.default_rng(1))
    dense = dense_spectrum(*minimum(covariance, 3, "fixed"))
    with pytest.raises(AssertionError):
        assert_spectrum(dense, correlated_inputs(covariance, RANK, D_OUT, 3, task="teacher"))


def test_gap_is_at_least_depth_over_condition_number():
    rng = np.random.default_rng(2)
    for _ in range(20):
        split = correlated_inputs(random_covariance(rng, 6.0), RANK, D_OUT, 4)
        assert split.gap >= 4 / 6 * (1 - 1e-12)
    aligned = correlated_inputs(np.diag([1.0, 6.0, 2.0, 2.0, 2.0]), RANK, D_OUT, 4)
    assert aligned.gap == pytest.approx(4 / 6, rel=1e-12)


@pytest.mark.parametrize(
    ("rank", "d_in", "d_out", "kappa", "gap"),
    [
        (2, 4, 3, 2.0, 2.0),  # kappa <= L
        (1, 4, 3, 2.0, 2.0),
        (2, 2, 3, 2.0, 2.0),
        (2, 4, 3, 12.0, 1 / 3),  # two target directions and other outputs
        (2, 2, 3, 12.0, 1 / 3),
        (1, 4, 3, 12.0, 1.0),  # one target direction
        (1, 3, 1, 12.0, 1.0),
        (2, 4, 2, 12.0, 1.0),  # no other outputs
        (1, 2, 1, 12.0, 3.0),
        (1, 2, 1, 100.0, 25.0),
        (1, 2, 3, 100.0, 4.0),
        (1, 1, 3, 1.0, 4.0),
    ],
)
def test_worst_covariance_has_the_gap_it_says(rank, d_in, d_out, kappa, gap):
    variances, found = worst_covariance(kappa, rank, d_in, d_out, 4)
    assert found == pytest.approx(gap)
    assert variances.max() / variances.min() == pytest.approx(kappa)
    assert correlated_inputs(np.diag(variances), rank, d_out, 4).gap == pytest.approx(gap)


def test_worst_covariance_where_its_cases_meet():
    for arguments, expected, gap in (
        ((1.0, 1, 1, 3, 4), [1], 4.0),
        ((4.0, 1, 4, 3, 4), [1, 4, 4, 4], 1.0),
        ((4.5, 1, 4, 3, 4), [4.5 / 4, 4.5, 1, 1], 1.0),
        ((16.0, 1, 2, 3, 4), [1, 16], 4.0),
        ((16.5, 1, 2, 3, 4), [16.5, 1], 4.0),
        ((4.5, 2, 3, 2, 4), [4.5, 1, 4], 1.0),
        ((9.0, 2, 3, 3, 3), [9, 1, 1], 1 / 3),
    ):
        variances, found = worst_covariance(*arguments)
        assert (variances.tolist(), found) == (expected, gap)


def error_order(E, depth, task, formula):
    sizes = np.geomspace(1e-3, 1e-2, 4)
    errors = []
    for eps in sizes:
        exact = correlated_inputs(np.eye(D_IN) + eps * E, RANK, D_OUT, depth, task=task)
        errors.append(np.abs(nonzero(exact) - nonzero(formula(eps))).max())
    return np.polyfit(np.log(sizes), np.log(errors), 1)[0]


@pytest.mark.parametrize("task", ["teacher", "fixed"])
def test_first_order_error_is_of_second_order(task):
    E = np.random.default_rng(3).normal(size=(D_IN, D_IN))
    E = (E + E.T) / 2

    def formula(eps):
        return correlated_inputs_first_order(E, eps, RANK, D_OUT, 3, task=task)

    assert error_order(E, 3, task, formula) == pytest.approx(2.0, abs=0.1)


def test_a_wrong_slope_has_first_order_error():
    E = np.random.default_rng(3).normal(size=(D_IN, D_IN))
    E = (E + E.T) / 2

    def wrong(eps):
        return correlated_inputs_first_order(E, eps, RANK, D_OUT, 3, task="fixed")

    assert error_order(E, 3, "teacher", wrong) == pytest.approx(1.0, abs=0.1)


def test_split_reports_overlap():
    assert Split(np.array([3.0, 1.0]), np.array([2.0])).gap == 0.5


EYE = np.eye(3)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: jacobian_gram([]), "weights"),
        (lambda: jacobian_gram([np.ones(3)]), "weights[0]"),
        (lambda: jacobian_gram([EYE, np.eye(4)]), "weights[1]"),
        (lambda: jacobian_gram([EYE * np.nan]), "weights[0]"),
        (lambda: jacobian_gram([EYE], np.ones((2, 3))), "inputs"),
        (lambda: unequal_layers([1.0, 2.0], 1, 3, 3), "layer_singular_values"),
        (lambda: unequal_layers([[-1.0]], 1, 3, 3), "layer_singular_values"),
        (lambda: unequal_layers([[1.0]], 2, 3, 3), "rank"),
        (lambda: unequal_layers([[1.0, 1.0]], 1, 1, 3), "d_in"),
        (lambda: unequal_layers([[1.0, 1.0]], 1, 3, 2.5), "d_out"),
        (lambda: unequal_layers([[1.0]], 1, 1, 1), "rank"),
        (lambda: correlated_inputs(np.ones((2, 3)), 1, 3, 2), "covariance"),
        (lambda: correlated_inputs(np.triu(np.ones((3, 3))), 1, 3, 2), "covariance"),
        (lambda: correlated_inputs(np.diag([1.0, 1.0, 0.0]), 1, 3, 2), "covariance"),
        (lambda: correlated_inputs(EYE, 0, 3, 2), "rank"),
        (lambda: correlated_inputs(EYE, 3, 3, 2), "rank"),
        (lambda: correlated_inputs(EYE, True, 3, 2), "rank"),
        (lambda: correlated_inputs(EYE, 1, 0, 2), "d_out"),
        (lambda: correlated_inputs(EYE, 1, 3, 1), "depth"),
        (lambda: correlated_inputs(EYE, 1, 3, 2, task="student"), "task"),
        (lambda: worst_covariance(0.5, 1, 3, 2, 2), "kappa"),
        (lambda: worst_covariance(2.0, 1, 1, 2, 2), "kappa"),
        (lambda: worst_covariance(2.0, 3, 3, 3, 2), "rank"),
        (lambda: worst_covariance(2.0, 1, 0, 3, 2), "d_in"),
        (lambda: correlated_inputs_first_order(EYE, np.nan, 1, 3, 2), "eps"),
        (lambda: correlated_inputs_first_order(EYE + np.inf, 0.1, 1, 3, 2), "perturbation"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=name.replace("[", r"\[")):
        call()
