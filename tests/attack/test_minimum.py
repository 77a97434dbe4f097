"""Searches that try to refute the theorems on the split at a minimum, and the older forms of them.

Each search goes outside the chapter's examples: rank one and full rank, hidden layers as narrow as
the rank, singular values equal or spread over decades, any orientation of the inputs. Hypothesis
is told to maximise how near a statement comes to failing. What an older form of a theorem claimed
too much is kept as a statement that its search must refute.
"""

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from hypothesis import assume, example, given, settings, target
from hypothesis import strategies as st
from strategies import REFUTE as COUNTEREXAMPLE
from strategies import SEARCH as CORNERS
from strategies import orthogonal, rectangular_diagonal, rngs, singular_values

from depth_not_data.linear import network as linear_network
from depth_not_data.linear.minimum import (
    correlated_inputs,
    correlated_inputs_first_order,
    jacobian_gram,
    unequal_layers,
    worst_covariance,
)

SEARCH = settings(CORNERS, max_examples=300)
REFUTE = settings(COUNTEREXAMPLE, max_examples=300)


@st.composite
def shapes(draw, *, min_depth=2, bulk=True):
    """Rank of the target and widths; hidden layers at least as wide as the rank."""
    rank = draw(st.integers(1, 3))
    outer = [rank + draw(st.integers(0, 3)) for _ in range(2)]
    assume(not bulk or max(outer) > rank)
    depth = draw(st.integers(min_depth, 4))
    hidden = [rank + draw(st.integers(0, 2)) for _ in range(depth - 1)]
    return rank, (outer[0], *hidden, outer[1])


@st.composite
def covariances(draw, size):
    """Positive definite: variances equal, spread or free; along the axes, almost, or anywhere."""
    variances = draw(singular_values(size, allow_zero=False))
    rng = draw(rngs())
    tilt = draw(st.sampled_from([0.0, 1e-3, 1.0]))
    basis = orthogonal(rng, size)
    if tilt < 1.0:
        skew = tilt * (basis - basis.T)
        basis = np.linalg.solve(np.eye(size) + skew, np.eye(size) - skew)  # Cayley: orthogonal
        basis = basis[:, rng.permutation(size)]
    return basis * variances @ basis.T


def layers(lam, widths):
    """Layers with singular values lam[k, i] along the coordinate axes."""
    shapes = pairwise(widths)
    return [
        torch.as_tensor(rectangular_diagonal(row, b, a))
        for row, (a, b) in zip(lam, shapes, strict=True)
    ]


def dense(weights, phi=None, inputs=None):
    """Autograd Hessian; the targets are the network's own outputs if not given."""
    if phi is None:
        phi = linear_network.product(weights)
        phi = phi if inputs is None else phi @ inputs
    return linear_network.dense_hessian(weights, phi, inputs).numpy()


def spectrum(matrix):
    return np.linalg.eigvalsh(matrix)[::-1]


def in_target_pairs(weights, rank):
    """Which parameters move a target pair: entries (a, c) of a layer with a, c <= r."""
    inside = []
    for layer in weights:
        mask = np.zeros(layer.shape, dtype=bool)
        mask[:rank, :rank] = True
        inside.append(mask.ravel())
    return np.concatenate(inside)


def leading_share(matrix, inside, count):
    """Share of the `count` leading eigenvectors' squared length inside."""
    vectors = np.linalg.eigh(matrix)[1][:, ::-1]
    return (vectors[inside, :count] ** 2).sum() / count


def closed_form_error(found, *levels):
    """Largest deviation of a sorted spectrum from levels and zeros, over its largest entry."""
    expected = np.zeros_like(found)
    values = np.concatenate(levels)
    expected[: values.size] = values
    return float(np.abs(np.sort(expected)[::-1] - found).max() / np.abs(found).max())


def assert_spectrum(found, *levels):
    error = closed_form_error(found, *levels)
    target(error, label="error of the closed form")
    assert error < 1e-9, f"closed form off by {error:.1e}"


def bulk_count(rank, widths):
    return rank * (widths[0] + widths[-1] - 2 * rank)


def refutes(statement):
    with pytest.raises(AssertionError):
        statement()


