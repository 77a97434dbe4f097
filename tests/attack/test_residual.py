"""Random searches that try to refute the theorems on linear residual networks (E20 to E22).

The searches vary what the proofs leave free: depth 1 included, equal, zero and widely spread
factors, any sign, residual scales 0, 1, beyond 1 and negative, and bases that differ from layer to
layer. The truth is a dense autograd Hessian. Statements that were once in the book and are wrong
stand here too, each with the search that refutes it.
"""

import numpy as np
import pytest
import torch
from hypothesis import event, given, target
from hypothesis import strategies as st
from strategies import SEARCH, orthogonal, rectangular_diagonal, rngs, singular_values

from depth_not_data.linear import residual as linear_residual
from depth_not_data.spectra import autograd

# Two backward-stable routes to at most some hundred eigenvalues, relative to the largest one.
TOLERANCE = 1e-11


@st.composite
def signed_factors(draw, depth, d):
    """Shape (L, d): free, equal in all layers, or one layer blocked; signs at random."""
    rng = draw(rngs())
    kind = draw(st.sampled_from(["free", "equal layers", "blocked", "spread"]))
    event(f"factors: {kind}")
    if kind == "equal layers":
        values = np.tile(draw(singular_values(d)), (depth, 1))
    elif kind == "spread":
        values = np.stack([draw(singular_values(d)) for _ in range(depth)])
    else:
        values = rng.uniform(0.1, 2.0, size=(depth, d))
    if kind == "blocked":
        values[draw(st.integers(0, depth - 1))] = 0.0
    return values * rng.choice([-1.0, 1.0], size=values.shape)


SKIPS = st.one_of(st.sampled_from([0.0, 1.0, -1.0]), st.floats(-1.5, 1.5))


def tensor(array):
    return torch.from_numpy(np.ascontiguousarray(array))


def layers_hessian(layers, goal, skip):
    """Dense Hessian by the weights W^k = M^k - alpha I, and the residual's norm."""
    weights = [tensor(m - skip * np.eye(len(m))) for m in layers]

    def loss(w):
        total = torch.eye(len(goal), dtype=torch.float64)
        for layer in w:
            total = skip * total + layer @ total
        return 0.5 * ((total - tensor(goal)) ** 2).sum()

    return autograd.dense_hessian(loss, weights)


def gap(found, dense):
    """Largest deviation of two sorted spectra over the largest eigenvalue."""
    assert found.shape == dense.shape
    return np.abs(found - dense).max() / max(np.abs(dense).max(), 1e-300)


def hold(worst, name, limit=TOLERANCE):
    target(worst, label=name)
    assert worst <= limit, f"{name}: {worst:.1e}"


# E20: the blocks of an aligned linear residual network.
@SEARCH
@given(st.data())
def test_e20(data):
    depth, d = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    factors = data.draw(signed_factors(depth, d))
    goal = data.draw(singular_values(d)) * data.draw(st.sampled_from([-1.0, 1.0]))
    rng, skip = data.draw(rngs()), data.draw(SKIPS)
    bases = [orthogonal(rng, d) for _ in range(depth + 1)]
    layers = [bases[k + 1] @ np.diag(f) @ bases[k].T for k, f in enumerate(factors)]
    dense = layers_hessian(layers, bases[-1] @ np.diag(goal) @ bases[0].T, skip)
    found = linear_residual.hessian_eigenvalues(factors, goal)
    hold(gap(found, autograd.eigenvalues(dense)), "E20 eigenvalues")

    # "and with nothing else": entries of different pairs do not meet.
    turn = np.zeros((len(dense), len(dense)))
    pair = []
    for k in range(depth):
        block = slice(k * d * d, (k + 1) * d * d)
        turn[block, block] = np.kron(bases[k + 1], bases[k])
        pair += [frozenset((a, c)) for a in range(d) for c in range(d)]
    turned = turn.T @ dense.numpy() @ turn
    other = np.array([[p != q for q in pair] for p in pair])
    scale = max(np.abs(turned).max(), 1e-300)
    hold(float(np.abs(turned[other]).max(initial=0.0)) / scale, "E20 between pairs")
    assert max(pair.count(p) for p in pair) <= 2 * depth


