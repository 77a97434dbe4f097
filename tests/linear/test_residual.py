"""The blocks of the linear residual network against dense autograd Hessians."""

import numpy as np
import pytest
import torch

from depth_not_data.linear import residual as linear_residual
from depth_not_data.linear import spectrum
from depth_not_data.linear.residual import (
    block_hessian_eigenvalues,
    continuous_depth_levels,
    hessian_eigenvalues,
    layer_curvatures,
    minimum_levels,
    scale_levels,
)
from depth_not_data.spectra import autograd

# Both routes are backward stable: a few hundred round-offs, relative to the largest eigenvalue.
TOLERANCE = 1e-12


def rotation(size, generator):
    normal = torch.randn(size, size, generator=generator, dtype=torch.float64)
    return torch.linalg.qr(normal).Q


def diagonal(values, rows, columns):
    matrix = torch.zeros(rows, columns, dtype=torch.float64)
    matrix[range(len(values)), range(len(values))] = torch.as_tensor(values)
    return matrix


def spectra(output, weights, target):
    """Autograd eigenvalues of the Hessian and of its outer-product part, descending."""

    def loss(w):
        return 0.5 * ((output(w) - target) ** 2).sum()

    full = autograd.dense_hessian(loss, weights)
    rows = torch.autograd.functional.jacobian(lambda *w: output(w), tuple(weights))
    jacobian = torch.cat([row.reshape(target.numel(), -1) for row in rows], dim=1)
    return {
        "full": autograd.eigenvalues(full),
        "outer": autograd.eigenvalues(jacobian.T @ jacobian),
    }


def single_layers(factors, target, skip, seed=0):
    """Dense spectra of single layers with these factors, in random bases Q_0, ..., Q_L."""
    generator = torch.Generator().manual_seed(seed)
    depth, d = factors.shape
    # With a skip all bases must agree, without one each layer has its own.
    if skip:
        bases = [rotation(d, generator)] * (depth + 1)
    else:
        bases = [rotation(d, generator) for _ in range(depth + 1)]
    weights = [bases[k + 1] @ diagonal(factors[k] - skip, d, d) @ bases[k].T for k in range(depth)]

    def output(w):
        total = torch.eye(d, dtype=torch.float64)
        for layer in w:
            total = skip * total + layer @ total
        return total

    return spectra(output, weights, bases[-1] @ diagonal(target, d, d) @ bases[0].T)


def two_layer_blocks(inner, outer, target, skip, m, seed=0):
    """Dense spectra of two-layer blocks, in random bases of the state and the hidden layers."""
    generator = torch.Generator().manual_seed(seed)
    depth, d = inner.shape
    basis = rotation(d, generator)
    weights = []
    for k in range(depth):
        hidden = rotation(m, generator)
        weights.append(hidden @ diagonal(inner[k], m, d) @ basis.T)
        weights.append(basis @ diagonal(outer[k], d, m) @ hidden.T)

    def output(w):
        total = torch.eye(d, dtype=torch.float64)
        for a, b in zip(w[0::2], w[1::2], strict=True):
            total = skip * total + b @ (a @ total)
        return total

    return spectra(output, weights, basis @ diagonal(target, d, d) @ basis.T)


def error(exact, dense, scale):
    assert exact.dtype == np.float64
    assert exact.shape == dense.shape
    assert (np.diff(exact) <= 0).all()
    return np.abs(exact - dense).max() / scale


SHAPES = [(1, 1), (1, 3), (2, 1), (2, 3), (3, 2), (4, 3), (5, 2)]


@pytest.mark.parametrize("skip", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("depth", "d"), SHAPES)
def test_single_layers_equal_the_dense_hessian(depth, d, skip):
    rng = np.random.default_rng(10 * depth + d)
    factors, target = rng.normal(size=(depth, d)), rng.normal(size=d)
    dense = single_layers(factors, target, skip)
    for part in linear_residual.HESSIAN_PARTS:
        exact = hessian_eigenvalues(factors, target, part=part)
        assert error(exact, dense[part], np.abs(dense["full"]).max()) <= TOLERANCE


@pytest.mark.parametrize("skip", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("depth", "d"), SHAPES)
@pytest.mark.parametrize("unused", [0, 2])
def test_two_layer_blocks_equal_the_dense_hessian(depth, d, unused, skip):
    rng = np.random.default_rng(10 * depth + d)
    inner, outer = rng.normal(size=(2, depth, d))
    target = rng.normal(size=d)
    dense = two_layer_blocks(inner, outer, target, skip, d + unused)
    for part in linear_residual.HESSIAN_PARTS:
        exact = block_hessian_eigenvalues(
            inner, outer, target, skip=skip, n_hidden=d + unused, part=part
        )
        assert error(exact, dense[part], np.abs(dense["full"]).max()) <= TOLERANCE


def test_equal_layers_are_the_balanced_network():
    lam, s = np.array([0.9, 0.6, 0.0]), np.array([1.0, 0.5, 0.2])
    factors = np.tile(lam, (4, 1))
    np.testing.assert_allclose(
        hessian_eigenvalues(factors, s),
        spectrum.hessian_eigenvalues(lam, s, (3,) * 5),
        rtol=0,
        atol=TOLERANCE,
    )


@pytest.mark.parametrize("alpha", [0.0, 0.4, 0.9])
def test_layer_curvatures_of_the_three_groups(alpha):
    depth = 6
    total = layer_curvatures([[1.0, alpha]] * depth).sum(axis=0)
    bulk = (1 - alpha ** (2 * depth)) / (1 - alpha**2)
    expected = [[depth, bulk], [bulk, depth * alpha ** (2 * depth - 2)]]
    np.testing.assert_allclose(total, expected, rtol=1e-13)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_levels_at_the_minimum_are_sums_over_layers(depth):
    s = np.array([2.0, 1.0, 0.3, 0.3])
    factors = np.tile(s ** (1 / depth), (depth, 1))
    expected = layer_curvatures(factors).sum(axis=0)
    np.testing.assert_allclose(minimum_levels(s, depth), expected, rtol=1e-13)