# T14: unbalanced layers.


@SEARCH
@given(shapes(), rngs(), st.floats(0.0, 1.5))
def test_unbalanced_layers(shape, rng, decades):
    rank, widths = shape
    depth = len(widths) - 1
    c = 10 ** (decades * rng.uniform(-1, 1, depth))
    c /= c.prod() ** (1 / depth)
    found = spectrum(dense(layers(np.outer(c, np.ones(rank)), widths)))
    dominant = (c**-2.0).sum()
    first = np.full(rank * (widths[0] - rank), c[0] ** -2)
    last = np.full(rank * (widths[-1] - rank), c[-1] ** -2)
    assert_spectrum(found, np.full(rank**2, dominant), first, last)
    assert dominant >= depth * (1 - 1e-12)
    if np.ptp(np.log(c)) > 1e-3:
        assert dominant > depth, "equality without balance"


@SEARCH
@given(st.integers(2, 6), st.floats(1.001, 1e3))
def test_unbalanced_layers_reach_every_gap(depth, gap):
    # With both kinds of bulk. c_1 = c_L = a and the others b, or c_1 = 1/c_L = a and the others 1.
    if depth == 2:
        gap = 1 + gap / 1e3
    c = np.ones(depth)
    if gap > depth:
        ratio = np.sqrt((gap - 2) / (depth - 2))  # a / b
        c[1:-1] = ratio ** (-2 / depth)
        c[0] = c[-1] = ratio * c[1]
    else:  # 1 + x^2 + (L - 2) x = gap, x = a^-2 <= 1
        x = (np.sqrt((depth - 2) ** 2 + 4 * (gap - 1)) - (depth - 2)) / 2
        c[0], c[-1] = x**-0.5, x**0.5
    assert c.prod() == pytest.approx(1.0)
    split = unequal_layers(c[:, None], 1, 2, 2)
    assert split.gap == pytest.approx(gap)


# T15 and P6b: unequal targets.


def balanced_minimum(s, widths):
    depth = len(widths) - 1
    weights = layers(np.tile(s ** (1 / depth), (depth, 1)), widths)
    return weights, dense(weights)


def ratio_by_pairs(matrix, weights, rank, widths):
    """Mean dominant over mean bulk eigenvalue from traces of the dense Hessian."""
    inside = in_target_pairs(weights, rank)
    diagonal = np.diag(matrix)
    return (diagonal[inside].sum() / rank**2) / (diagonal[~inside].sum() / bulk_count(rank, widths))


def ratio_by_size(matrix, rank, widths):
    values = spectrum(matrix)[: rank**2 + bulk_count(rank, widths)]
    return values[: rank**2].mean() / values[rank**2 :].mean()


@st.composite
def targets(draw):
    rank, widths = draw(shapes())
    return draw(singular_values(rank, allow_zero=False)), widths


@SEARCH
@example((np.array([1.0, 0.3, 0.05]), (8, 9, 6)))
@example((np.array([1.0, 0.3, 0.05]), (8, 3, 3, 3, 6)))
@example((np.ones(2), (2, 2, 2, 3)))
@given(targets())
def test_unequal_targets(drawn):
    s, widths = drawn
    rank, depth = s.size, len(widths) - 1
    weights, matrix = balanced_minimum(s, widths)
    rho = ratio_by_pairs(matrix, weights, rank, widths)
    lower = 2 + (depth - 2) / rank
    target(rho / depth, label="ratio of means over L, should stay below 1")
    assert lower * (1 - 1e-10) <= rho <= depth * (1 + 1e-10), f"rho = {rho} at L = {depth}"
    by_size = ratio_by_size(matrix, rank, widths)
    assert by_size >= lower * (1 - 1e-10)
    gap = depth * (s[-1] / s[0]) ** (2 * (depth - 1) / depth)
    share = leading_share(matrix, in_target_pairs(weights, rank), rank**2)
    if gap > 1 + 1e-6:
        values = spectrum(matrix)
        assert values[rank**2 - 1] / values[rank**2] == pytest.approx(gap, rel=1e-8)
        assert share == pytest.approx(1.0, abs=1e-8)
        assert by_size == pytest.approx(rho, rel=1e-9)
    elif gap < 1 - 1e-6:
        assert share < 1 - 1 / rank**2 + 1e-8