@SEARCH
@given(st.data())
def test_e20_two_layer_blocks(data):
    depth, d = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 3))
    m = d + data.draw(st.integers(0, 2))
    p, q = data.draw(signed_factors(depth, d)), data.draw(signed_factors(depth, d))
    goal, skip = data.draw(singular_values(d)), data.draw(SKIPS)
    rng = data.draw(rngs())
    # A skip ties the two sides of a block together; without one every layer has its own basis.
    bases = [orthogonal(rng, d)] * (depth + 1)
    if skip == 0:
        bases = [orthogonal(rng, d) for _ in range(depth + 1)]
    weights = []
    for k in range(depth):
        hidden = orthogonal(rng, m)
        weights.append(tensor(hidden @ rectangular_diagonal(p[k], m, d) @ bases[k].T))
        weights.append(tensor(bases[k + 1] @ rectangular_diagonal(q[k], d, m) @ hidden.T))
    phi = tensor(bases[-1] @ np.diag(goal) @ bases[0].T)

    def loss(w):
        total = torch.eye(d, dtype=torch.float64)
        for a, b in zip(w[0::2], w[1::2], strict=True):
            total = skip * total + b @ (a @ total)
        return 0.5 * ((total - phi) ** 2).sum()

    dense = autograd.eigenvalues(autograd.dense_hessian(loss, weights))
    found = linear_residual.block_hessian_eigenvalues(p, q, goal, skip=skip, n_hidden=m)
    hold(gap(found, dense), "E20 two-layer blocks")


# E21: the balanced minimum, its bounds and its limit.
@SEARCH
@given(st.data())
def test_e21(data):
    depth, d = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    s = data.draw(singular_values(d, allow_zero=False))
    rng, skip = data.draw(rngs()), data.draw(SKIPS)
    bases = [orthogonal(rng, d) for _ in range(depth + 1)]
    factor = np.diag(s ** (1 / depth))
    layers = [bases[k + 1] @ factor @ bases[k].T for k in range(depth)]
    phi = bases[-1] @ np.diag(s) @ bases[0].T
    dense = autograd.eigenvalues(layers_hessian(layers, phi, skip))
    levels = np.sort(linear_residual.minimum_levels(s, depth), axis=None)[::-1]
    found = np.zeros(len(dense))
    found[: d * d] = levels
    hold(gap(found, dense), "E21 eigenvalues")
    low, high = (depth * x ** (2 - 2 / depth) for x in (s[-1], s[0]))
    hold(max(low - levels[-1], levels[0] - high) / high, "E21 outside the bounds", 1e-12)


@SEARCH
@given(st.data())
def test_e21_limit(data):
    s = data.draw(singular_values(data.draw(st.integers(1, 4)), allow_zero=False))
    depth = data.draw(st.sampled_from([4, 10, 100, 1000]))
    both, apart = np.log(np.outer(s, s)), np.log(np.divide.outer(s, s))
    limit = linear_residual.continuous_depth_levels(s)
    left = linear_residual.minimum_levels(s, depth) / depth / limit - 1 + both / depth
    # exp(-x) = 1 - x + R with |R| <= x^2 e^|x| / 2, and 1 - y^2 / 6 <= y / sinh y <= 1.
    growth = np.exp(np.abs(both) / depth)
    bound = growth * (both**2 / 2 + apart**2 / 6) / depth**2
    hold((np.abs(left) - bound).max(), "E21 beyond its remainder", 1e-11)


def three_levels(alpha, depth, r, d):
    """The entry E22, as a spectrum of d x d layers."""
    counts = [r * r, 2 * r * (d - r), (d - r) ** 2]
    spectrum = np.zeros(depth * d * d)
    spectrum[: d * d] = np.repeat(linear_residual.scale_levels(alpha, depth), counts)
    return np.sort(spectrum)[::-1]


def quotient_levels(alpha, depth, r, d):
    """The same with the quotient (1 - alpha^(2L)) / (1 - alpha^2), taken for every alpha."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bulk = (1 - alpha ** (2 * depth)) / (1 - np.float64(alpha) ** 2)
    levels = np.repeat(
        [depth, bulk, depth * alpha ** (2 * depth - 2)],
        [r * r, 2 * r * (d - r), (d - r) ** 2],
    )
    spectrum = np.zeros(depth * d * d)
    spectrum[: d * d] = levels
    return np.sort(spectrum)[::-1]


def search_scale(spectrum_of):
    """Search for a residual scale, depth, rank or width that breaks the three levels."""

    @SEARCH
    @given(st.data())
    def search(data):
        depth, d = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
        r, alpha = data.draw(st.integers(0, d)), data.draw(SKIPS)
        rng = data.draw(rngs())
        bases = [orthogonal(rng, d) for _ in range(depth + 1)]
        factor = np.diag(np.where(np.arange(d) < r, 1.0, alpha))
        layers = [bases[k + 1] @ factor @ bases[k].T for k in range(depth)]
        phi = bases[-1] @ factor**depth @ bases[0].T
        dense = autograd.eigenvalues(layers_hessian(layers, phi, alpha))
        found = spectrum_of(alpha, depth, r, d)
        assert np.isfinite(found).all(), f"alpha = {alpha}: no value"
        hold(gap(found, dense), "E22 eigenvalues")

    search()


# E22: from the paper's three groups to one.
def test_e22():
    search_scale(three_levels)


def test_the_quotient_for_every_alpha_is_refuted():
    with pytest.raises(AssertionError, match="no value"):
        search_scale(quotient_levels)