@pytest.mark.parametrize("skip", [-1.0, -0.4, 0.0, 0.4, 1.0, 1.3])
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_the_three_levels_are_sums_over_layers(skip, depth):
    total = layer_curvatures([[1.0, skip]] * depth).sum(axis=0)
    levels = scale_levels(skip, depth)
    np.testing.assert_allclose(levels, [total[0, 0], total[0, 1], total[1, 1]], rtol=1e-13)
    assert scale_levels([skip, 0.5], depth).shape == (3, 2)


def test_zero_output_weights_carry_all_of_the_first_order():
    inner = np.array([[1.0, 2.0], [3.0, 0.5]])
    levels = block_hessian_eigenvalues(inner, 0 * inner, [1.0, 1.0], n_hidden=5)
    expected = np.repeat((inner**2).sum(axis=0), 2)[[0, 1, 2, 3]]
    np.testing.assert_allclose(levels[:4], np.sort(expected)[::-1], rtol=1e-13)
    # Target and product agree, so nothing else is curved.
    np.testing.assert_allclose(levels[4:], 0, atol=1e-13)


def test_continuous_depth_is_the_limit_of_the_sum_over_layers():
    s = np.array([2.0, 1.0, 0.3, 0.3])
    limit = continuous_depth_levels(s)
    left = []
    for depth in (100, 200):
        factors = np.tile(s ** (1 / depth), (depth, 1))
        scaled = layer_curvatures(factors).sum(axis=0) / depth
        left.append(np.abs(scaled / limit - 1 + np.log(np.outer(s, s)) / depth).max())
    assert left[0] < 1e-3
    assert left[0] / left[1] == pytest.approx(4, rel=0.05)  # what is left is of order 1/L^2


@pytest.mark.parametrize("ratio", [1 + 1e-12, 1 - 1e-9, 1 + 1e-5])
def test_continuous_depth_is_smooth_where_values_meet(ratio):
    assert continuous_depth_levels([1.0, ratio])[0, 1] == pytest.approx(ratio, rel=1e-9)


# Deliberate breaks: each of these must be caught by a comparison with the dense Hessian.
def shift_products(monkeypatch):
    original = linear_residual._partial_products
    monkeypatch.setattr(linear_residual, "_partial_products", lambda f: original(f)[::-1])


def drop_between(monkeypatch):
    original = linear_residual._PairBlocks.__init__

    def init(self, f, s):
        original(self, f, s)
        self.between = np.ones_like(self.between)

    monkeypatch.setattr(linear_residual._PairBlocks, "__init__", init)


def drop_within_layer(monkeypatch):
    original = linear_residual._PairBlocks.__init__

    def init(self, f, s):
        original(self, f, s)
        self.within_layer = np.zeros_like(self.within_layer)

    monkeypatch.setattr(linear_residual._PairBlocks, "__init__", init)


@pytest.mark.parametrize("damage", [shift_products, drop_between, drop_within_layer])
def test_a_broken_block_is_noticed(monkeypatch, damage):
    rng = np.random.default_rng(1)
    inner, outer = rng.normal(size=(2, 4, 3))
    target = rng.normal(size=3)
    dense = two_layer_blocks(inner, outer, target, 0.5, 4)["full"]

    def agrees():
        exact = block_hessian_eigenvalues(inner, outer, target, skip=0.5, n_hidden=4)
        return error(exact, dense, np.abs(dense).max()) <= TOLERANCE

    assert agrees()
    damage(monkeypatch)
    assert not agrees()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layer_curvatures([1.0, 2.0]), r"factors must have shape \(L, d\)"),
        (lambda: layer_curvatures(np.ones((0, 2))), r"factors must have shape \(L, d\)"),
        (lambda: layer_curvatures([[np.nan]]), "factors must be finite"),
        (lambda: hessian_eigenvalues([[1.0, 1.0]], [1.0]), "target must have length 2"),
        (lambda: hessian_eigenvalues([[1.0]], [np.inf]), "target must be finite"),
        (lambda: hessian_eigenvalues([[1.0]], [1.0], part="inner"), "part must be one of"),
        (lambda: continuous_depth_levels([1.0, 0.0]), "target must be > 0"),
        (lambda: continuous_depth_levels([[1.0]]), "target must be one-dimensional"),
        (lambda: minimum_levels([1.0, -1.0], 2), "target must be > 0"),
        (lambda: minimum_levels([1.0], 0), "depth must be an integer >= 1"),
        (lambda: scale_levels(np.inf, 2), "skip must be finite"),
        (lambda: scale_levels(0.5, 0), "depth must be an integer >= 1"),
        (
            lambda: block_hessian_eigenvalues([[1.0]], [[1.0, 1.0]], [1.0]),
            "outer must have the shape of inner",
        ),
        (
            lambda: block_hessian_eigenvalues([[1.0, 1.0]], [[0.0, 0.0]], [1.0, 1.0], n_hidden=1),
            "n_hidden must be an integer >= 2, got 1",
        ),
        (
            lambda: block_hessian_eigenvalues([[1.0]], [[0.0]], [1.0], skip=np.nan),
            "skip must be a finite number",
        ),
        (
            lambda: block_hessian_eigenvalues([[1.0]], [[0.0]], [1.0], skip=True),
            "skip must be a finite number, got True",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