@REFUTE
@given(targets())
def ratio_is_at_most_depth_by_size(drawn):
    s, widths = drawn
    matrix = balanced_minimum(s, widths)[1]
    assert ratio_by_size(matrix, s.size, widths) <= (len(widths) - 1) * (1 + 1e-10)


def test_the_search_refutes_the_upper_bound_for_groups_by_size():
    refutes(ratio_is_at_most_depth_by_size)


@SEARCH
@given(st.integers(2, 4), st.integers(2, 4), st.floats(1.0, 6.0))
def test_groups_by_size_have_no_upper_bound(rank, depth, decades):
    # One strong target direction: of order 1 are 1 + 2 (r-1) + d_0 + d_L - 2r pairs; they fit
    # among the r^2 largest if d_0 + d_L - 2r <= (r-1)^2.
    widths = (rank, *[rank] * (depth - 1), rank + (rank - 1) ** 2)
    s = np.full(rank, 10.0**-decades)
    s[0] = 1.0
    split = unequal_layers(np.tile(s ** (1 / depth), (depth, 1)), rank, rank, widths[-1])
    values = np.sort(np.concatenate(split))[::-1]
    ratio = values[: rank**2].mean() / values[rank**2 :].mean()
    assert ratio > 10 ** (decades * 2 / depth) / (4 * depth * rank**2)


# T16: correlated inputs.


@st.composite
def correlated(draw):
    rank, widths = draw(shapes())
    return rank, widths, draw(covariances(widths[0]))


def teacher_minimum(rank, widths, covariance):
    values, vectors = np.linalg.eigh(covariance)
    inputs = torch.as_tensor(vectors * np.sqrt(values) @ vectors.T)
    weights = layers(np.ones((len(widths) - 1, rank)), widths)
    return weights, inputs


def fixed_minimum(rank, widths, inputs):
    """Spectrum at the balanced minimum for the target U_r V_r^T, which moves with the inputs."""
    phi = torch.as_tensor(rectangular_diagonal(np.ones(rank), widths[-1], widths[0]))
    weights = linear_network.balanced_weights(widths, phi @ torch.linalg.inv(inputs))
    return spectrum(dense(weights, phi, inputs))


@SEARCH
@given(correlated())
def test_correlated_inputs(drawn):
    rank, widths, covariance = drawn
    depth, values = len(widths) - 1, np.linalg.eigvalsh(covariance)
    kappa = max(1.0, values[-1] / values[0])
    weights, inputs = teacher_minimum(rank, widths, covariance)
    split = correlated_inputs(covariance, rank, widths[-1], depth)
    assert_spectrum(spectrum(dense(weights, inputs=inputs)), *split)
    fixed = correlated_inputs(covariance, rank, widths[-1], depth, task="fixed")
    assert closed_form_error(fixed_minimum(rank, widths, inputs), *fixed) < 1e-9
    target(-split.gap * kappa / depth, label="minus gap times kappa / L, should stay below -1")
    assert split.gap >= depth / kappa * (1 - 1e-9), f"gap {split.gap}, L/kappa {depth / kappa}"
    if widths[0] > 1:
        smallest = worst_covariance(kappa, rank, widths[0], widths[-1], depth)[1]
        assert split.gap >= smallest * (1 - 1e-9), f"gap {split.gap}, {smallest} at the worst"


@SEARCH
@given(shapes(), st.floats(1.0, 1e3))
def test_the_worst_covariance_attains_the_bound_exactly_as_stated(shape, kappa):
    rank, widths = shape
    assume(widths[0] > 1)
    depth, d_out = len(widths) - 1, widths[-1]
    variances, gap = worst_covariance(kappa, rank, widths[0], d_out, depth)
    assert variances.max() / variances.min() == pytest.approx(kappa)
    split = correlated_inputs(np.diag(variances), rank, d_out, depth)
    assert split.gap == pytest.approx(gap)
    attained = gap <= depth / kappa * (1 + 1e-9)
    assert attained == (kappa <= depth * (1 + 1e-9) or (rank >= 2 and d_out > rank))
    if not attained:
        assert gap >= 1


@REFUTE
@given(shapes(), st.floats(1.0, 1e3))
def some_covariance_of_every_condition_number_attains_the_bound(shape, kappa):
    """The former proof: the smallest variance in a target direction, the largest in another."""
    rank, widths = shape
    assume(widths[0] > 1)
    depth, d_out = len(widths) - 1, widths[-1]
    variances = np.ones(widths[0])
    variances[-1] = kappa
    gap = correlated_inputs(np.diag(variances), rank, d_out, depth).gap
    assert gap <= depth / kappa * (1 + 1e-9)


def test_the_search_refutes_that_every_condition_number_attains_the_bound():
    refutes(some_covariance_of_every_condition_number_attains_the_bound)


def test_no_rotation_attains_the_bound_for_rank_one():
    # A plain random walk downhill, without the closed form of the worst covariance.
    rng = np.random.default_rng(0)
    variances = np.array([1.0, 3.0, 5.0, 9.0])
    basis = np.eye(4)

    def gap(q):
        return correlated_inputs(q * variances @ q.T, 1, 3, 3).gap

    smallest = gap(basis)
    for step in np.geomspace(1.0, 1e-4, 1500):
        skew = step * rng.standard_normal((4, 4))
        trial = basis @ np.linalg.qr(np.eye(4) + skew - skew.T)[0]
        if gap(trial) < smallest:
            basis, smallest = trial, gap(trial)
    assert 1.0 <= smallest < 1.1  # L / kappa is 1/3


# T17: first order in the covariance.


@st.composite
def perturbations(draw, size):
    """Symmetric, of norm 1: anything, of rank one, diagonal, or with equal eigenvalues."""
    rng = draw(rngs())
    kind = draw(st.sampled_from(["any", "rank one", "diagonal", "reflection"]))
    basis = np.eye(size) if kind == "diagonal" else orthogonal(rng, size)
    values = rng.uniform(-1, 1, size)
    if kind == "rank one":
        values = np.eye(size)[0]
    elif kind == "reflection":
        values = np.sign(values)
    return basis * (values / np.abs(values).max()) @ basis.T


@st.composite
def perturbed_inputs(draw):
    rank, widths = draw(shapes())
    return rank, widths, draw(perturbations(widths[0]))


@SEARCH
@given(perturbed_inputs(), st.floats(-4.0, -1.5), st.sampled_from(["teacher", "fixed"]))
def test_first_order(drawn, decade, kind):
    rank, widths, E = drawn
    depth, eps = len(widths) - 1, 10.0**decade
    shape = (rank, widths[-1], depth)
    exact = correlated_inputs(np.eye(widths[0]) + eps * E, *shape, task=kind)
    first = correlated_inputs_first_order(E, eps, *shape, task=kind)
    error = max(np.abs(a - b).max() for a, b in zip(exact, first, strict=True) if a.size)
    target(error / eps**2 / depth, label="error over L eps^2, should stay bounded")
    assert error <= 4 * depth * eps**2, f"error {error / eps**2:.1f} eps^2 at L = {depth}"


# T18: perturbed layers.


def guaranteed_gap(rank, depth, eps):
    q = (1 - eps) / (1 + eps)
    return depth * q ** (2 * depth - 2) if rank > 1 else 1 + (depth - 1) * q**2


def tolerance(depth):
    return np.tanh(np.log(depth) / (4 * depth - 4))


@st.composite
def moved_layers(draw):
    """Shape, size and singular values moved to the ends of the interval or anywhere in it."""
    rank, widths = draw(shapes())
    eps = draw(st.floats(0.0, 0.95))
    moves = draw(rngs()).uniform(-1, 1, (len(widths) - 1, rank))
    if draw(st.booleans()):
        moves = np.sign(moves)
    return rank, widths, eps, 1 + eps * moves


@SEARCH
@given(moved_layers())
def test_perturbed_layers(drawn):
    rank, widths, eps, lam = drawn
    depth, count = len(widths) - 1, rank**2
    weights = layers(lam, widths)
    matrix = dense(weights)
    split = unequal_layers(lam, rank, widths[0], widths[-1])
    values = spectrum(matrix)
    at_least = guaranteed_gap(rank, depth, eps)
    target(-split.gap / at_least, label="minus gap over its bound, should stay below -1")
    assert split.gap >= at_least * (1 - 1e-9), f"gap {split.gap}, bound {at_least}"
    if eps < tolerance(depth) - 1e-6 or rank == 1:
        assert values[count - 1] / values[count] == pytest.approx(split.gap, rel=1e-6)
        assert leading_share(matrix, in_target_pairs(weights, rank), count) > 1 - 1e-6


@SEARCH
@given(shapes(), st.floats(0.01, 0.95))
def test_the_worst_perturbation_closes_the_gap_from_the_tolerance_on(shape, eps):
    rank, widths = shape
    depth = len(widths) - 1
    assume(abs(eps / tolerance(depth) - 1) > 1e-4)
    lam = np.full((depth, rank), 1 + eps)
    if rank > 1:
        lam[:, -1] = 1 - eps
    else:  # the layer of the larger bulk value below, all others above
        lam[0 if widths[0] > 1 else -1] = 1 - eps
    weights = layers(lam, widths)
    gap = unequal_layers(lam, rank, widths[0], widths[-1]).gap
    assert gap == pytest.approx(guaranteed_gap(rank, depth, eps))
    share = leading_share(dense(weights), in_target_pairs(weights, rank), rank**2)
    if eps < tolerance(depth) or rank == 1:
        assert share > 1 - 1e-6
    else:
        assert share < 1 - 1 / rank**2 + 1e-6


@REFUTE
@given(st.integers(1, 2), st.integers(2, 4), st.floats(1.01, 5.0))
def beyond_the_tolerance_some_perturbation_closes_the_gap(rank, depth, excess):
    eps = min(0.95, excess * tolerance(depth))
    ends = product([1 - eps, 1 + eps], repeat=rank * depth)
    gaps = (unequal_layers(np.reshape(e, (depth, rank)), rank, 4, 3).gap for e in ends)
    assert min(gaps) <= 1


def test_the_search_refutes_the_tolerance_for_rank_one():
    refutes(beyond_the_tolerance_some_perturbation_closes_the_gap)


# T19: Gaussian start.


def gaussian_deviation(depth, outer, h, rng, draws):
    """Largest |d_0 / h eigenvalue of G - (L-1)|, median over draws."""
    sizes = (outer[0], *[h] * (depth - 1), outer[1])
    weights = [rng.standard_normal((draws, b, a)) / a**0.5 for a, b in pairwise(sizes)]
    values = np.linalg.eigvalsh(jacobian_gram(weights)) * outer[0] / h
    return np.median(np.abs(values - (depth - 1)).max(axis=1))


@settings(SEARCH, max_examples=20)
@given(st.integers(2, 4), st.tuples(st.integers(1, 5), st.integers(1, 5)), rngs())
def test_gaussian_start(depth, outer, rng):
    narrow, wide = (gaussian_deviation(depth, outer, h, rng, 25) for h in (64, 1024))
    order = float(np.log(wide / narrow) / np.log(16))
    target(abs(order + 0.5), label="distance of the order from -1/2")
    assert abs(order + 0.5) < 0.25, f"order {order:.2f} in h, L = {depth}, {outer}"


# T20: half learnt.


def half_learnt_levels(sigma, rank, widths):
    depth = len(widths) - 1
    free = rank * sum(d - rank for d in widths[1:-1])
    scale = sigma ** ((depth - 2) / depth)
    counted = [
        (sigma + depth - 1, rank * (rank - 1) // 2),
        ((2 * depth - 1) * sigma - (depth - 1), rank * (rank + 1) // 2),
        (sigma, bulk_count(rank, widths)),
        (1 - sigma, (depth - 1) * rank * (rank + 1) // 2 + free),
        (sigma - 1, (depth - 1) * rank * (rank - 1) // 2 + free),
    ]
    return [np.full(count, scale * value) for value, count in counted]


def on_the_way(sigma, rank, widths, rest=0.0):
    """Balanced network with the learnt fraction sigma, target 1, other directions at `rest`."""
    depth, smallest = len(widths) - 1, min(widths)
    lam = np.full(smallest, rest)
    lam[:rank] = sigma ** (1 / depth)
    weights = layers(np.tile(lam, (depth, 1)), widths)
    phi = torch.as_tensor(rectangular_diagonal(np.ones(rank), widths[-1], widths[0]))
    return weights, dense(weights, phi)


def collective_share(matrix, weights, rank):
    """Share of the r^2 leading eigenvectors in the directions L^(-1/2) sum_k delta_k[a, c]."""
    inside = in_target_pairs(weights, rank).nonzero()[0].reshape(len(weights), -1)
    vectors = np.linalg.eigh(matrix)[1][:, -(rank**2) :]
    return (vectors[inside].sum(axis=0) ** 2).sum() / len(weights) / rank**2


@SEARCH
@example((2, (3, 2, 2)), 0.3)  # L = 2, d_1 = r: also below one half a gap after rank r^2
@example((2, (2, 2, 2)), 0.6)
@given(shapes(bulk=False), st.floats(0.01, 1.0))
def test_half_learnt(shape, sigma):
    rank, widths = shape
    assume(abs(sigma - 0.5) > 1e-6)
    depth, count = len(widths) - 1, rank**2
    levels = half_learnt_levels(sigma, rank, widths)
    weights, matrix = on_the_way(sigma, rank, widths)
    found = spectrum(matrix)
    assert_spectrum(found, *levels)
    apart = min(level.min() for level in levels[:2] if level.size) > max(
        level.max() for level in levels[2:] if level.size
    )
    share = collective_share(matrix, weights, rank)
    assert apart == (sigma > 0.5)
    assert (share > 1 - 1e-6) == (sigma > 0.5), f"share {share} at {sigma}"
    if sigma > 0.5 and bulk_count(rank, widths):
        gap = 2 * depth - 1 - (depth - 1) / sigma
        assert found[count - 1] / found[count] == pytest.approx(gap, rel=1e-8)


@REFUTE
@given(shapes(), st.floats(0.51, 0.99), st.floats(0.0, 0.95))
def the_split_opens_at_one_half_whatever_the_other_directions(shape, sigma, rest):
    rank, widths = shape
    weights, matrix = on_the_way(sigma, rank, widths, rest)
    assert leading_share(matrix, in_target_pairs(weights, rank), rank**2) > 1 - 1e-6


@REFUTE
@given(shapes(), st.floats(0.05, 0.49))
def below_one_half_there_is_no_gap_by_size(shape, sigma):
    rank, widths = shape
    found = spectrum(on_the_way(sigma, rank, widths)[1])
    assert found[rank**2 - 1] <= found[rank**2] * (1 + 1e-6)


@pytest.mark.parametrize(
    "statement",
    [
        the_split_opens_at_one_half_whatever_the_other_directions,
        below_one_half_there_is_no_gap_by_size,
    ],
)
def test_the_search_refutes_half_learnt_without_its_hypotheses(statement):
    refutes(statement)


# P9: identity covariance.


def nonzero_ratio(shape):
    rank, widths = shape
    values = spectrum(dense(layers(np.ones((len(widths) - 1, rank)), widths)))
    values = values[values > 1e-9]
    return values[0] / values[-1]


@SEARCH
@given(shapes(min_depth=1, bulk=False))
def test_identity_covariance(shape):
    rank, widths = shape
    depth = len(widths) - 1
    split = depth if max(widths[0], widths[-1]) > rank else 1
    assert nonzero_ratio(shape) == pytest.approx(split, rel=1e-10)


@REFUTE
@given(shapes(min_depth=1, bulk=False))
def balanced_inputs_always_split(shape):
    assert nonzero_ratio(shape) > 1 + 1e-6


def test_the_search_refutes_a_split_without_conditions():
    refutes(balanced_inputs_always_split)


def test_a_wrong_level_is_seen():
    assert closed_form_error(np.array([3.0, 1.1, 0.0]), [3.0], [1.0]) == pytest.approx(0.1 / 3)
    assert closed_form_error(np.array([3.0, 1.0, 0.1]), [3.0], [1.0]) == pytest.approx(0.1 / 3)
